/// What pacing by itself costs a bulk transfer over a link that nothing limits: beside localproxy without it.
struct Pacing: TurnMeasurement {
  let megabyteCount: Int
  let roundCount: Int
  let turnCount: Int

  private static let unpaced = "unpaced"

  private var bulk: Bulk {
    Bulk(megabyteCount: megabyteCount, roundCount: roundCount, turnCount: turnCount)
  }

  var title: String { "Pacing where nothing limits, one connection, \(megabyteCount) MB" }
  var cases: [String] { bulk.cases }
  var columns: [Column] { bulk.columns }
  let bars = [
    Bar(kind: .ratio(to: Pacing.unpaced), column: "speed", limit: 0.98, isLeast: true)
  ]

  func contestants(of all: [Contestant]) -> [Contestant] {
    all.flatMap { contestant -> [Contestant] in
      guard case .proxy("localproxy", let path) = contestant else { return [] }
      return [.proxy(name: Self.unpaced, path: path), contestant]
    }
  }

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(isPaced: contestant.name != Self.unpaced)
  }

  func turns(on chain: Chain, case name: String) throws -> any Turns {
    try bulk.turns(on: chain, case: name)
  }
}
