/// One kind of measurement.
protocol Measurement {
  var title: String { get }
  var columns: [Column] { get }
  /// What is done, such as up and down.
  var cases: [String] { get }
  var roundCount: Int { get }
  var bars: [Bar] { get }
}

/// One that is made of programs that run. Each case of each round has a chain of its own.
protocol ChainMeasurement: Measurement {
  /// What the chain of a case is made of.
  func layout(case name: String) -> Chain.Layout
  /// Whether it makes sense for a contestant.
  func measures(_ contestant: Contestant) -> Bool

  /// A value for each column.
  func run(_ chain: Chain, case name: String) throws -> [Double]
}

extension ChainMeasurement {
  func layout(case name: String) -> Chain.Layout { Chain.Layout() }
  func measures(_ contestant: Contestant) -> Bool { true }
}

struct Column {
  let name: String
  let unit: String
  var decimals = 0
}

/// A figure that the project promises to stay under.
struct Bar {
  enum Kind {
    /// Of localproxy's value over the floor's, as the median of the rounds' ratios.
    case ratioToFloor
    /// Of localproxy's median.
    case value
  }

  let kind: Kind
  let column: String
  let limit: Double
  /// Of the cases that it is for; nil for all.
  var prefix: String?
}

/// All rounds of one measurement.
struct Series {
  enum Outcome {
    case values([Double])
    case failed(String)
  }

  let measurement: any Measurement
  let contestants: [String]
  /// [case][contestant][round]
  private(set) var outcomes: [String: [String: [Outcome]]] = [:]

  init(_ measurement: any Measurement, contestants: [String]) {
    self.measurement = measurement
    self.contestants = contestants
  }

  mutating func record(_ outcome: Outcome, case name: String, contestant: String) {
    outcomes[name, default: [:]][contestant, default: []].append(outcome)
  }

  func rounds(case name: String, contestant: String) -> [Outcome] {
    outcomes[name]?[contestant] ?? []
  }

  func failures(case name: String, contestant: String) -> [String] {
    rounds(case: name, contestant: contestant).compactMap {
      if case .failed(let reason) = $0 { reason } else { nil }
    }
  }

  /// The median of each column over the rounds that succeeded, or nil if none did.
  func medians(case name: String, contestant: String) -> [Double]? {
    Self.medians(roundValues(case: name, contestant: contestant))
  }

  /// The columns of each round that succeeded.
  func roundValues(case name: String, contestant: String) -> [[Double]] {
    rounds(case: name, contestant: contestant).compactMap(Self.values)
  }

  /// The median over the rounds of each column's ratio of `contestant` to `base` in that round.
  func ratios(case name: String, of contestant: String, to base: String) -> [Double]? {
    Self.medians(roundRatios(case: name, of: contestant, to: base))
  }

  /// Those ratios of each round in which both succeeded. How far they lie apart says what their
  /// median is worth.
  func roundRatios(case name: String, of contestant: String, to base: String) -> [[Double]] {
    let pairs = zip(
      rounds(case: name, contestant: contestant), rounds(case: name, contestant: base))
    return pairs.compactMap { one, other in
      guard let above = Self.values(one), let below = Self.values(other) else { return nil }
      return zip(above, below).map { $1 == 0 ? .nan : $0 / $1 }
    }
  }

  private static func values(_ outcome: Outcome) -> [Double]? {
    if case .values(let values) = outcome { values } else { nil }
  }

  private static func medians(_ rounds: [[Double]]) -> [Double]? {
    guard let first = rounds.first else { return nil }
    return first.indices.map { column in
      let sorted = rounds.map { $0[column] }.sorted()
      let middle = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
  }
}
