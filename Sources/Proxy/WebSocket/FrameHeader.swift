/// What a frame carries (RFC 6455 §5.2).
public enum Opcode: UInt8, Sendable {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  /// Control frames are whole, short, and may come between the fragments of a message (§5.5).
  public var isControl: Bool { rawValue >= 0x8 }

  /// The first frame of a data message has the kind of its data for its opcode (§5.4).
  var startsMessage: Bool { self == .text || self == .binary }
}

/// Which end of the connection this is: a client masks what it sends, a server never does (§5.1).
public enum WebSocketRole: Sendable {
  case client, server
}

/// The head of one frame (RFC 6455 §5.2).
public struct FrameHeader: Equatable, Sendable {
  /// Octets of the longest header: two, an eight-octet length, a masking key.
  public static let byteCountMax = 14
  /// Octets that a control frame may carry (§5.5).
  public static let controlPayloadLengthMax = 125
  /// RSV1, in a header's first octet.
  static let compressedBit: UInt8 = 0x40

  public var fin: Bool
  /// The message that begins with this frame is compressed (RFC 7692 §6).
  public var isCompressed: Bool
  public var opcode: Opcode
  public var payloadLength: Int
  public var maskingKey: MaskingKey?

  public init(
    fin: Bool = true, isCompressed: Bool = false, opcode: Opcode, payloadLength: Int,
    maskingKey: MaskingKey?
  ) {
    self.fin = fin
    self.isCompressed = isCompressed
    self.opcode = opcode
    self.payloadLength = payloadLength
    self.maskingKey = maskingKey
  }

  /// Octets of this header on the wire, with the length in its minimal form.
  public var byteCount: Int {
    let length = payloadLength < 126 ? 0 : payloadLength <= 0xffff ? 2 : 8
    return 2 + length + (maskingKey == nil ? 0 : 4)
  }

  /// Writes the header into `bytes` so that it ends before `end`; returns where it begins.
  public func write(into bytes: inout MutableSpan<UInt8>, endingAt end: Int) -> Int {
    let start = end - byteCount
    var index = start
    bytes[index] = (fin ? 0x80 : 0) | (isCompressed ? Self.compressedBit : 0) | opcode.rawValue
    index += 1
    let masked: UInt8 = maskingKey == nil ? 0 : 0x80
    if payloadLength < 126 {
      bytes[index] = masked | UInt8(payloadLength)
      index += 1
    } else {
      let octets = payloadLength <= 0xffff ? 2 : 8
      bytes[index] = masked | (octets == 2 ? 126 : 127)
      index += 1
      for octet in 0..<octets {
        bytes[index] = UInt8(truncatingIfNeeded: payloadLength >> (8 * (octets - 1 - octet)))
        index += 1
      }
    }
    if let maskingKey {
      for octet in 0..<4 { bytes[index + octet] = maskingKey.octet(octet) }
    }
    return start
  }
}
