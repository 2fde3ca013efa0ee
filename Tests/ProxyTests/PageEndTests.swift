import CMemoryProbe
import Foundation
import Reactor
import Testing

@testable import Configuration
@testable import Tunnel
@testable import WebProxy
@testable import WebSocket

@Suite("Inputs that end at an unmapped page")
struct PageEndTests {
  private func forEachPrefix(_ bytes: [UInt8], _ body: (Span<UInt8>) -> Void) throws {
    for prefix in PageEnd.prefixes(bytes) {
      try PageEnd.lend(prefix) { body($0.span) }
    }
  }

  @Test("frames", arguments: FrameParserTests.cases + FrameViolationTests.cases)
  func readsFrames(_ example: FrameCase) throws {
    try forEachPrefix(example.octets) { bytes in
      var parser = FrameParser(role: example.role, payloadLengthMax: 131_076)
      var used = 0
      while used <= bytes.count {
        switch parser.next(bytes.extracting(used...)) {
        case .needMore, .violation: return
        case .frame(_, let headerByteCount): used += headerByteCount
        case .payload(let byteCount, _, _): used += byteCount
        case .control(let header, let headerByteCount):
          used += headerByteCount + header.payloadLength
        }
      }
      Issue.record("more was used than there is")
    }
  }

  @Test("masking")
  func masks() throws {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let key = MaskingKey(0x37, 0xfa, 0x21, 0x3d)
    for count in 0...bytes.count {
      for offset in Set([0, 1, 3, count / 2, count]) where offset <= count {
        try PageEnd.lend(bytes[..<count]) { memory in
          key.apply(to: &memory, from: offset, byteCount: count - offset)
          let isMasked = (0..<count).allSatisfy { index in
            let octet = index < offset ? 0 : [0x37, 0xfa, 0x21, 0x3d][(index - offset) & 3]
            return memory[index] == bytes[index] ^ UInt8(octet)
          }
          #expect(isMasked, "\(count) octets from \(offset)")
        }
      }
    }
  }

  @Test("frame headers are written up to the end")
  func writesHeaders() throws {
    for length in [0, 125, 126, 65_535, 65_536] {
      for key in [nil, MaskingKey(1, 2, 3, 4)] {
        let header = FrameHeader(opcode: .binary, payloadLength: length, maskingKey: key)
        let zeros = [UInt8](repeating: 0, count: header.byteCount)
        try PageEnd.lend(zeros) { memory in
          #expect(header.write(into: &memory, endingAt: zeros.count) == 0)
        }
      }
    }
  }

  @Test("messages")
  func readsMessages() throws {
    let header = MessageHeader(
      .data, streamID: -1, serviceID: Array("SSH1".utf8), connectionID: .max, ignorable: true)
    var encoded = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + [1, 2, 3]
    var span = encoded.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: 3)
    let data = Array(encoded[(start + Message.prefixByteCount)...])
    let list = Array(MessageHeader.serviceIDs(["SSH1", "HTTP1"]).dropFirst(2))
    // Fields that are unknown here, of all wire types.
    let unknown: [UInt8] = [0x48, 5, 0x51, 0, 0, 0, 0, 0, 0, 0, 0, 0x5d, 0, 0, 0, 0, 0x62, 1, 0x61]
    for bytes in [data, list, data + unknown, [UInt8](repeating: 0xff, count: 20)] {
      try forEachPrefix(bytes) { memory in
        if let message = try? Message.parse(memory) {
          _ = Message.text(memory, message.serviceID)
          _ = Message.text(memory, message.payload)
        }
        _ = try? Message.availableServiceIDs(memory)
      }
    }
  }

  @Test("answers to the opening handshake", arguments: ClientHandshakeTests.cases)
  func readsAnswers(_ example: ClientHandshakeTests.Case) throws {
    let handshake = ClientHandshake(expectedAccept: "", subprotocols: example.offered)
    try forEachPrefix(example.octets) { _ = handshake.parse($0) }
  }

  @Test("requests of the opening handshake", arguments: ServerHandshakeTests.cases)
  func readsRequests(_ example: ServerHandshakeTests.Case) throws {
    try forEachPrefix(example.octets) { _ = ServerHandshake.parse($0, byteCountMax: 4_096) }
  }

  @Test("answers of web proxies", arguments: WebProxyHandshakeTests.cases)
  func readsConnectAnswers(_ example: WebProxyHandshakeTests.Case) throws {
    let proxy = try WebProxy.parse("http://proxy.example", variable: "https_proxy")
    let handshake = WebProxyHandshake(
      proxy: proxy, endpoint: Endpoint(host: "service.example", port: 443))
    try forEachPrefix(example.octets) { _ = handshake.parse($0) }
  }

  @Test(
    "lines of option files and mapping files", arguments: [true, false],
    [
      "region = elsewhere\r\n# comment\n; another\n\n[section]\nSSH1 = 127.0.0.1:22 # here",
      "key\n", "= value", "a=\u{1}", "é = ü\n\t b\t=\tc\t",
    ])
  func readsLines(hashEndsLine: Bool, text: String) throws {
    for bytes in [Array(text.utf8), Array(text.utf8) + [0xc3]] {
      try forEachPrefix(bytes) { memory in
        var lines = KeyValueLines(name: "file", hashEndsLine: hashEndsLine)
        var mistakes = Mistakes()
        while let line = lines.next(in: memory, &mistakes) { #expect(!line.key.isEmpty) }
      }
    }
  }

  @Test("an input one octet longer than it says it is would be noticed")
  func isUnmapped() async {
    await #expect(processExitsWith: .signal(SIGSEGV)) {
      guard let memory = memory_probe_map_at_page_end(3) else { return }
      // The test's own mistake, which it is about.
      memory[3] = 1
    }
  }
}
