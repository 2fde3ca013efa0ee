import Basics
import Reactor

/// A stream whose other end is the test.
final class ScriptedStream: Stream {
  var handler: (any StreamHandler)?
  var interest: Readiness = []
  var unsentByteCount = 0
  var isPeerClosed = false
  var transportState = TransportState()
  /// What `receive` gives, as far as its region has space.
  private var inbox: [UInt8] = []
  /// What `receive` says when the inbox is empty.
  private var last = ReceiveResult.wouldBlock
  /// All that was sent.
  private(set) var outbox: [UInt8] = []
  private(set) var isClosed = false
  /// False makes each send find a full socket.
  var takesBytes = true
  /// How many bytes each of the next sends takes, at the most.
  var takenByteCounts: [Int] = []

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if inbox.isEmpty { return last }
    let count = min(region.count, inbox.count)
    for index in 0..<count { region[index] = inbox[index] }
    inbox.removeFirst(count)
    return .bytes(count)
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    if !takesBytes { return .wouldBlock }
    let count = takenByteCounts.isEmpty ? bytes.count : takenByteCounts.removeFirst()
    bytes.withUnsafeBufferPointer { outbox += $0.prefix(count) }
    return .accepted(min(count, bytes.count))
  }

  private(set) var hasFinishedSending = false

  func finishSending() { hasFinishedSending = true }

  func keepQueueShort(byteCount: Int) {}

  func setUserTimeout(_ timeout: Milliseconds) {}

  private(set) var keepalive: Keepalive?

  func keepAlive(_ keepalive: Keepalive) { self.keepalive = keepalive }

  func close() {
    isClosed = true
    handler = nil
  }

  private(set) var isAborted = false

  func abort() {
    isAborted = true
    close()
  }

  // MARK: The test's side

  /// Lets bytes arrive, and tells the handler as long as it is interested and there are some.
  func arrive(_ bytes: some Sequence<UInt8>) {
    inbox += bytes
    while !inbox.isEmpty, interest.contains(.readable), let handler {
      handler.streamReady(.readable)
    }
  }

  /// Tells of what arrived while nobody was interested.
  func goOn() { arrive([]) }

  /// Ends the inbound direction.
  func end(_ result: ReceiveResult) {
    last = result
    handler?.streamReady(.readable)
  }

  func becomeWritable() {
    unsentByteCount = 0
    handler?.streamReady(.writable)
  }

  /// Bytes to be received by whoever takes this stream as a source.
  func supply(_ bytes: [UInt8]) { inbox += bytes }
}
