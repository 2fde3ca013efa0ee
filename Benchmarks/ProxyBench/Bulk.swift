/// A bulk transfer each way, over one connection or over many that share its bytes: speed, CPU seconds per
/// gigabyte, peak memory.
struct Bulk: ChainMeasurement {
  let megabyteCount: Int
  let roundCount: Int
  var connectionCount = 1

  /// Moved before the clock starts, so that socket buffers and frame sizes have settled.
  private static let warmUpBytes = 100_000_000

  var title: String {
    let connections = connectionCount == 1 ? "one connection" : "\(connectionCount) connections"
    return "Bulk, \(connections), \(megabyteCount) MB"
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

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let crowd = try Crowd(chain, count: connectionCount)
    try crowd.move(Self.warmUpBytes, isUp: name == "up")
    let byteCount = megabyteCount * 1_000_000
    for child in chain.children { child.resetPeak() }
    let before = try chain.children.map { try $0.cpuSeconds() }
    let start = Clock.now()
    try crowd.move(byteCount, isUp: name == "up")
    let seconds = Clock.seconds(since: start)
    let after = try chain.children.map { try $0.cpuSeconds() }
    let gigabytes = Double(byteCount) / 1e9
    return try [Double(megabyteCount) / seconds]
      + zip(after, before).map { ($0 - $1) / gigabytes }
      + chain.children.map { try $0.megabytes("VmHWM") }
  }
}
