/// Random numbers that depend on nothing but the seed (SplitMix64), the same on every machine.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// From 0 to below `count`, which is at least 1.
  public mutating func below(_ count: Int) -> Int {
    Int(truncatingIfNeeded: next() % UInt64(max(count, 1)))
  }

  /// True so many times in ten thousand.
  public mutating func chance(_ tenThousandths: Int) -> Bool {
    tenThousandths > 0 && below(10_000) < tenThousandths
  }

  public mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// As likely between 1 and 10 as between 10 and 100: sizes, times.
  public mutating func size(_ range: ClosedRange<Int>) -> Int {
    var lower = range.lowerBound
    var upper = max(lower, 1)
    while upper < range.upperBound && !chance(2_500) {
      lower = upper
      upper = min(upper * 4, range.upperBound)
    }
    return number(lower...max(lower, upper))
  }

  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[below(elements.count)]
  }
}
