/// Connections one after the other: connect, one byte there and back, close.
struct Connects: ChainMeasurement {
  let roundCount: Int

  private static let connectionCount = 1000
  private static let secondsMax = 10.0

  // The floor has no streams within a connection, so it pays for a TLS handshake each time.
  let title = "Connects in sequence, one byte there and back (floor: a TLS handshake for each)"
  let cases = ["connects"]
  let columns = [
    Column(name: "rate", unit: "1/s"), Column(name: "p50", unit: "µs"),
    Column(name: "p99", unit: "µs"),
  ]
  let bars = [
    Bar(column: "p99", limit: 2_000),
    Bar(kind: Bar.toBaseline, column: "rate", limit: 5, isLeast: true),
  ]

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    var times = Times()
    var count = 0
    let start = Clock.now()
    while count < Self.connectionCount, Clock.seconds(since: start) < Self.secondsMax {
      let begun = Clock.now()
      do {
        try Request.ping.roundTrip(on: chain.connect())
      } catch let failure as Failure {
        throw Failure("connection \(count + 1): \(failure)")
      }
      times.record(nanoseconds: Clock.now() - begun)
      count += 1
    }
    let rate = Double(count) / Clock.seconds(since: start)
    return [rate] + [50, 99].map { times.microseconds(percentile: $0) }
  }
}
