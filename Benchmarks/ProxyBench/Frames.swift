import Foundation
import FrameLoops

/// What frames of one length cost in memory, as they are written, read, and received: the WebSocket alone.
///
/// `localproxy` stands for the Embedded build with the product's own flags, `ordinary` for this program.
struct Frames: Measurement {
  private static let contestants = ["ordinary", "localproxy"]

  let payloadLength: Int
  let roundCount: Int

  var title: String {
    "Frames of \(payloadLength) bytes, masked, in memory, on one core (its own time)"
  }
  let cases = ["write", "read", "write + read", "receive"]
  let columns = [
    Column(name: "payload", unit: "GB/s", decimals: 2),
    Column(name: "frames", unit: "10^6/s", decimals: 2),
    Column(name: "a frame", unit: "ns", decimals: 1),
    Column(name: "allocations", unit: "of all", decimals: 0),
  ]

  /// 5 GB/s of long frames and 20 million short ones a second, as the time that one may take.
  var bars: [Bar] {
    let nanoseconds = payloadLength < 1_000 ? 1e9 / 20e6 : Double(payloadLength) / 5
    return [
      Bar(column: "a frame", limit: nanoseconds),
      Bar(column: "allocations", limit: 0),
    ]
  }

  /// All rounds of all lengths.
  static func series(_ options: Options) throws -> [Series] {
    let program = try embeddedProgram()
    let roundCount = options.rounds ?? Bench.roundCount(.frames)
    var all = FrameLoop.payloadLengths.map { payloadLength in
      Series(
        "frames-\(payloadLength)", Frames(payloadLength: payloadLength, roundCount: roundCount),
        contestants: contestants)
    }
    for round in 0..<roundCount {
      Progress.say("frames: round \(round + 1) of \(roundCount)")
      let child = try Child(name: "FrameBench", path: program, arguments: [])
      let embedded = try all.indices.map { try costs(FrameLoop.payloadLengths[$0], of: child) }
      for (index, payloadLength) in FrameLoop.payloadLengths.enumerated() {
        all[index].record(costs(payloadLength), payloadLength, contestants[0])
        all[index].record(embedded[index], payloadLength, contestants[1])
      }
    }
    return all
  }

  /// Beside localproxy; built when it is not there.
  private static func embeddedProgram() throws -> String {
    let root = Programs.packageRoot() ?? "."
    let program = "\(root)/.build-embedded/release/FrameBench"
    if !Programs.isProgram(program) {
      Progress.say("building what is missing: FrameBench")
      try Programs.run("\(root)/scripts/release", [], environment: ["LOCALPROXY_FRAMEBENCH": "1"])
    }
    guard Programs.isProgram(program) else { throw Failure("no program at \(program)") }
    return program
  }

  /// What this program takes, by the works' numbers.
  private static func costs(_ payloadLength: Int) -> [FrameLoop.Cost?] {
    var loop = FrameLoop(payloadLength: payloadLength)
    var costs: [FrameLoop.Cost?] = []
    for work in FrameLoop.Work.allCases { costs.append(loop.run(work)) }
    return costs
  }

  /// What the Embedded program says that it takes.
  private static func costs(_ payloadLength: Int, of child: Child) throws -> [FrameLoop.Cost?] {
    try FrameLoop.Work.allCases.indices.map { number in
      let start = "\(payloadLength) \(number) "
      let line = try child.waitForLine("figures", seconds: 60) { $0.hasPrefix(start) }
      let figures = line.dropFirst(start.count).split(separator: " ").compactMap { Int($0) }
      if figures.count != 3 { return nil }
      return FrameLoop.Cost(
        frameCount: figures[0], nanoseconds: UInt64(figures[1]),
        allocationCount: figures[2] < 0 ? nil : UInt64(figures[2]))
    }
  }
}

extension Series {
  /// Takes what the three works cost in one round.
  fileprivate mutating func record(
    _ costs: [FrameLoop.Cost?], _ payloadLength: Int, _ contestant: String
  ) {
    let values = costs.map { cost in
      cost.map { cost in
        Figures(
          nanoseconds: Double(cost.nanoseconds) / Double(cost.frameCount),
          allocationCount: cost.allocationCount.map(Double.init) ?? .nan)
      }
    }
    var both: Figures?
    if let write = values[0], let read = values[1] {
      both = Figures(
        nanoseconds: write.nanoseconds + read.nanoseconds,
        allocationCount: write.allocationCount + read.allocationCount)
    }
    for (name, figures) in zip(measurement.cases, [values[0], values[1], both, values[2]]) {
      record(
        figures.map { .values($0.columns(payloadLength)) }
          ?? .failed("a frame did not come out as it went in"),
        case: name, contestant: contestant)
    }
  }

  private struct Figures {
    /// Of one frame.
    let nanoseconds: Double
    /// Of all frames of the round.
    let allocationCount: Double

    func columns(_ payloadLength: Int) -> [Double] {
      [Double(payloadLength) / nanoseconds, 1_000 / nanoseconds, nanoseconds, allocationCount]
    }
  }
}
