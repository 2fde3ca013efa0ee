import Basics
import Configuration
import Reactor
import Tunnel
import WebProxy
import WebSocket

/// The program: it comes by its WebSocket, relays over it, and comes back when it is lost.
///
/// `TunnelClient` decides; this class does what it says, one step at a time.
public final class LocalProxy: ResolveHandler, TimerHandler, SignalHandler {
  private enum TimerTag: Int { case serviceIDs, retry, drainTick, outage }

  /// A session that lasted so long was healthy.
  private static let healthyAfter = Milliseconds(2_000)
  /// Sessions in a row that were too short for that and are begun again at once all the same.
  private static let promptReturnCountMax = 3
  /// How long clients wait for a tunnel that was lost, before they are refused.
  private static let clientPatience = Milliseconds(10_000)
  private static let drainTick = Milliseconds(100)
  /// Ticks without a byte in either direction after which there is nothing left to drain.
  private static let quietTicksMax = 15
  /// Of the time for draining, so much at the most is for the closing of the WebSocket.
  private static let closingTimeMax = Milliseconds(500)
  /// A WebSocket that ends so soon after the first message with a mark ended because of it.
  private static let markSuspicion = Milliseconds(5_000)

  private let network: any Network
  private let configuration: Configuration
  private let log: Log
  private let stopped: (Int32) -> Void
  private var client = TunnelClient.idle
  private var dialer: Dialer?
  private var relay: Relay?
  private var listeners: SourceListeners?
  /// Clients that waited for a place when the tunnel was lost; nothing of them has gone into it.
  private var orphans: [(client: Relay.Client, service: String)] = []
  private var streamIDs: StreamIDs
  /// The service does not take messages with marks.
  private var avoidsMarks = false
  /// Where a destination connects from; none leaves it to the system.
  private var bindAddresses: [SocketAddress] = []
  private var bindResolveID: ResolveID?
  private var timer: TimerID?
  /// Set from the loss of a tunnel until the next, also when clients are refused already.
  private var outageTimer: TimerID?
  private var channelID = ""
  private var lastFailure = ""
  /// Nil before the first session.
  private var sessionStart: Instant?
  private var promptReturnCount = 0
  /// Set as long as it drains.
  private var drainDeadline: Instant?
  private var quietTicks = 0
  private var drainedByteCount = 0

  /// - Parameter stopped: called once, with the exit status, when all is over.
  public init(
    network: any Network, configuration: Configuration, log: Log, stopped: @escaping (Int32) -> Void
  ) throws(TLSError) {
    self.network = network
    self.configuration = configuration
    self.log = log
    self.stopped = stopped
    streamIDs = StreamIDs(randomness: try network.randomBits())
    // Each step of the start touches other parts of the libraries; so no two add up.
    network.giveBackMemory()
    let tls = try network.makeClientTLS(
      trusting: configuration.trustDirectory, verifiesPeer: configuration.verifiesPeer)
    network.giveBackMemory()
    log.conceal(configuration.accessToken)
    log.conceal(configuration.clientToken)
    for secret in configuration.webProxy?.secrets ?? [] { log.conceal(secret) }
    for warning in configuration.warnings { log.warning(warning) }
    if !configuration.verifiesPeer {
      log.warning(
        "SECURITY WARNING: the service's certificate is NOT verified (--no-ssl-host-verify): anybody on "
          + "the way can read and change everything; never use this in production")
    }
    if !tls.trustWarning.isEmpty { log.warning(tls.trustWarning) }
    if configuration.verifiesPeer && tls.trustSource.isEmpty {
      log.warning(
        "no CA certificates are to be found; install the package ca-certificates, or name them with --capath, "
          + "SSL_CERT_FILE or SSL_CERT_DIR")
    } else {
      log.debug("CA certificates: %".with(tls.trustSource))
    }
    dialer = Dialer(
      network: network, configuration: configuration, tls: tls, log: log, handler: self)
  }

  public func start() {
    log.info("Starting proxy in % mode".with(configuration.role.localProxyMode))
    bindAddresses = configuration.bindAddress.map { [$0] } ?? []
    handle(.start)
  }

  /// Looks up the service's name, and once before it that of the address to connect from, which the DNS may not
  /// know yet when a machine has just started.
  private func resolve() {
    if configuration.role == .destination && !configuration.bindHost.isEmpty
      && bindAddresses.isEmpty
    {
      bindResolveID = network.resolve(configuration.bindHost, port: 0, self)
    } else {
      dialer?.resolve()
    }
  }

  public func resolved(_ addresses: [SocketAddress]) {
    bindResolveID = nil
    bindAddresses = addresses
    dialer?.resolve()
  }

  public func resolveFailed(reason: String) {
    bindResolveID = nil
    lastFailure =
      "--local-bind-address '%' cannot be looked up: %; it must be a ".with(
        configuration.bindHost, reason)
      + "name or an address of this machine"
    handle(.failed)
  }

  // MARK: The state machine

  private func handle(_ event: TunnelClient.Event) {
    let action = client.handle(
      event, route: route, policy: configuration.settings.retry,
      randomness: (try? network.randomBits()) ?? 0)
    switch action {
    case .none: break
    case .resolve:
      log.info(
        "Attempting to establish web socket connection with endpoint wss://"
          + configuration.endpoint.description)
      if let webProxy = configuration.webProxy { log.info("by way of " + webProxy.description) }
      resolve()
    case .connect: dialer?.connect()
    case .startWebProxyTLS: dialer?.startWebProxyTLS()
    case .askWebProxy: dialer?.askWebProxy()
    case .startTLS: dialer?.startTLS()
    case .upgrade: dialer?.upgrade()
    case .begin: awaitServiceIDs()
    case .serve: serve()
    case .backOff(let delay): backOff(delay)
    case .drain: drain()
    case .stop(let reason): stop(reason)
    }
  }

  private var route: TunnelClient.Route {
    guard let webProxy = configuration.webProxy else { return .direct }
    return webProxy.usesTLS ? .encryptedWebProxy : .webProxy
  }

  /// The WebSocket is gone; `reason` is for the log.
  private func lose(_ reason: String) {
    lastFailure = "% (web socket session ID: %)".with(reason, channelID)
    var wasHealthy = sessionStart.map { $0 + Self.healthyAfter < network.now } ?? false
    // A short one that sent something may be begun again at once as well, but not over and over.
    promptReturnCount = wasHealthy ? 0 : promptReturnCount + 1
    if relay?.hasSent == true && promptReturnCount <= Self.promptReturnCountMax {
      wasHealthy = true
    }
    judgeMarks()
    dropSession()
    holdClients()
    handle(.lost(wasHealthy: wasHealthy))
  }

  /// What the service ended the WebSocket for is not tried again.
  private func judgeMarks() {
    guard let markedAt = relay?.core.firstMarkAt, network.now < markedAt + Self.markSuspicion,
      !avoidsMarks
    else { return }
    avoidsMarks = true
    log.warning(
      "the web socket ended with the first message that offers half-close: from now on it goes without, as with "
        + "tcp.half_close at 'linger'")
  }

  /// Most outages are over before a client minds.
  private func holdClients() {
    if outageTimer != nil || listeners == nil { return }
    listeners?.isAccepting = false
    outageTimer = network.schedule(
      at: network.now + Self.clientPatience, self, tag: TimerTag.outage.rawValue)
  }

  private func releaseClients() {
    if let outageTimer { network.cancel(outageTimer) }
    outageTimer = nil
    listeners?.isAccepting = true
  }

  /// They come before those in the kernel; one whose service is no longer there is reset.
  private func adoptOrphans() {
    let clients = orphans
    orphans = []
    for (client, name) in clients {
      if let service = relay?.core.session.serviceNames.firstIndex(where: { $0.isSame(as: name) }) {
        relay?.accept(client.stream, service: service, from: client.peer)
      } else {
        client.stream.abort()
      }
    }
  }

  private func refuseOrphans() {
    for (client, _) in orphans {
      log.warning(
        .clientRefused,
        "refused a client from %: the tunnel is down at the moment".with(client.peer.description))
      client.stream.abort()
    }
    orphans = []
  }

  private func schedule(_ tag: TimerTag, after delay: Milliseconds) {
    cancelTimer()
    timer = network.schedule(at: network.now + delay, self, tag: tag.rawValue)
  }

  private func cancelTimer() {
    if let timer { network.cancel(timer) }
    timer = nil
  }

  private func dropSession() {
    cancelTimer()
    if let relay { streamIDs = relay.core.session.streamIDs }
    if let relay {
      relay.shutDown()
      for client in relay.takeClients() {
        orphans.append((client, relay.core.session.serviceNames[client.service]))
      }
    }
    relay = nil
    listeners?.holdNone()
  }

  public func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.outage.rawValue {
      listeners?.isAccepting = true
      refuseOrphans()
      return
    }
    timer = nil
    switch TimerTag(rawValue: tag) {
    case .serviceIDs:
      lose(
        "the service sent no list of services within "
          + "% ms".with(configuration.settings.stepTimeout.count.decimal))
    case .retry: handle(.retryDue)
    case .drainTick: drainTick()
    case .outage, nil: break
    }
  }

  // MARK: A session

  private func begin(
    _ stream: any SecureStream, _ compression: MessageCompression?, _ early: [UInt8]
  ) {
    handle(.upgraded)
    let settings = configuration.settings
    let link = TunnelLink(
      network: network, stream: stream, role: .client, limits: TunnelLink.Limits(settings),
      compression: compression, early: early, log: log)
    let relay = Relay(
      network: network, link: link, options: sessionOptions,
      targets: configuration.allMappings.map { $0.address },
      localAddresses: bindAddresses,
      streamIDs: streamIDs, settings: settings, log: log)
    relay.handler = self
    self.relay = relay
    stream.keepQueueShort(byteCount: settings.kernelQueueByteCountMax)
    // A WebSocket of the first version has no list; after the others it may be here already.
    if settings.protocolVersion == .v1 { relay.agreeWithoutList() }
    link.start(
      Heartbeat(period: settings.pingPeriod, heldOffTimeMax: settings.stallTimeout),
      Pacer(limit: settings.bandwidthLimit, isAdaptive: settings.isPacingAdaptive))
  }

  private var sessionOptions: TunnelSession.Options {
    let settings = configuration.settings
    var options = TunnelSession.Options(
      role: configuration.role, mappings: configuration.mappings.map { $0.serviceID },
      connectionCountMax: settings.activeConnectionCountMax)
    options.optionalMappings = configuration.directoryMappings.compactMap { $0.serviceID }
    options.optionalMappingsPlace = configuration.directoryPlace
    options.version = settings.protocolVersion
    if configuration.role == .source {
      options.version = min(options.version, configuration.destinationVersion)
    }
    options.negotiatesHalfClose = settings.halfClose == .negotiated && !avoidsMarks
    return options
  }

  private func awaitServiceIDs() {
    sessionStart = network.now
    schedule(.serviceIDs, after: configuration.settings.stepTimeout)
  }

  private func serve() {
    cancelTimer()
    guard let relay else { return }
    network.giveBackMemory()
    switch configuration.role {
    case .destination: relay.announceTargets()
    case .source:
      let listeners =
        listeners
        ?? SourceListeners(
          network: network, configuration: configuration, log: log, handler: self)
      self.listeners = listeners
      releaseClients()
      listeners.serve(relay.core.session.serviceNames, relay.core.session.mappingOfService)
      adoptOrphans()
    }
  }

  private func backOff(_ delay: Milliseconds) {
    let next = delay.count == 0 ? "at once" : "in % ms".with(delay.count.decimal)
    log.error("%; trying again %".with(lastFailure, next))
    schedule(.retry, after: delay)
  }

  // MARK: The end

  public func received(_ signal: Signal) {
    switch signal {
    case .terminate, .interrupt, .hangUp(endsTerminal: true):
      log.info("%: stopping".with(signal.name))
      handle(.stopRequested)
    case .hangUp, .user1:
      log.info("%: % connections are open".with(signal.name, (relay?.connectionCount ?? 0).decimal))
    }
  }

  private func drain() {
    listeners?.close()
    drainDeadline = network.now + configuration.settings.drainTimeout
    quietTicks = 0
    schedule(.drainTick, after: Self.drainTick)
    relay?.drain()
  }

  /// Open connections may go on for a while; once nothing moves, or time is up, the WebSocket closes.
  private func drainTick() {
    guard let relay, let drainDeadline else { return }
    let byteCount = relay.movedByteCount
    quietTicks = byteCount == drainedByteCount && !relay.hasUnsent ? quietTicks + 1 : 0
    drainedByteCount = byteCount
    let rest = drainDeadline.millisecondsRoundedUp(since: network.now)
    let closingTime = min(
      Self.closingTimeMax, Milliseconds(configuration.settings.drainTimeout.count / 2))
    if quietTicks >= Self.quietTicksMax || rest <= closingTime {
      relay.sayWhatIsCut(isQuiet: quietTicks >= Self.quietTicksMax)
      relay.close(within: rest)
    } else {
      schedule(.drainTick, after: min(Self.drainTick, rest))
    }
  }

  private func stop(_ reason: TunnelClient.StopReason) {
    switch reason {
    case .retriesUsedUp: log.fatal("%; no retry is left or allowed".with(lastFailure))
    case .tunnelEnded: log.info("the tunnel is closed or has expired; nothing is left to do")
    case .replaced:
      log.fatal(
        "another localproxy with the same tokens has taken this one's place, as one started twice does; this one "
          + "ends, lest they take it from each other in turn")
    case .tokenRotated:
      log.fatal(
        "the access token was rotated and is of no use any more; start again with the new one")
    case .requested, .refused, .servicesMismatch, .cannotListen: break
    }
    if let bindResolveID { network.cancelResolve(bindResolveID) }
    bindResolveID = nil
    dialer?.close()
    dialer = nil
    dropSession()
    refuseOrphans()
    releaseClients()
    listeners?.close()
    stopped(ExitStatus(reason).rawValue)
  }
}

extension LocalProxy {
  /// The WebSocket stands, and the services are known.
  package var isTunnelUp: Bool { if case .running = client { true } else { false } }

  /// It has found that the service does not take marks.
  package var goesWithoutMarks: Bool { avoidsMarks }

  /// Local sockets that are being closed.
  package var farewellCount: Int { relay?.farewellCount ?? 0 }

  /// Readers for whose sake the tunnel is not read, and how many bytes wait for each, in the system as well.
  package var stalledReaders: [(id: ObjectIdentifier, waitingByteCount: Int)] {
    relay?.stalledReaders ?? []
  }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the program")
    switch client {
    case .idle, .stopped:
      faults.unless(relay == nil && timer == nil, "a relay or a timer without a tunnel")
      faults.unless(outageTimer == nil && orphans.isEmpty, "clients wait for nothing")
    case .backingOff:
      faults.unless(timer != nil, "nothing ends the pause before the next attempt")
      faults.unless(relay == nil, "a relay without a tunnel")
    case .awaitingServiceIDs:
      faults.unless(relay != nil && timer != nil, "no list of services is waited for")
    case .running:
      faults.unless(relay != nil && timer == nil, "running without a relay")
      faults.unless(
        orphans.isEmpty && outageTimer == nil, "clients wait for the tunnel that is there")
    case .stopping:
      faults.unless(relay != nil, "a drain without a relay")
      faults.unless(
        relay.map { $0.connectionCount > 0 || !$0.link.isOpen } ?? true,
        "a drain goes on with nobody left")
    case .resolving, .connecting, .proxyTLSHandshake, .proxyConnect, .tlsHandshake, .upgrading:
      faults.unless(relay == nil && timer == nil, "a relay or a timer before there is a tunnel")
      faults.unless(
        dialer?.isWaiting == true || bindResolveID != nil, "a step that nothing will end")
    }
    if let listeners, !listeners.isAccepting {
      faults.unless(outageTimer != nil, "clients wait in the kernel for ever")
    }
    faults.unless(
      orphans.count <= TunnelSession.serviceCountMax, "\(orphans.count) clients wait for a tunnel")
    faults.take(relay?.checkInvariants())
    faults.take(listeners?.checkInvariants())
    return faults.first
  }
}

extension LocalProxy: DialerHandler {
  func dialer(_ dialer: Dialer, did event: TunnelClient.Event) { handle(event) }

  func dialer(_ dialer: Dialer, failed reason: String) {
    lastFailure = reason
    handle(.failed)
  }

  func dialer(_ dialer: Dialer, refused refusal: Refusal) {
    if refusal.isFinal {
      log.fatal(refusal.text + "; " + refusal.advice)
      handle(.refused)
    } else {
      lastFailure = refusal.text
      handle(refusal.retryAfter.map { .postponed($0) } ?? .failed)
    }
  }

  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8]
  ) {
    channelID = head.value("channel-id") ?? "none"
    log.info("Web socket session ID: " + channelID)
    log.debug("Web socket subprotocol selected: " + (subprotocol ?? "none"))
    log.info(
      "Successfully established websocket connection with proxy server: wss://"
        + configuration.endpoint.description)
    if configuration.settings.offersCompression {
      log.info(
        compression.map { "Web socket compression: " + $0.agreed.description }
          ?? "Web socket compression: the service declined it, going on without")
    }
    begin(stream, compression, early)
  }
}

extension LocalProxy: RelayHandler {
  func relayAgreed(_ relay: Relay) { handle(.servicesAgreed) }

  func relay(_ relay: Relay, mismatch reason: String) {
    log.fatal(reason)
    handle(.servicesMismatch)
  }

  func relay(_ relay: Relay, ended end: TunnelLink.End) {
    switch end {
    case .closed(let code, let reason):
      log.info(
        "Web socket close received. Code: %; Reason: %".with(Int(code.rawValue).decimal, reason))
      if code == .normal {
        handle(Self.meaning(ofClosing: reason))
      } else {
        lose("the service closed the web socket with code %".with(Int(code.rawValue).decimal))
      }
    case .completed:
      dropSession()
      handle(.drained)
    case .violation(let reason): lose("the service broke the protocol: %".with(reason))
    case .failed(let failure):
      lose("the connection to the service was lost: %".with(failure.reason))
    case .silent: lose("the service has been silent for three ping periods")
    }
  }

  /// The service ends a WebSocket for good with one code; its words alone tell for what.
  private static func meaning(ofClosing reason: String) -> TunnelClient.Event {
    let words = reason.octets[...].lowercasedText.octets
    if words.hasPart("replaced") || words.hasPart("another connection") { return .replaced }
    return words.hasPart("rotated") ? .tokenRotated : .tunnelEnded
  }

  func relayDrained(_ relay: Relay) {
    let deadline = drainDeadline ?? network.now
    relay.close(within: deadline.millisecondsRoundedUp(since: network.now))
  }

  func relay(_ relay: Relay, holdsClients: Bool, ofService service: Int) {
    listeners?.hold(service, holdsClients)
  }
}

extension LocalProxy: SourceListenersHandler {
  func accepted(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {
    guard let relay, case .running = client else {
      log.warning(
        .clientRefused,
        "refused a client from %: the tunnel is down at the moment".with(peer.description))
      stream.abort()
      return
    }
    relay.accept(stream, service: service, from: peer)
  }

  func needsDescriptors() { relay?.makeRoom() }

  func cannotListen() { handle(.cannotListen) }
}
