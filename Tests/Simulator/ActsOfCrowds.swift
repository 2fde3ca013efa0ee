import Basics
import Configuration
import Reactor
import Tunnel

/// Very many at once: beside one who was there before, and before one who takes nobody; and a place that is another's.
extension Scenario {
  private static let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
  private static let short = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)

  /// Who has typed alone for a while, at nobody's cost, does not wait for all that a crowd of newcomers may send first.
  func playCrowd() {
    if service.isShaped || areDescriptorsFew { return }
    letEnd()
    let unstage = stage { settings, _ in
      settings.isPacingAdaptive = true
      settings.bandwidthLimit = 0
      settings.activeConnectionCountMax = 128
      settings.offersCompression = false
    }
    let unlay = keepPaths()
    lay(delay: 20, rate: 50_000, buffers: 65_536)
    var typing = Plan(byteCount: 4_000, chunkByteCount: 8, ending: .answerEnd)
    typing.pause = 100
    serverPlans = [Self.silent]
    let typist = startClient(0, plan: typing)
    wait(9_000)
    typist.flow.receiver?.forgetGaps()
    let buffers = world.bufferByteCounts
    world.bufferByteCounts = 8_192...8_192
    let crowd = (0..<24).map { _ in
      serverPlans.append(Self.silent)
      return startClient(0, plan: Plan(byteCount: 4_000_000, chunkByteCount: 8_192))
    }
    wait(50)
    world.bufferByteCounts = buffers
    wait(5_000)
    expectKeys(typist, within: 2_500, "beside a crowd that has just come")
    // Each of them has had a turn: he goes before all who have more.
    typist.flow.receiver?.forgetGaps()
    wait(7_000)
    expectKeys(typist, within: 450, "beside a crowd")
    for client in crowd { client.isHonest = false }
    unlay()
    letEnd()
    unstage()
  }

  private func expectKeys(_ typist: Talker, within milliseconds: Int64, _ what: String) {
    guard let server = typist.flow.receiver, typist.outcome == .open, world.failure == nil else {
      return
    }
    let silence = server.longestSilence.count
    world.story.add(world.now, typist.name, "has had to wait \(silence) ms \(what)")
    if silence > milliseconds {
      world.fail(typist.name, "what is typed takes \(silence) ms \(what)")
    }
  }

  /// Starts both programs anew, without web proxies and with other settings.
  /// - Returns: what starts them as they were.
  func stage(_ change: (inout Settings, TunnelRole) -> Void) -> () -> Void {
    let proxies = [source, destination]
    let usual = proxies.map { $0.configuration.changed() }
    for (proxy, usual) in zip(proxies, usual) {
      var settings = usual.settings
      change(&settings, usual.role)
      proxy.rewritten = usual.changed(settings: settings, goesDirectly: true)
      startAnew(proxy)
    }
    return { [unowned self] in
      for (proxy, usual) in zip(proxies, usual) {
        proxy.rewritten = usual
        self.startAnew(proxy)
        proxy.rewritten = nil
      }
    }
  }

  /// A port that is another program's is tried for as often as the settings say, and then the source ends.
  func playTakenPort() {
    letEnd()
    source.isKeptAlive = false
    source.receive(.terminate)
    wait(10_000) { !self.source.isRunning }
    let squatter = squat(at: Self.sourcePort + UInt16(serviceCount - 1))
    let settings = source.configuration.settings
    let time = settings.connectionRetryDelay.count * Int64(settings.connectionRetryCount)
    let sessionCount = source.sessionCount
    source.start()
    wait(60_000) { self.source.proxy?.isTunnelUp == true || !self.source.isRunning }
    let start = world.now
    wait(time - 100) { !self.source.isRunning }
    if !source.isRunning && time > 100 && world.failure == nil {
      world.fail("source", "gives up a port that it may try for \(time) ms")
    }
    wait(1_500) { !self.source.isRunning }
    if world.failure == nil && (source.isRunning || source.status != 5) {
      world.fail(
        "source",
        source.isRunning
          ? "tries for \((world.now - start).count / 1_000_000) ms to listen where another program does"
          : "ends with status \(source.status ?? -1) where another program listens")
    }
    squatter.kill()
    source.kill(vanishes: false)
    // It has none to be seen where it ends in the turn in which it has come.
    sessionCounts[0] += source.sessionCount - sessionCount + 1
    source.isKeptAlive = true
    source.start()
    wait(60_000) { self.isTunnelUp }
  }

  /// Each client that is turned away has a line, or is one of those that are said to be left out.
  func playTelling() {
    if areDescriptorsFew { return }
    letEnd()
    let usual = source.configuration.changed()
    reload(source, usual.changed(logLevel: max(level, .warning)))
    (isCountOpen, hadOutage) = (true, true)
    service.kill(vanishes: false)
    wait(10_800)
    let counts = source.proxy?.counts
    let startCount = source.startCount
    let before = (counts?.count(.refusedTunnelDown) ?? 0, source.sink?.toldRefusalCount ?? 0)
    for count in [14, 13, 1] {
      for _ in 0..<count { startClient(0, plan: Self.short) }
      wait(4_000)
    }
    let refusedCount = Int((counts?.count(.refusedTunnelDown) ?? 0) - before.0)
    let toldCount = (source.sink?.toldRefusalCount ?? 0) - before.1
    if source.startCount == startCount && refusedCount != toldCount && world.failure == nil {
      world.fail(
        "source", "tells of \(toldCount) clients that it has refused, and counts \(refusedCount)")
    }
    service.start()
    wait(60_000) { self.isTunnelUp }
    reload(source, usual)
    source.rewritten = nil
  }
}
