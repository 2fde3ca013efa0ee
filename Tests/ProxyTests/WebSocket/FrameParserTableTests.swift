import StateTables
import Testing

@testable import WebSocket

@Suite("FrameParser's table")
struct FrameParserTableTests {
  /// A client's parser that has come into this state; four octets of payload are missing in `payload`.
  private static func make(_ state: String) -> FrameParser {
    var parser = FrameParser(role: .client, payloadLengthMax: 100)
    switch state {
    case "payload": _ = parser.next(([0x82, 4] as [UInt8]).span)
    case "failed": _ = parser.next(([0xf2, 4] as [UInt8]).span)
    default: break
    }
    return parser
  }

  private static func name(_ state: FrameParser.State) -> String {
    switch state {
    case .header: "header"
    case .payload: "payload"
    case .failed: "failed"
    }
  }

  private static func name(_ step: FrameParser.Step) -> String {
    switch step {
    case .needMore: "needMore"
    case .frame: "frame"
    case .payload(_, _, isLast: false): "payload"
    case .payload(_, _, isLast: true): "payload, the last"
    case .control: "control"
    case .violation: "violation"
    }
  }

  private static let inputs: [String: [[UInt8]]] = [
    "nothing": [[]], "partOfHeader": [[0x82], [0x82, 126], [0x82, 126, 0], [0x01, 127, 0, 0]],
    "dataHeader": [[0x82, 0], [0x82, 3, 1], [0x01, 100], [0x81, 4, 1, 2, 3, 4, 5]],
    "partOfControl": [[0x89], [0x89, 1], [0x88, 2, 3]], "control": [[0x8a, 0], [0x89, 1, 1, 1]],
    "violation": [
      [0xf2, 0], [0x83, 0], [0x82, 0x84], [0x09, 0], [0x89, 126], [0x80, 0], [0x82, 101],
      [0x82, 126, 0, 1], [0xc2, 0],
    ],
    "part": [[1], [0x82, 0, 1]], "rest": [[1, 2, 3, 4], [1, 2, 3, 4, 0xf2, 0]],
    "anything": [[], [0x82], [0x82, 0], [0x89, 0], [0x8a, 0, 1], [0xf2, 0]],
  ]

  /// What may come in each state.
  private static let inputsOfState = [
    "header": ["nothing", "partOfHeader", "dataHeader", "partOfControl", "control", "violation"],
    "payload": ["nothing", "part", "rest"], "failed": ["anything"],
  ]

  @Test("the table in the source says what comes of whatever octets in each state")
  func followsTable() throws {
    let table = try TransitionTable(.frameParser)
    #expect(table.rows.count == Self.inputsOfState.values.reduce(0) { $0 + $1.count })
    for (state, names) in Self.inputsOfState {
      #expect(Self.name(Self.make(state).state) == state)
      for name in names {
        let rows = table.rows(state: state, event: name)
        #expect(rows.count == 1, "\(state), \(name)")
        for octets in Self.inputs[name] ?? [] {
          var parser = Self.make(state)
          let step = parser.next(octets.span)
          #expect(Self.name(parser.state) == rows.first?.next, "\(state), \(octets)")
          #expect(Self.name(step) == rows.first?.output, "\(state), \(octets)")
        }
      }
    }
  }
}
