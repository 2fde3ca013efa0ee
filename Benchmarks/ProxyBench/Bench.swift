/// Runs the measurements, contestants in turn, and gathers their series.
struct Bench {
  let options: Options
  let programs: Programs
  let contestants: [Contestant]
  let server: BenchServer

  init(_ options: Options) throws {
    self.options = options
    programs = try Programs(options)
    var all: [Contestant] = [.proxy(name: "localproxy", path: programs.localproxy)]
    if let baseline = options.baseline {
      all.insert(.proxy(name: "baseline", path: baseline), at: 0)
    }
    all.insert(contentsOf: options.hasControl ? [.floor, .control] : [.floor], at: 0)
    if let only = options.only { all.removeAll { $0.name != only } }
    guard !all.isEmpty else { throw Failure("--only leaves nothing to measure") }
    contestants = all
    server = try BenchServer()
  }

  func run() -> [Series] {
    options.measured.compactMap { name in measurement(name).map { run(name, $0) } }
  }

  /// Nil for one that needs no chain.
  private func measurement(_ name: Options.Measured) -> (any ChainMeasurement)? {
    let rounds = options.rounds ?? Self.roundCount(name)
    let megabytes = options.megabyteCount
    return switch name {
    case .frames: nil
    case .bulk: Bulk(megabyteCount: megabytes, roundCount: rounds)
    case .bulk100: Bulk(megabyteCount: megabytes, roundCount: rounds, connectionCount: 100)
    case .latency: Latency(roundCount: rounds)
    case .connects: Connects(roundCount: rounds)
    case .burst: Burst(roundCount: rounds)
    case .many: Many(connectionCount: options.connectionCount, roundCount: rounds)
    case .idle: Idle(roundCount: rounds, programs: programs, usesStatic: options.usesStatic)
    case .rest: Rest(roundCount: rounds)
    case .stalled, .stalled10:
      Stalled(
        megabyteCount: megabytes, roundCount: rounds, usesStatic: options.usesStatic,
        readerCount: name == .stalled ? 1 : 10)
    case .halted: Halted(roundCount: rounds)
    case .keystroke: Keystroke(roundCount: rounds)
    case .compression: Compression(megabyteCount: max(1, megabytes / 4), roundCount: rounds)
    case .growth: Growth(connectionCountMax: options.connectionCount, roundCount: rounds)
    case .pacing: Pacing(megabyteCount: max(1, megabytes / 2), roundCount: rounds)
    case .smoke: Smoke(roundCount: rounds)
    }
  }

  /// More where the bar is finer than a round's noise, one where a round is long.
  static func roundCount(_ name: Options.Measured) -> Int {
    switch name {
    case .connects, .burst, .idle, .compression, .growth: 3
    case .many, .rest, .stalled, .stalled10, .halted, .keystroke: 1
    case .latency: 9
    case .pacing: 15
    case .bulk, .bulk100, .frames, .smoke: 5
    }
  }

  private func run(_ kind: Options.Measured, _ measurement: any ChainMeasurement) -> Series {
    let contestants = measurement.contestants(of: contestants)
    var series = Series(measurement, contestants: contestants.map(\.name))
    for round in 0..<measurement.roundCount {
      Progress.say("\(kind.rawValue): round \(round + 1) of \(measurement.roundCount)")
      for name in measurement.cases {
        // Who goes first changes, so that a drift of the machine favours nobody.
        for contestant in round % 2 == 0 ? contestants : contestants.reversed() {
          let (outcome, curves) = outcome(of: measurement, case: name, for: contestant)
          if case .failed(let reason) = outcome {
            Progress.say("\(contestant.name), \(name): \(reason)")
          }
          series.record(outcome, case: name, contestant: contestant.name, curves: curves)
        }
      }
    }
    return series
  }

  private func outcome(
    of measurement: any ChainMeasurement, case name: String, for contestant: Contestant
  ) -> (Series.Outcome, [Curve]) {
    let layout = measurement.layout(case: name, for: contestant)
    do {
      let process = layout.hasServerProcess ? try ServerProcess() : nil
      defer { process?.stop() }
      let chain = try Chain(
        contestant, programs: programs, serverPort: process?.port ?? server.port, layout: layout)
      defer { chain.stop() }
      do {
        let values = try measurement.run(chain, case: name)
        return (.values(values, note: chain.casualties), chain.curves)
      } catch {
        // Its end may follow the closing of its sockets by a moment.
        Clock.sleep(seconds: 0.2)
        return (.failed(chain.casualties.map { "\($0); \(error)" } ?? "\(error)"), chain.curves)
      }
    } catch {
      return (.failed("\(error)"), [])
    }
  }
}
