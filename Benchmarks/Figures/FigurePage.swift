import Foundation

/// docs/performance.md: its table, between two comments, is the one place that figures are quoted from.
///
/// Another page puts a comment behind a figure: `<!-- figure: ROW COLUMN -->`, or
/// `<!-- figure: ROW COLUMN/COLUMN -->` for the first over the second. COLUMN is localproxy, reference, floor, ssh or
/// stunnel; the rows' names stand in the table, in comments too.
public struct FigurePage {
  private static let opening = "<!-- table -->\n"
  private static let closing = "<!-- /table -->"

  public let table: String
  private let before: String
  private let after: String
  /// By row and contestant.
  private var cells: [String: [String: Double]] = [:]

  /// Nil without the two comments.
  public init?(_ text: String) {
    guard let start = text.range(of: Self.opening)?.upperBound,
      let end = text.range(of: Self.closing, range: start..<text.endIndex)?.lowerBound
    else { return nil }
    before = String(text[..<start])
    table = String(text[start..<end])
    after = String(text[end...])
    readTable()
  }

  public func text(with table: String) -> String { before + table + after }

  private mutating func readTable() {
    let rows = table.split(separator: "\n").map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    let heads = rows.first ?? []
    for row in rows.dropFirst(2) where row.count == heads.count {
      guard let match = row[1].firstMatch(of: /<!-- row: (\S+) -->/) else { continue }
      for (contestant, head) in FigureTable.contestants {
        guard let column = heads.firstIndex(of: head) else { continue }
        cells[String(match.1), default: [:]][contestant] = Self.lastNumber(in: row[column])?.value
      }
    }
  }

  // MARK: Quotes

  /// What is wrong with the quotes of another page; a line for each that is.
  public func complaints(about text: String) -> [String] {
    text.matches(of: /<!-- figure:\s*(.*?)\s*-->/).compactMap { match in
      let marker = String(match.1).replacing(/\s+/, with: " ")
      guard let value = value(of: marker) else {
        return "'\(marker)': the table has no such figure"
      }
      guard let quoted = Self.lastNumber(in: Self.paragraph(before: match.range, of: text)) else {
        return "'\(marker)': no number stands before the comment"
      }
      let figure = quoted.isPercentage ? value * 100 : value
      if quoted.isRounded(from: figure) { return nil }
      let shown = String(format: "%.4g", figure)
      return "'\(marker)': \(quoted.text) is quoted, but docs/performance.md has \(shown)"
    }
  }

  /// Of "ROW COLUMN" or "ROW COLUMN/COLUMN".
  private func value(of marker: String) -> Double? {
    let words = marker.split(separator: " ")
    guard words.count == 2, let row = cells[String(words[0])] else { return nil }
    let values = words[1].split(separator: "/").map { row[String($0)] }
    switch values.count {
    case 1: return values[0]
    case 2:
      guard let one = values[0], let other = values[1], other != 0 else { return nil }
      return one / other
    default: return nil
    }
  }

  /// Without comments and the targets of links.
  private static func paragraph(before range: Range<String.Index>, of text: String) -> String {
    let part = text[..<range.lowerBound]
    let start = part.range(of: "\n\n", options: .backwards)?.upperBound ?? text.startIndex
    return part[start...].replacing(/<!--.*?-->/.dotMatchesNewlines(), with: "")
      .replacing(/\]\([^)]*\)/, with: "]").description
  }

  private struct Number {
    let text: String
    let value: Double
    var isPercentage = false

    /// Whether it is the figure with fewer digits, and no more than a tenth off.
    func isRounded(from figure: Double) -> Bool {
      let digits = text.filter(\.isWholeNumber)
      let decimals = text.firstIndex(of: ".").map { text[$0...].count - 1 } ?? 0
      let zeros = decimals > 0 ? 0 : digits.reversed().prefix { $0 == "0" }.count
      let step = pow(10, Double(zeros - decimals))
      let difference = abs(figure - value)
      return difference <= step * 0.5001 && difference <= abs(figure) * 0.1
    }
  }

  /// A number that is no part of a word, such as the one in p99.
  private static func lastNumber(in text: String) -> Number? {
    guard let match = text.matches(of: /\b[0-9][0-9,]*(\.[0-9]+)?/).last else { return nil }
    let digits = String(match.0)
    guard let value = Double(digits.replacing(",", with: "")) else { return nil }
    let rest = text[match.range.upperBound...].trimmingCharacters(in: .whitespaces)
    return Number(text: digits, value: value, isPercentage: rest.hasPrefix("%"))
  }
}
