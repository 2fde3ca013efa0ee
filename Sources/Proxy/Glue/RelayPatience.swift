import Basics
import Configuration
import Reactor
import Tunnel

/// How long the relay waits for connections that linger, drain or stall. It looks at them once a second, more often
/// while the tunnel stands still, and only while there is one to look at.
extension Relay: TimerHandler {
  private static var sweepPeriod: Milliseconds { Milliseconds(1_000) }
  /// The same while others wait for a stalled reader. It has its whole time and one or two of these: whoever halts
  /// for just as long is not to be reset while it reads on.
  private static var stalledSweepPeriod: Milliseconds { Milliseconds(250) }
  /// How long before a pause a connection may have moved its last byte and still counts as in use: an operator
  /// reads and thinks before the next keystroke.
  private static var recentUse: Milliseconds { Milliseconds(60_000) }

  enum TimerTag: Int { case sweep, place, patience, silence }

  func scheduleSweep() {
    if isOver { return }
    let due = now + (mustPause ? Self.stalledSweepPeriod : Self.sweepPeriod)
    if let sweepTimer {
      if sweepTimer.due <= due { return }
      network.cancel(sweepTimer.id)
    }
    sweepTimer = (network.schedule(at: due, self, tag: TimerTag.sweep.rawValue), due)
  }

  func timerFired(tag: Int, now: Instant) {
    switch TimerTag(rawValue: tag) {
    case .sweep: sweep()
    case .place, .patience: admit()
    case .silence: noteSilence()
    case nil: break
    }
  }

  /// Ends what lingers, drains or stalls for too long. It runs only while there is such a connection.
  private func sweep() {
    sweepTimer = nil
    var isNeeded = false
    let patience = isAnyInUse ? settings.stallTimeout : settings.loneStallTimeout
    for case let connection? in connections {
      switch session.slots[connection.slot]?.state {
      case .localEnded, .peerEnded, .draining, .opening, .openingPeerEnded, .open:
        if isStalled(connection) {
          isNeeded = true
          expireStalled(connection, patience)
          continue
        }
        if expire(connection) { isNeeded = true }
      case .closed, nil: break
      }
    }
    if isNeeded || mustPause { scheduleSweep() }
  }

  /// It takes nothing, and the tunnel is not read for its sake.
  private func isStalled(_ connection: LocalConnection) -> Bool {
    connection.isCongested || (isOverPending && !connection.pending.isEmpty)
  }

  /// See `LocalProxy`.
  var stalledReaders: [(id: ObjectIdentifier, waitingByteCount: Int)] {
    if !mustPause { return [] }
    var found: [(id: ObjectIdentifier, waitingByteCount: Int)] = []
    for case let connection? in connections where isStalled(connection) {
      let unacknowledged = connection.stream?.transportState.unacknowledgedByteCount ?? 0
      found.append((ObjectIdentifier(connection), connection.pending.count + unacknowledged))
    }
    return found
  }

  private func expireStalled(_ connection: LocalConnection, _ patience: Milliseconds) {
    connection.noteProgress(now)
    // Only what it takes counts: by sending, a reader that takes nothing could hold the others up for ever.
    if now < connection.lastTaken + patience { return }
    log.warning(
      .readerReset,
      "connection \(connection.slot) of \(serviceLabel(connection.service)) has taken nothing for "
        + "\(patience.count) ms while others may wait; it is reset")
    handle(.evicted, connection)
  }

  /// Ends a connection that lingers or drains when its time is up; true while it has some left.
  private func expire(_ connection: LocalConnection) -> Bool {
    guard let slot = session.slots[connection.slot] else { return false }
    let hasEnded = slot.state == .localEnded
    if !hasEnded && !slot.state.isDraining { return false }
    // While the tunnel is not read, silence says nothing about the answer.
    if hasEnded && isLinkPaused { connection.touch(now) }
    // What the peer left behind waits for its server as long as the settings say; that comes to an end.
    if connection.connector?.isBounded == true { connection.touch(now) }
    connection.noteProgress(now)
    if hasEnded && connection.isPeerClosed {
      handle(.localClose, connection)
      return false
    }
    // A peer that will say when it has ended may take its time.
    if hasEnded && slot.isNegotiated { return true }
    if connection.lastProgress + lingerPatience(slot) <= now {
      handle(.expired, connection)
      return false
    }
    return true
  }

  /// A server that has never said anything may never do so: it waits for the end of its input.
  func lingerPatience(_ slot: ConnectionSlot) -> Milliseconds {
    slot.state == .localEnded && !slot.hasReceived
      ? settings.silentLinger : settings.halfCloseLinger
  }

  /// Whether a connection that is not stalled itself is in use: it moved bytes since the tunnel stood still, or not
  /// long before. What waits for it in the tunnel cannot be seen without reading the tunnel.
  /// Those that have gone count as well: short ones come and go, and the next of them waits as the last.
  private var isAnyInUse: Bool {
    guard let pausedAt else { return false }
    if let lastProgressOfGone, pausedAt < lastProgressOfGone + Self.recentUse { return true }
    return connections.contains { connection in
      guard let connection, !isStalled(connection),
        let state = session.slots[connection.slot]?.state, state.takesData
      else { return false }
      return pausedAt < connection.lastProgress + Self.recentUse
    }
  }
}
