/// Thousands of idle connections through one tunnel: what each of them takes of a proxy's memory.
struct Many: ChainMeasurement {
  let connectionCount: Int
  let roundCount: Int

  /// How many are used once more in the end, from the first to the last.
  private static let sampleCount = 100
  /// Of a process that has as many descriptors and some of its own.
  private static let spareDescriptorCount = 100

  var title: String { "\(connectionCount) idle connections, memory for each" }
  let cases = ["idle"]
  let columns = [
    Column(name: "source private", unit: "bytes"), Column(name: "dest. private", unit: "bytes"),
    Column(name: "hub private", unit: "bytes"), Column(name: "source RSS", unit: "bytes"),
    Column(name: "dest. RSS", unit: "bytes"), Column(name: "answered", unit: "of 100"),
    Column(name: "opening", unit: "s", decimals: 1),
  ]
  let bars = [
    Bar(column: "source private", limit: 1024), Bar(column: "dest. private", limit: 1024),
    Bar(column: "answered", limit: 100, isLeast: true),
  ]

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(connectionCountMax: connectionCount + 100, hasServerProcess: true)
  }

  /// The floor makes a TLS connection for each.
  func contestants(of all: [Contestant]) -> [Contestant] { all.filter(\.isProxy) }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    try Self.checkLimits(connectionCount)
    var crowd = try Crowd(chain, count: 1)
    Clock.sleep(seconds: 0.5)
    let before = try Memory(chain)
    let start = Clock.now()
    try crowd.grow(to: connectionCount, chain)
    let seconds = Clock.seconds(since: start)
    Clock.sleep(seconds: 1)
    let after = try Memory(chain)
    let stride = max(connectionCount / Self.sampleCount, 1)
    let answered = (0..<Self.sampleCount).count { index in
      let stream = crowd.streams[min(index * stride, crowd.streams.count - 1)]
      return (try? Request.ping.roundTrip(on: stream)) != nil
    }
    return
      (zip(after.megabytes, before.megabytes)
      .map { ($0 - $1) * 1e6 / Double(connectionCount) }) + [Double(answered), seconds]
  }

  static func checkLimits(_ count: Int) throws {
    let limit = Limits.descriptorCount
    guard count + spareDescriptorCount <= limit else {
      throw Failure("\(count) connections need more than the \(limit) descriptors allowed")
    }
  }

  /// In the order of the columns.
  private struct Memory {
    let megabytes: [Double]

    init(_ chain: Chain) throws {
      megabytes =
        try chain.children.map { try $0.megabytes("Private_Dirty", in: "smaps_rollup") }
        + chain.ends.map { try $0.megabytes("VmRSS") }
    }
  }
}
