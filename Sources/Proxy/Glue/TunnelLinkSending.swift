import Basics
import Reactor
import Tunnel
import WebSocket

/// The link's outbound half: one frame at a time, control frames before messages.
extension TunnelLink {
  /// A message may be sent now.
  public var hasRoom: Bool {
    state == .open && pendingPong == nil && pendingPing == nil
      && stream.hasRoom && readyAt == nil
  }

  /// Payload of a message's frame, at the most, for the sake of what is more urgent than it.
  public var pacedByteCountMax: Int { pacer.frameByteCountMax }

  /// When the pacer allows the next message; nil for now.
  private var readyAt: Instant? {
    let now = network.now
    let ready = pacer.readyAt(now, isReading: !isPaused)
    return now < ready ? ready : nil
  }

  /// Receives from `source` straight into a DATA message with this header and sends it. Call it with
  /// `hasRoom` only. The result is the receive's.
  public func relay(
    from source: any ByteStream, header: MessageHeader, payloadLengthMax: Int
  ) -> ReceiveResult {
    outgoing.begin(payloadLengthMax: Message.payloadLengthMax)
    let result = outgoing.receive(
      from: source, byteCountMax: min(payloadLengthMax, Message.payloadLengthMax))
    if case .bytes = result {
      outgoing.prepend(header)
      sendMessages()
    }
    return result
  }

  /// Sends a message without a payload. Call it with `hasRoom` only.
  public func send(_ header: MessageHeader) {
    outgoing.begin(payloadLengthMax: 0)
    outgoing.prepend(header)
    sendMessages()
  }

  /// Sends bytes that are whole messages already, length prefixes and all, as one frame. Call it with
  /// `hasRoom` only.
  public func send(encoded bytes: Span<UInt8>) {
    outgoing.begin(payloadLengthMax: bytes.count)
    outgoing.append(bytes)
    sendMessages()
  }

  /// Sends a message as it came from another link. Call it with `hasRoom` only.
  /// - Parameter message: its encoded form, without the length prefix.
  public func forward(_ message: Span<UInt8>) {
    outgoing.begin(payloadLengthMax: message.count)
    outgoing.append(message)
    outgoing.prependLengthPrefix()
    sendMessages()
  }

  private func sendMessages() {
    sentByteCount += outgoing.count
    let isCompressed = compress()
    let wantsPing = pacer.sent(outgoing.count, now: network.now)
    sendFrame(.binary, isCompressed: isCompressed)
    if wantsPing && state == .open { ping() }
  }

  /// Compresses the payload, if that was agreed on and is worth it.
  private func compress() -> Bool {
    guard let deflater = compression?.deflater, outgoing.isWorthCompressing else { return false }
    // The first of many short messages comes out no shorter; those behind it do, by referring to it.
    let excess = deflater.keepsContext ? Self.compressionExcessMax : -1
    return outgoing.compress(
      with: deflater,
      byteCountMax: min(outgoing.count + excess, limits.framePayloadLengthMax))
  }

  private func sendFrame(_ opcode: Opcode, isCompressed: Bool = false) {
    outgoing.seal(
      opcode, isCompressed: isCompressed,
      maskingKey: role == .client ? nextMaskingKey() : nil)
    switch outgoing.send(to: stream) {
    case .accepted: break
    // Whoever sends has asked for room. A frame left out would shift all behind it.
    case .noRoom: end(.failed(.system(.noBuffer)))
    case .failed(let failure): end(.failed(failure))
    }
  }

  private func nextMaskingKey() -> MaskingKey {
    // Without randomness the same keys again: TLS below protects the octets either way.
    maskingKeys.next { try? network.randomize(&$0) }
  }

  /// Sends the control frames that wait, as far as there is room.
  func sendControl() {
    while state != .ended && stream.hasRoom {
      let payload: [UInt8]
      let opcode: Opcode
      if let pong = pendingPong {
        pendingPong = nil
        (opcode, payload) = (.pong, pong)
      } else if let ping = pendingPing, state == .open {
        pendingPing = nil
        (opcode, payload) = (.ping, ping)
      } else if let close = pendingClose {
        pendingClose = nil
        (opcode, payload) = (.close, close)
      } else {
        break
      }
      sendControlFrame(opcode, payload)
    }
    updateInterest()
  }

  private func sendControlFrame(_ opcode: Opcode, _ payload: [UInt8]) {
    outgoing.begin(payloadLengthMax: payload.count)
    outgoing.append(payload.span)
    sendFrame(opcode)
  }

  func roomCame() {
    sendControl()
    if state == .leaving {
      if pendingClose == nil && stream.unsentByteCount == 0 { end(.completed) }
      return
    }
    if !wantsRoom { return }
    if hasRoom {
      wantsRoom = false
      handler?.linkHasRoom(self)
    } else {
      updateInterest()
    }
  }

  func updateInterest() {
    if state == .ended { return }
    var wanted: Readiness = []
    if isReading && !isPaused && !isResting { wanted.insert(.readable) }
    let ready = wantsRoom ? readyAt : nil
    if let ready { schedulePace(at: ready) }
    if wantsRoom && ready == nil || pendingPong != nil || pendingPing != nil || pendingClose != nil
      || state == .leaving
    {
      wanted.insert(.writable)
    }
    stream.interest = wanted
  }
}
