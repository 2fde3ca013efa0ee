/// What became of a bar in one case.
struct Verdict: Encodable {
  let name: String
  let column: String
  let limit: Double
  let isLeast: Bool
  let value: Double
  /// Least and greatest of the rounds.
  let range: [Double]
  /// Whose values these are ratios to; nil for plain values.
  let base: String?
  let isReached: Bool

  static func all(in series: Series) -> [Verdict] {
    series.measurement.cases.flatMap { name in
      series.measurement.bars.compactMap { bar in
        bar.prefix.map(name.hasPrefix) ?? true ? Verdict(bar, case: name, in: series) : nil
      }
    }
  }

  private init?(_ bar: Bar, case name: String, in series: Series) {
    let own = "localproxy"
    let rounds: [[Double]]
    let values: [Double]?
    switch bar.kind {
    case .ratio(let other):
      base = other
      values = series.ratios(case: name, of: own, to: other)
      rounds = series.roundRatios(case: name, of: own, to: other)
    case .value:
      base = nil
      values = series.medians(case: name, contestant: own)
      rounds = series.roundValues(case: name, contestant: own)
    }
    let columns = series.measurement.columns
    guard let values, let index = columns.firstIndex(where: { $0.name == bar.column }) else {
      return nil
    }
    self.name = name
    column = bar.column
    limit = bar.limit
    isLeast = bar.isLeast
    value = values[index]
    let sorted = rounds.map { $0[index] }.sorted()
    range = [sorted.first, sorted.last].compactMap { $0 }
    // What is not a number reaches nothing.
    isReached = isLeast ? value >= limit : value <= limit
  }
}
