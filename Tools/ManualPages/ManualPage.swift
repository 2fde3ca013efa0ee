import Configuration

/// localproxy(1), in the macros of man(7).
enum ManualPage {
  static var text: String {
    var page = Page()
    page.raw(".\\\" Written by make docs out of the program's tables; do not edit.")
    page.raw(".TH LOCALPROXY 1 \"\" \"localproxy \(ProgramVersion.number)\" \"User Commands\"")
    // Names of options and files are not to be broken at their hyphens.
    page.raw(".nh")
    page.raw(".ad l")
    page.section("NAME")
    page.raw("localproxy \\- one end of an AWS IoT Secure Tunneling tunnel")
    page.synopsis(Option.table)
    page.section("DESCRIPTION")
    page.text(description)
    options(&page)
    page.section("ENVIRONMENT")
    page.text("Options on the command line and in --config come before these.")
    for (name, option) in Option.variables {
      let longName = option.description.longName
      page.entry(name, "As --\(longName). \(VariableText.options[name] ?? "")")
    }
    for variable in VariableText.others { page.entry(variable.name, variable.text) }
    settings(&page)
    page.section("FILES", files)
    page.section("SIGNALS", signals)
    page.section("SYSTEMD")
    page.text(aboutSystemd)
    page.section("EXIT STATUS")
    for (status, text) in ExitStatus.all { page.entry("\(status.rawValue)", Page.sentence(text)) }
    page.text(
      "With a COMMAND it is the command's own once that has begun: 128 and the signal's number when a signal ended it, "
        + "127 when it could not be started, and 6 when it names a service without a port.")
    page.section("DIAGNOSTICS")
    page.text(aboutTheLog)
    for (line, text) in diagnostics { page.entry(line, text) }
    page.examples(examples)
    page.section("SEE ALSO")
    page.line("tunneld(1), ssh(1), openssl-rehash(1), systemd.exec(5), systemd.socket(5)")
    return page.text
  }

  private static let description = """
    A tunnel has two ends. The destination runs beside the servers, often on a device behind a firewall, and \
    connects to them; the source runs beside the clients and listens for them. Both connect to the AWS IoT \
    Secure Tunneling service with the access token that was made for them, and what a client sends to the \
    source comes out at the destination's server. A tunnel has 128 services at the most.

    What is given on the command line comes before the --config file, and both come before the environment.

    A source runs the COMMAND behind -- when the tunnel stands and all its services listen, and ends with its status. \
    In the command's words {port} stands for the port of the tunnel's only service, {port:SERVICE} for that of another; one \
    that listens on a Unix socket has none. AWSIOT_TUNNEL_ACCESS_TOKEN is empty in the command's environment. \
    While it runs, SIGTERM and SIGHUP are handed on to it, and SIGINT, which a terminal sends to both, is its alone; when \
    the tunnel ends first, a warning says so, and the command goes on until it ends by itself. The log has warnings alone \
    by default.
    """

  private static let files = [
    ("./config", "The directory of mappings that is read without --config-dir, if it is there."),
    (
      "/etc/machine-id",
      """
      What makes the client token this machine's own (see --client-token). It is read, and never sent.
      """
    ),
    (
      "/etc/ssl/certs",
      """
      The platform's CA certificates; the places of other systems are looked at as well. SSL_CERT_DIR and \
      SSL_CERT_FILE come before.
      """
    ),
    ("/etc/resolv.conf, /etc/hosts", "How names are looked up."),
  ]

  private static let signals = [
    (
      "SIGTERM, SIGINT",
      """
      Take no more clients, deliver what is on its way (drain_timeout_ms at the most), close the tunnel, and exit \
      with 0. A second one ends the program at once.
      """
    ),
    (
      "SIGHUP",
      """
      Ends the program as SIGTERM when standard error was a terminal at the start and nohup(1) was not used, and with -s -.

      Otherwise it reads the files again: --config, --config-dir, --settings-json and --access-token-file. The level and the \
      addresses of the same services hold at once, for new clients; a port that cannot be had is tried again until it can. \
      The token, settings, the endpoint and where a destination connects from hold from the next connection to the service \
      on. Other services, or the same in another order, another role, --capath, --no-ssl-host-verify and --log-format need a \
      restart. Those and any mistake are logged, and leave everything as it was. The web proxy, --status and the COMMAND stay.
      """
    ),
    ("SIGUSR1", "Log how many connections are open."),
  ]

  private static let aboutSystemd = """
    The unit localproxy@NAME.service runs one tunnel: /etc/localproxy/NAME.env has its variables, of which \
    LOCALPROXY_OPTIONS has further options, and /etc/localproxy/NAME.token its access token. It is of Type=notify: it \
    is up when a source listens, or a destination is connected. systemctl status shows what it does, how many \
    connections are open, and the last error. With WatchdogSec= it is ended when it stands still.

    A source takes the listening sockets that it is started with (LISTEN_FDS), as by localproxy@NAME.socket for its \
    first client, who is served. The tunnel's only service takes all of them. Of several services each takes those \
    whose FileDescriptorName= is its name, and one without a socket listens as --source-listen-port says; for the \
    others that does not count, and --mode src alone will do. A socket that has the name of no service of the tunnel's, \
    or that is passed to a destination, ends the program with status 6, and one that does not listen with 2. Clients that \
    come while it ends wait for its next start; our unit refuses them (FlushPending=).

    Where standard error is the journal, a line has its level in front, as <3>, and neither time nor process.

    Restart=on-failure with RestartPreventExitStatus=2 3 6 7 starts it again where that is of use.
    """

  private static let aboutTheLog = """
    Everything is logged on standard error, as [date time] (process) [level] text; standard output has only what \
    --check, --help and --version print. Each mistake in options, files or environment is a line without date, \
    'localproxy: …', before anything is connected. The last line of level error or fatal says what failed, to what, \
    why, and what comes next. \
    docs/troubleshooting.md of the source has more lines than these.
    """

  private static let diagnostics = [
    (
      "it was used before, with another client token: …",
      """
      It is bound to another machine, user or --client-token. Rotate it (aws iotsecuretunneling \
      rotate-tunnel-access-token), and start this end with the new one.
      """
    ),
    (
      "check that the token is the source's and of this region; it may have been rotated, too, or the tunnel closed",
      "Each end has a token of its own. Check end and region; then rotate the token or open a new tunnel."
    ),
    (
      "Could not resolve DNS hostname of proxy host: …",
      "The region is wrong, or this machine has no DNS. Behind a web proxy set https_proxy: it then looks the name up."
    ),
    (
      "Could not connect to proxy server: …",
      "The way to port 443 is closed: a firewall, a missing route, or a web proxy is needed."
    ),
    (
      "… was not accepted: its issuer is unknown here",
      "Install ca-certificates. Where a web proxy opens TLS, give its CA with --capath."
    ),
    (
      "cannot listen on port …: Address already in use",
      "Another program has the port. ss -ltnp shows which; port 0 takes a free one."
    ),
    (
      "… is taken for a host; a service is named …",
      "A mapping's : stands between host and port. For a service it is =, as in -s SSH=5555."
    ),
    (
      "could not connect to localhost:22: Connection refused (127.0.0.1)",
      "The server on the device is not running, or --destination-app names another port."
    ),
    (
      "nothing came back within 5000 ms",
      "The destination may know V1 alone (the device client, Greengrass, proxies 1.x): start the source with -y V1."
    ),
  ]

  private static let examples = [
    (
      """
      A device's SSH server, and a port on another machine to reach it by as the device's user pi. Each end has its \
      own token in AWSIOT_TUNNEL_ACCESS_TOKEN:
      """,
      """
      device$ localproxy -r us-east-1 -d SSH=22
      laptop$ localproxy -r us-east-1 -s SSH=5555
      laptop$ ssh -p 5555 -o HostKeyAlias=device pi@localhost
      """
    ),
    (
      "The same in one line, which ends with ssh:",
      "localproxy -r us-east-1 -s SSH=0 -- ssh -p {port:SSH} -o HostKeyAlias=device pi@localhost"
    ),
    (
      "In ~/.ssh/config, a device that ssh, scp, rsync and git reach without a port:",
      """
      Host pump-17
        User pi
        ProxyCommand localproxy -r us-east-1 --access-token-file ~/tunnels/%n.token -s SSH=-
      """
    ),
    (
      "The token out of a file, several services, one of them a Unix socket:",
      """
      localproxy -r eu-central-1 --access-token-file /run/secrets/tunnel \\
        -d SSH=22,HTTP=10.0.0.1:80,API=/run/api.sock
      """
    ),
    (
      "A device reached by a Unix socket, which leaves no port open to the machine's other users:",
      """
      localproxy -r us-east-1 -s SSH=$HOME/pump
      ssh -o ProxyCommand='nc -U ~/pump' -o HostKeyAlias=pump pi@pump
      """
    ),
    (
      "A file of options, config.ini, and localproxy --config config.ini:",
      """
      region = us-west-2
      source-listen-port = 6000
      local-bind-address = ::1
      """
    ),
  ]

  private static func options(_ page: inout Page) {
    page.section("OPTIONS")
    for (option, words) in Manual.options {
      let argument = option.argument.map { " \($0)" } ?? ""
      let standard = words.standard == "–" ? "" : " Default: \(words.standard)."
      page.entry(option.names.joined(separator: ", ") + argument, words.text + standard)
    }
  }

  private static func settings(_ page: inout Page) {
    page.section("SETTINGS")
    page.text(
      "The keys of a --settings-json file, below tunneling.proxy, each with its range and default.")
    let defaults = Settings()
    for setting in Setting.allCases {
      var standard = defaults.text(setting)
      if setting.isObject {
        standard = defaults.regionEndpointOverrides.map(\.region).joined(separator: ", ")
      }
      page.entry(
        setting.key,
        "\(setting.manualText) Range: \(setting.kind.allowed). Default: \(standard)."
      )
    }
  }
}

/// Lines of roff.
struct Page {
  private(set) var text = ""

  mutating func raw(_ line: String) { text += line + "\n" }

  mutating func line(_ line: String) { raw(Self.escape(line)) }

  mutating func section(_ title: String) { raw(".SH \(title)") }

  mutating func section(_ title: String, _ entries: [(String, String)]) {
    section(title)
    for (term, text) in entries { entry(term, text) }
  }

  mutating func synopsis(_ table: OptionTable) {
    section("SYNOPSIS")
    raw(".nf")
    for line in table.usage { self.line(line) }
    raw(".fi")
  }

  /// The options with no more than the help says of them.
  mutating func options(_ table: OptionTable) {
    section("OPTIONS")
    for option in table.options where !option.help.isEmpty {
      let argument = option.argument.map { " \($0)" } ?? ""
      entry(option.names.joined(separator: ", ") + argument, Self.sentence(option.help))
    }
  }

  /// With a capital at its beginning and a full stop.
  static func sentence(_ text: String) -> String {
    (text.first?.uppercased() ?? "") + text.dropFirst() + "."
  }

  /// What each does, and its command.
  mutating func examples(_ examples: [(String, String)]) {
    section("EXAMPLES")
    for (text, command) in examples {
      self.text(text)
      raw(".nf")
      for line in command.split(separator: "\n") { self.line("    " + line) }
      raw(".fi")
    }
  }

  mutating func text(_ text: String) {
    for paragraph in text.paragraphs {
      raw(".PP")
      line(paragraph)
    }
  }

  /// A term in bold, and what it is.
  mutating func entry(_ term: String, _ text: String) {
    raw(".TP")
    raw("\\fB\(Self.escape(term))\\fR")
    for (index, paragraph) in text.paragraphs.enumerated() {
      if index > 0 { raw(".sp") }
      line(paragraph)
    }
  }

  /// A line that begins with a dot or an apostrophe would be a request; a hyphen would break options.
  private static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      case "'": escaped += "\\(aq"
      case _ where !character.isASCII:
        let digits = String(character.value, radix: 16, uppercase: true)
        escaped += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
  }
}
