/// A reader that stops for good beside a connection that works: how long the latter waits, and what becomes
/// of the former.
struct Halted: ChainMeasurement {
  let roundCount: Int

  private static let messageByteCount = 64
  /// Before the other one stops, and after it has been reset.
  private static let calmSeconds = 1.0
  private static let secondsMax = 60.0

  let title = "A reader that has stopped for good, beside round trips of 64 bytes"
  let cases = ["up", "down"]
  let columns = [
    Column(name: "longest wait", unit: "s", decimals: 2),
    Column(name: "reset after", unit: "s", decimals: 2),
    Column(name: "warnings", unit: "lines"),
  ]
  // tcp.stall_timeout_ms is 10 s; the rest is for a machine that is busy.
  let bars = [
    Bar(column: "longest wait", limit: 12), Bar(column: "reset after", limit: 13),
    Bar(column: "warnings", limit: 1, isLeast: true),
  ]

  /// The floor's connections share nothing.
  func contestants(of all: [Contestant]) -> [Contestant] { all.filter(\.isProxy) }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let live = try chain.connect()
    live.patience(seconds: Self.secondsMax)
    try Request.echo.send(to: live, count: 1_000_000, size: Self.messageByteCount)
    var longest = try Self.talk(on: live, for: Self.calmSeconds) { false }
    let stalled = try Flow(chain.connect(), isUp: name == "up", reader: .halted)
    defer { stalled.stop() }
    let start = Clock.now()
    longest = max(longest, try Self.talk(on: live, for: Self.secondsMax) { stalled.hasEnded })
    guard stalled.hasEnded else {
      throw Failure(
        "the stalled one was not reset within \(Int(Self.secondsMax)) s; "
          + "the live one waited \(Int(longest)) s")
    }
    let seconds = Clock.seconds(since: start)
    longest = max(longest, try Self.talk(on: live, for: Self.calmSeconds) { false })
    let warnings = chain.ends.map { child in
      child.lineCount { $0.contains("[warning]") && $0.contains("reset") }
    }
    return [longest, seconds, Double(warnings.reduce(0, +))]
  }

  /// Round trips until the time is up or `isOver`.
  /// - Returns: the longest, in seconds.
  private static func talk(
    on live: Stream, for seconds: Double, until isOver: () -> Bool
  ) throws -> Double {
    var message = [UInt8](repeating: 0x6b, count: messageByteCount)
    var longest = 0.0
    let start = Clock.now()
    while Clock.seconds(since: start) < seconds, !isOver() {
      let sent = Clock.now()
      do {
        try live.send(message)
        try message.withUnsafeMutableBytes { try live.receiveAll(into: $0) }
      } catch {
        let waited = Int(Clock.seconds(since: sent))
        throw Failure("the live connection failed after \(waited) s: \(error)")
      }
      longest = max(longest, Clock.seconds(since: sent))
      Clock.sleep(seconds: 0.05)
    }
    return longest
  }
}
