/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Protocol code is handed one as `now`; only the reactor reads a clock.
public struct Instant: Comparable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable public static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  @inlinable public static func + (instant: Instant, span: Milliseconds) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ span.count &* 1_000_000)
  }

  @inlinable public static func + (instant: Instant, span: Nanoseconds) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ span.count)
  }

  @inlinable public static func - (instant: Instant, span: Nanoseconds) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &- span.count)
  }

  @inlinable public static func - (later: Instant, earlier: Instant) -> Nanoseconds {
    Nanoseconds(later.nanoseconds &- earlier.nanoseconds)
  }

  /// The earlier of two deadlines, each of which there may not be.
  @inlinable public static func earliest(_ left: Instant?, _ right: Instant?) -> Instant? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }

  /// Whole milliseconds from `earlier` to this instant, rounded up.
  @inlinable public func millisecondsRoundedUp(since earlier: Instant) -> Milliseconds {
    let nanoseconds = nanoseconds &- earlier.nanoseconds
    return Milliseconds(nanoseconds <= 0 ? 0 : (nanoseconds &+ 999_999) / 1_000_000)
  }
}

/// A span of time in milliseconds, the unit of every setting and time-out.
public struct Milliseconds: Comparable, Sendable {
  public var count: Int64

  @inlinable public init(_ count: Int64) { self.count = count }

  @inlinable public static func < (left: Milliseconds, right: Milliseconds) -> Bool {
    left.count < right.count
  }
}

/// A span of time in nanoseconds, the unit of what is measured.
public struct Nanoseconds: Comparable, Sendable {
  public var count: Int64

  @inlinable public init(_ count: Int64) { self.count = count }

  @inlinable public static func < (left: Nanoseconds, right: Nanoseconds) -> Bool {
    left.count < right.count
  }

  @inlinable public static func + (left: Nanoseconds, right: Nanoseconds) -> Nanoseconds {
    Nanoseconds(left.count &+ right.count)
  }

  @inlinable public static func * (span: Nanoseconds, factor: Int64) -> Nanoseconds {
    Nanoseconds(span.count &* factor)
  }

  @inlinable public static func / (span: Nanoseconds, divisor: Int64) -> Nanoseconds {
    Nanoseconds(span.count / divisor)
  }
}
