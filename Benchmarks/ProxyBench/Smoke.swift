import Glibc

/// Small transfers and round trips beside the floor, with bars so wide that the noise of a busy machine stays
/// below them and a regression by half does not.
struct Smoke: ChainMeasurement {
  let roundCount: Int

  private static let warmUpBytes = 10_000_000
  private static let byteCount = 60_000_000
  private static let tripCount = 1_500
  private static let most = 1.65

  let title = "Smoke: \(Smoke.byteCount / 1_000_000) MB, \(Smoke.tripCount) round trips of 1 KiB"
  let cases = ["up", "down"]
  let columns = [
    Column(name: "speed", unit: "MB/s"),
    Column(name: "source", unit: "CPU-s/GB", decimals: 3),
    Column(name: "destination", unit: "CPU-s/GB", decimals: 3),
    Column(name: "p50", unit: "µs"),
  ]
  let bars = [
    Bar(kind: Bar.toFloor, column: "speed", limit: 1 / most, isLeast: true),
    Bar(kind: Bar.toFloor, column: "source", limit: most),
    Bar(kind: Bar.toFloor, column: "destination", limit: most),
    Bar(kind: Bar.toFloor, column: "p50", limit: most),
  ]

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let crowd = try Crowd(chain, count: 1)
    let isUp = name == "up"
    try crowd.move(Self.warmUpBytes, isUp: isUp)
    let before = try chain.ends.map { try $0.cpuSeconds() }
    let start = Clock.now()
    try crowd.move(Self.byteCount, isUp: isUp)
    let seconds = Clock.seconds(since: start)
    let after = try chain.ends.map { try $0.cpuSeconds() }
    let trips = try Trips(
      on: crowd.streams[0], size: 1024, turnCount: 1, count: Self.tripCount, name: "1 KiB")
    try trips.take()
    return [Double(Self.byteCount) / 1e6 / seconds]
      + zip(after, before).map { ($0 - $1) / Double(Self.byteCount) * 1e9 }
      + [trips.times.microseconds(percentile: 50)]
  }

  /// Prints the report and ends with status 0 when all bars are reached, at the second try at the latest.
  static func judge(_ options: Options) throws -> Never {
    let bench = try Bench(options)
    for attempt in 1...2 {
      let series = bench.run()
      print(Report(machine: Machine(floor: bench.programs.floor), series: series).text)
      // A bar without a figure, because a program failed, has no verdict.
      let isGood = series.allSatisfy { series in
        let barCount = series.measurement.bars.count * series.measurement.cases.count
        let verdicts = Verdict.all(in: series)
        return verdicts.count == barCount && verdicts.allSatisfy(\.isReached)
      }
      if isGood { exit(0) }
      if attempt == 1 { Progress.say("a bar was missed: once more") }
    }
    Progress.say("localproxy is out by half beside the floor; see the bars above")
    exit(1)
  }
}
