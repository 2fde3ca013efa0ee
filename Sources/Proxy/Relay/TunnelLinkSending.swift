import Basics
import Reactor

/// The link's outbound half: one frame at a time, control frames before messages.
extension TunnelLink {
  /// A message may be sent now.
  public var hasRoom: Bool {
    state == .open && pendingPong == nil && pendingPing == nil
      && stream.unsentByteCount < TLSStream.roomMark
  }

  /// Receives from `source` straight into a DATA message with this header and sends it. Call it with
  /// `hasRoom` only. The result is the receive's.
  public func relay(
    from source: any Stream, header: MessageHeader, payloadLengthMax: Int
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
    sendFrame(.binary, isCompressed: compress())
  }

  /// Makes the payload shorter, if that was agreed on and can be done.
  private func compress() -> Bool {
    guard let compression, outgoing.isWorthCompressing else { return false }
    return outgoing.compress(with: compression.deflater, byteCountMax: outgoing.count - 1)
  }

  private func sendFrame(_ opcode: Opcode, isCompressed: Bool = false) {
    outgoing.seal(
      opcode, isCompressed: isCompressed,
      maskingKey: role == .client ? maskingKeys.next() : nil)
    switch outgoing.send(to: stream) {
    case .accepted: break
    case .wouldBlock: end(.failed(.unexpectedEnd))
    case .failed(let failure): end(.failed(failure))
    }
  }

  /// Sends the control frames that wait, as far as there is room.
  func sendControl() {
    while state != .ended && stream.unsentByteCount < TLSStream.roomMark {
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
    if wantsRoom && hasRoom {
      wantsRoom = false
      handler?.linkHasRoom(self)
    }
  }

  func updateInterest() {
    if state == .ended { return }
    var wanted: Readiness = []
    if !isPaused && !isResting { wanted.insert(.readable) }
    if wantsRoom || pendingPong != nil || pendingPing != nil || pendingClose != nil {
      wanted.insert(.writable)
    }
    stream.interest = wanted
  }
}
