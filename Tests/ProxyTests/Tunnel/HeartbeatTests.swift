import Basics
import Testing

@testable import Tunnel

@Suite("Heartbeat")
struct HeartbeatTests {
  /// One period: what was seen in it.
  struct Period: Sendable {
    var hasReceived = false
    var isReading = true
    var hasUnsent = false
    var unacknowledged = 0
    /// Bytes acknowledged in it.
    var acknowledged: UInt64 = 0
    var isHoldingOff = false
    var awaitsPong = false
  }

  static let silent = Period()
  static let heldOff = Period(unacknowledged: 9, isHoldingOff: true)
  /// The peer may hold off for five periods.
  static let cases: [(name: String, periods: [Period], isAlive: Bool)] = [
    ("two silent periods", [silent, silent], true),
    ("three silent periods", [silent, silent, silent], false),
    ("a byte in between", [silent, silent, Period(hasReceived: true), silent, silent], true),
    (
      "a pause of our own in between", [silent, silent, Period(isReading: false), silent, silent],
      true
    ),
    (
      "a slow link that takes what waits",
      [Period](repeating: Period(unacknowledged: 9, acknowledged: 1), count: 9), true
    ),
    (
      "the same, all of it in our hands",
      [Period](repeating: Period(hasUnsent: true, acknowledged: 1), count: 9), true
    ),
    ("held off", [Period](repeating: heldOff, count: 4), true),
    ("held off for too long", [Period](repeating: heldOff, count: 5), false),
    (
      "held off twice, with progress in between",
      [Period](repeating: heldOff, count: 4) + [Period(unacknowledged: 9, acknowledged: 1)]
        + [Period](repeating: heldOff, count: 4), true
    ),
    ("held back", [Period](repeating: Period(acknowledged: 9, awaitsPong: true), count: 4), true),
    (
      "held back for too long",
      [Period](repeating: Period(acknowledged: 9, awaitsPong: true), count: 5), false
    ),
    (
      "held back, and the system does not acknowledge the pings",
      [Period](repeating: Period(unacknowledged: 9, awaitsPong: true), count: 3), false
    ),
    ("held off, then not even that", [heldOff, heldOff, Period(unacknowledged: 9)], false),
    (
      "all acknowledged, never answered",
      [Period](repeating: Period(acknowledged: 100), count: 3), false
    ),
  ]

  @Test("a peer is dead after three periods in which nothing at all came", arguments: cases)
  func judges(name: String, periods: [Period], isAlive: Bool) {
    var heartbeat = Heartbeat(period: Milliseconds(1_000), heldOffTimeMax: Milliseconds(5_000))
    // The first period begins with the connection, which is a sign of life.
    var transport = TransportState()
    var alive = heartbeat.periodEnded(isReading: true, hasUnsent: false, transport: transport)
    for period in periods {
      if period.hasReceived { heartbeat.received() }
      transport.unacknowledgedByteCount = period.unacknowledged
      transport.acknowledgedByteCount += period.acknowledged
      transport.isHoldingOff = period.isHoldingOff
      alive =
        heartbeat.periodEnded(
          isReading: period.isReading, hasUnsent: period.hasUnsent,
          awaitsPong: period.awaitsPong, transport: transport) && alive
    }
    #expect(alive == isAlive, "\(name)")
  }
}
