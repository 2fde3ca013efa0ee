import Basics
import Configuration
import Reactor
import Tunnel

/// Which way a connection takes, and what becomes of one that is on its way while an end goes.
extension Scenario {
  private static let short = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
  private static let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)

  /// A server's next address is tried as soon as one has refused, and each has its own time.
  func playWays() {
    if serverHost != "server.example" || areDescriptorsFew { return }
    letEnd()
    let usual = world.names[serverHost]
    defer {
      world.names[serverHost] = usual
      world.connecting = { _, _ in }
    }
    var asked: [String: Instant] = [:]
    world.connecting = { [unowned self] address, _ in
      if (Self.serverPort..<Self.serverPort + 200).contains(address.port) {
        asked[address.host] = asked[address.host] ?? self.world.now
      }
    }
    // Nobody listens there, and its system says so.
    world.names[serverHost] = ["10.0.0.2", "127.0.0.1"]
    serverPlans = []
    asked = [:]
    expectServed([startVisitor(0)], within: 60_000, "is not served at a server's second address")
    if let first = asked["10.0.0.2"], let second = asked["127.0.0.1"],
      first + Milliseconds(150) < second, world.failure == nil
    {
      world.fail("destination", "waits with the next address, although the one before has refused")
    }
    letEnd()
    if world.failure == nil { playFamilies() }
    letEnd()
    if world.failure == nil { playSilentWays() }
    letEnd()
  }

  /// Of two families, of which one leads nowhere, each other attempt is of the other one.
  private func playFamilies() {
    if !destination.configuration.bindHost.isEmpty { return }
    world.names[serverHost] = ["fd00::9", "fd00::8", "fd00::7", "fd00::6", "127.0.0.1"]
    serverPlans = []
    var (first, other) = (Instant?.none, Instant?.none)
    world.connecting = { [unowned self] address, _ in
      if address.host == "fd00::9" { first = first ?? self.world.now }
      if address.host == "127.0.0.1" && address.port < Self.serverPort + 200
        && address.port >= Self.serverPort
      {
        other = other ?? self.world.now
      }
    }
    expectServed([startVisitor(0)], within: 60_000, "is not served at an address of another family")
    if let first, let other, first + Milliseconds(450) < other, world.failure == nil {
      world.fail("destination", "tries all of one family before the other one has its turn")
    }
  }

  private func playSilentWays() {
    let settings = destination.configuration.settings
    let count = Int64(settings.connectionRetryCount)
    let least =
      (count + 1) * (settings.connectTimeout.count + min(settings.connectTimeout.count, 250))
      + count * settings.connectionRetryDelay.count
    if least > 20_000 { return }
    world.names[serverHost] = ["10.9.9.9", "10.9.9.8"]
    let client = startClient(0, plan: Self.short)
    client.isHonest = false
    wait(least - 50) { client.outcome != .open }
    if client.outcome != .open && world.failure == nil {
      world.fail(client.name, "is given up before each address of its server had its time")
    }
    wait(2_000 + 4 * roundTrip.count) { client.outcome != .open }
  }

  /// Whoever is on his way to a destination that is lost hears of it, or is served by the next one.
  func playLostStarts() {
    guard let latency = service.latency, latency.count > 10 else { return }
    letEnd()
    let unlay = keepPaths()
    defer { unlay() }
    // The next destination may be there before what was on its way to the one before.
    if laterRandom.chance(7_000) {
      for path in tunnelPaths { (path.delay, path.jitter, path.rate) = (500_000, 0, 0) }
    }
    for part in 1...3 where world.failure == nil {
      serverPlans = [Self.silent]
      let client = startClient(0, plan: Self.short)
      client.isHonest = false
      wait(1 + roundTrip.count / 8 + latency.count * Int64(part) / 4)
      if version == .v3 { client.flow.receiver?.losesProxy() }
      startAnew(destination)
      wait(3_000 + 6 * roundTrip.count + 4 * latency.count) { client.outcome != .open }
      let server = client.flow.receiver
      server?.isHonest = false
      if client.outcome == .open && server?.outcome != .open && world.failure == nil {
        world.fail(client.name, "waits for a destination that was lost before it came there")
      }
      let counts = [source, destination].map { $0.proxy?.connectionCount ?? 0 }
      if counts[1] > counts[0] && world.failure == nil {
        world.fail("destination", "has got what was on its way to the one before it")
      }
      letEnd()
      serverPlans = []
    }
  }

  /// What the service does to one connection it does not do to the next.
  func playShortLives() {
    if roundTrip.count > 400 || areDescriptorsFew { return }
    letEnd()
    isCountOpen = true
    startServiceAnew(cutsAfter: 10)
    wait(3_000)
    for proxy in [source, destination] { startAnew(proxy) }
    if let user = startUser(0), let one = source.sessionStart,
      let other = destination.sessionStart
    {
      user.isHonest = false
      user.flow.receiver?.isHonest = false
      let end = min(one, other) + Milliseconds(9_500)
      wait((end - world.now).count / 1_000_000) { user.outcome != .open }
      if user.outcome != .open && world.failure == nil {
        world.fail(user.name, "is cut, although the time of neither end is over")
      }
    }
    startServiceAnew()
    letEnd()
  }
}
