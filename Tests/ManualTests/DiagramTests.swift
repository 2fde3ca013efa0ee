import Testing

@testable import StateTables

@Suite("State tables")
struct DiagramTests {
  private static let machine = Machine(
    name: "Door", source: "", columns: .init(condition: "when", output: "action"), hasGroups: true)

  private static let text = """
    /// A door.
    ///
    ///     state   event  when    next    action
    ///     open    push   -       shut    -
    ///     shut    push   locked  shut    squeak
    ///     shut    push   else    open    squeak loudly
    ///     there   burn   -       gone    smoke
    ///
    ///     group   states
    ///     there   open shut
    ///
    ///     state   ignores
    ///     open    turn
    ///     shut    turn
    ///     gone    push burn
    ///             turn
    struct Door {}
    """

  private static func faults(_ text: String) throws -> [String] {
    try TransitionTable(machine, text: text)
      .faults(
        states: ["open", "shut", "gone"], events: ["push", "turn", "burn"], conditions: ["locked"])
  }

  @Test("a table is read as it stands, with its groups and what is ignored")
  func reads() throws {
    let table = try TransitionTable(Self.machine, text: Self.text)
    #expect(table.rows(state: "shut", event: "push").map(\.next) == ["shut", "open"])
    #expect(table.rows(state: "shut", event: "push").map(\.output) == ["squeak", "squeak loudly"])
    #expect(table.rows(state: "open", event: "push").map(\.output) == [""])
    #expect(table.rows(state: "open", event: "burn").map(\.next) == ["gone"])
    #expect(table.ignoredCount(state: "gone", event: "turn") == 1)
    #expect(try Self.faults(Self.text) == [])
  }

  @Test("a diagram has an arrow for each pair of states, and a box for each group")
  func draws() throws {
    let diagram = StateDiagram(try TransitionTable(Self.machine, text: Self.text))
    #expect(
      diagram.text == """
        stateDiagram-v2
          [*] --> open
          state there {
            open --> shut : push
            shut --> shut : push [locked]
            shut --> open : push [else]
          }
          there --> gone : burn

        """)
  }

  @Test(
    "a table that leaves something out, says it twice, or says it of nobody is at fault",
    arguments: [
      ("///     shut    turn\n", "", "it says nothing of turn in shut"),
      ("///     open    turn", "///     open    turn push", "it says twice what push does in open"),
      ("else  ", "locked", "it says twice what push does in shut"),
      (
        "///     shut    push   else    open    squeak loudly\n", "",
        "it does not say what push does in shut else"
      ),
      (
        "shut    push   locked  shut    squeak", "shut    push   -       shut    squeak",
        "a row on push in shut is never reached"
      ),
      ("locked", "loked ", "'loked' is no condition"),
      ("gone    push", "gome    push", "'gome' is no state"),
      ("burn   -", "born   -", "'born' is no event"),
      ("open shut", "open sbut", "'sbut' is no state"),
    ])
  func findsFaults(part: String, other: String, fault: String) throws {
    #expect(Self.text.contains(part))
    #expect(try Self.faults(Self.text.replacing(part, with: other)).contains(fault))
  }

  @Test("a source without the table is at fault", arguments: ["", "///     state  event  next\n"])
  func missesTable(text: String) {
    #expect(throws: TableFault.self) { try TransitionTable(Self.machine, text: text) }
  }
}
