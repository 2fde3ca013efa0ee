import Glibc
import Simulator

/// Simulate SEED               one seed, told as a story
/// Simulate COUNT FIRST STEP   so many seeds from FIRST on, each STEP further: a worker's share
///
/// A seed that fails is one line; the last line sums up. Status 1 when one failed.
func number(_ index: Int) -> UInt64? {
  CommandLine.arguments.count > index ? UInt64(CommandLine.arguments[index]) : nil
}

func tell(_ seed: UInt64) -> Int32 {
  let verdict = Scenario.run(seed: seed, keepsStory: true)
  for line in verdict.story { print(line) }
  guard let failure = verdict.failure else {
    print("seed \(seed): all well after \(verdict.stepCount) steps")
    return 0
  }
  print("seed \(seed): \(failure)")
  return 1
}

func runMany(_ count: UInt64, from first: UInt64, step: UInt64) -> Int32 {
  var failureCount = 0
  var (steps, milliseconds, connections, bytes) = (0, Int64(0), 0, 0)
  var faults = [Int](repeating: 0, count: FaultKind.allCases.count)
  for index in 0..<count {
    let verdict = Scenario.run(seed: first &+ index &* step)
    steps += verdict.stepCount
    milliseconds += verdict.simulatedMilliseconds
    connections += verdict.connectionCount
    bytes += verdict.comparedByteCount
    for (index, count) in verdict.faultCounts.enumerated() { faults[index] += count }
    if let failure = verdict.failure {
      failureCount += 1
      print("seed \(verdict.seed): \(failure)")
      fflush(nil)
    }
  }
  let counts = zip(FaultKind.allCases, faults).map { "\($0)=\($1)" }.joined(separator: " ")
  print(
    "sum seeds=\(count) failed=\(failureCount) steps=\(steps) simulated_ms=\(milliseconds) "
      + "connections=\(connections) bytes=\(bytes) \(counts)")
  return failureCount == 0 ? 0 : 1
}

guard let count = number(1) else {
  print("usage: Simulate SEED | Simulate COUNT FIRST STEP")
  exit(2)
}
if let first = number(2) {
  exit(runMany(count, from: first, step: number(3) ?? 1))
} else {
  exit(tell(count))
}
