import Basics
import Configuration
import Glibc
import Proxy
import Reactor
import Tunnel
import TunnelService
import WebProxy

/// What one seed did, for reports.
public struct Verdict {
  public let seed: UInt64
  /// What was wrong; nil when nothing was.
  public let failure: String?
  public let stepCount: Int
  public let simulatedMilliseconds: Int64
  public let connectionCount: Int
  public let comparedByteCount: Int
  public let faultCounts: [Int]
  public let story: [String]
}

/// A whole tunnel: clients, source, service, destination and servers, in a storm of faults and in the calm behind it.
///
/// The seed decides all of it: versions, settings, links, who sends what to whom, and what goes wrong. Checked is, after
/// each turn of a program, what it says of itself (`checkInvariants`), and with each byte that arrives whose it is. When
/// the storm is over everybody who is still connected comes to an end, and new clients are served whole.
public final class Scenario {
  private let seed: UInt64
  let world: World
  let ledger: Ledger
  var serviceCount = 1
  var services: [String] = []
  var isClean = false
  /// What is played before the storm.
  var acts: [Act] = []
  var linkActs: [LinkAct] = []
  /// What the next servers do that are connected to; further ones do as they like.
  var serverPlans: [Plan] = []
  var isPatient = true
  /// Tunnels that there are where nothing goes wrong.
  var sessionCounts = [1, 1]
  /// An act ended one at a moment that does not say whether it had a tunnel.
  var isCountOpen = false
  /// An act took the service away, perhaps while the first mark was on its way.
  var hadOutage = false
  /// Of the servers, as the destination knows it.
  var serverHost = "127.0.0.1"
  let laptop: Machine
  let gateway: Machine
  let cloud: Machine
  let level: LogLevel
  /// What came into the scenario later is drawn from here, so that a seed goes on meaning what it meant.
  var laterRandom: SeededGenerator
  var source: ProxyProcess
  var destination: ProxyProcess
  var service: ServiceProcess
  var servers: Servers
  private var webProxies: [WebProxyProcess] = []
  var tunnelPaths: [Path] = []
  private var clientCount = 0
  private var isStorm = false
  private var isCalm = false
  let version: ProtocolVersion
  private let stormTime: Milliseconds
  var stormFaults = Faults()
  /// The source's streams begin again at 1.
  private var areStreamsLow = false
  /// What watchers were told that only grows, and by which start of the source.
  private var told: [String: Double] = [:]
  private var toldBy = 0
  private var toldAt: Instant?

  static let sourcePort: UInt16 = 5_000
  static let serverPort: UInt16 = 6_000
  static let statusPort: UInt16 = 9_000
  private static let requestByteCount = 1_000
  /// How long the end of all that is under way, and then a new client, may take when nothing goes wrong any more: the
  /// longest waits that the settings below allow, one after another.
  private static let calmTime = Milliseconds(400_000)

  /// Runs a seed.
  /// - Parameter stepCountMax: more turns are taken for a loop without an end.
  public static func run(
    seed: UInt64, keepsStory: Bool = false, stepCountMax: Int? = nil
  ) -> Verdict {
    let scenario = Scenario(seed: seed, keepsStory: keepsStory)
    if let stepCountMax { scenario.world.stepCountMax = stepCountMax }
    scenario.run()
    if scenario.world.failure != nil { scenario.sayWhatIsOpen() }
    let verdict = Verdict(
      seed: seed, failure: scenario.world.failure, stepCount: scenario.world.stepCount,
      simulatedMilliseconds: scenario.world.now.nanoseconds / 1_000_000,
      connectionCount: scenario.clientCount,
      comparedByteCount: scenario.ledger.comparedByteCount,
      faultCounts: scenario.world.faultCounts, story: scenario.world.story.lines)
    scenario.tearDown()
    return verdict
  }

  // MARK: The stage

  private init(seed: UInt64, keepsStory: Bool) {
    self.seed = seed
    laterRandom = SeededGenerator(seed: seed ^ 0x5eed_0f1a_7e12)
    let world = World(seed: seed, keepsStory: keepsStory)
    self.world = world
    world.bufferByteCounts = 2_048...262_144
    let ledger = Ledger(world)
    self.ledger = ledger
    laptop = world.machine("laptop")
    gateway = world.machine("gateway")
    cloud = world.machine("cloud")
    laptop.addresses = ["10.0.0.1"]
    gateway.addresses = ["10.0.0.2"]
    cloud.addresses = ["10.0.0.9"]
    world.names["service.example"] =
      world.random.chance(3_000) ? ["10.9.9.9", "10.0.0.9"] : ["10.0.0.9"]
    // Drawn in any case, lest a story is another run.
    let speaks = world.random.chance(1_000)
    // A service manager is told of the last error.
    level = keepsStory || speaks ? .debug : .error
    version = world.random.pick([.v3, .v3, .v3, .v2, .v1])
    ledger.hasOneReset = version != .v3
    isClean = world.random.chance(1_500)
    acts = isClean ? Act.first.filter { _ in world.random.chance(3_500) } : []
    var newestRandom = SeededGenerator(seed: seed ^ 0x0ac7_5eed_0f1a)
    if isClean { acts += Act.newest.filter { _ in newestRandom.chance(3_500) } }
    if isClean { acts += Act.ends.filter { _ in newestRandom.chance(2_500) } }
    // The one wants few places at the source, the other at the destination.
    if acts.contains(.fullHouse) || acts.contains(.places) { acts.removeAll { $0 == .deafServer } }
    stormTime = Milliseconds(Int64(world.random.size(3_000...90_000)))
    serviceCount = version == .v1 ? 1 : world.random.number(1...3)
    services = version == .v1 ? [] : (0..<serviceCount).map { "S\($0)" }
    let compresses = world.random.chance(2_000)

    var options = ServiceOptions()
    options.acceptsCompression = compresses
    if world.random.chance(3_000) {
      let shape = LinkShape(
        bandwidth: world.random.pick([0, 100_000, 500_000, 2_000_000]),
        latency: Milliseconds(Int64(world.random.size(0...200))))
      // Some acts have paths of their own.
      if !acts.contains(.crowd) { options.shape = shape }
    }
    let address = SocketAddress(numeric: "10.0.0.9", port: 443) ?? SocketAddress(path: "")
    let service = ServiceProcess(
      world, cloud, address, services: services, options: options, level)
    self.service = service
    // The tokens are what the first start makes of the seed.
    service.start()

    let lingers = world.random.chance(2_500)
    let count = serviceCount
    var sourceSettings = Self.makeSettings(&world.random, compresses)
    var destinationSettings = Self.makeSettings(&world.random, compresses)
    var destinationVersion = ProtocolVersion.v3
    if version == .v1 {
      sourceSettings.protocolVersion = .v1
      destinationSettings.protocolVersion = .v1
    } else if version == .v2 {
      if world.random.chance(5_000) {
        sourceSettings.protocolVersion = .v2
        destinationSettings.protocolVersion = .v2
      } else {
        destinationVersion = .v2
      }
    }
    // A quarter of the tunnels knows no ends of one direction.
    if lingers || world.random.chance(500) {
      sourceSettings.halfClose = .linger
      ledger.isStrict = false
    }
    if lingers || world.random.chance(500) {
      destinationSettings.halfClose = .linger
      ledger.isStrict = false
    }
    // A server may be tried for as long as it takes.
    if !isClean && newestRandom.chance(2_000) { destinationSettings.connectionRetryCount = -1 }
    if !isClean {
      Self.limitRetries(&sourceSettings.retry, &laterRandom)
      Self.limitRetries(&destinationSettings.retry, &laterRandom)
    }
    // Only where the name's own faults do not add to the time that a server is waited for.
    let isHouse = acts.contains(.fullHouse) || acts.contains(.places)
    if isHouse && sourceSettings.activeConnectionCountMax > 20 {
      sourceSettings.activeConnectionCountMax = laterRandom.pick([2, 5, 20])
    }
    if isHouse { destinationSettings.activeConnectionCountMax = 128 }
    // Clients of one service wait for a place, and for their turn.
    if acts.contains(.places) && version == .v2 && serviceCount > 2 {
      sourceSettings.activeConnectionCountMax = serviceCount - 1
    }
    let drainsLong = laterRandom.chance(7_000) || acts.contains(.counts)
    if acts.contains(where: { [.drain, .counts, .untoldRestart].contains($0) }) && drainsLong {
      sourceSettings.drainTimeout = Milliseconds(5_000)
      destinationSettings.drainTimeout = Milliseconds(5_000)
    }
    if acts.contains(.deafServer) {
      // The source has places left.
      sourceSettings.activeConnectionCountMax = 128
      destinationSettings.activeConnectionCountMax = laterRandom.pick([4, 6])
      destinationSettings.connectTimeout = Milliseconds(10_000)
      destinationSettings.connectionRetryCount = 3
    }
    for act in LinkAct.allCases {
      let isPlayed = laterRandom.chance(2_500)
      if isClean && isPlayed { linkActs.append(act) }
    }
    Self.prepare(linkActs, &sourceSettings, &destinationSettings, &laterRandom)
    let isNamed = laterRandom.chance(5_000)
    if isClean && isNamed { serverHost = "server.example" }
    world.names["server.example"] = ["127.0.0.1"]
    let destinationHost = serverHost
    let proxyAddress = "10.0.0.7"
    let usesTLS = world.random.chance(4_000)
    var bindHost = ""
    let tellsStatus = laterRandom.chance(4_000) || acts.contains(.status)
    let makeConfiguration = { (role: TunnelRole, settings: Settings) -> Configuration in
      let isSource = role == .source
      let webProxy =
        world.random.chance(1_500)
        ? try? WebProxy.parse(
          "\(usesTLS ? "https" : "http")://somebody:secret@\(proxyAddress):3128",
          variable: "https_proxy") : nil
      return Configuration(
        role: role, endpoint: Endpoint(host: "service.example", port: 443),
        accessToken: (isSource ? service.tokens?.source : service.tokens?.destination) ?? "",
        clientToken: isSource
          ? "5ad3a5a5-0000-4000-8000-000000000001" : "5ad3a5a5-0000-4000-8000-000000000002",
        mappings: (0..<count).map { index in
          Mapping(
            serviceID: settings.protocolVersion == .v1 ? nil : "S\(index)",
            address: .network(
              Endpoint(
                host: isSource ? "127.0.0.1" : destinationHost,
                port: (isSource ? Scenario.sourcePort : Scenario.serverPort) + UInt16(index))))
        }, bindHost: isSource ? "127.0.0.1" : bindHost, destinationVersion: destinationVersion,
        webProxy: webProxy, settings: settings, hasTokenFile: true,
        statusPlace: isSource && tellsStatus
          ? .network(Endpoint(host: "127.0.0.1", port: Scenario.statusPort)) : nil)
    }
    if isClean {
      // Nobody is to lose a place that he uses.
      sourceSettings.halfCloseLinger = Milliseconds(20_000)
      sourceSettings.silentLinger = Milliseconds(12_000)
      destinationSettings.halfCloseLinger = Milliseconds(20_000)
      destinationSettings.silentLinger = Milliseconds(12_000)
    }
    // Clients wait for their turn there.
    isPatient = version == .v3 || sourceSettings.secondClient == .wait
    if compresses {
      ledger.isPlain = world.random.chance(7_000)
      ledger.isMixed = laterRandom.chance(5_000)
    }
    // A destination connects from there.
    bindHost = world.random.chance(1_500) ? "inside.example" : ""
    world.names["inside.example"] = ["10.0.0.2"]
    source = ProxyProcess(
      world, laptop, "source", makeConfiguration(.source, sourceSettings), level)
    destination = ProxyProcess(
      world, gateway, "destination", makeConfiguration(.destination, destinationSettings), level)
    var makePlan: (Int) -> Plan = { _ in Plan(byteCount: 0, chunkByteCount: 1) }
    servers = Servers(
      world, gateway, ledger, ports: (0..<count).map { Scenario.serverPort + UInt16($0) },
      makePlan: { makePlan($0) })
    let needsProxy =
      source.configuration.webProxy != nil || destination.configuration.webProxy != nil
    if needsProxy {
      let cafe = world.machine("cafe")
      cafe.addresses = [proxyAddress]
      if let place = SocketAddress(numeric: proxyAddress, port: 3_128) {
        webProxies.append(WebProxyProcess(world, cafe, place, target: address, usesTLS: usesTLS))
      }
      tunnelPaths = [world.path(laptop, cafe), world.path(gateway, cafe), world.path(cafe, cloud)]
    }
    tunnelPaths += [world.path(laptop, cloud), world.path(gateway, cloud)]
    for path in tunnelPaths {
      path.delay = Int64(world.random.size(10...150_000)) * 1_000
      if world.random.chance(4_000) { path.jitter = path.delay / 2 + 1 }
      if world.random.chance(3_000) { path.rate = world.random.size(100_000...20_000_000) }
    }
    // The numbers of streams begin again behind the last.
    if world.random.chance(300) {
      source.firstRandomBits = UInt32(StreamIDs.idMax) - UInt32(world.random.number(1...5))
      areStreamsLow = true
    }
    for machine in [laptop, gateway] {
      world.path(machine, machine).delay = Int64(world.random.size(1...200)) * 1_000
    }
    if world.random.chance(500) { source.descriptorCountMax = world.random.number(8...40) }
    if world.random.chance(500) { destination.descriptorCountMax = world.random.number(8...40) }
    makePlan = { [unowned self] _ in
      self.serverPlans.isEmpty
        ? self.makePlan(isClient: false) : self.serverPlans.removeFirst()
    }
    if world.random.chance(3_000) && !isClean {
      service.makeMeddler = { [unowned self] in self.makeMeddler(compresses) }
    }
    chooseFaults()
  }

  private static func makeSettings(
    _ random: inout SeededGenerator, _ compresses: Bool
  ) -> Settings {
    var settings = Settings()
    settings.connectionRetryCount = random.number(0...3)
    settings.connectionRetryDelay = Milliseconds(Int64(random.size(10...2_500)))
    settings.connectTimeout = Milliseconds(Int64(random.size(200...5_000)))
    settings.connectionPendingMax = random.size(4_096...131_076)
    settings.tunnelPendingMax = random.size(65_536...262_144)
    settings.localReadByteCountMax = random.size(4_096...131_076)
    settings.linkReadByteCountMax = random.size(4_096...131_076)
    if random.chance(3_000) {
      settings.payloadLengthMax = random.size(100...Message.payloadLengthMax)
    }
    settings.activeConnectionCountMax = random.pick([128, 128, 128, 20, 5, 2])
    settings.halfCloseLinger = Milliseconds(Int64(random.size(300...20_000)))
    settings.silentLinger = Milliseconds(Int64(random.size(300...5_000)))
    settings.secondClient = random.pick([.wait, .wait, .replace])
    settings.stallTimeout = Milliseconds(Int64(random.size(500...5_000)))
    settings.loneStallTimeout = Milliseconds(settings.stallTimeout.count * 4)
    settings.keepaliveIdle = Milliseconds(Int64(random.pick([2_000, 10_000, 60_000])))
    settings.keepaliveInterval = Milliseconds(1_000)
    settings.pingPeriod = Milliseconds(Int64(random.size(2_000...15_000)))
    makeTimes(&settings, &random)
    settings.offersCompression = compresses
    settings.compressionMemoryLevel = 1
    settings.compressionWindowBits = 9
    if random.chance(1_500) { settings.bandwidthLimit = Int64(random.size(20_000...5_000_000)) }
    settings.isPacingAdaptive = random.chance(7_000)
    return settings
  }

  /// Those of the way to a tunnel, and of its end.
  private static func makeTimes(_ settings: inout Settings, _ random: inout SeededGenerator) {
    settings.retry.delay = Milliseconds(Int64(random.size(50...2_500)))
    settings.retry.delayMax = Milliseconds(Int64(random.size(500...10_000)))
    settings.stepTimeout = Milliseconds(Int64(random.size(2_000...10_000)))
    settings.drainTimeout = Milliseconds(Int64(random.size(0...8_000)))
  }

  private static func limitRetries(
    _ policy: inout TunnelClient.RetryPolicy, _ random: inout SeededGenerator
  ) {
    if random.chance(1_500) { policy.retryCountMax = random.number(0...3) }
    if random.chance(500) { policy.reconnectsOnDataError = false }
  }

  /// Which kinds of fault there are in this run, and how often.
  private func chooseFaults() {
    // Also where nothing goes wrong, nothing is whole or at once.
    for kind: FaultKind in [.receivePart, .sendPart, .eventHeldBack, .receiveBlocks, .sendBlocks] {
      stormFaults[kind] = world.random.chance(5_000) ? world.random.size(10...4_000) : 0
    }
    for kind: FaultKind in [.spuriousEvent, .timerLate] {
      stormFaults[kind] = world.random.chance(3_000) ? world.random.size(10...1_000) : 0
    }
    let interims = laterRandom.chance(3_000) ? 3_000 : 0
    stormFaults[.interimAnswer] = interims
    world.faults = stormFaults
    if isClean { return }
    for kind: FaultKind in [.webProxyRefuses, .answerWrong] where laterRandom.chance(2_000) {
      stormFaults[kind] = laterRandom.size(300...3_000)
    }
    if laterRandom.chance(2_000) { stormFaults[.tlsSpoiled] = laterRandom.size(100...3_000) }
    let seldom: [FaultKind] = [
      .registrationFails, .acceptFails, .socketFails, .connectThrows, .handshakeFails, .tlsMemory,
      .recordBroken, .nameFails, .nameNever, .entropyFails,
    ]
    for kind in seldom where world.random.chance(2_000) {
      stormFaults[kind] = world.random.size(1...300)
    }
    for kind: FaultKind in [.connectRefused, .connectHangs, .connectLate, .nameLate]
    where world.random.chance(3_000) {
      stormFaults[kind] = world.random.size(10...2_000)
    }
    if world.random.chance(1_000) { stormFaults[.processStalls] = world.random.size(1...20) }
    // A run has few frames, so these are frequent.
    for kind: FaultKind in [
      .frameSplit, .framesMerged, .fieldsReordered, .pongLost, .strayMessage,
    ] where world.random.chance(5_000) {
      stormFaults[kind] = world.random.size(300...6_000)
    }
    if world.random.chance(1_000) { stormFaults[.garbage] = world.random.size(10...500) }
    world.faults = stormFaults
  }

  private func makeMeddler(_ compresses: Bool) -> Meddler {
    let meddler = Meddler(world)
    meddler.isCompressing = compresses
    meddler.asksForRest = laterRandom.chance(5_000)
    meddler.strayMessages = { [unowned self] in self.strays }
    return meddler
  }

  /// Messages of streams and connections that are not there, of types nobody knows, and the services once more.
  private var strays: [[UInt8]] {
    let name = services.isEmpty ? [] : Array(world.random.pick(services).utf8)
    // As they are where numbers begin at 1 with each start; which those in use here must not do.
    let stream = Int32(world.random.number(1...20)) + (areStreamsLow ? 1_000 : 0)
    let connection = UInt32(world.random.number(1...6))
    let payload = world.random.bytes(world.random.number(1...100))
    var all = [
      Self.encode(
        MessageHeader(.data, streamID: stream, serviceID: name, connectionID: connection), payload),
      Self.encode(MessageHeader(.streamReset, streamID: stream, serviceID: name), []),
      Self.encode(
        MessageHeader(
          .connectionReset, streamID: stream, serviceID: name, connectionID: connection), []),
      // Type 99, ignorable: to be skipped.
      [0, 4, 0x08, 99, 0x18, 1],
    ]
    if !services.isEmpty { all.append(MessageHeader.serviceIDs(services)) }
    return all
  }

  private static func encode(_ header: MessageHeader, _ payload: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return Array(bytes[start...])
  }

  // MARK: Plans

  private func makePlan(isClient: Bool) -> Plan {
    var random = world.random
    defer { world.random = random }
    var plan = Plan(
      byteCount: random.size(0...60_000), chunkByteCount: random.size(1...40_000))
    if plan.byteCount > 2_000 { plan.chunkByteCount = max(plan.chunkByteCount, 200) }
    plan.ending = isClient ? .finish : .answerEnd
    if isCalm {
      plan.byteCount = random.number(8...3_000)
      plan.chunkByteCount = 1_000
      if !ledger.isStrict {
        // An end of one direction is not told: the server knows from the request where that ends.
        plan.byteCount = isClient ? Self.requestByteCount : plan.byteCount
        plan.answersAfter = isClient ? 0 : Self.requestByteCount
        plan.ending = isClient ? .answerEnd : .finish
      }
      return plan
    }
    if random.chance(3_000) { plan.pause = random.size(1...1_500) }
    if plan.pause > 0 { plan.byteCount = min(plan.byteCount, plan.chunkByteCount * 30) }
    if !isClient && random.chance(3_000) { plan.ending = .finish }
    if !isClient && random.chance(3_000) { plan.answersAfter = random.size(1...500) }
    if random.chance(2_000) {
      plan.reading = .slowly(byteCount: random.size(200...20_000), pause: random.size(1...300))
    }
    if isClean { return plan }
    // Now and then somebody has much to say.
    if !isClient && random.chance(300) {
      plan.byteCount = random.number(100_000...300_000)
      // In tiny pieces that would be a million turns.
      plan.chunkByteCount = max(plan.chunkByteCount, 200)
    }
    if isClient && random.chance(500) {
      // Takes nothing, and yet is never still.
      plan = Plan(byteCount: 100_000, chunkByteCount: 100)
      plan.pause = random.size(50...400)
      plan.reading = .never
      return plan
    }
    if random.chance(1_000) {
      plan.reading = .halts(at: random.size(0...20_000), milliseconds: random.size(100...30_000))
    }
    if random.chance(300) { plan.reading = .never }
    if random.chance(1_000) { plan.ending = .close }
    if random.chance(700) { plan.ending = .abort }
    if isClient && random.chance(300) { plan.ending = .vanish }
    return plan
  }

  // MARK: The run

  private func run() {
    world.story.add(
      world.now, "seed \(seed)",
      "\(version.name), \(serviceCount) services, storm of \(stormTime.count) ms"
        + (isClean ? ", clean" : "") + (ledger.isStrict ? "" : ", not strict"))
    servers.start()
    world.after(Milliseconds(Int64(world.random.size(0...2_000)))) { self.destination.start() }
    world.after(Milliseconds(Int64(world.random.size(0...2_000)))) { self.source.start() }
    if isClean {
      comeUp()
      if world.failure != nil { return }
      // The lone one comes first: afterwards others were here.
      for act in acts where !play(act) { return }
      for act in linkActs where !play(act) { return }
    }
    isStorm = true
    planClients()
    if !isClean { planDisasters() }
    if !world.run(for: stormTime, isDone: { self.watch() }) { return }
    calm()
    if world.failure != nil { return }
    end()
  }

  var isTunnelUp: Bool {
    source.proxy?.isTunnelUp == true && destination.proxy?.isTunnelUp == true
  }

  /// A client of the session that was there last has got something.
  private var wasAnswered: Bool {
    guard let start = source.sessionStart else { return false }
    return ledger.talkers.contains {
      $0.isClient && start < $0.startedAt && $0.receivedByteCount > 0
    }
  }

  /// What is noted while time passes; never done by itself.
  func watch() -> Bool {
    if source.hasGoneWithoutMarks || destination.hasGoneWithoutMarks {
      if isClean && !hadOutage || source.hasGoneWithoutMarks && ledger.isStrict && wasAnswered {
        world.fail("the marks", "are done without, although somebody has answered")
      }
      ledger.isStrict = false
    }
    return false
  }

  /// Asks the source how it fares.
  func ask(
    _ manner: StatusAsker.Manner, for path: String = "/metrics"
  ) -> StatusAsker? {
    guard source.configuration.statusPlace != nil,
      let place = SocketAddress(numeric: "127.0.0.1", port: Self.statusPort)
    else { return nil }
    let network = SimulatedNetwork(world, laptop, "a watcher")
    network.start()
    let startCount = source.startCount
    let before = source.proxy.map { StatusSnapshot($0, now: world.now) }
    return StatusAsker(network, place, manner, path) { [weak self] asker in
      // What is read late was so long before.
      guard let self, startCount == self.source.startCount, asker.manner != .late else { return }
      self.judgeTold(asker, startCount)
      if let proxy = self.source.proxy, let before,
        let fault = before.fault(
          in: asker.numbers, before: StatusSnapshot(proxy, now: self.world.now))
      {
        self.world.fail("a watcher", fault)
      }
    }
  }

  /// What a program has counted grows, and only a part of a round trip is a queue.
  private func judgeTold(_ asker: StatusAsker, _ startCount: Int) {
    if toldBy != startCount { told = [:] }
    toldBy = startCount
    // The answers of two who ask at the same time may come in either order.
    let isLater = toldAt.map { $0 < asker.startedAt } ?? true
    toldAt = world.now
    for (name, number) in asker.numbers where name.contains("_total") {
      let name = String(name)
      if isLater, let before = told[name], number < before {
        world.fail("a watcher", "is told \(number) of \(name), and \(before) before")
      }
      told[name] = max(number, told[name] ?? 0)
    }
    let queue = asker.number("localproxy_pacer_queue_seconds") ?? 0
    let roundTrip = asker.number("localproxy_round_trip_seconds") ?? 0
    // The queue may be of a ping before the last.
    guard let link = source.network.link, link.startedAt < asker.startedAt else { return }
    if queue > max(roundTrip, link.longestRoundTrip) {
      world.fail("a watcher", "is told that a ping queued for \(queue) s, which took less")
    }
    if roundTrip > 0 && roundTrip < link.shortestRoundTrip - 0.001 {
      world.fail("a watcher", "is told of a round trip of \(roundTrip) s")
    }
  }

  private func planClients() {
    for _ in 0..<laterRandom.number(0...4) {
      let manner = laterRandom.pick(StatusAsker.Manner.allCases)
      world.after(Milliseconds(Int64(laterRandom.number(0...Int(stormTime.count))))) {
        _ = self.ask(manner)
      }
    }
    let count = world.random.size(1...25)
    for _ in 0..<count {
      world.after(Milliseconds(Int64(world.random.below(Int(stormTime.count) + 1)))) {
        self.startClient()
      }
    }
    // Some come at once.
    if world.random.chance(2_000) {
      let time = Milliseconds(Int64(world.random.below(Int(stormTime.count) + 1)))
      for _ in 0..<world.random.size(2...30) { world.after(time) { self.startClient() } }
    }
    // And seldom very many, of whom none stays.
    if version == .v3 && world.random.chance(100) {
      let time = Milliseconds(Int64(world.random.below(Int(stormTime.count) + 1)))
      for _ in 0..<world.random.number(70...120) {
        world.after(time) {
          self.startClient(plan: Plan(byteCount: 0, chunkByteCount: 1, ending: .finish))
        }
      }
    }
  }

  @discardableResult
  func startClient(
    _ service: Int? = nil, plan: Plan? = nil, besides offset: UInt16 = 0,
    ended: @escaping () -> Void = {}
  ) -> Talker {
    let service = service ?? world.random.below(serviceCount)
    let (talker, _) = makeClient(service, plan, ended)
    if let place = SocketAddress(
      numeric: "127.0.0.1", port: Self.sourcePort + UInt16(service) + offset)
    {
      talker.connect(to: place)
    }
    return talker
  }

  /// One that does not connect by itself, and its process.
  func makeClient(
    _ service: Int, _ plan: Plan?, _ ended: @escaping () -> Void = {}
  ) -> (Talker, SimulatedNetwork) {
    clientCount += 1
    let network = SimulatedNetwork(world, laptop, "client \(clientCount)")
    network.start()
    let talker = Talker(
      name: network.name, isClient: true, service: service, ledger: ledger, network: network,
      plan: plan ?? makePlan(isClient: true), ended: ended)
    return (talker, network)
  }

  // MARK: Disasters

  private func planDisasters() {
    let count = world.random.chance(2_500) ? 0 : world.random.size(1...10)
    for _ in 0..<count {
      world.after(Milliseconds(Int64(world.random.below(Int(stormTime.count) + 1)))) {
        if self.isStorm { self.strike() }
      }
    }
  }

  private func strike() {
    let time = Milliseconds(Int64(world.random.size(10...20_000)))
    switch world.random.below(12) {
    case 11:
      world.story.add(world.now, "the service", "resets the session")
      world.note(.sessionReset)
      service.tellAll(Self.encode(MessageHeader(.sessionReset), []))
    case 0, 1: restart(source, after: time)
    case 2, 3: restart(destination, after: time)
    case 4:
      world.note(.restarts)
      let vanishes = world.random.chance(3_000)
      service.kill(vanishes: vanishes)
      let isSound = world.random.chance(6_000)
      world.after(time) {
        if vanishes { self.world.reappear(self.cloud) }
        self.service.start(isSound: isSound || self.isCalm)
      }
    case 5:
      world.note(.pathHalts)
      let path = world.random.pick(tunnelPaths)
      world.story.add(world.now, "a path", "is dead for \(time.count) ms")
      world.halt(path, until: world.now + time)
    case 6:
      world.note(.connectionCut)
      world.story.add(world.now, "a path", "forgets its connections")
      world.cutConnections(on: world.random.pick(tunnelPaths), ECONNRESET)
    case 7:
      servers.kill(vanishes: laterRandom.chance(3_000))
      world.after(time) { self.servers.start() }
    case 9:
      world.story.add(world.now, "a name", "means something else for \(time.count) ms")
      world.note(.nameChanges)
      let hosts = world.names["service.example"]
      world.names["service.example"] = world.random.pick([["10.9.9.9"], [], ["10.0.0.2"]])
      world.after(time) {
        if let hosts, hosts.contains("10.0.0.9") {
          self.world.names["service.example"] = hosts
        }
      }
    case 8:
      world.note(.signal)
      let proxy = world.random.chance(5_000) ? source : destination
      if laterRandom.chance(5_000) {
        var settings = proxy.configuration.settings
        Self.makeTimes(&settings, &laterRandom)
        proxy.rewritten = proxy.configuration.changed(settings: settings)
      }
      proxy.receive(
        world.random.pick([
          .user1, .hangUp(endsTerminal: false), .hangUp(endsTerminal: true), .terminate, .interrupt,
        ]))
      // Some have no patience.
      if world.random.chance(2_000) {
        world.after(Milliseconds(Int64(world.random.size(1...1_000)))) {
          proxy.receive(.terminate)
        }
      }
    default:
      world.note(.pathHalts)
      let path = world.path(laptop, laptop)
      world.halt(path, until: world.now + Milliseconds(min(time.count, 3_000)))
    }
  }

  private func restart(_ proxy: ProxyProcess, after time: Milliseconds) {
    world.note(.restarts)
    let vanishes = world.random.chance(3_000)
    // A stream without connection ids has one kind of reset for both.
    if version == .v3 {
      for talker in ledger.talkers where talker.isClient == (proxy === source) {
        talker.losesProxy()
      }
    }
    proxy.kill(vanishes: vanishes)
    world.after(time) {
      if vanishes { self.world.reappear(proxy.machine) }
      proxy.start()
    }
    // And some change their mind on the way.
    if world.random.chance(2_000) {
      world.after(Milliseconds(time.count + Int64(world.random.size(1...3_000)))) {
        if self.isStorm { proxy.receive(.terminate) }
      }
    }
  }

  // MARK: The calm

  private func calm() {
    isStorm = false
    isCalm = true
    world.story.add(world.now, "the storm", "is over")
    var faults = Faults()
    // A part is a part also in good weather.
    for kind: FaultKind in [.receivePart, .sendPart, .eventHeldBack] {
      faults[kind] = min(stormFaults[kind], 1_000)
    }
    world.faults = faults
    for path in tunnelPaths { world.halt(path, until: nil) }
    world.halt(world.path(laptop, laptop), until: nil)
    source.descriptorCountMax = 1_000
    destination.descriptorCountMax = 1_000
    source.network.descriptorCountMax = 1_000
    destination.network.descriptorCountMax = 1_000
    for machine in [laptop, gateway, cloud] { world.reappear(machine) }
    world.names["service.example"] = ["10.0.0.9"]
    if !isClean {
      if service.hasFaults { service.kill(vanishes: false) }
      service.start()
      servers.start()
      source.start()
      destination.start()
      for talker in ledger.talkers { talker.becomeHonest() }
    }
    let isOver = { () -> Bool in
      _ = self.watch()
      return self.ledger.talkers.allSatisfy { $0.outcome != .open }
    }
    if !world.run(for: Self.calmTime, isDone: isOver) { return }
    if let talker = ledger.talkers.first(where: { $0.outcome == .open }) {
      world.fail(
        talker.name,
        "still open \(Self.calmTime.count) ms after the storm: sent \(talker.flow.sentByteCount), "
          + "received \(talker.receivedByteCount) of \(talker.incoming?.flowText ?? "nothing")")
      return
    }
    if isClean { checkClean() }
    if world.failure != nil { return }
    if !world.run(for: Self.calmTime, isDone: { self.watch() || self.isTunnelUp }) { return }
    if !isTunnelUp {
      world.fail("the tunnel", "is not up \(Self.calmTime.count) ms after the storm")
      return
    }
    serveNewClients()
  }

  /// Where nothing went wrong, nothing is lost.
  private func checkClean() {
    for (proxy, count) in zip([source, destination], sessionCounts)
    where proxy.sessionCount != count {
      // With short ping periods a service that waits for a slow reader is at times taken for dead.
      if isCountOpen { return }
      world.fail(proxy.name, "had \(proxy.sessionCount) tunnels, although nothing went wrong")
    }
    if !ledger.isStrict || !isPatient { return }
    for talker in ledger.talkers where talker.isClient {
      guard talker.isHonest, let answer = talker.incoming, answer.sender.isHonest else { continue }
      // Whose other end is slow has nothing to do for long, and then the next has its turn.
      if version != .v3 && !(talker.isPrompt && answer.sender.isPrompt) { continue }
      if !answer.hasEnded || talker.receivedByteCount != answer.sentByteCount
        || talker.flow.receiver.map({ $0.receivedByteCount != talker.flow.sentByteCount }) ?? false
      {
        world.fail(
          talker.name,
          "something was lost, although nothing went wrong: \(talker.receivedByteCount) of "
            + "\(answer.sentByteCount), \(talker.flow.receiver?.receivedByteCount ?? -1) of "
            + "\(talker.flow.sentByteCount)")
        return
      }
    }
  }

  /// A client of each service, until each has been served whole.
  private func serveNewClients() {
    // Let farewells, drains and lingering come to their end.
    if !world.run(for: Milliseconds(25_000), isDone: { self.watch() }) { return }
    for service in 0..<serviceCount {
      var isServed = false
      let end = world.now + Self.calmTime
      while !isServed && world.failure == nil && world.now < end {
        var isOver = false
        let talker = startClient(service) { isOver = true }
        _ = world.run(until: end, isDone: { self.watch() || isOver })
        if let answer = talker.incoming, talker.outcome == .ended, answer.hasEnded {
          isServed =
            talker.receivedByteCount == answer.sentByteCount
            && talker.flow.receiver?.receivedByteCount == talker.flow.sentByteCount
        }
        if !isServed { _ = world.run(for: Milliseconds(1_000), isDone: { self.watch() }) }
      }
      if !isServed && world.failure == nil {
        world.fail("service \(service)", "serves no new client after the storm")
      }
    }
    checkLeftovers()
  }

  /// With nobody connected only what a tunnel always has is left.
  private func checkLeftovers() {
    // Whoever has vanished is found out by what the system asks.
    let keepalives = [source, destination].map { proxy in
      let settings = proxy.configuration.settings
      return settings.keepaliveIdle.count
        + settings.keepaliveInterval.count * Int64(settings.keepaliveProbeCount)
    }
    let patience = Milliseconds(30_000 + max(keepalives[0], keepalives[1]))
    if !world.run(for: patience, isDone: { self.watch() }) { return }
    let placeCount = serviceCount + (source.configuration.statusPlace == nil ? 0 : 1)
    for (proxy, listenerCount) in [(source, placeCount), (destination, 0)] {
      guard proxy.isRunning else {
        world.fail(proxy.name, "does not run any more")
        return
      }
      let network = proxy.network
      if network.descriptorCount != listenerCount + 1 {
        world.fail(
          proxy.name,
          "\(network.descriptorCount) descriptors with nobody connected, not \(listenerCount + 1)")
      }
      // Ping, what a service manager is told, and at most a pace, a look at patience or a sweep that is about to end.
      if network.timerCount > 5 {
        world.fail(proxy.name, "\(network.timerCount) timers with nobody connected")
      }
      if proxy.proxy?.farewellCount != 0 {
        world.fail(
          proxy.name, "\(proxy.proxy?.farewellCount ?? -1) sockets are being closed for ever")
      }
      if network.questionCount > 0 { world.fail(proxy.name, "a question that nobody waits for") }
      checkCounts(proxy)
    }
  }

  /// What it has counted since its start is no more than what went through, and no less if it has run all the time.
  private func checkCounts(_ process: ProxyProcess) {
    guard let counts = process.proxy?.counts else { return }
    let isSource = process === source
    if counts.services.count != serviceCount {
      world.fail(process.name, "counts nothing of its services")
      return
    }
    for service in 0..<serviceCount {
      let talkers = ledger.talkers.filter { $0.service == service }
      let own = talkers.filter { $0.isClient == isSource }
      let others = talkers.filter { $0.isClient != isSource }
      let counted = counts.traffic(ofService: service)
      let bounds = [
        ("connections", counted.accepted, own.filter { $0.incoming != nil }.count, talkers.count),
        ("bytes sent", counted.sent, others.receivedByteCount, own.sentByteCount),
        ("bytes received", counted.received, own.receivedByteCount, others.sentByteCount),
      ]
      for (what, count, least, most) in bounds
      where Int(count) > most || process.startCount == 1 && Int(count) < least {
        world.fail(
          process.name, "counts \(count) \(what) of service \(service), not \(least) to \(most)")
      }
    }
  }

  // MARK: The end

  private func end() {
    source.isKeptAlive = false
    destination.isKeptAlive = false
    let isAsked = laterRandom.chance(7_000)
    if isAsked {
      source.receive(.terminate)
      destination.receive(.terminate)
    } else {
      (source.statuses, destination.statuses) = ([0], [0])
      service.closeTunnel()
    }
    let end = isAsked ? "SIGTERM" : "the tunnel's end"
    let isOver = { self.watch() || !self.source.isRunning && !self.destination.isRunning }
    // A close frame and its answer, and the end of TLS; with nobody connected there is nothing else to wait for.
    let time = Milliseconds(500 + 4 * roundTrip.count)
    if !world.run(for: time, isDone: isOver) { return }
    for proxy in [source, destination] {
      if proxy.isRunning {
        world.fail(proxy.name, "does not end within \(time.count) ms of \(end)")
      } else if proxy.status != 0 {
        world.fail(proxy.name, "ends with status \(proxy.status ?? -1) after \(end)")
      }
    }
  }

  /// The tunnel goes to the service without a stop.
  var needsNoProxy: Bool { webProxies.isEmpty }

  /// From a proxy to the service and back, at the most.
  var roundTrip: Milliseconds {
    let nanoseconds = tunnelPaths.reduce(0) { $0 + 2 * ($1.delay + $1.jitter) }
    return Milliseconds(nanoseconds / 1_000_000 + 1)
  }

  private func sayWhatIsOpen() {
    for network in [source.network, service.network, destination.network] {
      for text in network.openText { world.story.add(world.now, network.name, text) }
    }
  }

  private func tearDown() {
    source.isKeptAlive = false
    destination.isKeptAlive = false
    source.kill(vanishes: false)
    destination.kill(vanishes: false)
    service.kill(vanishes: false)
    servers.kill()
    ledger.forget()
    world.end()
  }
}

extension [Talker] {
  fileprivate var sentByteCount: Int { reduce(0) { $0 + $1.flow.sentByteCount } }
  fileprivate var receivedByteCount: Int { reduce(0) { $0 + $1.receivedByteCount } }
}

extension Flow {
  var flowText: String { "\(sentByteCount) of \(sender.name)" }
}
