import Configuration

/// What the documentation says of an option beyond the help's line. It is not part of the program.
struct OptionText {
  /// Sentences; blank lines part paragraphs.
  let text: String
  /// "–" for none.
  let standard: String
  let example: String

  init(_ text: String, default standard: String = "–", example: String) {
    self.text = text
    self.standard = standard
    self.example = example
  }
}

extension Option {
  /// nil for another name of an option.
  var manualText: OptionText? {
    switch self {
    case .accessToken:
      OptionText(
        """
        The token that the tunnel was opened with for this end: 1 to 3,072 visible ASCII characters, none of which is a \
        quotation mark, $, <, >, {, } or a backslash. It is overwritten in the process's arguments as soon as it has been \
        read, but a shell's history keeps it, and a warning says so. AWSIOT_TUNNEL_ACCESS_TOKEN or --access-token-file is \
        better.
        """, example: "-t \"$TOKEN\"")
    case .accessTokenFile:
      OptionText(
        """
        A file whose first line is the access token; - reads the first line of standard input. A file that every user \
        can read is warned about. When the service refuses the token, or says that it was rotated, the file is looked at once \
        more, and another token in it is used without a restart; so replace it as a whole, with mv. Command line, --config file and environment can each have this or --access-token, not \
        both; of two places the one further up in the order of precedence counts.
        """, example: "--access-token-file /run/secrets/tunnel")
    case .clientToken:
      OptionText(
        """
        32 to 128 letters, digits and hyphens that bind the access token to this client, so that it may connect \
        again after a loss or a restart.

        Without this option the client token is derived from the access token, /etc/machine-id and the user's id. So a \
        restart by the same user on the same machine works with the same access token, and whoever copies the access \
        token to another machine cannot use it. Where there is no machine id a random one is made at each start, and a \
        warning says so. The empty string sends none: then the first connection spends the access token, and a lost \
        connection cannot be replaced.
        """, default: "derived", example: "-i 8f0e8a2c-6d0b-4b6e-9d3e-0c9e5f1f2a77")
    case .proxyEndpoint:
      OptionText(
        """
        Where the service is: a name, an IPv4 address, or an IPv6 address in brackets; port 443 when none is given. \
        Not together with --region, wherever either of them is given.
        """, example: "-e data.tunneling.iot.us-east-1.amazonaws.com:443")
    case .region:
      OptionText(
        """
        The region that the tunnel was opened in, by its name, such as us-east-1. The settings endpoint_format and \
        region_endpoint_overrides say what endpoint that is; with one of one's own a name may be any 1 to 64 lower-case \
        letters, digits and hyphens.
        """, example: "-r eu-central-1")
    case .sourceListenPort:
      OptionText(
        """
        Be the source, and listen for clients: on PORT, HOST:PORT, [IPV6]:PORT, or a Unix socket's path (whatever has \
        a / in it). Port 0 takes a free port and logs which.

        A Unix socket's directory must be there. Without it, or with something in the socket's place that is no socket, the \
        program ends at the start with status 2. A socket that nobody listens on any more is replaced. One that somebody \
        listens on, a directory that may not be written to, and all that goes wrong with a mapping of --config-dir are known \
        when the tunnel is: like a port that is taken they are tried again, as tcp.connection_retry_count says.

        A - instead of a port is one client over standard input and output, as ssh's ProxyCommand: nothing listens, the \
        log has warnings alone by default, and the program ends with the connection: with 0 when that ended in good order, \
        with 8 when it was refused or cut, as by a loss of the tunnel. A signal, such as that of Ctrl-C, ends it with 0 and \
        without a word, as ssh ends its ProxyCommand; where bytes still moved, or at a second one, a warning says what is cut. \
        It stands alone; the tunnel's other services are not used. The service takes one source at a time, so a second ssh \
        of the same token ends the first: ControlMaster in ssh_config(5) lets them share one.

        For a tunnel with several services, SERVICE=PORT[,SERVICE=PORT…]. The names are those that the tunnel was opened \
        with. A service without a mapping gets one of --config-dir, else a free port. A mapping without a service is for \
        the tunnel's only one, and stands alone.

        The option can be given more than once, and the mappings add up. Two mappings for one service are an error. Blanks \
        around the parts are disregarded, and so are empty parts beside mappings with a service.
        """, example: "-s SSH=5555,HTTP=0")
    case .destinationApp:
      OptionText(
        """
        Be the destination, and connect to servers: on PORT of localhost, HOST:PORT, [IPV6]:PORT, or a Unix socket's \
        path. With several services, and more than once, as --source-listen-port. A service of the tunnel that has no \
        mapping here needs one in --config-dir.
        """, example: "-d SSH=22,HTTP=10.0.0.1:80,API=/run/api.sock")
    case .mode:
      OptionText(
        """
        Which end to be when neither -s nor -d says it: src or source, dst or destination. A source without mappings \
        listens on free ports. A destination takes all its mappings from --config-dir.
        """, default: "what -s or -d says", example: "-m dst --config-dir /etc/localproxy")
    case .destinationClientType:
      OptionText(
        """
        What the destination speaks, told to a source. V1: one service without a name, one connection (the device \
        client, the Greengrass component, AWS's localproxy 1.x). V2: several services, one connection each (AWS's \
        localproxy 2.x). V3: many connections. Any other value counts as V3, with a warning; small letters will do. A destination does as its \
        source, and needs no such option.
        """, default: "V3", example: "-y V1")
    case .localBindAddress:
      OptionText(
        """
        A name or an address of this machine: IPv6 with or without brackets, link-local ones with %INTERFACE.

        A source listens there for mappings that name no host: with :: on all addresses of both families, with a name on \
        its first address of each family. A destination connects from there to its servers, to each from an address of \
        the server's family. A name is looked up with each attempt to reach the service, until it is known.
        """, default: "source: localhost; destination: any", example: "-b 192.168.1.10")
    case .capath:
      OptionText(
        """
        A directory of CA certificates under their hashed names (openssl rehash DIR makes them). They are trusted \
        besides the platform's own.
        """, example: "-c /opt/rootca")
    case .noSSLHostVerify:
      OptionText(
        """
        Accept any certificate. Whoever is on the way can then read and change everything; a warning says so at \
        each start. For tests only.
        """, default: "verified", example: "-k")
    case .status:
      OptionText(
        """
        Serve the status by HTTP: /metrics for Prometheus, /healthz (200 while the tunnel stands, else 503 with the reason), \
        /state.json, and / with charts for a browser. The place is a port of localhost, HOST:PORT, or what has a / in it: \
        the path of a Unix socket, for this user alone (mode 0600). Port 0 takes a free one, which the log names. A path that \
        cannot be one of a socket ends the program with status 2, as with --source-listen-port, and any other place that cannot \
        be had at once with 5.

        Whoever reaches it sees names of services, addresses of clients and counts, and can change nothing. A browser is \
        answered only when it asks for localhost, an address, or the name in HOST. docs/operations.md has the metrics.
        """, default: "none", example: "--status 9100")
    case .config:
      OptionText(
        """
        A file with further options, one to a line: the long name, =, the value. A flag takes true or false, yes or no, \
        on or off, 1 or 0, in letters of either case. # begins a comment anywhere, ; at the beginning of a line; blank \
        lines are disregarded.

        An unknown name, a name given twice and a malformed line are errors that name file and line. The file has 64 KiB \
        at the most, and help, version, config, check, force and export-default-settings cannot stand in it.
        """, example: "--config config.ini")
    case .configDir:
      OptionText(
        """
        A directory whose files have further mappings, one to a line: SERVICE=PORT, SERVICE=HOST:PORT or SERVICE=PATH. \
        They are for services that neither -s nor -d maps. ; or # at the beginning of a line makes it a comment, and \
        [sections] are disregarded.

        Files are read in the order of their names, down to eight levels deep, and the first mapping found for a service \
        counts. A file with a mistake in it is left out whole, with a warning that names file and line. Links to files \
        are followed, links to directories are not.
        """, default: "./config, if it is there", example: "--config-dir /etc/localproxy/services")
    case .settingsJSON:
      OptionText(
        """
        A JSON file with settings; those that are not in it keep their defaults. Numbers and booleans may be strings. A \
        setting that does not exist is warned about. A value of the wrong kind or out of range is an error that names the \
        key and what is allowed.
        """, example: "--settings-json lpsettings.json")
    case .exportDefaultSettings:
      OptionText(
        """
        Write the default settings to a file, which --settings-json takes, and exit. Nothing else needs to be given. A \
        file with something else in it is not replaced without --force. --export-settings-json is another name for it.
        """, example: "--export-default-settings lpsettings.json")
    case .exportSettingsJSON: nil
    case .force:
      OptionText(
        "With --export-default-settings: replace a file that has something else in it.",
        example: "--force --export-default-settings lpsettings.json")
    case .check:
      OptionText(
        """
        Do all that a start does before it connects: read options, variables, files and settings, judge the form of \
        the tokens, open the CA certificates, and look up the names of the service (or of the web proxy on the way \
        to it), of servers, of addresses to bind to and of --status. Then say on standard output what a run would do, and exit: \
        with 0, or with 2 and a line on standard error for each mistake. Nothing is connected and nothing listens, \
        so no token is spent. It takes as long as websocket.handshake_timeout_ms at the most.
        """, example: "--check -r us-east-1 -d SSH1=22")
    case .verbose:
      OptionText(
        """
        How much is logged, on standard error: 0 nothing, 1 fatal, 2 error, 3 warning, 4 info, 5 debug, 6 to 255 trace.
        """, default: "4", example: "-v 5")
    case .logFormat:
      OptionText(
        """
        How each line of the log is written: text, for people, in colours on a terminal unless NO_COLOR is set; json, an \
        object in each line with time, level, event, the event's fields and message; or journal, entries of systemd's \
        journal with the same fields, and nothing on standard error. docs/logging.md lists the events and their fields.
        """, default: "text", example: "--log-format json")
    case .version:
      OptionText(
        "Print name and version of the program and of its TLS library, and exit.", example: "-V")
    case .help: OptionText("Print a summary of the options, and exit.", example: "-h")
    }
  }
}

/// What the documentation says of an environment variable.
struct VariableText {
  let name: String
  let text: String

  /// The option that a variable stands for is added by the generator.
  static let options: [String: String] = [
    "AWSIOT_TUNNEL_ACCESS_TOKEN": "The access token; the best place for it.",
    "AWSIOT_TUNNEL_CLIENT_TOKEN": "The client token.",
    "AWSIOT_TUNNEL_ENDPOINT": "The service's endpoint. Excludes a region, wherever that is given.",
    "AWSIOT_TUNNEL_REGION": "The tunnel's region. Excludes an endpoint, wherever that is given.",
  ]

  /// Those that stand for no option.
  static let others = [
    VariableText(
      name: "https_proxy",
      text: """
        A web proxy to reach the service through, as http://[USER:PASSWORD@]HOST[:PORT] or https://…; port \
        3128 when none is given. Comes before HTTPS_PROXY. An endpoint on this machine (localhost, names that end in \
        .localhost, 127.0.0.0/8, ::1) is reached without it, unless the web proxy is on this machine too.
        """),
    VariableText(name: "HTTPS_PROXY", text: "The same."),
    VariableText(
      name: "no_proxy",
      text: """
        Hosts and domains, separated by commas, that are reached without the web proxy; * for all. Comes \
        before NO_PROXY.
        """),
    VariableText(name: "NO_PROXY", text: "The same."),
    VariableText(
      name: "SSL_CERT_FILE",
      text: """
        CA certificates in one file, instead of the platform's file; the platform's directory still counts \
        unless SSL_CERT_DIR is set. One that cannot be read is warned about.
        """),
    VariableText(
      name: "SSL_CERT_DIR",
      text: """
        CA certificates in a directory under their hashed names, or in several separated by colons, instead of \
        the platform's directory. Of the platform's files OpenSSL's own (cert.pem where openssl version -d \
        says) still counts unless SSL_CERT_FILE is set. One that cannot be read is warned about.
        """),
  ]
}
