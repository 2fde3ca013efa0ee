import StateTables

/// The generated part of ARCHITECTURE.md: the state machines, out of the tables in their sources.
enum Diagrams {
  private static let begin = "<!-- state machines, written by make docs -->\n"
  private static let end = "<!-- end of state machines -->"

  /// Replaces what stands between the markers; nil without them.
  /// - Parameter root: the package's folder.
  static func insert(into document: String, root: String) throws -> String? {
    let parts = document.split(separator: begin, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let rest = parts[1].split(separator: end, maxSplits: 1, omittingEmptySubsequences: false)
    guard rest.count == 2 else { return nil }
    let diagrams = try Machine.all.map { machine in
      let diagram = StateDiagram(try TransitionTable(machine, root: root))
      return "\n`\(machine.name)`:\n\n```mermaid\n\(diagram.text)```\n"
    }
    return "\(parts[0])\(begin)\(diagrams.joined())\n\(end)\(rest[1])"
  }
}
