import Basics
import Reactor
import Tunnel
import WebSocket

/// Whoever speaks the tunnel's protocol over a link.
public protocol TunnelLinkHandler: AnyObject {
  /// A whole message; `bytes` lend its encoded form for the time of the call.
  func link(
    _ link: TunnelLink, received message: Message, in bytes: Span<UInt8>
  ) -> TunnelLink.Disposition
  /// `wantsRoom` was set, and there is room now.
  func linkHasRoom(_ link: TunnelLink)
  /// The WebSocket is over. Nothing more comes from this link.
  func link(_ link: TunnelLink, ended end: TunnelLink.End)
}

/// A WebSocket after its handshake, and the tunnel's messages inside of it; either role.
///
/// Inbound, the payload of the WebSocket's binary messages is one stream of tunnel messages, wherever the frames
/// and messages of the WebSocket begin and end in it. Outbound, one frame is built at a time in a buffer with
/// headroom, and handed to the stream whole. The link reads nothing while it is paused, so what a slow
/// reader does not take stays with the sender. With compression a few bytes may become many: they are restored
/// piece by piece, and after so many pieces the loop's other events come first.
public final class TunnelLink: StreamHandler, TimerHandler {
  /// By how many bytes a compressed payload may be longer than it was.
  static let compressionExcessMax = 32
  /// Pieces of compressed payload restored in one go, 1 MiB in all.
  private static let piecesPerTurnMax = 1024 * 1024 / FrameReceiver.restoredByteCountMax
  /// How long the peer may take to answer our close frame, or to take it behind what it has not read.
  public static let closeTimeout = Milliseconds(2_000)

  public enum Disposition {
    case next
    /// The message was taken; show no more until `resume`.
    case pause
    /// The message was not taken; pause, and show it again after `resume`.
    case hold
  }

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

  /// How long things may be.
  public struct Limits: Sendable {
    /// Payload of an inbound frame.
    public var framePayloadLengthMax = Message.framePayloadLengthMax
    /// An inbound message, without its length prefix.
    public var messageByteCountMax = Message.byteCountMax
    /// Bytes of the inbound queue: a message as long as can be, and room for a good receive behind it.
    public var inboundByteCountMax = 2 * (Message.prefixByteCount + Message.byteCountMax)

    public init() {}

    /// Bytes made for each receive.
    var receiveByteCountMin: Int {
      max(inboundByteCountMax - Message.prefixByteCount - Message.byteCountMax, 16 * 1024)
    }
  }

  /// `leaving` reads nothing more and waits until the peer has been told of its violation.
  enum State { case open, closing, leaving, ended }
  private enum TimerTag: Int { case ping, close, rest, pace }

  let network: any Network
  let stream: any SecureStream
  let role: WebSocketRole
  let limits: Limits
  private let log: Log
  let compression: MessageCompression?
  var state = State.open
  private var inbound: FrameReceiver
  var isPaused = false
  /// Other events come first, before more is restored and read.
  private(set) var isResting = false
  private var hasPonged = false
  var outgoing = OutgoingFrame()
  var maskingKeys = MaskingKeySource()
  /// Frames that go out before any message: a close frame, the answer to the newest ping.
  var pendingPong: [UInt8]?
  var pendingPing: [UInt8]?
  var pendingClose: [UInt8]?
  private var heartbeat: Heartbeat?
  private var pingTimer: TimerID?
  /// When the last ping of the heartbeat was sent.
  private var beatAt: Instant?
  private var closeTimer: TimerID?
  /// What the peer did wrong; that is how the link ends then.
  private var violation: String?
  private var restTimer: TimerID?
  var paceTimer: (id: TimerID, due: Instant)?
  var pacer = Pacer()
  public var handler: (any TunnelLinkHandler)?

  /// Ask to be told by `linkHasRoom`; cleared by that.
  public var wantsRoom = false {
    didSet { if wantsRoom != oldValue { updateInterest() } }
  }

  /// Bytes received so far, and bytes of messages sent.
  public internal(set) var receivedByteCount = 0
  public internal(set) var sentByteCount = 0

  /// Takes over an open stream behind the opening handshake.
  /// - Parameters:
  ///   - compression: what was agreed on; nil when a compressed message is a violation.
  ///   - early: what came behind the handshake's last octet.
  public init(
    network: any Network, stream: any SecureStream, role: WebSocketRole, limits: Limits = Limits(),
    compression: MessageCompression? = nil, early: [UInt8], log: Log
  ) {
    self.network = network
    self.stream = stream
    self.role = role
    self.limits = limits
    self.log = log
    self.compression = compression
    inbound = FrameReceiver(
      role: role, payloadLengthMax: limits.framePayloadLengthMax, inflater: compression?.inflater)
    inbound.reserve(max(limits.inboundByteCountMax, early.count))
    inbound.append(early)
  }

  /// Starts to read, to find out whether the peer is there if there is a heartbeat, and to pace what is
  /// sent as the pacer says.
  public func start(_ heartbeat: Heartbeat?, _ pacer: consuming Pacer = Pacer()) {
    stream.handler = self
    self.heartbeat = heartbeat
    self.pacer = pacer
    schedulePing()
    if !inbound.isEmpty { process() }
    updateInterest()
  }

  // MARK: Receiving

  /// Goes on after a pause: first with what is here already. Not from inside of `received`, where nothing is paused.
  public func resume() {
    if !isPaused || state == .ended { return }
    isPaused = false
    pacer.readingResumed(network.now)
    process()
    updateInterest()
  }

  /// Shows no more messages until `resume`, and reads nothing more.
  public func pause() {
    if isPaused || state != .open { return }
    isPaused = true
    updateInterest()
  }

  public func streamOpened() {}

  public func streamFailed(_ failure: StreamFailure) { end(.failed(failure)) }

  public func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { roomCame() }
    if readiness.contains(.readable) && isReading && !isPaused && !isResting { receive() }
  }

  /// Nothing behind a violation counts (RFC 6455 §7.1.7).
  var isReading: Bool { state == .open || state == .closing }

  private func receive() {
    inbound.reserve(limits.receiveByteCountMin)
    switch inbound.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count):
      inbound.advance(count)
      receivedByteCount += count
      heartbeat?.received()
      process()
      updateInterest()
    case .wouldBlock: break
    case .endOfStream: end(state == .closing ? .completed : .failed(.unexpectedEnd))
    case .failed(let failure): end(state == .closing ? .completed : .failed(failure))
    }
  }

  /// Works through what has come until it runs out or somebody pauses. What pongs make room for is told once.
  private func process() {
    dispatch()
    if !hasPonged { return }
    hasPonged = false
    roomCame()
  }

  private func dispatch() {
    var pieceCount = 0
    while isReading {
      if isPaused || isResting || !dispatchMessages() { return }
      switch inbound.next() {
      case .needMore: return
      case .message(.text, _):
        violate(.unsupportedData, reason: "a text frame, where only binary ones are allowed")
      case .message: break
      case .payload:
        if compression == nil { break }
        pieceCount += 1
        if pieceCount == Self.piecesPerTurnMax { rest() }
      case .ping(let payload):
        // Only the newest ping needs an answer (RFC 6455 §5.5.3), so pings never queue up.
        if state == .open { pendingPong = payload }
        sendControl()
      case .pong(let payload):
        if let stamp = PingStamp(payload: payload, now: network.now) { ponged(stamp) }
      case .close(let close): handleClose(close)
      case .violation(let violation): violate(violation.statusCode, reason: violation.reason)
      }
    }
  }

  private func rest() {
    isResting = true
    restTimer = network.schedule(at: network.now, self, tag: TimerTag.rest.rawValue)
  }

  /// Shows the whole messages at the payload's front to the handler; false when that paused or ended it.
  private func dispatchMessages() -> Bool {
    while inbound.payloadByteCount >= Message.prefixByteCount {
      let length = inbound.withPayload { Int($0[0]) << 8 | Int($0[1]) }
      let total = Message.prefixByteCount + length
      if length > limits.messageByteCountMax {
        violate(
          .messageTooBig,
          reason:
            "a message of % bytes; message.max_size allows %".with(
              length.decimal, limits.messageByteCountMax.decimal))
        return false
      }
      if inbound.payloadByteCount < total { return true }
      if state == .open {
        switch inbound.withPayload({ show($0.extracting(Message.prefixByteCount..<total)) }) {
        case .success(.next): break
        case .success(.pause): isPaused = true
        case .success(.hold):
          isPaused = true
          return false
        case .failure(let error):
          violate(.protocolError, reason: "a message that cannot be read: %".with(error.reason))
          return false
        }
        if !isReading { return false }
      }
      inbound.consume(total)
      if isPaused { return false }
    }
    return true
  }

  private func show(_ bytes: Span<UInt8>) -> Result<Disposition, MessageError> {
    do {
      let message = try Message.parse(bytes)
      return .success(handler?.link(self, received: message, in: bytes) ?? .next)
    } catch {
      return .failure(error)
    }
  }

  private func handleClose(_ close: CloseFrame) {
    if state == .open {
      pendingClose = close.answer.payload
      sendControl()
    }
    end(state == .closing ? .completed : .closed(close.code, reason: close.reason))
  }

  // MARK: Keeping alive

  public func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.pace.rawValue {
      paceTimer = nil
      roomCame()
      return
    }
    if tag == TimerTag.close.rawValue {
      closeTimer = nil
      end(.completed)
    } else if tag == TimerTag.rest.rawValue {
      restTimer = nil
      isResting = false
      process()
      updateInterest()
    } else {
      pingTimer = nil
      if state == .open { beat() }
    }
  }

  /// Another period of silence, perhaps the last.
  private func beat() {
    let isAlive = heartbeat?.periodEnded(
      isReading: !isPaused, hasUnsent: stream.unsentByteCount > 0,
      awaitsPong: pacer.awaitsPong, transport: stream.transportState)
    if isAlive == false {
      end(.silent)
      return
    }
    ping()
    beatAt = network.now
    if state == .open { schedulePing() }
  }

  func ping() {
    let sentByteCount = pacer.pinged()
    pendingPing = PingStamp(sentAt: network.now, sentByteCount: sentByteCount).payload
    sendControl()
  }

  private func ponged(_ stamp: PingStamp) {
    // Those of the pacer are too many for a log.
    if stamp.sentAt == beatAt {
      let roundTrip = network.now.millisecondsRoundedUp(since: stamp.sentAt)
      log.debug("Pong reply latency: % ms".with(roundTrip.count.decimal))
    }
    pacer.ponged(arrived: stamp.sentByteCount, sentAt: stamp.sentAt, now: network.now)
    if pacer.wantsPing && state == .open { ping() }
    hasPonged = true
  }

  /// Sees to it that `roomCame` is called when the pacer allows the next message.
  func schedulePace(at ready: Instant) {
    if let paceTimer {
      if paceTimer.due <= ready { return }
      network.cancel(paceTimer.id)
    }
    paceTimer = (network.schedule(at: ready, self, tag: TimerTag.pace.rawValue), ready)
  }

  private func schedulePing() {
    guard let heartbeat else { return }
    pingTimer = network.schedule(
      at: network.now + heartbeat.period, self, tag: TimerTag.ping.rawValue)
  }

  // MARK: Ending

  /// Begins the closing handshake (RFC 6455 §7.1.2); `ended(.completed)` follows, within `timeout` at the latest.
  public func close(
    _ code: CloseCode, reason: String, within timeout: Milliseconds = TunnelLink.closeTimeout
  ) {
    if state != .open { return }
    pendingClose = CloseFrame(code, reason: reason).payload
    state = .closing
    isPaused = false
    closeTimer = network.schedule(
      at: network.now + min(timeout, Self.closeTimeout), self, tag: TimerTag.close.rawValue)
    sendControl()
  }

  /// Drops the link without a word; the handler hears nothing more.
  public func abandon() {
    handler = nil
    end(.completed)
  }

  /// Tells the peer, and ends. What waits in the stream is lost when that is closed, and a close frame behind it, so
  /// the peer is given some time to take it.
  private func violate(_ code: CloseCode, reason: String) {
    if !isReading { return }
    let isBehindOthers = stream.unsentByteCount > 0
    // There is one close frame.
    if state == .open { pendingClose = CloseFrame(code, reason: reason).payload }
    state = .leaving
    violation = reason
    pendingPong = nil
    sendControl()
    if !isBehindOthers { end(.completed) }
    if state == .leaving && closeTimer == nil {
      closeTimer = network.schedule(
        at: network.now + Self.closeTimeout, self, tag: TimerTag.close.rawValue)
    }
  }

  /// Closes the WebSocket because its handler found a message at fault.
  public func violate(_ reason: String) { violate(.protocolError, reason: reason) }

  func end(_ end: End) {
    if state == .ended { return }
    state = .ended
    if let pingTimer { network.cancel(pingTimer) }
    if let closeTimer { network.cancel(closeTimer) }
    if let restTimer { network.cancel(restTimer) }
    if let paceTimer { network.cancel(paceTimer.id) }
    paceTimer = nil
    pingTimer = nil
    closeTimer = nil
    restTimer = nil
    stream.close()
    let owner = handler
    handler = nil
    owner?.link(self, ended: violation.map { .violation(reason: $0) } ?? end)
  }

  // MARK: Invariants

  var isOpen: Bool { state == .open }

  /// Timers that it knows of.
  var heldTimerCount: Int {
    [pingTimer, closeTimer, restTimer, paceTimer?.id].count { $0 != nil }
  }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the link")
    let interest = state == .ended ? [] : stream.interest
    let hasControl = pendingPong != nil || pendingPing != nil || pendingClose != nil
    let mayRead = isReading && !isPaused && !isResting
    faults.unless(
      state == .ended || mayRead == interest.contains(.readable), "reads or does not, wrongly")
    faults.unless(isResting == (restTimer != nil), "rests for ever")
    faults.unless(
      state != .open || !wantsRoom || interest.contains(.writable) || paceTimer != nil,
      "waits for room that nobody will tell of")
    faults.unless(
      !isReading || !hasControl || interest.contains(.writable), "a control frame is forgotten")
    faults.unless(
      state != .open || heartbeat == nil || pingTimer != nil, "the heart has stopped")
    faults.unless(
      state != .closing && state != .leaving || closeTimer != nil, "it waits for the end for ever")
    faults.unless(
      state != .ended
        || pingTimer == nil && closeTimer == nil && restTimer == nil
          && paceTimer == nil,
      "a timer outlives the link")
    return faults.first
  }
}
