import Basics

/// How many records without data a TLS stream takes from its peer: at a pace that costs nothing, and without data in
/// between so many at the most.
struct ControlRecords {
  enum Verdict: Equatable {
    case goOn
    /// Nothing more is read until then.
    case rest(until: Instant)
    case end
  }

  /// In a row, without data in between; at the pace below they take half a minute.
  static let countMax = 16_384
  static let periodCountMax = 64
  static let period = Milliseconds(100)

  private var count = 0
  private var periodCount = 0
  private var periodEnd = Instant(nanoseconds: 0)

  init(count: Int = 0) { self.count = count }

  mutating func oneCame(_ now: Instant) -> Verdict {
    count += 1
    if count > Self.countMax { return .end }
    if periodEnd <= now {
      periodEnd = now + Self.period
      periodCount = 0
    }
    periodCount += 1
    return periodCount < Self.periodCountMax ? .goOn : .rest(until: periodEnd)
  }

  mutating func dataCame() { count = 0 }
}
