/// Small messages there and back, one every 50 ms, while bulk goes through the same tunnel over a slow link:
/// what a shell feels beside a transfer, and what that costs the transfer.
///
/// tunneld limits the link and reads no more than that, so what is too much waits in socket buffers.
struct Keystroke: ChainMeasurement {
  let roundCount: Int

  private static let messageByteCount = 64
  private static let interval = 0.05
  private static let aloneSeconds = 2.0
  private static let settlingSeconds = 2.0
  private static let loadedSeconds = 10.0
  static let latencyMilliseconds = 20

  let title =
    "Round trips of \(Keystroke.messageByteCount) bytes beside bulk, link limited, "
    + "\(Keystroke.latencyMilliseconds) ms each way"
  let cases = [
    "800 kB/s, set, up", "800 kB/s, set, down", "800 kB/s, set, 20 up", "800 kB/s, adaptive, up",
    "800 kB/s, adaptive, down", "800 kB/s, adaptive, 20 down", "100 kB/s, set, up",
    "100 kB/s, set, down", "100 kB/s, adaptive, up", "100 kB/s, adaptive, down",
    "100 kB/s, 800 set, up",
  ]
  let columns = [
    Column(name: "alone p50", unit: "ms", decimals: 1),
    Column(name: "alone p99", unit: "ms", decimals: 1),
    Column(name: "beside p50", unit: "ms", decimals: 1),
    Column(name: "beside p99", unit: "ms", decimals: 1),
    Column(name: "p99 over alone", unit: "ms", decimals: 1),
    Column(name: "unused", unit: "% of link", decimals: 1),
    Column(name: "unfairness", unit: "% of share", decimals: 1),
  ]
  let bars: [Bar] =
    bars("800 kB/s, set", delay: 30, unused: 5)
    + bars("800 kB/s, adaptive", delay: 100, unused: 10)
    + bars("100 kB/s, set", delay: 60, unused: 5)
    + bars("100 kB/s, adaptive", delay: 250, unused: 10)
    + bars("100 kB/s, 800 set", delay: 250, unused: 10)

  private static func bars(_ prefix: String, delay: Double, unused: Double) -> [Bar] {
    [
      Bar(column: "p99 over alone", limit: delay, prefix: prefix),
      Bar(column: "unused", limit: unused, prefix: prefix),
      Bar(column: "unfairness", limit: 10, prefix: prefix),
    ]
  }

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    let bandwidth = Self.bandwidth(name)
    return Chain.Layout(
      bandwidth: bandwidth,
      bandwidthSetting: name.contains("adaptive") ? 0 : name.contains("800") ? 800_000 : bandwidth)
  }

  func contestants(of all: [Contestant]) -> [Contestant] { all.filter(\.isProxy) }

  let isApart = true

  private static func bandwidth(_ name: String) -> Int { name.hasPrefix("800") ? 800_000 : 100_000 }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let shell = try chain.connect()
    try Request.echo.send(to: shell, count: 1_000_000, size: Self.messageByteCount)
    let alone = try Self.type(on: shell, seconds: Self.aloneSeconds)
    let isUp = name.hasSuffix("up")
    let bulk = try (0..<(name.contains("20") ? 20 : 1)).map { _ in
      try Flow(chain.connect(), isUp: isUp, reader: .counting)
    }
    defer { for flow in bulk { flow.stop() } }
    _ = try Self.type(on: shell, seconds: Self.settlingSeconds)
    let before = bulk.map(\.byteCount)
    let start = Clock.now()
    let beside = try Self.type(on: shell, seconds: Self.loadedSeconds)
    let seconds = Clock.seconds(since: start)
    let moved = zip(bulk, before).map { Double($0.byteCount - $1) }
    let total = moved.reduce(0, +)
    let share = total / Double(moved.count)
    let unfairness = moved.map { abs($0 - share) / max(share, 1) }.max() ?? 0
    return [
      alone.microseconds(percentile: 50) / 1e3, alone.microseconds(percentile: 99) / 1e3,
      beside.microseconds(percentile: 50) / 1e3, beside.microseconds(percentile: 99) / 1e3,
      (beside.microseconds(percentile: 99) - alone.microseconds(percentile: 50)) / 1e3,
      100 - 100 * total / seconds / Double(Self.bandwidth(name)), 100 * unfairness,
    ]
  }

  private static func type(on shell: Stream, seconds: Double) throws -> Times {
    let message = UnsafeMutableRawBufferPointer.allocate(
      byteCount: messageByteCount, alignment: 16)
    defer { message.deallocate() }
    message.initializeMemory(as: UInt8.self, repeating: 0x6b)
    var times = Times()
    let start = Clock.now()
    while Clock.seconds(since: start) < seconds {
      let sent = Clock.now()
      try shell.send(UnsafeRawBufferPointer(message))
      try shell.receiveAll(into: message)
      times.record(nanoseconds: Clock.now() - sent)
      Clock.sleep(seconds: interval - Clock.seconds(since: sent))
    }
    return times
  }
}
