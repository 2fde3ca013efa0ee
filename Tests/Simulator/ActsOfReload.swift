import Basics
import Configuration
import Reactor
import Tunnel

/// SIGHUP and SIGTERM at moments that are not the usual ones: in an outage, before the services are known, beside a client
/// that waits, beside a token that is rotated.
extension Scenario {
  private static let short = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)

  func playLateReload() {
    switch laterRandom.below(5) {
    case 0: playOutageReload()
    case 1: playEarlyReload()
    case 2: playOtherBindHost()
    case 3: playOtherVersion()
    default: playOtherHost()
    }
  }

  func playLateSignal() {
    switch laterRandom.below(4) {
    case 0: playRotationInDrain()
    case 1: playHeldReload()
    case 2: playRotationBehindReload()
    default: playSecretWords()
    }
  }

  private func fail(_ who: String, _ what: String) {
    if world.failure == nil { world.fail(who, what) }
  }

  private func moved(_ configuration: Configuration, _ settings: Settings? = nil) -> Configuration {
    configuration.changed(
      mappings: configuration.mappings.map { $0.moved(by: Servers.otherPlace) },
      settings: settings)
  }

  /// A place that is taken is tried for as long as it takes, also when there was no tunnel as it was told of. The times of
  /// attempts hold at once.
  private func playOutageReload() {
    let usual = source.configuration.changed()
    let startCount = source.startCount
    var settings = usual.settings
    settings.connectionRetryCount = 1
    settings.connectionRetryDelay = Milliseconds(200)
    settings.retry.delay = Milliseconds(6_000)
    settings.retry.delayMax = Milliseconds(6_000)
    (isCountOpen, hadOutage) = (true, true)
    service.kill(vanishes: false)
    wait(500 + 2 * roundTrip.count)
    let squatter = squat(at: Self.sourcePort + Servers.otherPlace)
    reload(source, moved(usual, settings))
    wait(9_000)
    service.start()
    wait(60_000) { self.isTunnelUp }
    wait(2_000)
    if source.startCount != startCount || !source.isRunning {
      fail("source", "gives up a place that it was told of while it had no tunnel")
    }
    squatter.kill()
    wait(500)
    expectServed(
      [startVisitor(0, besides: Servers.otherPlace)], within: 60_000,
      "is not served at a place that was told of while there was no tunnel")
    reload(source, usual)
  }

  /// Who waits in the system is left there when the services are not known again yet.
  private func playEarlyReload() {
    if version == .v1 { return }
    (isCountOpen, hadOutage) = (true, true)
    service.kill(vanishes: false)
    wait(300)
    service.start(tellsServices: false)
    wait(7_000) { self.source.proxy?.state == .awaitingServices }
    let client = startClient(0, plan: Self.short)
    client.isHonest = false
    wait(100)
    let waits = { () -> Bool in
      self.source.proxy?.state == .awaitingServices && self.source.proxy?.holdsClients == true
    }
    if waits() && client.outcome == .open {
      reload(source, source.configuration.changed())
      if waits() && client.outcome != .open {
        fail(client.name, "waits for a tunnel, and is turned away by SIGHUP")
      }
    }
    startServiceAnew()
  }

  /// Another place to connect from holds from the next tunnel on; so does what its name means by then.
  private func playOtherBindHost() {
    let usual = destination.configuration.changed()
    let hosts = world.names["inside.example"]
    if usual.bindHost.isEmpty {
      reload(destination, usual.changed(bindHost: "inside.example"))
    } else {
      world.names["inside.example"] = ["10.0.0.3"]
    }
    let expected = world.names["inside.example"]?.first
    isCountOpen = true
    startServiceAnew()
    destination.network.localHost = expected
    expectServed([startVisitor(0)], within: 60_000, "is not served from another address")
    letEnd()
    world.names["inside.example"] = hosts
    reload(destination, usual)
    startServiceAnew()
    destination.network.localHost = usual.bindHost.isEmpty ? nil : hosts?.first
  }

  /// To one who stops another token is no reason to go on.
  private func playRotationInDrain() {
    let isSource = laterRandom.chance(5_000)
    let (proxy, role) = isSource ? (source, TunnelRole.source) : (destination, .destination)
    let usual = proxy.configuration.changed()
    guard let user = startUser(0), let token = service.rotateToken(role) else { return }
    user.isHonest = false
    (isCountOpen, hadOutage) = (true, true)
    var settings = usual.settings
    settings.drainTimeout = Milliseconds(5_000)
    reload(proxy, usual.changed(settings: settings))
    proxy.rewritten = usual.changed(accessToken: token, settings: settings)
    proxy.isKeptAlive = false
    proxy.receive(.terminate)
    wait(100)
    if proxy.proxy?.state == .stopping {
      service.closeEnd(role, reason: "the access token was rotated")
      wait(1_000 + 2 * roundTrip.count) { !proxy.isRunning }
      if proxy.isRunning { fail(proxy.name, "stops, its token is rotated, and it goes on") }
    }
    startAgain(proxy, as: usual)
  }

  /// SIGHUP has brought the new token before the service says that the old one is over.
  private func playRotationBehindReload() {
    let isSource = laterRandom.chance(5_000)
    let (proxy, role) = isSource ? (source, TunnelRole.source) : (destination, .destination)
    let usual = proxy.configuration.changed()
    guard let token = service.rotateToken(role) else { return }
    (isCountOpen, hadOutage) = (true, true)
    let startCount = proxy.startCount
    reload(proxy, usual.changed(accessToken: token))
    service.closeEnd(role, reason: "the access token was rotated")
    wait(500 + 2 * roundTrip.count)
    wait(30_000) { self.isTunnelUp }
    if proxy.startCount != startCount || !isTunnelUp {
      fail(proxy.name, "does not come back with the token that SIGHUP has brought")
    }
    startAgain(proxy, as: usual)
  }

  /// The service forgets all of it.
  func startAgain(_ proxy: ProxyProcess, as usual: Configuration) {
    proxy.isKeptAlive = false
    proxy.kill(vanishes: false)
    proxy.rewritten = usual
    service.kill(vanishes: false)
    service.start()
    proxy.isKeptAlive = true
    proxy.start()
    proxy.rewritten = nil
    wait(1_000 + 2 * roundTrip.count)
    wait(60_000) { self.isTunnelUp }
  }

  /// Who comes while another one waits for a place waits as well, also at a port that is new.
  private func playHeldReload() {
    guard let waiting = startWaiting() else { return }
    let usual = source.configuration.changed()
    reload(source, moved(usual))
    let late = startClient(serviceCount - 1, plan: Self.short, besides: Servers.otherPlace)
    late.isHonest = false
    wait(300)
    if waiting.outcome == .open && source.proxy?.waitingClientCount == 1 && late.outcome != .open {
      fail(late.name, "is turned away at a new port, where one waits for a place: \(late.outcome)")
    }
    reload(source, usual)
  }

  /// Of a destination that is said to be older the next streams take notice.
  private func playOtherVersion() {
    if version != .v3 { return }
    let usual = source.configuration.changed()
    let other = usual.changed(destinationVersion: .v2)
    reload(source, other)
    isCountOpen = true
    startServiceAnew()
    source.network.wireLimits = WireLimits(other)
    source.network.cutConnections(besides: world.path(laptop, laptop))
    wait(1_000)
    wait(60_000) { self.isTunnelUp }
    expectServed([startVisitor(0)], within: 60_000, "is not served by an older destination")
    letEnd()
    reload(source, usual)
    startServiceAnew()
  }

  /// The same port of another address is another place.
  private func playOtherHost() {
    let usual = source.configuration.changed()
    guard let host = laptop.addresses.first,
      let place = SocketAddress(numeric: host, port: Self.sourcePort)
    else { return }
    reload(
      source,
      usual.changed(
        mappings: usual.mappings.map { mapping in
          Mapping(
            serviceID: mapping.serviceID,
            address: .network(Endpoint(host: host, port: mapping.endpoint?.port ?? 0)))
        }))
    serverPlans = [Plan(byteCount: 500, chunkByteCount: 500, answersAfter: 8, ending: .finish)]
    let (client, _) = makeClient(0, Plan(byteCount: 100, chunkByteCount: 100, ending: .answerEnd))
    client.connect(to: place)
    expectServed([client], within: 60_000, "is not served at another address of the machine")
    let late = startClient(0, plan: Self.short)
    wait(1_000) { late.outcome != .open }
    if late.outcome != .refused {
      fail(late.name, "finds a place that nobody is to listen at any more: \(late.outcome)")
    }
    reload(source, usual)
  }

  /// A new token is in no line, however it has come, and whoever says it.
  private func playSecretWords() {
    let isSource = laterRandom.chance(5_000)
    let (proxy, role) = isSource ? (source, TunnelRole.source) : (destination, .destination)
    let usual = proxy.configuration.changed()
    guard let token = service.rotateToken(role) else { return }
    (isCountOpen, hadOutage) = (true, true)
    reload(proxy, usual.changed(logLevel: .debug))
    let other = usual.changed(accessToken: token, logLevel: .debug)
    if laterRandom.chance(5_000) { reload(proxy, other) } else { proxy.rewritten = other }
    proxy.sink?.secrets = [token]
    service.closeEnd(role, reason: "the access token was rotated")
    wait(500 + 2 * roundTrip.count)
    wait(30_000) { self.isTunnelUp }
    proxy.isKeptAlive = false
    proxy.statuses = [0]
    service.closeEnd(role, reason: "the end of \(token)")
    wait(1_000 + 2 * roundTrip.count)
    startAgain(proxy, as: usual)
    proxy.statuses = []
  }
}
