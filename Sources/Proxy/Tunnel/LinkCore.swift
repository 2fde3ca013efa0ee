import Basics
import WebSocket

/// What the link's core asks of the stream below it. Asking changes nothing.
package protocol LinkTransport: AnyObject {
  /// The next frame is taken.
  var takesFrame: Bool { get }
  /// Bytes of frames that wait for the system to take them.
  var unsentByteCount: Int { get }
  var transportState: TransportState { get }
}

/// A WebSocket after its handshake, as a value that decides: which control frame goes out when, when a message may, when
/// there is something to be read, whether the peer is still there, and how it all ends (`ClosingHandshake`).
///
///     facts ─ handle ─▶ LinkCore ─ next ─▶ orders ─▶ stream and handler
///
/// Facts go in, in the past tense; orders come out until there is none. If nothing happens until `deadline`,
/// `Event.deadlineCame` is due. The octets stay with others: what comes with `MessageReceiver`, what goes with the frame
/// that is built.
package struct LinkCore: ~Copyable {
  /// Pieces of compressed payload restored in one go, 1 MiB in all.
  private static let piecesPerTurnMax = 1024 * 1024 / FrameReceiver.restoredByteCountMax

  package enum Event {
    /// Octets came, whatever they are.
    case received
    // What they were.
    case pingCame([UInt8])
    case pongCame([UInt8])
    case closeCame(CloseFrame)
    case violated(CloseCode, reason: String)
    /// Part of a compressed message was restored.
    case restored
    /// The stream has ended, or broke.
    case lost
    case closeRequested(CloseFrame, within: Milliseconds)
    /// The owner wants to see no more messages for now, or goes on.
    case readingStopped
    case readingResumed
    case deadlineCame
  }

  package enum Order {
    case send(Opcode, [UInt8])
    /// A ping of the heartbeat was answered.
    case report(roundTrip: Milliseconds)
    /// Nothing more is sent.
    case finishSending
    /// The last one: close the stream.
    indirect case end(ClosingHandshake.End)
  }

  private var closing = ClosingHandshake.open
  private var heartbeat: Heartbeat?
  private var pacer: Pacer
  /// When the heartbeat's period ends.
  private var beatAt: Instant?

  // Control frames that go out before any message, in this order.
  private var pong: [UInt8]?
  private var needsPing = false
  private var close: CloseFrame?
  /// The last of them went out, and nothing follows.
  private var hasFinished = false

  /// A ping of the heartbeat is to be sent; and when the last one was.
  private var isBeatDue = false
  private var beatSentAt: Instant?
  private var roundTrip: Milliseconds?
  /// Of the last ping that was answered.
  private var lastRoundTrip: Nanoseconds?
  package private(set) var isEnded = false

  package private(set) var isPaused = false
  /// Other events come first, until then, before more is restored and read.
  private var restsUntil: Instant?
  private var pieceCount = 0

  /// The owner is to be told when a message may be sent.
  package var wantsRoom = false

  /// - Parameter heartbeat: finds out whether the peer is there; its first period begins now.
  package init(_ heartbeat: Heartbeat?, _ pacer: consuming Pacer, now: Instant) {
    self.heartbeat = heartbeat
    self.pacer = pacer
    beatAt = heartbeat.map { now + $0.period }
  }

  package var isOpen: Bool { closing.isOpen }
  /// Nothing behind a violation counts (RFC 6455 §7.1.7).
  private var isReading: Bool { !closing.isLeaving && !closing.isOver }
  /// What comes is to be received, and what is here to be looked at.
  @inline(__always) package var receives: Bool { isReading && !isPaused && restsUntil == nil }

  // MARK: Facts

  package mutating func handle(_ event: Event, now: Instant, _ transport: some LinkTransport) {
    switch event {
    case .received:
      heartbeat?.received()
      pieceCount = 0
    case .pingCame(let payload):
      // Only the newest ping needs an answer (RFC 6455 §5.5.3), so pings never queue up.
      if isOpen { pong = payload }
    case .pongCame(let payload):
      if let stamp = PingStamp(payload: payload, now: now) { ponged(stamp, now) }
    case .closeCame(let frame):
      if isOpen { close = frame.answer }
      end(.closeCame(frame), now)
    case .violated(let code, let reason):
      // There is one close frame.
      if isOpen { close = CloseFrame(code, reason: reason) }
      pong = nil
      end(.violated(reason: reason), now)
    case .restored:
      pieceCount += 1
      if pieceCount == Self.piecesPerTurnMax { restsUntil = now }
    case .lost: end(.lost, now)
    case .closeRequested(let frame, let timeout):
      if !isOpen { return }
      close = frame
      // The peer's may be among what is here already.
      if isPaused { restsUntil = now }
      isPaused = false
      end(.closeRequested(within: timeout), now)
    case .readingStopped:
      if isPaused || !isOpen { return }
      isPaused = true
      pacer.readingStopped()
    case .readingResumed:
      if !isPaused { return }
      isPaused = false
      pieceCount = 0
      pacer.readingResumed(now)
    case .deadlineCame: deadlineCame(now, transport)
    }
  }

  private mutating func end(_ event: ClosingHandshake.Event, _ now: Instant) {
    closing.handle(event, now: now)
  }

  private mutating func ponged(_ stamp: PingStamp, _ now: Instant) {
    lastRoundTrip = now - stamp.sentAt
    // Those of the pacer are too many for a log.
    if stamp.sentAt == beatSentAt { roundTrip = now.millisecondsRoundedUp(since: stamp.sentAt) }
    pacer.ponged(stamp, now: now)
    if pacer.wantsPing { needsPing = true }
  }

  private mutating func deadlineCame(_ now: Instant, _ transport: some LinkTransport) {
    if let restsUntil, restsUntil <= now {
      self.restsUntil = nil
      pieceCount = 0
    }
    if let deadline = closing.deadline, deadline <= now { end(.timeOver, now) }
    if let beatAt, beatAt <= now { beat(now, transport) }
  }

  /// Another period of silence, perhaps the last.
  private mutating func beat(_ now: Instant, _ transport: some LinkTransport) {
    guard let heartbeat, isOpen else {
      beatAt = nil
      return
    }
    beatAt = now + heartbeat.period
    let isAlive = self.heartbeat?.periodEnded(
      isReading: !isPaused, hasUnsent: transport.unsentByteCount > 0,
      awaitsPong: pacer.awaitsPong, transport: transport.transportState)
    if isAlive == false {
      end(.silenceCame, now)
    } else {
      needsPing = true
      isBeatDue = true
    }
  }

  // MARK: What there is to do

  package mutating func next(now: Instant, _ transport: some LinkTransport) -> Order? {
    if isEnded { return nil }
    if let roundTrip {
      self.roundTrip = nil
      return .report(roundTrip: roundTrip)
    }
    if hasControlFrame && transport.takesFrame, let order = nextFrame(now) { return order }
    if closing.isLeaving && close == nil {
      if !hasFinished {
        hasFinished = true
        return .finishSending
      }
      if transport.unsentByteCount == 0 { end(.frameTaken, now) }
    }
    guard case .over(let end) = closing else { return nil }
    isEnded = true
    return .end(end)
  }

  /// Something waits to go out before any message.
  private var hasControlFrame: Bool { pong != nil || needsPing || close != nil }

  private mutating func nextFrame(_ now: Instant) -> Order? {
    if let payload = pong {
      pong = nil
      return .send(.pong, payload)
    }
    if needsPing {
      needsPing = false
      if isOpen { return .send(.ping, pinged(now)) }
    }
    guard let frame = close else { return nil }
    close = nil
    return .send(.close, frame.payload)
  }

  private mutating func pinged(_ now: Instant) -> [UInt8] {
    if isBeatDue { beatSentAt = now }
    isBeatDue = false
    return PingStamp(sentAt: now, sentByteCount: pacer.pinged()).payload
  }

  // MARK: Messages

  /// A message may be sent now.
  @inline(__always) package func hasRoom(now: Instant, _ transport: some LinkTransport) -> Bool {
    isOpen && !hasControlFrame && transport.takesFrame && pacer.readyAt(now) == nil
  }

  /// Payload of a message's frame, at the most, for the sake of what is more urgent than it.
  @inline(__always) package var frameByteCountMax: Int { pacer.frameByteCountMax }

  /// What the last answered ping took, and how long it queued, in nanoseconds, and what may be on the way; nil where none
  /// is known.
  package var status: (roundTrip: Int64?, queueTime: Int64?, windowByteCount: Int64?) {
    (lastRoundTrip?.count, pacer.queueTime?.count, pacer.windowByteCount)
  }

  /// A message of so many bytes went out.
  /// - Returns: a ping is to follow.
  package mutating func sent(_ byteCount: Int, now: Instant) -> Bool {
    pacer.sent(byteCount, now: now)
    if !isOpen || !pacer.wantsPing { return false }
    needsPing = true
    return true
  }

  // MARK: What to wait for

  package struct Wait: Equatable {
    /// For room in the stream, too.
    package let isForRoom: Bool
    /// Until then, if nothing else happens.
    package let deadline: Instant?
  }

  /// What to wait for before `next` has more. A message may wait for its time rather than for room.
  @inline(__always) package func wait(now: Instant) -> Wait {
    let end = Instant.earliest(closing.deadline, restsUntil)
    if !isOpen { return Wait(isForRoom: hasControlFrame || closing.isLeaving, deadline: end) }
    let paced = wantsRoom ? pacer.readyAt(now) : nil
    return Wait(
      isForRoom: hasControlFrame || wantsRoom && paced == nil,
      deadline: .earliest(.earliest(end, beatAt), paced))
  }

  // MARK: Invariants

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the link's core")
    faults.unless(isEnded == closing.isOver, "it is over, and nobody was told")
    faults.unless(!isPaused || isOpen || isEnded || closing.isLeaving, "paused while it closes")
    faults.unless(!isOpen || heartbeat == nil || beatAt != nil, "the heart has stopped")
    faults.unless(roundTrip == nil, "a round trip is not told of")
    return faults.first
  }
}
