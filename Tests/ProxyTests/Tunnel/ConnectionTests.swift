import Testing
import Tunnel

@Suite("Connection")
struct ConnectionTests {
  /// One row of the table in `Connection`'s header. nil stands for both: roles, pending or not, negotiated or
  /// not.
  struct Rule: Sendable {
    let state: Connection
    let event: Connection.Event
    var role: TunnelRole?
    var isNegotiated: Bool?
    var hasPending: Bool?
    let next: Connection
    let action: Connection.Action

    init(
      _ state: Connection, _ event: Connection.Event, at role: TunnelRole? = nil,
      negotiated isNegotiated: Bool? = nil, pending hasPending: Bool? = nil, _ next: Connection,
      _ action: Connection.Action
    ) {
      self.state = state
      self.event = event
      self.role = role
      self.isNegotiated = isNegotiated
      self.hasPending = hasPending
      self.next = next
      self.action = action
    }
  }

  /// All that does something; every other event leaves the state and asks for nothing.
  private static let rules: [Rule] =
    [
      Rule(.opening, .connected, .open, .relay),
      Rule(.opening, .connectFailed, .closed, .cutBoth),
      Rule(.opening, .peerEnd, .openingPeerEnded, .none),

      Rule(.openingPeerEnded, .connected, .peerEnded, .relayAndEndLocal),
      Rule(.openingPeerEnded, .connectFailed, .closed, .cutBoth),

      Rule(.open, .localEnd, negotiated: true, .localEnded, .endPeer),
      Rule(.open, .localEnd, at: .source, negotiated: false, .localEnded, .linger),
      Rule(
        .open, .localEnd, at: .destination, negotiated: false, pending: true, draining,
        .resetPeerAndDrain),
      Rule(
        .open, .localEnd, at: .destination, negotiated: false, pending: false, .closed,
        .resetPeerAndClose),
      Rule(.open, .peerEnd, .peerEnded, .endLocal),

      Rule(.localEnded, .agreed, .localEnded, .endPeer),
      Rule(.localEnded, .peerEnd, pending: true, draining, .drain),
      Rule(.localEnded, .peerEnd, pending: false, .closed, .close),
      // The client has ended in good order, whatever becomes of its answer.
      Rule(.localEnded, .expired, .closed, .resetPeerAndCut),

      Rule(.peerEnded, .localEnd, pending: true, draining, .endPeerAndDrain),
      Rule(.peerEnded, .localEnd, pending: false, .closed, .endPeerAndClose),

      Rule(draining, .drained, .closed, .close),
      Rule(.draining(isCut: true), .drained, .closed, .cut),
    ]
    + [false, true].flatMap { isCut in
      [
        Rule(.draining(isCut: isCut), .localClose, .closed, .close),
        Rule(.draining(isCut: isCut), .connectFailed, .closed, .cut),
        Rule(.draining(isCut: isCut), .localFailure, .closed, .cut),
        Rule(.draining(isCut: isCut), .evicted, .closed, .cut),
        Rule(.draining(isCut: isCut), .expired, .closed, .cut),
      ]
    }
    + liveStates.filter { $0 != .localEnded }.map { Rule($0, .expired, .closed, .cutBoth) }
    + liveStates.flatMap { state in
      [
        Rule(state, .localFailure, .closed, .cutBoth),
        Rule(state, .evicted, .closed, .cutBoth),
        Rule(state, .localClose, .closed, .resetPeerAndClose),
        Rule(state, .peerReset, pending: true, draining, .drain),
        Rule(state, .peerReset, pending: false, .closed, .close),
        Rule(state, .peerCut, pending: true, .draining(isCut: true), .drain),
        Rule(state, .peerCut, pending: false, .closed, .cut),
      ]
    }

  private static let draining = Connection.draining(isCut: false)
  private static let liveStates: [Connection] = [
    .opening, .openingPeerEnded, .open, .localEnded, .peerEnded,
  ]
  private static let states = liveStates + [draining, .draining(isCut: true), .closed]
  private static let roles: [TunnelRole] = [.source, .destination]

  @Test("each event does in each state what the table says", arguments: states, roles)
  func followsTable(state: Connection, role: TunnelRole) {
    for event in Connection.Event.allCases {
      for (hasPending, isNegotiated) in [
        (true, true), (true, false), (false, true), (false, false),
      ] {
        let rules = Self.rules.filter {
          $0.state == state && $0.event == event && ($0.role ?? role) == role
            && ($0.hasPending ?? hasPending) == hasPending
            && ($0.isNegotiated ?? isNegotiated) == isNegotiated
        }
        #expect(rules.count <= 1, "the table has one row for \(state), \(event)")
        var connection = state
        let action = connection.handle(
          event, role: role, hasPending: hasPending, isNegotiated: isNegotiated)
        let what = "\(state), \(event), pending \(hasPending), negotiated \(isNegotiated)"
        #expect(connection == rules.first?.next ?? state, "\(what)")
        #expect(action == rules.first?.action ?? Connection.Action.none, "\(what)")
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
