import Basics

/// A source's side of the relay: clients come, and may have to make room for each other.
extension RelayCore {
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
  package static var silencePatience: Milliseconds { Milliseconds(5_000) }

  /// What is to be remembered of a service's clients.
  struct ServiceWatch {
    /// Since when they have found no place, nor a connection that was in use become free.
    var fullSince: Instant?
    /// Five seconds after the first of them got a place.
    var silenceAt: Instant?
    var hasNotedSilence = false
  }

  mutating func accept(
    _ client: UInt64, _ service: Int, _ now: Instant, _ sockets: some LocalSockets
  ) {
    let othersWait = waitingClients.contains { $0.service == service }
    if isDraining || othersWait || replies.count >= Self.replyCountMax {
      refuse(client, service)
    } else if begin(client, service, now, sockets) {
      watches[service].fullSince = nil
      // There are places again for those to come, who wait as long as others did.
      if waitingClients.isEmpty { forgetWaits() }
    } else {
      hold(client, service, now)
    }
  }

  /// Gives the client a place; false when there is none.
  private mutating func begin(
    _ client: UInt64, _ service: Int, _ now: Instant, _ sockets: some LocalSockets
  ) -> Bool {
    if session.replaces(service: service) && !makeWay(service, now, sockets) { return false }
    var result = session.open(service: service)
    if case .full = result, evictLingering(now, sockets) || evictUnanswered(for: service, now) {
      result = session.open(service: service)
    }
    guard case .opened(let slot, let type) = result else { return false }
    insert(slot, service, now)
    members[slot].startToSend = type
    members[slot].isReading = true
    // Most clients speak first, and by now they have.
    members[slot].isReadable = true
    order(.admit(client: client, slot: slot))
    enqueue(slot)
    if watches[service].silenceAt == nil && session.version > .v1 {
      let due = now + Self.silencePatience
      watches[service].silenceAt = due
      silenceAt = silenceAt ?? due
    }
    return true
  }

  // MARK: Waiting for a place

  /// Keeps the client until there is a place, and the others of its service in the kernel, as long as places become
  /// free. The next client of a service that has one connection at a time waits as long as it likes.
  private mutating func hold(_ client: UInt64, _ service: Int, _ now: Instant) {
    let awaitsTurn = session.replaces(service: service)
    if !awaitsTurn {
      watches[service].fullSince = watches[service].fullSince ?? now
      if isPatienceOver(service, now) {
        refuse(client, service)
        return
      }
    }
    waitingClients.append((client, service))
    order(.holdClients(service: service, true))
    schedulePatience(now)
    if awaitsTurn { report(.clientWaits(client: client, service: service)) }
  }

  private func isPatienceOver(_ service: Int, _ now: Instant) -> Bool {
    guard let since = watches[service].fullSince else { return false }
    return since + Self.placePatience <= now
  }

  private mutating func schedulePatience(_ now: Instant) {
    if patienceAt != nil || waitingClients.isEmpty { return }
    var due = now + Self.turnPeriod
    // Whoever waits for another's end has no patience to lose.
    for (_, service) in waitingClients where !session.replaces(service: service) {
      if let since = watches[service].fullSince { due = min(due, since + Self.placePatience) }
    }
    patienceAt = due
  }

  private mutating func refuse(_ client: UInt64, _ service: Int) {
    let reason: Refusal =
      isDraining
      ? .stopping : session.isWithoutAnswer(service: service) ? .fullWithoutAnswer : .full
    tally.add(
      isDraining
        ? .refusedStopping : reason == .fullWithoutAnswer ? .refusedUnanswered : .refusedFull)
    order(.refuse(client: client, service: service, reason))
  }

  /// A connection has gone: its place is a waiting client's, in a moment.
  /// - Parameter wasAnswered: else it says nothing of the places to come: the clients of a server that is down leave as
  ///   fast as they come, and a destination that connects to this very port keeps itself alive.
  mutating func placeCame(wasAnswered: Bool, _ now: Instant) {
    if wasAnswered { forgetWaits() }
    if !waitingClients.isEmpty && placeAt == nil { placeAt = now }
  }

  private mutating func forgetWaits() {
    for service in watches.indices { watches[service].fullSince = nil }
  }

  /// There may be places for the clients that wait, or they have waited long enough. The one whose service has the
  /// fewest connections goes first.
  mutating func admit(_ now: Instant, _ sockets: some LocalSockets) {
    var clients = takeWaiting()
    while !clients.isEmpty {
      var first = 0
      for index in clients.indices
      where session.connectionCount(of: clients[index].service)
        < session.connectionCount(of: clients[first].service)
      {
        first = index
      }
      let (client, service) = clients.remove(at: first)
      if !begin(client, service, now, sockets) {
        let awaitsTurn = session.replaces(service: service)
        if !awaitsTurn { watches[service].fullSince = watches[service].fullSince ?? now }
        if awaitsTurn || !isPatienceOver(service, now) {
          waitingClients.append((client, service))
          continue
        }
        refuse(client, service)
      }
      order(.holdClients(service: service, false))
    }
    schedulePatience(now)
  }

  mutating func refuseWaiting() {
    for (client, service) in takeWaiting() { refuse(client, service) }
  }

  /// The clients that wait, who wait here no longer.
  private mutating func takeWaiting() -> [(client: UInt64, service: Int)] {
    placeAt = nil
    patienceAt = nil
    let clients = waitingClients
    waitingClients = []
    return clients
  }

  // MARK: Making room

  /// Ends the one connection of the service for the sake of the next client, if it may; false when that has to wait.
  private mutating func makeWay(
    _ service: Int, _ now: Instant, _ sockets: some LocalSockets
  ) -> Bool {
    for slot in members.indices where members[slot].id > 0 && members[slot].service == service {
      guard session.header(.data, slot: slot) != nil else { continue }
      if !options.replacesClients && !yields(slot, now, sockets) { return false }
      let isOver = hasGone(slot, sockets)
      if !isOver { report(.replaced(slot: slot), of: slot) }
      evict(slot, now, isOver ? .localClose : .evicted)
    }
    return true
  }

  /// Whether nobody misses it: it is over, half of it is and the rest is silent, or it was never used.
  private func yields(_ slot: Int, _ now: Instant, _ sockets: some LocalSockets) -> Bool {
    guard let connection = session.slots[slot] else { return true }
    let member = members[slot]
    if connection.state == .closed { return true }
    if !member.hasMoved { return member.startedAt + Self.unusedPatience <= now }
    switch connection.state {
    case .localEnded, .peerEnded:
      // Half of it is over. The other half may take its time, but not while nothing moves and somebody waits.
      let patience = connection.lingers ? Self.evictionRest : lingerPatience(connection)
      return hasGone(slot, sockets) || member.lastProgress + patience <= now
    case .opening, .openingPeerEnded, .open, .draining, .closed: return false
    }
  }

  /// Whether nobody is cut who is there: it is over but for word to the peer, or has ended its sending and closed since.
  private func hasGone(_ slot: Int, _ sockets: some LocalSockets) -> Bool {
    let state = session.slots[slot]?.state
    return state == .closed || state == .localEnded && sockets.isPeerClosed(slot: slot)
  }

  /// Ends a connection for the sake of others. Its reset is queued, so that its place is free before there is room
  /// for that; and of one that is over here what the peer was to be told.
  private mutating func evict(
    _ slot: Int, _ now: Instant, _ event: Connection.Event = .evicted
  ) {
    if let state = session.slots[slot]?.state, state != .closed && !state.isDraining {
      members[slot].mustReset = true
      members[slot].isCut = event == .evicted
    }
    if let header = lastHeader(slot) { replies.append(header) }
    members[slot].isPeerTold = true
    handle(event, slot, now)
    if isTaken(slot) { release(slot, now) }
  }

  /// Makes room by ending the half-closed connection that has been silent the longest. Its place is free when its reset
  /// has gone out.
  mutating func evictLingering(_ now: Instant, _ sockets: some LocalSockets) -> Bool {
    guard session.mayLinger else { return false }
    var oldest: Int?
    for slot in members.indices
    where members[slot].id > 0 && session.slots[slot]?.lingers == true {
      if oldest.map({ members[slot].lastProgress < members[$0].lastProgress }) ?? true {
        oldest = slot
      }
    }
    guard let oldest else { return false }
    let isOver = hasGone(oldest, sockets)
    if !isOver && now < members[oldest].lastProgress + Self.evictionRest { return false }
    handle(isOver ? .localClose : .expired, oldest, now)
    return true
  }

  /// Makes room for a service that has less than its share, by ending the oldest connection of one that has more,
  /// if nothing has ever come for it and it sends nothing: the clients of a server that is down wait for long, and in
  /// vain.
  private mutating func evictUnanswered(for service: Int, _ now: Instant) -> Bool {
    evictOldest(for: service, now) { member, connection in
      !connection.hasReceived && member.startToSend == nil
        && member.lastProgress + Self.evictionRest <= now
    }
  }

  /// The same at a destination, among those that are still being connected, or only are for the sake of what a client
  /// left behind.
  mutating func evictConnecting(for service: Int, _ now: Instant) -> Bool {
    if connectingCount == 0 { return false }
    return evictOldest(for: service, now) { member, connection in
      member.isConnecting
        && (connection.state.isDraining || member.startedAt + Self.evictionRest <= now)
    }
  }

  private mutating func evictOldest(
    for service: Int, _ now: Instant, where isMeant: (Member, ConnectionSlot) -> Bool
  ) -> Bool {
    let share = max(session.connectionCountMax / session.serviceNames.count, 1)
    let own = session.connectionCount(of: service)
    if own >= share { return false }
    var oldest: Int?
    for slot in members.indices
    where members[slot].id > 0 && session.connectionCount(of: members[slot].service) > own {
      guard let connection = session.slots[slot], isMeant(members[slot], connection) else {
        continue
      }
      if oldest.map({ members[slot].startedAt < members[$0].startedAt }) ?? true { oldest = slot }
    }
    guard let oldest else { return false }
    report(.placeTaken(slot: oldest, by: service), of: oldest)
    evict(oldest, now)
    return true
  }

  // MARK: Silence

  /// Nothing at all came back for some service: a destination that drops what it does not understand says nothing.
  mutating func noteSilence(_ now: Instant) {
    for service in watches.indices where !watches[service].hasNotedSilence {
      guard let due = watches[service].silenceAt else { continue }
      if now < due {
        silenceAt = .earliest(silenceAt, due)
        continue
      }
      watches[service].hasNotedSilence = true
      if session.isUnanswered(service: service) { report(.silence(service: service)) }
    }
  }
}
