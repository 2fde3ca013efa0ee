import Basics

/// What a ping of ours carries, and its pong brings back: when it was sent, and how many bytes of messages before
/// it.
public struct PingStamp: Equatable, Sendable {
  /// Octets of the payload: two numbers of eight octets, the lowest first.
  public static let byteCount = 16

  public let sentAt: Instant
  public let sentByteCount: Int64

  public init(sentAt: Instant, sentByteCount: Int64) {
    self.sentAt = sentAt
    self.sentByteCount = sentByteCount
  }

  /// Reads a pong's payload; nil when it answers none of our pings.
  public init?(payload: [UInt8], now: Instant) {
    if payload.count != Self.byteCount { return nil }
    let numbers = (Self.number(payload[..<8]), Self.number(payload[8...]))
    guard let sent = Int64(exactly: numbers.0), let count = Int64(exactly: numbers.1),
      sent <= now.nanoseconds
    else { return nil }
    self.init(sentAt: Instant(nanoseconds: sent), sentByteCount: count)
  }

  /// The ping's payload.
  public var payload: [UInt8] {
    (0..<Self.byteCount).map { index in
      let number = index < 8 ? sentAt.nanoseconds : sentByteCount
      return UInt8(truncatingIfNeeded: number >> Int64(8 * (index & 7)))
    }
  }

  private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
    octets.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
