import Basics
import Configuration
import Reactor
import Tunnel

/// The other end of a local socket.
enum LocalPeer {
  case client(SocketAddress)
  case server(LocalAddress)

  @inline(never) var description: String {
    switch self {
    case .client(let address): address.description
    case .server(let address): address.description
    }
  }
}

/// One local socket and what waits for it. `RelayCore` decides; this moves the bytes and says what came of it.
final class LocalSocket: StreamHandler {
  let relay: Relay
  let slot: Int
  let service: Int
  /// Who is at the other end, for the log.
  let peer: LocalPeer
  /// Nil while a destination is still connecting, and after the end.
  private(set) var stream: (any ByteStream)?
  /// Connecting, at a destination.
  private(set) var connector: Connector?
  /// What the peer sent and the socket has not taken; it owns memory only while there is something.
  private(set) var pending = ByteQueue()

  init(relay: Relay, slot: Int, service: Int, peer: LocalPeer) {
    self.relay = relay
    self.slot = slot
    self.service = service
    self.peer = peer
  }

  func connect(by connector: Connector) {
    self.connector = connector
    connector.start()
  }

  /// Takes over an open socket.
  func attach(_ stream: any ByteStream) {
    connector = nil
    self.stream = stream
    stream.handler = self
    flush()
    updateInterest()
  }

  func updateInterest() {
    guard let stream else { return }
    var interest: Readiness = pending.isEmpty ? [] : .writable
    if relay.core.watches(slot: slot) { interest.insert(.readable) }
    stream.interest = interest
  }

  // MARK: The socket's events

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { relay.failed(self, failure) }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    if readiness.contains(.readable) && stream != nil { relay.tell(.readable(slot: slot)) }
    relay.run()
    updateInterest()
  }

  /// Receives once into a message and sends that.
  func receive(_ header: MessageHeader, byteCountMax: Int, over link: TunnelLink) {
    guard let stream else { return }
    switch link.relay(from: stream, header: header, payloadLengthMax: byteCountMax) {
    case .bytes(let byteCount):
      relay.tell(
        .received(slot: slot, byteCount: byteCount, isFull: byteCount == byteCountMax))
    case .wouldBlock: break
    case .endOfStream: relay.tell(.ended(slot: slot))
    case .failed(let failure): relay.failed(self, failure, runs: false)
    }
    // Else the queue remembers that there is something, and the kernel may say it again until its turn is over.
    if relay.core.watches(slot: slot) { stream.interest.insert(.readable) }
  }

  // MARK: Out of the tunnel

  /// Gives the socket what it takes, and keeps the rest.
  func deliver(_ bytes: Span<UInt8>) {
    var sent = 0
    if pending.isEmpty, let stream {
      switch stream.send(bytes) {
      case .accepted(let count): sent = count
      case .wouldBlock: break
      case .failed(let failure):
        relay.failed(self, failure, runs: false)
        return
      }
    }
    if sent < bytes.count {
      pending.append(bytes.extracting(sent..<bytes.count))
      stream?.interest.insert(.writable)
    }
    relay.tell(.taken(slot: slot, byteCount: sent, pendingByteCount: pending.count))
  }

  private func flush() {
    guard let stream, !pending.isEmpty else { return }
    switch pending.withReadable({ stream.send($0) }) {
    case .accepted(let count):
      pending.consume(count)
      if pending.isEmpty { pending.release() }
      relay.tell(.taken(slot: slot, byteCount: count, pendingByteCount: pending.count))
    case .wouldBlock: break
    case .failed(let failure): relay.failed(self, failure, runs: false)
    }
  }

  // MARK: The end

  func finishSending() { stream?.finishSending() }

  func close(_ ending: RelayCore.Ending) {
    let stream = stream
    self.stream = nil
    connector?.cancel()
    connector = nil
    pending.release()
    guard let stream else { return }
    switch ending {
    case .close: stream.close()
    case .closeBehindSent: relay.bidFarewell(stream, isCut: false)
    case .resetBehindSent: relay.bidFarewell(stream, isCut: true)
    case .reset: stream.abort()
    }
  }

  // MARK: Invariants

  func checkInvariants() -> String? {
    var faults = InvariantCheck("connection \(slot)")
    faults.unless(
      relay.core.pendingByteCount(slot: slot) == pending.count,
      "\(pending.count) bytes pending, of which the relay does not know")
    faults.take(connector?.checkInvariants())
    faults.unless(!pending.isEmpty || pending.capacity == 0, "keeps memory for nothing")
    guard let stream else { return faults.first }
    faults.unless(
      !relay.core.watches(slot: slot) || stream.interest.contains(.readable),
      "is not read, and nothing will change that")
    faults.unless(
      pending.isEmpty || stream.interest.contains(.writable),
      "has bytes for its client or server, and does not wait until they can go")
    faults.unless(
      !pending.isEmpty || !stream.interest.contains(.writable), "waits to write nothing")
    return faults.first
  }
}
