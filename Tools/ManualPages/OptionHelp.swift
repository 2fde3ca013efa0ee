import Configuration

/// What the help says of the options. What ships has it packed (`Option.helpText`).
extension Option {
  /// What stands for its argument, nil for none; and the help's line, "" for another name of the option before it.
  private var words: (argument: String?, help: String) {
    switch self {
    case .accessToken:
      (
        "TOKEN",
        "the access token; better given in the environment, where other users cannot see it"
      )
    case .accessTokenFile: ("FILE", "a file with the access token; - for standard input")
    case .clientToken:
      (
        "TOKEN",
        "what lets the access token be used again; by default always the same on this machine, "
          + "'' for none"
      )
    case .proxyEndpoint: ("HOST[:PORT]", "the service's endpoint, port 443 by default")
    case .region: ("REGION", "the tunnel's region, instead of an endpoint")
    case .sourceListenPort:
      (
        "MAPPINGS",
        "be the source: listen on [HOST:]PORT or a Unix socket, or SERVICE=[HOST:]PORT[,…]; "
          + "port 0 picks a free one, - is one client over standard input and output"
      )
    case .destinationApp:
      (
        "MAPPINGS",
        "be the destination: connect to [HOST:]PORT or a Unix socket, or SERVICE=[HOST:]PORT[,…]"
      )
    case .mode: ("MODE", "src or dst, for mappings out of --config-dir or on free ports")
    case .destinationClientType:
      ("VERSION", "the destination's protocol, for a source: V1, V2 or V3 (default)")
    case .localBindAddress:
      ("ADDRESS", "where to listen (source, localhost by default) or to connect from (destination)")
    case .capath: ("DIR", "further CA certificates, named by hash, besides the platform's own")
    case .noSSLHostVerify: (nil, "accept any certificate: for tests only")
    case .status:
      (
        "PLACE",
        "serve metrics and a page with charts on [HOST:]PORT, of localhost by default, or a Unix socket"
      )
    case .config: ("FILE", "further options, one 'option = value' a line, without the dashes")
    case .configDir:
      ("DIR", "files with further mappings, one 'SERVICE=PORT' a line; ./config by default")
    case .settingsJSON: ("FILE", "fine-grained settings")
    case .exportDefaultSettings: ("FILE", "write the default settings to FILE and exit")
    case .exportSettingsJSON: ("FILE", "")
    case .force: (nil, "with that: replace a file that has other settings")
    case .check:
      (nil, "say what would be done, look the names up, connect to nothing, and exit with 0 or 2")
    case .verbose:
      (
        "LEVEL",
        "0 off, 1 fatal, 2 error, 3 warning (default with -s -), 4 info (default), 5 debug, 6 trace"
      )
    case .logFormat:
      (
        "FORMAT",
        "of the log: text (default), json for an object a line, journal for systemd's with fields"
      )
    case .version: (nil, "print name and version and exit")
    case .help: (nil, "print this and exit")
    }
  }

  var description: OptionDescription {
    OptionDescription(syntax.longName, syntax.shortName, words.argument, words.help)
  }

  /// All of them, each at the place that its raw value says.
  static var table: OptionTable {
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
      ] + ExitStatus.all.map { "  \($0.status.rawValue)  \($0.text)" } + [
        "",
        "Examples, each with the token of its end in AWSIOT_TUNNEL_ACCESS_TOKEN:",
        "  localproxy -r us-east-1 -s 5555           then: ssh -p 5555 USER@localhost",
        "  localproxy -r us-east-1 -d localhost:22   on the device",
        "  ssh -o ProxyCommand='localproxy -r us-east-1 -s -' USER@device",
        "",
        "See localproxy(1).",
      ])
  }
}
