import Foundation

/// Rows of cells in columns that line up: names to the left, figures to the right.
struct Table {
  /// How many columns, from the first, hold names.
  private static let nameColumnCount = 2
  private var rows: [[String]] = []
  /// Lines that stand in the table as they are, by the index of the row they follow.
  private var notes: [Int: [String]] = [:]

  mutating func add(_ cells: [String]) {
    rows.append(cells)
  }

  mutating func add(note: String) {
    notes[rows.count, default: []].append(note)
  }

  var text: String {
    let columnCount = rows.map(\.count).max() ?? 0
    let widths = (0..<columnCount).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    var lines: [String] = []
    for (index, row) in rows.enumerated() {
      lines += notes[index] ?? []
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column < Self.nameColumnCount ? cell + padding : padding + cell
      }
      let line = cells.joined(separator: "  ")
      lines.append("  " + line.replacing(/\s+$/, with: ""))
    }
    lines += notes[rows.count] ?? []
    return lines.joined(separator: "\n")
  }
}
