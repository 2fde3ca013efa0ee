import Basics
import Configuration
import Reactor
import Tunnel

/// A source's side of the relay: clients come, and may have to make room for each other.
extension Relay {
  /// A client whose end is all that is left of it is left alone so long after its last byte, even when its place is
  /// wanted; so is one that waits for its first answer.
  static var evictionRest: Milliseconds { Milliseconds(1_000) }

  /// How long clients wait for a place, from when there was none or from when one that was in use became free.
  private static var placePatience: Milliseconds { Milliseconds(2_000) }

  /// How long the only client of a service may have the service without a single byte, when another one waits.
  private static var unusedPatience: Milliseconds { Milliseconds(10_000) }

  /// How often it is looked at whether the one who waits for its end still is in use.
  private static var turnPeriod: Milliseconds { Milliseconds(1_000) }

  /// After so long without anything from the other end for a service, its user should know.
  private static var silencePatience: Milliseconds { Milliseconds(5_000) }

  /// What is to be remembered of a service's clients.
  struct ServiceWatch {
    /// Since when they have found no place, nor a connection that was in use become free.
    var fullSince: Instant?
    var hasNotedSilence = false
  }

  /// A client that was accepted, for whom there is no place yet.
  struct WaitingClient {
    let stream: any ByteStream
    let service: Int
    let peer: SocketAddress
  }

  /// A client came to the service's port.
  func accept(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {
    let client = WaitingClient(stream: stream, service: service, peer: peer)
    let othersWait = waitingClients.contains { $0.service == service }
    if isDraining || othersWait || replies.count >= Self.replyCountMax {
      refuse(client)
    } else if begin(client) {
      watches[service].fullSince = nil
    } else if isOver {
      stream.abort()
    } else {
      hold(client)
    }
  }

  /// Gives the client a place; false when there is none.
  private func begin(_ client: WaitingClient) -> Bool {
    let service = client.service
    if session.replaces(service: service) && !makeWay(for: client) { return false }
    if isOver { return false }
    var result = session.open(service: service)
    if case .full = result, evictLingering() || evictUnanswered(for: service) {
      result = session.open(service: service)
    }
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
    if silenceTimer == nil && session.isUnanswered(service: service) && session.version > .v1
      && !watches[service].hasNotedSilence
    {
      silenceTimer = network.schedule(
        at: now + Self.silencePatience, self, tag: TimerTag.silence.rawValue)
    }
    return true
  }

  // MARK: Waiting for a place

  /// Keeps the client until there is a place, and the others of its service in the kernel, as long as places become
  /// free. The next client of a service that has one connection at a time waits as long as it likes.
  private func hold(_ client: WaitingClient) {
    let service = client.service
    let awaitsTurn = session.replaces(service: service)
    if !awaitsTurn {
      watches[service].fullSince = watches[service].fullSince ?? now
      if isPatienceOver(service) {
        refuse(client)
        return
      }
    }
    waitingClients.append(client)
    handler?.relay(self, holdsClients: true, ofService: service)
    schedulePatience()
    if awaitsTurn {
      log.warning(
        .clientWaits,
        "\(serviceLabel(service)) has one connection at a time (protocol \(session.version.name)): "
          + "the client from \(client.peer.description) waits for its end")
    }
  }

  private func isPatienceOver(_ service: Int) -> Bool {
    guard let since = watches[service].fullSince else { return false }
    return since + Self.placePatience <= now
  }

  private func schedulePatience() {
    if patienceTimer != nil || waitingClients.isEmpty { return }
    var due = now + Self.turnPeriod
    // Whoever waits for another's end has no patience to lose.
    for client in waitingClients where !session.replaces(service: client.service) {
      if let since = watches[client.service].fullSince {
        due = min(due, since + Self.placePatience)
      }
    }
    patienceTimer = network.schedule(at: due, self, tag: TimerTag.patience.rawValue)
  }

  private func refuse(_ client: WaitingClient) {
    let service = client.service
    var reason =
      "\(session.connectionCount) of \(session.connectionCountMax) connections are open"
    if isDraining {
      reason = "this end is stopping"
    } else if session.isWithoutAnswer(service: service) {
      reason +=
        ", and the other end has sent nothing for any of this service's; is its server down, or does the "
        + "destination connect to this port? If they only wait, raise tcp.max_active_connections at both ends"
    }
    log.warning(
      .clientRefused,
      "refused a client from \(client.peer.description) for \(serviceLabel(service)): \(reason)")
    client.stream.abort()
  }

  /// A connection has gone: its place is a waiting client's, in a moment.
  /// - Parameter wasAnswered: else it says nothing of the places to come: the clients of a server that is down leave as
  ///   fast as they come, and a destination that connects to this very port keeps itself alive.
  func placeCame(wasAnswered: Bool) {
    if wasAnswered {
      for service in watches.indices { watches[service].fullSince = nil }
      for client in waitingClients where !session.replaces(service: client.service) {
        watches[client.service].fullSince = now
      }
    }
    if waitingClients.isEmpty || placeTimer != nil { return }
    placeTimer = network.schedule(at: now, self, tag: TimerTag.place.rawValue)
  }

  /// There may be places for the clients that wait, or they have waited long enough. The one whose service has the
  /// fewest connections goes first.
  func admit() {
    var clients = takeWaiting()
    while !clients.isEmpty {
      var first = 0
      for index in clients.indices
      where session.connectionCount(of: clients[index].service)
        < session.connectionCount(of: clients[first].service)
      {
        first = index
      }
      let client = clients.remove(at: first)
      let begins = !isOver && begin(client)
      if isOver {
        if !begins { client.stream.abort() }
        continue
      }
      if !begins && (session.replaces(service: client.service) || !isPatienceOver(client.service)) {
        waitingClients.append(client)
        continue
      }
      if !begins { refuse(client) }
      handler?.relay(self, holdsClients: false, ofService: client.service)
    }
    schedulePatience()
  }

  func refuseWaiting() { for client in takeWaiting() { refuse(client) } }

  /// The clients that wait, who wait here no longer.
  func takeWaiting() -> [WaitingClient] {
    for timer in [placeTimer, patienceTimer] { if let timer { network.cancel(timer) } }
    placeTimer = nil
    patienceTimer = nil
    let clients = waitingClients
    waitingClients = []
    return clients
  }

  // MARK: Making room

  /// Ends the one connection of the service for the sake of the next client, if it may; false when that has to wait.
  private func makeWay(for client: WaitingClient) -> Bool {
    for case let connection? in connections where connection.service == client.service {
      guard session.header(.data, slot: connection.slot) != nil else { continue }
      if settings.secondClient == .wait && !yields(connection) { return false }
      if session.slots[connection.slot]?.state != .closed {
        log.warning(
          .clientReplaced,
          "\(serviceLabel(connection.service)) has one connection at a time (protocol "
            + "\(session.version.name)): a new client replaces \(connection.peer.description)")
      }
      evict(connection)
    }
    return true
  }

  /// Whether nobody misses it: it is over, half of it is and the rest is silent, or it was never used.
  private func yields(_ connection: LocalConnection) -> Bool {
    guard let slot = session.slots[connection.slot] else { return true }
    if slot.state == .closed { return true }
    if !connection.hasMoved {
      return connection.startedAt + Self.unusedPatience <= now
    }
    switch slot.state {
    case .localEnded, .peerEnded:
      // Half of it is over. The other half may take its time, but not while nothing moves and somebody waits.
      let patience = slot.lingers ? Self.evictionRest : lingerPatience(slot)
      return connection.isPeerClosed && slot.state == .localEnded
        || connection.lastProgress + patience <= now
    case .opening, .openingPeerEnded, .open, .draining, .closed: return false
    }
  }

  /// Ends a connection for the sake of others. Its reset is queued, so that its place is free before there is room
  /// for that.
  func evict(_ connection: LocalConnection) {
    if session.slots[connection.slot]?.state.isDraining == false,
      let header = session.resetHeader(slot: connection.slot, isCut: true)
    {
      replies.append(header)
    }
    connection.isPeerTold = true
    handle(.evicted, connection)
    release(connection)
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

  /// Makes room for a service that has less than its share, by ending the oldest connection of one that has more,
  /// if nothing has ever come for it and it sends nothing: the clients of a server that is down wait for long, and in
  /// vain.
  private func evictUnanswered(for service: Int) -> Bool {
    evictOldest(for: service) { connection in
      session.slots[connection.slot]?.hasReceived == false && connection.startToSend == nil
        && connection.lastProgress + Self.evictionRest <= now
    }
  }

  /// The same at a destination, among those that are still being connected, or only are for the sake of what a client
  /// left behind.
  func evictConnecting(for service: Int) -> Bool {
    if connectingCount == 0 { return false }
    return evictOldest(for: service) { connection in
      connection.connector != nil
        && (session.slots[connection.slot]?.state.isDraining == true
          || connection.startedAt + Self.evictionRest <= now)
    }
  }

  private func evictOldest(
    for service: Int, where isMeant: (LocalConnection) -> Bool
  ) -> Bool {
    let share = max(session.connectionCountMax / session.serviceNames.count, 1)
    let own = session.connectionCount(of: service)
    if own >= share { return false }
    var oldest: LocalConnection?
    for case let connection? in connections
    where session.connectionCount(of: connection.service) > own && isMeant(connection) {
      if oldest.map({ connection.startedAt < $0.startedAt }) ?? true { oldest = connection }
    }
    guard let oldest else { return false }
    log.warning(
      .placeTaken,
      "connection \(oldest.slot) of \(serviceLabel(oldest.service)), which waits for its server, gives its "
        + "place to \(serviceLabel(service))")
    evict(oldest)
    return !isOver
  }

  /// The system has no descriptor left for a client: give back that of one who only lingers.
  func makeRoom() { _ = evictLingering() }

  // MARK: For the log

  /// Nothing at all came back for some service: a destination that drops what it does not understand says nothing.
  func noteSilence() {
    silenceTimer = nil
    for service in watches.indices
    where session.isUnanswered(service: service) && !watches[service].hasNotedSilence {
      watches[service].hasNotedSilence = true
      log.warning(
        "\(serviceLabel(service)): nothing came back within \(Self.silencePatience.count) ms; if the destination "
          + "is a device client, a Greengrass component or a proxy 1.x, start this source with '-y V1'; else the "
          + "server may be down, or wait for its client")
    }
  }

  /// What a stream's reset means for whoever sits at this end.
  func sayStreamReset(_ service: Int, isCut: Bool) {
    let text = "\(serviceLabel(service)): the peer reset the stream"
    let endsAll = session.hasConnectionIDs(service: service)
    if session.role == .source && session.isWithoutAnswer(service: service) {
      log.warning(
        .reset,
        text + " before anything came back: the destination is not connected to the tunnel"
          + (endsAll ? "" : ", or could not connect to its server, which its log then says"))
    } else if isCut && endsAll {
      let peer = session.role == .source ? "destination" : "source"
      log.info(.reset, text + ": the \(peer) has left the tunnel, or lost its way to it")
    } else {
      log.info(.reset, text)
    }
  }

  /// A connection that is over before its first byte: the reason is in the destination's log alone.
  /// - Parameter isCut: the destination tells this from a server's close.
  func sayReset(_ slot: Int, isCut: Bool) {
    guard session.role == .source, let connection = connections[slot],
      session.slots[slot]?.hasReceived == false
    else { return }
    if session.slots[slot]?.isNegotiated == true && !isCut { return }
    log.warning(
      .reset,
      "\(serviceLabel(connection.service)): the client from \(connection.peer.description) was reset before "
        + "anything came back: the destination could not connect to its server, or that has ended the connection; "
        + "the destination's log says which")
  }

  /// The reference's words, for those who look for them.
  private func logStart(_ type: MessageType, _ slot: Int) {
    guard let connection = session.slots[slot] else { return }
    let service = session.serviceNames[connection.service]
    if type == .streamStart {
      log.debug(
        "Sending stream start, setting new stream ID to: \(Int(connection.streamID).decimal), "
          + "service id: \(service)")
    } else {
      log.debug(
        "Sending connection start for service id: \(service), "
          + "connection id: \(Int(connection.connectionID).decimal)")
    }
  }
}
