extension RelayCore {
  /// The first thing that is not as it must be when there are no orders left; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the relay")
    var (count, pending, congested, connecting) = (0, 0, 0, 0)
    for slot in members.indices where members[slot].id > 0 {
      let member = members[slot]
      count += 1
      pending += member.share.pendingByteCount
      congested += member.share.isCongested ? 1 : 0
      connecting += member.isConnecting ? 1 : 0
      faults.unless(
        session.slots[slot]?.service == member.service, "connection \(slot) is not the session's")
      let max = options.connectionPendingMax + Message.byteCountMax
      faults.unless(
        member.share.pendingByteCount <= max,
        "\(member.share.pendingByteCount) bytes pending in connection \(slot)")
      let hasWork =
        member.isReadable || member.startToSend != nil || member.mustEndPeer || member.mustReset
      faults.unless(
        !hasWork || member.isQueued || currentSlot == slot,
        "connection \(slot) has something to send and does not stand in the queue")
    }
    let pressure = backPressure
    faults.unless(
      pending == pressure.pendingByteCount, "\(pressure.pendingByteCount) pending, not \(pending)")
    faults.unless(
      congested == pressure.congestedCount, "\(pressure.congestedCount) congested, not \(congested)"
    )
    faults.unless(
      connecting == connectingCount, "\(connectingCount) connecting, not \(connecting)")
    faults.unless(
      count == session.connectionCount,
      "\(count) connections, but \(session.connectionCount) in the session")
    faults.unless(
      pending <= options.tunnelPendingMax + Message.byteCountMax, "\(pending) bytes pending in all")
    faults.unless(
      members.count <= 2 * session.connectionCountMax, "\(members.count) places")
    faults.unless(
      replies.count <= Self.replyCountMax + Self.repliesPerEventMax, "\(replies.count) replies")
    faults.unless(!pressure.mustPause || sweepAt != nil, "nobody looks after a stall")
    faults.unless(
      waitingClients.isEmpty || patienceAt != nil || placeAt != nil, "a client waits for ever")
    faults.unless(
      waitingClients.count <= session.serviceNames.count, "\(waitingClients.count) clients wait")
    faults.take(session.checkInvariants())
    return faults.first
  }
}
