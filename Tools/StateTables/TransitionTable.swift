import Foundation

/// The table of a state machine, as it stands in the comment of its source: what each event does in each state, and
/// what each state ignores.
///
/// Its columns are the state, the event, a condition (where the machine has any), the next state and what comes out. Of
/// the rows of one state and event the first whose condition holds counts. A second table, `state  ignores`, names the
/// events that change nothing. A third, `group  states`, may give a name to several states with rows in common.
public struct TransitionTable: Sendable {
  public struct Row: Sendable {
    /// As the row says it: a state, or a group.
    public let subject: String
    public let event: String
    /// "" for none.
    public let condition: String
    public let next: String
    /// "" for nothing.
    public let output: String
  }

  public let machine: Machine
  public let rows: [Row]
  /// States by group.
  public let groups: [(name: String, states: [String])]
  private let ignored: [String: [String]]

  /// - Parameter root: the package's folder.
  public init(_ machine: Machine, root: String) throws {
    let text = try String(contentsOfFile: root + "/" + machine.source, encoding: .utf8)
    try self.init(machine, text: text)
  }

  init(_ machine: Machine, text: String) throws {
    self.machine = machine
    let columns = machine.columns
    let table = try CommentTable(in: text, columns: columns.all)
    rows = table.rows.map { row in
      Row(
        subject: row[columns.state] ?? "", event: row[columns.event] ?? "",
        condition: Self.field(columns.condition.flatMap { row[$0] }),
        next: row[columns.next] ?? "", output: Self.field(columns.output.flatMap { row[$0] }))
    }
    groups =
      machine.hasGroups
      ? try CommentTable(in: text, columns: ["group", "states"]).rows.map { row in
        (row["group"] ?? "", Self.words(row["states"]))
      } : []
    var ignored: [String: [String]] = [:]
    if machine.ignores {
      for row in try CommentTable(in: text, columns: [columns.state, "ignores"]).rows {
        ignored[row[columns.state] ?? "", default: []] += Self.words(row["ignores"])
      }
    }
    self.ignored = ignored
  }

  private static func field(_ text: String?) -> String { text == "-" ? "" : text ?? "" }

  private static func words(_ text: String?) -> [String] {
    (text ?? "").split(separator: " ").map(String.init)
  }

  /// The rows on an event in a state, in order.
  public func rows(state: String, event: String) -> [Row] {
    rows.filter { $0.event == event && states(of: $0.subject).contains(state) }
  }

  /// How often the table says that the state ignores the event.
  public func ignoredCount(state: String, event: String) -> Int {
    (ignored[state] ?? []).count { $0 == event }
  }

  /// Of a group or of itself.
  public func states(of subject: String) -> [String] {
    groups.first { $0.name == subject }?.states ?? [subject]
  }

  /// What the table says of states, events and conditions that are not the machine's, and of pairs that it has twice or
  /// leaves out.
  public func faults(states: [String], events: [String], conditions: Set<String> = []) -> [String] {
    var faults: [String] = []
    for row in rows {
      for state in self.states(of: row.subject) + [row.next] where !states.contains(state) {
        faults.append("'\(state)' is no state")
      }
      if !events.contains(row.event) { faults.append("'\(row.event)' is no event") }
      if !row.condition.isEmpty && row.condition != "else" && !conditions.contains(row.condition) {
        faults.append("'\(row.condition)' is no condition")
      }
    }
    for (state, names) in ignored.sorted(by: { $0.key < $1.key }) {
      if !states.contains(state) { faults.append("'\(state)' is no state") }
      for event in names where !events.contains(event) { faults.append("'\(event)' is no event") }
    }
    for state in states {
      for event in events { faults += self.faults(state: state, event: event) }
    }
    return faults
  }

  private func faults(state: String, event: String) -> [String] {
    let rows = rows(state: state, event: event)
    let ignoredCount = ignoredCount(state: state, event: event)
    if rows.isEmpty && ignoredCount == 0 { return ["it says nothing of \(event) in \(state)"] }
    if ignoredCount > 1 || ignoredCount == 1 && !rows.isEmpty {
      return ["it says twice what \(event) does in \(state)"]
    }
    let conditions = rows.map { $0.condition }
    if Set(conditions).count < conditions.count {
      return ["it says twice what \(event) does in \(state)"]
    }
    // The last row is for whatever the others are not for.
    if let last = conditions.last, last != (rows.count > 1 ? "else" : "") {
      return ["it does not say what \(event) does in \(state) else"]
    }
    return conditions.dropLast().contains { $0.isEmpty || $0 == "else" }
      ? ["a row on \(event) in \(state) is never reached"] : []
  }
}
