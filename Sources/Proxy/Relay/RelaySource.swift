import Basics
import Reactor

/// A source's side of the relay: clients come, and may have to make room for each other.
extension Relay {
  /// A half-closed client is left alone so long after its last byte, even when its place is wanted.
  private static var evictionRest: Milliseconds { Milliseconds(1_000) }

  /// A client came to the service's port.
  func accept(_ stream: any Stream, service: Int, from peer: SocketAddress) {
    let isFull = isDraining || refusals.count >= Self.refusalCountMax
    if !isFull && session.replaces(service: service) { replaceConnection(of: service) }
    if isOver { return }
    var result =
      isFull ? .full : session.open(service: service)
    if case .full = result, !isDraining, evictLingering() {
      result = session.open(service: service)
    }
    guard case .opened(let slot, let type) = result else {
      log.warning(
        "refused a client from \(peer.description) for \(serviceLabel(service)): "
          + "\(session.connectionCount) of \(session.connectionCountMax) connections are open")
      stream.abort()
      return
    }
    logStart(type, slot)
    let connection = insert(slot: slot, service: service, peer: .client(peer))
    connection.startToSend = type
    connection.attach(stream)
    connection.startReading()
    enqueue(connection)
    serve()
  }

  /// A stream that has one connection ends with the coming of the next.
  private func replaceConnection(of service: Int) {
    for case let connection? in connections where connection.service == service {
      guard let header = session.resetHeader(slot: connection.slot) else { continue }
      log.warning(
        "\(serviceLabel(service)) has one connection at a time (protocol \(session.version.name)): "
          + "a new client replaces \(connection.peer.description)")
      refusals.append(header)
      handle(.expired, connection)
      // That reset is all the peer needs, so the place is free before there is room for it.
      connection.mustReset = false
      release(connection)
    }
  }

  /// The reference's words, for those who look for them.
  private func logStart(_ type: MessageType, _ slot: Int) {
    guard let connection = session.slots[slot] else { return }
    let service = session.serviceNames[connection.service]
    if type == .streamStart {
      log.debug(
        "Sending stream start, setting new stream ID to: \(connection.streamID), "
          + "service id: \(service)")
    } else {
      log.debug(
        "Sending connection start for service id: \(service), "
          + "connection id: \(connection.connectionID)")
    }
  }

  /// Makes room by ending the half-closed connection that has been silent the longest.
  private func evictLingering() -> Bool {
    var oldest: LocalConnection?
    for case let connection? in connections
    where session.slots[connection.slot]?.lingers == true {
      if oldest.map({ connection.lastProgress < $0.lastProgress }) ?? true { oldest = connection }
    }
    guard let oldest, oldest.isPeerClosed || oldest.lastProgress + Self.evictionRest <= now else {
      return false
    }
    handle(.expired, oldest)
    serve()
    return !isOver && session.slots[oldest.slot] == nil
  }

  /// The system has no descriptor left for a client: give back that of one who only lingers.
  func makeRoom() { _ = evictLingering() }
}
