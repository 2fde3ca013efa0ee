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

  private let network = ScriptedNetwork()
  private let waiter = Waiter()

  private func connector(
    _ target: LocalAddress, retries: Int, settings: Settings = Settings()
  ) -> Connector {
    var settings = settings
    settings.connectionRetryCount = retries
    settings.connectionRetryDelay = Milliseconds(700)
    return Connector(
      network: network, target: target, from: [], settings: settings, tag: 1, handler: waiter)
  }

  private static let mapping = "correct its mapping, or this machine's DNS"
  private static let name = LocalAddress.network(Endpoint(host: "db", port: 22))

  @Test("a name's address is connected to")
  func connects() {
    network.names["db"] = ["10.0.0.1"]
    connector(Self.name, retries: 0).start()
    network.advance(0)
    network.open("10.0.0.1:22")
    #expect(waiter.stream === network.attempts.first?.stream && waiter.stream != nil)
    let keepalive = Keepalive(
      idle: Milliseconds(60_000), interval: Milliseconds(15_000), probeCount: 4)
    #expect(network.attempts.first?.stream.keepalive == keepalive)
    network.advance(60_000)
    #expect(waiter.failures.isEmpty && network.timerCount == 0 && network.questionCount == 1)
  }

  @Test("a server is not asked whether it is still there where the setting says so")
  func leavesKeepaliveOff() {
    var settings = Settings()
    settings.keepaliveIdle = Milliseconds(0)
    connector(.unix(path: "/run/s"), retries: 0, settings: settings).start()
    network.open("/run/s")
    #expect(waiter.stream != nil && network.attempts.first?.stream.keepalive == nil)
  }

  @Test("waiting for a busy Unix domain socket takes no retry, as long as one attempt may take")
  func waitsForBusy() {
    network.errors["/run/s"] = SystemError(EAGAIN, "connect")
    connector(.unix(path: "/run/s"), retries: 1).start()
    network.advance(4_999)
    #expect(waiter.waits.isEmpty && network.attempts.count > 30)
    network.advance(200)
    #expect(waiter.waits == ["/run/s: its queue of clients was full for 5000 ms"])
    network.advance(700)
    network.errors = [:]
    network.advance(200)
    network.open("/run/s")
    #expect(waiter.stream != nil && waiter.failures.isEmpty)
  }

  @Test("N retries are N + 1 rounds, each with the name looked up anew", arguments: [0, 1, 3])
  func countsRetries(retries: Int) {
    network.names["db"] = ["10.0.0.1", "10.0.0.2"]
    for host in ["10.0.0.1", "10.0.0.2"] {
      network.errors["\(host):22"] = SystemError(ECONNREFUSED, "connect")
    }
    connector(Self.name, retries: retries).start()
    network.advance(60_000)
    #expect(network.questionCount == retries + 1 && network.attempts.count == 2 * (retries + 1))
    let times = (0...retries).flatMap { [Int64($0) * 700, Int64($0) * 700] }
    #expect(network.attempts.map(\.time) == times)
    #expect(waiter.failures == ["db:22: Connection refused (10.0.0.1)"])
    #expect(waiter.waits.count == retries && waiter.waits.allSatisfy { $0 == waiter.failures[0] })
  }

  @Test("-1 retries for ever")
  func retriesForEver() {
    network.names["db"] = ["10.0.0.1"]
    network.errors["10.0.0.1:22"] = SystemError(ECONNREFUSED, "connect")
    let connector = connector(Self.name, retries: -1)
    connector.start()
    network.advance(700_000)
    #expect(network.attempts.count == 1_001 && waiter.failures.isEmpty)
    connector.cancel()
    network.advance(700_000)
    #expect(network.attempts.count == 1_001 && network.timerCount == 0)
  }

  @Test("a name that cannot be resolved is asked for again, and may answer then")
  func retriesResolving() {
    connector(Self.name, retries: 2).start()
    network.advance(800)
    #expect(network.questionCount == 2 && waiter.failures.isEmpty)
    network.names["db"] = ["::1"]
    network.advance(700)
    network.open("[::1]:22")
    #expect(waiter.stream != nil)
  }

  @Test("a name without an address is the reason when no retry is left")
  func namesUnresolved() {
    connector(Self.name, retries: 0).start()
    network.advance(0)
    #expect(waiter.failures == ["db:22: its name has no address: unknown name; \(Self.mapping)"])
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
      network: network, target: target, from: [], settings: settings, tag: 1,
      unnamedService: service,
      handler: waiter
    ).start()
    network.advance(0)
    #expect(waiter.failures == ["\(host):22: its name has no address: unknown name; \(end)"])
  }

  @Test("a Unix domain socket is one attempt per round, without a question")
  func connectsUnix() {
    network.errors["/run/s"] = SystemError(ENOENT, "connect")
    connector(.unix(path: "/run/s"), retries: 2).start()
    network.advance(800)
    #expect(network.attempts.map(\.address) == ["/run/s", "/run/s"])
    network.errors = [:]
    network.advance(700)
    network.open("/run/s")
    #expect(waiter.stream != nil && network.questionCount == 0)
  }

  @Test("whatever it is at, a cancelled connector stops", arguments: [0, 1, 2])
  func cancels(stage: Int) {
    network.names["db"] = ["10.0.0.1"]
    if stage == 2 { network.errors["10.0.0.1:22"] = SystemError(ECONNREFUSED, "connect") }
    let connector = connector(Self.name, retries: 5)
    connector.start()
    if stage > 0 { network.advance(10) }
    connector.cancel()
    network.advance(60_000)
    #expect(network.attempts.count == (stage > 0 ? 1 : 0) && network.timerCount == 0)
    #expect(network.openAddresses.isEmpty && waiter.stream == nil && waiter.failures.isEmpty)
  }
}
