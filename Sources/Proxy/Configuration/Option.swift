/// The options of `localproxy`, in the order in which help, parsing and documentation have them.
public enum Option: Int, CaseIterable, Sendable {
  case accessToken, accessTokenFile, clientToken
  case proxyEndpoint, region
  case sourceListenPort, destinationApp, mode, destinationClientType
  case localBindAddress, capath, noSSLHostVerify
  case status
  case config, configDir, settingsJSON, exportDefaultSettings, exportSettingsJSON
  case force, check, verbose, logFormat, version, help

  /// One without a help text is another name of the one before it.
  public var description: OptionDescription {
    switch self {
    case .accessToken:
      .init(
        "access-token", "t", "TOKEN",
        "the access token; better given in the environment, where other users cannot see it")
    case .accessTokenFile:
      .init("access-token-file", nil, "FILE", "a file with the access token; - for standard input")
    case .clientToken:
      .init(
        "client-token", "i", "TOKEN",
        "what lets the access token be used again; by default always the same on this machine, "
          + "'' for none")
    case .proxyEndpoint:
      .init("proxy-endpoint", "e", "HOST[:PORT]", "the service's endpoint, port 443 by default")
    case .region: .init("region", "r", "REGION", "the tunnel's region, instead of an endpoint")
    case .sourceListenPort:
      .init(
        "source-listen-port", "s", "MAPPINGS",
        "be the source: listen on [HOST:]PORT or a Unix socket, or SERVICE=[HOST:]PORT[,…]; "
          + "port 0 picks a free one, - is one client over standard input and output")
    case .destinationApp:
      .init(
        "destination-app", "d", "MAPPINGS",
        "be the destination: connect to [HOST:]PORT or a Unix socket, or SERVICE=[HOST:]PORT[,…]")
    case .mode:
      .init("mode", "m", "MODE", "src or dst, for mappings out of --config-dir or on free ports")
    case .destinationClientType:
      .init(
        "destination-client-type", "y", "VERSION",
        "the destination's protocol, for a source: V1, V2 or V3 (default)")
    case .localBindAddress:
      .init(
        "local-bind-address", "b", "ADDRESS",
        "where to listen (source, localhost by default) or to connect from (destination)")
    case .capath:
      .init(
        "capath", "c", "DIR", "further CA certificates, named by hash, besides the platform's own")
    case .noSSLHostVerify:
      .init("no-ssl-host-verify", "k", nil, "accept any certificate: for tests only")
    case .status:
      .init(
        "status", nil, "PLACE",
        "serve metrics and a page with charts on [HOST:]PORT, of localhost by default, or a Unix socket"
      )
    case .config:
      .init(
        "config", nil, "FILE", "further options, one 'option = value' a line, without the dashes")
    case .configDir:
      .init(
        "config-dir", nil, "DIR",
        "files with further mappings, one 'SERVICE=PORT' a line; ./config by default")
    case .settingsJSON: .init("settings-json", nil, "FILE", "fine-grained settings")
    case .exportDefaultSettings:
      .init("export-default-settings", nil, "FILE", "write the default settings to FILE and exit")
    case .exportSettingsJSON: .init("export-settings-json", nil, "FILE", "")
    case .force: .init("force", nil, nil, "with that: replace a file that has other settings")
    case .check:
      .init(
        "check", nil, nil,
        "say what would be done, look the names up, connect to nothing, and exit with 0 or 2")
    case .verbose:
      .init(
        "verbose", "v", "LEVEL",
        "0 off, 1 fatal, 2 error, 3 warning (default with -s -), 4 info (default), 5 debug, 6 trace"
      )
    case .logFormat:
      .init(
        "log-format", nil, "FORMAT",
        "of the log: text (default), json for an object a line, journal for systemd's with fields")
    case .version: .init("version", "V", nil, "print name and version and exit")
    case .help: .init("help", "h", nil, "print this and exit")
    }
  }

  /// All of them, each at the place that its raw value says.
  public static var table: OptionTable {
    OptionTable(
      program: "localproxy",
      usage: [
        "localproxy (-r REGION | -e HOST[:PORT]) (-s MAPPINGS | -m src) [options] [-- COMMAND]",
        "localproxy (-r REGION | -e HOST[:PORT]) (-d MAPPINGS | -m dst) [options]",
      ],
      summary: """
        Connects one end of an AWS IoT Secure Tunneling tunnel: the source, which listens for clients,
        or the destination, which connects to servers.
        """,
      options: allCases.map { $0.description },
      epilogue: [
        "",
        "Environment, below both the command line and --config:",
        "  AWSIOT_TUNNEL_ACCESS_TOKEN, AWSIOT_TUNNEL_CLIENT_TOKEN, AWSIOT_TUNNEL_ENDPOINT,",
        "  AWSIOT_TUNNEL_REGION",
        "",
        "Also: https_proxy and no_proxy, SSL_CERT_FILE and SSL_CERT_DIR.",
        "",
        "Exit status:",
      ] + ExitStatus.helpLines + [
        "",
        "Examples, each with the token of its end in AWSIOT_TUNNEL_ACCESS_TOKEN:",
        "  localproxy -r us-east-1 -s 5555           then: ssh -p 5555 USER@localhost",
        "  localproxy -r us-east-1 -d localhost:22   on the device",
        "  ssh -o ProxyCommand='localproxy -r us-east-1 -s -' USER@device",
        "",
        "See localproxy(1).",
      ])
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

  /// An empty value is one: a flag has no other.
  var takesNothing: Bool { self == .clientToken || description.argument == nil }
}
