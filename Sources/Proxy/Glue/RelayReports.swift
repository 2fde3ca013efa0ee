import Basics
import Configuration
import Reactor
import Tunnel

/// What the relay says in the log.
extension Relay {
  func say(_ report: RelayCore.Report) {
    switch report {
    case .advice(let advice): log.warning(advice.text)
    case .dropped(let reason): log.debug("dropped " + reason)
    case .refused(let service, let reason):
      warn(.connectionRefused, "refused a connection of %: %", serviceLabel(service), reason)
    case .sessionReset: log.info(.reset, "the service reset the session")
    case .streamReset(let service, let isCut, let isWithoutAnswer):
      sayStreamReset(service, isCut: isCut, isWithoutAnswer: isWithoutAnswer)
    case .streamUnknown(let service):
      warn(
        .streamLost,
        "%: the destination does not know the stream any more, as after a restart; its connections are reset, and "
          + "the next client begins a new one", serviceLabel(service))
    case .resetBeforeAnswer(let slot):
      // The reason is in the destination's log alone.
      warn(
        .reset,
        "%: the client from % was reset before anything came back: the destination could not connect to its server, "
          + "or that has ended the connection; the destination's log says which",
        serviceLabel(ofSlot: slot), peerLabel(slot))
    case .localClosed(let slot):
      log.debug("connection %: closed by its client or server".with(slot.decimal))
    case .lingerOver(let slot):
      log.info(
        .lingerOver,
        "% has ended its sending, and its answer did not come or go on in time; it is reset"
          .with(peerLabel(slot)))
    case .readerTooSlow(let slot, let pendingByteCount):
      warn(
        .readerReset,
        "% took nothing for % ms after the peer's end; % bytes are lost, and it is reset",
        peerLabel(slot), settings.halfCloseLinger.count.decimal, pendingByteCount.decimal)
    case .readerStalls(let slot, let patience):
      warn(
        .readerReset,
        "connection % of % has taken nothing for % ms while others may wait; it is reset",
        slot.decimal, serviceLabel(ofSlot: slot), patience.count.decimal)
    case .replaced(let slot):
      warn(
        .clientReplaced,
        "% has one connection at a time (protocol %): a new client replaces %",
        serviceLabel(ofSlot: slot), core.session.version.name, peerLabel(slot))
    case .placeTaken(let slot, let service):
      warn(
        .placeTaken, "connection % of %, which waits for its server, gives its place to %",
        slot.decimal, serviceLabel(ofSlot: slot), serviceLabel(service))
    case .clientWaits(let id, let service):
      warn(
        .clientWaits,
        "% has one connection at a time (protocol %): the client from % waits for its end",
        serviceLabel(service), core.session.version.name, client(id)?.peer.description ?? "")
    case .silence(let service):
      log.warning(
        ("%: nothing came back within % ms; if the destination is a device client, a Greengrass component or a "
          + "proxy 1.x, start this source with '-y V1'; else the server may be down, or wait for its client")
          .with(serviceLabel(service), RelayCore.silencePatience.count.decimal))
    }
  }

  @inline(never) private func warn(
    _ kind: LogKind, _ text: String, _ first: String, _ second: String = "", _ third: String = ""
  ) {
    log.warning(kind, text.with(first, second, third))
  }

  @inline(never) private func peerLabel(_ slot: Int) -> String {
    sockets[slot]?.peer.description ?? ""
  }

  @inline(never) private func serviceLabel(ofSlot slot: Int) -> String {
    sockets[slot].map { serviceLabel($0.service) } ?? ""
  }

  /// What a stream's reset means for whoever sits at this end.
  private func sayStreamReset(_ service: Int, isCut: Bool, isWithoutAnswer: Bool) {
    let isSource = core.session.role == .source
    let endsAll = core.session.hasConnectionIDs(service: service)
    var text = serviceLabel(service) + ": the peer reset the stream"
    if isSource && isWithoutAnswer {
      text += " before anything came back: the destination is not connected to the tunnel"
      if !endsAll { text += ", or could not connect to its server, which its log then says" }
      log.warning(.reset, text)
      return
    }
    if isCut && endsAll {
      text += ": the % has left the tunnel, or lost its way to it"
        .with(isSource ? "destination" : "source")
    }
    log.info(.reset, text)
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
    warn(
      .clientRefused, "refused a client from % for %: %",
      client.peer.description, serviceLabel(client.service), reason)
  }

  /// The reference's words, for those who look for them.
  func sayStart(_ slot: Int) {
    guard let connection = core.session.slots[slot] else { return }
    let service = core.session.serviceNames[connection.service]
    let isStream = core.startToSend(slot: slot) == .streamStart
    log.debug(
      isStream
        ? "Sending stream start, setting new stream ID to: %, service id: %"
          .with(Int(connection.streamID).decimal, service)
        : "Sending connection start for service id: %, connection id: %"
          .with(service, connection.connectionID.decimal))
  }

  /// One line on the connections that are open at the end of a drain.
  /// - Parameter isQuiet: nothing was moving any more.
  func sayWhatIsCut(isQuiet: Bool) {
    if connectionCount == 0 { return }
    var text = "stopping: connections that are cut now: " + connectionCount.decimal
    if core.pendingByteCount > 0 {
      text += ", with % bytes that nobody took".with(core.pendingByteCount.decimal)
    }
    if isQuiet {
      log.info(text + "; nothing moved in them any more")
    } else {
      log.warning(
        text
          + "; bytes still moved when drain_timeout_ms, % ms, was nearly over"
          .with(settings.drainTimeout.count.decimal))
    }
  }
}
