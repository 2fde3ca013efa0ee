import Foundation

/// Transfers into readers that halt and then sip: what the proxies hoard meanwhile. Every byte is compared on
/// arrival.
struct Stalled: ChainMeasurement {
  let megabyteCount: Int
  let roundCount: Int
  let usesStatic: Bool
  var readerCount = 1

  var title: String {
    let stall = Int(SlowReader.stallSeconds)
    let sip = Int(SlowReader.sipSeconds)
    let speed = Int(SlowReader.sipBytesPerSecond / 1e6)
    let readers =
      readerCount == 1
      ? "a reader that halts" : "\(readerCount) readers that halt (stall_timeout_ms 60000)"
    return "\(megabyteCount) MB to \(readers) \(stall) s, then \(speed) MB/s for \(sip) s, then all"
  }
  let cases = ["up", "down"]
  let columns = [
    Column(name: "source peak", unit: "MB", decimals: 1),
    Column(name: "dest. peak", unit: "MB", decimals: 1),
    Column(name: "hub peak", unit: "MB", decimals: 1),
    Column(name: "duration", unit: "s", decimals: 1),
  ]
  var bars: [Bar] {
    let limit = usesStatic ? 6.0 : 8.0
    return ["source peak", "dest. peak"].map { Bar(column: $0, limit: limit) }
  }

  /// One of ten that stall holds up others, and is reset after as long as it stalls here.
  func layout(case name: String, for contestant: Contestant) -> Chain.Layout {
    Chain.Layout(stallTimeoutMilliseconds: readerCount == 1 ? 0 : 60_000)
  }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    // One that is alone must be the only connection, for a stalled reader beside others may be reset.
    let streams = try [chain.onlyConnection()] + (1..<readerCount).map { _ in try chain.connect() }
    for child in chain.children { child.resetPeak() }
    let sampler = MemorySampler(chain.ends)
    let start = Clock.now()
    defer { chain.curves = sampler.curves() }
    do {
      let share = megabyteCount * 1_000_000 / readerCount
      let isUp = name == "up"
      try Crowd.forEach(streams) { try Self.move(share, $0, isUp: isUp) }
      return try chain.children.map { try $0.megabytes("VmHWM") } + [Clock.seconds(since: start)]
    } catch let failure as Failure {
      let peaks = chain.children.compactMap { child in
        (try? child.megabytes("VmHWM")).map { "\(child.name) \(Int($0)) MB" }
      }
      throw Failure("\(failure) (peaks so far: \(peaks.joined(separator: ", ")))")
    }
  }

  private static func move(_ byteCount: Int, _ stream: Stream, isUp: Bool) throws {
    // The others of ten may be waited for.
    stream.patience(seconds: 60)
    if !isUp {
      try Request.download.send(to: stream, count: byteCount)
      return try SlowReader.receive(byteCount, from: stream)
    }
    try Request.slowUpload.send(to: stream, count: byteCount)
    try Pattern.shared.send(byteCount, to: stream)
    guard try stream.receiveByte() == Request.ping.rawValue else {
      throw Failure("the server did not get the bytes that were sent")
    }
  }
}
