import Basics
import Configuration
import Proxy
import Reactor
import Tunnel

/// What must hold of a local proxy's numbers: each client is counted once, by what became of it and why, and each byte
/// where it belongs; and what ends by its patience does so in time.
final class CountWatch {
  private static let crowdCountMin = 64
  private static let lookPeriod = Milliseconds(100)
  private static let slack = Milliseconds(250)
  /// How often the program looks at what lingers and drains.
  private static let sweepPeriod = Milliseconds(1_000)
  private static let refusals: [Counted] = [
    .refusedStopping, .refusedFull, .refusedUnanswered, .refusedTunnelDown, .refusedProtocol,
  ]

  private static let cuts: [Counted] = [
    .resetByPeer, .resetNotConnected, .resetLocally, .resetTimedOut, .resetEvicted,
    .resetTunnelLost,
  ]

  /// What a connection that lingers or drains waits for.
  private struct Wait: Equatable {
    var isDrain: Bool
    var pendingByteCount: Int
    var byteCount: Int64
    var isHeldOff: Bool
  }

  private let world: World
  private let name: String
  private let role: TunnelRole
  private let servesStandardStreams: Bool
  private let statusPort: UInt16?
  private let settings: Settings
  private var refusedCounts = CountWatch.refusals.map { _ in Int64(0) }
  private var state = TunnelClient.State.idle
  private var isWithoutAnswer: [Bool] = []
  /// Connections at once since there was none, and how often memory was given back before.
  private var peakCount = 0
  private var givenBackCount = 0
  private var waits: [UInt64: (wait: Wait, since: Instant)] = [:]
  private var sessionCount = 0
  /// Of the tunnel; what is counted by service begins anew with others.
  private var services: [String] = []
  private var hadOthers = false
  private var lookedAt: Instant
  /// Connections that began, that are there, and that were cut.
  private var ends = (begun: Int64(0), open: Int64(0), cut: Int64(0))
  /// The log has had the lines on clients since the start.
  private var isTold = true
  /// Of pauses: as of the turn before.
  private var congestedTime = Nanoseconds(0)
  private var pausesAt: Instant
  private var pausedSession: ObjectIdentifier?

  init(_ world: World, _ name: String, _ configuration: Configuration) {
    self.world = world
    self.name = name
    role = configuration.role
    servesStandardStreams = configuration.servesStandardStreams
    if case .network(let endpoint)? = configuration.statusPlace {
      statusPort = endpoint.port
    } else {
      statusPort = nil
    }
    settings = configuration.settings
    lookedAt = world.now
    pausesAt = world.now
  }

  private func fail(_ what: String) { world.fail(name, what) }

  /// After a turn.
  func look(at proxy: LocalProxy, _ network: SimulatedNetwork) {
    lookAtRefusals(proxy, network)
    lookAtMemory(proxy, network)
    lookAtPauses(proxy)
    if world.now < lookedAt + Self.lookPeriod { return }
    lookedAt = world.now
    let facts = proxy.connectionFacts
    lookAtBytes(proxy, facts)
    lookAtEnds(proxy.counts, facts)
    lookAtStates(proxy, facts)
    lookAtWaits(proxy, facts, network)
  }

  // MARK: Clients

  /// Each client that was accepted has a place, waits, or was refused; and why he was refused is told as it is.
  private func lookAtRefusals(_ proxy: LocalProxy, _ network: SimulatedNetwork) {
    let counts = proxy.counts
    let before = (counts: refusedCounts, state: state, isWithoutAnswer: isWithoutAnswer)
    refusedCounts = Self.refusals.map { counts.count($0) }
    state = proxy.state
    isWithoutAnswer = proxy.isWithoutAnswer
    if services != counts.services {
      hadOthers = hadOthers || !services.isEmpty
      services = counts.services
    }
    if let names = proxy.serviceNames, names != services {
      fail("counts for the services \(services), and the tunnel has \(names)")
    }
    if role == .source && !servesStandardStreams && !hadOthers {
      var arrived = 0
      for (port, count) in network.acceptedCounts where port != statusPort { arrived += count }
      let known =
        Int(counts.acceptedCount) + Int(refusedCounts.reduce(0, +)) + proxy.waitingClientCount
      if arrived != known { fail("has accepted \(arrived) clients, and counts \(known)") }
    }
    if before.counts == refusedCounts { return }
    let found = Self.refusals.indices.filter { before.counts[$0] < refusedCounts[$0] }
      .map { Self.refusals[$0] }
    let wasSo = before.state == state
    for kind in found where !isRight(kind, wasSo: wasSo, before.isWithoutAnswer) {
      fail("counts \(kind) as \(state)")
    }
  }

  private func isRight(_ kind: Counted, wasSo: Bool, _ wasWithoutAnswer: [Bool]) -> Bool {
    switch kind {
    case .refusedStopping: return !(wasSo && state == .running)
    case .refusedTunnelDown: return role == .source && !(wasSo && state == .running)
    case .refusedProtocol: return role == .destination
    case .refusedFull, .refusedUnanswered:
      if wasSo && state == .stopping { return false }
      if role == .destination { return kind == .refusedFull }
      // Whose service it was is not known.
      let answers = isWithoutAnswer + wasWithoutAnswer
      return kind == .refusedUnanswered
        ? answers.contains(true) : answers.isEmpty || answers.contains(false)
    default: return true
    }
  }

  // MARK: Memory

  private func lookAtMemory(_ proxy: LocalProxy, _ network: SimulatedNetwork) {
    let count = proxy.connectionCount
    if count == 0 && peakCount >= Self.crowdCountMin && state == .running
      && network.givenBackCount == givenBackCount
    {
      fail("keeps the memory of a crowd of \(peakCount)")
    }
    if count == 0 || state != .running {
      peakCount = 0
      givenBackCount = network.givenBackCount
    } else {
      peakCount = max(peakCount, count)
    }
  }

  // MARK: Pauses

  /// A pause ends at half of the mark; the time of all of them only grows, and as long as one lasts.
  private func lookAtPauses(_ proxy: LocalProxy) {
    let now = world.now
    let before = (time: congestedTime, session: pausedSession)
    congestedTime = proxy.congestedTime(now)
    pausedSession = proxy.hasPressure ? proxy.session : nil
    let passed = now - pausesAt
    pausesAt = now
    let slack = Nanoseconds(1_000_000)
    if congestedTime < before.time || before.time + passed + slack < congestedTime {
      fail("has not read for \(congestedTime.count) ns, after \(before.time.count)")
    }
    guard let session = pausedSession else { return }
    if session == before.session && congestedTime + slack < before.time + passed {
      fail("does not count a time in which the tunnel is not read")
    }
    let waiting = proxy.waitingByteCounts
    if waiting.most <= settings.connectionPendingMax / 2
      && waiting.all <= settings.tunnelPendingMax / 2
    {
      fail("does not read the tunnel, although little waits")
    }
  }

  // MARK: Bytes

  /// What connections have moved is a part of what their service has, and all of it as long as all are there.
  private func lookAtBytes(_ proxy: LocalProxy, _ facts: [RelayCore.ConnectionFacts]) {
    let counts = proxy.counts
    for service in counts.services.indices {
      let whole = counts.traffic(ofService: service)
      var (count, sent, received) = (Int64(0), Int64(0), Int64(0))
      for fact in facts where fact.service == service {
        count += 1
        sent += fact.sentByteCount
        received += fact.receivedByteCount
      }
      let isWhole = count == whole.accepted
      if sent > whole.sent || received > whole.received
        || isWhole && (sent != whole.sent || received != whole.received)
      {
        fail(
          "\(count) connections have moved \(sent) and \(received) bytes, all \(whole.accepted) of service "
            + "\(service) \(whole.sent) and \(whole.received)")
      }
    }
  }

  /// Who is counted as cut was connected until then, and is counted once.
  private func lookAtEnds(_ counts: Tally, _ facts: [RelayCore.ConnectionFacts]) {
    let before = ends
    ends = (
      counts.acceptedCount, Int64(facts.count { $0.state != .closed }),
      Self.cuts.reduce(0) { $0 + counts.count($1) }
    )
    let ended = ends.begun - before.begun + before.open - ends.open
    let cut = ends.cut - before.cut
    if cut > ended && !hadOthers { fail("counts \(cut) as cut, where \(ended) have ended") }
  }

  /// Each client that is gone has a line of its own, and those who went with the WebSocket are told together.
  func lookAtLines(_ sink: StorySink, _ level: LogLevel, _ proxy: LocalProxy) {
    isTold = isTold && level >= .info
    if !isTold || hadOthers { return }
    let open = Int64(proxy.connectionFacts.count { $0.state != .closed })
    let gone = proxy.counts.acceptedCount - open
    // A destination's may have ended before they were connected.
    if sink.toldEndCount > gone || role == .source && sink.toldEndCount < gone {
      fail("tells of \(sink.toldEndCount) connections that are over, and \(gone) are")
    }
    let lost = proxy.counts.count(.resetTunnelLost)
    if sink.toldCutCount == 0 && sink.toldLostCount != lost {
      fail("says that \(sink.toldLostCount) went with the web socket, and \(lost) did")
    }
  }

  /// Each connection is told of by what it is like.
  private func lookAtStates(_ proxy: LocalProxy, _ facts: [RelayCore.ConnectionFacts]) {
    guard let told = proxy.stateCounts else { return }
    var counts = [told[0], 0, 0, 0, 0]
    for fact in facts {
      switch fact.state {
      case .opening, .openingPeerEnded: counts[1] += 1
      case .open: counts[2] += 1
      case .localEnded, .peerEnded: counts[3] += 1
      case .draining, .closed: counts[4] += 1
      }
    }
    if told != counts { fail("tells of connections as \(told), and they are \(counts)") }
  }

  // MARK: Waits

  /// Whoever lingers or drains, and for whom nothing moves, has the time that the settings say.
  private func lookAtWaits(
    _ proxy: LocalProxy, _ facts: [RelayCore.ConnectionFacts], _ network: SimulatedNetwork
  ) {
    let isLate = world.faultCounts[FaultKind.processStalls.rawValue] > 0
    // What its system still has for a reader on this machine is taken bit by bit.
    let isBeingTaken = network.streams.contains { stream in
      guard let socket = stream.object?.socket else { return false }
      return socket.peer?.machine === network.machine && socket.unacknowledgedByteCount > 0
    }
    var found: [UInt64: (wait: Wait, since: Instant)] = [:]
    for fact in facts where fact.lingers || fact.state.isDraining {
      let isBounded = settings.connectionRetryCount >= 0
      let wait = Wait(
        isDrain: fact.state.isDraining, pendingByteCount: fact.pendingByteCount,
        byteCount: fact.receivedByteCount,
        isHeldOff: fact.lingers && (!proxy.readsTunnel || isBeingTaken)
          || fact.isConnecting && (isBounded || proxy.hasPressure))
      var entry = (wait: wait, since: world.now)
      if let before = waits[fact.id], before.wait == wait, !wait.isHeldOff { entry = before }
      found[fact.id] = entry
      // In the socket's system there may still be something that its other side takes; that is asked for as well.
      let patience =
        (!wait.isDrain && fact.isSilent ? settings.silentLinger : settings.halfCloseLinger).count
        + Self.sweepPeriod.count + Self.slack.count
      if fact.isConnecting && entry.since + Milliseconds(patience) < world.now && !isLate {
        fail("what a client left behind waits for its server for more than \(patience) ms")
      }
      if !wait.isDrain && entry.since + Milliseconds(2 * patience) < world.now && !isLate {
        fail("a half-closed connection waits in silence for more than \(patience) ms")
      }
    }
    waits = found
  }
}

extension Tally {
  /// Of all services.
  var acceptedCount: Int64 {
    services.indices.reduce(0) { $0 + traffic(ofService: $1).accepted }
  }
}
