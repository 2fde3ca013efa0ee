/// One contestant's try at one case of a measurement: its programs, and what came of it. A failure ends it, so that
/// what is left of the programs takes nothing from those who go on.
final class Attempt {
  let contestant: Contestant
  private let name: String
  private var process: ServerProcess?
  private var chain: Chain?
  private var turns: (any Turns)?
  private var values: [Double]?
  private var failure: String?
  /// Which programs ended while they were needed.
  private var casualties: String?

  /// Starts the programs.
  init(
    _ contestant: Contestant, at measurement: any ChainMeasurement, case name: String,
    programs: Programs, server: BenchServer
  ) {
    self.contestant = contestant
    self.name = name
    let layout = measurement.layout(case: name, for: contestant)
    do {
      process = layout.hasServerProcess ? try ServerProcess() : nil
      chain = try Chain(
        contestant, programs: programs, serverPort: process?.port ?? server.port, layout: layout)
    } catch {
      failure = "\(error)"
    }
  }

  /// All of it at once.
  func run(_ measurement: any ChainMeasurement) {
    attempt { values = try measurement.run($0, case: name) }
  }

  func begin(_ measurement: any TurnMeasurement) {
    attempt { turns = try measurement.turns(on: $0, case: name) }
  }

  func takeTurn() {
    attempt { _ in try turns?.take() }
  }

  func endTurns() {
    attempt { values = try turns?.values(on: $0) }
  }

  /// Ends the programs, after the connections through them.
  func stop() {
    casualties = chain?.casualties
    turns = nil
    chain?.stop()
    process?.stop()
  }

  /// Once they have ended.
  var outcome: Series.Outcome {
    if let values { return .values(values, note: casualties) }
    return .failed(failure ?? "nothing was measured")
  }

  var curves: [Curve] { chain?.curves ?? [] }

  private func attempt(_ work: (Chain) throws -> Void) {
    guard failure == nil, let chain else { return }
    do {
      try work(chain)
    } catch {
      // A program's end may follow the closing of its sockets by a moment.
      Clock.sleep(seconds: 0.2)
      failure = chain.casualties.map { "\($0); \(error)" } ?? "\(error)"
      stop()
    }
  }
}
