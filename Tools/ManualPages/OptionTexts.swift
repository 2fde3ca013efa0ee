import Proxy

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

  static let all: [Option: OptionText] = [
    .accessToken: OptionText(
      """
      The token that the tunnel's owner got for this end of it: 1 to 3,072 visible ASCII characters, none of \
      which is a quotation mark, $, <, >, {, } or a backslash. It is \
      overwritten in the process's arguments as soon as it has been read, but a shell's history keeps it, so \
      AWSIOT_TUNNEL_ACCESS_TOKEN or --access-token-file is better, and a warning says so.
      """, example: "-t \"$TOKEN\""),
    .accessTokenFile: OptionText(
      """
      A file whose first line is the access token, for secrets that are mounted or handed over; - reads the \
      first line of standard input. Not together with --access-token in the same place; of two places the \
      higher one counts. A file that every user can read is warned about.
      """, example: "--access-token-file /run/secrets/tunnel"),
    .clientToken: OptionText(
      """
      32 to 128 letters, digits and hyphens that bind the access token to this client, so that it may connect \
      again after a loss or a restart. Without this option it is a UUID that follows from the access token, \
      /etc/machine-id and the user, so a restart by the same user on the same machine has the same one; on \
      a machine without an id it is a random one. The empty string sends none: then the access token is \
      spent by the first connection, and a lost connection cannot be replaced.
      """, default: "the same UUID at each start",
      example: "-i 8f0e8a2c-6d0b-4b6e-9d3e-0c9e5f1f2a77"),
    .proxyEndpoint: OptionText(
      """
      Where the service is. A name, an IPv4 address or an IPv6 address in brackets; port 443 when none is \
      given. Not together with --region, wherever either of them is given.
      """, example: "-e data.tunneling.iot.us-east-1.amazonaws.com:443"),
    .region: OptionText(
      """
      The region that the tunnel was opened in, by its name, such as us-east-1. The settings endpoint_format and \
      region_endpoint_overrides say what endpoint that is; with one of one's own a name may be any 1 to 64 \
      lower-case letters, digits and hyphens.
      """, example: "-r eu-central-1"),
    .sourceListenPort: OptionText(
      """
      Run as the source, and listen for clients: PORT, HOST:PORT, [IPV6]:PORT or a Unix socket's path (what \
      has a / in it), or several of them with their services, SERVICE=PORT[,SERVICE=PORT…]. Port 0 takes a \
      free one and logs which. The service names are those that the tunnel was opened with; a service without \
      a mapping gets one of --config-dir, or a free port. A mapping without a service is for the tunnel's only \
      one and stands alone, without a comma.

      Given more than once, the mappings of all count. Blanks around the parts and empty parts are disregarded. \
      Two mappings for one service are an error.
      """, example: "-s SSH1=5555,HTTP1=0"),
    .destinationApp: OptionText(
      """
      Run as the destination, and connect to servers: PORT (on localhost), HOST:PORT, [IPV6]:PORT or a Unix \
      socket's path, or several of them with their services, as for --source-listen-port. A service of the \
      tunnel that has no mapping here must have one in --config-dir.
      """, example: "-d SSH1=22,HTTP1=10.0.0.1:80,API=/run/api.sock"),
    .mode: OptionText(
      """
      src or source, dst or destination: which end to be when neither -s nor -d says it. A source without \
      mappings listens on free ports; a destination takes all its mappings from --config-dir.
      """, default: "what -s or -d says", example: "-m dst --config-dir /etc/localproxy"),
    .destinationClientType: OptionText(
      """
      The protocol that the destination speaks, for a source: V1 for destinations that know one service \
      without a name and one connection (the console's browser client, the device client, local proxies 1.x), \
      V2 for several services with one connection each, V3 for many connections. Any other value is warned \
      about, and V3 is assumed; small letters will do. A destination follows its source.
      """, default: "V3", example: "-y V1"),
    .localBindAddress: OptionText(
      """
      A name or an address of this machine, IPv6 with or without brackets, link-local ones with %INTERFACE. A source \
      listens there for mappings that name no host: on :: for both families, on a name at its first address of \
      each family, with one port number. A destination connects from there to its servers, to each from an \
      address of its family; a name is looked up with each attempt to reach the service until it is known.
      """, default: "source: default_bind_address; destination: the system's choice",
      example: "-b 192.168.1.10"),
    .capath: OptionText(
      """
      A directory of CA certificates under their hashed names (openssl rehash DIR), trusted besides the \
      platform's own.
      """, example: "-c /opt/rootca"),
    .noSSLHostVerify: OptionText(
      """
      Accept any certificate. Whoever is on the way can then read and change everything; a warning says so at \
      each start. For tests only.
      """, default: "certificates are verified", example: "-k"),
    .config: OptionText(
      """
      A file with further options, one to a line: the long name, =, the value. # begins a comment anywhere, ; \
      at the beginning of a line; blank lines are disregarded. A flag takes true or false, yes or no, on or \
      off, 1 or 0, in letters of either case. An unknown name, a name given twice and a malformed line are errors that name file and \
      line. The file has 64 KiB at the most, and help, version, config, check, force and export-default-settings \
      cannot stand in it.
      """, example: "--config config.ini"),
    .configDir: OptionText(
      """
      A directory whose files, at any depth down to eight, have further mappings, one to a line: SERVICE=PORT, \
      SERVICE=HOST:PORT or SERVICE=PATH. ; or # at the beginning of a line makes it a comment; [sections] are \
      disregarded. Files are read in the order of their names, and the first mapping found for a service \
      counts, after those of -s or -d. A file with a mistake in it is left out whole, with a warning that \
      names file and line. Links to files are followed, links to directories are not.
      """, default: "./config, if it is there", example: "--config-dir /etc/localproxy/services"),
    .settingsJSON: OptionText(
      """
      A JSON file with fine-grained settings; those that are not in it keep their defaults. Numbers and \
      booleans may be strings. A setting that does not exist is warned about; a value of the wrong kind or out \
      of range is an error that names the key and what is allowed.
      """, example: "--settings-json lpsettings.json"),
    .exportDefaultSettings: OptionText(
      """
      Write the default settings to a file, which --settings-json takes, and exit. Nothing else needs to be \
      given. --export-settings-json is another name for it. A file with something else in it is not replaced, \
      unless --force is given too.
      """, example: "--export-default-settings lpsettings.json"),
    .force: OptionText(
      "With --export-default-settings: replace a file that has something else in it.",
      example: "--force --export-default-settings lpsettings.json"),
    .check: OptionText(
      """
      Do all that a start does before it connects: read options, variables, files and settings, judge the form of \
      the tokens, open the CA certificates, and look up the names of the service (or of the web proxy on the way \
      to it), of servers and of addresses to bind to. Then say on standard output what a run would do, and exit: \
      with 0, or with 2 and a line on standard error for each mistake. Nothing is connected and nothing listens, \
      so no token is spent. It takes as long as websocket.handshake_timeout_ms at the most.
      """, example: "--check -r us-east-1 -d SSH1=22"),
    .verbose: OptionText(
      """
      How much is logged, on standard error: 0 nothing, 1 fatal, 2 error, 3 warning, 4 info, 5 debug, 6 trace; \
      up to 255, all above 6 being trace.
      """, default: "4", example: "-v 5"),
    .version: OptionText(
      "Print name and version of the program and of its TLS library, and exit.", example: "-V"),
    .help: OptionText("Print a summary of the options, and exit.", example: "-h"),
  ]
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
