import Basics
import Configuration
import Reactor
import Tunnel

/// What the service, the destination and the servers do that a source has to bear.
extension Scenario {
  /// Another run of the same program; nobody may be connected.
  func startAnew(_ proxy: ProxyProcess) {
    sessionCounts[proxy === source ? 0 : 1] += 1
    proxy.kill(vanishes: false)
    proxy.start()
    wait(60_000) { self.isTunnelUp }
  }

  /// The same of the service, which is as it is told to be from now on.
  func startServiceAnew(
    cutsAfter seconds: Int? = nil, tellsOfLosses: Bool = true, latency: Milliseconds? = nil
  ) {
    hadOutage = true
    sessionCounts = sessionCounts.map { $0 + 1 }
    service.kill(vanishes: false)
    service.start(cutsAfter: seconds, tellsOfLosses: tellsOfLosses, latency: latency)
    wait(1_000 + 2 * roundTrip.count)
    wait(60_000) { self.isTunnelUp }
  }

  /// A client that has got an answer and stays; nil when it has got none.
  func startUser(_ service: Int) -> Talker? {
    serverPlans.append(
      Plan(byteCount: 8, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd))
    let user = startClient(
      service, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    wait(2_000 + 4 * roundTrip.count)
    return user.outcome == .open && user.receivedByteCount == 8 ? user : nil
  }

  /// What a server keeps that does not answer goes to another service's clients; what is in use does not.
  func playDeafServer() {
    if areDescriptorsFew { return }
    letEnd()
    let count = destination.configuration.settings.activeConnectionCountMax
    guard let user = startUser(0) else { return }
    world.deafPorts = [Self.serverPort]
    defer { world.deafPorts = [] }
    let waiting = (1..<count).map { _ in
      wait(50)
      return startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    }
    wait(1_500 + 2 * roundTrip.count)
    serverPlans = []
    expectServed(
      [startVisitor(serviceCount - 1)], within: 2_500 + 6 * roundTrip.count,
      "gets no place beside a server that does not answer")
    if user.outcome != .open && world.failure == nil {
      world.fail(user.name, "loses a place that it uses to one who came later")
    }
    if waiting[0].outcome == .open && waiting.contains(where: { $0.outcome != .open })
      && world.failure == nil
    {
      world.fail(waiting[0].name, "stays, although it came first of those who wait for a server")
    }
    world.deafPorts = []
    letEnd()
    if world.failure == nil { playWill() }
  }

  /// What a client has left behind waits for its server as long as the settings say.
  private func playWill() {
    world.deafPorts = [Self.serverPort]
    defer { world.deafPorts = [] }
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    let client = startClient(0, plan: Plan(byteCount: 3_000, chunkByteCount: 3_000, ending: .close))
    let settings = destination.configuration.settings
    let time = max(settings.halfCloseLinger.count, settings.silentLinger.count) + 3_000
    wait(time)
    world.deafPorts = []
    wait(settings.connectTimeout.count + settings.connectionRetryDelay.count + 3_000) {
      client.flow.receiver?.receivedByteCount == 3_000
    }
    if client.flow.receiver?.receivedByteCount != 3_000 && world.failure == nil {
      world.fail(client.name, "is gone, and what it left behind did not wait for its server")
    }
    letEnd()
  }

  /// The system asks, and tells.
  func playVanishedServers() {
    letEnd()
    let settings = destination.configuration.settings
    guard let user = startUser(0) else { return }
    user.isHonest = false
    servers.kill(vanishes: true)
    let time =
      settings.keepaliveIdle.count
      + settings.keepaliveInterval.count * Int64(settings.keepaliveProbeCount)
    wait(time + 3_000 + 4 * roundTrip.count) { user.outcome != .open }
    if user.outcome == .open && world.failure == nil {
      world.fail(user.name, "waits for a server that has vanished for more than \(time) ms")
    }
    servers.start()
    letEnd()
  }

  /// From its first answer on each service has one connection at a time.
  func playOlderDestination() {
    if source.configuration.settings.offersCompression { return }
    letEnd()
    // It knows no marks.
    ledger.isStrict = false
    service.makeMeddler = { [unowned self] in
      let meddler = Meddler(self.world)
      meddler.isForOlderDestination = true
      return meddler
    }
    defer { service.makeMeddler = { nil } }
    startAnew(destination)
    if tellsItsVersion() { serveByOlder() }
    service.makeMeddler = { nil }
    letEnd()
    startAnew(destination)
    startAnew(source)
  }

  /// A first client has its answer; one that says nothing may come before that is there.
  private func tellsItsVersion() -> Bool {
    defer { letEnd() }
    if laterRandom.chance(5_000) { return startUser(0) != nil }
    serverPlans = [Plan(byteCount: 8, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd)]
    let talkers = [8, 0].map { byteCount in
      startClient(0, plan: Plan(byteCount: byteCount, chunkByteCount: 8, ending: .answerEnd))
    }
    wait(2_000 + 4 * roundTrip.count)
    if talkers[0].receivedByteCount == 0 { return false }
    // To such a destination one that leaves is not told from the other.
    talkers[1].isHonest = false
    talkers[1].leave()
    wait(1_000 + 4 * roundTrip.count)
    let isCut = talkers[0].outcome != .open || talkers[0].flow.receiver?.outcome != .open
    if isCut && world.failure == nil {
      world.fail(talkers[0].name, "is cut, for another one has left")
    }
    return true
  }

  private func serveByOlder() {
    var slow = Plan(byteCount: 3_000, chunkByteCount: 300, answersAfter: 8, ending: .finish)
    slow.pause = 100
    serverPlans = [slow]
    let first = startClient(
      0, plan: Plan(byteCount: 100, chunkByteCount: 100, ending: .answerEnd))
    let second = startVisitor(0)
    let waits = source.configuration.settings.secondClient == .wait
    expectServed(
      waits ? [first, second] : [second], within: 60_000,
      "is not served by a destination that is older")
  }

  /// Who comes next finds it out for all.
  func playUntoldRestart() {
    letEnd()
    startServiceAnew(tellsOfLosses: false)
    if let idle = startUser(0) {
      idle.isHonest = false
      startAnew(destination)
      let scout = startVisitor(0)
      wait(10_000 + 8 * roundTrip.count) { scout.outcome != .open }
      if scout.outcome == .failed && destination.proxy?.counts.count(.refusedProtocol) == 0
        && world.failure == nil
      {
        world.fail("destination", "does not count one that it has refused")
      }
      serverPlans = []
      expectServed(
        [startVisitor(0)], within: 20_000, "is not served after a restart that nobody told of")
      if idle.outcome == .open && world.failure == nil {
        world.fail(idle.name, "waits for a destination that was started anew")
      }
    }
    letEnd()
    serverPlans = []
    if world.failure == nil, let lost = startUser(0) {
      lost.isHonest = false
      let server = lost.flow.receiver
      server?.isHonest = false
      startAnew(source)
      expectServed(
        [startVisitor(0)], within: 20_000, "is not served by a source that was started anew")
      if server?.outcome == .open && world.failure == nil {
        world.fail(server?.name ?? "", "goes on for a client of a source that is gone")
      }
    }
    letEnd()
    if version == .v3 && world.failure == nil { playFullHouseOfLostSource() }
    letEnd()
    if world.failure == nil && laterRandom.chance(6_000) { playRestartWhileItStops() }
    letEnd()
    startServiceAnew()
  }

  /// A destination that stops takes no new stream, but what that shows of the old one holds.
  private func playRestartWhileItStops() {
    let settings = destination.configuration.settings
    if 6 * roundTrip.count + 2_000 > settings.drainTimeout.count || service.isShaped { return }
    var steady = Plan(byteCount: 100_000, chunkByteCount: 100, ending: .answerEnd)
    steady.pause = 200
    serverPlans = [steady]
    let user = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    wait(1_500 + 2 * roundTrip.count)
    guard let server = user.flow.receiver, server.outcome == .open else { return }
    user.isHonest = false
    server.isHonest = false
    sessionCounts = sessionCounts.map { $0 + 1 }
    source.kill(vanishes: false)
    destination.receive(.terminate)
    source.start()
    wait(1_500 + 6 * roundTrip.count) { self.source.proxy?.isTunnelUp == true }
    let counts = destination.proxy?.counts
    if source.proxy?.isTunnelUp == true && destination.proxy?.isLinkOpen == true {
      let client = startClient(
        0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
      wait(800 + 2 * roundTrip.count) { client.outcome != .open && server.outcome != .open }
      let isRefused = counts?.count(.refusedStopping) == 1
      if server.outcome == .failed && !isRefused && world.failure == nil {
        world.fail("destination", "does not count a stream that it has refused while it stops")
      }
      if isRefused && server.outcome == .open && world.failure == nil {
        world.fail(server.name, "goes on for a client of a source that was started anew")
      }
      // The service says nothing of an end that has gone.
      if isRefused && client.outcome == .open && world.failure == nil {
        world.fail(client.name, "is not told that it was refused")
      }
    }
    wait(settings.drainTimeout.count + 6_000)
    wait(30_000) { self.isTunnelUp }
  }

  /// From then on it goes without.
  func playMarkHater() {
    let settings = source.configuration.settings
    if settings.offersCompression || settings.halfClose != .negotiated { return }
    letEnd()
    hadOutage = true
    isCountOpen = true
    // As long as the program runs.
    ledger.isStrict = false
    // What a destination answers is suspected only when nothing has come behind the source's offer.
    let settingsThere = destination.configuration.settings
    let isAnswers =
      settingsThere.halfClose == .negotiated && !settingsThere.offersCompression
      && laterRandom.chance(4_000)
    if isAnswers {
      hateAnswers()
      return
    }
    world.marked = { [unowned self] in
      self.world.after(Milliseconds(0)) {
        self.source.network.cutConnections(besides: self.world.path(self.laptop, self.laptop))
      }
    }
    // In a tunnel that has had an answer the first is not suspected.
    for _ in 0..<2 {
      let scout = startVisitor(0)
      wait(20_000) { scout.outcome != .open }
      serverPlans = []
      wait(1_000)
      wait(60_000) { self.isTunnelUp }
    }
    expectServed([startVisitor(0)], within: 60_000, "is not served by a service without marks")
    world.marked = {}
    letEnd()
  }

  private func hateAnswers() {
    // With streams that are new.
    startAnew(source)
    world.agreed = { [unowned self] in
      self.world.after(Milliseconds(0)) {
        let network = self.destination.network
        network.cutConnections(besides: self.world.path(self.gateway, self.gateway))
      }
    }
    for _ in 0..<3 {
      serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
      let scout = startClient(0, plan: Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd))
      scout.isHonest = false
      wait(3_000 + 4 * roundTrip.count) { scout.outcome != .open }
      scout.killed()
      wait(1_000 + 4 * roundTrip.count)
      wait(60_000) { self.isTunnelUp }
    }
    serverPlans = []
    expectServed(
      [startVisitor(0)], within: 60_000, "is not served by a service that takes no answers to marks"
    )
    world.agreed = {}
    letEnd()
  }

  /// It is not begun again at once over and over.
  func playShortSessions() {
    letEnd()
    isCountOpen = true
    startServiceAnew(cutsAfter: 1)
    for proxy in [source, destination] { proxy.watch.isIdle = true }
    wait(8_000)
    for proxy in [source, destination] { proxy.watch.isIdle = false }
    var plan = Plan(byteCount: 2_000, chunkByteCount: 100, ending: .close)
    plan.pause = 50
    for _ in 0..<40 where world.failure == nil {
      startClient(0, plan: plan)
      wait(400)
    }
    startServiceAnew()
    letEnd()
    // After one that was sound a short one is begun again at once, if it was used.
    wait(3_000)
    serverPlans = []
    for _ in 0..<3 where world.failure == nil {
      wait(1_000 + 6 * roundTrip.count) { self.isTunnelUp }
      let visitor = startVisitor(0)
      visitor.isHonest = false
      wait(1_000) { visitor.outcome != .open }
      visitor.flow.receiver?.isHonest = false
      for proxy in [source, destination] {
        proxy.network.cutConnections(besides: world.path(proxy.machine, proxy.machine))
      }
      wait(200)
    }
    wait(30_000) { self.isTunnelUp }
    letEnd()
  }
}
