/// Many connections opened at once, as fast as one thread can, each with bytes of its own both ways at the
/// same time.
struct Burst: ChainMeasurement {
  let roundCount: Int

  private static let connectionCount = 500
  private static let byteCount = 1_000_000
  /// Without a byte on any of them, the rest counts as lost.
  private static let patience = 15.0
  private static let secondsMax = 120.0

  let title = "\(Burst.connectionCount) connections at once, 1 MB each way on each, all compared"
  let cases = ["burst"]
  let columns = [
    Column(name: "whole", unit: "of 500"), Column(name: "lost", unit: "of 500"),
    Column(name: "corrupt", unit: "of 500"), Column(name: "duration", unit: "s", decimals: 2),
    Column(name: "speed", unit: "MB/s"),
  ]
  let bars = [
    Bar(column: "whole", limit: Double(connectionCount), isLeast: true),
    Bar(column: "corrupt", limit: 0),
  ]

  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(connectionCountMax: 1024)
  }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let poller = try Poller()
    var open: [Int32: Exchange] = [:]
    var counts: [Exchange.State: Int] = [:]
    let start = Clock.now()
    for number in 0..<Self.connectionCount {
      guard let stream = try? Stream.connect(port: chain.port, waits: false) else {
        counts[.unfinished, default: 0] += 1
        continue
      }
      open[stream.descriptor] = Exchange(stream, number: number, byteCount: Self.byteCount)
      poller.add(stream.descriptor, writes: true)
    }
    var moved = Clock.now()
    while !open.isEmpty, Clock.seconds(since: moved) < Self.patience,
      Clock.seconds(since: start) < Self.secondsMax
    {
      for descriptor in poller.wait(seconds: 1) {
        guard let exchange = open[descriptor] else { continue }
        do {
          if try exchange.advance() > 0 { moved = Clock.now() }
          if exchange.state == .unfinished {
            poller.arm(descriptor, writes: exchange.hasToSend)
            continue
          }
          counts[exchange.state, default: 0] += 1
        } catch {
          counts[.unfinished, default: 0] += 1
        }
        poller.remove(descriptor)
        open[descriptor] = nil
      }
    }
    let seconds = Clock.seconds(since: start)
    let whole = counts[.whole] ?? 0
    let megabytes = Double(2 * whole * Self.byteCount) / 1e6
    return [
      Double(whole), Double(open.count + (counts[.unfinished] ?? 0)),
      Double(counts[.corrupt] ?? 0), seconds, megabytes / seconds,
    ]
  }
}
