import Basics

/// Finds out whether the peer of a link is still there: a ping each period, and the count of periods in which
/// nothing at all came.
public struct Heartbeat {
  /// Periods without a single inbound byte after which the peer counts as dead.
  public static let silentPeriodCountMax = 3
  /// Bytes of a ping's payload: when it was sent, in nanoseconds.
  public static let stampByteCount = 8

  public let period: Milliseconds
  private var hasReceived = true
  private var silentPeriodCount = 0

  public init(period: Milliseconds) { self.period = period }

  /// Any byte is a sign of life.
  public mutating func received() { hasReceived = true }

  /// A period is over.
  /// - Parameters:
  ///   - isReading: false when we do not read by our own choice; silence then says nothing.
  ///   - unansweredByteCount: what was sent and the peer's system has not acknowledged.
  ///   - sinceAcknowledgement: since it acknowledged anything. A peer that holds us off, because whoever is
  ///     behind it reads slowly, is alive: it answers the probes of its closed window.
  /// - Returns: false when the peer counts as dead.
  public mutating func periodEnded(
    isReading: Bool, unansweredByteCount: Int, sinceAcknowledgement: Milliseconds
  ) -> Bool {
    let isHeldOff = unansweredByteCount > 0 && sinceAcknowledgement < period
    silentPeriodCount = hasReceived || !isReading || isHeldOff ? 0 : silentPeriodCount + 1
    hasReceived = false
    return silentPeriodCount < Self.silentPeriodCountMax
  }

  /// The payload of a ping sent now.
  public static func stamp(_ now: Instant) -> [UInt8] {
    (0..<stampByteCount).map { UInt8(truncatingIfNeeded: now.nanoseconds >> Int64(8 * $0)) }
  }

  /// How long ago the ping was sent that this pong answers; nil when it answers none of ours.
  public static func roundTrip(_ pong: [UInt8], now: Instant) -> Milliseconds? {
    if pong.count != stampByteCount { return nil }
    var sent: Int64 = 0
    for index in 0..<stampByteCount { sent |= Int64(pong[index]) << Int64(8 * index) }
    if sent < 0 || sent > now.nanoseconds { return nil }
    return now.millisecondsRoundedUp(since: Instant(nanoseconds: sent))
  }
}
