import Foundation
import Testing

extension EndToEnd {
  /// A source that is started with its listening sockets (sd_listen_fds(3)), as by a service manager for its first client.
  @Suite("Passed sockets")
  struct PassedSockets {
    private let scratch: ScratchDirectory
    private let server: Server

    init() throws {
      scratch = try ScratchDirectory()
      server = try Server(handler: Exchange.serve)
    }

    /// A TCP socket that listens on a free port of this machine, and its port.
    private static func listen() throws -> (descriptor: Int32, port: UInt16) {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let descriptor = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      let outcome = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) | Foundation.listen(descriptor, 16)
            | getsockname(descriptor, $0, &length)
        }
      }
      guard outcome == 0 else { throw Failure.system("listening") }
      return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func listen(at path: String) throws -> Int32 {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let descriptor = socket(
        AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      let outcome = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            | Foundation.listen(descriptor, 16)
        }
      }
      guard outcome == 0 else { throw Failure.system("listening") }
      return descriptor
    }

    /// A shell knows its own number, which the program it becomes keeps.
    private func start(
      _ tunneld: Tunneld, _ arguments: [String], passed: [Int32], names: String?,
      isDestination: Bool = false, processID: String = "$$", linkage: Linkage = .dynamic,
      name: String = "source"
    ) throws -> ChildProcess {
      let tokens = tunneld.tunnels[0]
      var environment = [
        "AWSIOT_TUNNEL_ACCESS_TOKEN": isDestination ? tokens.destination : tokens.source,
        "LISTEN_FDS": "\(passed.count)",
      ]
      environment["LISTEN_FDNAMES"] = names
      return try ChildProcess(
        "bash",
        [
          "-c", "export LISTEN_PID=\(processID); exec \"$0\" \"$@\"",
          linkage.program("localproxy"), "-e", "localhost:\(tunneld.port)", "-c",
          tunneld.authorities,
        ] + arguments, name: name, in: scratch, environment: environment, passed: passed)
    }

    private func destination(_ tunneld: Tunneld, _ services: [String]) throws -> LocalProxy {
      try .destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: Dictionary(
          uniqueKeysWithValues: services.map { ($0, "127.0.0.1:\(server.port)") }),
        in: scratch)
    }

    private func check(_ socket: Socket) throws {
      try Exchange(seed: 3, upload: 5_000, download: 5_000).runAsClient(over: socket, within: 20)
    }

    @Test(
      "The client whose connect started the source is served, and so is the first of its next start",
      arguments: [["-s", "SSH1=0"], ["-s", "5555"], ["-m", "src"]], Linkage.allCases)
    func servesWhoWaits(arguments: [String], linkage: Linkage) throws {
      defer { server.stop() }
      let (descriptor, port) = try Self.listen()
      defer { close(descriptor) }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let destination = try destination(tunneld, ["SSH1"])
      for round in 1...2 {
        let client = try Socket(connectingTo: port)
        let source = try start(
          tunneld, arguments, passed: [descriptor], names: "localproxy@pump.socket",
          linkage: linkage, name: "source\(round)")
        try check(client)
        try check(Socket(connectingTo: port))
        let line = try source.waitForLine(containing: LocalProxy.listening)
        #expect(try parsePort(in: line, after: LocalProxy.listening) == port)
        #expect(!source.text(of: .error).contains("Listening for new connection on port 5555"))
        source.send(SIGTERM)
        #expect(try source.waitForExit(within: 20) == .status(0))
      }
      withExtendedLifetime(destination) {}
    }

    @Test("Of several services each has the sockets that are called after it, and its file stays")
    func goesByNames() throws {
      defer { server.stop() }
      let services = ["SSH1", "HTTP1", "API"]
      let (ssh, sshPort) = try Self.listen()
      let (other, otherPort) = try Self.listen()
      let path = scratch.file("http")
      let http = try Self.listen(at: path)
      defer { for descriptor in [ssh, other, http] { close(descriptor) } }
      let tunneld = try Tunneld(.dynamic, services: services, in: scratch)
      let destination = try destination(tunneld, services)
      let source = try start(
        tunneld, ["-s", "SSH1=0,HTTP1=1,API=0"], passed: [ssh, http, other],
        names: "SSH1:HTTP1:SSH1")
      let line = try source.waitForLine(containing: "for service SSH1", "(and of 127.0.0.1)")
      #expect(try parsePort(in: line, after: LocalProxy.listening) == sshPort)
      try source.waitForLine(
        containing: "Listening for new connection on \(path) for service HTTP1")
      let api = try source.waitForLine(containing: LocalProxy.listening, "for service API")
      try check(Socket(connectingTo: sshPort))
      try check(Socket(connectingTo: otherPort))
      try check(Socket(connectingTo: path))
      try check(Socket(connectingTo: parsePort(in: api, after: LocalProxy.listening)))
      source.send(SIGTERM)
      #expect(try source.waitForExit(within: 20) == .status(0))
      #expect(FileManager.default.fileExists(atPath: path))
      withExtendedLifetime(destination) {}
    }

    @Test(
      "A socket that nobody can take ends it with status 6, one that is none with 2",
      arguments: [
        (
          ["-s", "SSH1=0,HTTP1=0"], "SSH1:HTTP", false, 6, "the name of no service of the tunnel's"
        ),
        (["-s", "SSH1=0,HTTP1=0"], nil, false, 6, "the name of no service of the tunnel's"),
        (
          ["-d", "SSH1=1,HTTP1=1"], "SSH1:HTTP1", false, 6, "a destination has no use for one"
        ),
        (["-s", "SSH1=0,HTTP1=0"], "SSH1:HTTP1", true, 2, "not a stream socket that listens"),
      ] as [([String], String?, Bool, Int32, String)])
    func refusesOthers(
      arguments: [String], names: String?, isPipe: Bool, status: Int32, text: String
    ) throws {
      defer { server.stop() }
      let (ssh, _) = try Self.listen()
      let (http, _) = try Self.listen()
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { throw Failure.system("pipe") }
      defer { for descriptor in [ssh, http] + ends { close(descriptor) } }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
      let source = try start(
        tunneld, arguments, passed: [ssh, isPipe ? ends[0] : http], names: names,
        isDestination: arguments[0] == "-d")
      #expect(try source.waitForExit(within: 20) == .status(status))
      let lines = source.text(of: .error).split(separator: "\n").filter { $0.contains("[fatal]") }
      #expect(lines.count == 1 && lines[0].contains("LISTEN_FDS") && lines[0].contains(text))
    }

    @Test("What is passed to another process is left alone", arguments: ["1", "", "x"])
    func leavesOthersAlone(processID: String) throws {
      defer { server.stop() }
      let (descriptor, port) = try Self.listen()
      defer { close(descriptor) }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try start(
        tunneld, ["-s", "SSH1=0"], passed: [descriptor], names: "SSH1",
        processID: processID)
      let line = try source.waitForLine(containing: LocalProxy.listening)
      #expect(try parsePort(in: line, after: LocalProxy.listening) != port)
    }
  }
}
