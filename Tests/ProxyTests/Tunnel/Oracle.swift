import Foundation
import Simulator
import SwiftProtobuf
import Tunnel

/// What a codec must agree on about one message, whoever read it.
struct MessageContents: Equatable {
  var type: Int32
  var streamID: Int32
  var ignorable: Bool
  var payload: [UInt8]
  var serviceID: [UInt8]
  var connectionID: UInt32
  var availableServiceIDs: [[UInt8]]
  var hasUnknownFields: Bool
}

extension MessageContents {
  /// As this project's codec reads `bytes`.
  init(parsing bytes: [UInt8]) throws {
    let message = try Message.parse(bytes.span)
    self.init(
      type: message.rawType, streamID: message.streamID, ignorable: message.ignorable,
      payload: Array(bytes[message.payload]), serviceID: Array(bytes[message.serviceID]),
      connectionID: message.connectionID,
      availableServiceIDs: try Message.availableServiceIDs(bytes.span).map { Array($0.utf8) },
      hasUnknownFields: message.hasUnknownFields)
    if availableServiceIDs.count != message.availableServiceIDCount { throw CountMismatch() }
  }

  struct CountMismatch: Error {}

  /// As swift-protobuf reads `bytes`.
  init(oracleParsing bytes: [UInt8]) throws {
    let message = try Oracle_Message(serializedBytes: bytes)
    self.init(
      type: Int32(truncatingIfNeeded: message.type.rawValue), streamID: message.streamID,
      ignorable: message.ignorable, payload: Array(message.payload),
      serviceID: Array(message.serviceID.utf8), connectionID: message.connectionID,
      availableServiceIDs: message.availableServiceIds.map { Array($0.utf8) },
      hasUnknownFields: !message.unknownFields.data.isEmpty)
  }
}

/// Encodings that only a test needs: fields in any order, several times, unknown, of the wrong type.
enum Oracle {
  static func varint(_ value: UInt64) -> [UInt8] {
    var octets: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return octets + [UInt8(rest)]
  }

  static func tag(_ number: UInt64, wireType: UInt64) -> [UInt8] {
    varint(number << 3 | wireType)
  }

  static func bytes(_ number: UInt64, _ octets: [UInt8]) -> [UInt8] {
    tag(number, wireType: 2) + varint(UInt64(octets.count)) + octets
  }

  /// One field as swift-protobuf writes it: a message that has only this one.
  static func field(_ set: (inout Oracle_Message) -> Void) -> [UInt8] {
    var message = Oracle_Message()
    set(&message)
    return encode(message)
  }

  static func encode(_ message: Oracle_Message) -> [UInt8] {
    // Cannot fail: a message without required fields and with less than 2 GB always has an encoding.
    (try? message.serializedBytes()) ?? []
  }

  /// Any message that the schema allows, small or large.
  static func randomMessage(using random: inout SeededGenerator) -> Oracle_Message {
    var message = Oracle_Message()
    let types = Array(0...7) + [8, 200, Int(Int32.max), -1]
    message.type =
      Oracle_Message.TypeEnum(rawValue: types.randomElement(using: &random) ?? 0) ?? .unknown
    let streamIDs = [0, 1, -1, .max, .min, Int32(truncatingIfNeeded: random.next())]
    message.streamID = streamIDs.randomElement(using: &random) ?? 0
    message.ignorable = Bool.random(using: &random)
    let lengths = [0, 1, 127, 128, Int.random(in: 0...70_000, using: &random)]
    let length = lengths.randomElement(using: &random) ?? 0
    message.payload = Data(random.bytes(min(length, Message.payloadLengthMax)))
    message.serviceID = randomName(using: &random)
    let connectionIDs = [0, 1, .max, UInt32(truncatingIfNeeded: random.next())]
    message.connectionID = connectionIDs.randomElement(using: &random) ?? 0
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      message.availableServiceIds.append(randomName(using: &random))
    }
    return message
  }

  private static func randomName(using random: inout SeededGenerator) -> String {
    let letters = Array("SSH1 é漢😀-_.")
    let length = [0, 1, 5, 128].randomElement(using: &random) ?? 0
    return String((0..<length).map { _ in letters.randomElement(using: &random) ?? "x" })
  }

  /// A field that the schema does not have, or has with another wire type.
  static func randomUnknownField(using random: inout SeededGenerator) -> [UInt8] {
    let numbers: [UInt64] = [8, 15, 16, 2_047, 536_870_911]
    let number = numbers.randomElement(using: &random) ?? 8
    let length = Int.random(in: 0...200, using: &random)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: return tag(number, wireType: 0) + varint(random.next())
    case 1: return tag(number, wireType: 1) + random.bytes(8)
    case 2: return bytes(number, random.bytes(length))
    case 3: return tag(number, wireType: 5) + random.bytes(4)
    case 4: return bytes([1, 2, 3, 7].randomElement(using: &random) ?? 1, random.bytes(3))
    case 5:
      return tag([4, 5, 6].randomElement(using: &random) ?? 4, wireType: 0) + varint(random.next())
    default:
      return tag(UInt64.random(in: 1...7, using: &random), wireType: 5) + random.bytes(4)
    }
  }

  /// The fields of `message`, one encoding each; together in any order they are the message again.
  static func fields(of message: Oracle_Message) -> [[UInt8]] {
    [
      field { $0.type = message.type }, field { $0.streamID = message.streamID },
      field { $0.ignorable = message.ignorable }, field { $0.payload = message.payload },
      field { $0.serviceID = message.serviceID },
      field { $0.availableServiceIds = message.availableServiceIds },
      field { $0.connectionID = message.connectionID },
    ]
  }
}
