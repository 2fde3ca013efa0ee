import Testing
import WebSocket

@Suite("FrameViolation")
struct FrameViolationTests {
  private static let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]

  private static func broken(
    _ name: String, _ role: WebSocketRole, _ octets: [UInt8], _ violation: FrameViolation,
    after frames: [CollectedFrame] = []
  ) -> FrameCase {
    FrameCase(name: name, role: role, octets: octets, frames: frames, violation: violation)
  }

  private static let halfMessage = CollectedFrame(fin: false, opcode: .binary, payload: [1])

  static let cases: [FrameCase] =
    [0x40, 0x20, 0x10, 0x70].map {
      broken("reserved bits \($0)", .client, [0x82 | $0, 0x00], .reservedBits)
    }
    + [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf].map {
      broken("opcode \($0)", .client, [0x80 | $0, 0x00], .reservedOpcode)
    } + [
      broken("masked frame from a server", .client, [0x82, 0x81] + key + [1], .masked),
      broken("plain frame from a client", .server, [0x82, 0x01, 1], .notMasked),
      broken("plain ping from a client", .server, [0x89, 0x00], .notMasked),
      broken("ping of 126 octets", .client, [0x89, 0x7e, 0x00, 0x7e], .controlTooLong),
      broken(
        "close of 65536 octets", .client, [0x88, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], .controlTooLong),
      broken("masked pong of 126 octets", .server, [0x8a, 0xfe, 0x00, 0x7e], .controlTooLong),
      broken("fragmented ping", .client, [0x09, 0x00], .controlFragmented),
      broken("fragmented close", .server, [0x08, 0x80], .controlFragmented),
      broken("continuation of nothing", .client, [0x80, 0x00], .continuationWithoutStart),
      broken(
        "continuation after the last fragment", .client, [0x82, 0x00, 0x80, 0x00],
        .continuationWithoutStart, after: [CollectedFrame(opcode: .binary)]),
      broken(
        "binary inside of a message", .client, [0x02, 0x01, 0x01, 0x82, 0x00], .messageInterrupted,
        after: [halfMessage]),
      broken(
        "text inside of a message, after a ping", .client,
        [0x02, 0x01, 0x01, 0x89, 0x00, 0x01, 0x00], .messageInterrupted,
        after: [halfMessage, CollectedFrame(opcode: .ping)]),
      broken("length 0 in two octets", .client, [0x82, 0x7e, 0x00, 0x00], .lengthForm),
      broken("length 125 in two octets", .client, [0x82, 0x7e, 0x00, 0x7d], .lengthForm),
      broken("length 126 in eight", .client, [0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0x7e], .lengthForm),
      broken(
        "length 65535 in eight", .client, [0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff], .lengthForm),
      broken(
        "length with the top bit", .client, [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], .lengthForm),
      broken("length of all ones", .client, [0x82, 0x7f] + ones, .lengthForm),
      broken("one octet too long", .client, [0x82, 0x7f, 0, 0, 0, 0, 0, 2, 0, 5], .tooLong),
      broken("longest length of all", .client, [0x82, 0x7f, 0x7f] + ones.dropLast(), .tooLong),
      broken("masked and too long", .server, [0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 5], .tooLong),
    ]

  private static let ones = [UInt8](repeating: 0xff, count: 8)

  @Test("a violation is found whole", arguments: cases)
  func foundWhole(_ example: FrameCase) {
    var collector = FrameCollector(role: example.role)
    collector.feed(example.octets)
    #expect(collector.violation == example.violation && collector.frames == example.frames)
    #expect(collector.faults.isEmpty)
  }

  @Test("a violation is found byte by byte", arguments: cases)
  func foundByteByByte(_ example: FrameCase) {
    var collector = FrameCollector(role: example.role)
    for octet in example.octets { collector.feed(CollectionOfOne(octet)) }
    #expect(collector.violation == example.violation && collector.frames == example.frames)
    #expect(collector.faults.isEmpty)
  }

  @Test("a violation stands whatever follows it", arguments: cases)
  func standsForEver(_ example: FrameCase) {
    var collector = FrameCollector(role: example.role)
    collector.feed(example.octets + CollectedFrame(opcode: .ping).octets(to: example.role))
    #expect(collector.violation == example.violation && collector.frames == example.frames)
    #expect(collector.faults.isEmpty)
  }

  @Test(
    "RSV1 may be set on a message's first frame alone, and only where compression was agreed on",
    arguments: [
      (true, [0xc2, 0x00], nil), (true, [0xc1, 0x00], nil), (true, [0x42, 0x00], nil),
      (true, [0x42, 0x00, 0x80, 0x00], nil), (true, [0x42, 0x00, 0xc0, 0x00], .reservedBits),
      (true, [0x02, 0x00, 0xc0, 0x00], .reservedBits), (true, [0xc9, 0x00], .reservedBits),
      (true, [0xc8, 0x00], .reservedBits), (true, [0xca, 0x00], .reservedBits),
      (true, [0xa2, 0x00], .reservedBits), (true, [0xd2, 0x00], .reservedBits),
      (true, [0xc3, 0x00], .reservedOpcode), (false, [0xc2, 0x00], .reservedBits),
      (false, [0xc1, 0x00], .reservedBits),
    ] as [(Bool, [UInt8], FrameViolation?)])
  func allowsCompressedBit(isAllowed: Bool, octets: [UInt8], violation: FrameViolation?) {
    var collector = FrameCollector(role: .client, allowsCompression: isAllowed)
    collector.feed(octets)
    #expect(collector.violation == violation && collector.faults.isEmpty)
    if violation == nil {
      #expect(collector.frames.map(\.isCompressed) == Array([true, false][..<(octets.count / 2)]))
    }
  }

  @Test(
    "the longest payload is the configured one",
    arguments: [0, 1, 125, 126, 65_535, 65_536, 131_076])
  func payloadLengthMaxHolds(payloadLengthMax: Int) {
    for (length, isAllowed) in [(payloadLengthMax, true), (payloadLengthMax + 1, false)] {
      let frame = CollectedFrame(opcode: .binary, payload: [UInt8](repeating: 1, count: length))
      var collector = FrameCollector(role: .client, payloadLengthMax: payloadLengthMax)
      collector.feed(frame.octets(key: nil))
      #expect(collector.violation == (isAllowed ? nil : .tooLong))
      #expect(collector.frames == (isAllowed ? [frame] : []))
    }
  }

  @Test(
    "each violation has its close code and a reason",
    arguments: [
      (.reservedBits, .protocolError), (.reservedOpcode, .protocolError), (.masked, .protocolError),
      (.notMasked, .protocolError), (.controlTooLong, .protocolError),
      (.controlFragmented, .protocolError), (.messageInterrupted, .protocolError),
      (.continuationWithoutStart, .protocolError), (.lengthForm, .protocolError),
      (.tooLong, .messageTooBig), (.closeLength, .protocolError), (.closeCode, .protocolError),
      (.closeReason, .invalidPayloadData), (.compression(.corrupt), .invalidPayloadData),
      (.compression(.noMemory), .internalError),
    ] as [(FrameViolation, CloseCode)])
  func hasCloseCode(violation: FrameViolation, code: CloseCode) {
    #expect(violation.statusCode == code)
    #expect(!violation.reason.isEmpty)
  }
}
