import Basics

/// For a kind of log line that peers can cause as often as they like: one a second, and the others are counted.
struct LineLimit {
  private static let period = Milliseconds(1_000)

  private var isDueAt = Instant(nanoseconds: 0)
  private var suppressedCount = 0

  /// What to add to the line, which may be nothing; nil when it must not be written now.
  mutating func admit(_ now: Instant) -> String? {
    if now < isDueAt {
      suppressedCount += 1
      return nil
    }
    isDueAt = now + Self.period
    let count = suppressedCount
    suppressedCount = 0
    return count == 0 ? "" : " (and \(count) more of this kind since the last such line)"
  }
}
