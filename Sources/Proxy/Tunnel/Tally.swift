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

/// How often each of them was.
public struct Counts: Sendable {
  public private(set) var numbers = InlineArray<18, Int64>(repeating: 0)

  @inline(never) public mutating func add(_ counted: Counted, _ count: Int = 1) {
    numbers[counted.rawValue] += Int64(count)
  }

  mutating func add(_ other: Counts) {
    for index in numbers.indices { numbers[index] += other.numbers[index] }
  }
}

/// What connections have moved: bytes that the clients or the server gave, and bytes for them.
public struct Traffic: Sendable {
  public internal(set) var sentByteCount: Int64 = 0
  public internal(set) var receivedByteCount: Int64 = 0

  mutating func add(_ other: Traffic) {
    sentByteCount += other.sentByteCount
    receivedByteCount += other.receivedByteCount
  }
}

/// What was counted since the start: each relay goes on with that of the one before it.
public struct Tally {
  /// The tunnel's. With others everything that is counted by service begins anew.
  package internal(set) var services: [String] = []
  package internal(set) var watches: [RelayCore.ServiceWatch] = []
  package var counts = Counts()
  /// How long the tunnel was not read for a reader's sake.
  package internal(set) var congestedTime = Nanoseconds(0)

  public init() {}
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
  /// What was counted so far, with what the connections have moved that are there.
  package func tally(_ now: Instant) -> Tally {
    var tally = tally
    tally.congestedTime = tally.congestedTime + backPressure.pausedTime(now)
    if watches.isEmpty { return tally }
    tally.services = session.serviceNames
    tally.watches = watches
    for slot in members.indices where members[slot].id > 0 {
      tally.watches[members[slot].service].traffic.add(members[slot].traffic)
    }
    return tally
  }

  /// What one connection has moved, and since when.
  package func traffic(slot: Int) -> Traffic { members[slot].traffic }
  package func startedAt(slot: Int) -> Instant { members[slot].startedAt }

  /// Connections by the place of their state; the first are clients that wait for a place.
  package var stateCounts: InlineArray<5, Int64> {
    var counts = InlineArray<5, Int64>(repeating: 0)
    counts[0] = Int64(waitingClients.count)
    for slot in session.slots.indices {
      if let place = session.slots[slot]?.state.place { counts[place] += 1 }
    }
    return counts
  }
}
