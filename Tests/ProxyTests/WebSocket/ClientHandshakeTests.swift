import Testing
import WebSocket

@Suite("ClientHandshake")
struct ClientHandshakeTests {
  enum Expected: Sendable, Equatable {
    case accepted(subprotocol: String?)
    case refused(status: Int, reason: String)
    case violation
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    let expected: Expected
    var offered = ["aws.iot.securetunneling-3.0"]
    var testDescription: String { name }
  }

  /// RFC 6455 §1.3: the answer to the key "dGhlIHNhbXBsZSBub25jZQ==".
  private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
  private static let lines = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0", "channel-id: 0af2",
  ]

  /// The good answer with the line that begins with `prefix` changed, or (nil) left out.
  private static func answer(_ prefix: String, _ line: String?) -> [UInt8] {
    let changed = lines.compactMap { $0.hasPrefix(prefix) ? line : $0 }
    return Array((changed + ["", ""]).joined(separator: "\r\n").utf8)
  }

  private static func good(_ name: String, _ octets: [UInt8]) -> Case {
    Case(
      name: name, octets: octets, expected: .accepted(subprotocol: "aws.iot.securetunneling-3.0"))
  }

  private static func bad(_ name: String, _ octets: [UInt8]) -> Case {
    Case(name: name, octets: octets, expected: .violation)
  }

  static let cases: [Case] = [
    good("as it should be", answer("none", nil)),
    good("other case", answer("Upgrade", "uPGRADE: WebSocket")),
    good("other tokens too", answer("Connection", "connection: keep-alive, UPGRADE")),
    good("odd spacing", answer("Sec-WebSocket-Accept", "sec-websocket-accept:\t \(accept) ")),
    good("behind an interim answer", head("HTTP/1.1 100 Continue") + answer("none", nil)),
    good(
      "behind two interim answers",
      head("HTTP/1.1 102 Processing", "a: b") + head("HTTP/1.1 103") + answer("none", nil)),
    good("no white space", answer("Upgrade", "Upgrade:websocket")),
    good("an octet beyond ASCII in another value", answer("channel-id", "Server: Grüße")),
    good("no phrase", answer("HTTP", "HTTP/1.1 101 ")),
    good("no space behind the status", answer("HTTP", "HTTP/1.1 101")),
    Case(
      name: "no subprotocol offered or selected", octets: answer("Sec-WebSocket-Protocol", nil),
      expected: .accepted(subprotocol: nil), offered: []),
    Case(
      name: "the second of two subprotocols", octets: answer("none", nil),
      expected: .accepted(subprotocol: "aws.iot.securetunneling-3.0"),
      offered: ["aws.iot.securetunneling-2.0", "aws.iot.securetunneling-3.0"]),
    bad("no subprotocol selected", answer("Sec-WebSocket-Protocol", nil)),
    bad("another subprotocol", answer("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: other")),
    bad(
      "two subprotocols",
      answer(
        "channel-id", "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0")),
    Case(
      name: "a subprotocol though none was offered", octets: answer("none", nil),
      expected: .violation, offered: []),
    bad("no accept", answer("Sec-WebSocket-Accept", nil)),
    bad("wrong accept", answer("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: AAAA")),
    bad(
      "accept in lower case",
      answer("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: \(accept.lowercased())")),
    bad("accept twice, the right one first", answer("channel-id", "sec-websocket-accept: AAAA")),
    bad(
      "two accepts in one field",
      answer("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: \(accept), \(accept)")),
    bad("an empty accept", answer("Sec-WebSocket-Accept", "Sec-WebSocket-Accept:")),
    bad(
      "two subprotocols in one field",
      answer("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0, b")),
    bad("an empty subprotocol", answer("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol:")),
    bad(
      "a subprotocol in another case",
      answer("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: AWS.iot.securetunneling-3.0")),
    bad("an empty extension", answer("channel-id", "Sec-WebSocket-Extensions:")),
    bad("two Upgrades", answer("channel-id", "Upgrade: websocket")),
    bad("an Upgrade to a list", answer("Upgrade", "Upgrade: websocket, h2c")),
    bad("a Connection that only begins so", answer("Connection", "Connection: Upgrades")),
    bad("white space before a colon", answer("channel-id", "channel-id : 1")),
    bad("accept twice", answer("channel-id", "Sec-WebSocket-Accept: \(accept)")),
    bad("an extension", answer("channel-id", "Sec-WebSocket-Extensions: permessage-deflate")),
    bad("no Upgrade", answer("Upgrade", nil)),
    bad("another Upgrade", answer("Upgrade", "Upgrade: h2c")),
    bad("no Connection", answer("Connection", nil)),
    bad("another Connection", answer("Connection", "Connection: close")),
    bad("HTTP/1.0", answer("HTTP", "HTTP/1.0 101 Fine")),
    bad("HTTP/2", answer("HTTP", "HTTP/2 101")),
    bad("no number", answer("HTTP", "HTTP/1.1 abc Fine")),
    bad("a number too long", answer("HTTP", "HTTP/1.1 1010 Fine")),
    bad("a number too small", answer("HTTP", "HTTP/1.1 099 Fine")),
    bad("a signed number", answer("HTTP", "HTTP/1.1 +40 Fine")),
    bad("another protocol", head("SSH-2.0-OpenSSH_9.2")),
    bad("a folded line", answer("channel-id", "channel-id: 1\r\n 2")),
    Case(
      name: "400", octets: head("HTTP/1.1 400 Bad Request", "channel-id: 7"),
      expected: .refused(status: 400, reason: "Bad Request")),
    Case(
      name: "403 with a body announced",
      octets: head("HTTP/1.1 403 Forbidden", "Content-Length: 12"),
      expected: .refused(status: 403, reason: "Forbidden")),
    Case(
      name: "403 behind an interim answer",
      octets: head("HTTP/1.1 103 Early Hints") + head("HTTP/1.1 403 Forbidden"),
      expected: .refused(status: 403, reason: "Forbidden")),
    bad("HTTP/1.0 behind an interim answer", head("HTTP/1.1 100") + head("HTTP/1.0 403 Forbidden")),
    Case(
      name: "503 without a phrase", octets: head("HTTP/1.1 503"),
      expected: .refused(status: 503, reason: "")),
    Case(
      name: "200", octets: head("HTTP/1.1 200 OK"), expected: .refused(status: 200, reason: "OK")),
  ]

  private func expect(_ octets: Span<UInt8>, _ example: Case) {
    let handshake = ClientHandshake(expectedAccept: Self.accept, subprotocols: example.offered)
    switch handshake.parse(octets) {
    case .needMore: Issue.record("asks for more")
    case .accepted(let block, let subprotocol, let compression, let byteCount):
      #expect(example.expected == .accepted(subprotocol: subprotocol) && compression == nil)
      #expect(byteCount == example.octets.count && block.byteCount <= byteCount)
    case .refused(let status, let reason, _, let byteCount):
      #expect(example.expected == .refused(status: status, reason: reason))
      #expect(byteCount == example.octets.count)
    case .violation(let reason):
      #expect(example.expected == .violation, "\(reason)")
      #expect(!reason.isEmpty)
    }
  }

  @Test("an answer is judged whole", arguments: cases)
  func judgesWhole(_ example: Case) { expect(example.octets.span, example) }

  @Test("an answer is judged once its last octet is there", arguments: cases)
  func judgesByteByByte(_ example: Case) {
    let handshake = ClientHandshake(expectedAccept: Self.accept, subprotocols: example.offered)
    for count in 0..<example.octets.count {
      guard case .needMore = handshake.parse(example.octets.span.extracting(..<count)) else {
        Issue.record("judged after \(count) octets")
        return
      }
    }
    expect(example.octets.span, example)
  }

  @Test(
    "an answer to an offer of compression is heard; without an offer there must be none",
    arguments: [
      (15, "permessage-deflate", true), (15, nil, true),
      (15, "permessage-deflate; server_no_context_takeover", true),
      (12, "permessage-deflate", false), (15, "permessage-deflate; x", false),
      (nil, "permessage-deflate", false), (nil, "", false), (nil, nil, true),
    ] as [(Int?, String?, Bool)])
  func judgesCompression(windowBits: Int?, answer: String?, isGood: Bool) throws {
    let handshake = ClientHandshake(
      expectedAccept: Self.accept, subprotocols: ["aws.iot.securetunneling-3.0"],
      compressionWindowBits: windowBits)
    let octets = Self.answer(
      "channel-id", answer.map { "Sec-WebSocket-Extensions: " + $0 } ?? "channel-id: 1")
    switch handshake.parse(octets.span) {
    case .accepted(_, _, let compression, _):
      #expect(isGood)
      #expect((compression != nil) == (answer != nil))
      #expect(compression?.serverNoContextTakeover == answer?.contains("takeover"))
    case .violation(let reason): #expect(!isGood && reason.contains("the answer"))
    default: Issue.record("neither accepted nor a violation")
    }
  }

  @Test("frames behind an answer are left alone", arguments: cases)
  func leavesTrailingBytes(_ example: Case) {
    let frame = CollectedFrame(opcode: .binary, payload: [1, 2]).octets(key: nil)
    expect((example.octets + frame).span, example)
  }

  @Test("an answer's head is limited")
  func limitsHead() {
    let handshake = ClientHandshake(expectedAccept: Self.accept, subprotocols: [])
    let max = ClientHandshake.responseByteCountMax
    let octets = Array("HTTP/1.1 101 ".utf8) + [UInt8](repeating: 0x61, count: max)
    guard case .needMore = handshake.parse(octets.span.extracting(..<(max - 1))),
      case .violation = handshake.parse(octets.span.extracting(..<max))
    else {
      Issue.record("not limited to \(max)")
      return
    }
  }

  @Test("interim answers count towards the limit of an answer's head")
  func limitsInterimAnswers() {
    let handshake = ClientHandshake(expectedAccept: Self.accept, subprotocols: [])
    let interim = head("HTTP/1.1 100 Continue")
    let count = ClientHandshake.responseByteCountMax / interim.count
    let octets = [[UInt8]](repeating: interim, count: count).flatMap(\.self)
    guard case .needMore = handshake.parse(octets.span),
      case .violation = handshake.parse((octets + interim).span)
    else {
      Issue.record("not limited")
      return
    }
  }

  @Test("a request is laid out as RFC 6455 §4.1 asks")
  func laysOutRequest() {
    let octets = ClientHandshake.request(
      target: "/tunnel?local-proxy-mode=source", host: "localhost:8443",
      key: "dGhlIHNhbXBsZSBub25jZQ==", subprotocols: ["a-3.0", "b"],
      fields: [
        HeaderBlock.Field("access-token", "secret"),
        HeaderBlock.Field("User-Agent", "localproxy"),
      ])
    #expect(
      String(decoding: octets, as: UTF8.self) == """
        GET /tunnel?local-proxy-mode=source HTTP/1.1\r
        Host: localhost:8443\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Protocol: a-3.0, b\r
        access-token: secret\r
        User-Agent: localproxy\r
        \r

        """)
  }

  @Test("a request offers compression when it is told to")
  func offersCompression() {
    let octets = ClientHandshake.request(
      target: "/", host: "h", key: "k", subprotocols: [], compressionWindowBits: 13, fields: [])
    #expect(
      String(decoding: octets, as: UTF8.self).contains(
        "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=13; "
          + "client_max_window_bits=13\r\n"))
  }

  @Test("each side's words are understood by the other", arguments: [nil, "aws-3.0"])
  func meetsServer(subprotocol: String?) {
    let offered = subprotocol.map { [$0, "other"] } ?? []
    let request = ClientHandshake.request(
      target: "/t", host: "h", key: "dGhlIHNhbXBsZSBub25jZQ==", subprotocols: offered, fields: [])
    guard case .request(let seen) = ServerHandshake.parse(request.span, byteCountMax: 4_096) else {
      Issue.record("the server refuses the request")
      return
    }
    #expect(seen.subprotocols == offered && seen.target == "/t")
    #expect(seen.key == "dGhlIHNhbXBsZSBub25jZQ==" && seen.head.byteCount == request.count)
    let answer = ServerHandshake.accept(
      Self.accept, subprotocol: subprotocol,
      fields: [HeaderBlock.Field("channel-id", "1")])
    expect(
      answer.span,
      Case(
        name: "", octets: answer, expected: .accepted(subprotocol: subprotocol), offered: offered))
  }
}
