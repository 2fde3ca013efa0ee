/// A table in a source's documentation comment.
///
/// A row is indented by five blanks behind the three slashes, and its columns are two blanks or more apart. The first
/// row names them. A row whose first column is empty goes on with the one above it.
struct CommentTable {
  let rows: [[String: String]]

  /// - Parameter columns: names of the columns, in order, which are all that the first row has.
  init(in text: String, columns: [String]) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.firstIndex(where: { Self.words($0) == columns }) else {
      throw TableFault("there is no table of \(columns.joined(separator: ", "))")
    }
    // Where each column begins, as one may be empty.
    var starts: [Int] = []
    for column in columns {
      let head = String(lines[first])
      guard let range = head.firstRange(of: " " + column) else { continue }
      starts.append(head.distance(from: head.startIndex, to: range.lowerBound) + 1)
    }
    var rows: [[String: String]] = []
    for line in lines[(first + 1)...] {
      guard line.hasPrefix("///     ") else { break }
      let fields = Self.fields(Array(line), starts)
      if fields[0].isEmpty {
        guard !rows.isEmpty else { throw TableFault("the first row has no \(columns[0])") }
        for (column, field) in zip(columns, fields) where !field.isEmpty {
          rows[rows.count - 1][column, default: ""] += " " + field
        }
      } else {
        rows.append(Dictionary(uniqueKeysWithValues: zip(columns, fields)))
      }
    }
    self.rows = rows
  }

  private static func words(_ line: Substring) -> [String] {
    line.drop { $0 == "/" }.split(separator: " ").map(String.init)
  }

  private static func fields(_ line: [Character], _ starts: [Int]) -> [String] {
    starts.indices.map { index in
      let end = index + 1 < starts.count ? min(starts[index + 1], line.count) : line.count
      if starts[index] >= end { return "" }
      return words(Substring(String(line[starts[index]..<end]))).joined(separator: " ")
    }
  }
}

/// What is wrong with a table.
public struct TableFault: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
