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
    if options.hasTools {
      try Tool.check()
      all += Tool.allCases.map { .tool($0) }
    }
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
    case .frames, .footprint, .draw: nil
    case .bulk, .bulk100:
      Bulk(
        megabyteCount: megabytes, roundCount: rounds, connectionCount: name == .bulk ? 1 : 100,
        turnCount: options.turnCount ?? 1)
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
    case .pacing:
      Pacing(
        megabyteCount: max(1, megabytes / 2), roundCount: rounds, turnCount: options.turnCount ?? 5)
    case .smoke: Smoke(roundCount: rounds)
    }
  }

  /// More where the bar is finer than a round's noise, one where a round is long.
  static func roundCount(_ name: Options.Measured) -> Int {
    switch name {
    case .connects, .burst, .idle, .compression, .growth: 3
    case .many, .rest, .stalled, .stalled10, .halted, .keystroke: 1
    case .bulk, .bulk100, .frames, .smoke, .footprint, .draw: 5
    case .pacing: 9
    case .latency: 15
    }
  }

  private func run(_ kind: Options.Measured, _ measurement: any ChainMeasurement) -> Series {
    let contestants = measurement.contestants(of: contestants)
    var series = Series(
      kind.rawValue + (options.usesStatic ? "-static" : ""), measurement,
      contestants: contestants.map(\.name))
    for round in 0..<measurement.roundCount {
      Progress.say("\(kind.rawValue): round \(round + 1) of \(measurement.roundCount)")
      // Who goes first changes, so that a drift of the machine favours nobody.
      let order = round.isMultiple(of: 2) ? contestants : contestants.reversed()
      for group in measurement.isApart ? contestants.reversed().map({ [$0] }) : [order] {
        for name in measurement.cases {
          for attempt in attempts(at: measurement, case: name, by: group) {
            record(attempt, case: name, in: &series)
          }
        }
      }
    }
    return series
  }

  private func record(_ attempt: Attempt, case name: String, in series: inout Series) {
    let contestant = attempt.contestant.name
    if case .failed(let reason) = attempt.outcome {
      Progress.say("\(contestant), \(name): \(reason)")
    }
    series.record(attempt.outcome, case: name, contestant: contestant, curves: attempt.curves)
  }

  /// All of them, ended.
  private func attempts(
    at measurement: any ChainMeasurement, case name: String, by contestants: [Contestant]
  ) -> [Attempt] {
    func start(_ contestant: Contestant) -> Attempt {
      Attempt(contestant, at: measurement, case: name, programs: programs, server: server)
    }
    guard let measurement = measurement as? any TurnMeasurement, measurement.turnCount > 1 else {
      return contestants.map { contestant in
        let attempt = start(contestant)
        attempt.run(measurement)
        attempt.stop()
        return attempt
      }
    }
    let attempts = contestants.map(start)
    for attempt in attempts { attempt.begin(measurement) }
    for turn in 0..<measurement.turnCount {
      for attempt in turn.isMultiple(of: 2) ? attempts : attempts.reversed() {
        attempt.takeTurn()
      }
    }
    for attempt in attempts {
      attempt.endTurns()
      attempt.stop()
    }
    return attempts
  }
}
