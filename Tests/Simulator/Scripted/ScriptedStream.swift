import Basics
import Reactor

/// A stream whose other end is the test.
public final class ScriptedStream: SecureStream {
  public var handler: (any StreamHandler)?
  public var interest: Readiness = []
  /// What counts as waiting for the kernel.
  public var unsentByteCount = 0
  /// With so many bytes waiting there is no room.
  public static let roomMark = 16 * 1024
  public var hasRoom: Bool { unsentByteCount < Self.roomMark }
  public var isPeerClosed = false
  public var transportState = TransportState()
  public init() {}

  /// What `receive` gives, as far as its region has space.
  public private(set) var inbox: [UInt8] = []
  /// What `receive` says when the inbox is empty.
  private var last = ReceiveResult.wouldBlock
  /// All that was sent.
  public private(set) var outbox: [UInt8] = []
  public private(set) var isClosed = false
  /// False makes each send find a full socket.
  public var takesBytes = true
  /// How many bytes each of the next sends takes, at the most.
  public var takenByteCounts: [Int] = []

  public func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if inbox.isEmpty { return last }
    let count = min(region.count, inbox.count)
    for index in 0..<count { region[index] = inbox[index] }
    inbox.removeFirst(count)
    return .bytes(count)
  }

  public func send(_ bytes: Span<UInt8>) -> SendResult {
    if !takesBytes { return .wouldBlock }
    let count = takenByteCounts.isEmpty ? bytes.count : takenByteCounts.removeFirst()
    bytes.withUnsafeBufferPointer { outbox += $0.prefix(count) }
    return .accepted(min(count, bytes.count))
  }

  /// As `send`, but all of it, whatever `takenByteCounts` says.
  public func sendWhole(_ bytes: Span<UInt8>) -> WholeSendResult {
    if !takesBytes { return .noRoom }
    bytes.withUnsafeBufferPointer { outbox += $0 }
    return .accepted
  }

  public private(set) var hasFinishedSending = false

  public func finishSending() { hasFinishedSending = true }

  public func keepQueueShort(byteCount: Int) {}

  public func setUserTimeout(_ timeout: Milliseconds) {}

  public private(set) var keepalive: Keepalive?

  public func keepAlive(_ keepalive: Keepalive) { self.keepalive = keepalive }

  public func close() {
    isClosed = true
    handler = nil
  }

  public private(set) var isAborted = false

  public func abort() {
    isAborted = true
    close()
  }

  // MARK: The test's side

  /// Lets bytes arrive, and tells the handler as long as it is interested and there are some.
  public func arrive(_ bytes: some Sequence<UInt8>) {
    inbox += bytes
    while !inbox.isEmpty, interest.contains(.readable), let handler {
      handler.streamReady(.readable)
    }
  }

  /// Tells of what arrived while nobody was interested.
  public func goOn() { arrive([]) }

  /// Ends the inbound direction.
  public func end(_ result: ReceiveResult) {
    last = result
    handler?.streamReady(.readable)
  }

  public func becomeWritable() {
    unsentByteCount = 0
    handler?.streamReady(.writable)
  }

  /// Bytes to be received by whoever takes this stream as a source.
  public func supply(_ bytes: [UInt8]) { inbox += bytes }
}
