import Basics
import Status
import Tunnel

extension Relay {
  /// Says what there is to say of the tunnel and its connections.
  func describe(in status: StatusFacts) {
    status.tally = core.tally(now)
    status.states = core.stateCounts
    let found = link.core.status
    status.gauges[0] = found.roundTrip ?? StatusFacts.unknown
    status.gauges[1] = found.queueTime ?? StatusFacts.unknown
    status.gauges[2] = found.windowByteCount ?? StatusFacts.unknown
    for case let socket? in sockets {
      guard let connection = core.session.slots[socket.slot] else { continue }
      status.add(
        service: core.session.serviceNames[socket.service], peer: socket.peer.description,
        state: connection.state.place, traffic: core.traffic(slot: socket.slot),
        age: now - core.startedAt(slot: socket.slot))
    }
  }
}
