import Basics
import Configuration
import Reactor
import Status
import Tunnel
import WebProxy
import WebSocket

/// The program: it comes by its WebSocket, relays over it, and comes back when it is lost.
///
/// `TunnelClient` decides; this class does what it says, one step at a time.
public final class LocalProxy: TimerHandler, SignalHandler {
  private let network: any Network
  private let configuration: Configuration
  private let log: Log
  private let stopped: (Int32) -> Void
  /// Nil when there is nobody to be told.
  private var supervision: Supervision?
  private var client: TunnelClient
  private var dialer: Dialer?
  private var relay: Relay?
  private var listeners: SourceListeners?
  /// After SIGHUP an address that cannot be had does not end the program, whenever it is wanted.
  private var listensForGood = false
  /// Clients that waited for a place when the tunnel was lost; nothing of them has gone into it.
  private var orphans: [(client: Relay.Client, service: String)] = []
  /// Standard input and output, where they are the one client, until the tunnel stands.
  private var standardClient: (any ByteStream)?
  private var streamIDs: StreamIDs
  private var timer = DeadlineTimer()
  private var channelID = ""
  /// What the last attempt was made with.
  private var dialed = (token: "", clientToken: "")
  private var lastFailure = ""
  /// What that is counted as.
  private var failureKind = Counted.againUnreachable
  private let tally = Tally()
  private var status: StatusServer?
  private var startTime = Nanoseconds(0)

  /// - Parameter stopped: called once, with the exit status, when all is over.
  public init(
    network: any Network, configuration: Configuration, log: Log, stopped: @escaping (Int32) -> Void
  ) throws(TLSError) {
    self.network = network
    self.configuration = configuration
    self.log = log
    self.stopped = stopped
    client = TunnelClient(
      policy: configuration.settings.retry, servicesTimeout: configuration.settings.stepTimeout,
      drainTimeout: configuration.settings.drainTimeout,
      servesOne: configuration.servesStandardStreams)
    streamIDs = StreamIDs(randomness: try network.randomBits())
    // Each step of the start touches other parts of the libraries; so no two add up.
    network.giveBackMemory()
    let tls = try network.makeClientTLS(
      trusting: configuration.trustDirectory, verifiesPeer: configuration.verifiesPeer)
    network.giveBackMemory()
    conceal(configuration)
    for secret in configuration.webProxy?.secrets ?? [] { log.conceal(secret) }
    for warning in configuration.warnings { log.configurationWarning(warning: warning) }
    if !configuration.verifiesPeer { log.certificateNotVerified() }
    if !tls.trustWarning.isEmpty { log.trustWarning(warning: tls.trustWarning) }
    if configuration.verifiesPeer && tls.trustSource.isEmpty {
      log.noCaCertificates()
    } else if configuration.verifiesPeer {
      log.caCertificates(source: tls.trustSource)
    }
    dialer = Dialer(
      network: network, configuration: configuration, tls: tls, log: log, handler: self)
  }

  /// Called when each of a source's services has its sockets: at the first time, and after a change.
  public var listening: (() -> Void)?
  /// Where a source's service listens; nil asks for the only one.
  public func port(of service: String?) throws(UsageError) -> UInt16 {
    try listeners?.port(of: service) ?? 0
  }

  /// Reads the configuration again, as SIGHUP asks for it, and after a refusal for the sake of the token's file.
  public var reread: (() throws(UsageError) -> Configuration)?

  /// As a signal asks for it.
  public func requestStop() { handle(.stopRequested) }

  /// Who is told how it fares, from the start on.
  public func report(to supervisor: any Supervisor) {
    supervision = Supervision(network: network, supervisor: supervisor, log: log)
  }

  public func start() {
    log.starting(mode: configuration.role.localProxyMode)
    handle(.start)
    if configuration.servesStandardStreams { takeStandardClient() }
    guard let place = configuration.statusPlace else { return }
    startTime = network.processUse.wallTime
    let status = StatusServer(network: network, place: place, log: log, source: self)
    self.status = status
    status.start()
  }

  private func takeStandardClient() {
    do throws(SystemError) {
      standardClient = try network.takeStandardConnection(self)
    } catch {
      log.standardStreamsFailed(reason: error.reason)
      handle(.connectionOver(isCut: true))
    }
  }

  // MARK: Facts and orders

  private func handle(_ event: TunnelClient.Event) {
    client.handle(
      event, now: network.now, randomness: (try? network.randomBits()) ?? 0)
    while let order = client.next() { perform(order) }
    timer.set(client.deadline, on: network, self)
    report()
  }

  private func report() {
    if client.state != .stopped { supervision?.note(facts) }
  }

  private var facts: SupervisorReport.Facts {
    SupervisorReport.Facts(
      state: client.state,
      isReady: client.state == .running
        && (configuration.role == .destination || configuration.servesStandardStreams
          || listeners?.isListening == true),
      // What the relay will tell of, should it be another in a moment.
      connectionCount: relay?.countedConnections ?? 0)
  }

  public func timerFired(tag: Int, now: Instant) {
    timer.fired()
    handle(.deadlineCame)
  }

  private func perform(_ order: TunnelClient.Order) {
    switch order {
    case .dial:
      log.dialing(endpoint: configuration.endpoint.description)
      if let webProxy = configuration.webProxy { log.webProxyUsed(webProxy: webProxy.description) }
      dialed = (configuration.accessToken, configuration.clientToken)
      dialer?.dial()
    case .serve: serve()
    case .holdClients: listeners?.isAccepting = false
    case .refuseClients:
      listeners?.isAccepting = true
      refuseOrphans()
    case .dropSession:
      failureKind = .againNoServices
      noteLoss(
        "the service sent no list of services within % ms".with(
          configuration.settings.stepTimeout.count.decimal))
      dropSession()
    case .backOff(let delay):
      tally.add(failureKind)
      log.dialingAgain(
        reason: lastFailure, delayMs: delay.count == 0 ? "" : delay.count.decimal)
    case .avoidMarks: log.halfCloseOff()
    case .drain:
      listeners?.close()
      relay?.drain()
    case .observe:
      guard let relay else { return }
      handle(
        .observed(movedByteCount: relay.movedByteCount, hasUnsent: relay.hasUnsent))
    case .closeSession(let time, let isQuiet):
      relay?.sayWhatIsCut(isQuiet: isQuiet)
      relay?.close(within: time)
    case .stop(let reason): stop(reason)
    }
  }

  /// The WebSocket is gone; `reason` is for the log.
  /// - Parameter isServices: the service may have ended it because of what it got.
  private func lose(_ kind: Counted, _ reason: String, isServices: Bool = true) {
    failureKind = kind
    noteLoss(reason)
    let loss = TunnelClient.Loss(
      hasSent: relay?.hasSent == true, firstMarkAt: isServices ? relay?.core.firstMarkAt : nil)
    dropSession()
    handle(.lost(loss))
  }

  private func noteLoss(_ reason: String) {
    lastFailure = "% (web socket session ID: %)".with(reason, channelID)
  }

  /// They come before those in the kernel; one whose service is no longer there is refused.
  private func adoptOrphans() {
    let clients = orphans
    orphans = []
    for (client, name) in clients {
      if let service = relay?.core.session.serviceNames.firstIndex(where: { $0.isSame(as: name) }) {
        relay?.adopt(client.stream, service: service, from: client.peer)
      } else {
        refuse(client.stream, from: client.peer, "the tunnel came back without its service")
      }
    }
  }

  private func refuseOrphans() {
    for (client, _) in orphans { refuse(client.stream, from: client.peer) }
    orphans = []
  }

  private func refuse(
    _ stream: any ByteStream, from peer: SocketAddress,
    _ reason: String = "the tunnel is down at the moment"
  ) {
    tally.add(.refusedTunnelDown)
    log.clientRefused(client: peer.description, service: "", reason: reason)
    stream.abort()
  }

  private func dropSession() {
    if let relay { streamIDs = relay.core.session.streamIDs }
    if let relay {
      relay.core.settle(network.now)
      relay.shutDown()
      for client in relay.takeClients() {
        orphans.append((client, relay.core.session.serviceNames[client.service]))
      }
    }
    relay = nil
    listeners?.holdNone()
  }

  // MARK: A session

  private func begin(
    _ stream: any SecureStream, _ compression: MessageCompression?, _ early: [UInt8]
  ) {
    handle(.opened)
    let settings = configuration.settings
    let link = TunnelLink(
      network: network, stream: stream, role: .client, limits: LinkLimits(settings),
      compression: compression, early: early,
      heartbeat: Heartbeat(period: settings.pingPeriod, heldOffTimeMax: settings.loneStallTimeout),
      pacer: Pacer(limit: settings.bandwidthLimit, isAdaptive: settings.isPacingAdaptive), log: log)
    let relay = Relay(
      network: network, link: link, options: sessionOptions,
      targets: targets,
      localAddresses: dialer?.localAddresses ?? [],
      streamIDs: streamIDs, tally: tally, settings: settings, log: log)
    relay.handler = self
    self.relay = relay
    stream.keepQueueShort(byteCount: settings.kernelQueueByteCountMax)
    // A WebSocket of the first version has no list; after the others it may be here already.
    if settings.protocolVersion == .v1 { relay.agreeWithoutList() }
    link.start()
  }

  private var targets: [LocalAddress] { configuration.allMappings.map { $0.address } }

  private var sessionOptions: TunnelSession.Options {
    let settings = configuration.settings
    var options = TunnelSession.Options(
      role: configuration.role, mappings: configuration.mappings.map { $0.serviceID },
      connectionCountMax: settings.activeConnectionCountMax)
    for mapping in configuration.directoryMappings {
      if let service = mapping.serviceID { options.optionalMappings.append(service) }
    }
    options.optionalMappingsPlace = configuration.directoryPlace
    options.version = settings.protocolVersion
    if configuration.role == .source {
      options.version = min(options.version, configuration.destinationVersion)
    }
    options.negotiatesHalfClose = settings.halfClose == .negotiated && !client.avoidsMarks
    return options
  }

  private func serve() {
    guard let relay else { return }
    network.giveBackMemory()
    switch configuration.role {
    case .destination: relay.announceTargets()
    case .source where configuration.servesStandardStreams:
      guard let stream = standardClient,
        let service = relay.core.session.mappingOfService.firstIndex(of: 0)
      else { return }
      standardClient = nil
      lastFailure = ""
      if let keepalive = configuration.settings.keepalive { stream.keepAlive(keepalive) }
      relay.adopt(
        stream, service: service,
        from: SocketAddress(path: LocalAddress.standardStreams.description))
    case .source:
      let listeners =
        listeners
        ?? SourceListeners(
          network: network, configuration: configuration, log: log, handler: self)
      self.listeners = listeners
      listeners.isAccepting = true
      listenAgain()
      adoptOrphans()
    }
  }

  private func listenAgain() {
    guard let relay else { return }
    listeners?.serve(
      relay.core.session.serviceNames, relay.core.session.mappingOfService,
      isForGood: listensForGood)
  }

  // MARK: The end

  public func received(_ signal: Signal) {
    switch signal {
    case .terminate, .interrupt, .hangUp(endsTerminal: true):
      log.stopping(signal: signal.name)
      handle(.stopRequested)
    // ssh says so to its ProxyCommand.
    case .hangUp where configuration.servesStandardStreams: handle(.stopRequested)
    case .hangUp where reread != nil: reload()
    case .hangUp, .user1:
      log.connectionsCounted(signal: signal.name, connections: connectionCount.decimal)
    }
  }

  // MARK: Another configuration

  /// SIGHUP: an error leaves everything as it was.
  private func reload() {
    do throws(UsageError) {
      guard let other = try reread?() else { return }
      let fixed = configuration.take(other)
      if !fixed.isEmpty {
        log.reloadRefused(reason: "a change of % needs a restart".with(fixed))
        return
      }
      for warning in other.warnings { log.configurationWarning(warning: warning) }
      conceal(other)
      log.level = configuration.logLevel
      let settings = configuration.settings
      client.use(
        policy: settings.retry, servicesTimeout: settings.stepTimeout,
        drainTimeout: settings.drainTimeout)
      relay?.targets = targets
      listensForGood = true
      if client.state == .running { listenAgain() }
      report()
      log.reloaded()
    } catch {
      for message in error.all { log.reloadRefused(reason: message) }
    }
  }

  private func conceal(_ configuration: Configuration) {
    log.conceal(configuration.accessToken)
    log.conceal(configuration.clientToken)
  }

  /// After an answer that is final for the tokens of the last attempt: whether SIGHUP has brought others meanwhile, or one
  /// look at the token's file does.
  private func renewsToken() -> Bool {
    if !configuration.accessToken.isSame(as: dialed.token)
      || !configuration.clientToken.isSame(as: dialed.clientToken)
    {
      return true
    }
    if !configuration.hasTokenFile || configuration.servesStandardStreams { return false }
    do throws(UsageError) {
      guard let other = try reread?(), configuration.takeToken(of: other) else { return false }
      conceal(other)
      return true
    } catch {
      log.tokenFileFailed(reason: error.message)
      return false
    }
  }

  private func stop(_ reason: TunnelClient.StopReason) {
    switch reason {
    case .retriesUsedUp: log.retriesUsedUp(reason: lastFailure)
    case .tunnelEnded: log.tunnelEnded()
    case .replaced: log.placeLost()
    case .tokenRotated: log.tokenRotated()
    case .connectionCut: log.standardStreamsCut(reason: lastFailure)
    case .requested, .connectionEnded, .refused, .servicesMismatch, .cannotListen: break
    }
    dialer?.close()
    dialer = nil
    dropSession()
    refuseOrphans()
    listeners?.close()
    standardClient?.close()
    status?.close()
    status = nil
    supervision?.end(facts)
    stopped(ExitStatus(reason).rawValue)
  }
}

extension LocalProxy {
  /// The WebSocket stands, and the services are known.
  package var isTunnelUp: Bool { client.state == .running }

  /// It has found that the service does not take marks.
  package var goesWithoutMarks: Bool { client.avoidsMarks }

  /// Local sockets that are being closed.
  package var farewellCount: Int { relay?.farewellCount ?? 0 }

  /// Readers for whose sake the tunnel is not read, and how many bytes wait for each, in the system as well.
  package var stalledReaders: [(id: ObjectIdentifier, waitingByteCount: Int)] {
    relay?.stalledReaders ?? []
  }

  /// Where it is on its way, and how many attempts failed in a row before.
  package var state: TunnelClient.State { client.state }
  package var attempt: Int { client.attempt }
  package var dialingStep: DialingStep { dialer?.inspection.step ?? .idle }

  /// Clients wait in the kernel until there is a tunnel again; nil before the first.
  package var holdsClients: Bool? { listeners.map { !$0.isAccepting } }
  /// When the tunnel was lost that is not back.
  package var lostAt: Instant? { client.lostAt }

  /// Timers and questions to the DNS that some part of it knows of; farewells have theirs besides.
  package var heldTimerCount: Int {
    (timer.due == nil ? 0 : 1) + (dialer?.inspection.heldTimerCount ?? 0)
      + (relay?.heldTimerCount ?? 0) + (listeners?.heldTimerCount ?? 0)
      + (supervision?.heldTimerCount ?? 0) + (status?.heldTimerCount ?? 0)
  }
  package var heldQuestionCount: Int {
    (dialer?.inspection.heldQuestionCount ?? 0) + (relay?.heldQuestionCount ?? 0)
      + (listeners?.heldQuestionCount ?? 0) + (status?.heldQuestionCount ?? 0)
  }

  /// It takes clients, or connections.
  package var isServing: Bool { facts.isReady }

  /// What it has counted since its start.
  package var counts: Tally { tally }

  package var connectionCount: Int { relay?.connectionCount ?? 0 }
  package var movedByteCount: Int64 { relay?.movedByteCount ?? 0 }
  /// Bytes of messages that this session has sent.
  package var sentByteCount: Int64 { relay?.link.sentByteCount ?? 0 }
  /// Something waits for a local socket or for the tunnel.
  package var hasUnsent: Bool { relay?.hasUnsent ?? false }
  /// See `RelayCore`.
  package var waitingByteCounts: (all: Int, most: Int) {
    relay?.core.waitingByteCounts ?? (0, 0)
  }
  /// Clients that wait for a place, or for the tunnel.
  package var waitingClientCount: Int { (relay?.core.waitingClientIDs.count ?? 0) + orphans.count }
  /// See `RelayCore`.
  package var connectionFacts: [RelayCore.ConnectionFacts] { relay?.core.connectionFacts ?? [] }
  /// How long the tunnel was not read for a reader's sake.
  package func congestedTime(_ now: Instant) -> Nanoseconds {
    relay?.core.congestedTime(now) ?? tally.congestedTime
  }
  /// The tunnel is not read for a reader's sake.
  package var hasPressure: Bool { relay?.core.backPressureHolds ?? false }
  /// Tells one session from the next.
  package var session: ObjectIdentifier? { relay.map { ObjectIdentifier($0) } }
  /// Connections by the place of their state.
  package var stateCounts: [Int64]? { relay?.core.stateCounts }
  /// The tunnel's, as soon as they are known.
  package var serviceNames: [String]? {
    relay.flatMap { $0.core.session.areServicesAgreed ? $0.core.session.serviceNames : nil }
  }
  /// The tunnel is read.
  package var readsTunnel: Bool { relay?.core.readsTunnel ?? true }
  /// Whether each service has connections, and nothing has come for any of them.
  package var isWithoutAnswer: [Bool] { relay?.core.isWithoutAnswer ?? [] }
  /// The same, whatever connections there are, and nobody was told.
  package var isWithoutWord: [Bool] { relay?.core.isWithoutWord ?? [] }
  /// The same, and somebody was told.
  package var isToldSilent: [Bool] { relay?.core.isToldSilent ?? [] }
  /// The WebSocket is not being closed.
  package var isLinkOpen: Bool { relay?.link.isOpen ?? false }
  /// It is not read, for the sake of a reader or of what is to be sent.
  package var isLinkPaused: Bool { relay?.link.isPaused ?? false }
  /// Something waits for room in it, or for its time.
  package var isWaitingForRoom: Bool { relay?.link.wantsRoom ?? false }
  /// See `LinkCore`.
  package var linkStatus: (roundTrip: Int64?, queueTime: Int64?, windowByteCount: Int64?)? {
    relay?.link.core.status
  }
  /// See `RelayCore`.
  package var waitsSince: (server: Instant?, place: Instant?, unused: Instant?) {
    relay?.core.waitsSince ?? (nil, nil, nil)
  }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the program")
    faults.unless(timer.due == client.deadline, "the timer is not the client's")
    let isSession = [.awaitingServices, .running, .stopping].contains(client.state)
    faults.unless((relay != nil) == isSession, "a relay without a tunnel, or none with one")
    let isOutage = listeners?.isAccepting == false
    switch client.state {
    case .idle, .stopped:
      faults.unless(timer.due == nil && orphans.isEmpty, "clients wait for nothing")
    case .dialing: faults.unless(dialingStep != .idle, "no step that something will end")
    case .awaitingServices, .backingOff: faults.unless(timer.due != nil, "nothing ends the wait")
    case .running:
      faults.unless(orphans.isEmpty && !isOutage, "clients wait for the tunnel that is there")
    case .stopping:
      faults.unless(listeners?.isClosed != false, "a drain that takes new clients")
      faults.unless(
        relay.map { $0.connectionCount > 0 || $0.core.wantsRoom || !$0.link.isOpen } ?? true,
        "a drain goes on with nobody left")
    }
    faults.unless(
      !isOutage || timer.due != nil || client.state == .stopped,
      "clients wait in the kernel for ever")
    faults.unless(isOutage || orphans.isEmpty, "clients wait longer than those in the kernel")
    faults.unless(
      !client.avoidsMarks || relay?.core.session.options.negotiatesHalfClose != true,
      "marks are tried again")
    faults.unless(
      orphans.count <= TunnelSession.serviceCountMax, "\(orphans.count) clients wait for a tunnel")
    faults.take(relay?.checkInvariants())
    faults.take(listeners?.checkInvariants())
    return faults.first
  }
}

extension LocalProxy: DialerHandler {
  func dialer(_ dialer: Dialer, failed reason: String) {
    failureKind = .againUnreachable
    lastFailure = reason
    handle(.failed)
  }

  func dialer(_ dialer: Dialer, refused refusal: Refusal) {
    if refusal.isFinal && renewsToken() {
      log.tokenRenewed(reason: refusal.text)
      handle(.tokenRenewed)
    } else if refusal.isFinal {
      log.serviceRefused(reason: refusal.text, advice: refusal.advice)
      handle(.refused)
    } else {
      failureKind = .againRefused
      lastFailure = refusal.text
      handle(refusal.retryAfter.map { .postponed($0) } ?? .failed)
    }
  }

  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8]
  ) {
    channelID = head.value("channel-id") ?? "none"
    log.sessionId(session: head.value("channel-id") ?? "")
    log.subprotocolSelected(subprotocol: subprotocol ?? "")
    log.connected(endpoint: configuration.endpoint.description)
    if configuration.settings.offersCompression {
      log.compressionAgreed(compression: compression?.agreed.description ?? "")
    }
    begin(stream, compression, early)
  }
}

extension LocalProxy: RelayHandler {
  func relayAgreed(_ relay: Relay) {
    if takesPassedSockets(of: relay.core.session.serviceNames) {
      handle(.servicesAgreed)
    } else {
      self.relay(
        relay,
        mismatch: configuration.role == .destination
          ? "a socket was passed (LISTEN_FDS), and a destination has no use for one; start it without"
          : "a socket was passed (LISTEN_FDS) that has the name of no service of the tunnel's; "
            + "give it one (FileDescriptorName=)"
      )
    }
  }

  /// A source has a use for each socket that the process was started with: its only service takes all, and of several each
  /// takes those that are called after it. A destination has none.
  private func takesPassedSockets(of services: [String]) -> Bool {
    var count = network.passedSocketCount
    if count == 0 || configuration.role == .source && services.count == 1 { return true }
    if configuration.role == .source {
      for service in services { count -= network.passedAddresses(for: service).count }
    }
    return count == 0
  }

  func relay(_ relay: Relay, mismatch reason: String) {
    log.servicesMismatch(reason: reason)
    handle(.servicesMismatch)
  }

  func relay(_ relay: Relay, ended end: TunnelLink.End) {
    switch end {
    case .closed(let code, let reason):
      log.closeReceived(code: Int(code.rawValue).decimal, reason: reason)
      let meaning = Self.meaning(ofClosing: reason)
      // Who is stopping takes the rotation for the end that it is.
      if code == .normal && meaning == .tokenRotated && client.state != .stopping && renewsToken() {
        log.tokenRenewed(reason: reason)
        dropSession()
        handle(.tokenRenewed)
      } else if code == .normal {
        lastFailure = reason
        handle(.ended(meaning))
      } else {
        lose(
          .againClosed,
          "the service closed the web socket with code %".with(Int(code.rawValue).decimal))
      }
    case .completed:
      dropSession()
      handle(.sessionClosed)
    case .violation(let reason):
      lose(.againViolation, "the service broke the protocol: %".with(reason), isServices: false)
    case .failed(let failure):
      lose(.againLost, "the connection to the service was lost: %".with(failure.reason))
    case .silent:
      lose(.againSilent, "the service has been silent for three ping periods", isServices: false)
    }
  }

  /// The service ends a WebSocket for good with one code; its words alone tell for what.
  private static func meaning(ofClosing reason: String) -> TunnelClient.StopReason {
    let words = reason.octets[...].lowercasedText.octets
    if words.hasPart("replaced") || words.hasPart("another connection") { return .replaced }
    return words.hasPart("rotated") ? .tokenRotated : .tunnelEnded
  }

  func relayCounted(_ relay: Relay) { report() }

  func relayDrained(_ relay: Relay) { handle(.connectionsGone) }

  func relay(_ relay: Relay, holdsClients: Bool, ofService service: Int) {
    listeners?.hold(service, holdsClients)
  }
}

extension LocalProxy: StandardConnectionHandler {
  /// Else the relay finds out when it matters.
  public func standardOutputBroke() {
    if standardClient != nil { handle(.connectionOver(isCut: true)) }
  }

  public func standardConnectionEnded(isCut: Bool) {
    if let relay, isCut { lastFailure = relay.lastReset }
    handle(.connectionOver(isCut: isCut))
  }
}

extension LocalProxy: SourceListenersHandler {
  func accepted(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {
    guard let relay, client.state == .running else {
      refuse(stream, from: peer)
      return
    }
    relay.accept(stream, service: service, from: peer)
  }

  func needsDescriptors() { relay?.makeRoom() }

  func isListening() {
    report()
    listening?()
  }

  func cannotListen() { handle(.cannotListen) }
}

extension LocalProxy: StatusSource {
  var statusFacts: StatusFacts? {
    guard
      let status = StatusFacts(
        facts, tally, version: ProgramVersion.number, tls: Cryptography.libraryVersion,
        role: configuration.role.localProxyMode, lastError: log.lastError)
    else { return nil }
    status.numbers += relay?.core.stateCounts ?? [0, 0, 0, 0, 0]
    status.numbers[1] += Int64(orphans.count)
    status.numbers += tally.numbers
    status.numbers += relay?.describe(in: status) ?? [0, 0, 0, tally.congestedTime.count]
    let use = network.processUse
    status.numbers += [use.residentByteCount, use.processorTime.count, startTime.count]
    return status
  }

  func statusCannotListen() { handle(.cannotListen) }
}
