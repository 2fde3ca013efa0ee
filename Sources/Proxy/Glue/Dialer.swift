import Basics
import Configuration
import Reactor
import Tunnel
import WebProxy
import WebSocket

/// Whoever wants a WebSocket to the service.
protocol DialerHandler: AnyObject {
  /// A step did not work; `reason` is for the log. Nothing is left open.
  func dialer(_ dialer: Dialer, failed reason: String)
  /// The service answered, but not with an upgrade. Nothing is left open.
  func dialer(_ dialer: Dialer, refused refusal: Refusal)
  /// - Parameters:
  ///   - compression: what was agreed on, if it was offered and not declined.
  ///   - early: what came behind the answer's head.
  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8])
}

/// The way to a WebSocket, one step after the other, as `DialingStep` says. Each step is bounded in time, each answer in
/// length.
final class Dialer: ResolveHandler, AddressRaceHandler, StreamHandler, TimerHandler {
  /// How long an answer that refuses may take to say why.
  private static let bodyTimeout = Milliseconds(1_000)

  private enum Step {
    case idle
    case lookingUpLocal(ResolveID)
    case lookingUp(ResolveID)
    case connecting(AddressRace)
    case openingWebProxyTLS
    case askingWebProxy(WebProxyHandshake)
    case openingTLS
    case upgrading(ClientHandshake)
    case readingRefusal(ClientHandshake)

    var name: DialingStep {
      switch self {
      case .idle: .idle
      case .lookingUpLocal: .lookingUpLocal
      case .lookingUp: .lookingUp
      case .connecting: .connecting
      case .openingWebProxyTLS: .openingWebProxyTLS
      case .askingWebProxy: .askingWebProxy
      case .openingTLS: .openingTLS
      case .upgrading: .upgrading
      case .readingRefusal: .readingRefusal
      }
    }
  }

  private let network: any Network
  private let configuration: Configuration
  private var tls: any TLSCredentials
  /// A handshake failed in OpenSSL, perhaps for want of memory, and the context may have been spoiled by that.
  private var isTLSStale = false
  private let log: Log
  private var handler: (any DialerHandler)?
  private var step = Step.idle
  /// What the current step is, for a message that it failed.
  private var stepName = ""
  /// The end of its time; the race of a connection has its own.
  private var timer: TimerID?
  /// Where a destination connects from; none leaves it to the system.
  private(set) var localAddresses: [SocketAddress] = []
  /// The connection before the last TLS was put over it.
  private var transport: (any ByteStream)?
  /// The last TLS over it: to a web proxy, or to the service.
  private var secure: (any SecureStream)?
  /// The connection so far.
  private var stream: (any ByteStream)? {
    if let secure { return secure }
    return transport
  }
  /// What the stream has not taken yet of the request: a plain one may take a part.
  private var request: [UInt8] = []
  private var response: [UInt8] = []

  init(
    network: any Network, configuration: Configuration, tls: any TLSCredentials, log: Log,
    handler: any DialerHandler
  ) {
    self.network = network
    self.configuration = configuration
    self.tls = tls
    self.log = log
    self.handler = handler
  }

  /// Ends all that is under way; the handler hears nothing more of it.
  func drop() {
    cancelTimer()
    switch step {
    case .lookingUpLocal(let id), .lookingUp(let id): network.cancelResolve(id)
    case .connecting(let race): race.cancel()
    case .idle, .openingWebProxyTLS, .askingWebProxy, .openingTLS, .upgrading, .readingRefusal:
      break
    }
    step = .idle
    stream?.close()
    secure = nil
    transport = nil
    request = []
    response = []
  }

  /// Lets go of the handler, for good.
  func close() {
    handler = nil
    drop()
  }

  /// What there is to know of the current step. For tests: its name, and the timers and questions that it holds.
  var inspection: (step: DialingStep, heldTimerCount: Int, heldQuestionCount: Int) {
    let own = timer == nil ? 0 : 1
    return switch step {
    case .lookingUpLocal, .lookingUp: (step.name, own, 1)
    case .connecting(let race): (step.name, own + race.heldTimerCount, 0)
    case .idle, .openingWebProxyTLS, .askingWebProxy, .openingTLS, .upgrading, .readingRefusal:
      (step.name, own, 0)
    }
  }

  /// Begins the step that an event leads to.
  /// - Parameter addresses: what a name was found to be.
  private func advance(_ event: DialingStep.Event, _ addresses: [SocketAddress] = []) {
    switch step.name.after(event) {
    case nil, .idle: break
    case .lookingUpLocal:
      startStep("looking up " + configuration.bindHost)
      step = .lookingUpLocal(network.resolve(configuration.bindHost, port: 0, self))
    case .lookingUp:
      if !addresses.isEmpty { localAddresses = addresses }
      startStep("looking up " + nextHop.host)
      log.lookingUp(host: nextHop.host)
      step = .lookingUp(network.resolve(nextHop.host, port: nextHop.port, self))
    case .connecting: connect(to: addresses)
    case .openingWebProxyTLS:
      step = .openingWebProxyTLS
      startTLS(with: nextHop, nextHopName)
    case .askingWebProxy: askWebProxy()
    case .openingTLS:
      request = []
      response = []
      stream?.interest = []
      step = .openingTLS
      startTLS(with: configuration.endpoint, configuration.endpoint.description)
    case .upgrading: upgrade()
    case .readingRefusal: readRefusal()
    }
  }

  private func startStep(_ name: String) {
    cancelTimer()
    stepName = name
    timer = network.schedule(at: network.now + configuration.settings.stepTimeout, self, tag: 0)
  }

  private func cancelTimer() {
    if let timer { network.cancel(timer) }
    timer = nil
  }

  /// - Parameter advice: what to do about it, "" where the reason says it; nil for what helps with the step.
  private func fail(_ reason: String, advice: String? = nil) {
    let advice = advice ?? self.advice
    drop()
    handler?.dialer(self, failed: advice.isEmpty ? reason : "%; %".with(reason, advice))
  }

  /// What to do when the way does not lead beyond the current step.
  private var advice: String {
    switch step {
    case .idle, .lookingUpLocal, .readingRefusal: ""
    case .lookingUp: configuration.advice(onWay: "DNS")
    case .upgrading where configuration.verifiesPeer:
      "its certificate was right, so that the service or the way to it is at fault for now"
    case .connecting, .openingWebProxyTLS, .askingWebProxy, .openingTLS, .upgrading:
      configuration.advice(onWay: "route and firewall")
    }
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    if case .readingRefusal = step {
      judge(isComplete: true)
    } else {
      fail(
        "% took longer than % ms".with(
          stepName, configuration.settings.stepTimeout.count.decimal))
    }
  }

  // MARK: Name and connection

  /// Where the connection goes to: the service, or the web proxy on the way to it.
  private var nextHop: Endpoint { configuration.webProxy?.endpoint ?? configuration.endpoint }

  private var nextHopName: String {
    configuration.webProxy?.description ?? nextHop.description
  }

  /// Begins; the handler hears of the end.
  func dial() {
    // From here on requests with secrets in them are made and sent.
    network.wipesFreedMemory = true
    // Either may be another one by now.
    localAddresses = configuration.bindAddress.map { [$0] } ?? []
    let needsName = configuration.role == .destination && !configuration.bindHost.isEmpty
    advance(needsName ? .dialedFromName : .dialed)
  }

  func resolved(_ addresses: [SocketAddress]) { advance(.nameFound, addresses) }

  func resolveFailed(reason: String) {
    if case .lookingUpLocal = step {
      fail(
        "--local-bind-address '%' cannot be looked up: %; it must be a name or an address of this machine"
          .with(configuration.bindHost, reason))
    } else {
      let host = configuration.webProxy == nil ? "proxy host" : "Web proxy"
      fail("Could not resolve DNS hostname of %: % - %".with(host, nextHop.host, reason))
    }
  }

  private func connect(to addresses: [SocketAddress]) {
    // Each address has its own time; the whole step needs none.
    cancelTimer()
    let race = AddressRace(
      network: network, name: nextHopName, addresses: addresses, from: [],
      timeout: configuration.settings.stepTimeout, handler: self)
    step = .connecting(race)
    race.start()
  }

  func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress) {
    transport = stream
    stream.handler = self
    stream.setUserTimeout(configuration.settings.userTimeout)
    log.reached(address: address.description)
    guard let webProxy = configuration.webProxy else {
      advance(.reachedService)
      return
    }
    advance(webProxy.usesTLS ? .reachedSecureWebProxy : .reachedWebProxy)
  }

  func race(_ race: AddressRace, lost reason: String) {
    fail("Could not connect to " + (configuration.webProxy == nil ? "proxy server: " : "") + reason)
  }

  // MARK: Web proxy

  private func askWebProxy() {
    guard let webProxy = configuration.webProxy, let stream else { return }
    startStep("the answer of " + webProxy.description)
    let handshake = WebProxyHandshake(proxy: webProxy, endpoint: configuration.endpoint)
    step = .askingWebProxy(handshake)
    send(handshake.request(userAgent: configuration.userAgent), over: stream)
  }

  /// Sends a request, as far as the stream takes it; the rest follows when it can.
  private func send(_ request: [UInt8], over stream: any ByteStream) {
    self.request = request
    goOnSending(over: stream)
  }

  private func goOnSending(over stream: any ByteStream) {
    let rest = request
    switch stream.send(rest.span) {
    case .accepted(let count): request = Array(rest.dropFirst(count))
    case .wouldBlock: break
    case .failed(let failure):
      streamFailed(failure)
      return
    }
    stream.interest = request.isEmpty ? .readable : [.readable, .writable]
  }

  private func judge(_ outcome: WebProxyHandshake.Outcome) {
    switch outcome {
    case .needMore: break
    case .connected: advance(.agreed)
    case .refused(_, let reason): fail(reason, advice: "")
    case .violation(let reason): fail(reason)
    }
  }

  // MARK: TLS and upgrade

  private func startTLS(with server: Endpoint, _ name: String) {
    startStep("the TLS handshake with " + name)
    guard let transport = stream else { return }
    do throws(TLSError) {
      if isTLSStale { tls = try tls.renewed() }
      isTLSStale = false
      secure = try tls.start(
        over: transport, serverName: server.withoutInterface.host, on: network, self)
    } catch {
      isTLSStale = true
      fail(stepName + " failed: " + error.reason, advice: "")
    }
  }

  private func upgrade() {
    startStep("the service's answer to the web socket upgrade request")
    guard let key = try? network.random(16), let stream else {
      fail("no random numbers are to be had", advice: "")
      return
    }
    let keyText = Cryptography.base64(key)
    let settings = configuration.settings
    let subprotocols = [settings.protocolVersion.subprotocol]
    let windowBits = settings.offersCompression ? settings.compressionWindowBits : nil
    step = .upgrading(
      ClientHandshake(
        expectedAccept: Cryptography.webSocketAccept(key: keyText), subprotocols: subprotocols,
        compressionWindowBits: windowBits))
    var fields = [HeaderBlock.Field("access-token", configuration.accessToken)]
    if !configuration.clientToken.isEmpty {
      fields.append(HeaderBlock.Field("client-token", configuration.clientToken))
    }
    fields.append(HeaderBlock.Field("User-Agent", configuration.userAgent))
    let endpoint = configuration.endpoint.withoutInterface
    let request = ClientHandshake.request(
      target: "/tunnel?local-proxy-mode=" + configuration.role.localProxyMode,
      host: endpoint.port == 443 ? endpoint.bracketedHost : endpoint.description, key: keyText,
      subprotocols: subprotocols, compressionWindowBits: windowBits, fields: fields)
    send(request, over: stream)
  }

  func streamOpened() {
    log.tlsOpened()
    advance(.tlsOpened)
  }

  func streamFailed(_ failure: StreamFailure) {
    if case .tls = failure { isTLSStale = true }
    // OpenSSL's reasons have theirs.
    fail(stepName + " failed: " + failure.reason, advice: isTLSStale ? "" : nil)
  }

  func streamReady(_ readiness: Readiness) {
    guard let stream else { return }
    if readiness.contains(.writable) && !request.isEmpty { goOnSending(over: stream) }
    if !readiness.contains(.readable) || self.stream == nil { return }
    var buffer = ByteQueue()
    buffer.reserve(ClientHandshake.responseByteCountMax)
    switch buffer.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      buffer.withReadable { bytes in
        for index in 0..<bytes.count { response.append(bytes[index]) }
      }
      judge(isComplete: false)
    case .wouldBlock: break
    case .endOfStream: answerEnded(.unexpectedEnd)
    case .failed(let failure): answerEnded(failure)
    }
  }

  private func answerEnded(_ failure: StreamFailure) {
    if response.isEmpty {
      var advice: String?
      if case .askingWebProxy = step, configuration.webProxy?.usesTLS == false {
        advice = "if it wants TLS, it must be named with https://"
      }
      fail(stepName + " did not come: " + failure.reason, advice: advice)
    } else {
      judge(isComplete: true)
      if stream != nil { fail(stepName + " is cut short: " + failure.reason) }
    }
  }

  /// - Parameter isComplete: no more of the answer will come, or is waited for.
  private func judge(isComplete: Bool) {
    let received = response
    switch step {
    case .askingWebProxy(let handshake): judge(handshake.parse(received.span))
    case .upgrading(let handshake), .readingRefusal(let handshake):
      judge(handshake.parse(received.span), isComplete: isComplete)
    case .idle, .lookingUpLocal, .lookingUp, .connecting, .openingWebProxyTLS, .openingTLS: break
    }
  }

  private func readRefusal() {
    guard case .upgrading(let handshake) = step else { return }
    step = .readingRefusal(handshake)
    cancelTimer()
    timer = network.schedule(at: network.now + Self.bodyTimeout, self, tag: 0)
  }

  private func judge(
    _ outcome: ClientHandshake.Outcome, isComplete: Bool
  ) {
    switch outcome {
    case .needMore: break
    case .violation(let reason): fail(reason, advice: Refusal.adviceOnStranger)
    case .refused(let status, let reason, let head, let byteCount):
      let body = ResponseBody(
        status: status, head: head, bytes: response.dropFirst(byteCount))
      if !isComplete && !body.isWhole {
        advance(.refusalBegan)
        return
      }
      let refusal = Refusal(
        role: configuration.role, status: status, reason: reason, words: body.text,
        channelID: head.value("channel-id"), retryAfterSeconds: head.retryAfterSeconds)
      drop()
      handler?.dialer(self, refused: refusal)
    case .accepted(let head, let subprotocol, let agreed, let byteCount):
      guard let stream = secure else { return }
      let compression = agreed.flatMap {
        MessageCompression(
          $0, role: .client, memoryLevel: configuration.settings.compressionMemoryLevel)
      }
      if agreed != nil && compression == nil {
        fail("there is no memory for the compression that was agreed on", advice: "")
        return
      }
      for field in head.fields {
        log.responseField(field: field.name, value: field.value)
      }
      let early = Array(response.dropFirst(byteCount))
      secure = nil
      transport = nil
      stream.interest = []
      drop()
      // The requests are gone. What is freed from here on is the clients'.
      network.wipesFreedMemory = false
      handler?.dialer(
        self, opened: stream, head: head, subprotocol: subprotocol, compression: compression,
        early: early)
    }
  }
}
