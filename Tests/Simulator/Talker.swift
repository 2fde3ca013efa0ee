import Basics
import Reactor

/// What an application does with its connection.
struct Plan {
  enum Reading: Equatable {
    case always
    /// So many bytes at once, and then so long nothing.
    case slowly(byteCount: Int, pause: Int)
    /// At this offset nothing for so many milliseconds.
    case halts(at: Int, milliseconds: Int)
    case never
  }

  enum Ending: Equatable {
    /// Ends its direction when all is sent, and reads until the other ends his.
    case finish
    /// Waits for the other's end, and closes then.
    case answerEnd
    /// Closes when all is sent, whatever the other one does.
    case close
    /// Resets when so many bytes are sent.
    case abort
    /// Is gone without a word then, machine and all.
    case vanish
  }

  var byteCount: Int
  var chunkByteCount: Int
  /// Between two chunks, in milliseconds.
  var pause = 0
  /// Bytes of the other's that are waited for before anything is sent: who answers.
  var answersAfter = 0
  var reading = Reading.always
  var ending = Ending.finish

  /// It takes all and ends in good order, so that nothing may be lost of either direction.
  var isHonest: Bool {
    switch reading {
    case .never: return false
    case .always, .slowly: break
    case .halts(_, let milliseconds): if milliseconds > 2_000 { return false }
    }
    return ending == .finish || ending == .answerEnd
  }
}

/// A client or a server with one connection.
final class Talker: StreamHandler, TimerHandler {
  private enum TimerTag: Int { case send, read }

  enum Outcome { case open, ended, failed, refused }

  private static let keepalive = Keepalive(
    idle: Milliseconds(20_000), interval: Milliseconds(2_000), probeCount: 3)

  let name: String
  let isClient: Bool
  let service: Int
  private let ledger: Ledger
  private let network: SimulatedNetwork
  private var plan: Plan
  var isHonest: Bool
  /// It reads whatever comes at once.
  let isPrompt: Bool
  private var stream: (any ByteStream)?
  private(set) var outcome = Outcome.open
  private(set) lazy var flow = ledger.makeFlow(self)
  var incoming: Flow?
  var idSoFar: UInt64 = 0
  var receivedByteCount = 0
  let startedAt: Instant
  private(set) var endedAt: Instant
  /// When it last received something, and the longest time since the time before.
  private(set) var receivedAt: Instant?
  private(set) var longestGap = Milliseconds(0)
  /// The other one has ended in good order.
  private(set) var hasSeenEnd = false
  private var hasFinished = false
  private var isPausing = false
  private var isNotReading = false
  private var hasHalted = false
  private let end: () -> Void
  /// Its proxy is gone while it was connected: what it has sent by then has no end in good order.
  private(set) var isCutOff = false
  private var timers: [TimerID] = []

  init(
    name: String, isClient: Bool, service: Int, ledger: Ledger, network: SimulatedNetwork,
    plan: Plan, ended: @escaping () -> Void
  ) {
    self.name = name
    self.isClient = isClient
    self.service = service
    self.ledger = ledger
    self.network = network
    self.plan = plan
    isHonest = plan.isHonest
    if case .always = plan.reading { isPrompt = true } else { isPrompt = false }
    end = ended
    startedAt = network.now
    endedAt = network.now
    ledger.add(self)
  }

  private func say(_ what: @autoclosure () -> String) {
    ledger.world.story.add(network.now, name, what())
  }

  // MARK: Beginning

  /// A client's.
  func connect(to address: SocketAddress) {
    say(
      "connects to \(address.description): sends \(plan.byteCount), \(plan.reading), \(plan.ending)"
    )
    do throws(SystemError) {
      stream = try network.connect(to: address, from: nil, self)
    } catch {
      finish(.refused, "cannot connect: \(error.reason)")
    }
  }

  /// A server's.
  func accept(_ stream: any ByteStream) {
    say("is connected: sends \(plan.byteCount), \(plan.reading), \(plan.ending)")
    self.stream = stream
    stream.handler = self
    begin()
  }

  func streamOpened() {
    say("is connected")
    begin()
  }

  private func begin() {
    // The proxy's machine may vanish.
    stream?.keepAlive(Self.keepalive)
    if plan.reading == .never { isNotReading = true }
    updateInterest()
  }

  // MARK: Events

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.readable) && !isNotReading { read() }
    if readiness.contains(.writable) && stream != nil { write() }
    updateInterest()
  }

  func streamFailed(_ failure: StreamFailure) {
    stream = nil
    finish(isOpened ? .failed : .refused, failure.reason)
  }

  private var isOpened: Bool { flow.sentByteCount > 0 || receivedByteCount > 0 || hasSeenEnd }

  func timerFired(tag: Int, now: Instant) {
    switch TimerTag(rawValue: tag) {
    case .send: isPausing = false
    case .read: isNotReading = false
    case nil: break
    }
    updateInterest()
  }

  private func updateInterest() {
    guard let stream else { return }
    var wanted: Readiness = []
    if !isNotReading && !hasSeenEnd { wanted.insert(.readable) }
    if wantsToSend { wanted.insert(.writable) }
    stream.interest = wanted
  }

  private var wantsToSend: Bool {
    if hasFinished || isPausing || receivedByteCount < plan.answersAfter && !hasSeenEnd {
      return false
    }
    return flow.sentByteCount < plan.byteCount || endsNow
  }

  /// All is sent, and the plan says what comes then.
  private var endsNow: Bool {
    if flow.sentByteCount < plan.byteCount || hasFinished { return false }
    return plan.ending != .answerEnd || hasSeenEnd
  }

  private func read() {
    guard let stream else { return }
    var limit = 65_536
    if case .slowly(let byteCount, _) = plan.reading { limit = byteCount }
    if case .halts(let offset, _) = plan.reading, !hasHalted {
      limit = max(1, min(limit, offset - receivedByteCount))
    }
    var buffer = ByteQueue()
    buffer.reserve(limit)
    switch buffer.withWritable(atMost: limit, { stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      buffer.withReadable { ledger.received($0, by: self) }
      noteReceived()
      pauseReading()
    case .wouldBlock: break
    case .endOfStream:
      say("sees the end after \(receivedByteCount) bytes")
      hasSeenEnd = true
      ledger.ended(self)
      if hasFinished { closeInOrder() }
    case .failed(let failure):
      stream.close()
      self.stream = nil
      finish(.failed, failure.reason)
    }
  }

  private func noteReceived() {
    let now = network.now
    if let receivedAt {
      let gap = Milliseconds((now.nanoseconds - receivedAt.nanoseconds) / 1_000_000)
      if longestGap < gap { longestGap = gap }
    }
    receivedAt = now
  }

  /// The longest time, also if it is not over.
  var longestSilence: Milliseconds {
    guard let receivedAt else { return longestGap }
    return max(
      longestGap, Milliseconds((network.now.nanoseconds - receivedAt.nanoseconds) / 1_000_000))
  }

  /// The longest time counts from now on.
  func forgetGaps() { longestGap = Milliseconds(0) }

  private func pauseReading() {
    var milliseconds = 0
    if case .slowly(_, let pause) = plan.reading { milliseconds = pause }
    if case .halts(let offset, let pause) = plan.reading, !hasHalted, receivedByteCount >= offset {
      hasHalted = true
      milliseconds = pause
      say("stops reading for \(pause) ms")
    }
    if milliseconds == 0 { return }
    isNotReading = true
    wait(milliseconds, .read)
  }

  private func wait(_ milliseconds: Int, _ tag: TimerTag) {
    timers.append(
      network.schedule(
        at: network.now + Milliseconds(Int64(milliseconds)), self, tag: tag.rawValue))
  }

  private func write() {
    guard let stream, wantsToSend else { return }
    let count = min(plan.chunkByteCount, plan.byteCount - flow.sentByteCount)
    if count > 0 {
      let bytes = flow.next(count)
      switch stream.send(bytes.span) {
      case .accepted(let taken):
        flow.sentByteCount += taken
        if plan.pause > 0 {
          isPausing = true
          wait(plan.pause, .send)
        }
      case .wouldBlock: return
      case .failed(let failure):
        stream.close()
        self.stream = nil
        finish(.failed, failure.reason)
        return
      }
    }
    if endsNow { endSending() }
  }

  private func endSending() {
    guard let stream else { return }
    hasFinished = true
    switch plan.ending {
    case .finish, .answerEnd:
      say("has sent all of \(flow.sentByteCount) bytes")
      flow.hasEnded = true
      stream.finishSending()
      if hasSeenEnd { closeInOrder() }
    case .close: closeInOrder()
    case .abort:
      say("resets after \(flow.sentByteCount) bytes")
      stream.abort()
      self.stream = nil
      finish(.failed, "reset by itself")
    case .vanish:
      say("vanishes after \(flow.sentByteCount) bytes")
      ledger.world.note(.vanishes)
      self.stream = nil
      network.kill(vanishes: true)
      finish(.failed, "vanished")
    }
  }

  private func closeInOrder() {
    guard let stream = stream as? SimulatedStream else { return }
    say("closes after \(flow.sentByteCount) sent, \(receivedByteCount) received")
    // With something unread the system makes a reset of it.
    if stream.socket.receivedByteCount == 0 && stream.socket.error == nil { flow.hasEnded = true }
    stream.close()
    self.stream = nil
    finish(.ended, "closed")
  }

  private func finish(_ outcome: Outcome, _ words: @autoclosure () -> String) {
    if self.outcome != .open { return }
    self.outcome = outcome
    endedAt = network.now
    say("is over: \(words())")
    for timer in timers { network.cancel(timer) }
    timers = []
    end()
  }

  // MARK: From outside

  /// From now on it reads all, and sends no more than a little.
  func becomeHonest() {
    if outcome != .open { return }
    plan.reading = .always
    plan.pause = 0
    plan.answersAfter = 0
    plan.byteCount = min(plan.byteCount, max(flow.sentByteCount + 1_000, 8))
    if !hasFinished { plan.ending = isClient ? .finish : .answerEnd }
    isNotReading = false
    isPausing = false
    updateInterest()
    if stream != nil && hasSeenEnd && hasFinished { closeInOrder() }
  }

  /// Its proxy goes.
  func losesProxy() {
    guard let stream = stream as? SimulatedStream, !stream.isClosed else { return }
    if stream.socket.peer?.state == .open { isCutOff = true }
  }

  /// It closes what it has, read or not.
  func leave() { closeInOrder() }

  /// The process is killed.
  func killed() {
    if let stream = stream as? SimulatedStream, !stream.isClosed { stream.abort() }
    stream = nil
    finish(.failed, "killed")
  }

  func forget() {
    incoming = nil
    stream = nil
    flow.receiver = nil
  }
}
