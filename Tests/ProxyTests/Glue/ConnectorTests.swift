import Basics
import Glibc
import Reactor
import Simulator
import Testing

@testable import Configuration
@testable import Proxy

@Suite("Connector")
struct ConnectorTests {
  private final class Waiter: ConnectorHandler {
    private(set) var stream: (any ByteStream)?
    private(set) var waits: [String] = []
    private(set) var failures: [String] = []

    func connector(_ connector: Connector, connected stream: any ByteStream) {
      self.stream = stream
    }
    func connector(_ connector: Connector, waits reason: String) { waits.append(reason) }
    func connector(_ connector: Connector, failed reason: String) { failures.append(reason) }
  }

  private let world = QuietWorld()
  private let waiter = Waiter()

  private func connector(
    _ target: LocalAddress, retries: Int, settings: Settings = Settings()
  ) -> Connector {
    var settings = settings
    settings.connectionRetryCount = retries
    settings.connectionRetryDelay = Milliseconds(700)
    return Connector(
      network: world.network, target: target, from: [], settings: settings, tag: 1, handler: waiter)
  }

  private static let mapping = "correct its mapping, or this machine's DNS"
  private static let name = LocalAddress.network(Endpoint(host: "db", port: 22))

  @Test("a name's address is connected to")
  func connects() throws {
    world.names["db"] = ["10.0.0.1"]
    connector(Self.name, retries: 0).start()
    world.advance(0)
    try world.open("10.0.0.1:22")
    #expect(waiter.stream === world.attempts.first?.stream && waiter.stream != nil)
    let keepalive = Keepalive(
      idle: Milliseconds(60_000), interval: Milliseconds(15_000), probeCount: 4)
    #expect(world.attempts.first?.keepalive == keepalive)
    world.advance(60_000)
    #expect(waiter.failures.isEmpty && world.timerCount == 0 && world.network.askedNameCount == 1)
  }

  @Test("a server is not asked whether it is still there where the setting says so")
  func leavesKeepaliveOff() throws {
    var settings = Settings()
    settings.keepaliveIdle = Milliseconds(0)
    connector(.unix(path: "/run/s"), retries: 0, settings: settings).start()
    try world.open("/run/s")
    #expect(waiter.stream != nil && world.attempts.first?.keepalive == nil)
  }

  @Test("waiting for a busy Unix domain socket takes no retry, as long as one attempt may take")
  func waitsForBusy() throws {
    world.errors["/run/s"] = SystemError(EAGAIN, "connect")
    connector(.unix(path: "/run/s"), retries: 1).start()
    world.advance(4_999)
    #expect(waiter.waits.isEmpty && world.attempts.count > 30)
    world.advance(200)
    #expect(waiter.waits == ["/run/s: its queue of clients was full for 5000 ms"])
    world.advance(700)
    world.errors = [:]
    world.advance(200)
    try world.open("/run/s")
    #expect(waiter.stream != nil && waiter.failures.isEmpty)
  }

  @Test("N retries are N + 1 rounds, each with the name looked up anew", arguments: [0, 1, 3])
  func countsRetries(retries: Int) {
    world.names["db"] = ["10.0.0.1", "10.0.0.2"]
    for host in ["10.0.0.1", "10.0.0.2"] {
      world.errors["\(host):22"] = SystemError(ECONNREFUSED, "connect")
    }
    connector(Self.name, retries: retries).start()
    world.advance(60_000)
    #expect(
      world.network.askedNameCount == retries + 1 && world.attempts.count == 2 * (retries + 1))
    let times = (0...retries).flatMap { [Int64($0) * 700, Int64($0) * 700] }
    #expect(world.attempts.map(\.time) == times)
    #expect(waiter.failures == ["db:22: Connection refused (10.0.0.1)"])
    #expect(waiter.waits.count == retries && waiter.waits.allSatisfy { $0 == waiter.failures[0] })
  }

  @Test("-1 retries for ever")
  func retriesForEver() {
    world.names["db"] = ["10.0.0.1"]
    world.errors["10.0.0.1:22"] = SystemError(ECONNREFUSED, "connect")
    let connector = connector(Self.name, retries: -1)
    connector.start()
    world.advance(700_000)
    #expect(world.attempts.count == 1_001 && waiter.failures.isEmpty)
    connector.cancel()
    world.advance(700_000)
    #expect(world.attempts.count == 1_001 && world.timerCount == 0)
  }

  @Test("a name that cannot be resolved is asked for again, and may answer then")
  func retriesResolving() throws {
    connector(Self.name, retries: 2).start()
    world.advance(800)
    #expect(world.network.askedNameCount == 2 && waiter.failures.isEmpty)
    world.names["db"] = ["::1"]
    world.advance(700)
    try world.open("[::1]:22")
    #expect(waiter.stream != nil)
  }

  @Test("a name without an address is the reason when no retry is left")
  func namesUnresolved() {
    connector(Self.name, retries: 0).start()
    world.advance(0)
    #expect(
      waiter.failures == [
        "db:22: its name has no address: no address, says the simulator; \(Self.mapping)"
      ])
  }

  @Test(
    "what may be meant for a service is said to be taken for a host",
    arguments: [
      ("SSH", "", "SSH is taken for a host; a service is named SSH=22"), ("SSH", nil, mapping),
      ("ssh", "SSH", "ssh is taken for a host; a service is named SSH=22"),
      ("db.example", "SSH", mapping),
    ])
  func namesService(host: String, service: String?, end: String) {
    var settings = Settings()
    settings.connectionRetryCount = 0
    let target = LocalAddress.network(Endpoint(host: host, port: 22))
    Connector(
      network: world.network, target: target, from: [], settings: settings, tag: 1,
      unnamedService: service,
      handler: waiter
    ).start()
    world.advance(0)
    #expect(
      waiter.failures == [
        "\(host):22: its name has no address: no address, says the simulator; \(end)"
      ])
  }

  @Test("a Unix domain socket is one attempt per round, without a question")
  func connectsUnix() throws {
    world.errors["/run/s"] = SystemError(ENOENT, "connect")
    connector(.unix(path: "/run/s"), retries: 2).start()
    world.advance(800)
    #expect(world.attempts.map(\.address) == ["/run/s", "/run/s"])
    world.errors = [:]
    world.advance(700)
    try world.open("/run/s")
    #expect(waiter.stream != nil && world.network.askedNameCount == 0)
  }

  @Test("whatever it is at, a cancelled connector stops", arguments: [0, 1, 2])
  func cancels(stage: Int) {
    world.names["db"] = ["10.0.0.1"]
    if stage == 2 { world.errors["10.0.0.1:22"] = SystemError(ECONNREFUSED, "connect") }
    let connector = connector(Self.name, retries: 5)
    connector.start()
    if stage > 0 { world.advance(10) }
    connector.cancel()
    world.advance(60_000)
    #expect(world.attempts.count == (stage > 0 ? 1 : 0) && world.timerCount == 0)
    #expect(world.openAddresses.isEmpty && waiter.stream == nil && waiter.failures.isEmpty)
  }
}
