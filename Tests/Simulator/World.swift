import Basics
import Reactor

/// Machines, processes, paths and a clock, all from one seed.
///
/// Time passes only here: when no process has anything to do, the clock moves on to the next thing that will happen.
/// Whoever has something to do gets a turn, in an order that the seed decides.
public final class World {
  public private(set) var now = Instant(nanoseconds: 0)
  public var random: SeededGenerator
  public let story: Story
  public var faults = Faults()
  /// What arrives, comes back, is given up: all that is nobody's program.
  var timers = TimerHeap()
  private var runnable: [SimulatedNetwork] = []
  var machines: [String: Machine] = [:]
  private var machineOfHost: [String: Machine] = [:]
  private var paths: [String: Path] = [:]
  /// Told of each connection that somebody asks for, and where from; what it throws is the system's answer.
  var connecting: (SocketAddress, SocketAddress?) throws(SystemError) -> Void = { _, _ in }
  /// The same for each place that somebody is to listen on.
  var listening: (SocketAddress) throws(SystemError) -> Void = { _ in }
  /// Shown each connection that is on its way; true for one that a test opens or refuses.
  var holding: (KernelSocket) -> Bool = { _ in false }
  /// Told of each source's offer of marks.
  var marked: () -> Void = {}
  /// And of each destination's answer to one.
  var agreed: () -> Void = {}
  /// Ports where nobody answers.
  var deafPorts: Set<UInt16> = []
  /// Of the buffers that a socket has in its system, each way.
  public var bufferByteCounts = 65_536...262_144
  /// Nanoseconds that a turn takes, less than these; and how long a name's addresses take to come.
  var turnTimeMax = 20_000
  var nameTime = Milliseconds(3)
  /// What names stand for. One that is not here has no address.
  public var names: [String: [String]] = [:]
  var sockets: [Weak<KernelSocket>] = []
  /// Turns of processes so far.
  public private(set) var stepCount = 0
  /// More of them are taken for a loop that does nothing.
  public var stepCountMax = 3_000_000
  /// The first thing that was wrong.
  public private(set) var failure: String?
  private var serial: UInt64 = 0
  /// Of all pings that somebody has sent.
  var pingPayloads: Set<[UInt8]> = []
  /// When sources have begun streams, by their numbers.
  var streamStarts: [Int32: Instant] = [:]
  /// How often each kind of fault has happened.
  public private(set) var faultCounts = [Int](repeating: 0, count: FaultKind.allCases.count)

  public init(seed: UInt64, keepsStory: Bool = false) {
    random = SeededGenerator(seed: seed)
    story = Story(isKept: keepsStory)
  }

  public func fail(_ who: String, _ what: String) {
    if failure == nil { failure = "\(who): \(what)" }
    story.add(now, who, "FAULT: \(what)")
  }

  func note(_ kind: FaultKind) { faultCounts[kind.rawValue] += 1 }

  /// Whether a fault happens now; it is counted.
  func happens(_ kind: FaultKind) -> Bool {
    if !random.chance(faults[kind]) { return false }
    note(kind)
    return true
  }

  func nextSerial() -> UInt64 {
    serial += 1
    return serial
  }

  // MARK: Places

  public func machine(_ name: String) -> Machine {
    if let machine = machines[name] { return machine }
    let machine = Machine(name: name)
    machines[name] = machine
    return machine
  }

  /// The machine with an address; nil when nobody has it.
  func machine(with address: SocketAddress, from origin: Machine) -> Machine? {
    let host = address.host
    if host == "127.0.0.1" || host == "::1" { return origin }
    if let known = machineOfHost[host] { return known }
    let found = machines.values.first { $0.addresses.contains(host) }
    machineOfHost[host] = found
    return found
  }

  public func path(_ one: Machine, _ other: Machine) -> Path {
    let key = one.name < other.name ? "\(one.name) \(other.name)" : "\(other.name) \(one.name)"
    if let path = paths[key] { return path }
    let path = Path()
    paths[key] = path
    return path
  }

  /// Stops everything from arriving until then, or (nil) lets it arrive again.
  public func halt(_ path: Path, until end: Instant?) {
    path.haltedUntil = end
    for case let socket? in sockets.map({ $0.object }) where socket.path === path {
      socket.pathChanged()
    }
  }

  /// Cuts every connection on a path, as a middlebox does that forgets them.
  func cutConnections(on path: Path, _ code: Int32) {
    for case let socket? in sockets.map({ $0.object }) where socket.path === path {
      socket.cut(code)
    }
  }

  /// A machine that had vanished is back, and knows nothing of its connections.
  func reappear(_ machine: Machine) {
    for case let socket? in sockets.map({ $0.object }) {
      if socket.machine === machine && socket.isVanished { socket.reappear() }
    }
    for case let socket? in sockets.map({ $0.object }) { socket.pathChanged() }
  }

  /// Breaks the circles between what is left.
  public func end() {
    for socket in sockets { socket.object?.forget() }
    sockets = []
    timers = TimerHeap()
    runnable = []
    machines = [:]
    machineOfHost = [:]
    connecting = { _, _ in }
    listening = { _ in }
    holding = { _ in false }
    marked = {}
    agreed = {}
  }

  // MARK: Time

  func wake(_ network: SimulatedNetwork) {
    if network.isRunnable || network.isDead { return }
    network.isRunnable = true
    runnable.append(network)
  }

  /// Runs until something is wrong, `end` is reached, or `isDone`. False when it went wrong.
  @discardableResult
  public func run(until end: Instant, isDone: () -> Bool = { false }) -> Bool {
    while failure == nil && !isDone() {
      if end < now { break }
      if runnable.isEmpty {
        guard let next = timers.nextDeadline, next <= end else {
          now = end
          break
        }
        if now < next { now = next }
      }
      // Also while somebody is busy.
      let bound = timers.serialBound
      while let due = timers.popDue(now: now, serialBound: bound) {
        due.handler.timerFired(tag: due.tag, now: now)
      }
      if runnable.isEmpty { continue }
      let network = runnable.remove(at: random.below(runnable.count))
      network.isRunnable = false
      if network.isDead { continue }
      stepCount += 1
      network.turnCount += 1
      if stepCount > stepCountMax {
        fail(
          "the world",
          "\(stepCount) turns and no end; the last one is that of \(network.name): \(network.reasons)"
        )
      }
      network.turn()
      // A turn takes its time.
      now = Instant(nanoseconds: now.nanoseconds + Int64(random.below(turnTimeMax)))
    }
    return failure == nil
  }

  public func run(for time: Milliseconds, isDone: () -> Bool = { false }) -> Bool {
    run(until: now + time, isDone: isDone)
  }

  /// Calls `body` at a time, unless something goes wrong before.
  public func at(_ time: Instant, _ body: @escaping () -> Void) {
    let event = Event(body)
    _ = timers.schedule(at: max(time, now), handler: event, tag: 0)
  }

  public func after(_ delay: Milliseconds, _ body: @escaping () -> Void) { at(now + delay, body) }

  private final class Event: TimerHandler {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
    func timerFired(tag: Int, now: Instant) { body() }
  }
}

/// A computer: its addresses, and who listens on them.
public final class Machine {
  public let name: String
  public var addresses: [String] = []
  var listeners: [SimulatedListener] = []
  private var nextPort: UInt16 = 40_000

  init(name: String) { self.name = name }

  func listener(for address: SocketAddress) -> SimulatedListener? {
    listeners.first {
      $0.place.port == address.port && $0.place.path == address.path
        && $0.place.host == address.host
    }
  }

  func takePort() -> UInt16 {
    nextPort = nextPort == 60_000 ? 40_000 : nextPort + 1
    return nextPort
  }
}

/// The way between two machines, or within one.
public final class Path {
  /// Nanoseconds that everything takes, and that it may take in addition.
  public var delay: Int64 = 10_000
  public var jitter: Int64 = 0
  /// Bytes a second each way; 0 for no limit.
  public var rate = 0
  /// Nothing arrives before that; `Instant.never` for a path that is dead.
  public var haltedUntil: Instant?
  /// When the line is free again, each way.
  private var freeAt: [Instant?] = [nil, nil]

  /// When so many bytes that leave now arrive.
  func arrival(of byteCount: Int, isForward: Bool, now: Instant, _ random: inout SeededGenerator)
    -> Instant
  {
    let index = isForward ? 0 : 1
    let start = max(now, freeAt[index] ?? now)
    let sending = rate == 0 ? 0 : Int64(byteCount) * 1_000_000_000 / Int64(rate)
    let end = Instant(nanoseconds: start.nanoseconds + sending)
    freeAt[index] = end
    let late = jitter == 0 ? 0 : Int64(random.below(Int(jitter)))
    return Instant(nanoseconds: end.nanoseconds + delay + late)
  }

  func isHalted(_ now: Instant) -> Bool { haltedUntil.map { now < $0 } ?? false }
}

extension Instant {
  /// Later than all that happens.
  public static var never: Instant { Instant(nanoseconds: .max) }
}

/// What may go wrong, and how often: in ten thousand chances.
public enum FaultKind: Int, CaseIterable, Sendable {
  // Sockets.
  case receiveBlocks, receivePart, sendBlocks, sendPart, spuriousEvent, eventHeldBack
  case registrationFails, acceptFails, socketFails
  // Connecting.
  case connectRefused, connectHangs, connectLate, connectThrows
  // TLS.
  case handshakeFails, tlsMemory, recordBroken
  // Names.
  case nameFails, nameNever, nameLate
  // The process.
  case entropyFails, timerLate, processStalls, signal
  // The way, and those at its ends; how often these happen the scenario decides.
  case pathHalts, nameChanges, connectionCut, restarts, vanishes
  // The service.
  case frameSplit, framesMerged, fieldsReordered, pongLost, strayMessage, garbage, serviceFault,
    sessionReset
  // Answers to requests for a connection.
  case webProxyRefuses, interimAnswer, answerWrong, tlsSpoiled
}

public struct Faults: Sendable {
  private var chances = [Int](repeating: 0, count: FaultKind.allCases.count)

  public init() {}

  public subscript(kind: FaultKind) -> Int {
    get { chances[kind.rawValue] }
    set { chances[kind.rawValue] = newValue }
  }
}
