import Configuration
import Reactor
import Tunnel

/// The relay's turns: who sends into the tunnel next, and when the tunnel must not be read.
extension Relay {
  // MARK: Into the tunnel

  func enqueue(_ connection: LocalConnection) {
    if connection.isQueued || !isCurrent(connection) { return }
    connection.isQueued = true
    queue.append(connection)
  }

  /// Lets the queued connections send, in turn, while the link has room.
  func serve() {
    if isServing { return }
    isServing = true
    defer { isServing = false }
    while link.hasRoom, let reply = replies.first {
      replies.removeFirst()
      link.send(reply)
    }
    // A client faster than this CPU would never let go of the loop.
    var budget = Self.framesPerTurnMax
    while budget > 0, replies.isEmpty, link.hasRoom, let connection = queue.popFirst() {
      connection.isQueued = false
      if isCurrent(connection) { serve(connection) }
      budget -= 1
    }
    if !queue.isEmpty || !replies.isEmpty { link.wantsRoom = true }
  }

  private func serve(_ connection: LocalConnection) {
    if let type = connection.startToSend {
      connection.startToSend = nil
      if let header = session.header(type, slot: connection.slot) { link.send(header) }
      if type == .streamStart { noteMark() }
      if !link.hasRoom {
        enqueue(connection)
        return
      }
    }
    if connection.isReadable {
      guard let header = session.header(.data, slot: connection.slot) else {
        // Its stream is gone: nobody wants to hear of it.
        connection.stopReading()
        return
      }
      connection.relayOnce(
        link: link, header: header,
        payloadLengthMax: min(payloadLengthMax, link.pacedByteCountMax), now: now)
      return
    }
    if connection.mustReset {
      if let header = session.resetHeader(slot: connection.slot, isCut: connection.isCut) {
        link.send(header)
      }
    } else if connection.mustEndPeer {
      if let header = session.header(.data, slot: connection.slot, ignorable: true) {
        link.send(header)
      }
    }
    connection.mustReset = false
    connection.mustEndPeer = false
    if session.slots[connection.slot]?.state == .closed { release(connection) }
  }

  // MARK: Out of the tunnel

  var mustPause: Bool { congestedCount > 0 || isOverPending }

  func pendingChanged(by byteCount: Int) {
    pendingByteCount += byteCount
    let mark = settings.tunnelPendingMax
    isOverPending = isOverPending ? pendingByteCount > mark / 2 : pendingByteCount >= mark
    if isOverPending { scheduleSweep() }
    if !isOverPending { resumeIfPossible() }
  }

  func congestionChanged(_ isCongested: Bool) {
    congestedCount += isCongested ? 1 : -1
    if isCongested { scheduleSweep() } else { resumeIfPossible() }
  }

  func resumeIfPossible() {
    if !isLinkPaused || mustPause || replies.count >= Self.replyCountMax { return }
    isLinkPaused = false
    link.resume()
  }
}
