/// The life of one local connection inside of a tunnel.
///
///     state             event          when        next              action
///     opening           connected      -           open              relay
///     opening           connectFailed  -           closed            cutBoth
///     opening           peerEnd        -           openingPeerEnded  -
///     opening           expired        -           closed            cutBoth
///     openingPeerEnded  connected      -           peerEnded         relayAndEndLocal
///     openingPeerEnded  connectFailed  -           closed            cutBoth
///     openingPeerEnded  expired        -           closed            cutBoth
///     open              localEnd       negotiated  localEnded        endPeer
///     open              localEnd       source      localEnded        linger
///     open              localEnd       pending     draining          resetPeerAndDrain
///     open              localEnd       else        closed            resetPeerAndClose
///     open              peerEnd        -           peerEnded         endLocal
///     open              expired        -           closed            cutBoth
///     localEnded        agreed         -           localEnded        endPeer
///     localEnded        peerEnd        pending     draining          drain
///     localEnded        peerEnd        else        closed            close
///     localEnded        expired        -           closed            resetPeerAndCut
///     peerEnded         localEnd       pending     draining          endPeerAndDrain
///     peerEnded         localEnd       else        closed            endPeerAndClose
///     peerEnded         expired        -           closed            cutBoth
///     live              localClose     -           closed            resetPeerAndClose
///     live              localFailure   -           closed            cutBoth
///     live              evicted        -           closed            cutBoth
///     live              peerReset      pending     draining          drain
///     live              peerReset      else        closed            close
///     live              peerCut        pending     drainingCut       drain
///     live              peerCut        else        closed            cut
///     draining          drained        -           closed            close
///     draining          localClose     -           closed            close
///     draining          connectFailed  -           closed            cut
///     draining          localFailure   -           closed            cut
///     draining          evicted        -           closed            cut
///     draining          expired        -           closed            cut
///     drainingCut       drained        -           closed            cut
///     drainingCut       localClose     -           closed            close
///     drainingCut       connectFailed  -           closed            cut
///     drainingCut       localFailure   -           closed            cut
///     drainingCut       evicted        -           closed            cut
///     drainingCut       expired        -           closed            cut
///
///     group             states
///     live              opening openingPeerEnded open localEnded peerEnded
///
///     state             ignores
///     opening           localEnd drained agreed
///     openingPeerEnded  localEnd peerEnd drained agreed
///     open              connected connectFailed drained agreed
///     localEnded        connected connectFailed localEnd drained
///     peerEnded         connected connectFailed peerEnd drained agreed
///     draining          connected localEnd peerEnd peerReset peerCut agreed
///     drainingCut       connected localEnd peerEnd peerReset peerCut agreed
///     closed            connected connectFailed localEnd localFailure peerEnd drained expired evicted localClose
///                       peerReset peerCut agreed
///
/// Of several rows the first counts whose condition holds. "Pending" is what the peer sent and the local side has not
/// taken. `expired` is the end of the patience with a half-closed or a draining connection, `evicted` one that holds up
/// others. "Negotiated" means that both proxies know each other's marks (`TunnelSession`). `drainingCut` is
/// `draining(isCut: true)`.
///
/// An end is shown to an application as one (FIN) only where the application at the other end has made it. Whatever
/// else ends a connection is *cut*, and shown as a reset, lest a part is taken for the whole.
public enum Connection: Equatable, Sendable {
  /// The destination is connecting; what the peer sends meanwhile waits.
  case opening
  /// The same, and the peer's direction has ended already.
  case openingPeerEnded
  case open
  /// The local side sent its end of file; what the peer sends still goes out.
  case localEnded
  /// The peer sent its end of file; what the local side sends still goes to the peer.
  case peerEnded
  /// Over for the peer. What is pending still goes out, then the local side is closed, or cut.
  case draining(isCut: Bool)
  case closed

  /// What the peer sends is still wanted.
  public var takesData: Bool {
    switch self {
    case .opening, .open, .localEnded: true
    case .openingPeerEnded, .peerEnded, .draining, .closed: false
    }
  }

  public var isDraining: Bool {
    switch self {
    case .draining: true
    case .opening, .openingPeerEnded, .open, .localEnded, .peerEnded, .closed: false
    }
  }

  public enum Event: CaseIterable, Sendable {
    case connected, connectFailed, localEnd, localFailure, peerEnd, drained, expired, evicted
    /// The local side has closed both directions in good order.
    case localClose
    /// The application at the other end has closed the connection.
    case peerReset
    /// The connection is over at the other end, but nobody has closed it.
    case peerCut
    /// The peer turns out to know how to end one direction.
    case agreed
  }

  public enum Action: Equatable, Sendable {
    case none
    /// Start to read the local side.
    case relay
    /// The same, and end the local side's direction once nothing is pending.
    case relayAndEndLocal
    /// End the direction to the local side once nothing is pending.
    case endLocal
    /// Stop to read the local side, and tell the peer that its direction has ended.
    case endPeer
    /// Stop to read the local side, and wait for the peer to end the connection.
    case linger
    /// Stop to read the local side, and close it once nothing is pending.
    case drain
    case close
    /// Reset the local side, once the system has delivered what it has for it.
    case cut
    case endPeerAndDrain
    case endPeerAndClose
    /// Tell the peer that the local side has closed.
    case resetPeerAndDrain
    case resetPeerAndClose
    /// The local side had ended in good order, but its answer is cut off.
    case resetPeerAndCut
    /// Reset the local side at once, and tell the peer that the connection was cut.
    case cutBoth
  }

  /// - Parameters:
  ///   - role: without negotiation only a source can have a client that half-closes and waits.
  ///   - hasPending: bytes for the local side are waiting.
  ///   - isNegotiated: the peer takes and sends ends of one direction.
  public mutating func handle(
    _ event: Event, role: TunnelRole, hasPending: Bool, isNegotiated: Bool
  ) -> Action {
    switch (self, event) {
    case (.closed, _): return .none
    case (.draining(let isCut), .drained):
      self = .closed
      return isCut ? .cut : .close
    case (.draining, .localClose):
      self = .closed
      return .close
    case (.draining, .connectFailed), (.draining, .localFailure), (.draining, .evicted),
      (.draining, .expired):
      self = .closed
      return .cut
    case (.draining, .connected), (.draining, .localEnd), (.draining, .peerEnd),
      (.draining, .peerReset), (.draining, .peerCut), (.draining, .agreed):
      return .none
    case (_, .peerReset), (.localEnded, .peerEnd):
      self = hasPending ? .draining(isCut: false) : .closed
      return hasPending ? .drain : .close
    case (_, .peerCut):
      self = hasPending ? .draining(isCut: true) : .closed
      return hasPending ? .drain : .cut
    case (_, .localClose):
      self = .closed
      return .resetPeerAndClose
    case (.localEnded, .expired):
      self = .closed
      return .resetPeerAndCut
    case (_, .localFailure), (_, .evicted), (_, .expired), (.opening, .connectFailed),
      (.openingPeerEnded, .connectFailed):
      self = .closed
      return .cutBoth
    case (.opening, .connected):
      self = .open
      return .relay
    case (.openingPeerEnded, .connected):
      self = .peerEnded
      return .relayAndEndLocal
    case (.opening, .peerEnd):
      self = .openingPeerEnded
      return .none
    case (.open, .peerEnd):
      self = .peerEnded
      return .endLocal
    case (.open, .localEnd) where isNegotiated:
      self = .localEnded
      return .endPeer
    case (.open, .localEnd) where role == .source:
      self = .localEnded
      return .linger
    case (.open, .localEnd):
      self = hasPending ? .draining(isCut: false) : .closed
      return hasPending ? .resetPeerAndDrain : .resetPeerAndClose
    case (.localEnded, .agreed): return .endPeer
    case (.peerEnded, .localEnd):
      self = hasPending ? .draining(isCut: false) : .closed
      return hasPending ? .endPeerAndDrain : .endPeerAndClose
    case (.opening, .localEnd), (.opening, .drained), (.opening, .agreed),
      (.openingPeerEnded, .localEnd), (.openingPeerEnded, .peerEnd),
      (.openingPeerEnded, .drained), (.openingPeerEnded, .agreed),
      (.open, .connected), (.open, .connectFailed), (.open, .drained), (.open, .agreed),
      (.localEnded, .connected), (.localEnded, .connectFailed), (.localEnded, .localEnd),
      (.localEnded, .drained),
      (.peerEnded, .connected), (.peerEnded, .connectFailed), (.peerEnded, .peerEnd),
      (.peerEnded, .drained), (.peerEnded, .agreed):
      return .none
    }
  }
}

/// Which end of the tunnel this is: a source takes clients, a destination connects to servers.
public enum TunnelRole: Sendable {
  case source, destination

  /// As the `local-proxy-mode` of the request's query.
  public var localProxyMode: String { self == .source ? "source" : "destination" }
}
