import Basics
import Reactor

/// A source's side of the relay: clients come, and may have to make room for each other.
extension Relay {
  /// A half-closed client is left alone so long after its last byte, even when its place is wanted.
  private static var evictionRest: Milliseconds { Milliseconds(1_000) }

  /// How long a client waits for a place among the connections, from when the last became free.
  private static var placePatience: Milliseconds { Milliseconds(2_000) }

  /// A client that was accepted, for whom there is no place yet.
  struct WaitingClient {
    let stream: any Stream
    let service: Int
    let peer: SocketAddress
  }

  /// A client came to the service's port.
  func accept(_ stream: any Stream, service: Int, from peer: SocketAddress) {
    let client = WaitingClient(stream: stream, service: service, peer: peer)
    if isDraining || refusals.count >= Self.refusalCountMax {
      refuse(client)
    } else if !begin(client) && !isOver {
      hold(client)
    }
  }

  /// Gives the client a place; false when there is none.
  private func begin(_ client: WaitingClient) -> Bool {
    let service = client.service
    if session.replaces(service: service) { replaceConnection(of: service) }
    if isOver { return false }
    var result = session.open(service: service)
    if case .full = result, evictLingering() { result = session.open(service: service) }
    guard case .opened(let slot, let type) = result else { return false }
    logStart(type, slot)
    let connection = insert(slot: slot, service: service, peer: .client(client.peer))
    connection.startToSend = type
    connection.attach(client.stream)
    connection.startReading()
    // Most clients speak first, and by now they have.
    connection.isReadable = true
    enqueue(connection)
    serve()
    return true
  }

  /// Keeps the client until there is a place, and the others in the kernel, as long as places become free.
  private func hold(_ client: WaitingClient) {
    if waitingClient != nil || isPatienceOver {
      refuse(client)
      return
    }
    waitingClient = client
    handler?.relay(self, isFull: true)
    placeTimer = network.schedule(
      at: now + Self.placePatience, self, tag: TimerTag.patience.rawValue)
  }

  private func refuse(_ client: WaitingClient) {
    log.warning(
      "refused a client from \(client.peer.description) for \(serviceLabel(client.service)): "
        + "\(session.connectionCount) of \(session.connectionCountMax) connections are open")
    client.stream.abort()
  }

  /// A connection has gone: its place is the waiting client's, in a moment.
  func placeCame() {
    isPatienceOver = false
    if waitingClient == nil { return }
    if let placeTimer { network.cancel(placeTimer) }
    placeTimer = network.schedule(at: now, self, tag: TimerTag.place.rawValue)
  }

  /// There is a place for the waiting client, or it has waited long enough.
  func admit(isLate: Bool) {
    guard let client = takeWaiting() else { return }
    if !begin(client) && !isOver {
      if !isLate {
        hold(client)
        return
      }
      refuse(client)
      isPatienceOver = true
    }
    if !isOver { handler?.relay(self, isFull: false) }
  }

  func refuseWaiting() {
    if let client = takeWaiting() { refuse(client) }
  }

  /// The client that waits, who waits no longer.
  func takeWaiting() -> WaitingClient? {
    if let placeTimer { network.cancel(placeTimer) }
    placeTimer = nil
    let client = waitingClient
    waitingClient = nil
    return client
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
    guard session.mayLinger else { return false }
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
