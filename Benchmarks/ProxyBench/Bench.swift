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
    } else {
      all.insert(contentsOf: options.hasControl ? [.floor, .control] : [.floor], at: 0)
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
    let rounds = options.rounds ?? (name == .stalled || name == .keystroke ? 1 : 3)
    return switch name {
    case .frames: nil
    case .bulk: Bulk(megabyteCount: options.megabyteCount, roundCount: rounds)
    case .latency: Latency(roundCount: rounds)
    case .connects: Connects(roundCount: rounds)
    case .idle: Idle(roundCount: rounds, programs: programs, usesStatic: options.usesStatic)
    case .keystroke: Keystroke(roundCount: rounds)
    case .compression:
      Compression(megabyteCount: max(1, options.megabyteCount / 4), roundCount: rounds)
    case .stalled:
      Stalled(
        megabyteCount: options.megabyteCount, roundCount: rounds, usesStatic: options.usesStatic)
    }
  }

  private func run(_ kind: Options.Measured, _ measurement: any ChainMeasurement) -> Series {
    let contestants = contestants.filter(measurement.measures)
    var series = Series(measurement, contestants: contestants.map(\.name))
    for round in 0..<measurement.roundCount {
      Progress.say("\(kind.rawValue): round \(round + 1) of \(measurement.roundCount)")
      for name in measurement.cases {
        // Who goes first changes, so that a drift of the machine favours nobody.
        for contestant in round % 2 == 0 ? contestants : contestants.reversed() {
          let outcome = outcome(of: measurement, case: name, for: contestant)
          if case .failed(let reason) = outcome {
            Progress.say("\(contestant.name), \(name): \(reason)")
          }
          series.record(outcome, case: name, contestant: contestant.name)
        }
      }
    }
    return series
  }

  private func outcome(
    of measurement: any ChainMeasurement, case name: String, for contestant: Contestant
  ) -> Series.Outcome {
    do {
      let chain = try Chain(
        contestant, programs: programs, serverPort: server.port,
        layout: measurement.layout(case: name))
      defer { chain.stop() }
      do {
        return .values(try measurement.run(chain, case: name))
      } catch {
        // Its end may follow the closing of its sockets by a moment.
        Clock.sleep(seconds: 0.2)
        return .failed(chain.casualties.map { "\($0); \(error)" } ?? "\(error)")
      }
    } catch {
      return .failed("\(error)")
    }
  }
}
