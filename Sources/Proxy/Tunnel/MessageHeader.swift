import Basics

/// All of an outgoing message but its payload, written in front of a payload that lies in place.
///
/// The payload is the last field, so everything else fits into the headroom before it. Receivers take
/// fields in any order (proto3).
public struct MessageHeader {
  /// Most bytes in front of a payload: length prefix, type, stream, ignorable, service, connection, payload's
  /// tag.
  public static let byteCountMax = 2 + 2 + 11 + 2 + (3 + Message.serviceIDByteCountMax) + 6 + 4

  public var type: MessageType
  public var streamID: Int32
  public var serviceID: [UInt8]
  public var connectionID: UInt32
  /// See `Message.ignorable`.
  public var ignorable: Bool
  /// Write the field also when it is false, which means nothing to any other receiver.
  public var writesIgnorable: Bool

  /// - Parameters:
  ///   - serviceID: UTF-8; empty for none on the wire.
  ///   - connectionID: 0 for none on the wire.
  public init(
    _ type: MessageType, streamID: Int32 = 0, serviceID: [UInt8] = [], connectionID: UInt32 = 0,
    ignorable: Bool = false, writesIgnorable: Bool = false
  ) {
    self.type = type
    self.streamID = streamID
    self.serviceID = serviceID
    self.connectionID = connectionID
    self.ignorable = ignorable
    self.writesIgnorable = writesIgnorable
  }

  /// Writes the length prefix and all fields but the payload's bytes so that they end before `end`, where
  /// a payload of `payloadLength` bytes begins; returns where they begin. A payload of 0 is left out.
  public func write(
    into bytes: inout MutableSpan<UInt8>, endingAt end: Int, payloadLength: Int
  ) -> Int {
    var writer = BackwardWriter(index: end)
    if payloadLength > 0 {
      writer.varint(UInt64(payloadLength), &bytes)
      writer.tag(4, wireType: 2, &bytes)
    }
    if connectionID != 0 {
      writer.varint(UInt64(connectionID), &bytes)
      writer.tag(7, wireType: 0, &bytes)
    }
    if !serviceID.isEmpty {
      writer.octets(serviceID, &bytes)
      writer.varint(UInt64(serviceID.count), &bytes)
      writer.tag(5, wireType: 2, &bytes)
    }
    if ignorable || writesIgnorable {
      writer.octet(ignorable ? 1 : 0, &bytes)
      writer.tag(3, wireType: 0, &bytes)
    }
    if streamID != 0 {
      // proto3 sign-extends int32: a negative id takes ten bytes.
      writer.varint(UInt64(bitPattern: Int64(streamID)), &bytes)
      writer.tag(2, wireType: 0, &bytes)
    }
    writer.varint(UInt64(type.rawValue), &bytes)
    writer.tag(1, wireType: 0, &bytes)
    let length = end - writer.index + payloadLength
    writer.octet(UInt8(truncatingIfNeeded: length), &bytes)
    writer.octet(UInt8(truncatingIfNeeded: length >> 8), &bytes)
    return writer.index
  }

  /// A SERVICE_IDS message with its length prefix, as the service sends it.
  public static func serviceIDs(_ names: [String]) -> [UInt8] {
    var body: [UInt8] = [0x08, UInt8(MessageType.serviceIDs.rawValue)]
    for name in names {
      body.append(6 << 3 | 2)
      appendVarint(UInt64(name.utf8.count), to: &body)
      body += name.octets
    }
    return [UInt8(truncatingIfNeeded: body.count >> 8), UInt8(truncatingIfNeeded: body.count)]
      + body
  }

  private static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Writes proto3 from the end towards the front.
private struct BackwardWriter {
  var index: Int

  mutating func octet(_ value: UInt8, _ bytes: inout MutableSpan<UInt8>) {
    index -= 1
    bytes[index] = value
  }

  mutating func octets(_ values: [UInt8], _ bytes: inout MutableSpan<UInt8>) {
    index -= values.count
    for offset in 0..<values.count { bytes[index + offset] = values[offset] }
  }

  mutating func tag(_ number: UInt8, wireType: UInt8, _ bytes: inout MutableSpan<UInt8>) {
    octet(number << 3 | wireType, &bytes)
  }

  mutating func varint(_ value: UInt64, _ bytes: inout MutableSpan<UInt8>) {
    var length = 1
    while length < 10 && value >> (7 * UInt64(length)) != 0 { length += 1 }
    index -= length
    for offset in 0..<length {
      let group = UInt8(truncatingIfNeeded: value >> (7 * UInt64(offset))) & 0x7f
      bytes[index + offset] = offset == length - 1 ? group : group | 0x80
    }
  }
}
