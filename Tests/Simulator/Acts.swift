import Basics
import Reactor
import Tunnel

/// What is played where nothing goes wrong, one after the other: each has its own promise to keep.
enum Act: CaseIterable {
  /// A reader without company may stop for as long as the lone ones may.
  case loner
  /// One that takes nothing holds the others up for no longer than it may.
  case hostage
  /// Who always has something shares the tunnel.
  case contest
  /// A server that comes late is waited for.
  case lateServer
  /// The service is away for a moment, and nobody is turned away.
  case outage
  /// The service stands still.
  case hush
  /// Who is told to stop goes on as long as something moves, and has the time.
  case drain
  /// Clients of a service that has one connection at a time, one right after the other.
  case turns
  /// Very many sockets are closed that their peers do not read.
  case farewells
  /// Who has ended his direction has the time for his answer that the settings say.
  case answers
  /// Another process with the same tokens takes one's place, and keeps it.
  case double
  /// The next client takes the place of the first, where that is wanted.
  case takeover
  /// All places are taken, and another one comes.
  case fullHouse
  /// Somebody types beside a transfer.
  case typist
  /// The source has no descriptor for a client.
  case withoutDescriptors
  /// All places of the destination are taken, some of them for a server that does not answer.
  case deafServer
  /// The servers' machine is gone, and nobody hears.
  case vanishedServers
  /// The destination is older than was said.
  case olderDestination
  /// The service says nothing of a destination that was started again.
  case untoldRestart
  /// Each tunnel is cut as soon as it has been used.
  case shortSessions
  /// A service that ends a tunnel at the first mark.
  case markHater
  /// Sources whose client is whoever has started them.
  case standardStreams
  /// Other configurations for programs that run.
  case reload
  /// Another token for one of them.
  case rotation
  /// People ask how the source fares.
  case status
  /// What is counted, one by one.
  case counts
  /// Clients who find no place.
  case places
  /// Connections that are cut, or over at one end, while something is on its way.
  case remains
  /// Servers with several addresses.
  case ways
  /// Clients whose start is on its way when the destination is lost.
  case lostStarts
  /// Each WebSocket is cut after some seconds, and both ends come again before.
  case shortLives
  /// Very many short messages come at once.
  case manyMessages
  /// What is sent takes long on its way.
  case slowUplink
  /// Somebody types alone, and then beside a crowd.
  case crowd
  /// Another program listens where the source is to.
  case takenPort
  /// Very many clients are turned away, and the log says so.
  case telling
  /// A destination speaks to a source that has gone.
  case lateWords
  /// The tunnel's life is over while somebody waits for a place.
  case lastWaiting
  /// Somebody comes before the services are known again.
  case earlyClient
  /// A source without mappings, and a tunnel that has other services when it is back.
  case freePorts
  /// Refusals whose words come late.
  case slowRefusal
  /// There is next to no time to drain.
  case shortDrain
  /// A token without a client token is used twice.
  case plainToken
  /// The service is at fault, and there is much to say of it.
  case longNames
  /// Another configuration while there is no tunnel, or none yet, or to connect from another place.
  case lateReload
  /// Signals beside a token that is rotated, and beside a client that waits.
  case lateSignal
  /// Steps that take nearly all of their time.
  case slowSteps
  /// The service is silent as soon as somebody has come.
  case silentMark
  /// A tunnel is lost with those who could not say any more that they have gone.
  case lostRemains

  /// Those that came later are drawn by themselves: a seed goes on meaning what it meant.
  static let newest: [Act] = [
    .counts, .places, .remains, .ways, .lostStarts, .shortLives, .manyMessages,
    .slowUplink, .crowd, .takenPort, .telling, .lateWords,
  ]
  /// Of ends, and what comes behind them (`ActsOfEnds`).
  static let ends: [Act] = [
    .lastWaiting, .earlyClient, .freePorts, .slowRefusal, .shortDrain, .plainToken, .longNames,
    .lateReload, .lateSignal, .slowSteps, .silentMark,
    .lostRemains,
  ]
  static var first: [Act] { allCases.filter { !newest.contains($0) && !ends.contains($0) } }
}

extension Scenario {
  /// Plays it; false when it went wrong.
  func play(_ act: Act) -> Bool {
    world.story.add(world.now, "the play", "\(act)")
    switch act {
    case .loner: playLoner()
    case .hostage: playHostage()
    case .contest: if version == .v3 { playContest() }
    case .lateServer: playLateServer()
    case .outage: playOutage()
    case .hush: playHush()
    case .drain: playDrain()
    case .turns: if version != .v3 { playTurns() }
    case .farewells: playFarewells()
    case .answers: playAnswers()
    case .double: playDouble()
    case .takeover: playTakeover()
    case .typist: if version == .v3 { playTypist() }
    case .fullHouse: if version == .v3 { playFullHouse() }
    case .withoutDescriptors: if version == .v3 && !ledger.isStrict { playWithoutDescriptors() }
    case .deafServer: if version == .v3 && serviceCount > 1 { playDeafServer() }
    case .vanishedServers: playVanishedServers()
    case .olderDestination: if version == .v3 { playOlderDestination() }
    case .untoldRestart: if version == .v3 { playUntoldRestart() }
    case .shortSessions: playShortSessions()
    case .markHater: playMarkHater()
    case .standardStreams: playStandardStreams()
    case .reload: playReload()
    case .rotation: playRotation()
    case .status: playStatus()
    case .counts: playCounts()
    case .places: if version == .v3 { playPlaces() } else { playTurnBehindWait() }
    case .remains: playRemains()
    case .ways: playWays()
    case .lostStarts: playLostStarts()
    case .shortLives: if version == .v3 { playShortLives() }
    case .manyMessages: if version == .v3 { playManyMessages() }
    case .slowUplink: playSlowUplink()
    case .crowd: if version == .v3 { playCrowd() }
    case .takenPort: playTakenPort()
    case .telling: playTelling()
    case .lateWords: playLateWords()
    case .lastWaiting, .earlyClient, .freePorts, .slowRefusal, .shortDrain, .plainToken,
      .longNames, .lateReload, .lateSignal, .slowSteps, .silentMark,
      .lostRemains:
      playEnd(act)
    }
    serverPlans = []
    return world.failure == nil
  }

  /// With nothing in its way the tunnel stands after so many round trips.
  func comeUp() {
    let time = Milliseconds(2_000 + 1_000 + 14 * roundTrip.count)
    // The next address beside one that is silent.
    let reachTime = Milliseconds(250 + 200 + 2 * roundTrip.count)
    _ = world.run(for: time) {
      for proxy in [self.source, self.destination] { proxy.watch.reachTime = reachTime }
      return self.isTunnelUp
    }
    for proxy in [source, destination] { proxy.watch.reachTime = nil }
    if !isTunnelUp {
      world.fail("the tunnel", "is not up after \(time.count) ms without a fault")
    }
    _ = world.run(for: Milliseconds(3_000))
  }

  func wait(_ milliseconds: Int64, until isDone: () -> Bool = { false }) {
    _ = world.run(for: Milliseconds(milliseconds)) { self.watch() || isDone() }
  }

  /// Nobody is connected, and nothing is on its way.
  private var isQuiet: Bool {
    !service.network.hasUnacknowledged
      && [source, destination].allSatisfy {
        $0.proxy?.connectionCount == 0 && $0.proxy?.hasUnsent == false
          && !$0.network.hasUnacknowledged
      }
  }

  /// Waits until they are over, and says so when one was not served whole.
  func expectServed(_ talkers: [Talker], within milliseconds: Int64, _ what: String) {
    wait(milliseconds) { talkers.allSatisfy { $0.outcome != .open } }
    for talker in talkers where world.failure == nil {
      guard let answer = talker.incoming, talker.outcome == .ended,
        talker.receivedByteCount == answer.sentByteCount
      else {
        world.fail(
          talker.name,
          "\(what): \(talker.outcome), \(talker.receivedByteCount) of "
            + (talker.incoming?.flowText ?? "nothing"))
        return
      }
    }
  }

  /// A client that says something, and gets an answer.
  func startVisitor(
    _ service: Int, answerByteCount: Int = 3_000, besides offset: UInt16 = 0
  ) -> Talker {
    serverPlans.append(
      Plan(byteCount: answerByteCount, chunkByteCount: 1_000, answersAfter: 8, ending: .finish))
    return startClient(
      service, plan: Plan(byteCount: 100, chunkByteCount: 100, ending: .answerEnd),
      besides: offset)
  }

  private func playLoner() {
    let stall = source.configuration.settings.stallTimeout.count
    // Held off for longer, a destination takes the service for dead.
    let patience = destination.configuration.settings
    let isHeldOff = 3 * patience.pingPeriod.count < 3 * stall + 1_000
    if isHeldOff && patience.loneStallTimeout.count < 3 * stall + 1_000 { return }
    // Compressed, all of it may find room on the way.
    if isHeldOff && patience.offersCompression { return }
    // So does one that the service does not read while its line to the source is slow.
    if 3 * patience.pingPeriod.count < 10_000 && roundTrip > Milliseconds(100) { return }
    // So does one whose pings stand behind much in a web proxy's buffers.
    if destination.configuration.webProxy != nil { return }
    // One who has been silent for more than a minute is none.
    if version == .v3 && source.configuration.settings.activeConnectionCountMax > 2
      && destination.configuration.settings.activeConnectionCountMax > 2
      && laterRandom.chance(5_000)
    {
      _ = startUser(0)
      wait(65_000)
    }
    serverPlans = [
      // More than all the buffers on the way take, or nothing tells that it is held off.
      Plan(
        byteCount: isHeldOff ? 2_000_000 : 700_000, chunkByteCount: 20_000, answersAfter: 8,
        ending: .finish)
    ]
    var plan = Plan(byteCount: 100, chunkByteCount: 100, ending: .answerEnd)
    plan.reading = .halts(at: 5_000, milliseconds: Int(stall * 3))
    let loner = startClient(0, plan: plan)
    expectServed(
      [loner], within: isHeldOff ? 400_000 : 120_000,
      "is not waited for, although nobody else is there")
    letEnd()
  }

  private func playHostage() {
    if source.configuration.settings.activeConnectionCountMax < 3 || version != .v3
      || destination.configuration.settings.activeConnectionCountMax < 3
    {
      return
    }
    if world.random.chance(4_000) {
      playHostageOfGone()
      return
    }
    // Compressed, all finds room in front of a slow way: nothing waits, and short ping periods bear no such silence.
    if source.configuration.settings.offersCompression
      && (service.isShaped || tunnelPaths.contains { 0 < $0.rate && $0.rate < 1_000_000 })
    {
      return
    }
    // One talks all the time, or now and then, either way; an operator thinks for longer than that. Or only the one
    // does at the end where a reader takes nothing.
    var steady = Plan(byteCount: 4_000_000, chunkByteCount: 200)
    steady.pause = laterRandom.pick([50, 2_000, 25_000])
    let isOneWay = steady.pause > 50 && laterRandom.chance(5_000)
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let isClients = world.random.chance(5_000)
    serverPlans = [isOneWay && isClients ? silent : steady]
    let other = startClient(0, plan: isOneWay && !isClients ? silent : steady)
    wait(2_000 + 4 * roundTrip.count)
    // That it has come lately is not enough.
    if isOneWay { wait(65_000) }
    var taker = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    taker.reading = .never
    let sender = Plan(byteCount: 2_000_000, chunkByteCount: 50_000, ending: .finish)
    serverPlans = [isClients ? sender : taker]
    let hostage = startClient(0, plan: isClients ? taker : sender)
    let proxy = isClients ? source : destination
    let settings = proxy.configuration.settings
    proxy.isInUse = true
    let evictedCount = proxy.proxy?.counts.count(.resetEvicted) ?? 0
    wait(60_000) { hostage.outcome != .open || self.hasLostServer(since: hostage.startedAt) }
    proxy.isInUse = false
    if let counts = proxy.proxy?.counts, isClients, hasLostServer(since: hostage.startedAt),
      counts.count(.resetEvicted) == evictedCount && world.failure == nil
    {
      world.fail(proxy.name, "counts nobody whom it has reset for the sake of others")
    }
    let victim = isClients ? other : other.flow.receiver
    let limit = settings.stallTimeout.count + 1_500 + 4 * roundTrip.count + Int64(steady.pause)
    // Without pacing, or behind a slow link of the other end's, its bytes stand behind full buffers.
    let isPaced =
      (isClients ? destination : source).configuration.settings.isPacingAdaptive
      && tunnelPaths.allSatisfy { $0.rate == 0 || $0.rate > 1_000_000 }
    if isPaced, proxy.hasWideLink(roundTrip), !isOneWay, let victim,
      Milliseconds(limit) < victim.longestGap, world.failure == nil
    {
      world.fail(
        victim.name,
        "is held up for \(victim.longestGap.count) ms by one that takes nothing, not \(limit)")
    }
    letEnd()
  }

  private func hasLostServer(since start: Instant) -> Bool {
    // One that has sent all has ended by itself.
    ledger.talkers.contains {
      !$0.isClient && start < $0.startedAt && $0.outcome != .open && !$0.flow.hasEnded
    }
  }

  /// Others that have gone lately may come again, and count as if they were here.
  private func playHostageOfGone() {
    let settings = source.configuration.settings
    let isFast = tunnelPaths.allSatisfy { $0.rate == 0 || $0.rate > 2_000_000 }
    // Else it takes long until its server knows.
    let isJudged =
      isFast && settings.stallTimeout.count >= 2_500 && !service.isShaped
      && source.configuration.settings.bandwidthLimit == 0
      && destination.configuration.settings.bandwidthLimit == 0
    let isIdle = settings.activeConnectionCountMax > 3 && laterRandom.chance(4_000)
    let idle = isIdle ? startUser(0) : nil
    if isIdle { wait(65_000) }
    serverPlans = []
    expectServed([startVisitor(0)], within: 60_000, "is not served")
    // One who goes now and has moved nothing for long makes nobody forget the others.
    idle?.isHonest = false
    idle?.leave()
    wait(500)
    var taker = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    taker.reading = .never
    serverPlans = [Plan(byteCount: 2_000_000, chunkByteCount: 50_000, ending: .finish)]
    let start = world.now
    let hostage = startClient(0, plan: taker)
    source.isInUse = true
    defer { source.isInUse = false }
    // Who takes nothing does not see that it is reset; its server does, which sends until all between them is full. With
    // short buffers on a long way that may take long.
    var sentByteCount = 0
    var sentAt = start
    wait(60_000) {
      let sender = self.ledger.talkers.last { !$0.isClient }
      if let byteCount = sender?.flow.sentByteCount, byteCount != sentByteCount {
        (sentByteCount, sentAt) = (byteCount, self.world.now)
      }
      return self.hasLostServer(since: start)
    }
    let limit = Milliseconds(settings.stallTimeout.count * 2 + 2_500 + 8 * roundTrip.count)
    let isSlow = limit.count > settings.loneStallTimeout.count
    if isJudged && !isSlow && sentAt + limit < world.now && world.failure == nil {
      world.fail(hostage.name, "holds up those to come for more than \(limit.count) ms")
    }
    letEnd()
  }

  /// Three clients that always have something, one of them a little at a time, and one that comes later.
  private func playContest() {
    // Each has something at each of its turns.
    world.faults = Faults()
    let rates = tunnelPaths.map { $0.rate }
    let buffers = world.bufferByteCounts
    defer {
      world.faults = stormFaults
      world.bufferByteCounts = buffers
      for (path, rate) in zip(tunnelPaths, rates) { path.rate = rate }
    }
    for path in tunnelPaths { path.rate = 200_000 }
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    serverPlans = [silent, silent, silent]
    var plan = Plan(byteCount: 40_000_000, chunkByteCount: 500)
    let settings = source.configuration.settings
    // Where frames may be as long as they like, a short buffer is often empty when its turn would come.
    let isLong = !settings.isPacingAdaptive && source.configuration.webProxy == nil
    if isLong { plan.chunkByteCount = 8_192 }
    let few = withBuffers(of: isLong ? 8_192 : 2_048) { startClient(0, plan: plan) }
    plan.chunkByteCount = 100_000
    let many = withBuffers(of: 262_144) { startClient(0, plan: plan) }
    wait(4_000)
    // What the big buffers took at once says nothing.
    let before = (few.flow.sentByteCount, many.flow.sentByteCount)
    wait(8_000)
    let shares = (few.flow.sentByteCount - before.0, many.flow.sentByteCount - before.1)
    // Not where short buffers of the tunnel's own make a queue of what its path would carry. Room comes in lumps there:
    // whoever has long buffers is alone with most of each.
    let byteCount = shares.0 + shares.1
    let isPaced = source.configuration.settings.isPacingAdaptive && byteCount > 400_000
    // It may have been late, and its buffers are not full yet.
    let isFull = isLong && byteCount > 1_200_000
    // A frame of the one may be eight times as long as all that the other has.
    if (isPaced || isFull) && shares.1 > (isFull ? 9 : 4) * shares.0 + (isFull ? 262_144 : 0) {
      world.fail(
        "the contest", "\(shares.1) bytes of one client in 8 s, and \(shares.0) of the other")
    }
    // A turn of few bytes costs more than its bytes, not less.
    if isPaced && shares.0 > shares.1 * 3 / 2 + 50_000 && world.failure == nil {
      world.fail(
        "the contest", "\(shares.0) bytes of who has little at a time, and \(shares.1) of the other"
      )
    }
    if source.configuration.settings.activeConnectionCountMax > 2
      && destination.configuration.settings.activeConnectionCountMax > 2
    {
      let newcomer = withBuffers(of: 16_384) { startClient(0, plan: plan) }
      wait(1_000)
      let before = (many.flow.sentByteCount, newcomer.flow.sentByteCount)
      wait(4_000)
      let shares = (many.flow.sentByteCount - before.0, newcomer.flow.sentByteCount - before.1)
      if isPaced && (shares.1 > 4 * shares.0 + 300_000 || shares.0 > 4 * shares.1 + 300_000) {
        world.fail(
          "the contest",
          "\(shares.1) bytes of one that came late in 4 s, and \(shares.0) of the other")
      }
    }
    // Lest its servers take what the next act has for its own.
    letEnd()
  }

  /// Both ends of what is connected in `body` have such buffers.
  func withBuffers(of byteCount: Int, _ body: () -> Talker) -> Talker {
    world.bufferByteCounts = byteCount...byteCount
    let talker = body()
    wait(50)
    return talker
  }

  private func playLateServer() {
    let settings = destination.configuration.settings
    if settings.connectionRetryCount == 0 { return }
    let isElsewhere = serverHost == "server.example" && laterRandom.chance(5_000)
    var time = settings.connectionRetryDelay.count
    if isElsewhere {
      // There nobody answers.
      world.names[serverHost] = ["10.9.9.9"]
      time += settings.connectTimeout.count
    } else {
      servers.kill()
    }
    let visitor = startVisitor(0)
    wait(time * Int64(settings.connectionRetryCount) * 3 / 4)
    if isElsewhere { world.names[serverHost] = ["127.0.0.1"] } else { servers.start() }
    expectServed([visitor], within: 60_000, "its server came late, and was not waited for")
  }

  private func playOutage() {
    let isLong = world.random.chance(5_000)
    // One more than there are places waits when the tunnel is lost.
    let count = source.configuration.settings.activeConnectionCountMax
    if count <= 20 {
      let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
      let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
      for _ in 0...count {
        serverPlans.append(silent)
        startClient(serviceCount - 1, plan: plan)
      }
      wait(700)
    }
    hadOutage = true
    let counts = source.proxy?.counts
    let lostCount = counts?.count(.resetTunnelLost) ?? 0
    let refusedCount = counts?.count(.refusedTunnelDown) ?? 0
    let openCount = source.proxy?.connectionCount ?? 0
    service.kill(vanishes: false)
    sessionCounts = sessionCounts.map { $0 + 1 }
    wait(roundTrip.count + 500)
    // Of fewer some may have come to their end meanwhile.
    let isCertain = openCount == count && source.proxy?.lostAt != nil
    if isCertain, let counts, counts.count(.resetTunnelLost) - lostCount != Int64(openCount) {
      world.fail("source", "counts no loss of the tunnel for \(openCount) connections")
    }
    let waiting = ledger.talkers.filter { $0.isClient && $0.outcome == .open }
    let lostAt = world.now
    // It may be stopped while its clients wait.
    let isStopped = world.random.chance(3_000)
    if isStopped {
      source.receive(.terminate)
      isCountOpen = true
    }
    serverPlans = []
    let visitor = startVisitor(0)
    wait(500)
    askInOutage(waiting.count, isCertain: isCertain && !isStopped)
    wait(isLong ? 12_000 : 500)
    let turnedAway = (waiting + [visitor]).count { $0.outcome != .open && $0.outcome != .ended }
    if let counts = source.proxy?.counts, !isStopped, isCertain,
      counts.count(.refusedTunnelDown) - refusedCount < Int64(turnedAway)
    {
      world.fail("source", "turns \(turnedAway) away without a tunnel, and does not count them")
    }
    service.start()
    wait(60_000) { self.isTunnelUp }
    if !isTunnelUp { world.fail("the tunnel", "does not come back after an outage") }
    wait(200)
    // The places of all others are free; a source that comes first has no destination.
    let isWhole =
      (destination.sessionStart ?? world.now) + roundTrip < source.sessionStart ?? lostAt
    if isWhole && !isStopped && isPatient && world.now < lostAt + Milliseconds(9_000),
      let talker = waiting.first(where: { $0.outcome == .failed || $0.outcome == .refused })
    {
      world.fail(talker.name, "waited for a place when the tunnel was lost, and is turned away")
    }
    letEnd()
  }

  /// Who waits for a place is told of while there is no tunnel as well.
  private func askInOutage(_ count: Int, isCertain: Bool) {
    guard isCertain, let asker = ask(.promptly) else { return }
    wait(300)
    let told = asker.number("localproxy_connections{state=\"waiting\"}")
    if asker.isServed && told != Double(count) && source.proxy?.lostAt != nil {
      world.fail("a watcher", "is told of \(told ?? -1) that wait, not of \(count)")
    }
  }

  private func playHush() {
    let periods = [source, destination].map { $0.configuration.settings.pingPeriod.count }
    sessionCounts = sessionCounts.map { $0 + 1 }
    // Nobody has anything to say.
    wait(30_000)
    if world.failure != nil { return }
    // What is still on its way through web proxies and slow links would be a sign of life.
    let isQuiet = ledger.talkers.allSatisfy { $0.outcome != .open }
    if !isQuiet { isCountOpen = true }
    let start = world.now
    // One who comes meanwhile is no sign of anything.
    if world.random.chance(5_000) { _ = startVisitor(0) }
    let longest = max(periods[0], periods[1])
    // One that takes nothing more, but is there, is borne for a while; so is one whose pongs the pacer waits for.
    let bounds = [source, destination].map {
      let settings = $0.configuration.settings
      let period = settings.pingPeriod.count
      return max(4 * period, settings.loneStallTimeout.count + 2 * period) + 500
    }
    let time = max(longest * 6, bounds[0] + 1_000, bounds[1] + 1_000)
    service.network.stand(until: start + Milliseconds(time))
    var lost: [Instant?] = [nil, nil]
    wait(time - 100) {
      for (index, proxy) in [self.source, self.destination].enumerated()
      where lost[index] == nil && proxy.proxy?.isTunnelUp != true { lost[index] = self.world.now }
      return false
    }
    for (index, proxy) in [source, destination].enumerated()
    where world.failure == nil && isQuiet {
      let period = periods[index]
      // Where the path takes longer than a period, the system at the other end takes something in each.
      if lost[index] == nil && proxy.network.hasUnacknowledged {
        isCountOpen = true
        continue
      }
      guard let time = lost[index], time < start + Milliseconds(bounds[index]) else {
        world.fail(proxy.name, "does not notice that the service stands still")
        return
      }
      if time < start + Milliseconds(2 * period - roundTrip.count) {
        world.fail(proxy.name, "takes a service for dead that was silent for two periods")
        return
      }
    }
    wait(60_000) { self.isTunnelUp }
    if !isTunnelUp && world.failure == nil {
      world.fail("the tunnel", "does not come back to a service that stood still")
    }
    // What was on its way to it arrives now, and has a server of its own.
    wait(3_000 + 4 * roundTrip.count)
  }

  private func playDrain() {
    let proxy = world.random.chance(5_000) ? source : destination
    let pause = world.random.pick([0, 500, 1_000])
    var plan = Plan(byteCount: pause == 0 ? 8 : 100_000, chunkByteCount: 50, ending: .answerEnd)
    plan.pause = pause
    var answer = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    if laterRandom.chance(4_000) {
      // Nothing moves in the tunnel, but something waits for one who reads slowly.
      // The other end is held off meanwhile, and may take the service for dead.
      isCountOpen = true
      let giver = Plan(byteCount: 600_000, chunkByteCount: 20_000, ending: .close)
      var taker = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
      taker.reading = .slowly(byteCount: 100, pause: 300)
      (plan, answer) = proxy === source ? (taker, giver) : (giver, taker)
      serverPlans = [answer]
      _ = withBuffers(of: 2_048) { startClient(0, plan: plan) }
    } else {
      serverPlans = [answer]
      startClient(0, plan: plan)
    }
    wait(2_000 + 2 * roundTrip.count)
    sessionCounts[proxy === source ? 0 : 1] += 1
    // Some of its clients may wait for a place.
    if source.configuration.settings.activeConnectionCountMax <= 20 && world.random.chance(5_000) {
      for _ in 0...source.configuration.settings.activeConnectionCountMax {
        serverPlans.append(Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd))
        startClient(serviceCount - 1, plan: plan)
      }
      wait(700)
    }
    proxy.receive(.terminate)
    // Nobody gets in any more.
    wait(200)
    startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    if world.random.chance(3_000) {
      wait(Int64(world.random.size(1...1_000)))
      if proxy.proxy?.state == .stopping { proxy.receive(.terminate) }
    }
    wait(proxy.configuration.settings.drainTimeout.count + 6_000)
    wait(30_000) { self.isTunnelUp }
    letEnd()
  }

  private func playTurns() {
    for _ in 0..<40 {
      var plan = Plan(byteCount: world.random.size(8...30_000), chunkByteCount: 4_000)
      var answer = Plan(byteCount: world.random.size(0...30_000), chunkByteCount: 4_000)
      plan.ending = world.random.pick([.finish, .finish, .answerEnd, .close, .abort])
      answer.ending = world.random.pick([.finish, .finish, .answerEnd, .close, .abort])
      serverPlans.append(answer)
      startClient(0, plan: plan)
      wait(Int64(world.random.size(1...100)))
    }
    letEnd()
    serverPlans = []
    // On a slow way it takes long until the last of them has come to a server, and has gone.
    wait(60_000) { self.isQuiet }
    wait(5_000)
    wait(60_000) { self.isQuiet }
    expectServed([startVisitor(0)], within: 60_000, "is not served after many others")
    playGone()
  }

  /// Who has gone with his answer is not counted as cut, also where the next client is the first to find him gone.
  private func playGone() {
    var answer = Plan(byteCount: 200, chunkByteCount: 100, answersAfter: 8, ending: .answerEnd)
    answer.pause = 60_000
    serverPlans = [answer]
    let client = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8))
    client.isHonest = false
    wait(2_000 + 4 * roundTrip.count) { client.receivedByteCount == 100 }
    // By then its source has read its end.
    wait(100)
    client.flow.receiver?.isHonest = false
    guard let counts = source.proxy?.counts, client.receivedByteCount == 100,
      client.outcome == .open, world.failure == nil
    else { return }
    let evictedCount = counts.count(.resetEvicted)
    client.leave()
    _ = startVisitor(0)
    wait(100)
    if counts.count(.resetEvicted) != evictedCount && world.failure == nil {
      world.fail(source.name, "counts one as cut who has had his answer, and has gone")
    }
    letEnd()
  }

  /// Servers close behind bytes that their clients do not read.
  private func playFarewells() {
    // A system that has all of it lets a slow reader come to the end.
    letEnd()
    serverPlans = [
      Plan(byteCount: 10_000, chunkByteCount: 10_000, answersAfter: 8, ending: .close)
    ]
    var slow = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    slow.reading = .slowly(byteCount: 100, pause: 200)
    let reader = withBuffers(of: 65_536) { startClient(0, plan: slow) }
    expectServed([reader], within: 120_000, "read slowly, and was cut")
    serverPlans = []
    if version != .v3 || source.configuration.settings.activeConnectionCountMax < 128
      || destination.configuration.settings.activeConnectionCountMax < 128
    {
      return
    }
    let buffers = world.bufferByteCounts
    world.bufferByteCounts = 2_048...2_048
    var plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    plan.reading = .never
    var answer = Plan(byteCount: 3_000, chunkByteCount: 3_000, answersAfter: 8, ending: .close)
    answer.reading = .always
    var talkers: [Talker] = []
    for _ in 0..<30 {
      for _ in 0..<12 {
        serverPlans.append(answer)
        talkers.append(startClient(0, plan: plan))
      }
      wait(100)
    }
    wait(1_000)
    world.bufferByteCounts = buffers
    letEnd()
    // Whoever has ended his direction gives his place to the next where the rest of his answer is not told of.
    if !ledger.isStrict { return }
    // Not all of them found a place.
    expectServed(talkers.filter { $0.incoming != nil }, within: 60_000, "was cut at its end")
  }

  private func playAnswers() {
    letEnd()
    if world.failure != nil { return }
    if ledger.isStrict { playLateAnswer() } else { playLingering() }
    letEnd()
    for ends in [true, false] where world.failure == nil {
      playLeaver(endsFirst: ends)
      letEnd()
    }
  }

  /// Who closes needs no answer any more, whether he has ended his direction before or not.
  private func playLeaver(endsFirst: Bool) {
    if service.isShaped { return }
    // It has something to say for longer than it is watched.
    var answer = Plan(byteCount: 100, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd)
    answer.pause = 60_000
    serverPlans = [answer]
    let leaver = startClient(
      0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: endsFirst ? .finish : .answerEnd))
    wait(2_000 + 4 * roundTrip.count)
    guard leaver.outcome == .open, destination.proxy?.connectionCount == 1 else { return }
    leaver.isHonest = false
    leaver.leave()
    // The system says so at once, but of one that is not read any more it has to be asked.
    wait((endsFirst ? 2_500 : 500) + 2 * roundTrip.count) {
      self.destination.proxy?.connectionCount == 0
    }
    if destination.proxy?.connectionCount != 0 && world.failure == nil {
      world.fail("destination", "goes on for a client that has left")
    }
  }

  /// An end that will be told is waited for, however long that takes.
  private func playLateAnswer() {
    let settings = source.configuration.settings
    let time = Int(max(settings.halfCloseLinger.count, settings.silentLinger.count)) + 5_000
    var late = Plan(byteCount: 100, chunkByteCount: 100, answersAfter: 100, ending: .finish)
    late.reading = .halts(at: 8, milliseconds: time)
    serverPlans = [late]
    let client = startClient(0, plan: Plan(byteCount: 100, chunkByteCount: 100))
    expectServed([client], within: 120_000, "its answer came late, and was not waited for")
  }

  /// Where no end can be told, an answer may take as long as the settings say since its last byte, and no longer.
  private func playLingering() {
    let settings = source.configuration.settings
    let question = Plan(byteCount: 100, chunkByteCount: 100)
    let slack = 3_000 + 4 * roundTrip.count
    // One that goes on is not cut.
    var answer = Plan(byteCount: 160, chunkByteCount: 8, answersAfter: 8, ending: .finish)
    answer.pause = Int(settings.halfCloseLinger.count) / 12
    serverPlans = [answer]
    let patient = startClient(0, plan: question)
    expectServed([patient], within: 120_000, "its answer is cut, although it goes on")
    let isCrowded =
      version == .v3 && settings.activeConnectionCountMax >= 20 && laterRandom.chance(5_000)
      && destination.configuration.settings.activeConnectionCountMax >= 20
    for isSilent in [true, false] where world.failure == nil {
      let patience = (isSilent ? settings.silentLinger : settings.halfCloseLinger).count
      var endless = Plan(byteCount: isSilent ? 0 : 100, chunkByteCount: 8, ending: .answerEnd)
      endless.answersAfter = isSilent ? 1_000 : 8
      endless.pause = 200_000
      serverPlans = [endless]
      let start = world.now
      let client = startClient(0, plan: question)
      let end = start + Milliseconds(patience + slack)
      // Others come and go: nobody's wait begins anew for that.
      if isCrowded { wait(1_000 + 2 * roundTrip.count) }
      while isCrowded && client.outcome == .open && world.failure == nil
        && world.now < end
      {
        serverPlans = [
          Plan(byteCount: 8, chunkByteCount: 8, answersAfter: 8, ending: .finish)
        ]
        startClient(0, plan: question)
        wait(400) { client.outcome != .open }
      }
      wait((end - world.now).count / 1_000_000) { client.outcome != .open }
      if client.outcome == .open && world.failure == nil {
        world.fail(client.name, "waits for an answer for more than \(patience) ms")
      } else if world.now < start + Milliseconds(patience) && world.failure == nil {
        world.fail(client.name, "is not given \(patience) ms for its answer")
      }
      letEnd()
    }
  }

  private func playDouble() {
    letEnd()
    if world.failure != nil { return }
    let office = world.machine("office")
    office.addresses = ["10.0.0.3"]
    // Whoever is connected by the first one is cut.
    let user = startUser(0)
    let server = user?.flow.receiver
    for talker in [user, server] { talker?.isHonest = false }
    if version == .v3 { server?.losesProxy() }
    let double = ProxyProcess(world, office, "double", source.configuration, level)
    source.isKeptAlive = false
    source.isReplaced = true
    double.isKeptAlive = false
    double.start()
    wait(30_000) { double.proxy?.isTunnelUp == true && !self.source.isRunning }
    // Nobody takes it away again.
    wait(5_000)
    if let server, server.outcome == .open, world.failure == nil {
      world.fail(server.name, "goes on for a client of a source that another one has replaced")
    }
    if world.failure == nil && (source.status != 7 || double.sessionCount != 1) {
      world.fail(
        "the double",
        "has had \(double.sessionCount) tunnels, and the first one ended with \(source.status ?? -1)"
      )
    }
    double.receive(.terminate)
    wait(10_000) { !double.isRunning }
    double.kill(vanishes: false)
    source.isReplaced = false
    source.isKeptAlive = true
    source.start()
    sessionCounts[0] += 1
    wait(60_000) { self.isTunnelUp }
  }

  private func playTakeover() {
    if version == .v3 || source.configuration.settings.secondClient != .replace { return }
    letEnd()
    // Who is given the rest of what has come for him is no longer in anybody's way.
    var slow = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    slow.reading = .slowly(byteCount: 100, pause: 300)
    serverPlans = [
      Plan(byteCount: 6_000, chunkByteCount: 6_000, answersAfter: 8, ending: .close)
    ]
    let reader = withBuffers(of: 2_048) { startClient(0, plan: slow) }
    reader.isHonest = false
    wait(1_000 + 4 * roundTrip.count)
    let isDraining = source.proxy?.connectionFacts.contains { $0.state.isDraining } == true
    defer {
      if isDraining && reader.receivedByteCount != 6_000 && world.failure == nil {
        world.fail(reader.name, "is not given the rest of what has come for it")
      }
    }
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    let first = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    wait(2_000 + 4 * roundTrip.count)
    let next = startVisitor(0)
    expectServed([next], within: 10_000 + 8 * roundTrip.count, "does not get another's place")
    if first.outcome == .open && world.failure == nil {
      world.fail(first.name, "is still there, although another one took its place")
    }
    letEnd()
  }

  /// His few bytes do not wait behind all that the buffers on the way would take.
  private func playTypist() {
    let settings = source.configuration.settings
    if !settings.isPacingAdaptive || settings.bandwidthLimit > 0 || service.isShaped
      || settings.activeConnectionCountMax < 3 || source.configuration.webProxy != nil
      || destination.configuration.settings.activeConnectionCountMax < 3
    {
      return
    }
    letEnd()
    world.faults = Faults()
    let usual = tunnelPaths.map { ($0.rate, $0.jitter) }
    defer {
      world.faults = stormFaults
      for (path, (rate, jitter)) in zip(tunnelPaths, usual) {
        (path.rate, path.jitter) = (rate, jitter)
      }
    }
    // What is uneven as well is too slow for a crowd.
    for path in tunnelPaths { (path.rate, path.jitter) = (1_000_000, 0) }
    let slowest = 50_000
    world.path(laptop, cloud).rate = slowest
    // Else it queues behind the service, where short buffers are as good as a slow path.
    let window = destination.network.shortestWindow(on: world.path(gateway, cloud))
    if window * 1_000 / Int(roundTrip.count) < 2 * slowest { return }
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    serverPlans = [silent, silent]
    var typing = Plan(byteCount: 4_000, chunkByteCount: 8, ending: .answerEnd)
    typing.pause = 300
    let typist = startClient(0, plan: typing)
    wait(3_000 + 4 * roundTrip.count)
    // Each of many has its turn before it would be his. A far path that is slow as well carries less than its rate.
    let placeCount = min(
      settings.activeConnectionCountMax,
      destination.configuration.settings.activeConnectionCountMax)
    let isNear = world.path(laptop, cloud).delay < 100_000_000
    let isCrowd = placeCount >= 20 && isNear && laterRandom.chance(6_000)
    // What he has typed while nobody else was there was at nobody's cost.
    if isCrowd { wait(24_000) }
    let comesOneByOne = world.now.nanoseconds / 1_000_000 % 2 == 0
    for _ in 0..<(isCrowd ? 17 : 1) {
      serverPlans.append(silent)
      startClient(0, plan: Plan(byteCount: 4_000_000, chunkByteCount: 50_000))
      if comesOneByOne { wait(120) }
    }
    // What it knows of the path is of one that was faster, and what is on the way by that takes its time.
    wait(12_000)
    typist.flow.receiver?.forgetGaps()
    wait(8_000)
    let limit = Milliseconds(1_500 + 2 * roundTrip.count)
    if let server = typist.flow.receiver, limit < server.longestSilence, world.failure == nil {
      world.fail(
        typist.name,
        "what is typed takes \(server.longestSilence.count) ms beside a transfer, not \(limit.count)"
      )
    }
    letEnd()
  }

  private func playFullHouse() {
    letEnd()
    let count = source.configuration.settings.activeConnectionCountMax
    if world.failure != nil || count > 20 || areDescriptorsFew
      || destination.configuration.settings.activeConnectionCountMax < count
    {
      return
    }
    if ledger.isStrict || laterRandom.chance(5_000) {
      if serviceCount > 1 { playHouseOfUnanswered(count) }
      letEnd()
      playHouseInUse(count)
    } else {
      playHouseOfHalfClosed(count)
    }
    letEnd()
  }

  /// Where the system has no descriptor for a client, one who has ended his direction gives his back.
  private func playWithoutDescriptors() {
    if areDescriptorsFew || source.configuration.settings.activeConnectionCountMax < 3 { return }
    letEnd()
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    serverPlans = [silent, silent]
    for _ in 0..<2 { startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8)) }
    wait(1_500 + 2 * roundTrip.count)
    let network = source.network
    network.descriptorCountMax = network.descriptorCount
    defer { network.descriptorCountMax = 1_000 }
    serverPlans = []
    expectServed(
      [startVisitor(0)], within: 5_000 + 6 * roundTrip.count,
      "is not let in, although half-closed ones could make room")
    network.descriptorCountMax = 1_000
    letEnd()
  }

  /// Who runs out of them has no places either.
  var areDescriptorsFew: Bool {
    min(source.descriptorCountMax, destination.descriptorCountMax) < 1_000
  }

  /// Who has got an answer keeps his place, and so does who has ended his direction while his answer comes.
  private func playHouseInUse(_ count: Int) {
    let areHalfClosed = laterRandom.chance(5_000)
    var answer = Plan(
      byteCount: areHalfClosed ? 8_000 : 8, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd)
    answer.pause = 300
    let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    let half = Plan(byteCount: 8, chunkByteCount: 8, ending: .finish)
    let talkers = (0..<count).map { _ in
      serverPlans.append(answer)
      return startClient(0, plan: areHalfClosed ? half : plan)
    }
    wait(4_000 + 8 * roundTrip.count)
    // Not all of them may have got in; then nothing can be said.
    if talkers.contains(where: { $0.receivedByteCount == 0 }) { return }
    let counts = source.proxy?.counts
    let refusedCount = counts?.count(.refusedFull) ?? 0
    let late = startClient(serviceCount - 1, plan: plan)
    wait(4_000)
    if late.outcome != .open && late.endedAt < late.startedAt + Milliseconds(1_900)
      && world.failure == nil
    {
      world.fail(late.name, "is turned away before it has waited for two seconds")
    }
    if let counts, late.outcome == .failed && counts.count(.refusedFull) == refusedCount {
      world.fail("source", "does not count one that it has refused")
    }
    if let talker = talkers.first(where: { $0.outcome != .open }), world.failure == nil {
      world.fail(talker.name, "loses a place that it uses to one who came later")
    }
    if world.failure == nil && serviceCount > 1 { playTwoWaiting(talkers[0], talkers[1]) }
  }

  /// A place goes to the service that has fewer.
  private func playTwoWaiting(_ first: Talker, _ second: Talker) {
    // One that was answered leaves, and nobody has waited any more.
    for talker in [first, second] { talker.isHonest = false }
    first.leave()
    wait(500 + 2 * roundTrip.count)
    if startUser(0) == nil { return }
    let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    serverPlans = []
    let ofMany = startClient(0, plan: plan)
    wait(100)
    let ofNone = startClient(serviceCount - 1, plan: plan)
    wait(100)
    if ofMany.outcome != .open || ofNone.outcome != .open { return }
    second.leave()
    wait(5_000) { ofMany.outcome != .open || ofNone.outcome != .open }
    if ofNone.outcome == .failed && ofMany.outcome == .open && world.failure == nil {
      world.fail(ofNone.name, "waits in vain beside one whose service has more")
    }
  }

  /// Who waits in vain gives his place to another service's client.
  private func playHouseOfUnanswered(_ count: Int) {
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    for _ in 0..<count {
      serverPlans.append(silent)
      startClient(0, plan: plan)
    }
    wait(3_000 + 4 * roundTrip.count)
    let visitor = startVisitor(serviceCount - 1)
    expectServed([visitor], within: 20_000, "gets no place beside another service that is silent")
    // One that has waited and is never answered leaves nothing of its wait behind.
    serverPlans = [silent]
    startClient(serviceCount - 1, plan: plan)
    wait(3_000 + 2 * roundTrip.count)
  }

  /// Of those who have ended their direction the one that has been silent the longest goes first.
  private func playHouseOfHalfClosed(_ count: Int) {
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let answered = Plan(byteCount: 16, chunkByteCount: 16, answersAfter: 8, ending: .answerEnd)
    let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    let half = Plan(byteCount: 8, chunkByteCount: 8, ending: .finish)
    for _ in 0..<(count - 2) {
      serverPlans.append(answered)
      startClient(0, plan: plan)
      wait(20)
    }
    var talkers: [Talker] = []
    for _ in 0..<2 {
      serverPlans.append(silent)
      talkers.append(startClient(0, plan: half))
      wait(2_500 + 2 * roundTrip.count)
    }
    if talkers.contains(where: { $0.outcome != .open }) { return }
    startClient(0, plan: plan)
    wait(1_500 + 2 * roundTrip.count)
    if talkers[1].outcome != .open && talkers[0].outcome == .open && world.failure == nil {
      world.fail(talkers[1].name, "has to go before one who has been silent for longer")
    }
  }

  /// Whoever is still there comes to an end.
  func letEnd() {
    for talker in ledger.talkers { talker.becomeHonest() }
    wait(60_000) { self.ledger.talkers.allSatisfy { $0.outcome != .open } }
    // What was on its way to a server would have one that is meant for another.
    wait(500 + 2 * roundTrip.count)
  }
}
