import Simulator
import SwiftProtobuf
import Testing
import Tunnel

@Suite("Message")
struct MessageTests {
  @Test("what swift-protobuf writes is read alike")
  func readsOracle() throws {
    var random = SeededGenerator()
    for _ in 0..<300 {
      let bytes = Oracle.encode(Oracle.randomMessage(using: &random))
      let expected = try MessageContents(oracleParsing: bytes)
      #expect(try MessageContents(parsing: bytes) == expected, "SEED=\(seed)")
    }
  }

  @Test("fields come in any order, several times, and between unknown ones; the last counts")
  func readsAnyOrder() throws {
    var random = SeededGenerator()
    for _ in 0..<300 {
      var fields = Oracle.fields(of: Oracle.randomMessage(using: &random))
      if Bool.random(using: &random) {
        fields += Oracle.fields(of: Oracle.randomMessage(using: &random))
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        fields.append(Oracle.randomUnknownField(using: &random))
      }
      let bytes = Array(fields.shuffled(using: &random).joined())
      let expected = try MessageContents(oracleParsing: bytes)
      #expect(try MessageContents(parsing: bytes) == expected, "SEED=\(seed)")
    }
  }

  @Test("a message cut anywhere is an error for both codecs or for none")
  func readsTruncated() {
    var random = SeededGenerator()
    for _ in 0..<40 {
      var message = Oracle.randomMessage(using: &random)
      message.payload = message.payload.prefix(100)
      let bytes = Oracle.encode(message) + Oracle.randomUnknownField(using: &random)
      for count in 0...bytes.count { expectAgreement(Array(bytes[..<count])) }
    }
  }

  @Test("a damaged message is an error for both codecs, or reads alike")
  func readsDamaged() {
    var random = SeededGenerator()
    for _ in 0..<1_000 {
      var message = Oracle.randomMessage(using: &random)
      message.payload = message.payload.prefix(20)
      var bytes = Oracle.encode(message) + Oracle.randomUnknownField(using: &random)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          [0x00, 0x7f, 0x80, 0xff, UInt8(truncatingIfNeeded: random.next())]
          .randomElement(using: &random) ?? 0
      }
      expectAgreement(bytes)
      expectAgreement(random.bytes(Int.random(in: 0...40, using: &random)))
    }
  }

  /// Two differences are known and harmless: groups, which proto3 does not have, are refused here; and a
  /// name that is not UTF-8 is accepted here, for no service has such a name.
  private func expectAgreement(_ bytes: [UInt8]) {
    let expected = Result { try MessageContents(oracleParsing: bytes) }
    let found = Result { try MessageContents(parsing: bytes) }
    switch (found, expected) {
    case (.success(let found), .success(let expected)):
      #expect(found == expected, "SEED=\(seed)")
    case (.failure(let error), .success):
      #expect(error as? MessageError == .wireType, "\(bytes), SEED=\(seed)")
    case (.success, .failure(let error)):
      let isText = if case BinaryDecodingError.invalidUTF8 = error { true } else { false }
      #expect(isText, "\(error), \(bytes), SEED=\(seed)")
    case (.failure, .failure): break
    }
  }

  @Test("an empty message is one with all fields absent")
  func readsEmpty() throws {
    let bytes: [UInt8] = []
    #expect(try Message.parse(bytes.span) == Message())
    #expect(Message().type == .unknown)
  }

  @Test("a negative stream id is sign-extended to ten bytes")
  func readsNegativeStreamID() throws {
    let bytes: [UInt8] = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
    #expect(try Message.parse(bytes.span).streamID == -1)
  }

  @Test(
    "the protocol's types have their numbers",
    arguments: [
      (0, .unknown), (1, .data), (2, .streamStart), (3, .streamReset), (4, .sessionReset),
      (5, .serviceIDs), (6, .connectionStart), (7, .connectionReset), (8, nil), (-1, nil),
    ] as [(Int32, MessageType?)])
  func namesTypes(rawType: Int32, type: MessageType?) {
    var message = Message()
    message.rawType = rawType
    #expect(message.type == type)
  }

  @Test(
    "a payload may be 64512 bytes long and not one more",
    arguments: [(64_512, true), (64_513, false)])
  func limitsPayload(length: Int, isAllowed: Bool) {
    let bytes = Oracle.bytes(4, [UInt8](repeating: 7, count: length))
    if isAllowed {
      #expect(throws: Never.self) { try Message.parse(bytes.span).payload == 4..<bytes.count }
    } else {
      #expect(throws: MessageError.payloadTooLong) { try Message.parse(bytes.span) }
    }
  }

  private static let elevenByteNumber = [UInt8](repeating: 0x80, count: 10) + [0x01]

  @Test(
    "what is not proto3 names its fault",
    arguments: [
      ("a tag without a value", [0x08], .truncated),
      ("a tag cut in half", [0x80], .truncated),
      ("a number cut in half", [0x10, 0xff], .truncated),
      ("a length without bytes", [0x22, 0x01], .truncated),
      ("a length without itself", [0x22], .truncated),
      ("a length beyond the end", [0x22, 0x03, 1, 2], .truncated),
      ("the longest length of all", [0x22] + ones + [0x01], .truncated),
      ("32 bits cut short", [0x45, 1, 2, 3], .truncated),
      ("64 bits cut short", [0x41, 1, 2, 3, 4, 5, 6, 7], .truncated),
      ("a number of eleven bytes", [0x08] + elevenByteNumber, .varintTooLong),
      ("a tag of eleven bytes", elevenByteNumber, .varintTooLong),
      ("a length of eleven bytes", [0x22] + elevenByteNumber, .varintTooLong),
      ("the start of a group", [0x43], .wireType),
      ("the end of a group", [0x44], .wireType),
      ("wire type 6", [0x46], .wireType),
      ("wire type 7", [0x47], .wireType),
      ("the field number 0", [0x00, 0x00], .fieldNumber),
      ("a field number above 2^29", Oracle.tag(536_870_912, wireType: 0) + [0], .fieldNumber),
      ("the largest field number of all", ones + [0x01, 0x00], .fieldNumber),
    ] as [(String, [UInt8], MessageError)])
  func namesFault(name: String, bytes: [UInt8], error: MessageError) {
    #expect(throws: error) { try Message.parse(bytes.span) }
    #expect(throws: error) { try Message.availableServiceIDs(bytes.span) }
    #expect(throws: (any Error).self) { try MessageContents(oracleParsing: bytes) }
    #expect(!error.reason.isEmpty)
  }

  private static let ones = [UInt8](repeating: 0xff, count: 9)

  @Test("text that is not UTF-8 is replaced, not refused")
  func replacesBadText() {
    let bytes: [UInt8] = [0x41, 0xff, 0x42]
    #expect(Message.text(bytes.span, 0..<3) == "A\u{fffd}B")
    #expect(Message.text(bytes.span, 1..<1) == "")
  }
}
