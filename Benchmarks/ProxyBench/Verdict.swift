/// What became of a bar in one case.
struct Verdict: Encodable {
  let name: String
  let column: String
  let limit: Double
  let value: Double
  /// Least and greatest of the rounds.
  let range: [Double]
  let isRatio: Bool
  let isReached: Bool

  static func all(in series: Series) -> [Verdict] {
    series.measurement.cases.flatMap { name in
      series.measurement.bars.compactMap { bar in
        bar.prefix.map(name.hasPrefix) ?? true ? Verdict(bar, case: name, in: series) : nil
      }
    }
  }

  private init?(_ bar: Bar, case name: String, in series: Series) {
    isRatio = bar.kind == .ratioToFloor
    let values =
      isRatio
      ? series.ratios(case: name, of: "localproxy", to: "floor")
      : series.medians(case: name, contestant: "localproxy")
    let columns = series.measurement.columns
    guard let values, let index = columns.firstIndex(where: { $0.name == bar.column }) else {
      return nil
    }
    self.name = name
    column = bar.column
    limit = bar.limit
    value = values[index]
    let rounds =
      isRatio
      ? series.roundRatios(case: name, of: "localproxy", to: "floor")
      : series.roundValues(case: name, contestant: "localproxy")
    let sorted = rounds.map { $0[index] }.sorted()
    range = [sorted.first, sorted.last].compactMap { $0 }
    isReached = value <= limit
  }
}
