import Testing
import WebSocket

@Suite("FrameHeader")
struct FrameHeaderTests {
  private static let opcodes: [Opcode] = [.continuation, .text, .binary, .close, .ping, .pong]
  private static let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 131_076, Int.max]

  @Test("a header is written as RFC 6455 §5.2 lays it out, ending where it was told to")
  func writes() {
    let key = MaskingKey(1, 2, 3, 4)
    let table: [(FrameHeader, [UInt8])] = [
      (FrameHeader(opcode: .binary, payloadLength: 5, maskingKey: nil), [0x82, 5]),
      (FrameHeader(opcode: .text, payloadLength: 5, maskingKey: key), [0x81, 0x85, 1, 2, 3, 4]),
      (FrameHeader(fin: false, opcode: .binary, payloadLength: 0, maskingKey: nil), [0x02, 0]),
      (
        FrameHeader(isCompressed: true, opcode: .text, payloadLength: 1, maskingKey: nil),
        [0xc1, 1]
      ),
      (FrameHeader(opcode: .close, payloadLength: 125, maskingKey: nil), [0x88, 125]),
      (FrameHeader(opcode: .binary, payloadLength: 126, maskingKey: nil), [0x82, 126, 0, 126]),
      (
        FrameHeader(opcode: .binary, payloadLength: 65_535, maskingKey: key),
        [0x82, 0xfe, 0xff, 0xff, 1, 2, 3, 4]
      ),
      (
        FrameHeader(opcode: .binary, payloadLength: 65_536, maskingKey: key),
        [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4]
      ),
    ]
    for (header, octets) in table {
      var bytes = [UInt8](repeating: 0xaa, count: 30)
      var span = bytes.mutableSpan
      let start = header.write(into: &span, endingAt: 20)
      #expect(start == 20 - octets.count && header.byteCount == octets.count)
      #expect(Array(bytes[start..<20]) == octets)
      #expect(bytes[..<start].allSatisfy { $0 == 0xaa } && bytes[20...].allSatisfy { $0 == 0xaa })
    }
  }

  @Test("what is written is what is read", arguments: opcodes, lengths)
  func roundTrips(opcode: Opcode, length: Int) {
    if opcode.isControl && length > FrameHeader.controlPayloadLengthMax { return }
    for key in [nil, MaskingKey(0xff, 0, 0x80, 1)] {
      for fin in [true, false] where fin || !opcode.isControl {
        let header = FrameHeader(fin: fin, opcode: opcode, payloadLength: length, maskingKey: key)
        #expect(header.byteCount <= FrameHeader.byteCountMax)
        #expect(Self.read(header) == header)
      }
    }
  }

  /// Writes `header`, and reads it again from a stream in which it may come.
  private static func read(_ header: FrameHeader) -> FrameHeader? {
    let count = header.byteCount + (header.opcode.isControl ? header.payloadLength : 0)
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    _ = header.write(into: &span, endingAt: header.byteCount)
    var parser = FrameParser(
      role: header.maskingKey == nil ? .client : .server, payloadLengthMax: .max)
    if header.opcode == .continuation {
      // An empty first fragment: its header, and then its payload of no octets.
      let start = CollectedFrame(fin: false, opcode: .binary).octets(key: header.maskingKey)
      _ = parser.next(start.span)
      _ = parser.next(start.span.extracting(start.count...))
    }
    switch parser.next(bytes.span) {
    case .frame(let found, header.byteCount), .control(let found, header.byteCount): return found
    default: return nil
    }
  }

  @Test("control opcodes are those from 8 on", arguments: opcodes)
  func tellsControl(opcode: Opcode) {
    #expect(opcode.isControl == [.close, .ping, .pong].contains(opcode))
  }
}
