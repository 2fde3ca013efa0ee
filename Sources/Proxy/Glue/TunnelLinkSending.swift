import Basics
import Reactor
import Tunnel
import WebSocket

/// The link's outbound half: one frame at a time, control frames before messages.
extension TunnelLink {
  /// By how many bytes a compressed payload may be longer than it was.
  static let compressionExcessMax = 32

  /// A message may be sent now.
  public var hasRoom: Bool { core.hasRoom(now: network.now, self) }

  /// Ask to be told by `linkHasRoom`; cleared by that.
  public var wantsRoom: Bool {
    get { core.wantsRoom }
    set {
      if core.wantsRoom == newValue { return }
      core.wantsRoom = newValue
      settle()
    }
  }

  /// Payload of a message's frame, at the most, for the sake of what is more urgent than it.
  public var pacedByteCountMax: Int { core.frameByteCountMax }

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
    sentByteCount += Int64(outgoing.count)
    let isCompressed = compress()
    // What the path carries is what counts there.
    let byteCount = outgoing.count
    sendFrame(.binary, isCompressed: isCompressed)
    if core.sent(byteCount, now: network.now) {
      obey()
      settle()
    }
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
    case .noRoom: lose(.system(.noBuffer))
    case .failed(let failure): lose(failure)
    }
  }

  private func nextMaskingKey() -> MaskingKey {
    // Without randomness the same keys again: TLS below protects the octets either way.
    maskingKeys.next { try? network.randomize(&$0) }
  }

  func sendControlFrame(_ opcode: Opcode, _ payload: [UInt8]) {
    outgoing.begin(payloadLengthMax: payload.count)
    outgoing.append(payload.span)
    sendFrame(opcode)
  }
}
