/// A bulk transfer each way, over one connection or over many that share its bytes: speed, CPU seconds per
/// gigabyte, peak memory.
struct Bulk: TurnMeasurement {
  let megabyteCount: Int
  let roundCount: Int
  var connectionCount = 1
  /// One is a transfer without a break. More show smaller differences, and less of what a proxy does when it is
  /// given much at once.
  var turnCount = 1

  var title: String {
    let connections = connectionCount == 1 ? "one connection" : "\(connectionCount) connections"
    let turns = turnCount == 1 ? "" : ", in \(turnCount) turns"
    return "Bulk, \(connections), \(megabyteCount) MB\(turns)"
  }
  let cases = ["up", "down"]
  let columns = [
    Column(name: "speed", unit: "MB/s"),
    Column(name: "source", unit: "CPU-s/GB", decimals: 3),
    Column(name: "destination", unit: "CPU-s/GB", decimals: 3),
    Column(name: "hub", unit: "CPU-s/GB", decimals: 3),
    Column(name: "source peak", unit: "MB", decimals: 1),
    Column(name: "dest. peak", unit: "MB", decimals: 1),
    Column(name: "hub peak", unit: "MB", decimals: 1),
  ]
  var bars: [Bar] {
    let most = connectionCount == 1 ? 1.15 : 1.25
    return [
      Bar(kind: Bar.toFloor, column: "source", limit: most),
      Bar(kind: Bar.toFloor, column: "destination", limit: most),
    ]
      + (connectionCount > 1
        ? []
        : [
          Bar(kind: Bar.toFloor, column: "speed", limit: 0.9, isLeast: true),
          Bar(kind: Bar.toBaseline, column: "speed", limit: 1.9, isLeast: true),
          Bar(kind: Bar.toBaseline, column: "source", limit: 0.42),
          Bar(kind: Bar.toBaseline, column: "destination", limit: 0.42),
        ])
  }

  func turns(on chain: Chain, case name: String) throws -> any Turns {
    try Transfers(
      chain, connectionCount: connectionCount, isUp: name == "up",
      byteCount: megabyteCount * 1_000_000 / turnCount)
  }
}

/// One chain's transfers, one each turn.
private final class Transfers: Turns {
  /// Moved before the first clock starts, so that socket buffers and frame sizes have settled.
  private static let firstWarmUpBytes = 100_000_000
  /// And before each: the caches are another chain's.
  private static let warmUpBytes = 5_000_000

  private let children: [Child]
  private let crowd: Crowd
  private let isUp: Bool
  /// Of each turn.
  private let byteCount: Int
  private var movedCount = 0
  private var seconds = 0.0
  /// Of each child.
  private var cpuSeconds: [Double]

  init(_ chain: Chain, connectionCount: Int, isUp: Bool, byteCount: Int) throws {
    children = chain.children
    self.isUp = isUp
    self.byteCount = byteCount
    cpuSeconds = children.map { _ in 0 }
    crowd = try Crowd(chain, count: connectionCount)
    try crowd.move(Self.firstWarmUpBytes, isUp: isUp)
    for child in children { child.resetPeak() }
  }

  func take() throws {
    try crowd.move(Self.warmUpBytes, isUp: isUp)
    let before = try children.map { try $0.cpuSeconds() }
    let start = Clock.now()
    try crowd.move(byteCount, isUp: isUp)
    seconds += Clock.seconds(since: start)
    let after = try children.map { try $0.cpuSeconds() }
    for index in cpuSeconds.indices { cpuSeconds[index] += after[index] - before[index] }
    movedCount += byteCount
  }

  func values(on _: Chain) throws -> [Double] {
    try [Double(movedCount) / 1e6 / seconds]
      + cpuSeconds.map { $0 / (Double(movedCount) / 1e9) }
      + children.map { try $0.megabytes("VmHWM") }
  }
}
