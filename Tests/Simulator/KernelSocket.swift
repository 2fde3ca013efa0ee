import Basics
import Glibc
import Reactor

/// One end of a connection as the system has it, with or without a program that holds it.
///
///     program ─send─▶ outgoing ─segments, in time─▶ the peer's received ─receive─▶ program
///
/// Bytes in `outgoing` are the sender's until they have arrived; they arrive as far as the receiver's window is open.
/// A socket whose program has closed it goes on until what was sent has arrived, and answers what still comes with a
/// reset, which also discards what it was still sending: as Linux does.
final class KernelSocket: TimerHandler {
  private enum TimerTag: Int { case arrival, reset, patience, established, refused, noAnswer }

  enum State { case connecting, open, closed }

  private enum Segment {
    case bytes(Int)
    case end
  }

  let world: World
  let machine: Machine
  let path: Path
  /// The end that has asked for the connection: its bytes go forward on the path.
  let isInitiator: Bool
  let address: SocketAddress
  /// The program's process; nil once it has closed the socket or is gone.
  private(set) weak var owner: SimulatedNetwork?
  /// The program's descriptor of it.
  weak var stream: SimulatedStream?
  private(set) var peer: KernelSocket?
  private(set) var state: State
  private let sendByteCountMax: Int
  private let receiveByteCountMax: Int

  private var outgoing = ByteQueue()
  /// A slice, as the first of many leaves it at no cost.
  private var segments: ArraySlice<(content: Segment, due: Instant)> = []
  private var received = ByteQueue()
  /// The peer's end has arrived.
  private(set) var isEnded = false
  private(set) var hasFinished = false
  private(set) var error: SystemError?
  /// A reset was seen or sent: nothing more arrives.
  private var isReset = false
  /// The machine or the program at this end has vanished: it answers nothing.
  private(set) var isVanished = false
  /// It is back, without any knowledge of this connection: whatever comes is answered with a reset.
  private var isUnknown = false
  private(set) var acknowledgedByteCount: UInt64 = 0
  private var arrivalTimer: TimerID?
  private var patienceTimer: TimerID?
  private var connectTimer: TimerID?

  /// When it last heard of the peer, and when something last arrived there.
  private var heardAt: Instant
  private var progressAt: Instant
  var userTimeout: Milliseconds?
  /// What its program wants to have waiting here, at the most; nil for what there is room for.
  var shortQueueByteCount: Int?
  var keepalive: Keepalive?
  /// A close is a reset until the direction has ended in good order.
  var abortsOnClose = true
  /// Its program has cut it off.
  private(set) var isAborted = false
  /// Bytes that a test lets it take before it is full; nil for as many as there is room for.
  var roomLeft: Int? { didSet { wakeOwner() } }

  init(
    world: World, machine: Machine, path: Path, isInitiator: Bool, address: SocketAddress,
    owner: SimulatedNetwork?, state: State
  ) {
    self.world = world
    self.machine = machine
    self.path = path
    self.isInitiator = isInitiator
    self.address = address
    self.owner = owner
    self.state = state
    sendByteCountMax = world.random.size(world.bufferByteCounts)
    receiveByteCountMax = world.random.size(world.bufferByteCounts)
    heardAt = world.now
    progressAt = world.now
    world.sockets.append(Weak(self))
  }

  /// Two ends of one connection on a machine, as `socketpair` makes them.
  static func pair(
    _ one: SimulatedNetwork, _ other: SimulatedNetwork
  ) -> (KernelSocket, KernelSocket) {
    let ends = [one, other].map { network in
      KernelSocket(
        world: network.world, machine: network.machine,
        path: network.world.path(network.machine, network.machine), isInitiator: network === one,
        address: SocketAddress(path: "standard streams"), owner: network, state: .open)
    }
    ends[0].peer = ends[1]
    ends[1].peer = ends[0]
    return (ends[0], ends[1])
  }

  /// The world is over.
  func forget() {
    peer = nil
    target = nil
    segments = []
  }

  func adopt(by owner: SimulatedNetwork) { self.owner = owner }

  private var now: Instant { world.now }

  private func wakeOwner() {
    stream?.noteChange()
    if let owner { world.wake(owner) }
  }

  // MARK: Connecting

  private var target: SimulatedListener?

  /// Asks the listener for a connection; `target` nil is answered with a refusal.
  func connect(to target: SimulatedListener?, isHung: Bool, isLate: Bool) {
    self.target = target
    // A request that nobody answers is sent a few times.
    connectTimer = world.timers.schedule(
      at: now + Milliseconds(127_000), handler: self, tag: TimerTag.noAnswer.rawValue)
    if isHung { return }
    let extra = isLate ? Milliseconds(Int64(world.random.number(100...8_000))) : Milliseconds(0)
    let due = path.arrival(of: 0, isForward: isInitiator, now: now, &world.random)
    _ = world.timers.schedule(
      at: Instant(nanoseconds: due.nanoseconds) + extra, handler: self,
      tag: TimerTag.established.rawValue)
  }

  private func askListener() {
    if state != .connecting { return }
    if path.isHalted(now) {
      retryConnecting()
      return
    }
    guard let target, !target.isClosed else {
      _ = world.timers.schedule(
        at: Instant(nanoseconds: now.nanoseconds + path.delay), handler: self,
        tag: TimerTag.refused.rawValue)
      return
    }
    // A full queue drops the request, which is sent again.
    guard target.hasRoom else {
      retryConnecting()
      return
    }
    establish(at: target.place, on: target.machine) { other in
      other.keepalive = target.keepalive
      target.enqueue(other)
    }
  }

  /// The connection stands.
  /// - Parameter take: gets the other end of it.
  @discardableResult
  func establish(
    at place: SocketAddress, on machine: Machine, _ take: (KernelSocket) -> Void
  ) -> KernelSocket {
    let other = KernelSocket(
      world: world, machine: machine, path: path, isInitiator: false,
      address: place, owner: nil, state: .open)
    other.peer = self
    peer = other
    state = .open
    if let connectTimer { world.timers.cancel(connectTimer) }
    connectTimer = nil
    heardAt = now
    take(other)
    wakeOwner()
    return other
  }

  private func retryConnecting() {
    if path.haltedUntil == .never { return }
    let due = max(path.haltedUntil ?? now, now) + Milliseconds(1_000)
    _ = world.timers.schedule(at: due, handler: self, tag: TimerTag.established.rawValue)
  }

  func failConnecting(_ code: Int32) {
    if state != .connecting { return }
    error = SystemError(code, "connect")
    wakeOwner()
  }

  // MARK: Readiness

  var isReadable: Bool { !received.isEmpty || isEnded || error != nil || isReset }
  var isWritable: Bool {
    if error != nil || isReset { return true }
    switch state {
    case .connecting: return false
    case .open: return hasFinished || roomForSending > 0
    case .closed: return true
    }
  }

  /// For a story.
  var text: String {
    "\(address.description) \(state), \(received.count) received, \(outgoing.count) outgoing"
      + (isEnded ? ", ended" : "") + (isReset ? ", reset" : "") + (hasFinished ? ", finished" : "")
      + (error.map { ", error \($0.code)" } ?? "")
  }

  var unacknowledgedByteCount: Int { outgoing.count }

  var isHoldingOff: Bool {
    guard let peer else { return false }
    return !outgoing.isEmpty && peer.window == 0 && !path.isHalted(now) && !peer.isVanished
  }

  /// The peer's program is on this machine and has closed the socket.
  var isPeerClosed: Bool {
    guard let peer else { return isReset }
    return peer.machine === machine && peer.state == .closed
  }

  /// Bytes that its peer may have on their way.
  var windowMax: Int { min(receiveByteCountMax, peer?.sendByteCountMax ?? 0) }
  private var window: Int { state == .closed ? 0 : receiveByteCountMax - received.count }

  // MARK: The program's calls

  func takeError() -> SystemError? {
    let taken = error
    error = nil
    if taken != nil { isReset = true }
    return taken
  }

  func receive(into region: inout MutableSpan<UInt8>, atMost limit: Int) -> Int {
    let count = min(region.count, received.count, limit)
    received.withReadable { bytes in
      for index in 0..<count { region[index] = bytes[index] }
    }
    received.consume(count)
    // The window opens.
    peer?.arrive()
    return count
  }

  var receivedByteCount: Int { received.count }
  var roomForSending: Int {
    hasFinished ? 0 : max(0, min(roomLeft ?? .max, sendByteCountMax - outgoing.count))
  }
  /// Nothing that is sent can be taken any more.
  var isBroken: Bool { isReset || hasFinished || state == .closed }

  func send(_ bytes: Span<UInt8>) {
    if outgoing.isEmpty { progressAt = now }
    outgoing.append(bytes)
    if let roomLeft { self.roomLeft = roomLeft - bytes.count }
    depart(.bytes(bytes.count))
    watchPatience()
  }

  func finishSending() {
    if hasFinished || isReset || state != .open { return }
    hasFinished = true
    abortsOnClose = false
    depart(.end)
  }

  private func depart(_ content: Segment) {
    var byteCount = 0
    if case .bytes(let count) = content { byteCount = count }
    var due = path.arrival(of: byteCount, isForward: isInitiator, now: now, &world.random)
    if let last = segments.last?.due, due < last { due = last }
    segments.append((content, due))
    if segments.count == 1 { scheduleArrival() }
  }

  private func scheduleArrival() {
    if arrivalTimer != nil { return }
    guard let first = segments.first, !isVanished else { return }
    var due = max(first.due, now)
    if let haltedUntil = path.haltedUntil, due < haltedUntil {
      if haltedUntil == .never { return }
      due = Instant(nanoseconds: haltedUntil.nanoseconds + path.delay)
    }
    arrivalTimer = world.timers.schedule(at: due, handler: self, tag: TimerTag.arrival.rawValue)
  }

  /// The path is alive again, or its halt has changed.
  func pathChanged() {
    if let arrivalTimer { world.timers.cancel(arrivalTimer) }
    arrivalTimer = nil
    scheduleArrival()
  }

  /// Lets arrive what is due, as far as the peer's window is open.
  private func arrive() {
    if path.isHalted(now) {
      scheduleArrival()
      return
    }
    guard let peer else { return }
    var hasArrived = false
    while let first = segments.first, first.due <= now {
      if peer.isVanished {
        // Nobody answers. What is sent stays unacknowledged.
        return
      }
      if peer.state == .closed || peer.isReset {
        // Nobody is there to take it.
        if case .bytes = first.content {
          peer.sendReset()
          break
        }
        segments.removeFirst()
        hasArrived = true
        continue
      }
      switch first.content {
      case .end:
        segments.removeFirst()
        peer.isEnded = true
        hasArrived = true
      case .bytes(let count):
        let taken = min(count, peer.window)
        if taken == 0 { break }
        outgoing.withReadable { peer.received.append($0.extracting(0..<taken)) }
        outgoing.consume(taken)
        acknowledgedByteCount += UInt64(taken)
        hasArrived = true
        if taken < count {
          segments[segments.startIndex].content = .bytes(count - taken)
        } else {
          segments.removeFirst()
        }
        if taken < count { break }
        continue
      }
      if case .bytes = segments.first?.content, peer.window == 0 { break }
    }
    if hasArrived {
      progressAt = now
      heardAt = now
      peer.heardAt = now
      peer.wakeOwner()
      wakeOwner()
    }
    if let first = segments.first, first.due > now { scheduleArrival() }
    letGoIfOver()
  }

  // MARK: Ends

  /// The program lets go of it.
  func close(aborts: Bool) {
    if state == .closed { return }
    let wasOpen = state == .open
    state = .closed
    isAborted = aborts
    if let connectTimer { world.timers.cancel(connectTimer) }
    connectTimer = nil
    owner = nil
    if !wasOpen || isReset { return }
    // With something unread a close is a reset as well.
    if aborts || !received.isEmpty {
      sendReset()
      return
    }
    if !hasFinished {
      hasFinished = true
      depart(.end)
    }
    letGoIfOver()
  }

  /// Whoever had it is gone without a word.
  func vanish() {
    isVanished = true
    state = .closed
    owner = nil
    segments = []
    if let arrivalTimer { world.timers.cancel(arrivalTimer) }
    arrivalTimer = nil
  }

  /// The machine is back and knows nothing of it.
  func reappear() {
    isVanished = false
    isUnknown = true
    isReset = false
    state = .closed
  }

  private func sendReset() {
    isReset = true
    outgoing.release()
    segments = []
    if let arrivalTimer { world.timers.cancel(arrivalTimer) }
    arrivalTimer = nil
    // A reset is sent once. On a path that is dead it is lost.
    if path.isHalted(now) { return }
    _ = world.timers.schedule(
      at: Instant(nanoseconds: now.nanoseconds + path.delay), handler: self,
      tag: TimerTag.reset.rawValue)
  }

  /// Fails as when a reset comes: from outside, as a middlebox does it.
  func cut(_ code: Int32) {
    if isReset { return }
    isReset = true
    outgoing.release()
    segments = []
    if let arrivalTimer { world.timers.cancel(arrivalTimer) }
    arrivalTimer = nil
    if state != .closed { error = SystemError(code, "receive") }
    wakeOwner()
    letGoIfOver()
  }

  private func letGoIfOver() {
    // The timers hold it as long as something is on the way; there is nothing else to let go of.
    if state != .closed || !segments.isEmpty { return }
    if let patienceTimer { world.timers.cancel(patienceTimer) }
    patienceTimer = nil
  }

  // MARK: Time

  func timerFired(tag: Int, now: Instant) {
    switch TimerTag(rawValue: tag) {
    case .arrival:
      arrivalTimer = nil
      arrive()
    case .reset:
      if path.isHalted(now) { return }
      peer?.cut(ECONNRESET)
    case .established: askListener()
    case .noAnswer:
      connectTimer = nil
      failConnecting(ETIMEDOUT)
    case .refused: failConnecting(ECONNREFUSED)
    case .patience:
      patienceTimer = nil
      judgePatience()
    case nil: break
    }
  }

  func watchPatience() {
    if patienceTimer != nil || state == .closed { return }
    guard var due = patienceEnd else { return }
    // What is on the way now may be through by then.
    if let keepalive { due = min(due, now + keepalive.idle) }
    patienceTimer = world.timers.schedule(
      at: max(due, now + Milliseconds(1)), handler: self, tag: TimerTag.patience.rawValue)
  }

  private var isPeerReachable: Bool {
    guard let peer else { return true }
    return !path.isHalted(now) && !peer.isVanished
  }

  private var patienceEnd: Instant? {
    var end: Instant?
    // The system's own patience is a quarter of an hour.
    if !outgoing.isEmpty { end = progressAt + (userTimeout ?? Milliseconds(924_000)) }
    if let keepalive, outgoing.isEmpty {
      let silence = keepalive.idle.count + keepalive.interval.count * Int64(keepalive.probeCount)
      let due = heardAt + Milliseconds(silence)
      end = end.map { min($0, due) } ?? due
    }
    return end
  }

  private func judgePatience() {
    if state != .open || isReset { return }
    if outgoing.isEmpty && isPeerReachable {
      if let keepalive, let peer, peer.isUnknown || peer.isReset, heardAt + keepalive.idle <= now {
        cut(ECONNRESET)
        return
      }
      heardAt = now
    }
    // Who is asked about a closed window answers, but for the user's own patience.
    if !outgoing.isEmpty && isPeerReachable && userTimeout == nil { progressAt = now }
    if let end = patienceEnd, end <= now {
      cut(ETIMEDOUT)
      return
    }
    watchPatience()
  }
}
