import Basics

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
        !hasWork || member.isQueued || current?.slot == slot,
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
    faults.unless(replies.isEmpty || wantsRoom, "replies that nobody asks room for")
    faults.unless(queue.count <= members.count, "\(queue.count) tickets")
    faults.unless(!pressure.mustPause || sweepAt != nil, "nobody looks after a stall")
    faults.unless(
      waitingClients.isEmpty || patienceAt != nil || placeAt != nil, "a client waits for ever")
    faults.unless(
      watches.allSatisfy { !$0.hasNotedSilence || $0.silenceAt != nil },
      "a silence before anybody spoke")
    faults.unless(!isDraining || waitingClients.isEmpty, "a client waits for the end of a drain")
    faults.unless(
      waitingClients.count <= session.serviceNames.count, "\(waitingClients.count) clients wait")
    faults.take(session.checkInvariants())
    return faults.first
  }

  /// Bytes that wait for the local sockets: in all, and the most that wait for one. For tests.
  package var waitingByteCounts: (all: Int, most: Int) {
    var most = 0
    for member in members { most = max(most, member.share.pendingByteCount) }
    return (pendingByteCount, most)
  }

  /// What a connection is like. For tests.
  package struct ConnectionFacts {
    package let id: UInt64
    package let service: Int
    package let state: Connection
    /// It waits for an end that the peer cannot announce, and for its first answer.
    package let lingers: Bool
    package let isSilent: Bool
    package let isConnecting: Bool
    package let pendingByteCount: Int
    package let sentByteCount: Int64
    package let receivedByteCount: Int64
  }

  /// The tunnel is not read for a reader's sake. For tests.
  package var backPressureHolds: Bool { backPressure.mustPause }

  /// By service: it has connections, and nothing has come for any of them. For tests.
  package var isWithoutAnswer: [Bool] {
    session.serviceNames.indices.map { session.isWithoutAnswer(service: $0) }
  }

  /// By service: nothing at all has come back for it, and nobody was told. For tests.
  package var isWithoutWord: [Bool] {
    watches.indices.map { service in
      session.role == .source && session.version > .v1 && session.isUnanswered(service: service)
        && !watches[service].hasNotedSilence
    }
  }

  /// The same, and somebody was told. For tests.
  package var isToldSilent: [Bool] {
    watches.indices.map { session.isUnanswered(service: $0) && watches[$0].hasNotedSilence }
  }

  /// All that are there. For tests.
  package var connectionFacts: [ConnectionFacts] {
    members.indices.compactMap { slot in
      let member = members[slot]
      guard member.id > 0, let connection = session.slots[slot] else { return nil }
      return ConnectionFacts(
        id: member.id, service: member.service, state: connection.state,
        lingers: connection.lingers, isSilent: !connection.hasReceived,
        isConnecting: member.isConnecting, pendingByteCount: member.share.pendingByteCount,
        sentByteCount: member.sentByteCount, receivedByteCount: member.receivedByteCount)
    }
  }

  /// Since when, each the longest: a server has been connected to, a client has waited for a place, and a connection
  /// that others wait for has not been used. For tests.
  package var waitsSince: (server: Instant?, place: Instant?, unused: Instant?) {
    let taken = members.indices.filter { members[$0].id > 0 }
    let services = waitingClients.map { $0.service }
    let ofTurns = services.filter { session.replaces(service: $0) }
    var unused: Instant?
    for slot in taken
    where ofTurns.contains(members[slot].service) && !members[slot].hasMoved
      && session.header(.data, slot: slot) != nil
    {
      unused = min(unused ?? members[slot].startedAt, members[slot].startedAt)
    }
    return (
      taken.filter { members[$0].isConnecting }.map { members[$0].startedAt }.min(),
      services.filter { !ofTurns.contains($0) }.compactMap { watches[$0].fullSince }.min(), unused
    )
  }
}
