import Basics
import Reactor

/// The program: it comes by its WebSocket, relays over it, and comes back when it is lost.
///
/// `TunnelClient` decides; this class does what it says, one step at a time.
public final class LocalProxy: ResolveHandler, StreamHandler, TimerHandler, SignalHandler {
  private enum TimerTag: Int { case step, retry, drainTick }

  /// A session that lasted so long was healthy.
  private static let healthyAfter = Milliseconds(10_000)
  private static let drainTick = Milliseconds(100)
  /// Ticks without a byte in either direction after which there is nothing left to drain.
  private static let quietTicksMax = 15
  /// Bytes for the service that the kernel has and that are not on their way yet.
  private static let kernelQueueByteCountMax = 64 * 1024
  static let subprotocol = "aws.iot.securetunneling-3.0"

  private let network: any Network
  private let configuration: Configuration
  private let tls: TLSContext
  private let log: Log
  private let stopped: (Int32) -> Void
  private var client = TunnelClient.idle
  private var addresses: [SocketAddress] = []
  /// The connection on its way to a WebSocket: TCP first, then TLS over it.
  private var stream: (any Stream)?
  private var handshake: ClientHandshake?
  private var response: [UInt8] = []
  private var relay: Relay?
  private var listeners: SourceListeners?
  private var lastStreamIDs: [String: Int32] = [:]
  private var resolveID: ResolveID?
  private var timer: TimerID?
  private var lastFailure = ""
  private var sessionStart = Instant(nanoseconds: 0)
  private var drainDeadline = Instant(nanoseconds: 0)
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
    tls = try TLSContext(
      clientTrusting: configuration.trustDirectory, verifiesPeer: configuration.verifiesPeer)
    log.conceal(configuration.accessToken)
    log.conceal(configuration.clientToken)
    if !configuration.verifiesPeer {
      log.warning(
        "the service's certificate is NOT verified (--no-ssl-host-verify): anybody on the way can "
          + "read and change everything; never use this in production")
    }
  }

  public func start() { handle(.start) }

  // MARK: The state machine

  private func handle(_ event: TunnelClient.Event) {
    let randomness = (try? Cryptography.random(4))?.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } ?? 0
    let action = client.handle(event, policy: configuration.settings.retry, randomness: randomness)
    switch action {
    case .none: break
    case .resolve:
      startStep()
      log.debug("looking up \(configuration.endpoint.host)")
      resolveID = network.resolve(
        configuration.endpoint.host, port: configuration.endpoint.port, self)
    case .connect(let index): connect(index)
    case .startTLS: startTLS()
    case .upgrade: upgrade()
    case .begin: startStep()
    case .serve: serve()
    case .backOff(let delay): backOff(delay)
    case .drain: drain()
    case .stop(let reason): stop(reason)
    }
  }

  /// The current step did not work; `reason` is for the log.
  private func fail(_ reason: String) {
    lastFailure = reason
    dropConnection()
    handle(.failed)
  }

  /// The WebSocket is gone; `reason` is for the log.
  private func lose(_ reason: String) {
    lastFailure = reason
    dropConnection()
    handle(.lost(wasHealthy: sessionStart + Self.healthyAfter < network.now))
  }

  private func startStep() {
    cancelTimer()
    timer = network.schedule(
      at: network.now + configuration.settings.stepTimeout, self, tag: TimerTag.step.rawValue)
  }

  private func cancelTimer() {
    if let timer { network.cancel(timer) }
    timer = nil
  }

  private func dropConnection() {
    cancelTimer()
    if let resolveID { network.cancelResolve(resolveID) }
    resolveID = nil
    stream?.close()
    stream = nil
    handshake = nil
    response = []
    if let relay { lastStreamIDs = relay.session.streamIDs }
    relay?.shutDown(isOrderly: false)
    relay = nil
  }

  // MARK: Steps

  public func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    self.addresses = addresses
    handle(.resolved(addressCount: addresses.count))
  }

  public func resolveFailed(reason: String) {
    resolveID = nil
    fail("the name \(configuration.endpoint.host) could not be resolved: \(reason)")
  }

  private func connect(_ index: Int) {
    startStep()
    let address = addresses[index]
    log.debug("connecting to \(configuration.endpoint.description) at \(address.description)")
    do {
      stream = try network.connect(to: address, from: nil, self)
    } catch {
      fail("\(stepName) failed: \(error.reason)")
    }
  }

  private func startTLS() {
    startStep()
    guard let transport = stream else { return }
    do {
      stream = try network.startTLS(
        over: transport, context: tls, serverName: configuration.endpoint.host, self)
    } catch {
      fail(error.reason)
    }
  }

  private func upgrade() {
    startStep()
    guard let key = try? Cryptography.random(16), let stream else {
      fail("no random numbers are to be had")
      return
    }
    let keyText = Cryptography.base64(key)
    handshake = ClientHandshake(
      expectedAccept: Cryptography.webSocketAccept(key: keyText), subprotocols: [Self.subprotocol])
    var fields = [HeaderBlock.Field("access-token", configuration.accessToken)]
    if !configuration.clientToken.isEmpty {
      fields.append(HeaderBlock.Field("client-token", configuration.clientToken))
    }
    fields.append(HeaderBlock.Field("User-Agent", configuration.userAgent))
    let endpoint = configuration.endpoint
    let request = ClientHandshake.request(
      target: "/tunnel?local-proxy-mode=\(configuration.role.localProxyMode)",
      host: endpoint.port == 443 ? endpoint.bracketedHost : endpoint.description, key: keyText,
      subprotocols: [Self.subprotocol], fields: fields)
    stream.interest = .readable
    if case .failed(let failure) = stream.send(request.span) { fail(failure.reason) }
  }

  public func streamOpened() {
    if case .connecting = client { handle(.connected) } else { handle(.secured) }
  }

  public func streamFailed(_ failure: StreamFailure) {
    stream = nil
    fail("\(stepName) failed: \(failure.reason)")
  }

  public func streamReady(_ readiness: Readiness) {
    guard let stream, let handshake else { return }
    var buffer = ByteQueue()
    buffer.reserve(ClientHandshake.responseByteCountMax)
    switch buffer.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      buffer.withReadable { bytes in
        for index in 0..<bytes.count { response.append(bytes[index]) }
      }
      let received = response
      judge(handshake.parse(received.span))
    case .wouldBlock: break
    case .endOfStream: fail("the service closed the connection instead of answering")
    case .failed(let failure): fail(failure.reason)
    }
  }

  private func judge(_ outcome: ClientHandshake.Outcome) {
    switch outcome {
    case .needMore: break
    case .violation(let reason): fail(reason)
    case .refused(let status, let reason, let head):
      let channel = head.value("channel-id").map { ", session id \($0)" } ?? ""
      let text = bodyText(head)
      if (400..<500).contains(status) {
        log.fatal(
          "the service refused the tunnel: HTTP \(status) \(reason)\(text)\(channel); the access "
            + "token may be wrong, used up, of the other mode, or of another region")
        dropConnection()
        handle(.refused)
      } else {
        fail("the service answered HTTP \(status) \(reason)\(text)\(channel)")
      }
    case .accepted(let head, _, let byteCount):
      log.info(
        "connected to \(configuration.endpoint.description); session id: "
          + "\(head.value("channel-id") ?? "none")")
      begin(early: Array(response.dropFirst(byteCount)))
    }
  }

  /// What the answer's body says, as far as it came with the head.
  private func bodyText(_ head: HeaderBlock) -> String {
    let body = String(decoding: response.dropFirst(head.byteCount).prefix(512), as: UTF8.self)
    return body.isEmpty ? "" : " ('\(body)')"
  }

  private func begin(early: [UInt8]) {
    guard let stream else { return }
    self.stream = nil
    handshake = nil
    response = []
    handle(.upgraded)
    let link = TunnelLink(
      network: network, stream: stream, role: .client, early: early, log: log)
    let relay = Relay(
      network: network, link: link, role: configuration.role,
      mappings: configuration.mappings.map { $0.serviceID },
      targets: configuration.mappings.map { $0.address },
      localAddress: configuration.role == .destination ? configuration.bindAddress : nil,
      lastStreamIDs: lastStreamIDs, settings: configuration.settings, log: log)
    relay.handler = self
    self.relay = relay
    stream.keepQueueShort(byteCount: Self.kernelQueueByteCountMax)
    link.start(pingPeriod: configuration.settings.pingPeriod)
  }

  // MARK: Serving

  private func serve() {
    cancelTimer()
    sessionStart = network.now
    guard let relay else { return }
    switch configuration.role {
    case .destination:
      for service in relay.session.serviceNames.indices {
        guard let mapping = relay.session.mappingOfService[service] else { continue }
        let address = configuration.mappings[mapping].address
        log.info("ready: \(relay.serviceLabel(service)) goes to \(address.description)")
      }
    case .source:
      let listeners =
        listeners
        ?? SourceListeners(
          network: network, configuration: configuration, log: log, handler: self)
      self.listeners = listeners
      listeners.serve(relay.session.serviceNames, relay.session.mappingOfService)
    }
  }

  private func backOff(_ delay: Milliseconds) {
    let next = delay.count == 0 ? "at once" : "in \(delay.count) ms"
    log.error("\(lastFailure); trying again \(next)")
    timer = network.schedule(at: network.now + delay, self, tag: TimerTag.retry.rawValue)
  }

  public func timerFired(tag: Int, now: Instant) {
    timer = nil
    switch TimerTag(rawValue: tag) {
    case .step: fail("\(stepName) took longer than \(configuration.settings.stepTimeout.count) ms")
    case .retry: handle(.retryDue)
    case .drainTick: drainTick()
    case nil: break
    }
  }

  private var stepName: String {
    switch client {
    case .resolving: "looking up \(configuration.endpoint.host)"
    case .connecting(_, let address, _):
      "connecting to \(configuration.endpoint.description) at \(addresses[address].description)"
    case .tlsHandshake: "the TLS handshake with \(configuration.endpoint.description)"
    case .upgrading: "the service's answer to the WebSocket request"
    default: "the service's list of services"
    }
  }

  // MARK: The end

  public func received(_ signal: Signal) {
    switch signal {
    case .terminate, .interrupt:
      log.info("\(signal.name): stopping")
      handle(.stopRequested)
    case .hangUp, .user1:
      log.info("\(signal.name): \(relay?.connectionCount ?? 0) connections are open")
    }
  }

  private func drain() {
    listeners?.close()
    drainDeadline = network.now + configuration.settings.drainTimeout
    quietTicks = 0
    timer = network.schedule(
      at: network.now + Self.drainTick, self, tag: TimerTag.drainTick.rawValue)
    relay?.drain()
  }

  /// Open connections may go on for a while; once nothing moves, or time is up, the WebSocket closes.
  private func drainTick() {
    guard let relay else { return }
    let byteCount = relay.movedByteCount
    quietTicks = byteCount == drainedByteCount && !relay.hasUnsent ? quietTicks + 1 : 0
    drainedByteCount = byteCount
    if quietTicks >= Self.quietTicksMax || drainDeadline <= network.now {
      relay.close(isQuiet: quietTicks >= Self.quietTicksMax)
    } else {
      timer = network.schedule(
        at: network.now + Self.drainTick, self, tag: TimerTag.drainTick.rawValue)
    }
  }

  private func stop(_ reason: TunnelClient.StopReason) {
    if reason == .retriesUsedUp { log.fatal("\(lastFailure); no retry is left") }
    dropConnection()
    listeners?.close()
    stopped(ExitStatus(reason).rawValue)
  }
}

extension LocalProxy: RelayHandler {
  func relayAgreed(_ relay: Relay) { handle(.servicesAgreed) }

  func relay(_ relay: Relay, mismatch reason: String) {
    log.fatal(reason)
    handle(.servicesMismatch)
  }

  func relay(_ relay: Relay, ended end: TunnelLink.End) {
    lastStreamIDs = relay.session.streamIDs
    self.relay = nil
    switch end {
    case .closed(let code, let reason):
      let words = reason.isEmpty ? "" : ": \(reason)"
      lose("the service closed the tunnel's connection with code \(code.rawValue)\(words)")
    case .completed: handle(.drained)
    case .violation(let reason): lose("the service broke the protocol: \(reason)")
    case .failed(let failure): lose("the connection to the service was lost: \(failure.reason)")
    case .silent: lose("the service has been silent for three ping periods")
    }
  }

  func relayDrained(_ relay: Relay) { relay.close(isQuiet: true) }
}

extension LocalProxy: SourceListenersHandler {
  func accepted(_ stream: any Stream, service: Int, from peer: SocketAddress) {
    guard let relay, case .running = client else {
      log.warning("refused a client from \(peer.description): the tunnel is down at the moment")
      stream.abort()
      return
    }
    relay.accept(stream, service: service, from: peer)
  }

  func needsDescriptors() { relay?.makeRoom() }

  func cannotListen() { handle(.cannotListen) }
}
