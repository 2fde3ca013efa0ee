import Basics
import CEpoll

/// Whoever owns a registered descriptor.
protocol EventHandler: AnyObject {
  /// `readiness` holds what was asked for and is there; errors and hang-ups count as both.
  func handle(_ readiness: Readiness)
}

/// Names a registration: the index in the table and the generation there, which are what the kernel
/// hands back with an event. An event of a registration that is gone meets another generation.
struct RegistrationToken {
  let index: UInt32
  let generation: UInt32

  var raw: UInt64 { UInt64(generation) << 32 | UInt64(index) }
}

/// One thread, one level-triggered epoll set, one heap of timers.
///
/// A turn: wait until a descriptor is ready or a timer is due; handle the events; fire the timers; call
/// those who asked for the turn's end. Handlers are called one after another and never from inside each
/// other's registrations, and none may block.
public final class Reactor: Network {
  private struct Registration {
    var generation: UInt32
    var interest: Readiness
    var descriptor: Int32
    var handler: (any EventHandler)?
  }

  private let epoll: FileDescriptor
  private var registrations: [Registration] = []
  private var freeIndices: [UInt32] = []
  private var events: [cepoll_event]
  private var timers = TimerHeap()
  /// In the epoll set under a token that is no registration's, so that all it does is to end the wait.
  private let alarm: FileDescriptor
  /// What it is set to; nil for never.
  private var alarmAt: Instant?
  /// Who waits for the end of this turn, and the list being worked through.
  private var turnHandlers: [any TurnHandler] = []
  private var turnHandlersRunning: [any TurnHandler] = []
  private var resolver: Resolver?
  private var stopped = false
  /// What the kernel is asked through about the peers of connections. From the start on, so that the count of
  /// descriptors is the same before the first client and after the last.
  private var diagnosis = cepoll_begin_diagnosis()
  public private(set) var passedSocketCount = 0

  public private(set) var now: Instant
  /// Turns taken so far, for tests and benchmarks.
  public private(set) var turnCount = 0

  public init() throws(SystemError) {
    epoll = FileDescriptor(try SystemError.check(cepoll_create(), "epoll_create"))
    alarm = FileDescriptor(try SystemError.check(cepoll_alarm(), "timerfd_create"))
    let token = RegistrationToken(index: .max, generation: 0)
    _ = try SystemError.check(
      cepoll_add(epoll.raw, alarm.raw, EPOLLIN.rawValue, token.raw), "epoll_ctl")
    events = [cepoll_event](repeating: cepoll_event(), count: Int(CEPOLL_EVENTS_MAX))
    now = Instant(nanoseconds: cepoll_monotonic_nanoseconds())
  }

  deinit { unsafe cepoll_end_diagnosis(&diagnosis) }

  /// Whether the other end of a connection is on this machine, and no process has it open any more.
  func isPeerClosed(_ descriptor: Int32) -> Bool {
    unsafe cepoll_peer_is_closed(descriptor, &diagnosis) != 0
  }

  /// Descriptors in the epoll set.
  public var registrationCount: Int { registrations.count - freeIndices.count }

  // MARK: The loop

  /// Runs turns until `stop`, which may have been called before.
  public func run() throws(SystemError) {
    while !stopped { try turn(waitMax: nil) }
    stopped = false
  }

  public func stop() { stopped = true }

  /// One turn, which waits for `waitMax` at the most.
  public func turn(waitMax: Milliseconds?) throws(SystemError) {
    turnCount &+= 1
    setAlarm()
    let count = unsafe events.withUnsafeMutableBufferPointer { events in
      unsafe cepoll_wait(
        epoll.raw, events.baseAddress, Int32(events.count), timeout(waitMax: waitMax))
    }
    _ = try SystemError.check(count, "epoll_wait")
    now = Instant(nanoseconds: cepoll_monotonic_nanoseconds())
    for index in 0..<Int(count) { dispatch(events[index]) }
    let serialBound = timers.serialBound
    while let due = timers.popDue(now: now, serialBound: serialBound) {
      due.handler.timerFired(tag: due.tag, now: now)
    }
    if !turnHandlers.isEmpty {
      swap(&turnHandlers, &turnHandlersRunning)
      for handler in turnHandlersRunning { handler.turnEnded() }
      turnHandlersRunning.removeAll(keepingCapacity: true)
    }
  }

  /// Milliseconds to wait for descriptors, -1 for ever; the alarm is one of them.
  private func timeout(waitMax: Milliseconds?) -> Int32 {
    if !turnHandlers.isEmpty { return 0 }
    return waitMax.map { Int32(clamping: $0.count) } ?? -1
  }

  /// Sees to it that the alarm ends the wait when the earliest timer is due. One that is too early stays, and ends a
  /// wait for nothing, once: a timeout for each wait would cost the kernel more.
  private func setAlarm() {
    let deadline = timers.nextDeadline
    if let alarmAt, now < alarmAt, deadline.map({ alarmAt <= $0 }) ?? true { return }
    if alarmAt == deadline { return }
    alarmAt = deadline
    // Cannot fail. 0 would be never.
    _ = cepoll_set_alarm(alarm.raw, deadline.map { max($0.nanoseconds, 1) } ?? 0)
  }

  private func dispatch(_ event: cepoll_event) {
    // The alarm's place is above every Int where that has 32 bits.
    guard let index = Int(exactly: event.token & 0xffff_ffff) else { return }
    let generation = UInt32(truncatingIfNeeded: event.token >> 32)
    guard index < registrations.count, registrations[index].generation == generation,
      let handler = registrations[index].handler
    else { return }
    var readiness: Readiness = []
    let broken = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    if broken || event.events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
    if broken || event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
    handler.handle(readiness.intersection(registrations[index].interest))
  }

  // MARK: Registrations

  func register(
    _ descriptor: Int32, interest: Readiness, _ handler: any EventHandler
  ) throws(SystemError) -> RegistrationToken {
    let index: UInt32
    if let free = freeIndices.popLast() {
      index = free
    } else {
      index = UInt32(registrations.count)
      registrations.append(
        Registration(generation: 0, interest: [], descriptor: -1, handler: nil))
    }
    let token = RegistrationToken(index: index, generation: registrations[Int(index)].generation)
    let result = cepoll_add(epoll.raw, descriptor, epollEvents(interest), token.raw)
    if result < 0 {
      freeIndices.append(index)
      throw SystemError(-result, "epoll_ctl")
    }
    registrations[Int(index)].interest = interest
    registrations[Int(index)].descriptor = descriptor
    registrations[Int(index)].handler = handler
    return token
  }

  /// Changes what is waited for; the kernel is told only of a change.
  func modify(_ token: RegistrationToken, interest: Readiness) {
    let index = Int(token.index)
    guard registrations[index].generation == token.generation,
      registrations[index].interest != interest
    else { return }
    registrations[index].interest = interest
    // Cannot fail: the descriptor is open and in the set as long as the registration lives.
    _ = cepoll_modify(
      epoll.raw, registrations[index].descriptor, epollEvents(interest), token.raw)
  }

  func deregister(_ token: RegistrationToken) {
    let index = Int(token.index)
    guard registrations[index].generation == token.generation else { return }
    _ = cepoll_remove(epoll.raw, registrations[index].descriptor)
    registrations[index].handler = nil
    registrations[index].generation &+= 1
    freeIndices.append(token.index)
  }

  private func epollEvents(_ interest: Readiness) -> UInt32 {
    (interest.contains(.readable) ? EPOLLIN.rawValue : 0)
      | (interest.contains(.writable) ? EPOLLOUT.rawValue : 0)
  }

  // MARK: Network

  public func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    timers.schedule(at: deadline, handler: handler, tag: tag)
  }

  public func cancel(_ timer: TimerID) { timers.cancel(timer) }

  public func whenTurnEnds(_ handler: any TurnHandler) { turnHandlers.append(handler) }

  public func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    let resolver = resolver ?? Resolver(reactor: self)
    self.resolver = resolver
    return resolver.resolve(name, port: port, handler)
  }

  public func cancelResolve(_ id: ResolveID) { resolver?.cancel(id) }

  public func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener {
    try SocketListener(
      reactor: self, address: address, backlog: backlog, keepalive: keepalive, handler: handler)
  }

  /// Takes the sockets that the process was started with; false when one of them is not a stream socket that listens.
  public func takePassedSockets() -> Bool {
    let count = cepoll_take_passed()
    passedSocketCount = Int(max(0, count))
    return count >= 0
  }

  public func passedAddresses(for service: String?) -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    for index in 0..<passedSocketCount {
      if let address = SocketAddress(passed: index, name: service) { addresses.append(address) }
    }
    return addresses
  }

  public func takeStandardConnection(
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) -> any ByteStream {
    try StandardConnection(reactor: self, owner)
  }

  public func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any ByteStream {
    try SocketStream(reactor: self, connectingTo: address, from: local, handler: handler)
  }

  public func makeClientTLS(
    trusting extraDirectory: String?, verifiesPeer: Bool
  ) throws(TLSError) -> any TLSCredentials {
    try TLSContext(clientTrusting: extraDirectory, verifiesPeer: verifiesPeer)
  }

  public func randomize(_ octets: inout [UInt8]) throws(TLSError) {
    try Cryptography.randomize(&octets)
  }

  public var processUse: ProcessUse {
    var use = ProcessUse()
    use.residentByteCount = cepoll_resident_bytes()
    use.processorTime = Nanoseconds(cepoll_processor_nanoseconds())
    use.wallTime = Nanoseconds(cepoll_wall_nanoseconds())
    return use
  }

  public func giveBackMemory() { Process.giveBackMemory() }

  public var wipesFreedMemory: Bool {
    get { Process.wipesFreedMemory }
    set { Process.wipesFreedMemory = newValue }
  }
}
