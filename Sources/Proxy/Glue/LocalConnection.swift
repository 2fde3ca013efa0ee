import Basics
import Configuration
import Reactor
import Tunnel

/// The other end of a local socket.
enum LocalPeer {
  case client(SocketAddress)
  case server(LocalAddress)

  var description: String {
    switch self {
    case .client(let address): address.description
    case .server(let address): address.description
    }
  }
}

/// One local socket and what waits for it: the glue around one `Connection` of the session.
final class LocalConnection: StreamHandler {
  /// How its socket ends.
  enum Ending {
    /// As an application's close.
    case inOrder
    /// As a loss, once the system has delivered what was sent.
    case resetBehindSent
    /// As a loss, at once.
    case reset
  }

  let relay: Relay
  let slot: Int
  let service: Int
  /// Nil while a destination is still connecting, and after the close.
  private(set) var stream: (any ByteStream)?
  /// What the peer sent and the socket has not taken; it owns memory only while there is something.
  private(set) var pending = ByteQueue()
  /// So many bytes wait that the tunnel must not be read.
  private(set) var isCongested = false
  let startedAt: Instant
  /// When a byte last moved in either direction.
  private(set) var lastProgress: Instant
  /// A byte has moved in some direction.
  private(set) var hasMoved = false
  /// When the local side last took a byte of those that wait for it, or the first of them came.
  private(set) var lastTaken: Instant
  private var isReading = false
  /// The local side ended its direction: nothing unread can be left.
  private var hasEnded = false
  /// What the socket's peer had not acknowledged at the last sweep.
  private var unacknowledgedByteCount = 0

  /// The peer ended its direction: so does the stream's, once nothing is pending.
  private var mustEndLocal = false

  /// What the relay's queue is to do for this connection, in this order.
  var startToSend: MessageType?
  var isReadable = false
  /// Say that the local side has ended its direction.
  var mustEndPeer = false
  var mustReset = false
  /// Nobody has closed it in good order.
  var isCut = false
  /// Its reset is among the relay's replies.
  var isPeerTold = false
  var isQueued = false
  /// Its place among those that wait for their turn, on the queue's clock.
  var dueAt: UInt64 = 0
  /// Connecting, at a destination; dropped once open.
  var connector: Connector?

  /// Who is at the other end of the socket, for the log.
  let peer: LocalPeer

  init(relay: Relay, slot: Int, service: Int, peer: LocalPeer, now: Instant) {
    self.relay = relay
    self.slot = slot
    self.service = service
    self.peer = peer
    startedAt = now
    lastProgress = now
    lastTaken = now
  }

  /// Takes over an open socket.
  func attach(_ stream: any ByteStream) {
    self.stream = stream
    dropConnector()
    stream.handler = self
    if !pending.isEmpty { flush() }
  }

  // MARK: Local side to tunnel

  func startReading() {
    isReading = true
    stream?.interest.insert(.readable)
  }

  func stopReading() {
    isReading = false
    isReadable = false
    stream?.interest.remove(.readable)
  }

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { relay.localFailed(self, reason: failure.reason) }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    if readiness.contains(.readable) && isReading {
      isReadable = true
      relay.enqueue(self)
      relay.serve()
      // Not served now: the queue remembers it, and the kernel need not say it again.
      if isReadable { stream?.interest.remove(.readable) }
    }
  }

  /// The queue's turn: receives once into a frame.
  func relayOnce(link: TunnelLink, header: MessageHeader, payloadLengthMax: Int, now: Instant) {
    guard let stream else { return }
    isReadable = false
    switch link.relay(from: stream, header: header, payloadLengthMax: payloadLengthMax) {
    case .bytes(let count):
      lastProgress = now
      hasMoved = true
      dueAt &+= UInt64(count)
      if count == payloadLengthMax {
        // There is probably more; ask for the next turn instead of asking the kernel.
        isReadable = true
        relay.enqueue(self)
      } else {
        stream.interest.insert(.readable)
      }
    case .wouldBlock: stream.interest.insert(.readable)
    case .endOfStream:
      hasEnded = true
      if stream.isPeerClosed && !mustEndLocal {
        relay.localClosed(self)
      } else {
        relay.localEnded(self)
      }
    case .failed(let failure): relay.localFailed(self, reason: failure.reason)
    }
  }

  // MARK: Tunnel to local side

  /// Sends to the socket what it takes, and keeps the rest.
  func deliver(_ bytes: Span<UInt8>, now: Instant) {
    var sent = 0
    if pending.isEmpty, let stream {
      switch stream.send(bytes) {
      case .accepted(let count):
        sent = count
        noteTaken(now)
      case .wouldBlock: break
      case .failed(let failure):
        relay.localFailed(self, reason: failure.reason)
        return
      }
    }
    if sent == bytes.count { return }
    if pending.isEmpty { lastTaken = now }
    pending.append(bytes.extracting(sent..<bytes.count))
    relay.pendingChanged(by: bytes.count - sent)
    stream?.interest.insert(.writable)
    updateCongestion()
  }

  private func flush() {
    guard let stream else { return }
    if !pending.isEmpty {
      switch pending.withReadable({ stream.send($0) }) {
      case .accepted(let count):
        pending.consume(count)
        noteTaken(relay.now)
        relay.pendingChanged(by: -count)
      case .wouldBlock: break
      case .failed(let failure):
        relay.localFailed(self, reason: failure.reason)
        return
      }
    }
    if pending.isEmpty {
      pending.release()
      stream.interest.remove(.writable)
      if mustEndLocal { stream.finishSending() }
      // In this order: without congestion the tunnel may be read on at once, and bring more for this socket.
      relay.localDrained(self)
      updateCongestion()
    } else {
      stream.interest.insert(.writable)
      updateCongestion()
    }
  }

  /// The peer sends no more: ends the direction to the socket behind what is pending.
  func endLocal() {
    mustEndLocal = true
    if pending.isEmpty { stream?.finishSending() }
  }

  /// Congested above the mark, free again below half of it.
  private func updateCongestion() {
    let mark = relay.settings.connectionPendingMax
    let congested = isCongested ? pending.count > mark / 2 : pending.count >= mark
    if congested == isCongested { return }
    isCongested = congested
    relay.congestionChanged(congested)
  }

  // MARK: End

  /// Its other side is known to be gone for good.
  var isPeerClosed: Bool { stream?.isPeerClosed ?? true }

  /// Starts its patience anew.
  func touch(_ now: Instant) { lastProgress = now }

  private func noteTaken(_ now: Instant) {
    lastProgress = now
    lastTaken = now
    hasMoved = true
  }

  /// Counts it as progress that the reader took bytes out of the kernel, long before the kernel takes more.
  func noteProgress(_ now: Instant) {
    let byteCount = stream?.transportState.unacknowledgedByteCount ?? 0
    if byteCount != unacknowledgedByteCount { noteTaken(now) }
    unacknowledgedByteCount = byteCount
  }

  private func dropConnector() {
    if connector == nil { return }
    connector?.cancel()
    connector = nil
    relay.connectingCount -= 1
  }

  /// Closes the socket and gives everything back.
  func close(_ ending: Ending) {
    if let stream {
      switch ending {
      case .reset: stream.abort()
      case .inOrder where hasEnded: stream.close()
      case .inOrder, .resetBehindSent:
        relay.bidFarewell(stream, isCut: ending == .resetBehindSent)
      }
    }
    stream = nil
    dropConnector()
    isReading = false
    isReadable = false
    if !pending.isEmpty { relay.pendingChanged(by: -pending.count) }
    pending.release()
    if isCongested {
      isCongested = false
      relay.congestionChanged(false)
    }
  }

  // MARK: Invariants

  func checkInvariants() -> String? {
    var faults = InvariantCheck("connection \(slot)")
    let max = relay.settings.connectionPendingMax + Message.byteCountMax
    faults.unless(pending.count <= max, "\(pending.count) bytes pending")
    let hasWork = isReadable || startToSend != nil || mustEndPeer || mustReset
    faults.unless(!hasWork || isQueued, "has something to send and does not stand in the queue")
    guard let stream else { return faults.first }
    faults.unless(
      !isReading || hasEnded || isReadable || stream.interest.contains(.readable),
      "is not read, and nothing will change that")
    faults.unless(
      pending.isEmpty || stream.interest.contains(.writable),
      "has bytes for its client or server, and does not wait until they can go")
    faults.unless(
      !pending.isEmpty || !stream.interest.contains(.writable), "waits to write nothing")
    return faults.first
  }
}
