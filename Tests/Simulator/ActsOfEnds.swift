import Basics
import Configuration
import Glibc
import Reactor
import Tunnel

/// How a tunnel, a token or an attempt comes to its end, and who waits meanwhile; and what is other when it is back.
extension Scenario {
  private static let short = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)

  /// Plays it; what makes the service break the protocol comes last.
  func playEnd(_ act: Act) {
    if areDescriptorsFew { return }
    letEnd()
    switch act {
    case .lastWaiting: playLastWaiting()
    case .earlyClient: playEarlyClient()
    case .freePorts: playFreePorts()
    case .slowRefusal: playSlowRefusal()
    case .shortDrain: playShortDrain()
    case .plainToken: playPlainToken()
    case .longNames: playLongNames()
    case .lateReload: playLateReload()
    case .lateSignal: playLateSignal()
    case .slowSteps: playSlowSteps()
    case .silentMark: playSilentMark()
    case .lostRemains: playLostRemains()
    default: break
    }
    letEnd()
  }

  private func fail(_ who: String, _ what: String) {
    if world.failure == nil { world.fail(who, what) }
  }

  // MARK: Who waits

  /// A client that waits for a place, or for another's end, of the last service; nil where none can be had.
  func startWaiting() -> Talker? {
    let settings = source.configuration.settings
    let last = serviceCount - 1
    var users: [Talker] = []
    if version == .v3 {
      let count = settings.activeConnectionCountMax
      if count > 5 || destination.configuration.settings.activeConnectionCountMax < count {
        return nil
      }
      for _ in 0..<count { if let user = startUser(last) { users.append(user) } }
    } else if settings.secondClient == .wait, let user = startUser(last) {
      users = [user]
    }
    for user in users { user.isHonest = false }
    serverPlans = []
    let waiting = startClient(last, plan: Self.short)
    waiting.isHonest = false
    wait(300)
    return waiting.outcome == .open && source.proxy?.waitingClientCount == 1 ? waiting : nil
  }

  /// The tunnel's life is over, and nobody is left waiting for a place in it.
  private func playLastWaiting() {
    guard let waiting = startWaiting() else { return }
    (isCountOpen, hadOutage) = (true, true)
    (source.statuses, destination.statuses) = ([0, 3], [0, 3])
    service.closeTunnel()
    wait(1_000 + 2 * roundTrip.count) { waiting.outcome != .open }
    if waiting.outcome == .open || waiting.outcome == .ended {
      fail(waiting.name, "waits for a place, the tunnel is over, and it is \(waiting.outcome)")
    }
    service.kill(vanishes: false)
    service.start()
    wait(5_000 + 4 * roundTrip.count)
    wait(60_000) { self.isTunnelUp }
    (source.statuses, destination.statuses) = ([], [])
  }

  /// After an outage that lasts there is a WebSocket again, and its services are not known yet.
  private func playEarlyClient() {
    if version == .v1 { return }
    (isCountOpen, hadOutage) = (true, true)
    service.kill(vanishes: false)
    wait(10_600)
    service.start(tellsServices: false)
    wait(20_000) { self.source.proxy?.state == .awaitingServices }
    if source.proxy?.state == .awaitingServices {
      let client = startClient(0, plan: Self.short)
      client.isHonest = false
      wait(300) { client.outcome != .open }
      if client.outcome == .open && source.proxy?.state == .awaitingServices {
        fail(client.name, "waits for a tunnel that has been down for more than ten seconds")
      }
    }
    startServiceAnew()
  }

  // MARK: Free ports

  /// A source without mappings has one port for both families; and after a loss a tunnel may have other services.
  private func playFreePorts() {
    if version == .v1 { return }
    isCountOpen = true
    let usual = source.configuration.changed()
    source.rewritten = usual.changed(mappings: [], bindHost: "localhost")
    startAnew(source)
    wait(2_000) { self.source.proxy?.isServing == true }
    for host in ["127.0.0.1", "::1"] {
      let client = startVisitor(at: host)
      expectServed([client], within: 60_000, "is not served at the free port of \(host)")
    }
    letEnd()
    if world.failure == nil { playWithoutIPv6() }
    letEnd()
    if serviceCount > 1 && world.failure == nil { playOtherServices() }
    if world.failure == nil { playRenamedService() }
    source.rewritten = usual
    startAnew(source)
    source.rewritten = nil
  }

  /// A machine that has one of a name's two families listens at that.
  private func playWithoutIPv6() {
    let usual = world.listening
    defer { world.listening = usual }
    world.listening = { address throws(SystemError) in
      if address.host == "::1" { throw SystemError(EADDRNOTAVAIL, "bind") }
    }
    startAnew(source)
    wait(2_000) { self.source.proxy?.isServing == true }
    expectServed(
      [startVisitor(at: "127.0.0.1")], within: 60_000, "is not served by a machine without IPv6")
  }

  private func place(of service: Int, _ host: String) -> SocketAddress? {
    guard let port = try? source.proxy?.port(of: services[service]) else { return nil }
    return SocketAddress(numeric: host, port: port)
  }

  private func startVisitor(at host: String) -> Talker {
    serverPlans.append(
      Plan(byteCount: 500, chunkByteCount: 500, answersAfter: 8, ending: .finish))
    let (client, _) = makeClient(0, Plan(byteCount: 100, chunkByteCount: 100, ending: .answerEnd))
    if let place = place(of: 0, host) { client.connect(to: place) }
    return client
  }

  /// Who waited for a service that is gone is not left waiting.
  private func playOtherServices() {
    let settings = source.configuration.settings
    let last = serviceCount - 1
    let count = version == .v3 ? settings.activeConnectionCountMax : 1
    if count > 5 || version != .v3 && settings.secondClient != .wait
      || destination.configuration.settings.activeConnectionCountMax < count
    {
      return
    }
    var clients: [Talker] = []
    for _ in 0...count {
      guard let place = place(of: last, "127.0.0.1") else { return }
      serverPlans.append(Plan(byteCount: 8, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd))
      // What is unread would make a reset of an end.
      let isLast = clients.count == count
      let (client, _) = makeClient(
        last, isLast ? Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd) : Self.short)
      client.isHonest = false
      client.connect(to: place)
      clients.append(client)
      // Who is answered is not to make room.
      wait(clients.count > count ? 200 : 1_500 + 4 * roundTrip.count)
    }
    serverPlans = []
    if source.proxy?.waitingClientCount != 1 { return }
    hadOutage = true
    destination.isKeptAlive = false
    let counts = source.proxy?.counts
    let before = (counts?.count(.refusedTunnelDown) ?? 0, source.sink?.toldRefusalCount ?? 0)
    service.kill(vanishes: false)
    destination.kill(vanishes: false)
    wait(500 + roundTrip.count)
    service.services = Array(services.dropLast())
    service.start()
    wait(9_000) { self.source.proxy?.isTunnelUp == true }
    let isBack = source.proxy?.isTunnelUp == true
    wait(300)
    if isBack, let waiting = clients.last, waiting.outcome != .refused, waiting.outcome != .failed {
      fail(waiting.name, "waits for a service that the tunnel has not any more")
    }
    let refusedCount = (counts?.count(.refusedTunnelDown) ?? 0) - before.0
    let toldCount = (source.sink?.toldRefusalCount ?? 0) - before.1
    let told = source.configuration.logLevel >= .warning ? 1 : 0
    if isBack && (refusedCount != 1 || toldCount != told) {
      fail("source", "counts \(refusedCount) and tells of \(toldCount) whose service is gone")
    }
    bringBackServices()
  }

  // MARK: Attempts

  /// The words of a refusal come some time behind its head.
  private func playSlowRefusal() {
    (isCountOpen, hadOutage) = (true, true)
    service.makeMeddler = { [unowned self] in
      let meddler = Meddler(self.world)
      meddler.wordsDelay = Milliseconds(Int64(self.laterRandom.pick([200, 700, 1_500])))
      return meddler
    }
    service.kill(vanishes: false)
    service.start(refusesWith: 503)
    wait(4_000 + 8 * roundTrip.count)
    service.makeMeddler = { nil }
    startServiceAnew()
  }

  /// Each connection with a token that is without a client token is the last.
  private func playPlainToken() {
    let isSource = laterRandom.chance(5_000)
    let (proxy, role) = isSource ? (source, TunnelRole.source) : (destination, .destination)
    guard let token = service.rotateToken(role) else { return }
    (isCountOpen, hadOutage) = (true, true)
    let usual = proxy.configuration.changed()
    proxy.rewritten = usual.changed(accessToken: token, clientToken: "")
    startAnew(proxy)
    proxy.isKeptAlive = false
    proxy.statuses = [3]
    let isUp = proxy.proxy?.isTunnelUp == true
    proxy.network.cutConnections(besides: world.path(proxy.machine, proxy.machine))
    wait(30_000) { !proxy.isRunning }
    if isUp && (proxy.isRunning || proxy.status != 3) {
      fail(proxy.name, "comes again with a token that was used without a client token")
    }
    startAgain(proxy, as: usual)
    proxy.statuses = []
  }

  /// Each step on the way has its own time: a name that is slow takes none of the connection's.
  private func playSlowSteps() {
    let proxy = laterRandom.chance(5_000) ? source : destination
    if proxy.configuration.webProxy != nil { return }
    (isCountOpen, hadOutage) = (true, true)
    let unlay = keepPaths()
    let nameTime = world.nameTime
    world.nameTime = Milliseconds(proxy.configuration.settings.stepTimeout.count - 300)
    for path in tunnelPaths { (path.delay, path.jitter) = (250_000_000, 0) }
    proxy.network.cutConnections(besides: world.path(proxy.machine, proxy.machine))
    wait(1_000)
    wait(60_000) { self.isTunnelUp }
    if !isTunnelUp { fail(proxy.name, "does not come back, although no step takes too long") }
    world.nameTime = nameTime
    unlay()
    letEnd()
  }

  /// Silence that comes soon after the first mark says nothing of the marks.
  private func playSilentMark() {
    let settings = source.configuration.settings
    if settings.halfClose != .negotiated || version == .v1 { return }
    startServiceAnew()
    guard let start = source.sessionStart, isTunnelUp else { return }
    isCountOpen = true
    let period = settings.pingPeriod.count
    let silence = start + Milliseconds(4 * period)
    service.network.stand(until: world.now + Milliseconds(5 * period))
    wait(max((silence - world.now).count / 1_000_000 - 3_000, 0))
    startClient(0, plan: Self.short).isHonest = false
    wait(2 * period + 5_000)
    wait(60_000) { self.isTunnelUp }
  }

  /// Who went while the tunnel took nothing, and could not say so before it was lost, has gone once.
  private func playLostRemains() {
    if version != .v3 { return }
    // One who has nothing to say, and so is heard when he goes, beside one who fills the tunnel.
    guard let user = startUser(0) else { return }
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    let sender = startClient(
      0, plan: Plan(byteCount: 4_000_000, chunkByteCount: 50_000, ending: .answerEnd))
    for client in [user, sender] { client.isHonest = false }
    wait(500 + 2 * roundTrip.count)
    (isCountOpen, hadOutage) = (true, true)
    for path in tunnelPaths { world.halt(path, until: world.now + Milliseconds(3_000)) }
    wait(1_500)
    user.killed()
    wait(500)
    source.network.cutConnections(besides: world.path(laptop, laptop))
    wait(2_000)
    wait(60_000) { self.isTunnelUp }
  }

  // MARK: A drain

  /// Half of a time for draining that is short is for what still moves, either way alone.
  private func playShortDrain() {
    let proxy = laterRandom.chance(5_000) ? source : destination
    let usual = proxy.configuration.changed()
    // The answer to a close frame takes its time.
    let unlay = keepPaths()
    for path in tunnelPaths { path.delay = max(path.delay, 70_000_000) }
    var settings = usual.settings
    settings.drainTimeout = Milliseconds(Int64(laterRandom.pick([300, 600, 900, 4_000])))
    reload(proxy, usual.changed(settings: settings, logLevel: max(level, .info)))
    var steady = Plan(byteCount: 100_000, chunkByteCount: 50, ending: .answerEnd)
    steady.pause = settings.drainTimeout.count > 1_000 ? 600 : 50
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let isUpload = laterRandom.chance(5_000)
    serverPlans = [isUpload ? silent : steady]
    startClient(0, plan: isUpload ? steady : silent).isHonest = false
    wait(1_500 + 2 * roundTrip.count)
    sessionCounts[proxy === source ? 0 : 1] += 1
    proxy.receive(.terminate)
    proxy.rewritten = usual
    wait(settings.drainTimeout.count + 6_000)
    unlay()
    wait(30_000) { self.isTunnelUp }
    proxy.rewritten = nil
  }

  // MARK: A service at fault

  /// What is wrong with it takes more words than a close frame has room for.
  private func playLongNames() {
    if version == .v1 { return }
    (isCountOpen, hadOutage) = (true, true)
    world.note(.serviceFault)
    service.kill(vanishes: false)
    let name = String(repeating: "n", count: 120)
    service.services = [name, name]
    service.start()
    wait(3_000 + 8 * roundTrip.count)
    service.kill(vanishes: false)
    service.services = services
    service.start()
    wait(1_000 + 2 * roundTrip.count)
    wait(60_000) { self.isTunnelUp }
  }

  // MARK: Status

  /// Who is connected is listed, with what he has moved either way.
  func playOpenList() {
    guard let proxy = source.proxy else { return }
    serverPlans = [Plan(byteCount: 24, chunkByteCount: 24, answersAfter: 8, ending: .answerEnd)]
    let user = startClient(0, plan: Self.short)
    wait(2_000 + 4 * roundTrip.count) { user.receivedByteCount == 24 }
    guard let asker = ask(.promptly, for: "/state.json") else { return }
    wait(2_000) { asker.endedAt != nil }
    let told = asker.connections
    let facts = proxy.connectionFacts.map { ($0.sentByteCount, $0.receivedByteCount) }
    let age = (asker.startedAt - user.startedAt).count / 1_000_000_000
    if user.outcome != .open || facts.count != 1 || !asker.isServed || world.failure != nil {
      return
    }
    guard let first = told.first, told.count == 1 else {
      fail("a watcher", "is told of \(told.count) connections, not 1")
      return
    }
    if first.sent != facts[0].0 || first.received != facts[0].1 || abs(first.age - age) > 1 {
      fail("a watcher", "is told \(first), not \(facts[0]) in \(age) s")
    }
  }
}
