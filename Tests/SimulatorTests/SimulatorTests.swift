import Simulator
import Testing

@Suite("The simulator")
struct SimulatorTests {
  @Test("the same seed gives the same run", arguments: [1, 2, 3] as [UInt64])
  func isDeterministic(seed: UInt64) {
    let (one, other) = (
      Scenario.run(seed: seed, keepsStory: true), Scenario.run(seed: seed, keepsStory: true)
    )
    #expect(one.story == other.story && one.stepCount == other.stepCount)
  }

  @Test("seeds that nothing goes wrong in", arguments: 0..<20 as Range<UInt64>)
  func seeds(seed: UInt64) {
    let verdict = Scenario.run(seed: seed)
    #expect(verdict.failure == nil, "make sim SEED=\(seed)")
  }
}
