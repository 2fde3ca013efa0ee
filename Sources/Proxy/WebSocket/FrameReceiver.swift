import Basics

/// A WebSocket's inbound half: octets of the wire in, payload and control frames out (RFC 6455 §5, §6.2).
///
/// One ring holds what came. Payload stands at its front, unmasked and with the frame headers between it taken
/// out, all in place; raw octets stand behind it, over a gap where headers were:
///
///     | payload not used yet | gap | raw: headers, masked payload, … | room to receive |
///      payloadByteCount
///
/// A header is closed up by moving whichever is shorter, the payload in front of it or its frame's own, so that
/// frames of one octet cost no more than others. The gap is gone when the payload is used, or more is needed.
///
/// With compression, what stands at that queue's front waits to be restored into a queue of its own, message by
/// message and in pieces: what is compressed in the one place is payload in the other.
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

  /// Octets of payload that one `next` restores, at the most.
  public static let restoredByteCountMax = 16 * 1024

  private var parser: FrameParser
  private var queue: ByteRing
  /// Octets at the queue's front that are unmasked: the payload, or what waits to be restored.
  private var unmaskedByteCount = 0
  /// Octets behind those that mean nothing any more; none where those are none.
  private var gapByteCount = 0
  /// The current frame is its message's last.
  private var isLastFrame = false
  private var violation: FrameViolation?
  private let inflater: Inflater?
  /// With an inflater, the payload.
  private var restored = ByteQueue()
  /// What waits is compressed.
  private var isCompressed = false
  /// What waits, perhaps nothing, ends its message.
  private var endsMessage = false

  /// - Parameters:
  ///   - payloadLengthMax: longest payload of one frame, in octets; longer is a violation.
  ///   - inflater: restores compressed messages; without one they are violations.
  ///   - byteCount: octets of the ring that holds what came; it grows when more is to have room.
  public init(
    role: WebSocketRole, payloadLengthMax: Int, inflater: Inflater? = nil, byteCount: Int = 1
  ) {
    queue = ByteRing(byteCount: byteCount)
    parser = FrameParser(
      role: role, payloadLengthMax: payloadLengthMax, allowsCompression: inflater != nil)
    self.inflater = inflater
  }

  // MARK: Octets of the wire

  /// Nothing is here, neither payload nor raw octets.
  public var isEmpty: Bool { queue.isEmpty && restored.isEmpty }

  /// Makes at least `byteCount` octets writable.
  public mutating func reserve(_ byteCount: Int) { queue.reserve(byteCount) }

  /// Lends the octets that may be written; `advance` says how many were.
  public mutating func withWritable<R>(_ body: (inout MutableSpan<UInt8>) -> R) -> R {
    queue.withWritable(body)
  }

  /// Says that `byteCount` octets were received into the writable region.
  public mutating func advance(_ byteCount: Int) { queue.advance(byteCount) }

  public mutating func append(_ bytes: [UInt8]) { queue.append(bytes.span) }

  // MARK: Payload

  /// Octets of payload that were not used yet.
  public var payloadByteCount: Int { inflater == nil ? unmaskedByteCount : restored.count }

  /// Lends the payload that was not used yet. Inlined, as a call would be to a copy made for the one closure.
  @inline(__always) public borrowing func withPayload<R>(_ body: (Span<UInt8>) -> R) -> R {
    if inflater != nil { return restored.withReadable(body) }
    let byteCount = unmaskedByteCount
    return queue.withReadable { body($0.extracting(..<byteCount)) }
  }

  /// Says that the first `byteCount` octets of payload were used.
  public mutating func consume(_ byteCount: Int) {
    if inflater != nil {
      restored.consume(byteCount)
    } else {
      consumeUnmasked(byteCount)
    }
  }

  private mutating func consumeUnmasked(_ byteCount: Int) {
    precondition(byteCount <= unmaskedByteCount)
    unmaskedByteCount &-= byteCount
    if unmaskedByteCount > 0 {
      queue.consume(byteCount)
    } else {
      queue.consume(byteCount &+ gapByteCount)
      gapByteCount = 0
    }
  }

  // MARK: Meaning

  /// What comes next. Costs no allocation but for a control frame's payload.
  public mutating func next() -> Event {
    if let violation { return .violation(violation) }
    while true {
      if let inflater, unmaskedByteCount > 0 || endsMessage || inflater.mayHaveMore {
        if let event = restore(inflater) { return event }
        continue
      }
      switch Self.step(&parser, queue, from: unmaskedByteCount &+ gapByteCount) {
      case .needMore:
        closeGap()
        return .needMore
      case .frame(let header, let headerByteCount):
        takeOut(headerByteCount, before: header.payloadLength)
        isLastFrame = header.fin
        if header.opcode != .continuation {
          isCompressed = header.isCompressed
          return .message(header.opcode, isCompressed: header.isCompressed)
        }
      case .payload(let byteCount, let maskingKey, let isLast):
        takePayload(byteCount, maskingKey)
        let endsMessage = isLast && isLastFrame
        if inflater != nil {
          self.endsMessage = endsMessage
        } else if byteCount > 0 || endsMessage {
          return .payload(byteCount: byteCount, endsMessage: endsMessage)
        }
      case .control(let header, let headerByteCount): return takeControl(header, headerByteCount)
      case .violation(let violation): return .violation(violation)
      }
    }
  }

  // MARK: The gap

  /// Takes out the raw octets at the front: a header, or a whole control frame.
  /// - Parameter payloadLength: of the frame whose payload follows.
  private mutating func takeOut(_ byteCount: Int, before payloadLength: Int) {
    if unmaskedByteCount == 0 {
      queue.consume(byteCount)
      return
    }
    gapByteCount &+= byteCount
    if unmaskedByteCount <= payloadLength {
      queue.removeInside(offset: unmaskedByteCount, count: gapByteCount)
      gapByteCount = 0
    }
  }

  /// Unmasks raw octets and joins them to those that are.
  @inline(never) private mutating func takePayload(_ byteCount: Int, _ maskingKey: MaskingKey?) {
    let offset = unmaskedByteCount &+ gapByteCount
    unmask(maskingKey, from: offset, byteCount: byteCount)
    if gapByteCount > 0 { queue.moveInside(offset: offset, count: byteCount, by: gapByteCount) }
    unmaskedByteCount &+= byteCount
  }

  /// Before more is received: what is raw is less than a header or a control frame now.
  private mutating func closeGap() {
    if gapByteCount == 0 { return }
    let offset = unmaskedByteCount &+ gapByteCount
    queue.moveInside(offset: offset, count: queue.count &- offset, by: gapByteCount)
    queue.removeLast(gapByteCount)
    gapByteCount = 0
  }

  /// Makes a piece of payload out of what waits; nil when all of that was used and nothing came of it.
  private mutating func restore(_ inflater: Inflater) -> Event? {
    let made: Int
    var isDone: Bool
    if isCompressed {
      restored.reserve(Self.restoredByteCountMax)
      do throws(Inflater.Violation) {
        let used: Int
        (used, made, isDone) = try Self.inflate(
          queue, unmaskedByteCount, endsMessage, with: inflater, into: &restored)
        consumeUnmasked(used)
        restored.advance(made)
      } catch {
        violation = .compression(error)
        return .violation(.compression(error))
      }
    } else {
      made = min(unmaskedByteCount, Self.restoredByteCountMax)
      Self.copy(queue, made, into: &restored)
      consumeUnmasked(made)
      isDone = endsMessage && unmaskedByteCount == 0
    }
    if isDone { endsMessage = false }
    return made > 0 || isDone ? .payload(byteCount: made, endsMessage: isDone) : nil
  }

  /// - Parameter waitingByteCount: octets at the front of `queue` to be restored.
  private static func inflate(
    _ queue: borrowing ByteRing, _ waitingByteCount: Int, _ endsMessage: Bool,
    with inflater: Inflater, into restored: inout ByteQueue
  ) throws(Inflater.Violation) -> (used: Int, made: Int, isDone: Bool) {
    try queue.withReadable { (readable) throws(Inflater.Violation) in
      try restored.withWritable(atMost: restoredByteCountMax) {
        (room) throws(Inflater.Violation) in
        let (used, made) = try inflater.inflate(
          readable.extracting(..<waitingByteCount), into: &room)
        if used < waitingByteCount || inflater.mayHaveMore || !endsMessage {
          return (used, made, false)
        }
        let (rest, isDone) = try inflater.finish(into: &room, from: made)
        return (used, made + rest, isDone)
      }
    }
  }

  private static func copy(
    _ queue: borrowing ByteRing, _ byteCount: Int, into restored: inout ByteQueue
  ) {
    queue.withReadable { restored.append($0.extracting(..<byteCount)) }
  }

  /// On two parts of the receiver at a time, which a closure over `self` may not have.
  private static func step(
    _ parser: inout FrameParser, _ queue: borrowing ByteRing, from offset: Int
  ) -> FrameParser.Step {
    queue.withReadable { parser.next($0.extracting(offset...)) }
  }

  private mutating func unmask(_ maskingKey: MaskingKey?, from offset: Int, byteCount: Int) {
    guard let maskingKey else { return }
    queue.withReadableMutable { maskingKey.apply(to: &$0, from: offset, byteCount: byteCount) }
  }

  private mutating func takeControl(_ header: FrameHeader, _ headerByteCount: Int) -> Event {
    let start = unmaskedByteCount + gapByteCount + headerByteCount
    unmask(header.maskingKey, from: start, byteCount: header.payloadLength)
    let payload = queue.withReadable { readable in
      readable.extracting(start..<(start + header.payloadLength)).octets
    }
    takeOut(headerByteCount + header.payloadLength, before: 0)
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
