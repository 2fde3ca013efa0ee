import Basics
import Configuration
import Glibc
import Reactor
import Tunnel

/// How a source is started, and told to change.
extension Scenario {
  // MARK: Standard streams

  /// What comes between the connection and its end.
  private enum Disturbance: CaseIterable {
    case nothing, signal, hangUp, endOfTunnel, lossOfService, lossOfDestination, cutByServer,
      starterLeaves
    /// Before there is a tunnel.
    case starterLeavesEarly
  }

  /// A source whose client is whoever has started it ends with that, and its status says how.
  func playStandardStreams() {
    letEnd()
    source.isKeptAlive = false
    source.receive(.terminate)
    wait(10_000) { !self.source.isRunning }
    for _ in 0..<4 where world.failure == nil {
      runStandardStreams(laterRandom.pick(Disturbance.allCases))
    }
    source.isKeptAlive = true
    source.start()
    sessionCounts[0] += 1
    wait(60_000) { self.isTunnelUp }
  }

  private func runStandardStreams(_ disturbance: Disturbance) {
    let service = laterRandom.number(0...(serviceCount - 1))
    let mapping = Mapping(
      serviceID: services.isEmpty ? nil : services[service], address: .standardStreams)
    let process = ProxyProcess(
      world, laptop, "ssh's proxy", source.configuration.changed(mappings: [mapping]), level)
    process.isKeptAlive = false
    var answer = Plan(byteCount: 20_000, chunkByteCount: 1_000, answersAfter: 8, ending: .finish)
    answer.pause = 100
    if disturbance == .cutByServer { (answer.byteCount, answer.ending) = (5_000, .abort) }
    serverPlans = [answer]
    let plan = Plan(
      byteCount: 3_000, chunkByteCount: 500,
      ending: ledger.isStrict ? laterRandom.pick([.finish, .answerEnd]) : .answerEnd)
    let (client, starter) = makeClient(service, plan)
    process.prepare = { network in client.accept(network.openStandardConnection(with: starter)) }
    world.story.add(world.now, "ssh", "is disturbed by \(disturbance)")
    if disturbance == .starterLeavesEarly { killService() }
    process.statuses = statuses(after: disturbance)
    destination.statuses = disturbance == .endOfTunnel ? [0] : []
    process.start()
    if disturbance == .starterLeavesEarly {
      wait(500)
    } else {
      wait(10_000 + 14 * roundTrip.count) { client.receivedByteCount > 0 }
    }
    if disturbance != .nothing { client.isHonest = false }
    disturb(disturbance, process, client)
    if disturbance == .nothing && world.failure == nil {
      expectServed([client], within: 60_000, "is not served over standard streams")
    }
    // A close frame and its answer; a drain has its time.
    let time = disturbance == .signal ? process.configuration.settings.drainTimeout.count : 0
    wait(time + 15_000) { !process.isRunning }
    if world.failure == nil
      && (process.isRunning || !process.statuses.contains(process.status ?? -1))
    {
      world.fail(
        process.name,
        process.isRunning
          ? "goes on after its connection" : "ends with status \(process.status ?? -1)")
    }
    process.kill(vanishes: false)
    self.service.start()
    // Who has lost it knows that by then, and what was on its way has arrived.
    wait(1_000 + 4 * roundTrip.count)
    wait(60_000) { self.destination.proxy?.isTunnelUp == true }
    letEnd()
  }

  /// Where ends are not told, a cut looks like one.
  private func statuses(after disturbance: Disturbance) -> Set<Int32> {
    switch disturbance {
    case .nothing, .signal, .hangUp: [0]
    case .endOfTunnel, .lossOfService, .starterLeavesEarly: [8]
    // Who has ended its direction before may have closed as well.
    case .starterLeaves: [0, 8]
    case .lossOfDestination, .cutByServer: ledger.isStrict ? [8] : [0, 8]
    }
  }

  private func disturb(
    _ disturbance: Disturbance, _ process: ProxyProcess, _ client: Talker
  ) {
    switch disturbance {
    case .nothing, .cutByServer: break
    case .signal: process.receive(.terminate)
    case .hangUp: process.receive(.hangUp(endsTerminal: false))
    case .lossOfService: killService()
    case .endOfTunnel:
      service.closeTunnel()
      // Its tokens are worth something again when it has forgotten that.
      wait(500 + 2 * roundTrip.count)
      killService()
    case .lossOfDestination:
      sessionCounts[1] += 1
      // A stream without connection ids has one kind of reset for both.
      if version == .v3 {
        for talker in ledger.talkers where !talker.isClient { talker.losesProxy() }
      }
      destination.kill(vanishes: false)
      destination.start()
    case .starterLeaves, .starterLeavesEarly: client.killed()
    }
  }

  private func killService() {
    hadOutage = true
    sessionCounts[1] += 1
    service.kill(vanishes: false)
  }

  // MARK: Another configuration

  /// Where services listen, and where they lead to, changes at once; who is connected stays. What does not fit the
  /// tunnel changes nothing.
  func playReload() {
    letEnd()
    let placeCounts = [source, destination].map {
      $0.configuration.settings.activeConnectionCountMax
    }
    let user = version == .v3 && placeCounts.allSatisfy { $0 > 2 } ? startUser(0) : nil
    user?.isHonest = false
    serverPlans = []
    let other = Servers.otherPlace
    let proxy = laterRandom.chance(5_000) ? source : destination
    let usual = proxy.configuration.changed()
    let isSource = proxy === source
    let squatter = isSource ? squat(at: Self.sourcePort + other) : nil
    reload(proxy, usual.changed(mappings: usual.mappings.map { $0.moved(by: other) }))
    if let squatter {
      // It tries for as long as it takes.
      let delay = usual.settings.connectionRetryDelay.count
      wait(delay * Int64(usual.settings.connectionRetryCount + 2) + 200)
      squatter.kill()
      wait(delay + 300)
    }
    if !isSource { world.deafPorts = Set((0..<serviceCount).map { Self.serverPort + UInt16($0) }) }
    for service in (version == .v3 ? 0 : serviceCount - 1)..<serviceCount {
      expectServed(
        [startVisitor(service, besides: isSource ? other : 0)], within: 60_000,
        "is not served where the configuration says now")
      wait(500 + 2 * roundTrip.count)
    }
    world.deafPorts = []
    if isSource {
      let late = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
      wait(1_000) { late.outcome != .open }
      if late.outcome != .refused && world.failure == nil {
        world.fail(late.name, "finds a place that nobody is to listen at any more")
      }
    }
    if let user, user.outcome != .open, world.failure == nil {
      world.fail(user.name, "is cut by another configuration")
    }
    letEnd()
    // All of it or nothing.
    reload(
      proxy,
      usual.changed(
        mappings: usual.mappings + [Mapping.further], logLevel: level == .error ? .fatal : .error))
    expectServed(
      [startVisitor(0, besides: isSource ? other : 0)], within: 60_000,
      "is not served, although nothing is to change")
    reload(proxy, usual)
    expectServed([startVisitor(0)], within: 60_000, "is not served where it was at first")
    reloadTimes(proxy, usual)
  }

  /// Another program that listens there.
  func squat(at port: UInt16) -> SimulatedNetwork {
    let network = SimulatedNetwork(world, laptop, "another program")
    network.start()
    if let place = SocketAddress(numeric: "127.0.0.1", port: port) {
      _ = try? network.listen(on: place, backlog: 1, keepalive: nil, Nobody())
    }
    return network
  }

  private final class Nobody: ListenerHandler {
    func listener(
      _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
    ) {
      stream.abort()
    }
    func listener(_ listener: any Listener, paused error: SystemError) {}
  }

  func reload(_ proxy: ProxyProcess, _ configuration: Configuration) {
    proxy.rewritten = configuration
    proxy.receive(.hangUp(endsTerminal: false))
    wait(100)
  }

  /// The next attempts come as the new settings say, and the next messages.
  private func reloadTimes(_ proxy: ProxyProcess, _ usual: Configuration) {
    var settings = usual.settings
    settings.retry.delay = Milliseconds(4_000)
    settings.retry.delayMax = Milliseconds(8_000)
    settings.payloadLengthMax = 400
    reload(proxy, usual.changed(settings: settings, logLevel: .fatal))
    hadOutage = true
    sessionCounts = sessionCounts.map { $0 + 1 }
    service.kill(vanishes: false)
    wait(5_000)
    service.start()
    wait(60_000) { self.isTunnelUp }
    expectServed([startVisitor(0)], within: 60_000, "is not served with other settings")
    reload(proxy, usual)
    letEnd()
  }

  // MARK: Status

  /// Whoever asks is answered; who says nothing is let go after his time, or for the next ones.
  func playStatus() {
    if areDescriptorsFew { return }
    letEnd()
    let silent = ask(.never)
    let askers = [ask(.promptly), ask(.slowly)]
    wait(4_000)
    for asker in askers where asker?.isServed == false && world.failure == nil {
      world.fail("a watcher", "is not told how the source fares")
    }
    if silent?.endedAt != nil { world.fail("a watcher", "is let go before he had his time") }
    wait(1_500)
    if silent != nil && silent?.endedAt == nil && world.failure == nil {
      world.fail("a watcher", "may be silent for more than 5 s")
    }
    let crowd = (0..<9).map { _ in
      wait(20)
      return ask(.never)
    }
    wait(200)
    if crowd[0] != nil && (crowd[0]?.endedAt == nil || crowd[1]?.endedAt != nil)
      && world.failure == nil
    {
      world.fail("a watcher", "stays, or goes, although eight have a place")
    }
    wait(6_000)
    // More than the systems on the way hold.
    let buffers = world.bufferByteCounts
    world.bufferByteCounts = 512...512
    let late = ask(.late)
    wait(100)
    world.bufferByteCounts = buffers
    wait(8_000)
    if late?.isServed == true && world.failure == nil {
      world.fail("a watcher", "may take nothing of its answer for more than 5 s")
    }
    if world.failure == nil { playOpenList() }
  }

  // MARK: Another token

  /// Whoever has a token that was rotated away is refused, and takes nobody's place.
  private func playStranger(_ configuration: Configuration) {
    let hotel = world.machine("hotel")
    hotel.addresses = ["10.0.0.4"]
    let stranger = ProxyProcess(world, hotel, "stranger", configuration, level)
    stranger.isKeptAlive = false
    stranger.statuses = [3]
    stranger.start()
    wait(10_000) { !stranger.isRunning }
    if world.failure == nil && (stranger.status != 3 || stranger.sessionCount > 0) {
      world.fail("the stranger", "is not refused: \(stranger.status ?? -1)")
    }
    stranger.kill(vanishes: false)
  }

  /// A new token closes no connection; the next one is made with that of the file.
  func playRotation() {
    letEnd()
    let isSource = laterRandom.chance(5_000)
    let (proxy, role) = isSource ? (source, TunnelRole.source) : (destination, .destination)
    let place = isSource ? 0 : 1
    let usual = proxy.configuration.changed()
    guard let token = service.rotateToken(role) else { return }
    let startCount = proxy.startCount
    wait(2_000)
    if proxy.sessionCount != sessionCounts[place] && world.failure == nil && !isCountOpen {
      world.fail(proxy.name, "loses its tunnel to a new token")
    }
    if world.failure == nil { playStranger(usual) }
    proxy.rewritten = usual.changed(accessToken: token)
    if laterRandom.chance(5_000) {
      sessionCounts[place] += 1
      service.closeEnd(role, reason: "the access token was rotated")
    } else {
      hadOutage = true
      sessionCounts[place] += 1
      proxy.network.cutConnections(besides: world.path(proxy.machine, proxy.machine))
    }
    wait(2 * roundTrip.count)
    // Clients wait meanwhile.
    let visitor = isSource ? startVisitor(0) : nil
    wait(30_000) { self.isTunnelUp }
    if let visitor { expectServed([visitor], within: 60_000, "does not wait for another token") }
    if !isTunnelUp && world.failure == nil {
      world.fail(proxy.name, "does not come back with another token")
    }
    letEnd()
    // The service forgets all of it.
    proxy.rewritten = usual
    hadOutage = true
    sessionCounts = sessionCounts.map { $0 + 1 }
    service.kill(vanishes: false)
    service.start()
    wait(1_000 + 2 * roundTrip.count)
    wait(60_000) { self.isTunnelUp }
    if (!isTunnelUp || proxy.startCount != startCount) && world.failure == nil {
      world.fail(proxy.name, "does not find the first token again")
    }
  }
}

extension Mapping {
  fileprivate static var further: Mapping {
    Mapping(serviceID: "none", address: .network(Endpoint(host: "127.0.0.1", port: 1)))
  }

  /// The same on another port.
  func moved(by offset: UInt16) -> Mapping {
    guard let endpoint else { return self }
    return Mapping(
      serviceID: serviceID,
      address: .network(Endpoint(host: endpoint.host, port: endpoint.port + offset)))
  }
}
