import Tunnel

extension FuzzTarget {
  /// One message without its length prefix.
  static let message = FuzzTarget(name: "message", inputByteCountMax: 300) {
    bytes throws(Finding) in
    let expected = PlainFields(bytes)
    let message: Message
    do throws(MessageError) {
      message = try Message.parse(bytes.span)
    } catch {
      try require(expected == nil, "refused (\(error.reason)), though proto3 takes it")
      return
    }
    guard let expected else { throw Finding("taken, though it is not proto3") }
    try expected.expect(message, in: bytes)
    if !expected.names.isEmpty {
      let names = try? Message.availableServiceIDs(bytes.span)
      try require(
        names?.map { Array($0.utf8) }
          == expected.names.map { Array(String(decoding: $0, as: UTF8.self).utf8) },
        "other names of services")
    }
    try expectRewritten(message, bytes)
  }

  /// What this program can say, it reads as it was said.
  private static func expectRewritten(_ message: Message, _ bytes: [UInt8]) throws(Finding) {
    guard let type = message.type, message.serviceID.count <= Message.serviceIDByteCountMax else {
      return
    }
    let header = MessageHeader(
      type, streamID: message.streamID, serviceID: Array(bytes[message.serviceID]),
      connectionID: message.connectionID, ignorable: message.ignorable)
    let payload = Array(bytes[message.payload])
    var written = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = written.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    let body = Array(written[(start + Message.prefixByteCount)...])
    try require(
      Int(written[start]) << 8 | Int(written[start + 1]) == body.count, "a wrong length prefix")
    guard let again = try? Message.parse(body.span) else {
      throw Finding("a message of our own cannot be read")
    }
    try require(
      again.type == type && again.streamID == message.streamID
        && again.ignorable == message.ignorable && again.connectionID == message.connectionID
        && Array(body[again.payload]) == payload
        && Array(body[again.serviceID]) == header.serviceID && !again.hasUnknownFields,
      "a message of our own reads as another")
  }
}

/// A second reading of proto3, plain rather than quick.
private struct PlainFields {
  /// By the fields' numbers.
  var numbers: InlineArray<8, UInt64> = .init(repeating: 0)
  var payload: ArraySlice<UInt8> = []
  var serviceID: ArraySlice<UInt8> = []
  var names: [ArraySlice<UInt8>] = []
  var hasUnknown = false

  /// Nil when the octets are no message, or one with too long a payload.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let tag = Self.varint(&rest) else { return nil }
      let field = tag / 8
      guard (1...536_870_911).contains(field) else { return nil }
      switch tag % 8 {
      case 0:
        guard let value = Self.varint(&rest) else { return nil }
        if field > 7 || (4...6).contains(field) {
          hasUnknown = true
        } else {
          numbers[Int(field)] = value
        }
      case 2:
        guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return nil }
        let text = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        switch field {
        case 4: payload = text
        case 5: serviceID = text
        case 6: names.append(text)
        default: hasUnknown = true
        }
      case 1, 5:
        let length = tag % 8 == 1 ? 8 : 4
        if rest.count < length { return nil }
        rest = rest.dropFirst(length)
        hasUnknown = true
      default: return nil
      }
    }
    if payload.count > Message.payloadLengthMax { return nil }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    guard let last = rest.prefix(10).firstIndex(where: { $0 < 0x80 }) else { return nil }
    defer { rest = rest[(last + 1)...] }
    return rest[...last].reversed().reduce(0) { $0 << 7 | UInt64($1 & 0x7f) }
  }

  func expect(_ message: Message, in bytes: [UInt8]) throws(Finding) {
    try require(
      message.rawType == Int32(truncatingIfNeeded: numbers[1]), "another type")
    try require(
      message.streamID == Int32(truncatingIfNeeded: numbers[2]), "another stream id")
    try require(message.ignorable == (numbers[3] != 0), "another ignorable")
    try require(
      message.connectionID == UInt32(truncatingIfNeeded: numbers[7]),
      "another connection id")
    try require(bytes[message.payload] == payload, "another payload")
    try require(bytes[message.serviceID] == serviceID, "another service id")
    try require(message.availableServiceIDCount == names.count, "another count of services")
    try require(message.hasUnknownFields == hasUnknown, "unknown fields")
  }
}
