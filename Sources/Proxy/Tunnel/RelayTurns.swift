import Basics

/// The relay's turns: who sends into the tunnel next.
extension RelayCore {
  /// Somebody has something for the tunnel.
  @inline(__always) package var wantsRoom: Bool {
    !replies.isEmpty || current != nil || !queue.isEmpty
  }

  /// And it is not yet the other events' turn.
  @inline(__always) package var hasTurn: Bool {
    wantsRoom && (turnsLeft > 0 || !replies.isEmpty || current != nil)
  }

  /// From here on there are so many turns. Not for each message that comes: there may be many in one turn of the loop.
  package mutating func beginTurns() { turnsLeft = Self.framesPerTurnMax }

  /// What goes into the tunnel next. Only while that has room; it may be nothing, or lead to orders of `next`.
  /// - Parameter frameByteCountMax: payload of a frame, at the most, for the sake of what is more urgent than it.
  package mutating func nextToSend(now: Instant, frameByteCountMax: Int) -> Sending? {
    if !replies.isEmpty {
      let reply = replies.removeFirst()
      noteDrained()
      return .message(reply)
    }
    while let slot = nextSlot() {
      if let sending = turn(slot, now, frameByteCountMax) { return sending }
    }
    return nil
  }

  private mutating func nextSlot() -> Int? {
    if let ticket = current {
      current = nil
      if isValid(ticket) { return ticket.slot }
    }
    while turnsLeft > 0, let ticket = queue.popFirst() {
      members[ticket.slot].isQueued = false
      if !isValid(ticket) { continue }
      turnsLeft -= 1
      return ticket.slot
    }
    return nil
  }

  /// A connection that has gone leaves its ticket behind, until another one gets its slot.
  private func isValid(_ ticket: FairQueue.Ticket) -> Bool { members[ticket.slot].id == ticket.id }

  mutating func enqueue(_ slot: Int) {
    if members[slot].isQueued { return }
    members[slot].isQueued = true
    queue.append(
      FairQueue.Ticket(slot: slot, id: members[slot].id), &members[slot].account)
  }

  private mutating func turn(_ slot: Int, _ now: Instant, _ frameByteCountMax: Int) -> Sending? {
    if let type = members[slot].startToSend {
      members[slot].startToSend = nil
      if type == .streamStart { noteMark(now) }
      // What it has goes with it, if there is room for that.
      current = FairQueue.Ticket(slot: slot, id: members[slot].id)
      return session.header(type, slot: slot).map { .message($0) }
    }
    if members[slot].isReadable {
      guard let header = session.header(.data, slot: slot) else {
        // Its stream is gone: nobody wants to hear of it.
        stopReading(slot)
        return nil
      }
      members[slot].isReadable = false
      return .received(
        slot: slot, header, byteCountMax: min(options.payloadLengthMax, frameByteCountMax))
    }
    let header = lastHeader(slot)
    members[slot].mustReset = false
    members[slot].mustEndPeer = false
    if session.slots[slot]?.state == .closed { release(slot, now) }
    return header.map { .message($0) }
  }

  /// What tells the peer of the connection's end, or of this direction's, if it is to hear of that.
  mutating func lastHeader(_ slot: Int) -> MessageHeader? {
    if members[slot].mustReset {
      return session.resetHeader(slot: slot, isCut: members[slot].isCut)
    }
    return members[slot].mustEndPeer
      ? session.header(.data, slot: slot, ignorable: true) : nil
  }
}
