import Basics
import Glibc
import Reactor
import TunnelService

/// A process's way to the world: the second implementation of `Network`.
///
/// Each turn it finds out what is ready, tells a part of it in any order, fires the timers, and ends the turn, as
/// `Reactor` does. What may go wrong in between goes wrong when the seed says so.
public final class SimulatedNetwork: Network {
  private struct Question {
    let serial: UInt64
    let name: String
    let port: UInt16
    let handler: any ResolveHandler
    var addresses: [SocketAddress] = []
    var isAnswered = false
  }

  public let world: World
  public let machine: Machine
  public let name: String
  public private(set) var now: Instant
  var isRunnable = false
  public internal(set) var turnCount = 0
  /// How often the program was called in this turn: events, timers, answers, and the turn's end.
  private(set) var callCount = 0
  /// The same since its start, one for each client that is accepted.
  private(set) var callSerial = 0
  /// Turns in a row in which a timer fired and one was due again at once.
  private var restlessTurnCount = 0
  private static let restlessTurnCountMax = 50
  private(set) var isDead = false
  /// Timers, questions and the rest of a process that is dead.
  private var timers = TimerHeap()
  private var wakeTimer: (id: TimerID, due: Instant)?
  private var turnHandlers: [any TurnHandler] = []
  private var questions: [Question] = []
  /// What the system is to report on.
  private var watched: [SimulatedStream] = []
  /// Those of them that may be ready: something about them has changed, or they were ready before.
  private var candidates: [SimulatedStream] = []
  /// All streams that may still be open.
  var streams: [Weak<SimulatedStream>] = []
  private var listeners: [SimulatedListener] = []
  /// What standard input and output lead to, until the process asks for it, and from then on.
  private var standardStream: SimulatedStream?
  private var standard: SimulatedStandardStream?
  public internal(set) var descriptorCount = 0
  public var descriptorCountMax = 1_000
  /// The program closes what it has, whatever becomes of it.
  var forbidsDropping = false
  private var entropy: SeededGenerator
  private(set) var stalledUntil: Instant?
  public var wipesFreedMemory = false
  /// Sockets that the process was started with: what each is called, and where it listens.
  public var passed: [(name: String, address: SocketAddress)] = []
  /// Names that it has asked for.
  public private(set) var askedNameCount = 0

  /// The head of an HTTP answer, as far as it matters.
  struct Answer {
    let status: Int
    let retryAfterSeconds: Int64?
    /// Compression was agreed on.
    let hasExtensions: Bool
    /// It must not be gone along with.
    let isWrong: Bool

    /// Nil for what is no answer of HTTP's.
    init?(_ bytes: Span<UInt8>) {
      var octets: [UInt8] = []
      for index in 0..<min(bytes.count, 2_048) { octets.append(bytes[index]) }
      var lines = String(decoding: octets, as: UTF8.self)
        .split(separator: "\r\n", omittingEmptySubsequences: false)
      // What announces the answer is none.
      if lines.first?.hasPrefix("HTTP/1.1 100") == true { lines.removeFirst(2) }
      let words = lines.first?.split(separator: " ") ?? []
      guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
      self.status = status
      hasExtensions = lines.contains { $0.hasPrefix("Sec-WebSocket-Extensions") }
      isWrong = lines.contains { $0.hasPrefix("Sec-WebSocket-") && $0.hasSuffix("-9.0") }
      let name = "Retry-After: "
      let rest = lines.first { $0.hasPrefix(name) }?.dropFirst(name.count)
      // Of a date the seconds; the answer's own has none.
      retryAfterSeconds = rest.flatMap { rest in
        let seconds = rest.hasSuffix(" GMT") ? rest.dropLast(4).suffix(2) : rest
        return Int64(seconds).map { min($0, 900) }
      }
    }

    /// The same request would get the same answer.
    var isFinal: Bool { (400..<500).contains(status) && ![408, 425, 429].contains(status) }
  }

  /// How long a name is asked for that nobody answers.
  static let nameTimeout = Milliseconds(30_000)
  /// What the program was told of the wire.
  var wireLimits: WireLimits?
  /// The last answer to a request of the program's; nil since it began to ask again.
  var answer: Answer? { didSet { if answer != nil { answerCount += 1 } } }
  private(set) var answerCount = 0
  /// The last WebSocket that it had.
  var link: LinkWatch?
  /// The stream of that takes a frame.
  var hasLinkRoom: Bool { linkStream?.hasRoom ?? false }
  weak var linkStream: SimulatedTLSStream?
  /// Where a program is to connect to servers from; nil for anywhere.
  var localHost: String?
  /// What the first random bits are, when that is not left to chance.
  var firstRandomBits: UInt32?
  /// The numbers of all streams that the program has begun.
  private var streamIDs: Set<Int32> = []
  /// A service ends the streams of whoever has gone.
  var tellsOfLosses = true
  /// How slow a service's links are said to be.
  var shape: LinkShape?
  /// Clients that the program has accepted, by port; and how often it has given memory back.
  var acceptedCounts: [UInt16: Int] = [:]
  private(set) var givenBackCount = 0
  /// Called after each turn.
  public var afterTurn: () -> Void = {}

  /// - Parameter entropy: of the process's random numbers; nil for another each time.
  public init(_ world: World, _ machine: Machine, _ name: String, entropy: UInt64? = nil) {
    self.world = world
    self.machine = machine
    self.name = name
    self.entropy = SeededGenerator(seed: entropy ?? world.random.next())
    now = world.now
  }

  public var timerCount: Int { timers.count }
  /// Of them, those of sockets that are being closed, which nobody holds.
  private(set) var farewellTimerCount = 0
  private var isFarewell: [ObjectIdentifier: Bool] = [:]

  private func isFarewell(_ handler: any TimerHandler) -> Bool {
    let type = type(of: handler)
    if let known = isFarewell[ObjectIdentifier(type)] { return known }
    let answer = "\(type)" == "Farewell"
    isFarewell[ObjectIdentifier(type)] = answer
    return answer
  }

  /// Streams that the program is done with, and that have something on the way.
  var farewellStreams: [SimulatedStream] {
    streams.compactMap { $0.object }.filter {
      !$0.isClosed && $0.handler == nil && $0.socket.unacknowledgedByteCount > 0
    }
  }
  /// Something is on its way to a peer.
  var hasUnacknowledged: Bool {
    streams.contains { ($0.object?.socket.unacknowledgedByteCount ?? 0) > 0 }
  }
  /// Cuts all that this process has, but what is on that path.
  func cutConnections(besides path: Path) {
    for case let stream? in streams.map({ $0.object }) where stream.socket.path !== path {
      stream.socket.cut(ECONNRESET)
      stream.socket.peer?.cut(ECONNRESET)
    }
  }

  /// Bytes that may be on their way to this process at once.
  func shortestWindow(on path: Path) -> Int {
    streams.compactMap { $0.object?.socket }.filter { $0.path === path }
      .map { $0.windowMax }.min() ?? 0
  }
  /// False for a stream that was begun before.
  func noteStream(_ streamID: Int32) -> Bool { streamIDs.insert(streamID).inserted }

  public var questionCount: Int { questions.count }

  // MARK: Turns

  /// The process stands still for so long.
  func stand(until end: Instant) {
    stalledUntil = end
    world.at(end) { [weak self] in if let self { self.world.wake(self) } }
  }

  func turn() {
    now = world.now
    if let stalledUntil, now < stalledUntil { return }
    if world.happens(.processStalls) {
      let end = now + Milliseconds(Int64(world.random.size(1...3_000)))
      world.story.add(now, name, "stands still until \(end.nanoseconds / 1_000_000) ms")
      stand(until: end)
      return
    }
    callCount = 0
    standard?.look()
    tellEvents()
    if isDead { return }
    fireTimers()
    if isDead { return }
    answerQuestions()
    endTurn()
    if isDead { return }
    settle()
    afterTurn()
  }

  private func tellEvents() {
    var ready: [(stream: SimulatedStream, readiness: Readiness)] = []
    for stream in candidates where stream.watchPlace != nil {
      if let readiness = stream.readiness {
        if !world.happens(.eventHeldBack) { ready.append((stream, readiness)) }
      }
    }
    if !watched.isEmpty && world.happens(.spuriousEvent) {
      let stream = world.random.pick(watched)
      if stream.readiness == nil && !stream.interest.isEmpty {
        ready.append((stream, stream.interest))
      }
    }
    var accepting = listeners.filter { $0.isReady }
    while !ready.isEmpty || !accepting.isEmpty {
      let place = world.random.below(ready.count + accepting.count)
      if place < ready.count {
        let event = ready.remove(at: place)
        // Its registration may have gone since.
        noteCall()
        if event.stream.watchPlace != nil { event.stream.dispatch(event.readiness) }
      } else {
        callCount += 64
        accepting.remove(at: place - ready.count).dispatch()
      }
      if isDead { return }
    }
  }

  private func fireTimers() {
    let bound = timers.serialBound
    var hasFired = false
    while !isDead, let due = timers.popDue(now: now, serialBound: bound) {
      if isFarewell(due.handler) { farewellTimerCount -= 1 }
      noteCall()
      hasFired = true
      due.handler.timerFired(tag: due.tag, now: now)
    }
    if forbidsDropping && !isDead { judgeRest(hasFired) }
  }

  func noteCall() {
    callCount += 1
    callSerial += 1
  }

  /// A timer that has fired is not due again at once, over and over.
  private func judgeRest(_ hasFired: Bool) {
    let isRestless = hasFired && timers.nextDeadline.map { $0 <= now } ?? false
    restlessTurnCount = isRestless ? restlessTurnCount + 1 : 0
    if restlessTurnCount == Self.restlessTurnCountMax {
      world.fail(name, "sets a timer that is due at once, over and over")
    }
  }

  private func endTurn() {
    let handlers = turnHandlers
    turnHandlers = []
    for handler in handlers where !isDead {
      noteCall()
      handler.turnEnded()
    }
  }

  /// Sees to it that there is a next turn when there is something to do.
  private func settle() {
    candidates.removeAll { stream in
      stream.isCandidate = stream.watchPlace != nil && stream.readiness != nil
      return !stream.isCandidate
    }
    let hasEvents = !candidates.isEmpty || listeners.contains { $0.isReady }
    if hasEvents || !turnHandlers.isEmpty || questions.contains(where: { $0.isAnswered }) {
      world.wake(self)
    }
    guard let deadline = timers.nextDeadline else { return }
    if let wakeTimer, wakeTimer.due <= deadline, world.now < wakeTimer.due { return }
    if let wakeTimer { world.timers.cancel(wakeTimer.id) }
    var due = max(deadline, world.now)
    if world.happens(.timerLate) {
      due = due + Milliseconds(Int64(world.random.number(1...50)))
    }
    wakeTimer = (world.timers.schedule(at: due, handler: Alarm(self), tag: 0), due)
  }

  private final class Alarm: TimerHandler {
    weak var network: SimulatedNetwork?
    init(_ network: SimulatedNetwork) { self.network = network }
    func timerFired(tag: Int, now: Instant) {
      if let network { network.world.wake(network) }
    }
  }

  /// Why there is another turn.
  var reasons: String {
    var words = "\(turnHandlers.count) wait for the turn's end"
    for stream in watched {
      guard let readiness = stream.readiness else { continue }
      words +=
        "; ready for \(readiness.rawValue) of \(stream.interest.rawValue): "
        + stream.socket.text + ", told to \(stream.handler.map { "\(type(of: $0))" } ?? "nobody")"
    }
    if let deadline = timers.nextDeadline {
      words += "; a timer at \(deadline.nanoseconds / 1_000) µs, now \(now.nanoseconds / 1_000)"
    }
    return words
  }

  /// What is open, for the end of a story.
  var openText: [String] {
    streams.compactMap { $0.object }.filter { !$0.isClosed }.map {
      "interest \($0.interest.rawValue), " + $0.socket.text + "; its peer: "
        + ($0.socket.peer?.text ?? "none")
    }
  }

  func watch(_ stream: SimulatedStream, _ isWatched: Bool) {
    if isDead { return }
    if let place = stream.watchPlace {
      if !isWatched {
        let last = watched.removeLast()
        if last !== stream {
          watched[place] = last
          last.watchPlace = place
        }
        stream.watchPlace = nil
      }
    } else if isWatched {
      stream.watchPlace = watched.count
      watched.append(stream)
    }
    noteChange(stream)
    world.wake(self)
  }

  func noteChange(_ stream: SimulatedStream) {
    if isDead || stream.isCandidate || stream.watchPlace == nil { return }
    stream.isCandidate = true
    candidates.append(stream)
  }

  func forget(_ listener: SimulatedListener) { listeners.removeAll { $0 === listener } }

  /// The process starts: what it does before its loop is done now, and its first turn follows.
  public func start() {
    now = world.now
    // A signal finds it awake: its time begins here.
    stalledUntil = nil
    world.wake(self)
  }

  /// The process ends at once. The system closes what it had open; or, when the machine goes with it, nobody hears.
  public func kill(vanishes: Bool = false) {
    if isDead { return }
    isDead = true
    afterTurn = {}
    for stream in streams { stream.object?.kill(vanishes: vanishes) }
    for listener in listeners { listener.letGo(vanishes: vanishes) }
    streams = []
    listeners = []
    standardStream = nil
    standard = nil
    watched = []
    candidates = []
    timers = TimerHeap()
    farewellTimerCount = 0
    turnHandlers = []
    questions = []
    if let wakeTimer { world.timers.cancel(wakeTimer.id) }
    wakeTimer = nil
  }

  // MARK: Network

  public func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    if isDead { return TimerID(place: 0, serial: 0) }
    world.wake(self)
    if isFarewell(handler) { farewellTimerCount += 1 }
    return timers.schedule(at: deadline, handler: handler, tag: tag)
  }

  public func cancel(_ timer: TimerID) { timers.cancel(timer) }

  public func whenTurnEnds(_ handler: any TurnHandler) {
    if isDead { return }
    turnHandlers.append(handler)
    world.wake(self)
  }

  public func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    let serial = world.nextSerial()
    askedNameCount += 1
    if isDead { return ResolveID(serial: serial) }
    var question = Question(serial: serial, name: name, port: port, handler: handler)
    if let numeric = SocketAddress(numeric: name, port: port) {
      question.addresses = [numeric]
      question.isAnswered = true
    } else if name == "localhost", world.names[name] == nil {
      question.addresses = ["127.0.0.1", "::1"].compactMap {
        SocketAddress(numeric: $0, port: port)
      }
      question.isAnswered = true
    } else {
      let isNever = world.happens(.nameNever)
      let time =
        world.happens(.nameLate)
        ? Milliseconds(Int64(world.random.number(500...9_000))) : world.nameTime
      // The system's resolver gives up some day.
      world.after(isNever ? Self.nameTimeout : time) { [weak self] in
        self?.answer(serial, fails: isNever)
      }
    }
    questions.append(question)
    world.wake(self)
    return ResolveID(serial: serial)
  }

  private func answer(_ serial: UInt64, fails: Bool) {
    guard let index = questions.firstIndex(where: { $0.serial == serial }) else { return }
    if !fails && !world.happens(.nameFails) {
      let hosts = world.names[questions[index].name] ?? []
      questions[index].addresses = hosts.compactMap {
        SocketAddress(numeric: $0, port: questions[index].port)
      }
    }
    questions[index].isAnswered = true
    world.wake(self)
  }

  private func answerQuestions() {
    let due = questions.filter { $0.isAnswered }
    for question in due {
      // Cancelled by whoever was answered before.
      guard let index = questions.firstIndex(where: { $0.serial == question.serial }) else {
        continue
      }
      questions.remove(at: index)
      noteCall()
      if question.addresses.isEmpty {
        question.handler.resolveFailed(reason: "no address, says the simulator")
      } else {
        question.handler.resolved(question.addresses)
      }
      if isDead { return }
    }
  }

  public func cancelResolve(_ id: ResolveID) { questions.removeAll { $0.serial == id.serial } }

  public func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?,
    _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener {
    if isDead { throw SystemError(EACCES, "listen") }
    try takeDescriptor()
    try world.listening(address)
    var place = address
    if place.port == 0 && !place.isUnix {
      repeat {
        place = address.with(port: machine.takePort())
      } while machine.listener(for: place)
        != nil
    }
    if machine.listener(for: place) != nil { throw SystemError(EADDRINUSE, "bind") }
    let listener = SimulatedListener(
      network: self, place: place, backlog: Int(backlog), keepalive: keepalive, handler: handler)
    listeners.append(listener)
    return listener
  }

  public var passedSocketCount: Int { passed.count }

  public func passedAddresses(for service: String?) -> [SocketAddress] {
    passed.filter { service == nil || $0.name == service }.map { $0.address }
  }

  private func takeDescriptor() throws(SystemError) {
    if descriptorCount >= descriptorCountMax || world.happens(.socketFails) {
      throw SystemError(EMFILE, "socket")
    }
  }

  public func takeStandardConnection(
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) -> any ByteStream {
    guard let given = standardStream, standard == nil else { throw SystemError(EBADF, "dup") }
    let connection = SimulatedStandardStream(self, given, owner)
    standardStream = nil
    standard = connection
    return connection
  }

  /// Makes a connection of the process's standard input and output, before it starts.
  /// - Parameter starter: whoever starts it.
  /// - Returns: the starter's end.
  func openStandardConnection(with starter: SimulatedNetwork) -> SimulatedStream {
    let (own, other) = openConnection(with: starter)
    standardStream = own
    return other
  }

  /// Makes a connection of two processes on a machine, which is open.
  func openConnection(
    with other: SimulatedNetwork
  ) -> (own: SimulatedStream, other: SimulatedStream) {
    let ends = KernelSocket.pair(self, other)
    return (openedStream(ends.0), other.openedStream(ends.1))
  }

  /// Takes a connection that somebody asks for, without listening.
  func accept(_ socket: KernelSocket) -> SimulatedStream {
    openedStream(socket.establish(at: socket.address, on: machine) { $0.adopt(by: self) })
  }

  private func openedStream(_ socket: KernelSocket) -> SimulatedStream {
    let stream = SimulatedStream(network: self, socket: socket, isOpen: true)
    streams.append(Weak(stream))
    return stream
  }

  public func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any ByteStream {
    if isDead { throw SystemError(ENETUNREACH, "connect") }
    try takeDescriptor()
    if let localHost, address.port != 443, address.port != 3_128, local?.host != localHost {
      world.fail(
        name, "connects to a server from \(local?.host ?? "any address"), not \(localHost)")
    }
    try world.connecting(address, local)
    if world.happens(.connectThrows) { throw SystemError(ENETUNREACH, "connect") }
    let target = world.machine(with: address, from: machine)
    let path = world.path(machine, target ?? machine)
    let socket = KernelSocket(
      world: world, machine: machine, path: path, isInitiator: true,
      address: clientAddress(), owner: self, state: .connecting)
    let stream = SimulatedStream(network: self, socket: socket, isOpen: false)
    streams.append(Weak(stream))
    streams.removeAll { $0.object == nil }
    stream.handler = handler
    stream.waitToOpen()
    if world.holding(socket) {
      socket.connect(to: nil, isHung: true, isLate: false)
      return stream
    }
    let listener = target?.listener(for: address)
    if world.happens(.connectRefused) {
      socket.connect(to: nil, isHung: false, isLate: false)
    } else {
      socket.connect(
        to: listener,
        isHung: target == nil || world.deafPorts.contains(address.port)
          || world.happens(.connectHangs),
        isLate: world.happens(.connectLate))
    }
    return stream
  }

  func clientAddress(of socket: KernelSocket? = nil) -> SocketAddress {
    if let peer = socket?.peer { return peer.address }
    let host = machine.addresses.first ?? "127.0.0.1"
    return SocketAddress(numeric: host, port: machine.takePort())
      ?? SocketAddress(path: "unknown")
  }

  public func makeClientTLS(
    trusting extraDirectory: String?, verifiesPeer: Bool
  ) throws(TLSError) -> any TLSCredentials { SimulatedTLSCredentials(world) }

  public func randomize(_ octets: inout [UInt8]) throws(TLSError) {
    if world.happens(.entropyFails) {
      throw .library(reason: "the simulator has no random numbers")
    }
    if let bits = firstRandomBits, octets.count == 4 {
      firstRandomBits = nil
      for index in octets.indices {
        octets[index] = UInt8(truncatingIfNeeded: bits >> UInt32(24 - 8 * index))
      }
      return
    }
    for index in octets.indices { octets[index] = UInt8(truncatingIfNeeded: entropy.next() >> 24) }
  }

  public func giveBackMemory() { givenBackCount += 1 }
}
