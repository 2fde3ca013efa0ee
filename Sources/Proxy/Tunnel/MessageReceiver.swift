import Basics
import WebSocket

/// How long things may be that come over a link.
public struct LinkLimits: Sendable {
  /// Payload of an inbound frame.
  public var framePayloadLengthMax = Message.framePayloadLengthMax
  /// An inbound message, without its length prefix.
  public var messageByteCountMax = Message.byteCountMax
  /// Bytes after which no more is received in one turn.
  public var inboundByteCountMax = 2 * (Message.prefixByteCount + Message.byteCountMax)

  public init() {}
}

/// A link's inbound half: octets of the wire in, whole messages of the tunnel and the WebSocket's control frames out.
///
/// The payload of the WebSocket's binary messages is one stream of tunnel messages, each behind its length, wherever
/// the frames and messages of the WebSocket begin and end in it.
///
/// The owner puts octets in (`withRoom`), asks `next` what they mean until that needs more, and uses up each message
/// (`withMessage`, `consumeMessage`). It may take its time: the same message comes again until it is used up.
package struct MessageReceiver: ~Copyable {
  package enum Event {
    case needMore
    /// A whole message is at the front.
    case message
    /// Part of a compressed message was restored.
    case restored
    case ping([UInt8])
    case pong([UInt8])
    case close(CloseFrame)
    /// The peer broke the protocol.
    indirect case violation(CloseCode, reason: String)
  }

  /// Octets of the ring. What is left in it before a receive is less than one message and one control frame or
  /// header, so there are always 3,900 and more to be received.
  private static let ringByteCount = 68 * 1024

  private var frames: FrameReceiver
  private let limits: LinkLimits
  private let restores: Bool
  /// Of the message at the front, with its prefix.
  private var messageByteCount = 0

  /// - Parameters:
  ///   - inflater: restores compressed messages; without one they are violations.
  ///   - early: what came behind the opening handshake's last octet.
  package init(role: WebSocketRole, limits: LinkLimits, inflater: Inflater?, early: [UInt8]) {
    self.limits = limits
    restores = inflater != nil
    frames = FrameReceiver(
      role: role, payloadLengthMax: limits.framePayloadLengthMax, inflater: inflater,
      byteCount: Self.ringByteCount)
    frames.append(early)
  }

  /// Nothing is here that was not used up.
  package var isEmpty: Bool { frames.isEmpty }

  /// Lends room for a receive; `advance` says how many octets came.
  @inline(__always) package mutating func withRoom<R>(
    _ body: (inout MutableSpan<UInt8>) -> R
  ) -> R {
    frames.withWritable(body)
  }

  /// So many octets were received.
  package mutating func advance(_ byteCount: Int) { frames.advance(byteCount) }

  package mutating func next() -> Event {
    while true {
      if frames.payloadByteCount >= Message.prefixByteCount {
        let length = frames.withPayload { Int($0[0]) << 8 | Int($0[1]) }
        if length > limits.messageByteCountMax { return tooLong(length) }
        if frames.payloadByteCount >= Message.prefixByteCount + length {
          messageByteCount = Message.prefixByteCount + length
          return .message
        }
      }
      switch frames.next() {
      case .needMore: return .needMore
      case .message(.text, _):
        return .violation(
          .unsupportedData, reason: "a text frame, where only binary ones are allowed")
      case .message: break
      case .payload: if restores { return .restored }
      case .ping(let payload): return .ping(payload)
      case .pong(let payload): return .pong(payload)
      case .close(let close): return .close(close)
      case .violation(let violation):
        return .violation(violation.statusCode, reason: violation.reason)
      }
    }
  }

  private func tooLong(_ length: Int) -> Event {
    .violation(
      .messageTooBig,
      reason: "a message of % bytes; message.max_size allows %".with(
        length.decimal, limits.messageByteCountMax.decimal))
  }

  /// Lends the message at the front, without its length prefix. Inlined, as a call would be to a copy made for the one
  /// closure.
  @inline(__always) package borrowing func withMessage<R>(_ body: (Span<UInt8>) -> R) -> R {
    let end = messageByteCount
    return frames.withPayload { body($0.extracting(Message.prefixByteCount..<end)) }
  }

  package mutating func consumeMessage() { frames.consume(messageByteCount) }
}
