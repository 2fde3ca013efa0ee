import Reactor

/// The options of `localproxy`, in the order in which help, parsing and documentation have them.
public enum Option: Int, CaseIterable, Sendable {
  case accessToken, accessTokenFile, clientToken
  case proxyEndpoint, region
  case sourceListenPort, destinationApp, mode, destinationClientType
  case localBindAddress, capath, noSSLHostVerify
  case status
  case config, configDir, settingsJSON, exportDefaultSettings, exportSettingsJSON
  case force, check, verbose, logFormat, version, help

  /// What the command line has of it. The words about it are the manual's, of which `helpText` is made.
  public var syntax: ArgumentSyntax {
    let (longName, shortName, takesArgument): (String, Unicode.Scalar?, Bool) =
      switch self {
      case .accessToken: ("access-token", "t", true)
      case .accessTokenFile: ("access-token-file", nil, true)
      case .clientToken: ("client-token", "i", true)
      case .proxyEndpoint: ("proxy-endpoint", "e", true)
      case .region: ("region", "r", true)
      case .sourceListenPort: ("source-listen-port", "s", true)
      case .destinationApp: ("destination-app", "d", true)
      case .mode: ("mode", "m", true)
      case .destinationClientType: ("destination-client-type", "y", true)
      case .localBindAddress: ("local-bind-address", "b", true)
      case .capath: ("capath", "c", true)
      case .noSSLHostVerify: ("no-ssl-host-verify", "k", false)
      case .status: ("status", nil, true)
      case .config: ("config", nil, true)
      case .configDir: ("config-dir", nil, true)
      case .settingsJSON: ("settings-json", nil, true)
      case .exportDefaultSettings: ("export-default-settings", nil, true)
      case .exportSettingsJSON: ("export-settings-json", nil, true)
      case .force: ("force", nil, false)
      case .check: ("check", nil, false)
      case .verbose: ("verbose", "v", true)
      case .logFormat: ("log-format", nil, true)
      case .version: ("version", "V", false)
      case .help: ("help", "h", false)
      }
    return ArgumentSyntax(
      longName: longName, shortName: shortName, takesArgument: takesArgument,
      isOtherName: self == .exportSettingsJSON)
  }

  /// All of them, each at the place that its raw value says.
  static var reader: OptionReader {
    OptionReader(program: "localproxy", options: allCases.map { $0.syntax })
  }

  /// The environment variables, lowest in precedence.
  public static var variables: [(name: String, option: Option)] {
    [
      ("AWSIOT_TUNNEL_ACCESS_TOKEN", .accessToken), ("AWSIOT_TUNNEL_CLIENT_TOKEN", .clientToken),
      ("AWSIOT_TUNNEL_ENDPOINT", .proxyEndpoint), ("AWSIOT_TUNNEL_REGION", .region),
    ]
  }

  /// Those that stand for no option.
  public static var otherVariables: [String] {
    ["https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]
  }

  private enum Use { case ordinary, order, mapping, secret }

  private var use: Use {
    switch self {
    case .accessToken, .clientToken: .secret
    case .sourceListenPort, .destinationApp: .mapping
    case .help, .version, .config, .exportDefaultSettings, .exportSettingsJSON, .force, .check:
      .order
    case .accessTokenFile, .proxyEndpoint, .region, .mode, .destinationClientType,
      .localBindAddress, .capath, .noSSLHostVerify, .status, .configDir, .settingsJSON, .verbose,
      .logFormat:
      .ordinary
    }
  }

  /// What only the command line can ask for.
  public var isForCommandLineOnly: Bool { use == .order }

  /// Given more than once, it adds up.
  var isMapping: Bool { use == .mapping }

  /// Never shown: neither in `ps` nor in a message.
  var isSecret: Bool { use == .secret }
}
