import Basics
import Configuration
import Reactor
import Tunnel

/// What is counted of connections that nobody has closed in good order, and of those that found no place: one by one, and
/// nothing besides.
extension Scenario {
  private static let counted: [Counted] = [
    .refusedStopping, .refusedFull, .refusedUnanswered, .refusedTunnelDown, .refusedProtocol,
    .resetByPeer, .resetNotConnected, .resetLocally, .resetTimedOut, .resetEvicted,
    .resetTunnelLost,
  ]

  private func numbers(_ proxy: ProxyProcess) -> [Int64] {
    Self.counted.map { proxy.proxy?.counts.count($0) ?? 0 }
  }

  /// - Parameter isStrict: where ends are not told, the other end takes a cut for one, and counts none.
  private func expectCounted(
    _ what: String, atSource: Counted? = nil, atDestination: Counted? = nil,
    within milliseconds: Int64, _ body: () -> Void
  ) {
    if world.failure != nil { return }
    let before = [source, destination].map { numbers($0) }
    body()
    wait(milliseconds)
    for (index, proxy) in [source, destination].enumerated() where world.failure == nil {
      let found = zip(numbers(proxy), before[index]).map { $0.0 - $0.1 }
      let expected = index == 0 ? atSource : atDestination
      let isKnown = expected != nil || ledger.isStrict
      for (kind, count) in zip(Self.counted, found)
      where isKnown && count != (kind == expected ? 1 : 0) {
        world.fail(proxy.name, "counts \(kind) \(count) times where \(what)")
        break
      }
    }
  }

  /// The same for what only one end counts where ends are not told.
  private var ofPeer: Counted? { ledger.isStrict ? .resetByPeer : nil }

  func playCounts() {
    if areDescriptorsFew { return }
    letEnd()
    let soon = 1_000 + 4 * roundTrip.count
    for isClient in [true, false] {
      if let user = startUser(0) {
        user.isHonest = false
        user.flow.receiver?.isHonest = false
        expectCounted(
          isClient ? "a client has reset" : "a server has reset",
          atSource: isClient ? .resetLocally : ofPeer,
          atDestination: isClient ? ofPeer : .resetLocally, within: soon
        ) { if isClient { user.killed() } else { user.flow.receiver?.killed() } }
      }
      letEnd()
    }
    countNotConnected()
    countTooSlow()
    if !ledger.isStrict { countLingering() }
    if version == .v3 {
      countFull()
      countStopping()
    } else {
      countRemains()
    }
    letEnd()
  }

  private func countNotConnected() {
    let settings = destination.configuration.settings
    let delay = settings.connectionRetryDelay.count * Int64(settings.connectionRetryCount)
    servers.kill()
    expectCounted(
      "a server is down", atSource: ofPeer, atDestination: .resetNotConnected,
      within: delay + 1_000 + 4 * roundTrip.count
    ) { startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)) }
    servers.start()
    letEnd()
  }

  /// What a client has left behind is not taken: whoever reads on later must not take that for all.
  private func countTooSlow() {
    let settings = destination.configuration.settings
    if settings.bandwidthLimit > 0 || service.isShaped || !holdsWill { return }
    let time = settings.halfCloseLinger.count
    var late = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    late.reading = .halts(at: 8, milliseconds: Int(time) + 20_000)
    serverPlans = [late]
    expectCounted(
      "a server takes nothing of what a client has left behind", atDestination: .resetTimedOut,
      within: time + 5_000 + 4 * roundTrip.count
    ) {
      _ = withBuffers(of: 2_048) {
        startClient(0, plan: Plan(byteCount: 6_500, chunkByteCount: 6_500, ending: .close))
      }
    }
    wait(20_000)
    letEnd()
  }

  /// All of it may wait for one server, without a pause of the tunnel.
  private var holdsWill: Bool {
    let settings = destination.configuration.settings
    return settings.connectionPendingMax > 8_192
  }

  private func countLingering() {
    let settings = source.configuration.settings
    if settings.halfClose != .linger { return }
    let patience = settings.silentLinger.count
    var silent = Plan(byteCount: 0, chunkByteCount: 8, answersAfter: 1_000, ending: .answerEnd)
    silent.pause = 200_000
    serverPlans = [silent]
    expectCounted(
      "an answer never comes", atSource: .resetTimedOut,
      within: patience + 3_000 + 4 * roundTrip.count
    ) { startClient(0, plan: Plan(byteCount: 100, chunkByteCount: 100)) }
    letEnd()
  }

  private func fill(_ count: Int) -> [Talker] {
    (0..<count).map { _ in
      serverPlans.append(Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd))
      return startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    }
  }

  private func countFull() {
    let counts = [source, destination].map { $0.configuration.settings.activeConnectionCountMax }
    if counts.min() ?? 0 > 20 || counts[0] == counts[1] { return }
    let isSource = counts[0] < counts[1]
    let talkers = fill(isSource ? counts[0] : counts[1])
    wait(2_000 + 6 * roundTrip.count)
    if talkers.contains(where: { $0.outcome != .open }) { return }
    expectCounted(
      "all places are taken", atSource: isSource ? .refusedUnanswered : ofPeer,
      atDestination: isSource ? nil : .refusedFull, within: 4_000 + 4 * roundTrip.count
    ) { startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)) }
    letEnd()
    if !isSource && world.failure == nil { countDraining(counts[1]) }
    letEnd()
  }

  /// Those that are over for the source take no place from others, up to as many again.
  private func countDraining(_ count: Int) {
    if destination.configuration.settings.bandwidthLimit > 0 || service.isShaped || count > 5
      || !holdsWill
    {
      return
    }
    leave(count)
    if drainingCount != count { return }
    serverPlans = []
    if laterRandom.chance(5_000) {
      countDrainingOnly(count, leavingCount: count, within: 2_000)
      return
    }
    let talkers = fill(count)
    wait(1_500 + 4 * roundTrip.count)
    if let talker = talkers.first(where: { $0.outcome != .open }) {
      if world.failure == nil {
        world.fail(talker.name, "gets no place beside those that are over and only drain")
      }
      return
    }
    expectCounted(
      "all places are taken, and as many drain", atSource: ofPeer, atDestination: .refusedFull,
      within: 2_000 + 4 * roundTrip.count
    ) { startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)) }
  }

  /// Twice as many as there are places may be over and drain, and no more.
  /// - Parameter leavingCount: of those that are still to leave.
  private func countDrainingOnly(_ count: Int, leavingCount: Int, within milliseconds: Int64) {
    leave(leavingCount)
    if drainingCount != 2 * count { return }
    serverPlans = []
    expectCounted(
      "twice as many drain as there are places", atSource: ofPeer, atDestination: .refusedFull,
      within: milliseconds + 4 * roundTrip.count
    ) { startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)) }
  }

  private var drainingCount: Int? {
    destination.proxy?.connectionFacts.filter { $0.state.isDraining }.count
  }

  /// Clients who say more than their servers take, and leave.
  private func leave(_ count: Int) {
    var late = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    late.reading = .halts(at: 8, milliseconds: 40_000)
    let buffers = world.bufferByteCounts
    world.bufferByteCounts = 2_048...2_048
    for _ in 0..<count {
      serverPlans.append(late)
      startClient(0, plan: Plan(byteCount: 6_500, chunkByteCount: 6_500, ending: .close))
        .isHonest = false
      // Where there is one connection at a time, one after the other.
      if version != .v3 { wait(300 + 4 * roundTrip.count) }
    }
    wait(1_500 + 6 * roundTrip.count)
    world.bufferByteCounts = buffers
  }

  /// Where each client begins a stream, what earlier ones have left is no more than twice as much as there are places.
  private func countRemains() {
    let count = destination.configuration.settings.activeConnectionCountMax
    if destination.configuration.settings.bandwidthLimit > 0 || service.isShaped || count > 5
      || !holdsWill || Int64(2 * count) * (300 + 4 * roundTrip.count) > 14_000
    {
      return
    }
    countDrainingOnly(count, leavingCount: 2 * count, within: 1_000)
  }

  /// A destination that stops takes nobody, be it in a stream that there is or in a new one.
  private func countStopping() {
    let counts = [source, destination].map { $0.configuration.settings.activeConnectionCountMax }
    if counts.min() ?? 0 < 4 || 4 * roundTrip.count > 1_500 || service.isShaped
      || destination.configuration.settings.drainTimeout.count < 5_000
    {
      return
    }
    var plan = Plan(byteCount: 100_000, chunkByteCount: 50, ending: .answerEnd)
    plan.pause = 300
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    startClient(0, plan: plan)
    wait(2_000 + 2 * roundTrip.count)
    sessionCounts[1] += 1
    destination.receive(.terminate)
    wait(200)
    expectCounted(
      "a destination stops", atSource: ofPeer, atDestination: .refusedStopping,
      within: 500 + 3 * roundTrip.count
    ) {
      startClient(
        serviceCount - 1, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    }
    wait(destination.configuration.settings.drainTimeout.count + 6_000)
    wait(30_000) { self.isTunnelUp }
    letEnd()
  }
}
