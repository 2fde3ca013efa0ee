/// A machine's table as a diagram of Mermaid's (`stateDiagram-v2`): one arrow from a state to another, with the events that
/// lead there. What comes out stands in the table alone.
public struct StateDiagram {
  public let text: String

  public init(_ table: TransitionTable) {
    var lines = ["stateDiagram-v2"]
    if let first = table.rows.first.map({ table.states(of: $0.subject)[0] }) {
      lines.append("  [*] --> \(first)")
    }
    let arrows = Self.arrows(table.rows)
    for (name, states) in table.groups {
      lines.append("  state \(name) {")
      // What stays inside of the group.
      lines += arrows.filter { states.contains($0.from) && states.contains($0.to) }
        .map { "    " + $0.text }
      lines.append("  }")
    }
    lines += arrows.filter { arrow in
      !table.groups.contains { $0.states.contains(arrow.from) && $0.states.contains(arrow.to) }
    }.map { "  " + $0.text }
    text = lines.joined(separator: "\n") + "\n"
  }

  private struct Arrow {
    let from: String
    let to: String
    var labels: [String]

    var text: String { "\(from) --> \(to) : \(labels.joined(separator: ", "))" }
  }

  /// In the order of the rows; rows that lead from one state to the same other share an arrow.
  private static func arrows(_ rows: [TransitionTable.Row]) -> [Arrow] {
    var arrows: [Arrow] = []
    for row in rows {
      let label = row.event + (row.condition.isEmpty ? "" : " [\(row.condition)]")
      if let index = arrows.firstIndex(where: { $0.from == row.subject && $0.to == row.next }) {
        arrows[index].labels.append(label)
      } else {
        arrows.append(Arrow(from: row.subject, to: row.next, labels: [label]))
      }
    }
    return arrows
  }
}
