import Basics
import Simulator
import Testing

/// `make test` runs two thousand seeds as optimized code (scripts/simulate); these are few.
@Suite("The simulator")
struct SimulatorTests {
  @Test("the same seed gives the same run", arguments: [1, 2, 3, 4, 5] as [UInt64])
  func isDeterministic(seed: UInt64) {
    let (one, other) = (
      Scenario.run(seed: seed, keepsStory: true), Scenario.run(seed: seed, keepsStory: true)
    )
    #expect(one.story == other.story && one.stepCount == other.stepCount)
    // Whoever tells the story runs what failed without it.
    let silent = Scenario.run(seed: seed)
    #expect(silent.stepCount == one.stepCount && silent.failure == one.failure)
  }

  @Test("a seed's run is well", arguments: 0..<20 as Range<UInt64>)
  func isWell(seed: UInt64) {
    let verdict = Scenario.run(seed: seed)
    #expect(verdict.failure == nil, "make sim SEED=\(seed)")
    #expect(verdict.stepCount > 100)
  }

  @Test("a fleet that lost its service is back within the longest delay")
  func fleetReturns() throws {
    let outcome = Fleet.run(count: 100, outage: Milliseconds(60_000), seed: 1)
    let seconds = try #require(outcome.returnSeconds)
    #expect(seconds <= 61)
    // All of them at once, since all had a sound session; then fewer and fewer.
    #expect(outcome.attempts[0] >= 100)
    #expect(outcome.attempts[60...].reduce(0, +) >= 100)
  }
}
