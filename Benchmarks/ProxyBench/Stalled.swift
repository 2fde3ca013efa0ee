import Foundation

/// A transfer into a reader that halts and then sips: what the proxies hoard meanwhile. Every byte
/// is compared on arrival. It is the only connection, for localproxy resets a reader that holds up
/// others for ten seconds.
struct Stalled: ChainMeasurement {
  let megabyteCount: Int
  let roundCount: Int
  let usesStatic: Bool

  var title: String {
    let stall = Int(SlowReader.stallSeconds)
    let sip = Int(SlowReader.sipSeconds)
    let speed = Int(SlowReader.sipBytesPerSecond / 1e6)
    return
      "\(megabyteCount) MB to a reader that halts \(stall) s, then reads \(speed) MB/s for \(sip) s"
  }
  let cases = ["up", "down"]
  let columns = [
    Column(name: "source peak", unit: "MB", decimals: 1),
    Column(name: "dest. peak", unit: "MB", decimals: 1),
    Column(name: "hub peak", unit: "MB", decimals: 1),
    Column(name: "duration", unit: "s", decimals: 1),
  ]
  var bars: [Bar] {
    let limit = usesStatic ? 8.0 : 12.0
    return ["source peak", "dest. peak"].map { Bar(kind: .value, column: $0, limit: limit) }
  }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    let children = [chain.source, chain.destination, chain.hub]
    let stream = try chain.onlyConnection()
    for child in children { child.resetPeak() }
    let start = Clock.now()
    do {
      try move(stream, isUp: name == "up")
      return try children.map { try $0.megabytes("VmHWM") } + [Clock.seconds(since: start)]
    } catch let failure as Failure {
      let peaks = children.compactMap { child in
        (try? child.megabytes("VmHWM")).map { "\(child.name) \(Int($0)) MB" }
      }
      throw Failure("\(failure) (peaks so far: \(peaks.joined(separator: ", ")))")
    }
  }

  private func move(_ stream: Stream, isUp: Bool) throws {
    let byteCount = megabyteCount * 1_000_000
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
