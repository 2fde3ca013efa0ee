import Basics

/// Everything the glue asks of the world outside: time, names, sockets, TLS, randomness, the process.
///
/// `Reactor` is the real one, over epoll. The tests' simulator is another. Nothing above this protocol knows a
/// descriptor, a clock, a random number or OpenSSL; the log's `LogSink` stands beside it. Both keep the rules below
/// and those of the other protocols here, which the contract suite checks on both (Tests/ContractTests).
///
/// *Turns.* All handlers are called from the loop, one after another, in turns:
///
/// 1. Events: who has something to receive, may send, has connected or failed. In no order.
/// 2. Timers that are due, the earliest first; those of one instant in the order in which they were scheduled. One
///    that is scheduled meanwhile waits for the next turn, also when it is due.
/// 3. Who asked for the turn's end, in the order of asking. Asked from there, it is the next turn's, which comes at
///    once. Answers to `resolve` come here as well.
///
/// `now` stands still during a turn. It never goes back.
///
/// *Calls.* No handler is called from inside a call into the network: whoever schedules, sends, connects or closes
/// hears of it later, or never. From inside a handler everything may be called, also closing what it is told of.
///
/// *Ownership.* The network holds a handler as long as it may call it: a timer's until it has fired or was cancelled,
/// a question's until it is answered or cancelled, a listener's or a stream's until it is closed or has failed. A
/// stream that nobody holds and that has no interest is closed by that.
public protocol Network: AnyObject {
  /// The time of this turn of the loop.
  var now: Instant { get }

  /// Fires once, in the first turn in which `now` has reached the deadline; in the past is allowed.
  func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID
  /// Worthless for one that has fired. From inside a turn it also holds for one that is due in that turn.
  func cancel(_ timer: TimerID)

  /// Calls `handler` once, after the events and timers of this turn, or (from there) of the next. Asking twice is
  /// being called twice.
  func whenTurnEnds(_ handler: any TurnHandler)

  /// Looks a name up without blocking; numeric addresses are answered too. The answer comes at a turn's end, once.
  /// - Returns: what `cancelResolve` takes to forget the question.
  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID
  /// The handler hears nothing more of it.
  func cancelResolve(_ id: ResolveID)

  /// Starts listening on TCP or a Unix domain socket; port 0 takes a free one, and `::` is every address of both
  /// families. The error is the system's: in use, not permitted. A socket that the process was started with, and that
  /// listens on this very address, is taken instead; its clients are not reset when the listener is closed.
  /// - Parameter keepalive: of the connections of its clients, also of those that are not accepted yet.
  func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener

  /// How many listening sockets the process was started with.
  var passedSocketCount: Int { get }
  /// Where those of them listen that are called after a service; nil asks for all. Who listens on such an address takes the
  /// socket, also more than once. Closing that listener resets nobody: clients whom nobody accepts are whoever's who
  /// passed the socket.
  func passedAddresses(for service: String?) -> [SocketAddress]

  /// Starts connecting; the handler hears `streamOpened` or `streamFailed`. A Unix domain socket is not connected
  /// from an address.
  func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any ByteStream

  /// Standard input and output as one connection, which is open; the process's own lead nowhere from then on. Only to be
  /// asked for once.
  func takeStandardConnection(
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) -> any ByteStream

  /// What TLS connections as a client share: whom they trust.
  /// - Parameters:
  ///   - extraDirectory: further CA certificates, named by hash as `openssl rehash` does; nil for none.
  ///   - verifiesPeer: false accepts any certificate; for tests only.
  func makeClientTLS(
    trusting extraDirectory: String?, verifiesPeer: Bool
  ) throws(TLSError) -> any TLSCredentials

  /// Puts unpredictable octets in the place of all of `octets`, or throws when neither the
  /// kernel nor the library has any.
  func randomize(_ octets: inout [UInt8]) throws(TLSError)

  /// What the process takes, and the time of day: for a status that somebody asks for.
  var processUse: ProcessUse { get }

  /// Gives the memory back that only the start, or a crowd that has gone, needed.
  func giveBackMemory()
  /// Whether memory is overwritten as it is given back to the heap: while secrets are on their way through it, and not
  /// while bytes are relayed.
  var wipesFreedMemory: Bool { get set }
}

/// What a process takes of its machine, and when that was.
public struct ProcessUse {
  public var residentByteCount: Int64 = 0
  /// Of the processor, so far.
  public var processorTime = Nanoseconds(0)
  /// Since 1970, by the system's clock, which may be set at any time.
  public var wallTime = Nanoseconds(0)

  public init() {}
}

extension Network {
  public var processUse: ProcessUse { ProcessUse() }
  public var passedSocketCount: Int { 0 }
  public func passedAddresses(for service: String?) -> [SocketAddress] { [] }

  /// Starts listening for clients that are not asked whether they are still there.
  public func listen(
    on address: SocketAddress, backlog: Int32, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener {
    try listen(on: address, backlog: backlog, keepalive: nil, handler)
  }

  /// Unpredictable octets.
  public func random(_ count: Int) throws(TLSError) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: count)
    try randomize(&octets)
    return octets
  }

  /// A random (version 4) UUID, RFC 9562 §5.4, in its usual form.
  public func randomUUID() throws(TLSError) -> String {
    Cryptography.uuid(random: try random(16))
  }

  /// 32 unpredictable bits.
  public func randomBits() throws(TLSError) -> UInt32 {
    try random(4).reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// When the system asks the peer of a silent connection whether it is still there, and when it takes it for gone
/// (RFC 1122 §4.2.3.6). It knows whole seconds; less is rounded up.
public struct Keepalive: Equatable, Sendable {
  /// Silence before the first probe, and before each further one.
  public let idle: Milliseconds
  public let interval: Milliseconds
  /// Probes without an answer after which the connection fails.
  public let probeCount: Int

  public init(idle: Milliseconds, interval: Milliseconds, probeCount: Int) {
    self.idle = idle
    self.interval = interval
    self.probeCount = probeCount
  }
}

/// Whoever is to know what becomes of standard input and output as a connection, besides the stream's own handler.
public protocol StandardConnectionHandler: AnyObject {
  /// Nobody reads standard output any more, and nobody was just writing to it.
  func standardOutputBroke()
  /// It was closed, or aborted (`isCut`): at the end of that turn, once.
  func standardConnectionEnded(isCut: Bool)
}

/// Whoever wants to act once per turn of the loop, after its events.
public protocol TurnHandler: AnyObject {
  func turnEnded()
}

/// Names one question to the resolver.
public struct ResolveID: Equatable {
  public let serial: UInt64

  public init(serial: UInt64) { self.serial = serial }
}

/// Whoever asked for the addresses of a name.
public protocol ResolveHandler: AnyObject {
  /// At least one address, in the resolver's order of preference.
  func resolved(_ addresses: [SocketAddress])
  /// The name has no address, or no resolver answered; `reason` says which.
  func resolveFailed(reason: String)
}

/// A listening socket; it stops listening when closed.
public protocol Listener: AnyObject {
  var address: SocketAddress { get }
  /// False leaves those who come to the kernel, as many as the backlog takes. It starts as true.
  var isAccepting: Bool { get set }
  /// Those whom the kernel has and nobody has accepted are reset. The handler hears nothing more.
  func close()
}

/// Whoever takes a listener's connections.
public protocol ListenerHandler: AnyObject {
  /// The new stream is open and has no handler yet: set it, or drop the stream to refuse the connection.
  func listener(_ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress)
  /// Accepting failed for want of a resource (descriptors, memory) and pauses for a moment.
  func listener(_ listener: any Listener, paused error: SystemError)
}
