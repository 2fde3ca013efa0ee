/// A bulk transfer over one connection, each way: speed, CPU seconds per gigabyte, peak memory.
struct Bulk: ChainMeasurement {
  let megabyteCount: Int
  let roundCount: Int

  /// Moved before the clock starts, so that socket buffers and frame sizes have settled.
  private static let warmUpBytes = 100_000_000

  var title: String { "Bulk, one connection, \(megabyteCount) MB" }
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
  let bars = [
    Bar(kind: .ratioToFloor, column: "source", limit: 1.3),
    Bar(kind: .ratioToFloor, column: "destination", limit: 1.3),
  ]

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let stream = try chain.connect()
    let move = name == "up" ? Pattern.shared.upload : Self.download
    try move(Self.warmUpBytes, stream)
    let byteCount = megabyteCount * 1_000_000
    let children = [chain.source, chain.destination, chain.hub]
    for child in children { child.resetPeak() }
    let cpuBefore = try children.map { try $0.cpuSeconds() }
    let start = Clock.now()
    try move(byteCount, stream)
    let seconds = Clock.seconds(since: start)
    let cpuAfter = try children.map { try $0.cpuSeconds() }
    let gigabytes = Double(byteCount) / 1e9
    return try [Double(megabyteCount) / seconds]
      + zip(cpuAfter, cpuBefore).map { ($0 - $1) / gigabytes }
      + children.map { try $0.megabytes("VmHWM") }
  }

  private static func download(_ byteCount: Int, _ stream: Stream) throws {
    try Request.download.send(to: stream, count: byteCount)
    try Pattern.shared.receive(byteCount, from: stream)
  }
}
