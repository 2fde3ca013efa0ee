import Reactor
import Testing

/// Whoever owns one end of a connection in a test.
final class Endpoint: StreamHandler {
  var stream: (any ByteStream)?
  private(set) var isOpen = false
  private(set) var failure: StreamFailure?
  private(set) var hasEnded = false
  private(set) var readyCount = 0
  /// All that was received, unless `pattern` checks it instead.
  private(set) var received: [UInt8] = []
  private(set) var receivedCount = 0
  /// Bytes of the pattern still to be sent, and sent so far.
  var pattern: Pattern?
  var unsentCount = 0
  private(set) var sentCount = 0
  private(set) var unsentByteCountMax = 0
  private(set) var mismatchAt: Int?
  var finishesWhenSent = false
  private var chunk = [UInt8](repeating: 0, count: 48 * 1024)

  /// Takes a stream that is open already.
  func attach(_ stream: any ByteStream) {
    self.stream = stream
    stream.handler = self
    streamOpened()
  }

  func streamOpened() {
    isOpen = true
    stream?.interest = .readable
    sendPattern()
  }

  func streamFailed(_ failure: StreamFailure) {
    self.failure = failure
    stream = nil
  }

  func streamReady(_ readiness: Readiness) {
    readyCount += 1
    if readiness.contains(.writable) { sendPattern() }
    if readiness.contains(.readable) { receive() }
  }

  func receive() {
    guard let stream else { return }
    var region = chunk.mutableSpan
    let result = stream.receive(into: &region)
    switch result {
    case .bytes(let count): take(chunk[..<count])
    case .wouldBlock: break
    case .endOfStream:
      hasEnded = true
      stream.interest.remove(.readable)
    case .failed(let failure):
      self.failure = failure
      stream.close()
    }
  }

  private func take(_ bytes: ArraySlice<UInt8>) {
    if let pattern {
      if !pattern.matches(bytes, at: receivedCount) { mismatchAt = mismatchAt ?? receivedCount }
    } else {
      received += bytes
    }
    receivedCount += bytes.count
  }

  /// Sends as much of the pattern as the stream takes, and waits for room while some is left.
  func sendPattern() {
    guard let stream, let pattern, isOpen else { return }
    loop: while unsentCount > 0 {
      let bytes = pattern.bytes(at: sentCount, count: min(unsentCount, 64_000))
      switch stream.send(bytes.span) {
      case .accepted(let count):
        sentCount += count
        unsentCount -= count
        if let secure = stream as? any SecureStream {
          unsentByteCountMax = max(unsentByteCountMax, secure.unsentByteCount)
        }
        if count < bytes.count { break loop }
      case .wouldBlock: break loop
      case .failed(let failure):
        self.failure = failure
        return
      }
    }
    if unsentCount > 0 {
      stream.interest.insert(.writable)
    } else {
      stream.interest.remove(.writable)
      if finishesWhenSent { stream.finishSending() }
    }
  }

  func send(_ bytes: [UInt8]) {
    if case .accepted(bytes.count)? = stream?.send(bytes.span) { return }
    Issue.record("\(bytes.count) bytes were not accepted")
  }

  func close() {
    stream?.close()
    stream = nil
  }
}
