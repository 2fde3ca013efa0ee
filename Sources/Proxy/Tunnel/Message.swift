import Basics

/// What a tunnel message is (the service's protocol guides).
public enum MessageType: Int32, Sendable {
  case unknown = 0
  case data = 1
  case streamStart = 2
  case streamReset = 3
  case sessionReset = 4
  case serviceIDs = 5
  case connectionStart = 6
  case connectionReset = 7
}

/// One tunnel message, read in place: strings and payload are ranges of the bytes it was read from.
///
/// Messages are proto3; fields may come in any order, and the last of a field counts.
public struct Message: Equatable {
  /// Longest payload of one message, in bytes.
  public static let payloadLengthMax = 64_512
  /// Longest encoded message: what its two-byte length prefix can say.
  public static let byteCountMax = 65_535
  /// Bytes of the length prefix.
  public static let prefixByteCount = 2
  /// Longest payload of a WebSocket's frame with messages in it, either way: the service's own limit.
  public static let framePayloadLengthMax = 131_076
  /// Longest service id this program sends, in bytes of UTF-8.
  public static let serviceIDByteCountMax = 128

  /// The raw type: a number unknown here is legal when `ignorable` is set.
  public var rawType: Int32 = 0
  /// 0 when absent, which is invalid for all but the session's own messages.
  public var streamID: Int32 = 0
  public var ignorable = false
  /// The field above was written, whatever its value: proto3 lets anyone leave it out when it is false.
  public var isIgnorableWritten = false
  public var payload = 0..<0
  /// Empty when absent.
  public var serviceID = 0..<0
  /// 0 when absent.
  public var connectionID: UInt32 = 0
  public var availableServiceIDCount = 0
  /// A field outside the schema was skipped; the service does not accept such messages.
  public var hasUnknownFields = false

  public init() {}

  public var type: MessageType? { MessageType(rawValue: rawType) }

  /// Reads a message that fills `bytes` (without its length prefix).
  public static func parse(_ bytes: Span<UInt8>) throws(MessageError) -> Message {
    var message = Message()
    var reader = FieldReader(end: bytes.count)
    while let field = try reader.next(bytes) {
      switch (field.number, field.value) {
      case (1, .varint(let value)): message.rawType = Int32(truncatingIfNeeded: value)
      case (2, .varint(let value)): message.streamID = Int32(truncatingIfNeeded: value)
      case (3, .varint(let value)):
        message.ignorable = value != 0
        message.isIgnorableWritten = true
      case (4, .bytes(let range)): message.payload = range
      case (5, .bytes(let range)): message.serviceID = range
      case (6, .bytes): message.availableServiceIDCount += 1
      case (7, .varint(let value)): message.connectionID = UInt32(truncatingIfNeeded: value)
      default: message.hasUnknownFields = true
      }
    }
    if message.payload.count > payloadLengthMax { throw .payloadTooLong }
    return message
  }

  /// The names in a SERVICE_IDS message.
  public static func availableServiceIDs(_ bytes: Span<UInt8>) throws(MessageError) -> [String] {
    var names: [String] = []
    var reader = FieldReader(end: bytes.count)
    while let field = try reader.next(bytes) {
      if field.number == 6, case .bytes(let range) = field.value {
        names.append(text(bytes, range))
      }
    }
    return names
  }

  /// The text of `range`; what is not UTF-8 is replaced.
  public static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    bytes.extracting(range).octets[...].text
  }
}

/// How a message is not proto3, or not what the service allows: the peer's fault.
public enum MessageError: Error, Equatable, Sendable {
  case truncated
  case varintTooLong
  case wireType
  case fieldNumber
  case payloadTooLong

  public var reason: String {
    switch self {
    case .truncated: "a field reaches beyond the message's end"
    case .varintTooLong: "a number takes more than ten bytes"
    case .wireType: "a field has an unknown wire type"
    case .fieldNumber: "a field has the number 0"
    case .payloadTooLong: "a payload is longer than 64512 bytes"
    }
  }
}

/// Walks over the fields of a proto3 message.
struct FieldReader {
  enum Value: Equatable {
    case varint(UInt64)
    case bytes(Range<Int>)
    /// A 32-bit or 64-bit number, which no field of ours has.
    case fixed
  }

  struct Field: Equatable {
    let number: UInt64
    let value: Value
  }

  private var index = 0
  private let end: Int

  init(end: Int) { self.end = end }

  mutating func next(_ bytes: Span<UInt8>) throws(MessageError) -> Field? {
    if index == end { return nil }
    let tag = try varint(bytes)
    let number = tag >> 3
    if number == 0 || number > 536_870_911 { throw .fieldNumber }
    switch tag & 7 {
    case 0: return Field(number: number, value: .varint(try varint(bytes)))
    case 1: return Field(number: number, value: try fixed(8))
    case 5: return Field(number: number, value: try fixed(4))
    case 2:
      let length = try varint(bytes)
      if length > UInt64(end - index) { throw .truncated }
      let range = index..<(index + Int(length))
      index = range.upperBound
      return Field(number: number, value: .bytes(range))
    default: throw .wireType
    }
  }

  private mutating func fixed(_ byteCount: Int) throws(MessageError) -> Value {
    if byteCount > end - index { throw .truncated }
    index += byteCount
    return .fixed
  }

  private mutating func varint(_ bytes: Span<UInt8>) throws(MessageError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 70 {
      if index == end { throw .truncated }
      let byte = bytes[index]
      index += 1
      // The tenth byte has room for one bit; protobuf drops the rest.
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw .varintTooLong
  }
}
