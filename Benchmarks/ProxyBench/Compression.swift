/// A bulk transfer from client to server with compression off and on: bytes between source and service for
/// each byte of payload, and what that costs. The source compresses, the service does both, the destination
/// restores.
struct Compression: ChainMeasurement {
  let megabyteCount: Int
  let roundCount: Int

  /// Moved before the clock starts.
  private static let warmUpBytes = 5_000_000

  var title: String { "Compression, one connection, up, \(megabyteCount) MB" }
  let cases = ["log text, off", "log text, on", "random, off", "random, on"]
  let columns = [
    Column(name: "wire/payload", unit: "bytes", decimals: 3),
    Column(name: "speed", unit: "MB/s"),
    Column(name: "source", unit: "CPU-s/GB", decimals: 3),
    Column(name: "destination", unit: "CPU-s/GB", decimals: 3),
    Column(name: "hub", unit: "CPU-s/GB", decimals: 3),
    Column(name: "source peak", unit: "MB", decimals: 1),
    Column(name: "dest. peak", unit: "MB", decimals: 1),
  ]
  let bars: [Bar] = []

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(countsWireBytes: true, compresses: name.hasSuffix("on"))
  }

  func contestants(of all: [Contestant]) -> [Contestant] { all.filter(\.isProxy) }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    guard let wiretap = chain.wiretap else { throw Failure("nobody counts the wire's bytes") }
    let pattern = name.hasPrefix("log") ? Pattern.logText : Pattern.shared
    let stream = try chain.connect()
    try pattern.upload(Self.warmUpBytes, over: stream)
    let byteCount = megabyteCount * 1_000_000
    let children = [chain.source, chain.destination, chain.hub]
    for child in children { child.resetPeak() }
    let cpuBefore = try children.map { try $0.cpuSeconds() }
    let wireBefore = wiretap.byteCount
    let start = Clock.now()
    try pattern.upload(byteCount, over: stream)
    let seconds = Clock.seconds(since: start)
    let wire = wiretap.byteCount - wireBefore
    let cpuAfter = try children.map { try $0.cpuSeconds() }
    let gigabytes = Double(byteCount) / 1e9
    return try [Double(wire) / Double(byteCount), Double(megabyteCount) / seconds]
      + zip(cpuAfter, cpuBefore).map { ($0 - $1) / gigabytes }
      + [chain.source, chain.destination].map { try $0.megabytes("VmHWM") }
  }
}
