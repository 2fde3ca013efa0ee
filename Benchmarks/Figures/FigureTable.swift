import Foundation

/// The table of docs/performance.md: a dozen figures that a stranger may ask for, out of the measurements' results.
public enum FigureTable {
  /// A figure, and where it comes from.
  struct Figure {
    enum Kind {
      case sum, greatest
    }

    /// What pages that quote it call it.
    let name: String
    let text: String
    let unit: String
    var decimals = 0
    let measurement: String
    let cases: [String]
    let columns: [String]
    var kind = Kind.greatest

    /// A hundred needs none.
    func decimals(of value: Double) -> Int { value < 99.95 ? decimals : 0 }

    /// Nil when it was not measured, or failed.
    func value(of contestant: String, in results: Results) -> Double? {
      var values: [Double] = []
      for name in cases {
        for column in columns {
          guard let value = results.value(name, contestant, column) else { return nil }
          values.append(value)
        }
      }
      return kind == .sum ? values.reduce(0, +) : values.max()
    }
  }

  /// As pages call them, and as the table does.
  static let contestants = [
    ("localproxy", "localproxy"), ("reference", "reference"), ("floor", "floor"),
    ("ssh", "`ssh -L`"), ("stunnel", "stunnel"),
  ]

  /// Whom a column tells how much of its figure localproxy's is.
  private static let compared = ["reference", "floor"]

  static let figures = [
    Figure(
      name: "cpu-up", text: "CPU time for 1 GB up, both ends", unit: "s", decimals: 2,
      measurement: "bulk", cases: ["up"], columns: ["source", "destination"], kind: .sum),
    Figure(
      name: "cpu-down", text: "CPU time for 1 GB down, both ends", unit: "s", decimals: 2,
      measurement: "bulk", cases: ["down"], columns: ["source", "destination"], kind: .sum),
    Figure(
      name: "speed-up", text: "speed up", unit: "MB/s", measurement: "bulk", cases: ["up"],
      columns: ["speed"]),
    Figure(
      name: "speed-down", text: "speed down", unit: "MB/s", measurement: "bulk",
      cases: ["down"], columns: ["speed"]),
    Figure(
      name: "trip-p50", text: "round trip of 1 byte, median", unit: "µs",
      measurement: "latency", cases: ["1 B"], columns: ["p50"]),
    Figure(
      name: "trip-p99", text: "round trip of 1 byte, p99", unit: "µs", measurement: "latency",
      cases: ["1 B"], columns: ["p99"]),
    Figure(
      name: "connects", text: "connections a second, one after the other", unit: "",
      measurement: "connects", cases: ["connects"], columns: ["rate"]),
    Figure(
      name: "burst", text: "of 500 connections at once, served whole", unit: "",
      measurement: "burst",
      cases: ["burst"], columns: ["whole"]),
    Figure(
      name: "memory-bulk", text: "peak memory in a transfer, the larger end", unit: "MB",
      decimals: 1, measurement: "bulk", cases: ["up", "down"],
      columns: ["source peak", "dest. peak"]),
    Figure(
      name: "memory-stalled", text: "peak memory behind a reader that stops for 10 s",
      unit: "MB", decimals: 1, measurement: "stalled", cases: ["up", "down"],
      columns: ["source peak", "dest. peak"]),
    Figure(
      name: "memory-idle", text: "memory when idle", unit: "MB", decimals: 1,
      measurement: "idle", cases: ["idle"], columns: ["source RSS"]),
    Figure(
      name: "memory-connection", text: "memory for each of 10,000 idle connections",
      unit: "bytes", measurement: "many", cases: ["idle"],
      columns: ["source private", "dest. private"]),
    Figure(
      name: "keystroke-alone", text: "keystroke there and back, link of 100 kB/s, nothing else",
      unit: "ms", decimals: 1, measurement: "keystroke", cases: ["100 kB/s, adaptive, up"],
      columns: ["alone p50"]),
    Figure(
      name: "keystroke", text: "the same beside a transfer, as it ships", unit: "ms", decimals: 1,
      measurement: "keystroke", cases: ["100 kB/s, adaptive, up"], columns: ["beside p50"]),
    Figure(
      name: "keystroke-limit", text: "the same with `tunnel.bandwidth_limit` set", unit: "ms",
      decimals: 1, measurement: "keystroke", cases: ["100 kB/s, set, up"],
      columns: ["beside p50"]),
    Figure(
      name: "size", text: "size of the program, stripped", unit: "kB", measurement: "idle",
      cases: ["idle"], columns: ["stripped"]),
  ]

  /// In Markdown. Contestants without any figure have no column.
  /// - Parameter results: of the measurement of that name.
  public static func markdown(_ results: (String) -> Results?) -> String {
    let shown = contestants.filter { contestant, _ in
      figures.contains { figure in
        results(figure.measurement).map { figure.value(of: contestant, in: $0) != nil } ?? false
      }
    }
    var heads = [""]
    for (contestant, head) in shown {
      heads.append(head)
      if compared.contains(contestant) { heads.append("of it") }
    }
    var lines = [row(heads), row(heads.indices.map { $0 == 0 ? "---" : "---:" })]
    for figure in figures {
      var cells = ["\(figure.text)<!-- row: \(figure.name) -->"]
      let own = shownNumber(figure, "localproxy", results)
      for (contestant, _) in shown {
        let number = shownNumber(figure, contestant, results)
        cells.append(cell(figure, contestant, number, results))
        if compared.contains(contestant) { cells.append(ratio(own, number)) }
      }
      lines.append(row(cells))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |"
  }

  /// As the table shows it, so that a reader's division gives the table's ratio.
  private static func shownNumber(
    _ figure: Figure, _ contestant: String, _ results: (String) -> Results?
  ) -> Double? {
    let value = results(figure.measurement).flatMap { figure.value(of: contestant, in: $0) }
    return value.map { value in
      let factor = pow(10, Double(figure.decimals(of: value)))
      return (value * factor).rounded() / factor
    }
  }

  private static func cell(
    _ figure: Figure, _ contestant: String, _ number: Double?,
    _ results: (String) -> Results?
  ) -> String {
    guard let number else {
      let hasFailed = figure.cases.contains {
        results(figure.measurement)?.failed($0, contestant) ?? false
      }
      return hasFailed ? "failed" : "–"
    }
    let text = grouped(String(format: "%.\(figure.decimals(of: number))f", number))
    let words = figure.unit.isEmpty ? text : "\(text) \(figure.unit)"
    return contestant == "localproxy" ? "**\(words)**" : words
  }

  private static func ratio(_ own: Double?, _ other: Double?) -> String {
    guard let own, let other, other != 0 else { return "" }
    let ratio = own / other
    return String(format: ratio < 0.1 ? "%.3f" : ratio < 10 ? "%.2f" : "%.1f", ratio)
  }

  /// With a comma before each three digits.
  private static func grouped(_ text: String) -> String {
    let whole = text.prefix { $0 != "." }
    var digits = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index).isMultiple(of: 3) { digits.append(",") }
      digits.append(digit)
    }
    return digits + text.dropFirst(whole.count)
  }
}
