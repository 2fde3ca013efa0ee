import Testing
import WebSocket

@Suite("ServerHandshake")
struct ServerHandshakeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    /// nil when the request is good.
    let refusal: Int?
    var subprotocols: [String] = ["aws.iot.securetunneling-3.0"]
    var testDescription: String { name }
  }

  private static let lines = [
    "GET /tunnel?local-proxy-mode=source HTTP/1.1", "Host: localhost", "Upgrade: websocket",
    "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0",
    "access-token: abc",
  ]

  /// The good request with the line that begins with `prefix` changed, or (nil) left out.
  private static func request(_ prefix: String, _ line: String?) -> [UInt8] {
    let changed = lines.compactMap { $0.hasPrefix(prefix) ? line : $0 }
    return Array((changed + ["", ""]).joined(separator: "\r\n").utf8)
  }

  private static func good(
    _ name: String, _ prefix: String, _ line: String?,
    _ subprotocols: [String] = ["aws.iot.securetunneling-3.0"]
  ) -> Case {
    Case(name: name, octets: request(prefix, line), refusal: nil, subprotocols: subprotocols)
  }

  private static func bad(
    _ status: Int, _ name: String, _ prefix: String, _ line: String?
  ) -> Case {
    Case(name: name, octets: request(prefix, line), refusal: status)
  }

  static let cases: [Case] = [
    good("as it should be", "none", nil),
    good("other case", "Upgrade", "UPGRADE: WebSocket"),
    good("other tokens too", "Connection", "connection:keep-alive ,upgrade"),
    good("odd spacing", "Sec-WebSocket-Key", "sec-websocket-key:\t dGhlIHNhbXBsZSBub25jZQ== \t"),
    good("no subprotocol", "Sec-WebSocket-Protocol", nil, []),
    good(
      "several subprotocols", "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: a, b", ["a", "b"]),
    good(
      "subprotocols in two fields", "access-token", "Sec-WebSocket-Protocol: b",
      ["aws.iot.securetunneling-3.0", "b"]),
    good("an extension offered", "access-token", "Sec-WebSocket-Extensions: permessage-deflate"),
    good("a list of upgrades", "Upgrade", "Upgrade: h2c, WebSocket"),
    good("an empty body announced", "access-token", "Content-Length: 0"),
    bad(400, "a body", "access-token", "Content-Length: 5"),
    bad(400, "a body of chunks", "access-token", "Transfer-Encoding: chunked"),
    bad(400, "a length of no number", "access-token", "Content-Length: abc"),
    bad(400, "a target that is no path", "GET", "GET tunnel HTTP/1.1"),
    bad(400, "the target of CONNECT", "GET", "GET localhost:80 HTTP/1.1"),
    bad(400, "two spaces", "GET", "GET  /t HTTP/1.1"),
    bad(400, "a space at the end", "GET", "GET /t HTTP/1.1 "),
    bad(426, "two versions", "access-token", "Sec-WebSocket-Version: 13"),
    bad(426, "no number of a version", "Sec-WebSocket-Version", "Sec-WebSocket-Version: 013"),
    bad(
      400, "a key that is not Base64", "Sec-WebSocket-Key",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q=="),
    bad(
      400, "a key without its padding", "Sec-WebSocket-Key",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA"),
    bad(405, "POST", "GET", "POST / HTTP/1.1"),
    bad(405, "method in lower case", "GET", "get / HTTP/1.1"),
    bad(400, "HTTP/1.0", "GET", "GET / HTTP/1.0"),
    bad(400, "HTTP/2", "GET", "PRI * HTTP/2.0"),
    bad(400, "no version", "GET", "GET /"),
    bad(400, "a space in the target", "GET", "GET /a b HTTP/1.1"),
    bad(400, "no target", "GET", "GET  HTTP/1.1"),
    bad(400, "no Host", "Host", nil),
    bad(400, "two Hosts", "access-token", "Host: other"),
    bad(400, "no Upgrade", "Upgrade", nil),
    bad(400, "another Upgrade", "Upgrade", "Upgrade: h2c"),
    bad(400, "no Connection", "Connection", nil),
    bad(400, "another Connection", "Connection", "Connection: close"),
    bad(426, "no version of the WebSocket", "Sec-WebSocket-Version", nil),
    bad(426, "an older version", "Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"),
    bad(400, "no key", "Sec-WebSocket-Key", nil),
    bad(400, "a key of the wrong length", "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIA=="),
    bad(
      400, "a key of seventeen octets", "Sec-WebSocket-Key",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE="),
    bad(400, "two keys", "access-token", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    bad(400, "a folded line", "access-token", "access-token: a\r\n b"),
    bad(400, "white space before a colon", "access-token", "access-token : a"),
  ]

  private func expect(_ octets: Span<UInt8>, _ example: Case) {
    switch ServerHandshake.parse(octets, byteCountMax: 4_096) {
    case .needMore: Issue.record("asks for more")
    case .request(let request):
      #expect(example.refusal == nil)
      #expect(request.subprotocols == example.subprotocols)
      #expect(request.key == "dGhlIHNhbXBsZSBub25jZQ==")
      #expect(request.target == "/tunnel?local-proxy-mode=source")
      #expect(request.head.byteCount == example.octets.count)
    case .refuse(let status, let reason):
      #expect(example.refusal == status, "\(reason)")
      #expect(!reason.isEmpty)
    }
  }

  @Test("a request is judged whole", arguments: cases)
  func judgesWhole(_ example: Case) { expect(example.octets.span, example) }

  @Test("a request is judged once its last octet is there", arguments: cases)
  func judgesByteByByte(_ example: Case) {
    for count in 0..<example.octets.count {
      let part = example.octets.span.extracting(..<count)
      guard case .needMore = ServerHandshake.parse(part, byteCountMax: 4_096) else {
        Issue.record("judged after \(count) octets")
        return
      }
    }
    expect(example.octets.span, example)
  }

  @Test("frames behind a request are left alone", arguments: cases)
  func leavesTrailingBytes(_ example: Case) {
    let frame = CollectedFrame(opcode: .binary, payload: [1, 2]).octets(to: .server)
    expect((example.octets + frame).span, example)
  }

  @Test("a request may be 4096 octets long and not one more (PROTOCOL.md §1)")
  func limitsRequest() {
    let bare = Self.request("access-token", "access-token: ")
    for (excess, isAllowed) in [(0, true), (1, false)] {
      let token = String(repeating: "t", count: 4_096 - bare.count + excess)
      let octets = Self.request("access-token", "access-token: " + token)
      switch ServerHandshake.parse(octets.span, byteCountMax: 4_096) {
      case .request(let request):
        #expect(isAllowed && request.head.value("access-token") == token)
      case .refuse(let status, _): #expect(!isAllowed && status >= 400)
      case .needMore: Issue.record("asks for more")
      }
    }
  }

  @Test("a refusal is a whole answer with its reason as the body", arguments: [400, 403, 405, 426])
  func laysOutRefusal(status: Int) {
    let octets = ServerHandshake.refuse(
      status: status, reason: "naïve",
      fields: [HeaderBlock.Field("channel-id", "9")])
    guard case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("not HTTP")
      return
    }
    let body = String(decoding: octets[block.byteCount...], as: UTF8.self)
    #expect(block.startLine.hasPrefix("HTTP/1.1 \(status) ") && body == "naïve\n")
    #expect(block.value("content-length") == "\(body.utf8.count)")
    #expect(block.value("channel-id") == "9" && block.hasToken("close", in: "connection"))
    #expect((block.value("allow") == "GET") == (status == 405))
    #expect((block.value("sec-websocket-version") == "13") == (status == 426))
    #expect(block.hasToken("upgrade", in: "connection") == (status == 426))
    #expect((block.value("upgrade") == "websocket") == (status == 426))
    let handshake = ClientHandshake(expectedAccept: "", subprotocols: [])
    guard case .refused(status, _, _, block.byteCount) = handshake.parse(octets.span) else {
      Issue.record("the client does not see a refusal")
      return
    }
  }
}
