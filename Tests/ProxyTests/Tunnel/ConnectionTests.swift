import Proxy
import Testing

@Suite("Connection")
struct ConnectionTests {
  /// One row of the table in `Connection`'s header. nil stands for both roles, or for pending or not.
  struct Rule: Sendable {
    let state: Connection
    let event: Connection.Event
    var role: TunnelRole?
    var hasPending: Bool?
    let next: Connection
    let action: Connection.Action

    init(
      _ state: Connection, _ event: Connection.Event, at role: TunnelRole? = nil,
      pending hasPending: Bool? = nil, _ next: Connection, _ action: Connection.Action
    ) {
      self.state = state
      self.event = event
      self.role = role
      self.hasPending = hasPending
      self.next = next
      self.action = action
    }
  }

  private static let rules: [Rule] = [
    Rule(.opening, .connected, .open, .relay),
    Rule(.opening, .connectFailed, .closed, .resetPeerAndClose),
    Rule(.opening, .localEnd, .opening, .none),
    Rule(.opening, .localFailure, .closed, .resetPeerAndClose),
    Rule(.opening, .peerReset, pending: true, .draining, .drain),
    Rule(.opening, .peerReset, pending: false, .closed, .close),
    Rule(.opening, .drained, .opening, .none),
    Rule(.opening, .expired, .closed, .resetPeerAndClose),

    Rule(.open, .connected, .open, .none),
    Rule(.open, .connectFailed, .open, .none),
    Rule(.open, .localEnd, at: .source, .halfClosed, .linger),
    Rule(.open, .localEnd, at: .destination, pending: true, .draining, .resetPeerAndDrain),
    Rule(.open, .localEnd, at: .destination, pending: false, .closed, .resetPeerAndClose),
    Rule(.open, .localFailure, .closed, .resetPeerAndClose),
    Rule(.open, .peerReset, pending: true, .draining, .drain),
    Rule(.open, .peerReset, pending: false, .closed, .close),
    Rule(.open, .drained, .open, .none),
    Rule(.open, .expired, .closed, .resetPeerAndClose),

    Rule(.halfClosed, .connected, .halfClosed, .none),
    Rule(.halfClosed, .connectFailed, .halfClosed, .none),
    Rule(.halfClosed, .localEnd, .halfClosed, .none),
    Rule(.halfClosed, .localFailure, .closed, .resetPeerAndClose),
    Rule(.halfClosed, .peerReset, pending: true, .draining, .drain),
    Rule(.halfClosed, .peerReset, pending: false, .closed, .close),
    Rule(.halfClosed, .drained, .halfClosed, .none),
    Rule(.halfClosed, .expired, .closed, .resetPeerAndClose),

    Rule(.draining, .connected, .draining, .none),
    Rule(.draining, .connectFailed, .closed, .close),
    Rule(.draining, .localEnd, .draining, .none),
    Rule(.draining, .localFailure, .closed, .close),
    Rule(.draining, .peerReset, .draining, .none),
    Rule(.draining, .drained, .closed, .close),
    Rule(.draining, .expired, .closed, .close),

    Rule(.closed, .connected, .closed, .none),
    Rule(.closed, .connectFailed, .closed, .none),
    Rule(.closed, .localEnd, .closed, .none),
    Rule(.closed, .localFailure, .closed, .none),
    Rule(.closed, .peerReset, .closed, .none),
    Rule(.closed, .drained, .closed, .none),
    Rule(.closed, .expired, .closed, .none),
  ]

  private static let states: [Connection] = [.opening, .open, .halfClosed, .draining, .closed]
  private static let roles: [TunnelRole] = [.source, .destination]

  @Test("each event does in each state what the table says", arguments: states, roles)
  func followsTable(state: Connection, role: TunnelRole) {
    for event in Connection.Event.allCases {
      for hasPending in [true, false] {
        let rules = Self.rules.filter {
          $0.state == state && $0.event == event && ($0.role ?? role) == role
            && ($0.hasPending ?? hasPending) == hasPending
        }
        #expect(rules.count == 1, "the table has one row for \(state), \(event)")
        guard let rule = rules.first else { continue }
        var connection = state
        let action = connection.handle(event, role: role, hasPending: hasPending)
        #expect(connection == rule.next, "\(state), \(event), pending \(hasPending)")
        #expect(action == rule.action, "\(state), \(event), pending \(hasPending)")
      }
    }
  }

  @Test("the peer's data is wanted until the connection is over for the peer", arguments: states)
  func takesData(state: Connection) {
    #expect(state.takesData == [.opening, .open, .halfClosed].contains(state))
  }

  @Test("a role names the mode of the request's query")
  func namesMode() {
    #expect(TunnelRole.source.localProxyMode == "source")
    #expect(TunnelRole.destination.localProxyMode == "destination")
  }
}
