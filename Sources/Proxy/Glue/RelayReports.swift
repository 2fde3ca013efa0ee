import Basics
import Configuration
import Reactor
import Tunnel

/// What the relay says in the log.
extension Relay {
  func say(_ report: RelayCore.Report) {
    switch report {
    case .advice(let advice): log.advice(advice: advice.text)
    case .dropped(let reason): log.messageDropped(reason: reason)
    case .refused(let service, let reason):
      log.connectionRefused(service: name(ofService: service), reason: reason)
    case .sessionReset: log.sessionReset()
    case .streamReset(let service, let isCut, let isWithoutAnswer):
      sayStreamReset(service, isCut: isCut, isWithoutAnswer: isWithoutAnswer)
    case .streamUnknown(let service): log.streamUnknown(service: name(ofService: service))
    case .resetBeforeAnswer(let slot):
      // The reason is in the destination's log alone.
      lastReset = "the destination could not connect to its server; its own log says why"
      log.clientResetUnanswered(service: service(ofSlot: slot), client: peer(ofSlot: slot))
    case .localClosed(let slot): log.connectionClosed(slot: slot.decimal)
    case .lingerOver(let slot):
      lastReset = "its answer did not come or go on in time"
      log.halfCloseOver(address: peer(ofSlot: slot))
    case .readerTooSlow(let slot, let pendingByteCount):
      lastReset = Self.slowReader
      log.readerTooSlow(
        address: peer(ofSlot: slot), timeMs: settings.halfCloseLinger.count.decimal,
        bytes: pendingByteCount.decimal)
    case .readerStalls(let slot, let patience):
      lastReset = Self.slowReader
      log.readerStalled(
        slot: slot.decimal, service: service(ofSlot: slot), timeMs: patience.count.decimal)
    case .replaced(let slot):
      log.clientReplaced(
        service: service(ofSlot: slot), version: core.session.version.name,
        client: peer(ofSlot: slot))
    case .placeTaken(let slot, let service):
      log.placeTaken(
        slot: slot.decimal, service: self.service(ofSlot: slot),
        nextService: name(ofService: service))
    case .clientWaits(let id, let service):
      log.clientWaits(
        service: name(ofService: service), version: core.session.version.name,
        client: client(id)?.peer.description ?? "")
    case .silence(let service):
      log.noAnswer(
        service: name(ofService: service), timeMs: RelayCore.silencePatience.count.decimal)
    }
  }

  private static var slowReader: String { "what reads its output has taken nothing for too long" }

  @inline(never) private func peer(ofSlot slot: Int) -> String {
    sockets[slot]?.peer.description ?? ""
  }

  @inline(never) private func service(ofSlot slot: Int) -> String {
    sockets[slot].map { name(ofService: $0.service) } ?? ""
  }

  /// What a stream's reset means for whoever sits at this end.
  private func sayStreamReset(_ service: Int, isCut: Bool, isWithoutAnswer: Bool) {
    let isSource = core.session.role == .source
    if isSource && isWithoutAnswer { lastReset = "the destination is not connected to the tunnel" }
    let endsAll = core.session.hasConnectionIDs(service: service)
    let name = name(ofService: service)
    if !isSource || !isWithoutAnswer {
      let peer = isSource ? "destination" : "source"
      log.streamReset(service: name, peer: isCut && endsAll ? peer : "")
    } else if endsAll {
      log.streamResetUnconnected(service: name)
    } else {
      lastReset += ", or could not connect to its server, which its own log then says"
      log.streamResetUnanswered(service: name)
    }
  }

  func say(_ refusal: RelayCore.Refusal, _ client: Client) {
    var reason = "this end is stopping"
    if refusal != .stopping {
      reason = "% of % connections are open".with(
        core.connectionCount.decimal, core.session.connectionCountMax.decimal)
    }
    if refusal == .fullWithoutAnswer {
      reason +=
        ", and the other end has sent nothing for any of this service's; is its server down, or does the "
        + "destination connect to this port? If they only wait, raise tcp.max_active_connections at both ends"
    }
    log.clientRefused(
      client: client.peer.description, service: name(ofService: client.service), reason: reason)
  }

  /// The reference's words, for those who look for them.
  func sayStart(_ slot: Int) {
    guard let connection = core.session.slots[slot] else { return }
    let service = name(ofService: connection.service)
    if core.startToSend(slot: slot) == .streamStart {
      log.streamStartSent(stream: Int(connection.streamID).decimal, service: service)
    } else {
      log.connectionStartSent(service: service, connection: connection.connectionID.decimal)
    }
  }

  @inline(never) func sayEnd(of socket: LocalSocket) {
    let (slot, service) = (socket.slot, name(ofService: socket.service))
    if socket.stream == nil {
      log.connectingGivenUp(
        address: socket.peer.description, service: service, slot: slot.decimal)
    } else {
      log.disconnected(address: socket.peer.description, service: service, slot: slot.decimal)
    }
  }

  /// One line on the connections that are open at the end of a drain.
  /// - Parameter isQuiet: nothing was moving any more.
  func sayWhatIsCut(isQuiet: Bool) {
    let (connections, bytes) = whatIsOpen
    if connections.isEmpty { return }
    hasSaidWhatIsCut = true
    if isQuiet {
      log.connectionsCutIdle(connections: connections, bytes: bytes)
    } else {
      log.connectionsCut(
        connections: connections, bytes: bytes, timeMs: settings.drainTimeout.count.decimal,
        stillMs: TunnelClient.quietTime.count.decimal)
    }
  }

  /// The same where the WebSocket is over before they are.
  func sayWhatIsLost() {
    let (connections, bytes) = whatIsOpen
    if !connections.isEmpty && !hasSaidWhatIsCut {
      log.connectionsLost(connections: connections, bytes: bytes)
    }
  }

  /// Connections that are not over here, and what waits for them; "" for none.
  private var whatIsOpen: (connections: String, bytes: String) {
    let count = sockets.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
    return (
      count > 0 ? count.decimal : "",
      core.pendingByteCount > 0 ? core.pendingByteCount.decimal : ""
    )
  }
}
