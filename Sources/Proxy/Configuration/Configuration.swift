import Reactor

/// Name and version of this program, for `--version`, the User-Agent and the logs.
public enum ProgramVersion {
  public static let number = "0.1.0"
}

/// All that the user decided, validated: what the program is to do.
public struct Configuration {
  public var role: TunnelRole
  public var endpoint: Endpoint
  public var accessToken: String
  /// Empty for none; with one the same access token may reconnect.
  public var clientToken: String
  /// Of `--source-listen-port` or `--destination-app`: services that the tunnel must have.
  public var mappings: [Mapping]
  /// Of the files in `--config-dir`: for services of the tunnel that `mappings` does not name.
  public var directoryMappings: [Mapping] = []
  /// What a source takes its destination for; a destination follows its source.
  public var destinationVersion = ProtocolVersion.v3
  /// Where a source listens when a mapping names no host.
  public var bindHost: String
  /// Where a destination connects from; nil leaves it to the system.
  public var bindAddress: SocketAddress?
  public var trustDirectory: String?
  public var verifiesPeer: Bool
  public var logLevel: LogLevel
  /// Nil for none on the way to the service.
  public var webProxy: WebProxy?
  public var settings: Settings
  /// What the user should know although nothing is wrong; logged at the start.
  public var warnings: [String] = []

  /// Program, version, system and TLS library.
  var userAgent: String {
    "localproxy \(ProgramVersion.number) (\(Process.systemName)) \(Cryptography.libraryVersion)"
  }

  /// What the command line asks for.
  public enum Request {
    case run(Configuration)
    /// Print this on standard output and end well.
    case print(String)
  }

  private static let tokenVariable = "AWSIOT_TUNNEL_ACCESS_TOKEN"

  /// The options of `localproxy`.
  public static var options: OptionTable {
    OptionTable(
      program: "localproxy",
      usage: [
        "localproxy (-r REGION | -e HOST[:PORT]) -s MAPPINGS [options]",
        "localproxy (-r REGION | -e HOST[:PORT]) -d MAPPINGS [options]",
      ],
      summary: """
        Connects one end of an AWS IoT Secure Tunneling tunnel: the source, which listens for clients,
        or the destination, which connects to servers.
        """,
      options: [
        OptionDescription("help", "h", nil, "print this and exit"),
        OptionDescription("version", "V", nil, "print name and version and exit"),
        OptionDescription(
          "access-token", "t", "TOKEN",
          "the access token; better given in the environment, where other users cannot see it"),
        OptionDescription(
          "proxy-endpoint", "e", "HOST[:PORT]", "the service's endpoint, port 443 by default"),
        OptionDescription("region", "r", "REGION", "the tunnel's region, instead of an endpoint"),
        OptionDescription(
          "source-listen-port", "s", "MAPPINGS",
          "be the source: listen on PORT, or on SERVICE=PORT[,SERVICE=PORT…]; port 0 picks a free one"
        ),
        OptionDescription(
          "destination-app", "d", "MAPPINGS",
          "be the destination: connect to [HOST:]PORT, or SERVICE=[HOST:]PORT[,…]"),
        OptionDescription(
          "local-bind-address", "b", "ADDRESS",
          "where to listen (source, localhost by default) or to connect from (destination)"),
        OptionDescription(
          "capath", "c", "DIR", "further CA certificates, named by hash, besides the platform's own"
        ),
        OptionDescription(
          "no-ssl-host-verify", "k", nil, "accept any certificate: for tests only"),
        OptionDescription(
          "verbose", "v", "LEVEL",
          "0 off, 1 fatal, 2 error, 3 warning, 4 info (default), 5 debug, 6 trace"),
      ],
      epilogue: [
        "",
        "Environment: AWSIOT_TUNNEL_ACCESS_TOKEN, the access token.",
        "",
        "Exit status: 0 stopped by a signal, 1 internal error, 2 wrong usage, 3 refused by the service,",
        "             4 retries used up, 5 cannot listen, 6 services and mappings do not match.",
      ])
  }

  /// Reads the process's command line and environment. Nothing is opened.
  public static func read() throws(UsageError) -> Request {
    var values: [String: String] = [:]
    for (option, argument) in try options.read(secrets: ["access-token"]) {
      switch option.longName {
      case "help": return .print(options.helpText)
      case "version":
        return .print("localproxy \(ProgramVersion.number), \(Cryptography.libraryVersion)\n")
      default: values[option.longName] = argument
      }
    }
    return .run(try validate(values))
  }

  /// - Parameter values: arguments by the options' long names.
  static func validate(_ values: [String: String]) throws(UsageError) -> Configuration {
    var role = TunnelRole.source
    var mappings: [Mapping]
    switch (values["source-listen-port"], values["destination-app"]) {
    case (let source?, nil):
      mappings = try Mapping.parse(source, option: "--source-listen-port", portZeroAllowed: true)
      try Mapping.checkPorts(mappings, text: source, option: "--source-listen-port")
    case (nil, let destination?):
      role = .destination
      mappings = try Mapping.parse(
        destination, option: "--destination-app", portZeroAllowed: false)
      mappings = mappings.map { mapping in
        guard let endpoint = mapping.endpoint, endpoint.host.isEmpty else { return mapping }
        return Mapping(
          serviceID: mapping.serviceID,
          address: .network(Endpoint(host: "localhost", port: endpoint.port)))
      }
    case (nil, nil):
      throw UsageError("give --source-listen-port (-s) or --destination-app (-d)")
    case (_?, _?):
      throw UsageError("--source-listen-port (-s) and --destination-app (-d) exclude each other")
    }
    let token = values["access-token"] ?? Process.environment(tokenVariable) ?? ""
    if token.isEmpty {
      throw UsageError("there is no access token; set \(tokenVariable)")
    }
    if !token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
      throw UsageError("the access token has characters in it that no token has")
    }
    let bind = values["local-bind-address"]
    var bindAddress: SocketAddress?
    if role == .destination, let bind {
      let numeric = bind == "localhost" ? "127.0.0.1" : bind
      bindAddress = SocketAddress(numeric: numeric, port: 0)
      if bindAddress == nil {
        throw UsageError("--local-bind-address '\(bind)' is not an IPv4 or IPv6 address")
      }
    }
    if let directory = values["capath"], !Process.directoryExists(directory) {
      throw UsageError("--capath '\(directory)' is not a directory")
    }
    guard let clientToken = try? Cryptography.uuid() else {
      throw UsageError("the system has no random numbers")
    }
    return Configuration(
      role: role, endpoint: try endpoint(values), accessToken: token, clientToken: clientToken,
      mappings: mappings, bindHost: bind ?? "localhost", bindAddress: bindAddress,
      trustDirectory: values["capath"], verifiesPeer: values["no-ssl-host-verify"] == nil,
      logLevel: try LogLevel.parse(values["verbose"]), settings: Settings())
  }

  private static func endpoint(_ values: [String: String]) throws(UsageError) -> Endpoint {
    switch (values["proxy-endpoint"], values["region"]) {
    case (let text?, nil):
      do throws(UsageError) {
        let endpoint = try Endpoint.parse(text, defaultPort: 443)
        if endpoint.host.isEmpty || endpoint.port == 0 {
          throw UsageError("host or port is missing")
        }
        return endpoint
      } catch {
        throw UsageError("--proxy-endpoint '\(text)': \(error.message)")
      }
    case (nil, let region?):
      let isName =
        !region.isEmpty
        && region.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
      if !isName { throw UsageError("--region '\(region)' is not a region, such as us-east-1") }
      let isChina = region == "cn-north-1" || region == "cn-northwest-1"
      let suffix = isChina ? ".amazonaws.com.cn" : ".amazonaws.com"
      return Endpoint(host: "data.tunneling.iot.\(region)\(suffix)", port: 443)
    case (nil, nil): throw UsageError("give --region (-r) or --proxy-endpoint (-e)")
    case (_?, _?): throw UsageError("--region (-r) and --proxy-endpoint (-e) exclude each other")
    }
  }
}

extension LogLevel {
  /// Reads 0 to 255, of which all above 6 are trace; `info` when nothing is given.
  public static func parse(_ text: String?) throws(UsageError) -> LogLevel {
    guard let text else { return .info }
    guard let number = UInt8(text) else {
      throw UsageError("--verbose '\(text)' is not a level; it goes from 0 (off) to 6 (trace)")
    }
    return LogLevel(rawValue: min(Int(number), LogLevel.trace.rawValue)) ?? .trace
  }
}
