import Basics
import Reactor
import Tunnel
import WebSocket

/// The one frame that its owner builds at a time: payload in place, headers written backwards in front of it.
///
///     | room for headers | WebSocket header | length prefix, message's fields | payload |
///
/// Use: `begin`, then fill the payload, then `prepend…` if it is a message's, then perhaps `compress`, then `seal`,
/// then send.
public struct OutgoingFrame: ~Copyable {
  private static let headroom = FrameHeader.byteCountMax + MessageHeader.byteCountMax

  private var bytes = ByteQueue()
  /// Where a payload is compressed to; it owns no memory unless that is done.
  private var compressed = ByteQueue()

  public init() {}

  /// Octets of the frame so far.
  var count: Int { bytes.count }

  /// Forgets the last frame and makes room for a payload of `payloadLengthMax` octets.
  public mutating func begin(payloadLengthMax: Int) {
    // Emptied first: what was sent need not be kept while the buffer grows.
    bytes.restart(headroom: 0)
    bytes.reserve(Self.headroom + payloadLengthMax)
    bytes.restart(headroom: Self.headroom)
  }

  /// Receives once from `source` into the payload.
  mutating func receive(from source: any ByteStream, byteCountMax: Int) -> ReceiveResult {
    let result = bytes.withWritable(atMost: byteCountMax) { source.receive(into: &$0) }
    if case .bytes(let count) = result { bytes.advance(count) }
    return result
  }

  /// Copies `payload` behind what is there.
  public mutating func append(_ payload: Span<UInt8>) { bytes.append(payload) }

  /// Makes the octets so far the payload of a message with this header.
  mutating func prepend(_ header: MessageHeader) {
    let payloadLength = bytes.count
    let room = MessageHeader.byteCountMax
    bytes.extendFront(room)
    let start = bytes.withReadableMutable { bytes in
      header.write(into: &bytes, endingAt: room, payloadLength: payloadLength)
    }
    bytes.consume(start)
  }

  /// Puts the length prefix in front of a message that is encoded already.
  mutating func prependLengthPrefix() {
    let length = bytes.count
    bytes.extendFront(Message.prefixByteCount)
    bytes.withReadableMutable { bytes in
      bytes[0] = UInt8(truncatingIfNeeded: length >> 8)
      bytes[1] = UInt8(truncatingIfNeeded: length)
    }
  }

  /// Whether the payload looks as if it could be made shorter.
  var isWorthCompressing: Bool { bytes.withReadable { MessageCompression.isWorthwhile($0) } }

  /// Puts the payload's compressed form in its place.
  /// - Parameter byteCountMax: octets that it may have.
  /// - Returns: false when it would have more; the payload stays as it is then.
  public mutating func compress(with deflater: Deflater, byteCountMax: Int) -> Bool {
    compressed.restart(headroom: 0)
    compressed.reserve(FrameHeader.byteCountMax + max(byteCountMax, 0))
    compressed.restart(headroom: FrameHeader.byteCountMax)
    if !Self.compress(bytes, with: deflater, into: &compressed, byteCountMax) {
      deflater.forget()
      return false
    }
    swap(&bytes, &compressed)
    return true
  }

  private static func compress(
    _ bytes: borrowing ByteQueue, with deflater: Deflater, into compressed: inout ByteQueue,
    _ byteCountMax: Int
  ) -> Bool {
    bytes.withReadable {
      deflater.compress($0, endsMessage: true, into: &compressed, byteCountMax: byteCountMax)
    }
  }

  /// Puts the frame header in front and masks the rest if there is a key.
  public mutating func seal(
    _ opcode: Opcode, isCompressed: Bool = false, maskingKey: MaskingKey?
  ) {
    let length = bytes.count
    let header = FrameHeader(
      isCompressed: isCompressed, opcode: opcode, payloadLength: length, maskingKey: maskingKey)
    bytes.extendFront(header.byteCount)
    bytes.withReadableMutable { bytes in
      _ = header.write(into: &bytes, endingAt: header.byteCount)
      maskingKey?.apply(to: &bytes, from: header.byteCount, byteCount: length)
    }
  }

  /// Lends the frame's octets.
  public func withBytes<R>(_ body: (Span<UInt8>) -> R) -> R { bytes.withReadable(body) }

  func send(to stream: any SecureStream) -> WholeSendResult {
    bytes.withReadable { stream.sendWhole($0) }
  }
}
