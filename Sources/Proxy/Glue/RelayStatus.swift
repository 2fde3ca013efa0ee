import Basics
import Status
import Tunnel

extension Relay {
  /// Lists the connections.
  /// - Returns: round trip, queue time, window and congested time, in nanoseconds; 0 where none is known.
  func describe(in status: StatusFacts) -> [Int64] {
    for case let socket? in sockets {
      if let connection = core.status(slot: socket.slot) {
        status.add(connection, peer: socket.peer.description, now: now)
      }
    }
    let found = link.core.status
    return [
      found.roundTrip ?? 0, found.queueTime ?? 0, found.windowByteCount ?? 0,
      core.congestedTime(now).count,
    ]
  }
}
