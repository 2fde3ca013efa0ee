import AgentCore
import Basics
import Configuration
import Reactor

/// What `localproxy-agent` was asked to do.
package struct AgentOptions {
  var services = AllowedServices()
  var policy = AgentCore.Policy()
  /// Nil for any.
  var region: String?
  /// Nil for standard input.
  var input: String?
  var stateDirectory: String?
  var program = "localproxy"
  /// What each localproxy gets besides its token, region and mappings.
  var arguments: [String] = []
  var settingsFile: String?
  /// They name the service instead of the notification's region.
  var endpoint: String?
  var isCheck = false
  var logLevel = LogLevel.info
  var logFormat = LogFormat.text

  enum Request {
    case run(AgentOptions)
    case print(String)
  }

  static let tunnelCountMax: Int64 = 256
  static let restartCountMax: Int64 = 10

  package enum Option: Int, CaseIterable {
    case service, services, input, maxTunnels, restarts, children, stateDirectory
    case region, localproxy, proxyEndpoint, capath, settingsJSON
    case check, verbose, logFormat, version, help

    var description: OptionDescription {
      switch self {
      case .service:
        .init(
          "service", "d", "NAME=[HOST:]PORT",
          "a service that tunnels may have, and its server, a Unix socket's path perhaps; "
            + "without NAME= for tunnels without names. It may be repeated")
      case .services:
        .init("services", nil, "FILE", "further ones, one 'NAME = [HOST:]PORT' a line")
      case .input:
        .init("input", nil, "FIFO", "read a named pipe, which has no end, and not standard input")
      case .maxTunnels:
        .init("max-tunnels", nil, "N", "tunnels at once: 8 by default, 256 at the most")
      case .restarts:
        .init(
          "restarts", nil, "N",
          "how often a localproxy that fails is started again: 3 by default; "
            + "with 0 the agent keeps no token")
      case .children:
        .init(
          "children", nil, "stay|end",
          "whether the localproxies go on when the agent ends, or end with it (default)")
      case .stateDirectory:
        .init(
          "state-directory", nil, "DIR",
          "where an agent that is started again finds those that stayed; there are no tokens in it")
      case .region:
        .init("region", "r", "REGION", "refuse notifications of other regions")
      case .localproxy:
        .init("localproxy", nil, "PROGRAM", "what is started; localproxy out of PATH by default")
      case .proxyEndpoint:
        .init(
          "proxy-endpoint", "e", "HOST[:PORT]",
          "the service's endpoint, instead of that of the notification's region")
      case .capath: .init("capath", "c", "DIR", "for each localproxy: further CA certificates")
      case .settingsJSON:
        .init("settings-json", nil, "FILE", "for each localproxy: fine-grained settings")
      case .check: .init("check", nil, nil, "say what would be done, and exit with 0 or 2")
      case .verbose:
        .init(
          "verbose", "v", "LEVEL",
          "0 off, 1 fatal, 2 error, 3 warning, 4 info (default), 5 debug, 6 trace; "
            + "for each localproxy as well")
      case .logFormat:
        .init(
          "log-format", nil, "FORMAT",
          "of the log: text (default), json for an object a line, journal for systemd's with fields; "
            + "for each localproxy as well")
      case .version: .init("version", "V", nil, "print name and version and exit")
      case .help: .init("help", "h", nil, "print this and exit")
      }
    }
  }

  package static var table: OptionTable {
    OptionTable(
      program: "localproxy-agent",
      usage: ["localproxy-agent --service NAME=[HOST:]PORT [options] <NOTIFICATIONS"],
      summary: """
        Runs a localproxy for each notification of AWS IoT Secure Tunneling, one JSON object a line, as
        'mosquitto_sub -t $aws/things/THING/tunnels/notify' prints them.
        """,
      options: Option.allCases.map { $0.description },
      epilogue: [
        "", "Signals: SIGTERM and SIGINT end the program; a second one kills what does not end.",
        "",
        "Exit status: 0 stopped by a signal, or its input and its last tunnel have ended, 1 internal error, 2 wrong usage.",
        "", "See localproxy-agent(1).",
      ])
  }

  static func read() throws(UsageError) -> Request {
    var options = AgentOptions()
    for given in try table.read() {
      guard let option = Option(rawValue: given.index) else { continue }
      if option == .help { return .print(table.helpText) }
      if option == .version {
        return .print(
          "localproxy-agent %, %\n".with(ProgramVersion.number, Cryptography.libraryVersion))
      }
      try options.take(option, given.argument)
    }
    try Configuration.check(region: options.region, settings: options.settingsFile)
    if options.services.all.isEmpty {
      throw UsageError("no service is allowed; give --service, such as --service SSH=localhost:22")
    }
    if options.policy.leavesChildren && options.stateDirectory == nil {
      throw UsageError(
        "--children stay needs --state-directory, where the next agent finds them; "
          + "/run/localproxy-agent, say")
    }
    return .run(options)
  }

  private mutating func take(_ option: Option, _ argument: String) throws(UsageError) {
    switch option {
    case .service: try allow(argument, label: "--service")
    case .services: try read(servicesIn: argument)
    case .input: input = argument
    case .maxTunnels:
      policy.tunnelCountMax = try Self.number(
        argument, "--max-tunnels", 1...Self.tunnelCountMax)
    case .restarts:
      policy.restartCountMax = try Self.number(argument, "--restarts", 0...Self.restartCountMax)
    case .children:
      guard let place = argument.place(in: "stay|end") else {
        throw UsageError("--children '%' is neither stay nor end", with: argument.excerpt)
      }
      policy.leavesChildren = place == 0
    case .stateDirectory: stateDirectory = argument
    case .region: region = argument
    case .localproxy: program = argument
    case .proxyEndpoint:
      // Each localproxy would say so, and end.
      do throws(UsageError) {
        _ = try Endpoint.parseService(argument)
      } catch {
        throw UsageError(
          "--proxy-endpoint '%' is not HOST[:PORT]: %", with: argument.excerpt, error.message)
      }
      endpoint = argument
    case .capath:
      try Configuration.check(directory: argument, label: "--capath")
      arguments += ["-c", argument]
    case .settingsJSON:
      settingsFile = argument
      arguments += ["--settings-json", argument]
    case .check: isCheck = true
    case .verbose:
      guard let level = LogLevel.parse(argument) else {
        throw UsageError("--verbose '%' %", with: argument.excerpt, LogLevel.mistake)
      }
      logLevel = level
      arguments += ["-v", argument]
    case .logFormat:
      guard let format = LogFormat(argument) else {
        throw UsageError(
          "--log-format '%' is none of %", with: argument.excerpt, LogFormat.names)
      }
      logFormat = format
      arguments += ["--log-format", argument]
    case .version, .help: break
    }
  }

  private static func number(
    _ text: String, _ label: String, _ range: ClosedRange<Int64>
  ) throws(UsageError) -> Int {
    guard let number = text.number, range.contains(number) else {
      throw UsageError(
        "% '%' is not a number %", with: label, text.excerpt,
        "from % to %".with(range.lowerBound.decimal, range.upperBound.decimal))
    }
    return Int(number)
  }

  // MARK: Services

  private mutating func allow(_ text: String, label: String) throws(UsageError) {
    for mapping in try Mapping.parseDestinations(text, label: label) {
      let service = AllowedServices.Service(
        name: mapping.serviceID, address: mapping.address.description)
      if services.add(service) { continue }
      if services.all.count == AllowedServices.countMax {
        throw UsageError(
          "%: there are more than % services; leave some out", with: label,
          AllowedServices.countMax.decimal)
      }
      throw UsageError("% '%': it is given twice; leave one out", with: label, text.excerpt)
    }
  }

  private mutating func read(servicesIn path: String) throws(UsageError) {
    for line in try KeyValueLines.read(path, label: "--services") {
      try allow("%=%".with(line.key, line.value), label: line.position)
    }
  }
}
