import Histogram

/// Round trips of small messages on one open connection, one at a time.
struct Latency: ChainMeasurement {
  let roundCount: Int

  private static let warmUpCount = 500
  private static let tripCount = 10_000
  /// A tunnel far slower than expected gets fewer trips, not a longer run.
  private static let secondsMax = 10.0

  let title = "Round trips, one connection, \(Latency.tripCount) each"
  let cases = ["1 B", "1 KiB"]
  let columns = [
    Column(name: "p50", unit: "µs"), Column(name: "p99", unit: "µs"),
    Column(name: "p99.9", unit: "µs"),
  ]
  let bars: [Bar] = []

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let stream = try chain.connect()
    let size = name == "1 B" ? 1 : 1024
    try Request.echo.send(to: stream, count: Self.warmUpCount + Self.tripCount, size: size)
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { message.deallocate() }
    message.initializeMemory(as: UInt8.self, repeating: 0x2e)
    for _ in 0..<Self.warmUpCount {
      try stream.send(UnsafeRawBufferPointer(message))
      try stream.receiveAll(into: message)
    }
    var times = Times()
    let start = Clock.now()
    for _ in 0..<Self.tripCount where Clock.seconds(since: start) < Self.secondsMax {
      let sent = Clock.now()
      try stream.send(UnsafeRawBufferPointer(message))
      try stream.receiveAll(into: message)
      times.record(nanoseconds: Clock.now() - sent)
    }
    return [50, 99, 99.9].map { times.microseconds(percentile: $0) }
  }
}

/// Durations to three digits.
struct Times {
  private var histogram = Histogram<UInt32>(
    highestTrackableValue: 120_000_000_000, numberOfSignificantValueDigits: .three)

  mutating func record(nanoseconds: UInt64) {
    _ = histogram.record(nanoseconds)
  }

  func microseconds(percentile: Double) -> Double {
    Double(histogram.valueAtPercentile(percentile)) / 1e3
  }
}
