/// What a byte and a connection cost beside ever more connections that are open: neither may grow with their
/// number.
struct Growth: ChainMeasurement {
  let connectionCountMax: Int
  let roundCount: Int

  private static let byteCount = 150_000_000
  private static let warmUpBytes = 20_000_000
  /// How many of the open connections carry the bytes while the others are idle: one, and then as many as there
  /// are up to this.
  static let busyCountMax = 100
  /// How many are opened and closed beside the open ones.
  private static let visitCount = 500
  /// Fewer of them, not more time, for a proxy that is slow.
  private static let visitSecondsMax = 5.0

  static let caseSuffix = " open"

  let title =
    "Growth: \(Growth.byteCount / 1_000_000) MB up over one or up to \(Growth.busyCountMax) of the open "
    + "connections, and \(Growth.visitCount) opened and closed beside them"
  var cases: [String] {
    var counts: [Int] = []
    var count = 1
    while count < connectionCountMax {
      counts.append(count)
      count *= 10
    }
    return (counts + [connectionCountMax]).map { "\($0)\(Self.caseSuffix)" }
  }
  let columns = [
    Column(name: "source, one", unit: "CPU-s/GB", decimals: 3),
    Column(name: "dest., one", unit: "CPU-s/GB", decimals: 3),
    Column(name: "source, 100", unit: "CPU-s/GB", decimals: 3),
    Column(name: "dest., 100", unit: "CPU-s/GB", decimals: 3),
    Column(name: "source", unit: "CPU-µs/conn.", decimals: 1),
    Column(name: "destination", unit: "CPU-µs/conn.", decimals: 1),
  ]
  let bars: [Bar] = []

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(connectionCountMax: Self.count(name) + 100, hasServerProcess: true)
  }

  /// The floor makes a TLS connection for each.
  func contestants(of all: [Contestant]) -> [Contestant] { all.filter(\.isProxy) }

  static func count(_ name: String) -> Int { Int(name.dropLast(caseSuffix.count)) ?? 1 }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let count = Self.count(name)
    try Many.checkLimits(count)
    let crowd = try Crowd(chain, count: count)
    // It would be let go after its last use, and its ends counted with the visits.
    defer { withExtendedLifetime(crowd) {} }
    var figures: [Double] = []
    for busyCount in [1, Self.busyCountMax] {
      try crowd.move(Self.warmUpBytes, isUp: true, over: busyCount)
      let before = try chain.ends.map { try $0.cpuSeconds() }
      try crowd.move(Self.byteCount, isUp: true, over: busyCount)
      let after = try chain.ends.map { try $0.cpuSeconds() }
      figures += zip(after, before).map { ($0 - $1) / Double(Self.byteCount) * 1e9 }
    }
    let before = try chain.ends.map { try $0.cpuSeconds() }
    let visitStart = Clock.now()
    var visitCount = 0
    while visitCount < Self.visitCount, Clock.seconds(since: visitStart) < Self.visitSecondsMax {
      _ = try Crowd.open(chain)
      visitCount += 1
    }
    let after = try chain.ends.map { try $0.cpuSeconds() }
    return figures + zip(after, before).map { ($0 - $1) / Double(visitCount) * 1e6 }
  }
}
