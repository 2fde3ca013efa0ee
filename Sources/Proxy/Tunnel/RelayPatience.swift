import Basics

/// How long the relay waits for connections that linger, drain or stall. It looks at them once a second, more often
/// while the tunnel stands still, and only while there is one to look at.
extension RelayCore {
  private static var sweepPeriod: Milliseconds { Milliseconds(1_000) }
  /// The same while others wait for a stalled reader. It has its whole time and one or two of these: whoever halts
  /// for just as long is not to be reset while it reads on.
  private static var stalledSweepPeriod: Milliseconds { Milliseconds(250) }
  /// How long before a pause a connection may have moved its last byte and still counts as in use: an operator
  /// reads and thinks before the next keystroke.
  private static var recentUse: Milliseconds { Milliseconds(60_000) }

  mutating func scheduleSweep(_ now: Instant) {
    let due = now + (backPressure.mustPause ? Self.stalledSweepPeriod : Self.sweepPeriod)
    sweepAt = min(sweepAt ?? due, due)
  }

  /// Ends what lingers, drains or stalls for too long. It runs only while there is such a connection.
  mutating func sweep(_ now: Instant, _ sockets: some LocalSockets) {
    var isNeeded = false
    let patience = isAnyInUse ? options.stallTimeout : options.loneStallTimeout
    for slot in members.indices where members[slot].id > 0 {
      guard let connection = session.slots[slot], connection.state != .closed else { continue }
      if isStalled(slot) {
        isNeeded = true
        expireStalled(slot, patience, now, sockets)
      } else if expire(slot, connection, now, sockets) {
        isNeeded = true
      }
    }
    if isNeeded || backPressure.mustPause { scheduleSweep(now) }
  }

  /// It takes nothing, and the tunnel is not read for its sake.
  package func isStalled(_ slot: Int) -> Bool { backPressure.isStalled(members[slot].share) }

  private mutating func expireStalled(
    _ slot: Int, _ patience: Milliseconds, _ now: Instant, _ sockets: some LocalSockets
  ) {
    noteProgress(slot, now, sockets)
    // Only what it takes counts: by sending, a reader that takes nothing could hold the others up for ever.
    if now < members[slot].lastTaken + patience { return }
    report(.readerStalls(slot: slot, patience: patience))
    handle(.evicted, slot, now)
  }

  /// Counts it as progress that the reader took bytes out of the kernel, long before the kernel takes more.
  private mutating func noteProgress(_ slot: Int, _ now: Instant, _ sockets: some LocalSockets) {
    let byteCount = sockets.unacknowledgedByteCount(slot: slot)
    if byteCount != members[slot].unacknowledgedByteCount { noteTaken(slot, now) }
    members[slot].unacknowledgedByteCount = byteCount
  }

  /// Ends a connection that lingers or drains when its time is up; true while it has some left.
  private mutating func expire(
    _ slot: Int, _ connection: ConnectionSlot, _ now: Instant, _ sockets: some LocalSockets
  ) -> Bool {
    let hasEnded = connection.state == .localEnded
    if !hasEnded && !connection.state.isDraining { return false }
    // While the tunnel is not read, silence says nothing about the answer. And what the peer left behind waits for its
    // server as long as the settings say, if that comes to an end.
    if hasEnded && !readsTunnel || members[slot].isConnecting && options.givesUpConnecting {
      members[slot].lastProgress = now
    }
    noteProgress(slot, now, sockets)
    if hasEnded && sockets.isPeerClosed(slot: slot) {
      handle(.localClose, slot, now)
      return false
    }
    // A peer that will say when it has ended may take its time.
    if hasEnded && connection.isNegotiated { return true }
    if members[slot].lastProgress + lingerPatience(connection) <= now {
      handle(.expired, slot, now)
      return false
    }
    return true
  }

  /// A server that has never said anything may never do so: it waits for the end of its input.
  func lingerPatience(_ connection: ConnectionSlot) -> Milliseconds {
    connection.state == .localEnded && !connection.hasReceived
      ? options.silentLinger : options.halfCloseLinger
  }

  /// Whether a connection that is not stalled itself is in use: it moved bytes since the tunnel stood still, or not
  /// long before. What waits for it in the tunnel cannot be seen without reading the tunnel.
  /// Those that have gone count as well: short ones come and go, and the next of them waits as the last.
  private var isAnyInUse: Bool {
    guard let pausedAt = backPressure.pausedAt else { return false }
    if let lastProgressOfGone, pausedAt < lastProgressOfGone + Self.recentUse { return true }
    return members.indices.contains { slot in
      members[slot].id > 0 && !isStalled(slot) && session.slots[slot]?.state.takesData == true
        && pausedAt < members[slot].lastProgress + Self.recentUse
    }
  }
}
