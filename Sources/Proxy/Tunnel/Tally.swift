import Basics

/// What is counted by its reason, in the order of the metrics.
public enum Counted: Int, Sendable {
  // Clients, or connections that the peer asked for, that were refused.
  case refusedStopping, refusedFull, refusedUnanswered, refusedTunnelDown, refusedProtocol
  // Connections that nobody has closed in good order.
  case resetByPeer, resetNotConnected, resetLocally, resetTimedOut, resetEvicted, resetTunnelLost
  // Attempts to come by a WebSocket again.
  case againUnreachable, againRefused, againNoServices, againClosed, againViolation, againLost,
    againSilent

  /// Why a connection was cut.
  init(cutBy event: Connection.Event) {
    switch event {
    case .connectFailed: self = .resetNotConnected
    case .localFailure: self = .resetLocally
    case .expired: self = .resetTimedOut
    case .evicted: self = .resetEvicted
    case .connected, .localEnd, .peerEnd, .drained, .localClose, .peerReset, .peerCut, .agreed:
      self = .resetByPeer
    }
  }
}

/// What was counted since the start. One serves all the relays of a tunnel, one after another.
public final class Tally {
  /// What is counted by service.
  enum Traffic: Int {
    case accepted
    /// Bytes of clients or servers that went into the tunnel, and out of it.
    case sent, received
  }

  /// The tunnel's. With others what is counted by service begins anew.
  package private(set) var services: [String] = []
  /// What was accepted for each service, then what it has sent, then what it has received.
  private var traffic: [Int64] = []
  private var counts = [Int64](repeating: 0, count: Counted.againSilent.rawValue + 1)
  /// How long the tunnel was not read for a reader's sake, in relays that are over.
  package var congestedTime = Nanoseconds(0)

  public init() {}

  func begin(_ names: [String]) {
    if names.count == services.count
      && names.indices.allSatisfy({ names[$0].isSame(as: services[$0]) })
    {
      return
    }
    services = names
    traffic = [Int64](repeating: 0, count: 3 * names.count)
  }

  @inline(never) func add(_ kind: Traffic, _ count: Int, ofService service: Int) {
    traffic[kind.rawValue * services.count + service] += Int64(count)
  }

  @inline(never) public func add(_ counted: Counted, _ count: Int = 1) {
    counts[counted.rawValue] += Int64(count)
  }

  package func count(_ counted: Counted) -> Int64 { counts[counted.rawValue] }

  package func traffic(
    ofService service: Int
  ) -> (accepted: Int64, sent: Int64, received: Int64) {
    let count = services.count
    return (traffic[service], traffic[count + service], traffic[2 * count + service])
  }

  /// All of it, in the order of the metrics.
  package var numbers: [Int64] { traffic + counts }
}

extension Connection {
  /// Its place among the values of the label `state`. What is over here waits to tell the peer.
  package var place: Int {
    switch self {
    case .opening, .openingPeerEnded: 1
    case .open: 2
    case .localEnded, .peerEnded: 3
    case .draining, .closed: 4
    }
  }
}

extension RelayCore {
  /// How long the tunnel was not read for a reader's sake, since the start.
  package func congestedTime(_ now: Instant) -> Nanoseconds {
    tally.congestedTime + backPressure.pausedTime(now)
  }

  /// The relay is over, and all that was connected is cut. What only waited to tell the peer of its end was counted then.
  package func settle(_ now: Instant) {
    tally.congestedTime = congestedTime(now)
    for slot in session.slots.indices {
      if let state = session.slots[slot]?.state, state != .closed { tally.add(.resetTunnelLost) }
    }
  }

  /// Connections by the place of their state; the first are clients that wait for a place.
  package var stateCounts: [Int64] {
    var counts: [Int64] = [0, 0, 0, 0, 0]
    counts[0] = Int64(waitingClients.count)
    for slot in session.slots.indices {
      if let place = session.slots[slot]?.state.place { counts[place] += 1 }
    }
    return counts
  }
}

/// What there is to say of a connection.
package struct ConnectionStatus {
  /// Of its state.
  package let place: Int
  package let service: Int
  package let startedAt: Instant
  package let sentByteCount: Int64
  package let receivedByteCount: Int64
}

extension RelayCore {
  package func status(slot: Int) -> ConnectionStatus? {
    guard let place = session.slots[slot]?.state.place else { return nil }
    let member = members[slot]
    return ConnectionStatus(
      place: place, service: member.service, startedAt: member.startedAt,
      sentByteCount: member.sentByteCount, receivedByteCount: member.receivedByteCount)
  }
}
