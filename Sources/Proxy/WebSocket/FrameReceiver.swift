import Basics

/// A WebSocket's inbound half: octets of the wire in, payload and control frames out (RFC 6455 §5, §6.2).
///
/// One queue holds what came. Payload stands at its front, unmasked and with the frame headers between it taken
/// out, all in place; raw octets stand behind it:
///
///     | payload not used yet | raw: headers, masked payload, … | room to receive |
///      payloadByteCount
///
/// The owner puts octets in (`reserve`, `withWritable`, `advance`), asks `next` what they mean until that needs
/// more, and uses up the payload (`withPayload`, `consume`) when it likes. It may take its time: what is not
/// asked for stays raw.
public struct FrameReceiver: ~Copyable {
  public enum Event: Equatable {
    case needMore
    /// A data message begins, text or binary. The payload that comes next is its.
    case message(Opcode, isCompressed: Bool)
    /// There are `byteCount` octets more of the message's payload, perhaps none; `endsMessage` says that they
    /// are its last ones.
    case payload(byteCount: Int, endsMessage: Bool)
    case ping([UInt8])
    case pong([UInt8])
    /// The last thing to be asked for: nothing behind a close frame counts (§5.5.1).
    case close(CloseFrame)
    /// The peer broke the protocol. The same again for ever after.
    case violation(FrameViolation)
  }

  private var parser: FrameParser
  private var queue = ByteQueue()
  /// Octets at the queue's front that are payload.
  public private(set) var payloadByteCount = 0
  /// The current frame is its message's last.
  private var isLastFrame = false
  private var violation: FrameViolation?

  /// - Parameter payloadLengthMax: longest payload of one frame, in octets; longer is a violation.
  public init(role: WebSocketRole, payloadLengthMax: Int, allowsCompression: Bool = false) {
    parser = FrameParser(
      role: role, payloadLengthMax: payloadLengthMax, allowsCompression: allowsCompression)
  }

  // MARK: Octets of the wire

  /// Nothing is here, neither payload nor raw octets.
  public var isEmpty: Bool { queue.isEmpty }

  /// Makes at least `byteCount` octets writable.
  public mutating func reserve(_ byteCount: Int) { queue.reserve(byteCount) }

  /// Lends the octets that may be written; `advance` says how many were.
  public mutating func withWritable<R>(_ body: (inout MutableSpan<UInt8>) -> R) -> R {
    queue.withWritable(body)
  }

  /// Says that `byteCount` octets were received into the writable region.
  public mutating func advance(_ byteCount: Int) { queue.advance(byteCount) }

  public mutating func append(_ bytes: [UInt8]) { queue.append(bytes) }

  // MARK: Payload

  /// Lends the payload that was not used yet.
  public borrowing func withPayload<R>(_ body: (Span<UInt8>) -> R) -> R {
    let byteCount = payloadByteCount
    return queue.withReadable { body($0.extracting(..<byteCount)) }
  }

  /// Says that the first `byteCount` octets of payload were used.
  public mutating func consume(_ byteCount: Int) {
    precondition(byteCount <= payloadByteCount)
    queue.consume(byteCount)
    payloadByteCount &-= byteCount
  }

  // MARK: Meaning

  /// What comes next. Costs no allocation but for a control frame's payload.
  public mutating func next() -> Event {
    if let violation { return .violation(violation) }
    while true {
      switch Self.step(&parser, queue, from: payloadByteCount) {
      case .needMore: return .needMore
      case .frame(let header, let headerByteCount):
        queue.removeInside(offset: payloadByteCount, count: headerByteCount)
        isLastFrame = header.fin
        if header.opcode != .continuation {
          return .message(header.opcode, isCompressed: header.isCompressed)
        }
      case .payload(let byteCount, let maskingKey, let isLast):
        unmask(maskingKey, from: payloadByteCount, byteCount: byteCount)
        payloadByteCount &+= byteCount
        let endsMessage = isLast && isLastFrame
        if byteCount > 0 || endsMessage {
          return .payload(byteCount: byteCount, endsMessage: endsMessage)
        }
      case .control(let header, let headerByteCount): return takeControl(header, headerByteCount)
      case .violation(let violation): return .violation(violation)
      }
    }
  }

  /// On two parts of the receiver at a time, which a closure over `self` may not have.
  private static func step(
    _ parser: inout FrameParser, _ queue: borrowing ByteQueue, from offset: Int
  ) -> FrameParser.Step {
    queue.withReadable { parser.next($0.extracting(offset...)) }
  }

  private mutating func unmask(_ maskingKey: MaskingKey?, from offset: Int, byteCount: Int) {
    guard let maskingKey else { return }
    queue.withReadableMutable { maskingKey.apply(to: &$0, from: offset, byteCount: byteCount) }
  }

  private mutating func takeControl(_ header: FrameHeader, _ headerByteCount: Int) -> Event {
    let start = payloadByteCount + headerByteCount
    unmask(header.maskingKey, from: start, byteCount: header.payloadLength)
    var payload: [UInt8] = []
    payload.reserveCapacity(header.payloadLength)
    queue.withReadable { readable in
      for index in start..<(start + header.payloadLength) { payload.append(readable[index]) }
    }
    queue.removeInside(offset: payloadByteCount, count: headerByteCount + header.payloadLength)
    if header.opcode == .ping { return .ping(payload) }
    if header.opcode == .pong { return .pong(payload) }
    do throws(FrameViolation) {
      return .close(try CloseFrame(payload: payload.span))
    } catch {
      violation = error
      return .violation(error)
    }
  }
}
