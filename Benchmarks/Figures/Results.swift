import Foundation

/// The figures of one measurement as they are kept: tab-separated values, a row for each case and contestant, and
/// before them what was measured, when and on what. Whatever draws or quotes figures reads them from there.
public struct Results {
  public struct Row {
    public let name: String
    public let contestant: String
    /// Nil where there is no figure.
    public let values: [Double?]
    /// What else became of it, such as that a program ended; else empty.
    public let note: String
  }

  /// The line before the first row.
  private static let nameColumns = ["case", "contestant"]
  private static let noteColumn = "note"
  private static let missing = "-"

  public let comments: [String]
  /// With their units: "speed (MB/s)".
  public let columns: [String]
  public private(set) var rows: [Row] = []

  public init(comments: [String], columns: [String]) {
    self.comments = comments
    self.columns = columns
  }

  /// Nil for what is not such a file.
  public init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    comments = lines.prefix { $0.hasPrefix("#") }.map { String($0.dropFirst(2)) }
    let table = lines.filter { !$0.hasPrefix("#") }.map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let heads = table.first, Array(heads.prefix(2)) == Self.nameColumns,
      heads.last == Self.noteColumn
    else { return nil }
    columns = Array(heads.dropFirst(2).dropLast())
    for cells in table.dropFirst() {
      guard cells.count == heads.count else { return nil }
      rows.append(
        Row(
          name: cells[0], contestant: cells[1], values: cells[2...].dropLast().map(Double.init),
          note: cells.last ?? ""))
    }
  }

  public mutating func add(_ row: Row) { rows.append(row) }

  public mutating func add(
    _ name: String, _ contestant: String, _ values: [Double]?, note: String = ""
  ) {
    add(
      Row(
        name: name, contestant: contestant,
        values: values.map { $0.map { $0.isFinite ? $0 : nil } } ?? columns.map { _ in nil },
        note: note.replacing("\t", with: " ").replacing("\n", with: " ")))
  }

  public var text: String {
    let heads = (Self.nameColumns + columns + [Self.noteColumn]).joined(separator: "\t")
    let lines = rows.map { row in
      ([row.name, row.contestant] + row.values.map(Self.number) + [row.note])
        .joined(separator: "\t")
    }
    return (comments.map { "# \($0)" } + [heads] + lines).joined(separator: "\n") + "\n"
  }

  /// - Parameter column: its name with or without the unit.
  func value(_ name: String, _ contestant: String, _ column: String) -> Double? {
    guard let row = rows.first(where: { $0.name == name && $0.contestant == contestant }),
      let index = columns.firstIndex(where: { $0 == column || $0.hasPrefix(column + " (") })
    else { return nil }
    return row.values[index]
  }

  /// Whether it was tried in vain, for which its note gives the reason.
  func failed(_ name: String, _ contestant: String) -> Bool {
    rows.contains {
      $0.name == name && $0.contestant == contestant && $0.note.hasPrefix("failed")
    }
  }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: "%.6g", $0) } ?? missing
  }
}
