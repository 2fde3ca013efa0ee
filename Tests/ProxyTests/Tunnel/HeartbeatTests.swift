import Basics
import Testing

@testable import Proxy

@Suite("Heartbeat")
struct HeartbeatTests {
  /// One period: what was seen in it, and whether the peer still counts as alive.
  struct Period: Sendable {
    var hasReceived = false
    var isReading = true
    var unanswered = 0
    var sinceAcknowledgement: Int64 = 60_000
  }

  static let silent = Period()
  static let cases: [(name: String, periods: [Period], isAlive: Bool)] = [
    ("two silent periods", [silent, silent], true),
    ("three silent periods", [silent, silent, silent], false),
    ("a byte in between", [silent, silent, Period(hasReceived: true), silent, silent], true),
    (
      "a pause of our own in between", [silent, silent, Period(isReading: false), silent, silent],
      true
    ),
    (
      "held off by a living system",
      [Period](repeating: Period(unanswered: 9, sinceAcknowledgement: 100), count: 9), true
    ),
    (
      "held off by nobody", [Period](repeating: Period(unanswered: 9), count: 3), false
    ),
    (
      "all acknowledged, never answered",
      [Period](repeating: Period(sinceAcknowledgement: 100), count: 3), false
    ),
  ]

  @Test("a peer is dead after three periods in which nothing at all came", arguments: cases)
  func judges(name: String, periods: [Period], isAlive: Bool) {
    var heartbeat = Heartbeat(period: Milliseconds(1_000))
    // The first period begins with the connection, which is a sign of life.
    var alive = heartbeat.periodEnded(
      isReading: true, unansweredByteCount: 0, sinceAcknowledgement: Milliseconds(0))
    for period in periods {
      if period.hasReceived { heartbeat.received() }
      alive =
        heartbeat.periodEnded(
          isReading: period.isReading, unansweredByteCount: period.unanswered,
          sinceAcknowledgement: Milliseconds(period.sinceAcknowledgement)) && alive
    }
    #expect(alive == isAlive, "\(name)")
  }

  @Test("a pong tells the round trip of the ping it answers, and of no other")
  func measuresRoundTrip() {
    let sent = Instant(nanoseconds: 5_000_000_000)
    let stamp = Heartbeat.stamp(sent)
    #expect(stamp.count == Heartbeat.stampByteCount)
    #expect(Heartbeat.roundTrip(stamp, now: sent + Milliseconds(42)) == Milliseconds(42))
    #expect(Heartbeat.roundTrip(stamp, now: Instant(nanoseconds: 1)) == nil)
    #expect(Heartbeat.roundTrip([], now: sent) == nil)
    #expect(Heartbeat.roundTrip([UInt8](repeating: 0xff, count: 8), now: sent) == nil)
  }
}
