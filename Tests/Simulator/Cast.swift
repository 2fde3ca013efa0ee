import Basics
import Configuration
import Proxy
import Reactor
import Tunnel
import TunnelService

/// Where a simulated program's lines go: into the story, by simulated time.
final class StorySink: LogSink {
  private let world: World
  private let name: String
  let processID: Int32 = 1
  /// The last line of level error or fatal.
  private(set) var lastError: (text: String, at: Instant)?
  /// Lines on clients that were refused, and those that were left out, as is said.
  private(set) var toldRefusalCount = 0
  /// Lines on connections that are cut at its end.
  private(set) var toldCutCount = 0
  /// Lines on connections that are over, and how many went with the WebSocket, as is said.
  private(set) var toldEndCount = 0
  private(set) var toldLostCount = 0
  /// What no line may have.
  var secrets: [String] = []

  init(_ world: World, _ name: String) {
    self.world = world
    self.name = name
  }

  var now: Instant { world.now }
  let timeOfDay = ""

  func offer(_ bytes: [UInt8]) -> Int {
    // "[] (1) [info] text"
    let text = String(decoding: bytes.dropFirst(7).dropLast(), as: UTF8.self)
    for level in ["[error] ", "[fatal] "]
    where text.hasPrefix(level) && !text.contains("more lines of ") {
      lastError = (String(text.dropFirst(level.count)), world.now)
    }
    let isRefusal = text.hasPrefix("[warning] refused a client ")
    if isRefusal || text.contains(" more lines of client_refused ") {
      toldRefusalCount += (isRefusal ? 1 : 0) + Self.leftOutCount(in: text)
    }
    if text.contains("connections that are cut now") { toldCutCount += 1 }
    if text.contains("] Disconnected from: ") { toldEndCount += 1 }
    if let part = text.split(separator: "cut with the web socket: ", maxSplits: 1).dropFirst().first
    {
      toldLostCount += Int(part.prefix { $0.isNumber }) ?? 0
    }
    if let secret = secrets.first(where: text.contains) {
      world.fail(name, "says what is secret: \(secret)")
    }
    world.story.add(world.now, name, text)
    return bytes.count
  }

  /// "(5 more like it were left out)", or "5 more lines of …"
  private static func leftOutCount(in text: String) -> Int {
    let words = text.split(separator: " ")
    guard let place = words.lastIndex(of: "more"), place > 0 else { return 0 }
    return Int(words[place - 1].drop { $0 == "(" }) ?? 0
  }
}

/// A local proxy: its process, which may be killed and started again.
final class ProxyProcess {
  private static let events = LogEvents.ofProxy ?? LogEvents([])
  let world: World
  let machine: Machine
  let name: String
  private(set) var configuration: Configuration
  /// What its files say now, where that is something else: for its next start, and when it reads them again.
  var rewritten: Configuration?
  private(set) var network: SimulatedNetwork
  private(set) var proxy: LocalProxy?
  /// The exit status, when it has ended by itself.
  private(set) var status: Int32?
  private(set) var startCount = 0
  /// How often a tunnel has stood.
  private(set) var sessionCount = 0
  /// When the last of them began.
  private(set) var sessionStart: Instant?
  private var wasUp = false
  private var answerCount = 0
  private(set) var watch: ProxyWatch
  private var countWatch: CountWatch?
  private var manager: ServiceManager?
  /// Of its last start.
  private(set) var log: Log?
  private(set) var sink: StorySink?
  private var stalls: [ObjectIdentifier: (byteCount: Int, since: Instant)] = [:]
  /// A process that stands still looks late.
  private static let stallSlack = Milliseconds(5_000)
  /// Somebody is connected who uses the tunnel now and then, and nothing is late: who stalls has less time.
  var isInUse = false
  /// Whether it is to be started again when it ends by itself.
  var isKeptAlive = true
  var descriptorCountMax = 1_000
  /// What a source's numbers of streams begin with at its first start; nil for any.
  var firstRandomBits: UInt32?
  private(set) var hasGoneWithoutMarks = false
  /// A signal has asked for its end.
  private var isAskedToStop = false
  /// And another one for its end at once.
  private var isHurried = false
  /// Another one has taken its place.
  var isReplaced = false
  /// What whoever starts it does before: a client of standard input and output.
  var prepare: (SimulatedNetwork) -> Void = { _ in }
  /// Statuses that it may end with besides those that have a reason here.
  var statuses: Set<Int32> = []

  init(
    _ world: World, _ machine: Machine, _ name: String, _ configuration: Configuration,
    _ level: LogLevel
  ) {
    self.world = world
    self.machine = machine
    self.name = name
    self.configuration = configuration
    configuration.logLevel = level
    network = SimulatedNetwork(world, machine, name)
    watch = Self.makeWatch(world, name, configuration)
  }

  private static func makeWatch(
    _ world: World, _ name: String, _ configuration: Configuration
  ) -> ProxyWatch {
    ProxyWatch(world, name, configuration.settings, addressCountMax: 2)
  }

  var isRunning: Bool { proxy != nil }

  func start() {
    if proxy != nil { return }
    startCount += 1
    status = nil
    isAskedToStop = false
    isHurried = false
    answerCount = 0
    configuration = rewritten ?? configuration
    network = SimulatedNetwork(world, machine, name)
    network.wireLimits = WireLimits(configuration)
    network.descriptorCountMax = descriptorCountMax
    network.forbidsDropping = true
    network.localHost =
      configuration.role == .destination && !configuration.bindHost.isEmpty
      ? machine.addresses.first : nil
    network.firstRandomBits = firstRandomBits
    firstRandomBits = nil
    prepare(network)
    watch = Self.makeWatch(world, name, configuration)
    countWatch = CountWatch(world, name, configuration)
    world.story.add(world.now, name, "starts")
    let number = startCount
    let sink = StorySink(world, name)
    let log = Log(level: configuration.logLevel, events: Self.events, sink: sink)
    self.sink = sink
    self.log = log
    do throws(TLSError) {
      let proxy = try LocalProxy(
        network: network, configuration: configuration, log: log,
        stopped: { [weak self] status in self?.stopped(number, status) })
      self.proxy = proxy
      let manager = ServiceManager(
        world, name, watchdogPeriod: Milliseconds(10_000), isDeaf: world.random.chance(500),
        deafness: world.random.chance(500) ? Milliseconds(4_000) : nil,
        lastError: { sink.lastError })
      self.manager = manager
      proxy.report(to: manager)
      proxy.reread = { [unowned self] () throws(UsageError) in
        self.rewritten ?? self.configuration
      }
      network.afterTurn = { [weak self] in self?.check(isInTurn: true) }
      network.start()
      proxy.start()
    } catch {
      world.story.add(world.now, name, "cannot start: \(error.reason)")
      network.kill()
      startLater()
    }
  }

  private func check(isInTurn: Bool) {
    guard let proxy else { return }
    if proxy.goesWithoutMarks { hasGoneWithoutMarks = true }
    if proxy.isTunnelUp && !wasUp { sessionCount += 1 }
    // It may be over in the same turn.
    if network.answerCount != answerCount || proxy.isTunnelUp && !wasUp {
      sessionStart = world.now
    }
    answerCount = network.answerCount
    wasUp = proxy.isTunnelUp
    checkStalls(proxy)
    watch.look(at: proxy, network, isInTurn: isInTurn)
    countWatch?.look(at: proxy, network)
    if let sink, let log { countWatch?.lookAtLines(sink, log.level, proxy) }
    // What is due comes first.
    if isInTurn { manager?.look(at: proxy, stalledUntil: network.stalledUntil) }
    if let fault = proxy.checkInvariants() { world.fail(name, fault) }
  }

  /// A reader that takes nothing may hold the others up as long as the settings say, whatever else it does.
  private func checkStalls(_ proxy: LocalProxy) {
    var found: [ObjectIdentifier: (byteCount: Int, since: Instant)] = [:]
    let settings = configuration.settings
    let patience =
      isInUse
      ? settings.stallTimeout.count + 1_000
      : settings.loneStallTimeout.count + Self.stallSlack.count
    for reader in proxy.stalledReaders {
      var stall = (byteCount: reader.waitingByteCount, since: world.now)
      if let before = stalls[reader.id], before.byteCount == stall.byteCount { stall = before }
      found[reader.id] = stall
      if stall.since + Milliseconds(patience) < world.now {
        world.fail(
          name, "a reader has taken nothing for \(patience) ms, and still holds up the others")
      }
    }
    stalls = found
  }

  private func stopped(_ number: Int, _ status: Int32) {
    if number != startCount { return }
    self.status = status
    world.story.add(world.now, name, "ends with status \(status)")
    judge(status)
    judgeClose()
    if let count = sink?.toldCutCount, count > 1 {
      world.fail(name, "says \(count) times what it cuts at its end")
    }
    manager?.ended()
    // What a program leaves behind when it ends by itself.
    world.after(Milliseconds(0)) { [weak self] in
      guard let self, self.startCount == number, self.proxy != nil else { return }
      self.proxy = nil
      // Farewells go on for a while; a process that ends takes them with it.
      self.network.kill()
      self.startLater()
    }
  }

  /// Each status has its reason.
  private func judge(_ status: Int32) {
    let retry = configuration.settings.retry
    let isRight =
      switch status {
      case 0: isAskedToStop
      case 3: network.answer?.isFinal == true
      case 4:
        retry.retryCountMax >= 0 && (proxy?.attempt ?? 0) > retry.retryCountMax
          || !retry.reconnectsOnDataError
      // A port may be missing where the system fails.
      case 5: true
      case 7: isReplaced
      default: false
      }
    if !isRight && !statuses.contains(status) {
      world.fail(name, "ends with status \(status), without a reason")
    }
  }

  /// Whoever is to close has some time for the answer to his close frame.
  private func judgeClose() {
    guard let link = network.link, let closedAt = link.closedAt, !isHurried, link.closeCode == nil,
      !link.isBroken, link.ownCloseCode == 1_000
    else { return }
    let least = min(500, configuration.settings.drainTimeout.count / 2) - 160
    if world.now < closedAt + Milliseconds(least) {
      world.fail(name, "does not wait for the answer to its close frame")
    }
  }

  private func startLater() {
    if !isKeptAlive { return }
    world.after(Milliseconds(Int64(world.random.number(100...3_000)))) { [weak self] in
      if let self, self.isKeptAlive { self.start() }
    }
  }

  func receive(_ signal: Signal) {
    guard let proxy else { return }
    world.story.add(world.now, name, "receives \(signal.name)")
    // As every event it comes in a turn.
    network.start()
    let before = proxy.state
    if before == .stopping { isHurried = true }
    switch signal {
    case .terminate, .interrupt, .hangUp(endsTerminal: true): isAskedToStop = true
    case .hangUp: if stopsAtHangUp { isAskedToStop = true }
    case .user1: break
    }
    proxy.received(signal)
    // What it has read again holds for the next connection, but for what it does between them.
    watch.use(configuration.settings)
    network.wireLimits = WireLimits(configuration)
    judge(signal, before: before, after: proxy.state)
    if let log, log.level != configuration.logLevel {
      world.fail(name, "says what is \(log.level), and its configuration \(configuration.logLevel)")
    }
    check(isInTurn: false)
  }

  /// What the systems hold of what comes by its link is not short for so long a way.
  func hasWideLink(_ roundTrip: Milliseconds) -> Bool {
    let byteCount = network.linkStream?.socket?.windowMax ?? 0
    return Int64(byteCount) * 1_000 > roundTrip.count * 100_000
  }

  private var stopsAtHangUp: Bool { configuration.servesStandardStreams }

  private func judge(_ signal: Signal, before: TunnelClient.State, after: TunnelClient.State) {
    let stops =
      switch after {
      case .stopping, .stopped: true
      case .idle, .dialing, .awaitingServices, .running, .backingOff: false
      }
    switch signal {
    case .hangUp where stopsAtHangUp: if !stops { world.fail(name, "SIGHUP does not stop it") }
    case .terminate, .interrupt, .hangUp(endsTerminal: true):
      if !stops { world.fail(name, "\(signal.name) does not stop it") }
      if case .stopping = before, case .stopping = after {
        world.fail(name, "a second \(signal.name) does not stop it at once")
      }
    case .user1, .hangUp: if before != after { world.fail(name, "\(signal.name) stops it") }
    }
  }

  /// - Parameter vanishes: the machine goes with it, and nobody hears.
  func kill(vanishes: Bool) {
    guard let proxy else { return }
    world.story.add(world.now, name, vanishes ? "loses its power" : "is killed")
    network.kill(vanishes: vanishes)
    self.proxy = nil
    startCount += 1
    // Breaks the circles in what is left of it; its network does nothing any more.
    proxy.received(.terminate)
    proxy.received(.terminate)
  }
}

extension Configuration {
  /// The same, but for what is given.
  func changed(
    accessToken: String? = nil, clientToken: String? = nil, mappings: [Mapping]? = nil,
    bindHost: String? = nil, destinationVersion: ProtocolVersion? = nil,
    settings: Settings? = nil, logLevel: LogLevel? = nil, goesDirectly: Bool = false
  ) -> Configuration {
    let other = Configuration(
      role: role, endpoint: endpoint, accessToken: accessToken ?? self.accessToken,
      clientToken: clientToken ?? self.clientToken, mappings: mappings ?? self.mappings,
      bindHost: bindHost ?? self.bindHost,
      destinationVersion: destinationVersion ?? self.destinationVersion,
      webProxy: goesDirectly ? nil : webProxy,
      settings: settings ?? self.settings, hasTokenFile: hasTokenFile, statusPlace: statusPlace)
    other.logLevel = logLevel ?? self.logLevel
    return other
  }
}

/// The service's process.
final class ServiceProcess {
  let world: World
  let machine: Machine
  private let address: SocketAddress
  /// Of its tunnel, from its next start on.
  var services: [String]
  private let options: ServiceOptions
  /// What it does wrong on purpose until it is started again without.
  private(set) var hasFaults = false
  private let level: LogLevel
  /// Of the tokens, which are to be the same each time.
  private let entropy: UInt64
  private(set) var network: SimulatedNetwork
  private(set) var service: TunnelService?
  private(set) var tokens: TunnelService.TokenPair?
  private var credentials: ServiceCredentials?
  var makeMeddler: () -> Meddler? = { nil }

  init(
    _ world: World, _ machine: Machine, _ address: SocketAddress, services: [String],
    options: ServiceOptions, _ level: LogLevel
  ) {
    self.world = world
    self.machine = machine
    self.address = address
    self.services = services
    self.options = options
    self.level = level
    entropy = world.random.next()
    network = SimulatedNetwork(world, machine, "service")
  }

  var isRunning: Bool { service != nil }
  /// How long everything is on the way to its other end.
  var latency: Milliseconds? { isShaped ? options.shape.latency : nil }
  /// Its link is slow on purpose.
  var isShaped: Bool { !options.shape.isIdeal }

  /// In an order of their own: a seed goes on meaning what it meant.
  private static let faults: [Fault] = [
    .noServiceIDs, .dropAfter, .silentAfter, .close, .refuse, .textFrame,
  ]

  /// - Parameters:
  ///   - isSound: else it may never send the services, cut each connection after a while, go silent, close with a code,
  ///     or refuse.
  ///   - seconds: how long each connection lasts; nil for as long as its proxy likes.
  ///   - latency: of its links, when it is to be another one.
  func start(
    isSound: Bool = true, cutsAfter seconds: Int? = nil, tellsOfLosses: Bool = true,
    refusesWith status: Int? = nil, tellsServices: Bool = true, latency: Milliseconds? = nil
  ) {
    if service != nil { return }
    var options = options
    if let latency { options.shape = LinkShape(bandwidth: 0, latency: latency) }
    options.faults[.refuse] = status
    options.faults[.noServiceIDs] = tellsServices ? nil : 0
    options.faults[.dropAfter] = seconds
    options.tellsOfLosses = tellsOfLosses
    hasFaults = !isSound
    if !isSound {
      world.note(.serviceFault)
      let fault = world.random.pick(Self.faults)
      switch fault {
      case .noServiceIDs, .textFrame: options.faults[fault] = 0
      case .dropAfter, .silentAfter: options.faults[fault] = world.random.number(0...5)
      case .close: options.faults[fault] = world.random.pick([1_001, 1_006, 1_011, 1_013])
      case .refuse:
        options.faults[fault] = world.random.pick([408, 425, 429, 500, 503, 400, 403, 404])
      }
    }
    network = SimulatedNetwork(world, machine, "service", entropy: entropy)
    network.tellsOfLosses = tellsOfLosses
    network.shape = options.shape.isIdeal ? nil : options.shape
    network.forbidsDropping = true
    network.start()
    let credentials = ServiceCredentials(world) { [unowned self] in self.makeMeddler() }
    self.credentials = credentials
    let service = TunnelService(
      network: network, tls: credentials, options: options,
      log: Log(level: level, events: .ofService, sink: StorySink(world, "service")))
    do {
      tokens = try service.openTunnel(services: services)
      _ = try service.listen(on: address)
    } catch {
      world.story.add(world.now, "service", "cannot start")
      network.kill()
      return
    }
    world.story.add(world.now, "service", isSound ? "starts" : "starts, and is not sound")
    self.service = service
    network.afterTurn = { [weak self] in
      guard let self, let fault = self.service?.checkInvariants() else { return }
      self.world.fail("service", fault)
    }
  }

  /// Makes a new token for an end; the old one is of no use from now on.
  func rotateToken(_ role: TunnelRole) -> String? {
    network.start()
    return try? service?.rotateToken(role)
  }

  /// Ends a proxy's connection with words.
  func closeEnd(_ role: TunnelRole, reason: String) {
    network.start()
    service?.closeEnd(role, reason: reason)
  }

  /// The tunnel's life is over.
  func closeTunnel() {
    network.start()
    _ = service?.closeOldestTunnel()
  }

  /// Says something to all proxies that are connected, between two frames.
  func tellAll(_ message: [UInt8]) {
    if service == nil { return }
    network.start()
    for stream in credentials?.streams ?? [] { stream.object?.slip(Meddler.frame(message)) }
  }

  /// Resets all streams.
  func resetSession() {
    tellAll([0, 2, 0x08, UInt8(MessageType.sessionReset.rawValue)])
  }

  func kill(vanishes: Bool) {
    guard let service else { return }
    world.story.add(world.now, "service", vanishes ? "loses its power" : "is killed")
    network.kill(vanishes: vanishes)
    self.service = nil
    service.stop()
  }
}

/// Gives each connection a meddler of its own.
final class ServiceCredentials: TLSCredentials {
  private let world: World
  private let makeMeddler: () -> Meddler?
  /// Those that were started.
  private(set) var streams: [Weak<SimulatedTLSStream>] = []
  let trustSource = ""
  let trustWarning = ""

  init(_ world: World, _ makeMeddler: @escaping () -> Meddler?) {
    self.world = world
    self.makeMeddler = makeMeddler
  }

  func renewed() throws(TLSError) -> any TLSCredentials { self }

  func start(
    over transport: any ByteStream, serverName: String?, on network: any Network,
    _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream {
    let credentials = SimulatedTLSCredentials(world)
    credentials.name = "service.example"
    credentials.meddler = makeMeddler()
    let stream = try credentials.start(
      over: transport, serverName: serverName, on: network, handler)
    streams.removeAll { $0.object == nil }
    if let stream = stream as? SimulatedTLSStream { streams.append(Weak(stream)) }
    return stream
  }
}

/// Servers behind a destination, one port for each service.
final class Servers: ListenerHandler, TimerHandler {
  private let world: World
  private let machine: Machine
  private let ledger: Ledger
  private let ports: [UInt16]
  private let makePlan: (Int) -> Plan
  private var network: SimulatedNetwork
  private var listeners: [any Listener] = []
  private var talkers: [Talker] = []
  private var count = 0
  private(set) var isRunning = false

  init(
    _ world: World, _ machine: Machine, _ ledger: Ledger, ports: [UInt16],
    makePlan: @escaping (Int) -> Plan
  ) {
    self.world = world
    self.machine = machine
    self.ledger = ledger
    self.ports = ports
    self.makePlan = makePlan
    network = SimulatedNetwork(world, machine, "servers")
  }

  func start() {
    if isRunning { return }
    isRunning = true
    network = SimulatedNetwork(world, machine, "servers")
    network.descriptorCountMax = 10_000
    network.start()
    world.story.add(world.now, "servers", "start")
    listen()
  }

  private func listen() {
    listeners = []
    let ports = ports + ports.map { $0 + Self.otherPlace }
    for port in ports {
      guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else { continue }
      if let listener = try? network.listen(on: address, backlog: 64, self) {
        listeners.append(listener)
      }
    }
    if listeners.count == ports.count { return }
    // One that the system had no descriptor for; all are tried again.
    for listener in listeners { listener.close() }
    _ = network.schedule(at: network.now + Milliseconds(100), self, tag: 0)
  }

  func timerFired(tag: Int, now: Instant) { listen() }

  /// Where a second server of the same service listens.
  static let otherPlace: UInt16 = 100

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    let port = listener.address.port
    guard let service = ports.firstIndex(where: { port == $0 || port == $0 + Self.otherPlace })
    else { return }
    count += 1
    let talker = Talker(
      name: "server \(count)", isClient: false, service: service, ledger: ledger,
      network: network, plan: makePlan(service), ended: {})
    talkers.append(talker)
    talker.accept(stream)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {}

  /// - Parameter vanishes: their machine goes with them, and nobody hears.
  func kill(vanishes: Bool = false) {
    if !isRunning { return }
    isRunning = false
    world.story.add(world.now, "servers", vanishes ? "lose their power" : "are killed")
    network.kill(vanishes: vanishes)
    for talker in talkers { talker.killed() }
    talkers = []
    listeners = []
  }
}

/// A web proxy that connects whoever asks to whatever is asked for (RFC 9110 §9.3.6).
final class WebProxyProcess: ListenerHandler {
  private let network: SimulatedNetwork
  private let target: SocketAddress
  /// Nil for one that is spoken to without TLS.
  private let tls: SimulatedTLSCredentials?
  private var listener: (any Listener)?

  init(
    _ world: World, _ machine: Machine, _ address: SocketAddress, target: SocketAddress,
    usesTLS: Bool
  ) {
    network = SimulatedNetwork(world, machine, "web proxy")
    network.descriptorCountMax = 10_000
    self.target = target
    tls = usesTLS ? SimulatedTLSCredentials(world) : nil
    tls?.name = address.host
    network.start()
    listener = try? network.listen(on: address, backlog: 64, self)
  }

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    guard let tls else {
      _ = Passage(network, client: stream, target: target)
      return
    }
    let door = Door(network, target)
    door.stream = try? tls.start(over: stream, serverName: nil, on: network, door)
    if door.stream == nil { stream.abort() }
  }

  /// A handshake on its way; the stream holds it.
  private final class Door: StreamHandler {
    private let network: SimulatedNetwork
    private let target: SocketAddress
    var stream: (any SecureStream)?

    init(_ network: SimulatedNetwork, _ target: SocketAddress) {
      self.network = network
      self.target = target
    }

    func streamOpened() {
      if let stream { _ = Passage(network, client: stream, target: target) }
      stream = nil
    }

    func streamReady(_ readiness: Readiness) {}
    func streamFailed(_ failure: StreamFailure) { stream = nil }
  }

  func listener(_ listener: any Listener, paused error: SystemError) {}

  /// One connection through it. The streams hold it.
  private final class Passage: StreamHandler {
    private final class Half: StreamHandler {
      let passage: Passage
      init(_ passage: Passage) { self.passage = passage }
      func streamOpened() { passage.connected() }
      func streamReady(_ readiness: Readiness) { passage.pump() }
      func streamFailed(_ failure: StreamFailure) { passage.refuse() }
    }

    private let network: SimulatedNetwork
    private let client: any ByteStream
    private var server: (any ByteStream)?
    private let target: SocketAddress
    private var request: [UInt8] = []
    private var isOpen = false
    /// To the client, and to the server.
    private var toClient = ByteQueue()
    private var toServer = ByteQueue()
    private var clientEnded = false
    private var serverEnded = false

    init(_ network: SimulatedNetwork, client: any ByteStream, target: SocketAddress) {
      self.network = network
      self.client = client
      self.target = target
      client.handler = self
      client.interest = .readable
    }

    func streamOpened() {}
    func streamFailed(_ failure: StreamFailure) { server?.abort() }

    func streamReady(_ readiness: Readiness) {
      if server != nil || isOpen {
        pump()
        return
      }
      var octets = [UInt8](repeating: 0, count: 1)
      // Not one byte behind the request is the web proxy's.
      while server == nil {
        var region = octets.mutableSpan
        switch client.receive(into: &region) {
        case .bytes: request.append(octets[0])
        case .wouldBlock: return
        case .endOfStream, .failed:
          client.abort()
          return
        }
        if request.suffix(4).elementsEqual([13, 10, 13, 10]) { break }
      }
      client.interest = []
      let text = String(decoding: request, as: UTF8.self)
      if !text.hasPrefix("CONNECT service.example:443 HTTP/1.1\r\n") {
        network.world.fail("a web proxy", "is asked for \(text.prefix(60))")
      }
      if !text.contains("\r\nProxy-Authorization: Basic ") {
        network.world.fail("a web proxy", "is not told who asks")
      }
      if network.world.happens(.webProxyRefuses) {
        say("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")
        client.close()
        return
      }
      server = try? network.connect(to: target, from: nil, Half(self))
      if server == nil { refuse() }
    }

    func connected() {
      isOpen = true
      let world = network.world
      let interim =
        world.happens(.interimAnswer) ? "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" : ""
      let end =
        world.happens(.interimAnswer)
        ? "202 Accepted\r\nVia: a web proxy" : "200 Connection established"
      toClient.append(Array((interim + "HTTP/1.1 " + end + "\r\n\r\n").utf8))
      pump()
    }

    private func say(_ answer: String) {
      let octets = Array(answer.utf8)
      _ = client.send(octets.span)
    }

    func refuse() {
      if isOpen {
        client.abort()
      } else {
        say("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        client.close()
      }
    }

    func pump() {
      guard isOpen, let server else { return }
      let isWell =
        Self.move(from: client, into: &toServer, &clientEnded)
        && Self.move(from: server, into: &toClient, &serverEnded)
        && Self.drain(&toServer, to: server, endsWith: clientEnded)
        && Self.drain(&toClient, to: client, endsWith: serverEnded)
      if !isWell || clientEnded && serverEnded && toClient.isEmpty && toServer.isEmpty {
        if isWell {
          client.close()
          server.close()
        } else {
          client.abort()
          server.abort()
        }
        return
      }
      client.interest = Self.interest(in: toServer, clientEnded, toClient)
      server.interest = Self.interest(in: toClient, serverEnded, toServer)
    }

    private static func interest(
      in inbound: borrowing ByteQueue, _ hasEnded: Bool, _ outbound: borrowing ByteQueue
    ) -> Readiness {
      var wanted: Readiness = []
      if inbound.count < 32_768 && !hasEnded { wanted.insert(.readable) }
      if !outbound.isEmpty { wanted.insert(.writable) }
      return wanted
    }

    private static func move(
      from stream: any ByteStream, into queue: inout ByteQueue, _ hasEnded: inout Bool
    ) -> Bool {
      if hasEnded || queue.count >= 32_768 { return true }
      queue.reserve(32_768)
      switch queue.withWritable(atMost: 32_768, { stream.receive(into: &$0) }) {
      case .bytes(let count): queue.advance(count)
      case .wouldBlock: break
      case .endOfStream: hasEnded = true
      case .failed: return false
      }
      return true
    }

    private static func drain(
      _ queue: inout ByteQueue, to stream: any ByteStream, endsWith hasEnded: Bool
    ) -> Bool {
      while !queue.isEmpty {
        switch queue.withReadable({ stream.send($0) }) {
        case .accepted(let count): queue.consume(count)
        case .wouldBlock: return true
        case .failed: return false
        }
      }
      if hasEnded { stream.finishSending() }
      return true
    }
  }
}
