import Basics

/// Everything the glue asks of the world outside: time, names, sockets, TLS.
///
/// `Reactor` is the real one, over epoll. A simulated one can stand in its place, since nothing above
/// this protocol knows a descriptor, a clock or OpenSSL.
public protocol Network: AnyObject {
  /// The time of this turn of the loop; it stands still while a turn's events are handled.
  var now: Instant { get }

  func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID
  func cancel(_ timer: TimerID)

  /// Calls `handler` once, after the events of this turn (or of the next, when called from one).
  func whenTurnEnds(_ handler: any TurnHandler)

  /// Looks a name up without blocking; numeric addresses are answered too.
  /// - Returns: what `cancelResolve` takes to forget the question.
  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID
  func cancelResolve(_ id: ResolveID)

  /// Starts listening on TCP or a Unix domain socket; port 0 takes a free one, and `::` is every address of both
  /// families. The error is the system's: in use, not permitted.
  /// - Parameter keepalive: of the connections of its clients, also of those that are not accepted yet.
  func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener

  /// Starts connecting; the handler hears `streamOpened` or `streamFailed`. A Unix domain socket is not connected
  /// from an address.
  func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any Stream

  /// Puts TLS over an open stream, as the client of `serverName` or (nil) as the server.
  func startTLS(
    over stream: any Stream, context: TLSContext, serverName: String?, _ handler: any StreamHandler
  ) throws(TLSError) -> any Stream
}

extension Network {
  /// Starts listening for clients that are not asked whether they are still there.
  public func listen(
    on address: SocketAddress, backlog: Int32, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener {
    try listen(on: address, backlog: backlog, keepalive: nil, handler)
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

/// Whoever wants to act once per turn of the loop, after its events.
public protocol TurnHandler: AnyObject {
  func turnEnded()
}

/// Names one question to the resolver.
public struct ResolveID: Equatable {
  let serial: UInt64
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
  /// False leaves those who come to the kernel, as many as the backlog takes.
  var isAccepting: Bool { get set }
  func close()
}

/// Whoever takes a listener's connections.
public protocol ListenerHandler: AnyObject {
  /// The new stream has no handler yet: set it, or drop the stream to refuse the connection.
  func listener(_ listener: any Listener, accepted stream: any Stream, from peer: SocketAddress)
  /// Accepting failed for want of a resource (descriptors, memory) and pauses for a moment.
  func listener(_ listener: any Listener, paused error: SystemError)
}

/// What a stream has for its handler, or takes from it, now.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let readable = Readiness(rawValue: 1)
  public static let writable = Readiness(rawValue: 2)
}

/// The outcome of one receive. A failure is indirect, here and below: without its details a result, which goes up
/// through many calls, fits into registers.
public enum ReceiveResult {
  /// So many bytes, one at least.
  case bytes(Int)
  case wouldBlock
  /// The peer ended its direction in good order.
  case endOfStream
  indirect case failed(StreamFailure)
}

/// The outcome of one send.
public enum SendResult {
  /// So many bytes were taken: all of them for a TLS stream, some for a plain one.
  case accepted(Int)
  case wouldBlock
  indirect case failed(StreamFailure)
}

/// Why a stream ended.
public enum StreamFailure {
  case system(SystemError)
  case tls(TLSError)
  /// The connection ended without TLS's own end: the peer died, or somebody cut the line.
  case unexpectedEnd

  public var reason: String {
    switch self {
    case .system(let error): error.reason
    case .tls(let error): error.reason
    case .unexpectedEnd: "the connection was cut"
    }
  }
}

/// A two-way stream of bytes: a connection of TCP or a Unix domain socket, or TLS over one.
///
/// Interest is level-triggered: as long as it is on and there is something, the handler is told each
/// turn. A stream starts with no interest.
public protocol Stream: AnyObject {
  var handler: (any StreamHandler)? { get set }
  var interest: Readiness { get set }
  /// Bytes accepted by `send` that the kernel has not taken yet.
  var unsentByteCount: Int { get }
  /// After an end of stream: the system knows that the peer closed both directions, so that nothing sent
  /// can reach it. False means "not known": it may have ended its sending direction alone.
  var isPeerClosed: Bool { get }
  /// How far the peer's system is behind, and whether it still answers.
  var transportState: TransportState { get }

  /// Fills `region` from its start.
  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult
  func send(_ bytes: Span<UInt8>) -> SendResult
  /// Keeps at most `byteCount` bytes in the kernel that are not on their way yet, so that what is sent last waits
  /// for little.
  func keepQueueShort(byteCount: Int)
  /// How long what was sent may stay unacknowledged before the system gives the connection up (RFC 5482), and
  /// how long a window may stay closed. The system's own patience is a quarter of an hour.
  func setUserTimeout(_ timeout: Milliseconds)
  /// Lets the system find out that the peer has vanished although nothing is sent.
  func keepAlive(_ keepalive: Keepalive)
  /// Ends this direction (FIN, or TLS close_notify and FIN) after what was sent.
  func finishSending()
  /// Closes both directions and forgets the handler. What the kernel has is still delivered.
  func close()
  /// Closes with a reset, so that the peer does not take the loss for an end.
  func abort()
}

/// Whoever owns a stream's events.
public protocol StreamHandler: AnyObject {
  /// Connected, or the TLS handshake is complete and the peer verified.
  func streamOpened()
  func streamReady(_ readiness: Readiness)
  /// It never opened, or broke while nobody was receiving or sending. It is closed already.
  func streamFailed(_ failure: StreamFailure)
}
