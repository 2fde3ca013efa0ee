import Histogram

/// Round trips of small messages on one open connection, one at a time.
struct Latency: TurnMeasurement {
  let roundCount: Int

  private static let tripCount = 5_000
  let turnCount = 25

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

  func turns(on chain: Chain, case name: String) throws -> any Turns {
    try Trips(
      on: chain.connect(), size: name == "1 B" ? 1 : 1024,
      turnCount: turnCount, count: Self.tripCount / turnCount, name: name)
  }
}

/// Round trips of one size on a connection without a request under way.
final class Trips: Turns {
  /// Before the first turn, and before each: the caches are another chain's.
  private static let firstWarmUpCount = 500
  private static let warmUpCount = 20
  /// A tunnel far slower than expected gets fewer trips, not a longer run.
  private static let secondsMax = 5.0

  private(set) var times = Times()
  private let stream: Stream
  private let message: UnsafeMutableRawBufferPointer
  private let count: Int
  private let name: String
  private var seconds = 0.0

  /// - Parameter count: of each turn.
  init(on stream: Stream, size: Int, turnCount: Int, count: Int, name: String) throws {
    self.stream = stream
    self.count = count
    self.name = name
    message = .allocate(byteCount: size, alignment: 16)
    message.initializeMemory(as: UInt8.self, repeating: 0x2e)
    let total = Self.firstWarmUpCount + turnCount * (Self.warmUpCount + count)
    try Request.echo.send(to: stream, count: total, size: size)
    for _ in 0..<Self.firstWarmUpCount { try trip() }
  }

  deinit { message.deallocate() }

  func take() throws {
    guard seconds < Self.secondsMax else { return }
    for _ in 0..<Self.warmUpCount { try trip() }
    let start = Clock.now()
    for _ in 0..<count {
      let sent = Clock.now()
      try trip()
      times.record(nanoseconds: Clock.now() - sent)
    }
    seconds += Clock.seconds(since: start)
  }

  func values(on chain: Chain) throws -> [Double] {
    chain.curves = [Curve(name: name, times: times)]
    return [50, 99, 99.9].map { times.microseconds(percentile: $0) }
  }

  private func trip() throws {
    try stream.send(UnsafeRawBufferPointer(message))
    try stream.receiveAll(into: message)
  }
}

/// Durations to three digits.
struct Times {
  /// How many durations a percentile has above it at the least.
  private static let tailCountMin = 9.99
  private var histogram = Histogram<UInt32>(
    highestTrackableValue: 120_000_000_000, numberOfSignificantValueDigits: .three)

  mutating func record(nanoseconds: UInt64) {
    _ = histogram.record(nanoseconds)
  }

  mutating func add(_ other: Times) { histogram.add(other.histogram) }

  /// The share of all that took longer, and how long, in microseconds: from the median to where fewer than ten
  /// took longer, which say nothing.
  var distribution: [[Double]] {
    let count = Double(max(histogram.totalCount, 1))
    var shares: [Double] = []
    for decade in 0..<4 {
      for step in [5.0, 4, 3, 2, 1.5, 1] {
        var share = step
        for _ in 0...decade { share /= 10 }
        if share * count >= Self.tailCountMin { shares.append(share) }
      }
    }
    return shares.map { [$0, microseconds(percentile: 100 * (1 - $0))] }
  }

  func microseconds(percentile: Double) -> Double {
    Double(histogram.valueAtPercentile(percentile)) / 1e3
  }
}
