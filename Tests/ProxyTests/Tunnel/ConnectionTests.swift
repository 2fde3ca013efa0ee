import StateTables
import Testing
import Tunnel

@Suite("Connection")
struct ConnectionTests {
  private static let states: [Connection] = [
    .opening, .openingPeerEnded, .open, .localEnded, .peerEnded, .draining(isCut: false),
    .draining(isCut: true), .closed,
  ]

  /// As the table calls it.
  private static func name(_ state: Connection) -> String {
    switch state {
    case .opening: "opening"
    case .openingPeerEnded: "openingPeerEnded"
    case .open: "open"
    case .localEnded: "localEnded"
    case .peerEnded: "peerEnded"
    case .draining(isCut: false): "draining"
    case .draining(isCut: true): "drainingCut"
    case .closed: "closed"
    }
  }

  @Test("the table in the source says what each event does in each state, and what changes nothing")
  func followsTable() throws {
    let table = try TransitionTable(.connection)
    let events = Connection.Event.allCases
    #expect(
      table.faults(
        states: Self.states.map(Self.name), events: events.map { "\($0)" },
        conditions: ["negotiated", "source", "pending"]) == [])
    for state in Self.states {
      for event in events {
        for role in [TunnelRole.source, .destination] {
          for (hasPending, isNegotiated) in [
            (true, true), (true, false), (false, true), (false, false),
          ] {
            let name = Self.name(state)
            let row = table.rows(state: name, event: "\(event)").first { row in
              switch row.condition {
              case "negotiated": isNegotiated
              case "source": role == .source
              case "pending": hasPending
              default: true
              }
            }
            var connection = state
            let action = connection.handle(
              event, role: role, hasPending: hasPending, isNegotiated: isNegotiated)
            let what =
              "\(name), \(event), \(role), pending \(hasPending), negotiated \(isNegotiated)"
            #expect(Self.name(connection) == row?.next ?? name, "\(what)")
            #expect(
              (action == .none ? "" : "\(action)") == row?.output ?? "", "\(what)")
          }
        }
      }
    }
  }

  @Test("the peer's data is wanted until the connection is over for the peer", arguments: states)
  func takesData(state: Connection) {
    #expect(state.takesData == [.opening, .open, .localEnded].contains(state))
  }

  @Test("a role names the mode of the request's query")
  func namesMode() {
    #expect(TunnelRole.source.localProxyMode == "source")
    #expect(TunnelRole.destination.localProxyMode == "destination")
  }
}
