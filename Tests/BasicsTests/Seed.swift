import Foundation

/// The seed of this run's random tests. A failure names it, and `SEED=… swift test` runs them again.
/// It is printed too, for a trap leaves no time to name it.
let seed: UInt64 = {
  let given = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }
  let seed = given ?? UInt64.random(in: 0...UInt64.max)
  print("SEED=\(seed)")
  return seed
}()

/// Random numbers that depend on nothing but the seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state = seed

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
