/// The life of one local connection inside of a tunnel.
///
///     state       event           next         action
///     opening     connected       open         relay
///     opening     connectFailed   closed       resetPeerAndClose
///     opening     peerReset       draining     drain      (close, when nothing is pending)
///     open        localEnd        halfClosed   linger                    at a source
///     open        localEnd        draining     resetPeerAndDrain         at a destination
///     open        peerReset       draining     drain      (close, when nothing is pending)
///     halfClosed  peerReset       draining     drain      (close, when nothing is pending)
///     draining    drained         closed       close
///     draining    connectFailed, localFailure, expired   closed   close
///     opening, open, halfClosed   localFailure, expired  closed   resetPeerAndClose
///     all else                    unchanged    none
///
/// "Pending" is what the peer sent and the local side has not taken. `expired` is any time-out: the linger
/// of a half-closed connection, the stall of an open one, the patience with a draining one.
public enum Connection: Equatable, Sendable {
  /// The destination is connecting; what the peer sends meanwhile waits.
  case opening
  case open
  /// The local side sent its end of file; what the peer sends still goes out (a source only).
  case halfClosed
  /// Over for the peer. What is pending still goes out, then the local side is closed.
  case draining
  case closed

  /// What the peer sends is still wanted.
  public var takesData: Bool { self == .opening || self == .open || self == .halfClosed }

  public enum Event: CaseIterable, Sendable {
    case connected, connectFailed, localEnd, localFailure, peerReset, drained, expired
  }

  public enum Action: Equatable, Sendable {
    case none
    /// Start to read the local side.
    case relay
    /// Stop to read the local side, and wait for the peer to end the connection.
    case linger
    /// Stop to read the local side, and close it once nothing is pending.
    case drain
    case close
    case resetPeerAndDrain
    case resetPeerAndClose
  }

  /// - Parameters:
  ///   - role: only a source can have a client that half-closes and waits for its answer.
  ///   - hasPending: bytes for the local side are waiting.
  public mutating func handle(_ event: Event, role: TunnelRole, hasPending: Bool) -> Action {
    switch (self, event) {
    case (.opening, .connected):
      self = .open
      return .relay
    case (.opening, .connectFailed):
      self = .closed
      return .resetPeerAndClose
    case (.open, .localEnd) where role == .source:
      self = .halfClosed
      return .linger
    case (.open, .localEnd):
      self = hasPending ? .draining : .closed
      return hasPending ? .resetPeerAndDrain : .resetPeerAndClose
    case (.opening, .peerReset), (.open, .peerReset), (.halfClosed, .peerReset):
      self = hasPending ? .draining : .closed
      return hasPending ? .drain : .close
    case (.draining, .drained), (.draining, .connectFailed), (.draining, .localFailure),
      (.draining, .expired):
      self = .closed
      return .close
    case (.opening, .localFailure), (.open, .localFailure), (.halfClosed, .localFailure),
      (.opening, .expired), (.open, .expired), (.halfClosed, .expired):
      self = .closed
      return .resetPeerAndClose
    default:
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
