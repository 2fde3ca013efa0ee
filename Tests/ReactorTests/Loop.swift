import Basics
import Testing

@testable import Reactor

extension Reactor {
  /// Turns until `isDone` says so; false when that took longer than `patience`.
  func turn(within patience: Milliseconds = Milliseconds(10_000), until isDone: () -> Bool) throws
    -> Bool
  {
    let deadline = now + patience
    while !isDone() {
      if now > deadline { return false }
      try turn(waitMax: Milliseconds(20))
    }
    return true
  }

  /// Turns for `span`, as often as there is a reason to; returns how often that was.
  func turns(for span: Milliseconds) throws -> Int {
    let alarm = Alarm()
    let before = turnCount
    // The clock stood still since the last turn; the time begins now.
    try turn(waitMax: Milliseconds(0))
    _ = schedule(at: now + span, alarm, tag: 0)
    while alarm.fired.isEmpty { try turn(waitMax: nil) }
    return turnCount - before - 1
  }
}

/// Remembers what fired.
final class Alarm: TimerHandler {
  private(set) var fired: [(tag: Int, now: Instant)] = []
  var onFire: (Int) -> Void = { _ in }

  func timerFired(tag: Int, now: Instant) {
    fired.append((tag, now))
    onFire(tag)
  }
}

/// A listener on a free port of loopback that keeps what it accepts.
final class Acceptor: ListenerHandler {
  private(set) var accepted: [any Stream] = []
  private(set) var peers: [SocketAddress] = []
  private(set) var listener: (any Listener)?
  var onAccept: (any Stream) -> Void = { _ in }

  init(_ reactor: Reactor, host: String = "127.0.0.1", backlog: Int32 = 128) throws {
    let address = try #require(SocketAddress(numeric: host, port: 0))
    listener = try reactor.listen(on: address, backlog: backlog, self)
  }

  var address: SocketAddress { listener!.address }

  func listener(_ listener: any Listener, accepted stream: any Stream, from peer: SocketAddress) {
    accepted.append(stream)
    peers.append(peer)
    onAccept(stream)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {
    Issue.record("accepting paused: \(error.reason)")
  }

  func close() {
    listener?.close()
    listener = nil
    accepted = []
  }
}

/// Whoever owns one end of a connection in a test.
final class Endpoint: StreamHandler {
  var stream: (any Stream)?
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
  func attach(_ stream: any Stream) {
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
        unsentByteCountMax = max(unsentByteCountMax, stream.unsentByteCount)
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

/// Bytes that say where they are: any loss, doubling or mix-up shows.
struct Pattern {
  /// A prime, so that no buffer size divides it.
  private static let period = 65_521
  private let table: [UInt8]

  init(_ salt: UInt8) {
    table = (0..<(Self.period + 64 * 1024)).map { index in
      let index = index % Self.period
      return UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) ^ salt
    }
  }

  func bytes(at index: Int, count: Int) -> ArraySlice<UInt8> {
    let start = index % Self.period
    return table[start..<(start + count)]
  }

  func matches(_ found: ArraySlice<UInt8>, at index: Int) -> Bool {
    found.elementsEqual(bytes(at: index, count: found.count))
  }
}

/// Two ends of one TCP connection over loopback, in one reactor.
struct Connected {
  let client = Endpoint()
  let server = Endpoint()

  init(_ reactor: Reactor) throws {
    let acceptor = try Acceptor(reactor)
    client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    let isConnected = try reactor.turn { client.isOpen && !acceptor.accepted.isEmpty }
    try #require(isConnected)
    server.attach(acceptor.accepted[0])
    acceptor.close()
  }

  func close() {
    client.close()
    server.close()
  }
}
