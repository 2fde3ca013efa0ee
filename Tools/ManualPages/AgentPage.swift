import Agent
import Configuration

/// localproxy-agent(1), in the macros of man(7).
enum AgentPage {
  static var text: String {
    let table = AgentOptions.table
    var page = Page()
    page.raw(".\\\" Written by make docs out of the program's table of options; do not edit.")
    page.raw(
      ".TH LOCALPROXY-AGENT 1 \"\" \"localproxy \(ProgramVersion.number)\" \"User Commands\"")
    page.raw(".nh")
    page.raw(".ad l")
    page.section("NAME")
    page.raw("localproxy-agent \\- run a localproxy for each tunnel that the cloud opens")
    page.synopsis(table)
    page.section("DESCRIPTION")
    page.text(description)
    page.options(table)
    for (title, entries) in [
      ("FILES", files), ("SIGNALS", signals), ("EXIT STATUS", statuses),
      ("DIAGNOSTICS", diagnostics),
    ] {
      page.section(title, entries)
    }
    page.examples(examples)
    page.section("SEE ALSO")
    page.line("localproxy(1), mosquitto_sub(1), tunneld(1)")
    return page.text
  }

  private static let description = """
    When a tunnel is opened to a thing, AWS IoT Secure Tunneling publishes a notification on \
    $aws/things/THING/tunnels/notify: the destination's access token, the region and the services. localproxy-agent \
    reads such notifications, one JSON object a line, as any MQTT client prints them, and runs one localproxy for each:

    {"clientAccessToken":"…","clientMode":"destination","region":"us-east-1","services":["SSH"]}

    A token goes to its localproxy through a pipe, and stands in no command line, environment, file or log. The agent \
    keeps it in memory while it may have to start that localproxy again; with --restarts 0 it does not.

    --service says which services there may be, and the server for each. There is no wildcard: a notification with \
    another service is refused as a whole. A tunnel without names for its services needs a --service without one.

    A notification whose token is served already, or has turned out to be worth nothing, is dropped; so is a line that \
    is none, above 16,384 bytes for example. A notification has no time: one that is too old has a token that the \
    service refuses, and its localproxy ends with status 3 at once.

    A localproxy that fails, by status 1 or 4 or a signal, is started again after 2, 4 and 8 s. After 0, 3 and 7 the \
    tunnel is over; 2, 5 and 6 are mistakes that would come again.

    A rotated token is a notification of its own, and a notification names no tunnel: the new localproxy runs beside the \
    old one until the service has told that, which ends. So --max-tunnels should be one more than there are tunnels.
    """

  private static let files = [
    (
      "localproxy-mqtt@.service, localproxy-agent@.socket, localproxy-agent@.service",
      """
      Units of systemd: mosquitto_sub with the device's key, a named pipe, and the agent without the key. \
      'systemctl enable --now localproxy-mqtt@THING' starts them.
      """
    ),
    (
      "/etc/localproxy/THING.mqtt.env, THING.crt, THING.key, THING.agent.env",
      "What those units read: the endpoint, the thing's certificate and key, and LOCALPROXY_AGENT_OPTIONS."
    ),
    (
      "DIR/PROCESS",
      """
      In --state-directory, of each localproxy that may outlive the agent: when it was started, and a hash of its token.
      """
    ),
  ]

  private static let signals = [
    (
      "SIGTERM, SIGINT",
      """
      End the agent. With --children end its localproxies get SIGTERM, and SIGKILL after 15 s or at a second signal; with \
      stay they go on.
      """
    ),
    ("SIGHUP", "The same when the log goes to a terminal, which is closed then; else nothing."),
    ("SIGKILL", "The localproxies end by themselves, as by SIGTERM, but with --children stay."),
  ]

  private static let statuses = [
    ("0", "Stopped by a signal, or standard input has ended and the last tunnel is over."),
    ("1", "An internal error."),
    ("2", "Wrong usage; one line on standard error says what."),
  ]

  private static let diagnostics = [
    (
      "a line is dropped: …",
      "It is no notification. The line is not repeated, for it may have a token in it."
    ),
    (
      "a notification is refused: service '…' is not allowed; --service names those that are",
      "Nothing was started. The services of the tunnel and those of --service differ."
    ),
    (
      "a notification is refused: … tunnels are open, which is the limit; --max-tunnels raises it",
      "The token is lost to the agent; a rotated one comes as a notification again."
    ),
    (
      "a notification is refused: its token is served already, or is worth nothing any more",
      "A message that came twice, or that the broker keeps (retained)."
    ),
    (
      "tunnel … is given up: …",
      "Its localproxy has failed too often in a row. The line says how it did last."
    ),
  ]

  private static let examples = [
    (
      "A thing's tunnels, with ssh alone:",
      """
      mosquitto_sub -h ENDPOINT -p 8883 --cafile AmazonRootCA1.pem --cert thing.crt --key thing.key \
      -q 1 -c -i thing-tunnels -t '$aws/things/THING/tunnels/notify' |
        localproxy-agent --service SSH=localhost:22
      """
    ),
    (
      "The same with a pipe that outlives the client, and localproxies that outlive the agent:",
      """
      mkfifo -m 600 /run/tunnels
      localproxy-agent --input /run/tunnels --children stay --state-directory /run/localproxy-agent -d SSH=22
      """
    ),
  ]
}
