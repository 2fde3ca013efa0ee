import Testing
import WebSocket

@Suite("CloseFrame")
struct CloseFrameTests {
  private static let tooLong = String(repeating: "r", count: 122)

  @Test(
    "a payload is nothing, or a code and a reason in UTF-8",
    arguments: [
      ([], CloseFrame(.noStatusReceived)), ([0x03, 0xe8], CloseFrame(.normal)),
      ([0x03, 0xe9, 0x62, 0x79, 0x65], CloseFrame(.goingAway, reason: "bye")),
      (
        [0x13, 0x87] + [UInt8](repeating: 0x72, count: 123),
        CloseFrame(CloseCode(rawValue: 4_999), reason: String(repeating: "r", count: 123))
      ),
      ([0x0b, 0xb8, 0xe2, 0x82, 0xac], CloseFrame(CloseCode(rawValue: 3_000), reason: "€")),
    ] as [([UInt8], CloseFrame)])
  func reads(payload: [UInt8], frame: CloseFrame) throws {
    #expect(try CloseFrame(payload: payload.span) == frame)
    #expect(frame.payload == payload)
    #expect(frame.answer.payload == Array(payload.prefix(2)))
  }

  @Test(
    "what is wrong with a payload has a name",
    arguments: [
      ([0x03], .closeLength), ([0x03, 0xed], .closeCode), ([0x00, 0x00], .closeCode),
      ([0x03, 0xed, 0xff], .closeCode), ([0x03, 0xe8, 0xff], .closeReason),
      ([0x03, 0xe8, 0x61, 0xe2, 0x82], .closeReason),
    ] as [([UInt8], FrameViolation)])
  func refuses(payload: [UInt8], violation: FrameViolation) {
    #expect(throws: violation) { try CloseFrame(payload: payload.span) }
  }

  @Test(
    "a reason that is too long is cut between two characters",
    arguments: [
      (tooLong, 122), (tooLong + "r", 123), (tooLong + "rr", 123), (tooLong + "é", 122),
      (tooLong + "r😀", 123), (String(repeating: "😀", count: 31), 120),
    ])
  func cutsReason(reason: String, byteCount: Int) throws {
    let payload = CloseFrame(.normal, reason: reason).payload
    #expect(payload.count == 2 + byteCount)
    #expect(reason.hasPrefix(try CloseFrame(payload: payload.span).reason))
  }
}

@Suite("CloseCode")
struct CloseCodeTests {
  @Test(
    "only the codes of RFC 6455 §7.4 may stand on the wire",
    arguments: [
      (0, false), (999, false), (1000, true), (1003, true), (1004, false), (1005, false),
      (1006, false), (1007, true), (1011, true), (1014, true), (1015, false), (1016, false),
      (2999, false), (3000, true), (4999, true), (5000, false), (65_535, false),
    ] as [(UInt16, Bool)])
  func allowedOnWire(code: UInt16, isAllowed: Bool) {
    #expect(CloseCode(rawValue: code).isAllowedOnWire == isAllowed)
  }
}
