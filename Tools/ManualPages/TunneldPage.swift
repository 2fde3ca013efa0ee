import Configuration
import TunnelService

/// tunneld(1), in the macros of man(7).
enum TunneldPage {
  static var text: String {
    let table = DaemonOptions.table
    var page = Page()
    page.raw(".\\\" Written by make docs out of the program's table of options; do not edit.")
    page.raw(".TH TUNNELD 1 \"\" \"localproxy \(ProgramVersion.number)\" \"User Commands\"")
    page.raw(".nh")
    page.raw(".ad l")
    page.section("NAME")
    page.raw("tunneld \\- stand in for the AWS IoT Secure Tunneling service")
    page.synopsis(table)
    page.section("DESCRIPTION")
    page.text(description)
    page.options(table)
    page.section("COMMANDS")
    page.text(commandText)
    for (name, text) in commands { page.entry(name, text) }
    for (title, entries) in [
      ("FILES", files), ("SIGNALS", signals), ("EXIT STATUS", statuses),
      ("DIAGNOSTICS", diagnostics),
    ] {
      page.section(title, entries)
    }
    page.examples(examples)
    page.section("SEE ALSO")
    page.line("localproxy(1), ssh(1)")
    return page.text
  }

  private static let description = """
    tunneld takes the place of the AWS IoT Secure Tunneling service on one machine: for demonstrations, for tests, \
    and for people without the cloud. It opens tunnels, each with an access token for its source and one for its \
    destination, takes the connections of local proxies that have them, and relays between the two. All that a local \
    proxy needs for it is another endpoint and another certificate authority.

    With --open it prints two commands for each tunnel, ready to paste into a shell of the same machine: the \
    destination's, and the source's. They can be used again, after a crash, say, for each has a client token with it, \
    which stays the same. What stands behind -d and -s in them, servers and ports, is the reader's to change.

    Tunnels and tokens live in memory. A tunneld that is started again knows none of the old ones.

    It is no service for others: whoever has a token gets in, and nothing but tokens is asked for.
    """

  private static let commandText = """
    Lines on standard input are commands, when that is a pipe or the terminal that tunneld was started on. From \
    /dev/null, a file or a socket nothing is read; so a service manager's tunneld takes no commands. In the background \
    of a shell it leaves the terminal alone until it is in the foreground again. The end of standard input ends the \
    commands, not tunneld. Answers come on standard output, and are commands to paste or comments (#).
    """

  /// By their syntax, as `help` shows it.
  static let commands = [
    ("list", "Prints the tunnels, open or over, and who is connected from where."),
    (
      "rotate TUNNEL [source|destination]",
      """
      Makes new tokens for both ends of a tunnel, or for one, and prints the commands with them. The old token is \
      refused from then on, as after the service's RotateTunnelAccessToken. Whoever is connected with it stays, until \
      the connection is lost or somebody with the new token takes the place.
      """
    ),
    (
      "close TUNNEL",
      "Closes a tunnel, as the service's CloseTunnel does: both ends are told, and the tokens refused."
    ),
    (
      "open [NAME[,NAME…]]",
      """
      Opens a tunnel with these services, or with those of --services, and prints its commands. 10,000 tunnels are \
      the most in all, the closed ones among them.
      """
    ),
    ("help", "Prints these commands."),
  ]

  private static let files = [
    (
      "tunneld-state",
      """
      The directory, without --directory. It must be this user's or root's, no link, and nobody else's to write in. \
      A colon in its path is refused: localproxy -c would take it for two.
      """
    ),
    (
      "tunneld-state/ca",
      "The authority's certificate under its hashed name: what localproxy's -c takes."
    ),
    (
      "tunneld-state/ca.key, tunneld-state/server.key",
      "The keys, mode 0600. Whoever has read the first can pass for this tunneld."
    ),
    (
      "tunneld-state/server.pem",
      "The server's certificate. Another address to listen on gets another one, of the same authority."
    ),
  ]

  private static let signals = [
    ("SIGTERM, SIGINT", "Close all tunnels (1001) and exit with 0."),
    ("SIGUSR1", "Close the oldest open tunnel, as the command close does."),
    ("SIGHUP", "Nothing."),
  ]

  private static let statuses = [
    ("0", "Stopped by a signal."),
    ("1", "An internal error, or a directory, certificate or key that cannot be used."),
    ("2", "Wrong usage; one line on standard error says what."),
    ("5", "It could not listen."),
  ]

  private static let diagnostics = [
    (
      "# nothing listens on port 22 here: …",
      """
      On standard output, in front of the commands: the destination's would find no server. Start one, or change -d.
      """
    ),
    (
      "# this system must know the certificate's issuer, or localproxy needs '-c DIR' with it",
      "The issuer of --cert was found neither beside it nor in the directory ca there."
    ),
    (
      "refused with 400: the access token has been used already",
      """
      A local proxy came with a token that was used with another client token, or without one. rotate makes a new one.
      """
    ),
    (
      "refused with 403: the access token is not valid for a …",
      "It is the other end's, or was rotated, or another tunneld made it."
    ),
    (
      "the … is replaced by a newer one",
      "A second local proxy has come with the same token; the first one is closed with 1000."
    ),
    (
      "no … is connected",
      "One end has started a stream, and the other is not there; the stream is reset."
    ),
  ]

  private static let examples = [
    (
      "A tunnel to this machine's own SSH server. The first of the printed commands in one terminal, the second in "
        + "another, and then ssh:",
      """
      tunneld --services SSH1 --open 1
      ssh -p 5555 localhost
      """
    ),
    (
      "A slow link of 100 kB/s each way with 150 ms of latency, and the end of the tunnel after an hour:",
      "tunneld --open 1 --bandwidth 100000 --latency 150 --lifetime 3600"
    ),
    (
      "Commands from a script:",
      """
      mkfifo commands
      tunneld --services SSH1 <>commands >tokens &
      echo open >commands
      echo rotate 1 source >commands
      """
    ),
    (
      "What a local proxy makes of a connection that is cut every 30 s:",
      "tunneld --open 1 --fault drop-after=30"
    ),
  ]
}
