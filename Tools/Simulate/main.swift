import Basics
import Glibc
import Simulator

/// Simulate tell SEED [STEPS]  one seed, told as a story, as far as so many turns
/// Simulate fleet SOURCES SECONDS   attempts after an outage, second by second
/// Simulate COUNT FIRST STEP   so many seeds from FIRST on, each STEP further: a worker's share
///
/// A seed that fails is one line; the last line sums up. Status 1 when one failed.
func number(_ index: Int) -> UInt64? {
  CommandLine.arguments.count > index ? UInt64(CommandLine.arguments[index]) : nil
}

func tell(_ seed: UInt64, steps: UInt64?) -> Int32 {
  let verdict = Scenario.run(
    seed: seed, keepsStory: true, stepCountMax: steps.flatMap { Int(exactly: $0) })
  for line in verdict.story { print(line) }
  guard let failure = verdict.failure else {
    print("seed \(seed): all well after \(verdict.stepCount) steps")
    return 0
  }
  print("seed \(seed): \(failure)")
  return 1
}

/// Attempts in each second since the loss, as a table for gnuplot, and what it means behind it.
func tellFleet(_ count: Int, outage: Int64) -> Int32 {
  let outcome = Fleet.run(count: count, outage: Milliseconds(outage * 1_000), seed: 1)
  print(
    "# attempts of \(count) sources in each second since their service was lost; it is back after \(outage) s"
  )
  print("second\tattempts")
  for (second, attempts) in outcome.attempts.enumerated() { print("\(second)\t\(attempts)") }
  let after = outcome.attempts.dropFirst(Int(outage))
  let words =
    "\(after.max() ?? 0) attempts in the busiest second after the return; "
    + (outcome.returnSeconds.map { "all are back after \($0) s" } ?? "not all are back")
  print("# " + words)
  return outcome.returnSeconds == nil ? 1 : 0
}

/// The seed that runs, for the handler of a crash.
nonisolated(unsafe) var currentSeed: UInt64 = 0

/// A trap ends the program; a line says in which seed.
func sayWhichSeedCrashes() {
  for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
    signal(number) { number in
      print("seed \(currentSeed): crashed with signal \(number)")
      fflush(nil)
      signal(number, SIG_DFL)
      raise(number)
    }
  }
}

func runMany(_ count: UInt64, from first: UInt64, step: UInt64) -> Int32 {
  var failureCount = 0
  var (steps, milliseconds, connections, bytes) = (0, Int64(0), 0, 0)
  var faults = [Int](repeating: 0, count: FaultKind.allCases.count)
  for index in 0..<count {
    currentSeed = first &+ index &* step
    let verdict = Scenario.run(seed: currentSeed)
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

if CommandLine.arguments.dropFirst().first == "fleet", let count = number(2),
  let seconds = number(3)
{
  exit(tellFleet(Int(count), outage: Int64(seconds)))
}
if CommandLine.arguments.dropFirst().first == "tell", let seed = number(2) {
  exit(tell(seed, steps: number(3)))
}
guard let count = number(1), let first = number(2), let step = number(3) else {
  print("usage: Simulate tell SEED [STEPS] | fleet SOURCES SECONDS | COUNT FIRST STEP")
  exit(2)
}
sayWhichSeedCrashes()
exit(runMany(count, from: first, step: step))
