// What the fuzzers began with, every input that ever failed, and the checks of large numbers, as an Embedded program:
// scripts/cross-test runs it on other machines. It is started in the folder Fuzz.
import Basics
import Reactor

/// Runs all, and counts.
private struct Replay {
  private(set) var inputCount = 0
  private(set) var faultCount = 0

  mutating func run(_ name: String, _ body: () throws(Finding) -> Void) {
    do throws(Finding) {
      try body()
    } catch {
      fail("\(name): \(error.description)")
    }
  }

  mutating func run(_ target: FuzzTarget) {
    let seeds = SeedFile.read(read("seeds/\(target.name).txt"))
    if seeds.isEmpty { fail("\(target.name): no seeds") }
    for (index, seed) in seeds.enumerated() { run(target, "seed \(index + 1)", seed) }
    // A folder that is not there has nothing in it.
    let folder = "regressions/\(target.name)"
    for entry in (try? File.entries(of: folder, countMax: 10_000)) ?? [] {
      run(target, entry.name, read("\(folder)/\(entry.name)"))
    }
  }

  /// An input, and what is left of it when it is cut.
  private mutating func run(_ target: FuzzTarget, _ source: String, _ bytes: [UInt8]) {
    for count in [bytes.count, bytes.count / 2, 0, 1, 2, max(0, bytes.count - 1)] {
      inputCount += 1
      run("\(target.name), \(source), \(count) octets") { () throws(Finding) in
        try target.check(Array(bytes.prefix(count)))
      }
    }
  }

  private mutating func read(_ path: String) -> [UInt8] {
    do throws(SystemError) {
      return try File.read(path, byteCountMax: 1_024 * 1_024).bytes
    } catch {
      fail("\(path): \(error.reason)")
      return []
    }
  }

  private mutating func fail(_ fault: String) {
    faultCount += 1
    StandardStream.output.write(fault + "\n")
  }
}

private func replay() -> Int32 {
  var replay = Replay()
  for target in FuzzTarget.all { replay.run(target) }
  for check in BoundsCheck.all { replay.run(check.name, check.body) }
  StandardStream.output.write(
    "\(Int.bitWidth) bits: \(replay.inputCount) inputs and \(BoundsCheck.all.count) checks of bounds, "
      + "\(replay.faultCount) faults\n")
  return replay.faultCount == 0 ? 0 : 1
}

Process.exit(replay())
