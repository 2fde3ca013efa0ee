import Glibc

/// The seed of this run's random tests. A failure names it, and `SEED=… swift test` runs them again.
/// It is printed too, for a trap leaves no time to name it.
public let seed: UInt64 = {
  let given = getenv("SEED").flatMap { UInt64(String(cString: $0)) }
  let seed = given ?? UInt64.random(in: 0...UInt64.max)
  print("SEED=\(seed)")
  return seed
}()

extension SeededGenerator {
  /// With the seed of this run.
  public init() { self.init(seed: Simulator.seed) }
}
