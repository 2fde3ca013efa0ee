/// What the proxies do while nothing moves on their connections.
struct Rest: ChainMeasurement {
  let roundCount: Int

  private static let connectionCount = 100
  /// More than the 20 s between two pings to the service.
  private static let seconds = 21.0

  let title = "\(Rest.connectionCount) idle connections for \(Int(Rest.seconds)) s"
  let cases = ["rest"]
  let columns = [
    Column(name: "source", unit: "% of a core", decimals: 4),
    Column(name: "destination", unit: "% of a core", decimals: 4),
    Column(name: "source wakes", unit: "1/s", decimals: 2),
    Column(name: "dest. wakes", unit: "1/s", decimals: 2),
  ]
  let bars = [Bar(column: "source", limit: 0.1), Bar(column: "destination", limit: 0.1)]

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let crowd = try Crowd(chain, count: Self.connectionCount)
    Clock.sleep(seconds: 1)
    let before = try Self.figures(chain)
    let start = Clock.now()
    Clock.sleep(seconds: Self.seconds)
    let after = try Self.figures(chain)
    let seconds = Clock.seconds(since: start)
    try Request.ping.roundTrip(on: crowd.streams[0])
    return zip(after, before).map { ($0 - $1) / seconds }
  }

  /// Hundredths of CPU seconds, then how often each went to sleep.
  private static func figures(_ chain: Chain) throws -> [Double] {
    try chain.ends.map { try $0.cpuSeconds() * 100 }
      + chain.ends.map { try $0.number("voluntary_ctxt_switches") }
  }
}
