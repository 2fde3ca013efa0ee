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
  func layout(case name: String, for contestant: Contestant) -> Chain.Layout
  /// Those of all that it makes sense for, or others in their place.
  func contestants(of all: [Contestant]) -> [Contestant]
  /// Whether each contestant does all cases before the next begins, localproxy first: where a halt of the machine
  /// decides, and there are more of them beside another.
  var isApart: Bool { get }

  /// A value for each column.
  func run(_ chain: Chain, case name: String) throws -> [Double]
}

extension ChainMeasurement {
  func layout(case name: String, for contestant: Contestant) -> Chain.Layout { Chain.Layout() }
  func contestants(of all: [Contestant]) -> [Contestant] { all }
  var isApart: Bool { false }
}

/// One whose chains stand at the same time and take short turns at their work, so that what the machine is busy
/// with besides meets all of them alike. With a single turn each they stand one after the other.
protocol TurnMeasurement: ChainMeasurement {
  var turnCount: Int { get }
  /// What a chain does before its first turn, and in each.
  func turns(on chain: Chain, case name: String) throws -> any Turns
}

extension TurnMeasurement {
  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let turns = try turns(on: chain, case: name)
    for _ in 0..<turnCount { try turns.take() }
    return try turns.values(on: chain)
  }
}

/// One chain's part in it.
protocol Turns: AnyObject {
  func take() throws
  /// A value for each column, after the last.
  func values(on chain: Chain) throws -> [Double]
}

struct Column {
  let name: String
  let unit: String
  var decimals = 0
}

/// A figure that the project promises to stay under, or above.
struct Bar {
  enum Kind: Equatable {
    /// Of localproxy's value over that of the floor or the baseline, as the median of the rounds' ratios.
    /// Without that contestant there is nothing to say.
    case ratio(to: String)
    /// Of localproxy's median.
    case value
  }

  var kind = Kind.value
  let column: String
  let limit: Double
  /// Whether it is the least rather than the most.
  var isLeast = false
  /// Of the cases that it is for; nil for all.
  var prefix: String?

  static let toFloor = Kind.ratio(to: "floor")
  static let toBaseline = Kind.ratio(to: "baseline")
}

/// What a plot shows: something over time, of one round, or a distribution, of all.
struct Curve: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, points
  }

  let name: String
  /// x and y of each.
  private(set) var points: [[Double]]
  /// Nil for something over time.
  private var times: Times?

  init(name: String, points: [[Double]]) {
    self.name = name
    self.points = points
  }

  init(name: String, times: Times) {
    self.name = name
    self.times = times
    points = times.distribution
  }

  /// With what an earlier round found.
  func added(to earlier: Curve?) -> Curve {
    guard let times, var all = earlier?.times else { return self }
    all.add(times)
    return Curve(name: name, times: all)
  }
}

/// All rounds of one measurement.
struct Series {
  enum Outcome {
    /// A note says what else became of it, such as that a program ended.
    case values([Double], note: String? = nil)
    case failed(String)
  }

  /// As the command line calls it.
  let name: String
  let measurement: any Measurement
  let contestants: [String]
  /// [case][contestant][round]
  private(set) var outcomes: [String: [String: [Outcome]]] = [:]
  /// [case][contestant], of all rounds or of the last that had some.
  private(set) var curves: [String: [String: [Curve]]] = [:]

  init(_ name: String, _ measurement: any Measurement, contestants: [String]) {
    self.name = name
    self.measurement = measurement
    self.contestants = contestants
  }

  mutating func record(
    _ outcome: Outcome, case name: String, contestant: String, curves: [Curve] = []
  ) {
    outcomes[name, default: [:]][contestant, default: []].append(outcome)
    guard !curves.isEmpty else { return }
    let earlier = self.curves[name]?[contestant] ?? []
    self.curves[name, default: [:]][contestant] = curves.map { curve in
      curve.added(to: earlier.first { $0.name == curve.name })
    }
  }

  func rounds(case name: String, contestant: String) -> [Outcome] {
    outcomes[name]?[contestant] ?? []
  }

  func failures(case name: String, contestant: String) -> [String] {
    rounds(case: name, contestant: contestant).compactMap {
      if case .failed(let reason) = $0 { reason } else { nil }
    }
  }

  /// Of rounds that have values all the same.
  func notes(case name: String, contestant: String) -> [String] {
    rounds(case: name, contestant: contestant).compactMap {
      if case .values(_, let note) = $0 { note } else { nil }
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
    if case .values(let values, _) = outcome { values } else { nil }
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
