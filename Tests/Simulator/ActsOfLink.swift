import Basics
import Configuration
import Reactor
import Tunnel

/// What is played of the tunnel itself where nothing goes wrong: how much it carries, how long it is borne with, and
/// what is told of it.
enum LinkAct: CaseIterable {
  /// A long path is filled, also when it gets longer.
  case stretch
  /// Pongs are lost, and the path stands still.
  case lostPongs
  /// Somebody sends while the tunnel is not read.
  case pause
  /// A limit is used.
  case limit
  /// The service takes nothing more of one who sends.
  case heldOff
  /// A service that wants to be left alone for hours.
  case longRest
  /// Each reason has its count.
  case counts
  /// Other times for programs that run.
  case otherTimes
  /// A destination that connects to its own source.
  case loop
}

extension Scenario {
  /// Sets what the acts need, before the programs are made.
  static func prepare(
    _ acts: [LinkAct], _ source: inout Settings, _ destination: inout Settings,
    _ random: inout SeededGenerator
  ) {
    if acts.contains(.stretch) && !acts.contains(.limit) {
      source.isPacingAdaptive = true
      source.bandwidthLimit = 0
      source.payloadLengthMax = Message.payloadLengthMax
      source.localReadByteCountMax = max(source.localReadByteCountMax, 16_384)
      destination.bandwidthLimit = 0
    }
    if acts.contains(.heldOff) {
      // Three of the shorter ones are over before the pacer goes on without a pong.
      source.pingPeriod = Milliseconds(random.chance(5_000) ? 1_000 : 2_000)
      source.bandwidthLimit = 0
    }
    if acts.contains(.pause) || acts.contains(.heldOff) {
      source.stallTimeout = Milliseconds(acts.contains(.heldOff) ? 5_000 : 8_000)
      destination.stallTimeout = Milliseconds(20_000)
      source.loneStallTimeout = Milliseconds(source.stallTimeout.count * 4)
      destination.loneStallTimeout = Milliseconds(destination.stallTimeout.count * 4)
    }
    if acts.contains(.limit) {
      source.bandwidthLimit = random.chance(5_000) ? 200_000 : 100_000
      source.offersCompression = false
      destination.offersCompression = false
    }
  }

  func play(_ act: LinkAct) -> Bool {
    world.story.add(world.now, "the play", "\(act)")
    letEnd()
    let usual = (
      world.faults, world.bufferByteCounts, tunnelPaths.map { ($0.delay, $0.jitter, $0.rate) }
    )
    switch act {
    case .stretch: if isPaced { playStretch() }
    case .lostPongs: if isPaced { playLostPongs() }
    case .pause: if isPaced && version == .v3 { playPause() }
    case .limit: playLimit()
    case .heldOff: playHeldOff()
    case .longRest: playLongRest()
    case .counts: playReasons()
    case .otherTimes: playOtherTimes()
    case .loop: if version == .v3 { playLoop() }
    }
    (world.faults, world.bufferByteCounts) = (usual.0, usual.1)
    for (path, (delay, jitter, rate)) in zip(tunnelPaths, usual.2) {
      (path.delay, path.jitter, path.rate) = (delay, jitter, rate)
    }
    serverPlans = []
    letEnd()
    return world.failure == nil
  }

  /// What is between the source and its server is the path alone.
  private var isDirect: Bool {
    let configurations = [source.configuration, destination.configuration]
    return configurations.allSatisfy { $0.webProxy == nil } && !service.isShaped
      && configurations.allSatisfy { $0.settings.activeConnectionCountMax > 2 }
      && !areDescriptorsFew
  }

  private var isPaced: Bool {
    let settings = source.configuration.settings
    return isDirect && settings.isPacingAdaptive && settings.bandwidthLimit == 0
      && destination.configuration.settings.bandwidthLimit == 0
  }

  private var uplink: Path { world.path(laptop, cloud) }

  /// Makes the paths so, and both tunnels anew over sockets with such buffers.
  func lay(
    delay: Int64, jitter: Int64 = 0, rate: Int, buffers byteCount: Int = 262_144
  ) {
    world.faults = Faults()
    let buffers = world.bufferByteCounts
    for path in tunnelPaths { (path.delay, path.jitter, path.rate) = (5_000_000, 0, 0) }
    uplink.delay = delay * 1_000_000
    uplink.jitter = jitter * 1_000_000
    uplink.rate = rate
    world.bufferByteCounts = byteCount...byteCount
    isCountOpen = true
    hadOutage = true
    for proxy in [source, destination] {
      proxy.network.cutConnections(besides: world.path(proxy.machine, proxy.machine))
    }
    wait(1_000)
    wait(30_000) { self.isTunnelUp }
    wait(1_000)
    world.bufferByteCounts = buffers
  }

  /// A client that always has something to send.
  private func startSender() -> Talker {
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    let plan = Plan(byteCount: Self.senderByteCount, chunkByteCount: 20_000, ending: .answerEnd)
    return withBuffers(of: 65_536) { startClient(0, plan: plan) }
  }

  /// Compressed, it may be over within an act.
  private static let senderByteCount = 100_000_000

  /// What arrives in so many seconds is at least that part of what there might.
  private func expectRate(
    _ sender: Talker, of rate: Int, percent: Int, seconds: Int, _ what: String,
    isSecond: Bool = false
  ) {
    let before = sender.flow.receiver?.receivedByteCount ?? 0
    wait(Int64(seconds) * 1_000)
    let byteCount = (sender.flow.receiver?.receivedByteCount ?? 0) - before
    world.story.add(
      world.now, "the tunnel", "carries \(byteCount / seconds) of \(rate) bytes a second, \(what)")
    if before + byteCount < Self.senderByteCount, sender.outcome == .open, world.failure == nil,
      byteCount * 100 < rate * seconds * percent
    {
      // What is on the way is let run out now and then.
      if !isSecond {
        expectRate(sender, of: rate, percent: percent, seconds: seconds, what, isSecond: true)
        return
      }
      world.fail(
        "the tunnel",
        "carries \(byteCount / seconds) bytes a second, where \(rate) would do, \(what)")
    }
  }

  /// One end has much to send while very many short messages come to it at once: its other events wait for a few of its
  /// frames, and not for those of each message.
  func playManyMessages() {
    letEnd()
    let usual = [source, destination].map { $0.configuration.changed() }
    if !isDirect
      || usual.contains(where: { $0.settings.offersCompression || $0.settings.bandwidthLimit > 0 })
    {
      return
    }
    for (proxy, usual) in zip([source, destination], usual) {
      var settings = usual.settings
      settings.payloadLengthMax = 100
      reload(proxy, usual.changed(settings: settings))
    }
    let unlay = keepPaths()
    defer { unlay() }
    // Room and messages come together then.
    lay(delay: 20, rate: 200_000, buffers: 65_536)
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let much = Plan(byteCount: 300_000, chunkByteCount: 20_000, ending: .answerEnd)
    for (plan, answer) in [(much, silent), (silent, much)] {
      serverPlans = [answer]
      let client = withBuffers(of: 65_536) { startClient(0, plan: plan) }
      client.isHonest = false
    }
    for _ in 0..<6 {
      wait(200)
      world.halt(uplink, until: world.now + Milliseconds(150))
    }
    letEnd()
    for (proxy, usual) in zip([source, destination], usual) {
      reload(proxy, usual)
      proxy.rewritten = nil
    }
    startAnew(source)
    startAnew(destination)
  }

  /// Much is in the system's buffers, and pings are behind it: that any of it is taken is a sign of life.
  func playSlowUplink() {
    let settings = source.configuration.settings
    let period = settings.pingPeriod.count
    if !isDirect || settings.isPacingAdaptive || settings.bandwidthLimit > 0 || period > 6_000 {
      return
    }
    letEnd()
    let unlay = keepPaths()
    defer { unlay() }
    let byteCount = 262_144
    lay(delay: 20, rate: byteCount * 1_000 / Int(5 * period), buffers: byteCount)
    let sender = startSender()
    wait(1_000)
    let count = source.sessionCount
    wait(8 * period)
    if (source.sessionCount != count || source.proxy?.isTunnelUp != true)
      && sender.flow.sentByteCount > byteCount && world.failure == nil
    {
      world.fail("source", "takes a service for dead that takes what it is sent, if slowly")
    }
    letEnd()
    wait(5 * period)
  }

  /// Paths and faults as they are now, for afterwards.
  func keepPaths() -> () -> Void {
    let (faults, buffers) = (world.faults, world.bufferByteCounts)
    let paths = tunnelPaths.map { ($0, $0.delay, $0.jitter, $0.rate) }
    return { [world] in
      (world.faults, world.bufferByteCounts) = (faults, buffers)
      for (path, delay, jitter, rate) in paths {
        (path.delay, path.jitter, path.rate) = (delay, jitter, rate)
      }
    }
  }

  private func playStretch() {
    let settings = source.configuration.settings
    if settings.payloadLengthMax < 8_000 || settings.localReadByteCountMax < 8_000 { return }
    let choice = laterRandom.below(10_000)
    if choice < 3_000 {
      playUnevenPath()
      return
    }
    if choice < 5_000 {
      playSteady()
      return
    }
    let rate = 1_000_000
    lay(delay: 50, rate: rate)
    var sender = startSender()
    wait(4_000)
    source.network.link?.forgetRecent()
    expectRate(sender, of: rate, percent: 50, seconds: 2, "over a long path")
    if let link = source.network.link, link.longestFrameByteCount < 3_000,
      !settings.offersCompression, sender.outcome == .open, world.failure == nil
    {
      world.fail(
        "the tunnel",
        "goes in frames of \(link.longestFrameByteCount) bytes where the path carries more")
    }
    let isKnown = laterRandom.chance(4_000)
    if isKnown {
      wait(16_000)
      expectRate(
        sender, of: rate, percent: 85, seconds: 3,
        "over a path that it has used for a while")
      return
    }
    letEnd()
    uplink.delay = 125_000_000
    // Pings alone tell how long it is now.
    wait(32_000 + 2 * settings.pingPeriod.count)
    sender = startSender()
    // It begins anew, with little.
    wait(14_000)
    expectRate(sender, of: rate, percent: 35, seconds: 2, "over a path that has become longer")
  }

  /// No two round trips are alike, as on a radio link, queue or no queue.
  private func playUnevenPath() {
    let paths: [(delay: Int64, jitter: Int64, rate: Int)] = [
      (30, 60, 1_000_000), (100, 75, 200_000), (250, 0, 100_000), (250, 120, 100_000),
    ]
    let path = paths[laterRandom.below(paths.count)]
    lay(delay: path.delay, jitter: path.jitter, rate: path.rate)
    let sender = startSender()
    wait(40_000)
    expectRate(sender, of: path.rate, percent: 50, seconds: 10, "over an uneven path, or a far one")
  }

  /// Somebody sends for minutes, and what waits on the way does not pile up.
  private func playSteady() {
    lay(delay: 50, rate: 250_000)
    let sender = startSender()
    wait(120_000)
    source.network.link?.forgetRecent()
    wait(10_000)
    guard let link = source.network.link, sender.outcome == .open, world.failure == nil else {
      return
    }
    world.story.add(
      world.now, "the tunnel",
      "has a round trip of \(link.recentRoundTripMax.count / 1_000_000) ms at the most, and a window of "
        + "\(source.proxy?.linkStatus?.windowByteCount ?? 0)")
    if link.recentRoundTripMax > Nanoseconds(300_000_000) {
      world.fail(
        "the tunnel",
        "has a round trip of \(link.recentRoundTripMax.count / 1_000_000) ms, where the path takes 100"
      )
    }
  }

  private func playLostPongs() {
    let usual = service.makeMeddler
    service.makeMeddler = { [unowned self] in
      let meddler = Meddler(self.world)
      // It leaves all but pongs as it is.
      meddler.isCompressing = true
      return meddler
    }
    defer { service.makeMeddler = usual }
    lay(delay: 40, rate: 100_000)
    let sender = startSender()
    wait(3_000)
    // As much is on the way as may be, and no more.
    world.halt(uplink, until: world.now + Milliseconds(3_500))
    wait(6_000)
    if source.configuration.settings.pingPeriod.count < 3_200 { return }
    for _ in 0..<2 {
      world.faults[.pongLost] = 10_000
      wait(8_000) {
        if let at = sender.flow.receiver?.receivedAt, at + Milliseconds(6_200) < self.world.now,
          sender.outcome == .open
        {
          self.world.fail("the tunnel", "stands still for a pong that is lost")
        }
        return false
      }
      world.faults[.pongLost] = 0
      wait(4_000)
    }
  }

  private func playPause() {
    // Pongs come behind what is in them.
    lay(delay: 30, rate: 100_000, buffers: 32_768)
    let sender = startSender()
    wait(3_000)
    var taker = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    taker.reading = .never
    serverPlans = [Plan(byteCount: 2_000_000, chunkByteCount: 50_000, ending: .finish)]
    sender.flow.receiver?.forgetGaps()
    let start = world.now
    let hostage = withBuffers(of: 8_192) { startClient(0, plan: taker) }
    let time = source.configuration.settings.stallTimeout.count
    wait(time + 3_000) { hostage.outcome != .open }
    // As long as a pong is waited for, and more.
    wait(7_000)
    if let server = sender.flow.receiver, server.startedAt < start, sender.outcome == .open,
      server.longestGap.count > 2_000, world.failure == nil
    {
      world.fail(
        sender.name, "sends nothing for \(server.longestGap.count) ms, for the tunnel is not read")
    }
  }

  private func playLimit() {
    if service.isShaped || areDescriptorsFew { return }
    let rate = Int(source.configuration.settings.bandwidthLimit)
    if rate > 200_000 || rate < 50_000 { return }
    // On some paths pongs come late for no queue; these carry more.
    let isUneven = laterRandom.chance(5_000)
    let unstage = stage { settings, role in
      settings.bandwidthLimit = role == .source ? Int64(rate) : 0
      settings.offersCompression = false
      settings.payloadLengthMax = Message.payloadLengthMax
      settings.localReadByteCountMax = max(settings.localReadByteCountMax, 16_384)
      settings.activeConnectionCountMax = 128
      if isUneven { settings.isPacingAdaptive = true }
    }
    lay(delay: 20, jitter: isUneven ? 120 : 0, rate: isUneven ? rate * 4 : rate * 21 / 20)
    let sender = startSender()
    if isUneven {
      wait(10_000)
      expectUnevenLimit(sender, rate)
    } else {
      wait(3_000)
      expectRate(sender, of: rate, percent: 88, seconds: 5, "at a limit")
    }
    letEnd()
    unstage()
  }

  /// That pongs come late is not always a queue, and less is not sent for good.
  private func expectUnevenLimit(_ sender: Talker, _ rate: Int) {
    var byteCount = 0
    // Once in a hundred thousand runs what looked like a queue takes half a minute to be seen through.
    for _ in 0..<4 {
      let before = sender.flow.receiver?.receivedByteCount ?? 0
      var window = Int64.max
      wait(10_000) {
        window = min(window, self.source.proxy?.linkStatus?.windowByteCount ?? 0)
        return false
      }
      byteCount = ((sender.flow.receiver?.receivedByteCount ?? 0) - before) / 10
      world.story.add(
        world.now, "the tunnel",
        "carries \(byteCount) bytes a second at a limit on an uneven path, in a window of \(window)"
      )
      if sender.outcome != .open || world.failure != nil { return }
      // A window that is short at times takes from it; it must not stay so.
      let isShort = window < rate / 4
      if byteCount * 100 >= rate * (isShort ? 40 : 87) { return }
      if !isShort { break }
    }
    world.fail(
      "the tunnel", "carries \(byteCount) bytes a second at a limit of \(rate), on an uneven path")
  }

  // MARK: Patience with the service

  private func playHeldOff() {
    // With its short ping periods a service that waits for a slow reader is often taken for dead.
    isCountOpen = true
    if !isDirect || destination.configuration.settings.bandwidthLimit != 0 { return }
    let settings = source.configuration.settings
    world.faults = Faults()
    // What the system at the other end has room for says nothing of the service.
    if laterRandom.chance(5_000) { lay(delay: 20, rate: 100_000) }
    uplink.rate = 100_000
    let sender = startSender()
    wait(4_000 + 4 * roundTrip.count)
    if sender.outcome != .open || source.proxy?.isTunnelUp != true { return }
    hadOutage = true
    let start = world.now
    // Silence begins with the last pong, which may be long before: the next ones may be in a queue.
    let heardAt = source.network.link?.heardAt ?? start
    let (period, patience) = (settings.pingPeriod.count, settings.loneStallTimeout.count)
    // What is in the buffers may go on for a while.
    let most = patience + 3 * period + 6_000 + 2 * roundTrip.count
    service.network.stand(until: start + Milliseconds(most + 2_000))
    var lostAt: Instant?
    wait(most + 1_000) {
      if lostAt == nil && self.source.proxy?.isTunnelUp != true { lostAt = self.world.now }
      return false
    }
    if world.failure == nil {
      if let lostAt, lostAt < heardAt + Milliseconds(patience - period - roundTrip.count) {
        world.fail("source", "has no patience with a service that takes nothing for a while")
      } else if lostAt == nil || lostAt.map({ start + Milliseconds(most) < $0 }) == true {
        world.fail("source", "bears with a service that takes nothing for ever")
      }
    }
    wait(60_000) { self.isTunnelUp }
    wait(3_000 + 4 * roundTrip.count)
  }

  /// It is left alone, but not for longer than a quarter of an hour and what is at random.
  private func playLongRest() {
    let usual = service.makeMeddler
    service.makeMeddler = { [unowned self] in
      let meddler = Meddler(self.world)
      meddler.asksForRest = true
      meddler.restSeconds = 7_200
      return meddler
    }
    defer { service.makeMeddler = usual }
    (isCountOpen, hadOutage) = (true, true)
    service.kill(vanishes: false)
    wait(500)
    service.start(refusesWith: 503)
    wait(15_000 + 14 * roundTrip.count)
    // The next ones as well, each of them at another time.
    if laterRandom.chance(5_000) { wait(4_500_000) }
    service.kill(vanishes: false)
    service.makeMeddler = usual
    service.start()
    wait(1_200_000) { self.isTunnelUp }
    if !isTunnelUp && world.failure == nil {
      world.fail("the tunnel", "is not back from a rest that the service has asked for")
    }
  }

  // MARK: Counts

  private func expectCount(
    _ proxy: ProxyProcess, _ counted: Counted, _ what: String, of body: () -> Int?
  ) {
    let starts = proxy.startCount
    guard let before = proxy.proxy?.counts.count(counted), let count = body() else { return }
    guard let after = proxy.proxy?.counts.count(counted), proxy.startCount == starts else { return }
    if after - before != Int64(count) && world.failure == nil {
      world.fail(proxy.name, "counts \(after - before) \(what), not \(count)")
    }
  }

  private func playReasons() {
    if version != .v3 || !isDirect { return }
    let plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    let time = 1_500 + 4 * roundTrip.count
    expectCount(source, .resetLocally, "clients that have reset") {
      serverPlans = [silent]
      let client = startClient(0, plan: Plan(byteCount: 800, chunkByteCount: 100, ending: .abort))
      wait(time)
      return client.outcome == .open ? nil : 1
    }
    letEnd()
    expectCount(destination, .resetNotConnected, "servers that were not reached") {
      servers.kill()
      let client = startClient(0, plan: plan)
      wait(40_000) { client.outcome != .open }
      wait(time)
      servers.start()
      return client.outcome == .open ? nil : 1
    }
    letEnd()
    tellOfHalfClosed(time)
    expectCount(source, .resetTimedOut, "readers that took nothing") {
      var taker = plan
      taker.reading = .never
      serverPlans = [Plan(byteCount: 2_000_000, chunkByteCount: 50_000, ending: .finish)]
      let start = world.now
      _ = withBuffers(of: 8_192) { startClient(0, plan: taker) }
      let patience = source.configuration.settings.loneStallTimeout.count
      // Held off for longer, a destination takes the service for dead.
      if destination.configuration.settings.stallTimeout.count < patience + 5_000 { return nil }
      wait(patience + 20_000) { self.source.proxy?.connectionCount == 0 }
      return start + Milliseconds(patience) < world.now && isTunnelUp ? 1 : nil
    }
    letEnd()
    expectCount(source, .refusedTunnelDown, "clients without a tunnel") {
      (isCountOpen, hadOutage) = (true, true)
      service.kill(vanishes: false)
      wait(12_000)
      let clients = (0..<3).map { _ in startClient(0, plan: plan) }
      wait(500)
      return clients.count { $0.outcome != .open }
    }
    service.start()
    wait(60_000) { self.isTunnelUp }
  }

  private func tellOfHalfClosed(_ time: Int64) {
    let settings = source.configuration.settings
    if min(settings.silentLinger.count, settings.halfCloseLinger.count) < time + 3_000 { return }
    serverPlans = [Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)]
    let client = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8))
    wait(time)
    let asker = ask(.promptly)
    wait(1_000)
    if let asker, asker.isServed, client.outcome == .open, source.proxy?.connectionCount == 1,
      asker.number("localproxy_connections{state=\"half_closed\"}") != 1, world.failure == nil
    {
      world.fail("a watcher", "is not told of a client that has ended its direction")
    }
    letEnd()
  }

  // MARK: Other times

  private func playOtherTimes() {
    let usual = source.configuration.changed()
    var settings = usual.settings
    settings.drainTimeout = Milliseconds(settings.drainTimeout.count < 4_000 ? 7_000 : 2_000)
    reload(source, usual.changed(settings: settings))
    var talk = Plan(byteCount: 100_000, chunkByteCount: 50, ending: .answerEnd)
    talk.pause = 300
    serverPlans = [talk]
    startClient(0, plan: talk).isHonest = false
    wait(2_000 + 4 * roundTrip.count)
    isCountOpen = true
    source.receive(.terminate)
    wait(12_000) { !self.source.isRunning }
    source.rewritten = usual
    wait(60_000) { self.isTunnelUp }
    letEnd()
    if version == .v1 || roundTrip.count > 250 || world.failure != nil { return }
    settings = usual.settings
    settings.stepTimeout = Milliseconds(max(1_500, settings.stepTimeout.count * 6 / 10))
    reload(source, usual.changed(settings: settings))
    hadOutage = true
    service.kill(vanishes: false)
    service.start(tellsServices: false)
    wait(15_000)
    service.kill(vanishes: false)
    service.start()
    wait(60_000) { self.isTunnelUp }
    reload(source, usual)
    source.rewritten = nil
  }

  // MARK: A loop

  /// Each client makes the next one; when nobody gets in any more it falls to pieces.
  private func playLoop() {
    let counts = [source, destination].map { $0.configuration.settings.activeConnectionCountMax }
    let count = counts[0]
    if areDescriptorsFew || count > 20 || counts[1] < count { return }
    let usual = [source, destination].map { $0.configuration.changed() }
    for (proxy, usual) in zip([source, destination], usual) {
      let mappings = usual.mappings.enumerated().map { index, mapping in
        Mapping(
          serviceID: mapping.serviceID,
          address: .network(Endpoint(host: "10.0.0.1", port: Self.sourcePort + UInt16(index))))
      }
      reload(proxy, usual.changed(mappings: mappings))
    }
    wait(1_000)
    let talker = makeClient(0, Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)).0
    talker.isHonest = false
    if let place = SocketAddress(numeric: "10.0.0.1", port: Self.sourcePort) {
      talker.connect(to: place)
    }
    let time = Int64(count + 2) * (2 * roundTrip.count + 100)
    wait(2 * time + 15_000) { talker.outcome != .open && self.source.proxy?.connectionCount == 0 }
    if source.proxy?.connectionCount != 0 && world.failure == nil {
      world.fail(
        "a loop", "keeps itself alive with \(source.proxy?.connectionCount ?? 0) connections")
    }
    // What goes round is counted each time, and nobody here has sent it.
    for (proxy, usual) in zip([source, destination], usual) {
      proxy.rewritten = usual
      startAnew(proxy)
      proxy.rewritten = nil
    }
  }
}
