import Basics
import Testing

@testable import Proxy

@Suite("A source without a place for another client")
struct RelayPlaceTests {
  /// Says when the relay is full.
  private final class Owner: RelayHandler {
    private(set) var isFull = false
    func relay(_ relay: Relay, isFull: Bool) { self.isFull = isFull }
    func relayAgreed(_ relay: Relay) {}
    func relay(_ relay: Relay, mismatch reason: String) {}
    func relay(_ relay: Relay, ended end: TunnelLink.End) {}
    func relayDrained(_ relay: Relay) {}
  }

  private let network = ScriptedNetwork()
  private let owner = Owner()
  private let harness: RelayHarness

  init() throws {
    var settings = Settings()
    settings.activeConnectionCountMax = 2
    harness = try RelayHarness(.source, settings: settings, scripted: network)
    harness.relay.handler = owner
  }

  @Test("the next client waits, the others stay in the kernel, and a place that comes is its")
  func waits() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    #expect(!owner.isFull)
    let third = try harness.accept()
    #expect(owner.isFull && !third.isClosed && harness.sent.count == 2)
    network.advance(1_900)
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    network.advance(0)
    #expect(!owner.isFull && !third.isClosed)
    #expect(harness.sent.last == .init(type: .connectionStart, streamID: 1, connectionID: 3))
    network.advance(10_000)
    #expect(!third.isClosed)
  }

  @Test("it is refused when none came for two seconds, and those behind it at once until one comes")
  func refuses() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    network.advance(1_999)
    #expect(!third.isClosed)
    network.advance(1)
    #expect(third.isAborted && !owner.isFull)
    #expect(try harness.accept().isAborted)
    harness.arrive(.connectionReset, stream: 1, connection: 2)
    #expect(try !harness.accept().isClosed)
    #expect(try !harness.accept().isClosed)
    #expect(owner.isFull)
  }

  @Test("nobody waits beyond the end of the tunnel, or of the program")
  func endsWaiting() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    harness.relay.drain()
    #expect(third.isAborted)
    #expect(try harness.accept().isAborted)
    harness.relay.shutDown(isOrderly: false)
    #expect(network.timerCount == 0)
  }
}
