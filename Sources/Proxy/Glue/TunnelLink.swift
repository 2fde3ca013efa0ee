import Basics
import Reactor
import Tunnel
import WebSocket

/// Whoever speaks the tunnel's protocol over a link.
public protocol TunnelLinkHandler: AnyObject {
  /// A whole message; `bytes` lend its encoded form for the time of the call.
  /// - Returns: false when the message was not taken: it comes again after `resume`.
  func link(_ link: TunnelLink, received message: Message, in bytes: Span<UInt8>) -> Bool
  /// `wantsRoom` was set, and there is room now.
  func linkHasRoom(_ link: TunnelLink)
  /// The WebSocket is over. Nothing more comes from this link.
  func link(_ link: TunnelLink, ended end: TunnelLink.End)
}

/// A WebSocket after its handshake, and the tunnel's messages inside of it; either role: does what `LinkCore` says, with
/// the stream.
///
/// Inbound, `MessageReceiver` says what came. Outbound, one frame is built at a time in a buffer with headroom, and
/// handed to the stream whole. The link reads nothing while it is paused, so what a slow reader does not take stays with
/// the sender.
public final class TunnelLink: StreamHandler, TimerHandler, LinkTransport {
  public enum End {
    /// The peer closed the WebSocket; the code is 1005 when it gave none.
    case closed(CloseCode, reason: String)
    /// Our own close was answered, or not answered in time.
    case completed
    /// The peer broke the protocol; it was told so.
    case violation(reason: String)
    case failed(StreamFailure)
    /// Nothing came for three ping periods.
    case silent
  }

  let network: any Network
  let stream: any SecureStream
  let role: WebSocketRole
  let limits: LinkLimits
  private let log: Log
  let compression: MessageCompression?
  var core: LinkCore
  private var inbound: MessageReceiver
  var outgoing = OutgoingFrame()
  var maskingKeys = MaskingKeySource()
  private var timer = DeadlineTimer()
  /// How the stream broke.
  private var failure: StreamFailure?
  public var handler: (any TunnelLinkHandler)?

  /// Bytes received so far, and bytes of messages sent.
  public private(set) var receivedByteCount: Int64 = 0
  public internal(set) var sentByteCount: Int64 = 0

  /// Takes over an open stream behind the opening handshake.
  /// - Parameters:
  ///   - compression: what was agreed on; nil when a compressed message is a violation.
  ///   - early: what came behind the handshake's last octet.
  ///   - heartbeat: finds out whether the peer is there.
  public init(
    network: any Network, stream: any SecureStream, role: WebSocketRole,
    limits: LinkLimits = LinkLimits(), compression: MessageCompression? = nil, early: [UInt8],
    heartbeat: Heartbeat? = nil, pacer: consuming Pacer = Pacer(), log: Log
  ) {
    self.network = network
    self.stream = stream
    self.role = role
    self.limits = limits
    self.log = log
    self.compression = compression
    core = LinkCore(heartbeat, pacer, now: network.now)
    inbound = MessageReceiver(
      role: role, limits: limits, inflater: compression?.inflater, early: early)
  }

  /// Starts to read.
  public func start() {
    stream.handler = self
    if !inbound.isEmpty { readOn() }
    settle()
  }

  // MARK: Receiving

  var isPaused: Bool { core.isPaused }

  /// Goes on after a pause: first with what is here already. Not from inside of `received`, unless nothing is paused.
  public func resume() {
    if !core.isPaused { return }
    tell(.readingResumed)
    readOn()
    tellOfRoom()
    settle()
  }

  /// Shows no more messages until `resume`, and reads nothing more.
  public func pause() {
    if core.isPaused { return }
    tell(.readingStopped)
    settle()
  }

  public func streamOpened() {}

  public func streamFailed(_ failure: StreamFailure) { lose(failure) }

  public func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { goOn() }
    if !readiness.contains(.readable) { return }
    var left = limits.inboundByteCountMax
    while left >= 0 && core.receives { left = receive(left) }
  }

  /// Receives once. What fills all the room may have more behind it.
  /// - Parameter left: bytes that this turn may still bring.
  /// - Returns: the same afterwards; negative when there is no more, or enough was brought.
  private func receive(_ left: Int) -> Int {
    var room = 0
    switch inbound.withRoom({ region in
      room = region.count
      return stream.receive(into: &region)
    }) {
    case .bytes(let count):
      inbound.advance(count)
      receivedByteCount += Int64(count)
      tell(.received)
      readOn()
      tellOfRoom()
      settle()
      if count == room { return left - count }
    case .wouldBlock: break
    case .endOfStream: lose(.unexpectedEnd)
    case .failed(let failure): lose(failure)
    }
    return -1
  }

  /// Works through what has come until it runs out or somebody pauses.
  private func readOn() {
    while core.receives {
      switch inbound.next() {
      case .needMore: return
      case .message:
        takeMessage()
        // What the handler wanted has been done.
        continue
      case .restored: tell(.restored)
      case .ping(let payload): tell(.pingCame(payload))
      case .pong(let payload): tell(.pongCame(payload))
      case .close(let close): tell(.closeCame(close))
      case .violation(let code, let reason): tell(.violated(code, reason: reason))
      }
      obey()
    }
  }

  /// After our own close nothing is shown any more.
  private func takeMessage() {
    if core.isOpen {
      switch inbound.withMessage({ show($0) }) {
      case .success(true): break
      case .success(false):
        tell(.readingStopped)
        return
      case .failure(let error):
        violate("a message that cannot be read: %".with(error.reason))
        return
      }
    }
    inbound.consumeMessage()
  }

  private func show(_ bytes: Span<UInt8>) -> Result<Bool, MessageError> {
    do {
      let message = try Message.parse(bytes)
      return .success(handler?.link(self, received: message, in: bytes) ?? true)
    } catch {
      return .failure(error)
    }
  }

  // MARK: Facts and orders

  private func tell(_ event: LinkCore.Event) { core.handle(event, now: network.now, self) }

  /// Does all there is to do now.
  func obey() {
    while let order = core.next(now: network.now, self) {
      switch order {
      case .send(let opcode, let payload): sendControlFrame(opcode, payload)
      case .report(let roundTrip):
        log.roundTrip(timeMs: roundTrip.count.decimal)
      case .finishSending: stream.finishSending()
      case .end(let end): self.end(end)
      }
    }
  }

  /// Room came, or time has passed.
  private func goOn() {
    obey()
    tellOfRoom()
    settle()
  }

  private func tellOfRoom() {
    if !core.wantsRoom || !hasRoom { return }
    core.wantsRoom = false
    handler?.linkHasRoom(self)
  }

  /// Waits for what is to come next.
  func settle() {
    if core.isEnded { return }
    let wait = core.wait(now: network.now)
    var interest: Readiness = core.receives ? .readable : []
    if wait.isForRoom { interest.insert(.writable) }
    stream.interest = interest
    timer.set(wait.deadline, on: network, self)
  }

  public func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell(.deadlineCame)
    readOn()
    goOn()
  }

  package var takesFrame: Bool { stream.hasRoom }
  package var unsentByteCount: Int { stream.unsentByteCount }
  package var transportState: TransportState { stream.transportState }

  // MARK: Ending

  /// Begins the closing handshake (RFC 6455 §7.1.2); `ended(.completed)` follows, within `timeout` at the latest.
  public func close(
    _ code: CloseCode, reason: String, within timeout: Milliseconds = ClosingHandshake.timeout
  ) {
    tell(.closeRequested(CloseFrame(code, reason: reason), within: timeout))
    obey()
    settle()
  }

  /// Closes the WebSocket because its handler found a message at fault.
  public func violate(_ reason: String) {
    tell(.violated(.protocolError, reason: reason))
    obey()
    settle()
  }

  /// Drops the link without a word; the handler hears nothing more.
  public func abandon() {
    handler = nil
    tell(.lost)
    obey()
  }

  func lose(_ failure: StreamFailure) {
    self.failure = failure
    tell(.lost)
    obey()
  }

  private func end(_ end: ClosingHandshake.End) {
    timer.set(nil, on: network, self)
    stream.close()
    let owner = handler
    handler = nil
    owner?.link(self, ended: End(end, failure))
  }

  // MARK: Invariants

  var isOpen: Bool { core.isOpen }

  /// Timers that it knows of.
  var heldTimerCount: Int { timer.due == nil ? 0 : 1 }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the link")
    let now = network.now
    if core.isEnded {
      faults.unless(timer.due == nil, "a timer outlives the link")
      return faults.first
    }
    let interest = stream.interest
    faults.unless(core.receives == interest.contains(.readable), "reads or does not, wrongly")
    // When the timer is due, the core has more to say than it had.
    if timer.due.map({ $0 > now }) ?? true {
      let wait = core.wait(now: now)
      faults.unless(wait.isForRoom == interest.contains(.writable), "room is not waited for, or is")
      faults.unless(wait.deadline == timer.due, "the timer is not the core's")
    }
    faults.take(core.checkInvariants())
    return faults.first
  }
}

extension TunnelLink.End {
  init(_ end: ClosingHandshake.End, _ failure: StreamFailure?) {
    switch end {
    case .closed(let code, let reason): self = .closed(code, reason: reason)
    case .completed: self = .completed
    case .violation(let reason): self = .violation(reason: reason)
    case .silent: self = .silent
    case .lost: self = .failed(failure ?? .unexpectedEnd)
    }
  }
}
