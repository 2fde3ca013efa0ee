import Histogram

/// Round trips of small messages on one open connection, one at a time.
struct Latency: ChainMeasurement {
  let roundCount: Int

  private static let warmUpCount = 500
  private static let tripCount = 5_000
  /// A tunnel far slower than expected gets fewer trips, not a longer run.
  private static let secondsMax = 5.0

  let title = "Round trips, one connection, \(Latency.tripCount) each"
  let cases = ["1 B", "1 KiB"]
  let columns = [
    Column(name: "p50", unit: "µs"), Column(name: "p99", unit: "µs"),
    Column(name: "p99.9", unit: "µs"),
  ]
  let bars = ["p50", "p99"].flatMap { column in
    [
      Bar(kind: Bar.toFloor, column: column, limit: 1.1),
      Bar(kind: Bar.toBaseline, column: column, limit: 1),
    ]
  }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let stream = try chain.connect()
    let times = try Self.trips(
      on: stream, count: Self.tripCount, size: name == "1 B" ? 1 : 1024)
    chain.curves = [Curve(name: name, points: times.distribution)]
    return [50, 99, 99.9].map { times.microseconds(percentile: $0) }
  }

  /// As many round trips on a connection without a request under way, after some to warm up.
  static func trips(on stream: Stream, count: Int, size: Int) throws -> Times {
    try Request.echo.send(to: stream, count: warmUpCount + count, size: size)
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { message.deallocate() }
    message.initializeMemory(as: UInt8.self, repeating: 0x2e)
    for _ in 0..<warmUpCount {
      try stream.send(UnsafeRawBufferPointer(message))
      try stream.receiveAll(into: message)
    }
    var times = Times()
    let start = Clock.now()
    for _ in 0..<count where Clock.seconds(since: start) < secondsMax {
      let sent = Clock.now()
      try stream.send(UnsafeRawBufferPointer(message))
      try stream.receiveAll(into: message)
      times.record(nanoseconds: Clock.now() - sent)
    }
    return times
  }
}

/// Durations to three digits.
struct Times {
  private var histogram = Histogram<UInt32>(
    highestTrackableValue: 120_000_000_000, numberOfSignificantValueDigits: .three)

  mutating func record(nanoseconds: UInt64) {
    _ = histogram.record(nanoseconds)
  }

  /// The share of all that took longer, and how long, in microseconds: from the median to where the record
  /// ends.
  var distribution: [[Double]] {
    let count = Double(max(histogram.totalCount, 1))
    var shares: [Double] = []
    for decade in 0..<4 {
      for step in [5.0, 4, 3, 2, 1.5, 1] {
        var share = step
        for _ in 0...decade { share /= 10 }
        if share * count >= 1 { shares.append(share) }
      }
    }
    return shares.map { [$0, microseconds(percentile: 100 * (1 - $0))] }
  }

  func microseconds(percentile: Double) -> Double {
    Double(histogram.valueAtPercentile(percentile)) / 1e3
  }
}
