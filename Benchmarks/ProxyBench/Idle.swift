/// What the programs cost when nothing moves: memory once connected, start, size.
struct Idle: ChainMeasurement {
  let roundCount: Int
  let programs: Programs
  let usesStatic: Bool

  let title = "Idle, connected, no connection open"
  let cases = ["idle"]
  let columns = [
    Column(name: "source RSS", unit: "MB", decimals: 1),
    Column(name: "PSS", unit: "MB", decimals: 1),
    Column(name: "dest. RSS", unit: "MB", decimals: 1),
    Column(name: "PSS", unit: "MB", decimals: 1),
    Column(name: "to listening", unit: "ms", decimals: 1),
    Column(name: "stripped", unit: "kB"),
  ]
  /// The static binary holds all of OpenSSL; nothing is promised of its size.
  var bars: [Bar] {
    ["source RSS", "dest. RSS"].map { Bar(column: $0, limit: usesStatic ? 5 : 7) }
      + (usesStatic ? [] : [Bar(column: "stripped", limit: 430)])
  }

  func run(_ chain: Chain, case name: String) throws -> [Double] {
    Clock.sleep(seconds: 1)
    var values: [Double] = []
    for child in [chain.source, chain.destination] {
      values.append(try child.megabytes("VmRSS"))
      values.append(try child.megabytes("Pss", in: "smaps_rollup"))
    }
    let path =
      switch chain.contestant {
      case .floor, .control: programs.floor
      case .proxy(_, let path): path
      case .tool(let tool): tool.path
      }
    return values + [chain.startMilliseconds, try Programs.strippedKilobytes(path)]
  }
}
