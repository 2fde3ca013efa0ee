import Basics
import Glibc
import Reactor
import Simulator
import Testing
import Tunnel

@testable import Configuration
@testable import Proxy

@Suite("SourceListeners")
struct SourceListenersTests {
  private final class Owner: SourceListenersHandler {
    private(set) var failureCount = 0
    private(set) var listeningCount = 0

    func accepted(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {}
    func needsDescriptors() {}
    func isListening() { listeningCount += 1 }
    func cannotListen() { failureCount += 1 }
  }

  private let world = QuietWorld()
  private let owner = Owner()

  private func listeners(
    _ mappings: [LocalAddress], directory: [LocalAddress] = [], retries: Int = 0,
    bindHost: String = "localhost", isNamed: Bool = true, log: Log = .silent
  ) throws -> SourceListeners {
    let map = { (places: [LocalAddress]) in
      places.enumerated().map {
        Mapping(serviceID: isNamed ? "S\($0.offset)" : nil, address: $0.element)
      }
    }
    let configuration = try configure()
    configuration.mappings = map(mappings)
    configuration.directoryMappings = map(directory)
    configuration.bindHost = bindHost
    configuration.settings.connectionRetryCount = retries
    configuration.settings.connectionRetryDelay = Milliseconds(500)
    return SourceListeners(
      network: world.network, configuration: configuration, log: log, handler: owner)
  }

  private static func port(_ host: String, _ port: UInt16) -> LocalAddress {
    .network(Endpoint(host: host, port: port))
  }

  @Test(
    "a mapping's host, else the bind address, is where a service listens",
    arguments: [
      ("localhost", "", ["127.0.0.1", "[::1]"]), ("0.0.0.0", "", ["0.0.0.0"]),
      ("::1", "", ["[::1]"]), ("0.0.0.0", "127.0.0.2", ["127.0.0.2"]),
      ("localhost", "::", ["[::]"]), ("::", "localhost", ["127.0.0.1", "[::1]"]),
      ("gateway", "", ["10.0.0.1", "[fd00::1]"]), ("four", "", ["10.0.0.2"]),
    ])
  func choosesHost(bindHost: String, host: String, places: [String]) throws {
    world.names["gateway"] = ["fd00::1", "fd00::2", "10.0.0.1", "10.0.0.2"]
    world.names["four"] = ["10.0.0.2", "10.0.0.1"]
    try listeners([Self.port(host, 5555)], bindHost: bindHost).serve(["A"], [0])
    world.advance(0)
    #expect(world.listeningAddresses == places.map { "\($0):5555" } && owner.failureCount == 0)
    #expect(world.listeningKeepalives.allSatisfy { $0 == Settings().keepalive })
  }

  @Test(
    "a place that cannot be had is said with the reason and the remedy",
    arguments: [
      (
        port("SSH", 5555), false, 0, "SSH:5555",
        "no address, says the simulator; SSH is taken for a host; a service is named A=5555"
      ),
      (
        port("SSH", 5555), true, 0, "SSH:5555",
        "no address, says the simulator; choose another host in its mapping"
      ),
      (
        port("a.b", 5555), false, 0, "a.b:5555",
        "no address, says the simulator; choose another host in its mapping"
      ),
      // That is the bind address.
      (
        port("", 5555), false, 0, "gateway:5555",
        "no address, says the simulator; choose one with --local-bind-address"
      ),
      (
        port("127.0.0.1", 22), true, EADDRNOTAVAIL, "port 22 of 127.0.0.1",
        "it is not an address of this machine; choose another host in its mapping"
      ),
      (
        port("127.0.0.1", 22), true, EACCES, "port 22 of 127.0.0.1",
        "Permission denied; a port below 1024 takes root or CAP_NET_BIND_SERVICE"
      ),
      (.unix(path: "/x"), true, ENOENT, "/x", "No such file or directory; make its directory"),
      (.unix(path: "/x"), true, EEXIST, "/x", "File exists; remove what is there"),
      (
        .unix(path: "/x"), true, EACCES, "/x",
        "Permission denied; this user may not write to its directory"
      ),
      (
        .unix(path: "/x"), true, EROFS, "/x",
        "Read-only file system; this user may not write to its directory"
      ),
      (.unix(path: "/x"), true, EADDRINUSE, "/x", "Address already in use"),
    ])
  func saysRemedy(
    place: LocalAddress, isNamed: Bool, code: Int32, words: String, reason: String
  ) throws {
    for address in ["127.0.0.1:22", "/x"] { world.errors[address] = SystemError(code, "bind") }
    let recorder = LogRecorder()
    try listeners(
      [place], retries: 1, bindHost: "gateway", isNamed: isNamed, log: recorder.log
    ).serve(["A"], [0])
    world.advance(0)
    let line = "[error] cannot listen on \(words) for service A: \(reason); trying again in 500 ms"
    #expect(recorder.lines.count == 1 && recorder.lines(with: line).count == 1, "\(recorder.lines)")
  }

  @Test("a free port is one number in both families, found again where the second is taken")
  func findsPortForBoth() throws {
    for port in 40_001...40_003 {
      world.errors["[::1]:\(port)"] = SystemError(EADDRINUSE, "bind")
    }
    let listeners = try listeners([Self.port("", 0), Self.port("", 0)])
    listeners.serve(["A", "B"], [0, 1])
    world.advance(0)
    #expect(
      world.listeningAddresses == [
        "127.0.0.1:40004", "[::1]:40004", "127.0.0.1:40005", "[::1]:40005",
      ])
    listeners.isAccepting = false
    #expect(world.listeners.allSatisfy { !$0.isAccepting })
    listeners.close()
    #expect(world.listeningAddresses.isEmpty)
  }

  @Test("no free port is looked for without end")
  func boundsPorts() throws {
    for port in 40_001...41_000 {
      world.errors["[::1]:\(port)"] = SystemError(EADDRINUSE, "bind")
    }
    try listeners([Self.port("", 0)], retries: 1).serve(["A"], [0])
    world.advance(0)
    #expect(world.listenCount == SourceListenersCore.portAttemptCountMax)
    #expect(world.listeningAddresses.isEmpty && owner.failureCount == 0)
    world.advance(500)
    #expect(world.listenCount == 2 * SourceListenersCore.portAttemptCountMax)
    #expect(world.listeningAddresses.isEmpty && owner.failureCount == 1)
  }

  @Test(
    "a port that is taken in one family is a failure in both", arguments: ["127.0.0.1", "[::1]"])
  func refusesHalf(taken: String) throws {
    world.errors["\(taken):5555"] = SystemError(EADDRINUSE, "bind")
    try listeners([Self.port("", 5555)], retries: 1).serve(["A"], [0])
    world.advance(0)
    #expect(world.listeningAddresses.isEmpty && owner.failureCount == 0)
    world.errors = [:]
    world.advance(500)
    #expect(world.listeningAddresses == ["127.0.0.1:5555", "[::1]:5555"])
  }

  @Test(
    "a family that this machine is without is left out, but not both",
    arguments: [EADDRNOTAVAIL, EAFNOSUPPORT], [0, 5555] as [UInt16])
  func leavesOutFamily(code: Int32, port: UInt16) throws {
    for missing in [["[::1]"], ["127.0.0.1"], ["[::1]", "127.0.0.1"]] {
      world.errors = [:]
      let ports = [0, 5555] + (40_001...40_010)
      for (host, port) in missing.flatMap({ host in ports.map { (host, $0) } }) {
        world.errors["\(host):\(port)"] = SystemError(code, "bind")
      }
      let failureCount = owner.failureCount
      let listeners = try listeners([Self.port("", port)])
      listeners.serve(["A"], [0])
      world.advance(0)
      #expect(world.listeningAddresses.count == 2 - missing.count)
      #expect(world.listeningAddresses.allSatisfy { !$0.hasPrefix(missing[0]) })
      #expect(owner.failureCount - failureCount == missing.count - 1)
      listeners.close()
    }
  }

  @Test("a Unix domain socket, a directory's mapping and no mapping all listen, in order")
  func servesEachKind() throws {
    let listeners = try listeners([.unix(path: "/run/s")], directory: [Self.port("", 7000)])
    listeners.serve(["A", "B", "C"], [0, 1, nil])
    #expect(!listeners.isListening && owner.listeningCount == 0)
    world.advance(0)
    #expect(listeners.isListening && owner.listeningCount == 1)
    #expect(
      world.listeningAddresses == [
        "/run/s", "127.0.0.1:7000", "[::1]:7000", "127.0.0.1:40001", "[::1]:40001",
      ])
    listeners.close()
    #expect(world.listeningAddresses.isEmpty)
  }

  @Test(
    "sockets that were passed come before the mapping of the service that they are called after")
  func takesPassed() throws {
    world.network.passed = [
      ("A", SocketAddress(path: "/run/a")),
      ("B", try #require(.init(numeric: "127.0.0.1", port: 1))),
      ("A", try #require(.init(numeric: "::1", port: 2))),
    ]
    let listeners = try listeners([.unix(path: "/run/s"), Self.port("", 5555)])
    listeners.serve(["A", "B", "C"], [0, 1, nil])
    world.advance(0)
    #expect(
      world.listeningAddresses == [
        "/run/a", "[::1]:2", "127.0.0.1:1", "127.0.0.1:40001", "[::1]:40001",
      ])
    listeners.serve(["A"], [0])
    world.advance(0)
    #expect(world.listeningAddresses == ["/run/a", "127.0.0.1:1", "[::1]:2"])
    #expect(owner.failureCount == 0 && listeners.isListening)
  }

  @Test(
    "one that cannot be had is tried N times more; the others listen meanwhile", arguments: [0, 2])
  func countsRetries(retries: Int) throws {
    world.errors["127.0.0.1:5555"] = SystemError(EADDRINUSE, "bind")
    let listeners = try listeners([Self.port("", 5555), .unix(path: "/run/s")], retries: retries)
    listeners.serve(["A", "B"], [0, 1])
    world.advance(0)
    if retries > 0 { #expect(world.listeningAddresses == ["/run/s"]) }
    #expect(!listeners.isListening && owner.listeningCount == 0)
    world.advance(Int64(retries) * 500 - 1)
    #expect(owner.failureCount == (retries == 0 ? 1 : 0))
    world.advance(1)
    #expect(owner.failureCount == 1 && world.listeningAddresses.isEmpty)
    world.advance(60_000)
    #expect(owner.failureCount == 1 && world.timerCount == 0)
  }

  @Test("-1 tries for ever, until the place is free")
  func triesForEver() throws {
    world.errors["/run/s"] = SystemError(EADDRINUSE, "listen")
    let listeners = try listeners([.unix(path: "/run/s")], retries: -1)
    listeners.serve(["A"], [0])
    world.advance(100_000)
    #expect(owner.failureCount == 0)
    world.errors = [:]
    world.advance(500)
    #expect(world.listeningAddresses == ["/run/s"] && world.timerCount == 0)
  }

  @Test("a name without an address is retried as well")
  func retriesNames() throws {
    try listeners([Self.port("gateway", 5555)], retries: 1).serve(["A"], [0])
    world.advance(100)
    #expect(owner.failureCount == 0)
    world.names["gateway"] = ["10.0.0.1"]
    world.advance(400)
    #expect(world.listeningAddresses == ["10.0.0.1:5555"])
  }

  @Test("a reconnect to the same services keeps the sockets and the pace of the retries")
  func keepsSockets() throws {
    world.errors["127.0.0.1:5555"] = SystemError(EADDRINUSE, "bind")
    let listeners = try listeners([Self.port("", 5555), .unix(path: "/run/s")], retries: 1)
    listeners.serve(["A", "B"], [0, 1])
    world.advance(100)
    listeners.serve(["A", "B"], [0, 1])
    #expect(world.listenCount == 1 && world.timerCount == 1)
    world.errors = [:]
    world.advance(400)
    #expect(world.listeningAddresses == ["/run/s", "127.0.0.1:5555", "[::1]:5555"])
    listeners.serve(["A", "B"], [0, 1])
    world.advance(1_000)
    #expect(world.listenCount == 3 && world.timerCount == 0)
  }

  @Test("other services than before get other sockets")
  func replacesSockets() throws {
    let listeners = try listeners([.unix(path: "/run/s"), .unix(path: "/run/t")])
    listeners.serve(["A"], [0])
    listeners.serve(["B"], [1])
    #expect(world.listeningAddresses == ["/run/t"] && world.listenCount == 2)
  }
}
