import Foundation

/// docs/footprint.md: two tables, each between two comments, of the figures that ProxyBench keeps.
public struct FootprintPage {
  /// The names of the measurements, which those of the tables' comments are, too.
  public static let files = "footprint-files"
  public static let running = "footprint"

  /// Whom the column `start` is compared with, and who may take how much of it.
  public static let bare = "a bare TLS client"
  public static let startRatioMax = 1.3

  private var text: String

  public init(_ text: String) { self.text = text }

  /// With all tables made anew; nil where the page has no place for one of them.
  /// - Parameter results: of the measurement of that name.
  public func drawn(_ results: (String) -> Results?) -> String? {
    var drawn = text
    for name in [Self.files, Self.running] {
      let opening = "<!-- \(name) -->\n"
      guard let results = results(name), let start = drawn.range(of: opening)?.upperBound,
        let end = drawn.range(
          of: "<!-- /\(name) -->", range: start..<drawn.endIndex)?.lowerBound
      else { return nil }
      let table = name == Self.files ? Self.filesTable(results) : Self.runningTable(results)
      drawn.replaceSubrange(start..<end, with: table)
    }
    return drawn
  }

  // MARK: The tables

  /// A row for each file: the machine, how it is linked, its sizes, its OpenSSL.
  private static func filesTable(_ results: Results) -> String {
    let columns = results.columns.map { $0.replacing(" (kB)", with: "") }
    let heads = ["machine", "linked"] + columns + ["with"]
    let rows = results.rows.map { row in
      [row.name, row.contestant] + row.values.map { cell($0, 0) } + [row.note]
    }
    return table(heads, rows, leftCount: 2)
  }

  /// A row for each figure, a column for each program.
  private static func runningTable(_ results: Results) -> String {
    let heads = [""] + results.rows.map(\.contestant)
    var rows = results.columns.indices.map { index in
      let decimals = results.columns[index].hasSuffix("(calls)") ? 0 : 1
      return [results.columns[index]] + results.rows.map { cell($0.values[index], decimals) }
    }
    if let start = results.columns.firstIndex(where: { $0.hasPrefix("start ") }),
      let bare = results.rows.first(where: { $0.contestant == bare })?.values[start]
    {
      rows.append(
        ["start, of the bare client's"]
          + results.rows.map { row in
            row.values[start].map { String(format: "%.2f", $0 / bare) } ?? "–"
          })
    }
    return table(heads, rows, leftCount: 1)
  }

  private static func cell(_ value: Double?, _ decimals: Int) -> String {
    value.map { String(format: "%.\(decimals)f", $0) } ?? "–"
  }

  private static func table(_ heads: [String], _ rows: [[String]], leftCount: Int) -> String {
    let lines = heads.indices.map { $0 < leftCount ? "---" : "---:" }
    return ([heads, lines] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }
}
