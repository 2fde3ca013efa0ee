import Foundation
import Testing

/// The table of a state machine in the comment of its source, as the tests read it.
///
/// A row is indented by five blanks behind the three slashes, and its columns are two blanks or more apart; the first row
/// names them.
struct TransitionTable {
  let rows: [[String: String]]

  /// - Parameters:
  ///   - source: path below `Sources`.
  ///   - columns: names of the columns, the first of which is the table's first word.
  init(in source: String, columns: [String]) throws {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    let text = try String(contentsOfFile: root + "/Sources/" + source, encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(
      lines.firstIndex { Self.fields($0) == columns }, "\(source) has no table of \(columns)")
    let head = lines[first]
    // Where each column begins, as one may be empty.
    let starts = try columns.map { column in
      let range = try #require(head.range(of: "  " + column) ?? head.range(of: column))
      return head.distance(from: head.startIndex, to: range.upperBound) - column.count
    }
    var rows: [[String: String]] = []
    for line in lines[(first + 1)...] {
      guard line.hasPrefix("///     ") else { break }
      let characters = Array(line)
      var row: [String: String] = [:]
      for (index, column) in columns.enumerated() {
        let end =
          index + 1 < starts.count ? min(starts[index + 1], characters.count) : characters.count
        let field = starts[index] < end ? String(characters[starts[index]..<end]) : ""
        row[column] = field.trimmingCharacters(in: .whitespaces)
      }
      rows.append(row)
    }
    self.rows = rows
  }

  private static func fields(_ line: Substring) -> [String] {
    line.drop { $0 == "/" }.split(separator: " ").map(String.init)
  }
}
