import Basics

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
  /// So many bytes were taken from the front, perhaps not all: the rest is the caller's to keep.
  case accepted(Int)
  case wouldBlock
  indirect case failed(StreamFailure)
}

/// The outcome of sending all of something.
public enum WholeSendResult {
  case accepted
  /// Nothing was taken: `hasRoom` was false.
  case noRoom
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
/// *Interest* is level-triggered: as long as it is on and there is something, the handler is told each turn. A stream
/// starts with no interest, and then nothing is told, a failure neither. Being told is a hint: the next receive may
/// still say `wouldBlock`. A broken stream counts as readable and writable, and the next call says what is wrong.
///
/// *Ends.* What was accepted by `send` before `finishSending` or `close` still reaches a peer that takes it; of a secure
/// stream's, `close` drops what the kernel has not taken (`unsentByteCount`). After `close` and `abort` nothing is
/// told, `receive` says `endOfStream` and `send` fails.
public protocol ByteStream: AnyObject {
  var handler: (any StreamHandler)? { get set }
  var interest: Readiness { get set }
  /// After an end of stream: the system knows that the peer closed both directions, so that nothing sent
  /// can reach it. False means "not known": it may have ended its sending direction alone.
  var isPeerClosed: Bool { get }
  /// How far the peer's system is behind, and whether it still answers.
  var transportState: TransportState { get }

  /// Fills `region` from its start.
  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult
  /// Takes what there is room for.
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

/// A stream with a queue of its own in front of the transport, which takes whole messages or nothing: TLS.
public protocol SecureStream: ByteStream {
  /// The next `sendWhole` is taken. Interest in writing tells of it; after `finishSending`, that all has been taken by
  /// the kernel.
  var hasRoom: Bool { get }
  /// Bytes accepted that the kernel has not taken yet.
  var unsentByteCount: Int { get }
  /// Takes all bytes while there is room, however many they are; else none.
  func sendWhole(_ bytes: Span<UInt8>) -> WholeSendResult
}

/// Whoever owns a stream's events.
public protocol StreamHandler: AnyObject {
  /// Connected, or the TLS handshake is complete and the peer verified. Before that there is no other event but a
  /// failure.
  func streamOpened()
  /// What of the interest is there.
  func streamReady(_ readiness: Readiness)
  /// It never opened, or broke while nobody was receiving or sending. It is closed already, as by `abort`, and has let
  /// go of the handler.
  func streamFailed(_ failure: StreamFailure)
}

/// What TLS connections of one kind share: whom a client trusts, or who a server is. How is the network's own affair.
public protocol TLSCredentials: AnyObject {
  /// Where a client's trust comes from: files and directories; empty when there are none.
  var trustSource: String { get }
  /// What the user should know about that, as one line; empty when all is well.
  var trustWarning: String { get }

  /// The same, made anew: where memory was short meanwhile, parts may be missing for good.
  func renewed() throws(TLSError) -> any TLSCredentials

  /// Puts TLS over an open stream, which belongs to it from then on. The handler hears `streamOpened` or
  /// `streamFailed`.
  /// - Parameter serverName: what a client expects the certificate to be for; nil at a server.
  func start(
    over transport: any ByteStream, serverName: String?, on network: any Network,
    _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream
}
