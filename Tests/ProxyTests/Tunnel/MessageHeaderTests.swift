import Foundation
import Simulator
import Testing
import Tunnel

@Suite("MessageHeader")
struct MessageHeaderTests {
  /// The whole message as it goes out: header and prefix written in front of the payload.
  private func octets(_ header: MessageHeader, payload: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xaa, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    #expect(bytes[..<start].allSatisfy { $0 == 0xaa })
    #expect(bytes.count == MessageHeader.byteCountMax + payload.count)
    return Array(bytes[start...])
  }

  @Test("what is written is what swift-protobuf reads, behind a big-endian length")
  func oracleReads() throws {
    var random = SeededGenerator()
    for _ in 0..<300 {
      let message = Oracle.randomMessage(using: &random)
      let type = MessageType(rawValue: Int32(truncatingIfNeeded: message.type.rawValue)) ?? .data
      let header = MessageHeader(
        type, streamID: message.streamID, serviceID: Array(message.serviceID.utf8.prefix(128)),
        connectionID: message.connectionID)
      let bytes = octets(header, payload: Array(message.payload))
      #expect(Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2, "SEED=\(seed)")
      #expect(bytes.suffix(message.payload.count).elementsEqual(message.payload), "SEED=\(seed)")
      let body = Array(bytes.dropFirst(2))
      // A name cut inside of a character is no UTF-8 any more, which only the oracle minds.
      guard message.serviceID.utf8.count <= 128 else { continue }
      let expected = MessageContents(
        type: type.rawValue, streamID: message.streamID, ignorable: false,
        payload: Array(message.payload), serviceID: Array(message.serviceID.utf8),
        connectionID: message.connectionID, availableServiceIDs: [], hasUnknownFields: false)
      #expect(try MessageContents(oracleParsing: body) == expected, "SEED=\(seed)")
      #expect(try MessageContents(parsing: body) == expected, "SEED=\(seed)")
    }
  }

  @Test("the longest header takes exactly byteCountMax bytes, so the headroom is enough")
  func longestHeaderFits() throws {
    let header = MessageHeader(
      .connectionReset, streamID: -1,
      serviceID: [UInt8](repeating: 0x73, count: Message.serviceIDByteCountMax),
      connectionID: .max, ignorable: true)
    let payload = [UInt8](repeating: 1, count: Message.payloadLengthMax)
    let bytes = octets(header, payload: payload)
    #expect(bytes.count == MessageHeader.byteCountMax + payload.count)
    #expect(bytes.count - Message.prefixByteCount <= Message.byteCountMax)
    let contents = try MessageContents(parsing: Array(bytes.dropFirst(2)))
    #expect(contents.payload == payload && contents.streamID == -1)
    #expect(contents.serviceID == header.serviceID && contents.connectionID == .max)
  }

  @Test("absent fields are left out, and an empty payload too")
  func leavesOutAbsentFields() {
    #expect(octets(MessageHeader(.sessionReset), payload: []) == [0, 2, 0x08, 4])
    #expect(octets(MessageHeader(.data, streamID: 1), payload: []) == [0, 4, 0x08, 1, 0x10, 1])
    #expect(
      octets(MessageHeader(.data, streamID: 1), payload: [9])
        == [0, 7, 0x08, 1, 0x10, 1, 0x22, 1, 9])
  }

  @Test("fields go out in front of the payload, which is the last")
  func putsPayloadLast() {
    let header = MessageHeader(.data, streamID: 2, serviceID: Array("S".utf8), connectionID: 300)
    #expect(
      octets(header, payload: [5, 6])
        == [0, 14, 0x08, 1, 0x10, 2, 0x2a, 1, 0x53, 0x38, 0xac, 0x02, 0x22, 2, 5, 6])
  }

  @Test(
    "a SERVICE_IDS message is what swift-protobuf makes of the names",
    arguments: [[], ["SSH1"], ["SSH1", "HTTP1", "日本"], [String(repeating: "x", count: 128)]])
  func writesServiceIDs(names: [String]) throws {
    let bytes = MessageHeader.serviceIDs(names)
    var message = Oracle_Message()
    message.type = .serviceIds
    message.availableServiceIds = names
    let body = Array(bytes.dropFirst(2))
    #expect(body == Oracle.encode(message))
    #expect(Int(bytes[0]) << 8 | Int(bytes[1]) == body.count)
    #expect(try Message.availableServiceIDs(body.span) == names)
    #expect(try Message.parse(body.span).availableServiceIDCount == names.count)
  }
}
