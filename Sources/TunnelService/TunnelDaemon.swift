import Basics
import Configuration
import Reactor
import Tunnel

/// What `tunneld` was asked to do.
package struct DaemonOptions {
  var listen = Endpoint(host: "127.0.0.1", port: 8443)
  var directory = "tunneld-state"
  var certificate: String?
  var key: String?
  var services: [String] = []
  var tunnelCount = 0
  var service = ServiceOptions()
  var logLevel = LogLevel.info

  enum Request {
    case run(DaemonOptions)
    case print(String)
  }

  package static var table: OptionTable {
    OptionTable(
      program: "tunneld",
      usage: ["tunneld [options]"],
      summary: """
        Stands in for the AWS IoT Secure Tunneling service: pairs a source and a destination by
        their tokens and relays between them. For demonstrations, tests, and people without the cloud.
        """,
      options: [
        OptionDescription("help", "h", nil, "print this and exit"),
        OptionDescription("version", "V", nil, "print name and version and exit"),
        OptionDescription(
          "listen", "l", "ADDRESS:PORT",
          "where to listen (127.0.0.1:8443); port 0 picks a free one"),
        OptionDescription(
          "directory", "D", "DIR",
          "where the certificate authority lives that is made on the first run (tunneld-state); "
            + "DIR/ca is what 'localproxy -c' takes"),
        OptionDescription("cert", nil, "FILE", "certificate chain in PEM, instead of an own one"),
        OptionDescription("key", nil, "FILE", "the certificate's key in PEM"),
        OptionDescription(
          "services", nil, "NAME[,NAME…]", "the tunnels' services; none by default"),
        OptionDescription("open", nil, "N", "open N tunnels and print commands to paste"),
        OptionDescription(
          "bandwidth", nil, "BYTES", "bytes a second that each tunnel carries each way; 0 for all"),
        OptionDescription(
          "latency", nil, "MILLISECONDS", "how long each message is on its way, each way"),
        OptionDescription(
          "lifetime", nil, "SECONDS",
          "end each tunnel so long after it was opened; 0, the default, for never"),
        OptionDescription(
          "compression", nil, nil,
          "accept compression (permessage-deflate) from proxies whose settings have "
            + "websocket.compression; declined by default"),
        OptionDescription(
          "fault", nil, "NAME[,NAME…]", "misbehave, to see how a proxy copes: " + Fault.helpText),
        OptionDescription(
          "verbose", "v", "LEVEL",
          "0 off, 1 fatal, 2 error, 3 warning, 4 info (default), 5 debug, 6 trace"),
      ],
      epilogue: [
        "", "Commands, a line each on standard input when that is a terminal or a pipe:",
      ] + Console.help + [
        "", "Signals: SIGUSR1 closes the oldest open tunnel; SIGTERM and SIGINT end the program.",
        "",
        "Exit status: 0 stopped by a signal, 1 internal error, 2 wrong usage, 5 cannot listen.",
      ])
  }

  static func read() throws(UsageError) -> Request {
    var options = DaemonOptions()
    for option in try table.read() {
      let argument = option.argument
      switch option.longName {
      case "help": return .print(table.helpText)
      case "version":
        return .print("tunneld \(ProgramVersion.number), \(Cryptography.libraryVersion)\n")
      case "listen": options.listen = try Endpoint.parse(argument, option: "--listen")
      case "directory": options.directory = argument
      case "cert": options.certificate = argument
      case "key": options.key = argument
      case "services": options.services = try parseServices(argument, "--services")
      case "open":
        options.tunnelCount = Int(
          try number(argument, "--open", max: Int64(TunnelService.tunnelCountMax)))
      case "bandwidth":
        options.service.shape.bandwidth = try number(
          argument, "--bandwidth", max: 1_000_000_000_000)
      case "latency":
        options.service.shape.latency = Milliseconds(
          try number(argument, "--latency", max: 60_000))
      case "lifetime":
        let seconds = try number(argument, "--lifetime", max: 31_536_000)
        options.service.lifetime = seconds == 0 ? nil : Milliseconds(seconds * 1_000)
      case "compression": options.service.acceptsCompression = true
      case "fault": options.service.faults = try Faults.parse(argument)
      case "verbose":
        guard let level = LogLevel.parse(argument) else {
          throw UsageError("--verbose \(argument.quoted) \(LogLevel.mistake)")
        }
        options.logLevel = level
      default: break
      }
    }
    if (options.certificate == nil) != (options.key == nil) {
      throw UsageError("--cert and --key go together; give both, or neither for an own authority")
    }
    return .run(options)
  }

  private static func number(_ text: String, _ option: String, max: Int64) throws(UsageError)
    -> Int64
  {
    guard let number = Int64(text), (0...max).contains(number) else {
      throw UsageError("\(option) '\(text)' is not a number from 0 to \(max)")
    }
    return number
  }

  /// Whether `NAME=…` names the service at both ends: with '=' in it the name would end there, and with '/' it would
  /// be a socket's path.
  private static func isMappable(_ name: [UInt8]) -> Bool {
    !name.contains { $0.isControl || $0 == .space || $0 == .equals || $0 == .slash }
  }

  /// - Parameter source: where the list is from, for messages.
  static func parseServices(_ text: String, _ source: String) throws(UsageError) -> [String] {
    let names = text.octets.parted(at: .comma).map { $0.text }
    if text.utf8.count > 32_768 {
      throw UsageError("\(source): the list is longer than 32 KiB; name fewer")
    }
    for (index, name) in names.enumerated() {
      let mistake =
        mistake(inService: name)
        ?? (names[..<index].contains(name) ? "is given twice; leave one out" : nil)
      if let mistake { throw UsageError("\(source) \(text.quoted): \(name.quoted) \(mistake)") }
    }
    return names
  }

  /// Why there can be no service of that name; nil for nothing.
  private static func mistake(inService name: String) -> String? {
    if name.isEmpty { return "is no name; give one, or leave the comma out" }
    if name.utf8.count > Message.serviceIDByteCountMax {
      return
        "is longer than the \(Message.serviceIDByteCountMax) bytes of a name; choose a shorter one"
    }
    if isMappable(name.octets) { return nil }
    if let (front, _) = name.cut(at: .equals), !front.isEmpty, isMappable(front.octets) {
      return "has more than a name; give \(front) alone, and its port to localproxy's -s and -d"
    }
    return
      "cannot be named by -s and -d; leave out control characters, '=', '/' and blanks: a comma joins names"
  }
}

/// Parses, builds, runs; returns the exit status.
public func runTunnelDaemon() -> Int32 {
  Process.prepareStandardStreams()
  Cryptography.prepare()
  let options: DaemonOptions
  do throws(UsageError) {
    switch try DaemonOptions.read() {
    case .print(let text):
      return ExitStatus.printing(text, "tunneld").rawValue
    case .run(let read): options = read
    }
  } catch {
    for message in error.all {
      StandardStream.error.beginFault()
      StandardStream.error.write("tunneld: \(message). Try 'tunneld --help'.\n")
    }
    return ExitStatus.usage.rawValue
  }
  let log = Log(level: options.logLevel, events: .ofService, sink: LogOutput())
  defer { log.finish() }
  do throws(SystemError) {
    let daemon = try TunnelDaemon(options, log)
    return try daemon.run()
  } catch {
    log.internalError(operation: error.operation.description, reason: error.reason)
    return ExitStatus.internalError.rawValue
  }
}

/// The program around a `TunnelService`.
final class TunnelDaemon: SignalHandler {
  private let options: DaemonOptions
  private let log: Log
  private let reactor: Reactor
  private var service: TunnelService?
  private var console: Console?

  init(_ options: DaemonOptions, _ log: Log) throws(SystemError) {
    self.options = options
    self.log = log
    reactor = try Reactor()
  }

  func run() throws(SystemError) -> Int32 {
    let host = options.listen.host
    guard
      let address = SocketAddress(
        numeric: host == "localhost" || host.isEmpty ? "127.0.0.1" : host, port: options.listen.port
      )
    else {
      log.listenRefused(host: host)
      return ExitStatus.usage.rawValue
    }
    do throws(TLSError) {
      let identity = try identity(for: address)
      let service = TunnelService(
        network: reactor, tls: identity.context, options: options.service, log: log)
      self.service = service
      let bound: SocketAddress
      do throws(SystemError) {
        bound = try service.listen(on: address)
      } catch {
        log.listeningFailed(address: address.description, reason: error.reason)
        return ExitStatus.cannotListen.rawValue
      }
      let commands = PrintedCommands(
        listening: bound, certificate: identity.certificate,
        trustDirectories: identity.trustDirectories)
      let console = Console(
        service: service, commands: commands, services: options.services, log: log)
      self.console = console
      let tunnels = try console.openTunnels(options.tunnelCount)
      // Tokens that nobody sees are of no use.
      let printed = ExitStatus.printing(
        "listening on \(bound.description), \(identity.words)\n" + tunnels, "tunneld")
      if printed != .success { return printed.rawValue }
    } catch {
      var remedy = ""
      if case .configuration = error, options.certificate != nil {
        remedy = "; --cert and --key take files in PEM that belong together"
      }
      log.serviceFailed(reason: error.reason + remedy)
      return ExitStatus.internalError.rawValue
    }
    let signals = try Signals(reactor: reactor, handler: self)
    let dialogue = console.flatMap { Dialogue(reactor: reactor, handler: $0) }
    if dialogue != nil { StandardStream.output.write("# commands are taken here: try 'help'\n") }
    try reactor.run()
    withExtendedLifetime((signals, dialogue)) {}
    return ExitStatus.success.rawValue
  }

  /// What the server shows to its clients.
  private struct Identity {
    let context: TLSContext
    /// Where it is from.
    let words: String
    /// A given certificate; nil for an own authority's.
    var certificate: CertificateNames?
    /// Where those that a client must trust may be.
    let trustDirectories: [String]
  }

  private func identity(for address: SocketAddress) throws(TLSError) -> Identity {
    if let path = options.certificate, let key = options.key {
      let context = try TLSContext(serverCertificate: path, key: key)
      warn(ofKey: key)
      let folder = Self.folder(of: path)
      return Identity(
        context: context, words: "certificate \(path)", certificate: try CertificateNames(path),
        trustDirectories: [folder, "\(folder)/ca", Process.absolutePath(options.directory + "/ca")]
      )
    }
    // The zone of an IPv6 address is no business of the others'.
    let host = address.host.octets[...].beforeFirst(.percent).text
    let authority = try CertificateAuthority(
      state: options.directory, address: address.isWildcard ? nil : host)
    for warning in authority.warnings { log.certificateWarning(warning: warning) }
    if authority.directory.octets.contains(.colon) {
      throw .configuration(
        what: authority.directory,
        reason: "with a colon in its path it would be two directories to localproxy -c; "
          + "--directory takes another")
    }
    return Identity(
      context: try TLSContext(
        serverCertificate: authority.serverCertificate, key: authority.serverKey),
      words: "certificate authority in \(authority.directory)",
      trustDirectories: [authority.directory])
  }

  /// The permissions of a given key are its owner's business, who may have a group for it.
  private func warn(ofKey path: String) {
    let content = try? File.read(path, byteCountMax: PEM.byteCountMax)
    if content?.isReadableByOthers == true { log.keyReadable(path: path) }
  }

  private static func folder(of path: String) -> String {
    let folder = Process.absolutePath(path).cut(at: .slash, last: true)?.0 ?? ""
    return folder.isEmpty ? "/" : folder
  }

  func received(_ signal: Signal) {
    switch signal {
    case .terminate, .interrupt:
      log.stopping(signal: signal.name)
      service?.stop()
      reactor.stop()
    case .user1:
      if service?.closeOldestTunnel() == false { log.noTunnel(signal: signal.name) }
    case .hangUp: break
    }
  }
}
