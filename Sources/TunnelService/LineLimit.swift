import Basics

/// For a kind of log line that peers can cause as often as they like: so many a second, and the others are counted.
struct LineLimit {
  private static let period = Milliseconds(1_000)

  private let countMax: Int
  private var periodEnd = Instant(nanoseconds: 0)
  private var count = 0
  private var suppressedCount = 0

  init(countMax: Int = 1) { self.countMax = countMax }

  /// What to add to the line, which may be nothing; nil when it must not be written now.
  mutating func admit(_ now: Instant) -> String? {
    if now >= periodEnd {
      periodEnd = now + Self.period
      count = 0
    }
    if count >= countMax {
      suppressedCount += 1
      return nil
    }
    count += 1
    if suppressedCount == 0 { return "" }
    defer { suppressedCount = 0 }
    return " (and \(suppressedCount) more of this kind before)"
  }
}
