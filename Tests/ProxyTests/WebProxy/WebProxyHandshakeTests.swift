import Reactor
import Testing
import WebProxy

@Suite("WebProxyHandshake")
struct WebProxyHandshakeTests {
  enum Expected: Sendable, Equatable {
    case connected
    /// Status, and words of the reason.
    case refused(Int, String)
    case violation(String)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let octets: [UInt8]
    let expected: Expected
    /// The web proxy was given a user name and a password.
    let isAuthorized: Bool

    init(_ name: String, _ lines: [String], _ expected: Expected, isAuthorized: Bool = true) {
      testDescription = name
      octets = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
      self.expected = expected
      self.isAuthorized = isAuthorized
    }
  }

  static let cases = [
    Case("200", ["HTTP/1.1 200 Connection established"], .connected),
    Case("200 of an old proxy", ["HTTP/1.0 200 Connection established"], .connected),
    Case("200 without a phrase", ["HTTP/1.1 200"], .connected),
    Case("200 with an empty phrase", ["HTTP/1.1 200 "], .connected),
    Case("200 with fields", ["HTTP/1.1 200 OK", "Proxy-Agent: x", "Via: y"], .connected),
    Case("200 that closes", ["HTTP/1.1 200 OK", "Connection: close"], .connected),
    Case(
      "200 with a length, which means nothing", ["HTTP/1.1 200 OK", "Content-Length: 9"],
      .connected),
    Case("204", ["HTTP/1.1 204 No Content"], .connected),
    Case("299", ["HTTP/1.1 299 Odd"], .connected),
    Case("100, then 200", ["HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK"], .connected),
    Case(
      "103 twice, then 403",
      ["HTTP/1.1 103 Hints", "Link: a", "", "HTTP/1.1 103", "", "HTTP/1.1 403 No"],
      .refused(403, "does not allow connections to service.example:443; whoever runs it can")),
    Case("101", ["HTTP/1.1 101 Switching"], .refused(101, "'HTTP/1.1 101 Switching'")),
    Case("301", ["HTTP/1.1 301 Moved", "Location: /"], .refused(301, "not be a proxy for HTTPS")),
    Case("400", ["HTTP/1.0 400 Bad"], .refused(400, "not be a proxy for HTTPS")),
    Case(
      "403", ["HTTP/1.1 403 Filtered"],
      .refused(403, "does not allow connections to service.example:443; whoever runs it can")),
    Case("400 to what should be TLS", ["HTTP/1.0 400 Bad"], .refused(400, "named with https://")),
    Case("405", ["HTTP/1.1 405 No"], .refused(405, "not be a proxy for HTTPS")),
    Case(
      "407 with a password",
      ["HTTP/1.1 407 Proxy Authentication Required", "Connection: close"],
      .refused(407, "the user name or the password is wrong, or not percent-encoded")),
    Case(
      "407 without a password", ["HTTP/1.1 407 Proxy Authentication Required"],
      .refused(407, "it wants a user name and a password, as USER:PASSWORD@ in front of its host"),
      isAuthorized: false),
    Case(
      "401 with a password", ["HTTP/1.0 401 Unauthorized"],
      .refused(401, "the user name or the password is wrong, or not percent-encoded")),
    Case(
      "401 without a password", ["HTTP/1.0 401 Unauthorized"],
      .refused(401, "it wants a user name and a password, as USER:PASSWORD@ in front of its host"),
      isAuthorized: false),
    Case("500", ["HTTP/1.1 500 Oops"], .refused(500, "may not reach service.example:443")),
    Case("503", ["HTTP/1.1 503 Down"], .refused(503, "may not reach service.example:443")),
    Case("999", ["HTTP/1.1 999 Odd"], .refused(999, "may not reach service.example:443")),
    Case("HTTP/2", ["HTTP/2 200 OK"], .violation("does not begin")),
    Case("HTTP/1.2", ["HTTP/1.2 200 OK"], .violation("does not begin")),
    Case("no number", ["HTTP/1.1 abc OK"], .violation("does not begin")),
    Case("a number too long", ["HTTP/1.1 2000 OK"], .violation("does not begin")),
    Case("a number too short", ["HTTP/1.1 20 OK now"], .violation("does not begin")),
    Case("a number too small", ["HTTP/1.1 099 OK"], .violation("does not begin")),
    Case("a signed number", ["HTTP/1.1 +20 OK"], .violation("does not begin")),
    Case("another protocol", ["SSH-2.0-OpenSSH_9.2"], .violation("does not begin")),
    Case("a TLS alert", ["\u{15}\u{3}\u{1}\0\u{2}\u{2}F"], .violation("named with https://")),
    Case("an empty line", [""], .violation("is not HTTP")),
    Case("a control character", ["HTTP/1.1 200 \u{1}"], .violation("is not HTTP")),
    Case("a field without a name", ["HTTP/1.1 200 OK", ": x"], .violation("is not HTTP")),
    Case("a folded field", ["HTTP/1.1 200 OK", "a: b", " c"], .violation("is not HTTP")),
  ]

  private static let endpoint = Endpoint(host: "service.example", port: 443)

  private static func handshake(
    isAuthorized: Bool = true, to endpoint: Endpoint = endpoint
  ) throws -> WebProxyHandshake {
    let credentials = isAuthorized ? "Aladdin:open%20sesame@" : ""
    let proxy = try WebProxy.parse(
      "http://\(credentials)proxy.example", variable: "https_proxy")
    return WebProxyHandshake(proxy: proxy, endpoint: endpoint)
  }

  private func expect(_ outcome: WebProxyHandshake.Outcome, _ expected: Expected) {
    switch (outcome, expected) {
    case (.connected, .connected): break
    case (.refused(let status, let reason), .refused(let expectedStatus, let words)):
      #expect(status == expectedStatus && reason.contains(words))
      #expect(reason.hasPrefix("the web proxy http://proxy.example:3128 (https_proxy) answered '"))
      #expect(!reason.contains("QWxhZGRpbjpvcGVuIHNlc2FtZQ"))
    case (.violation(let reason), .violation(let words)):
      #expect(reason.contains(words))
      #expect(
        reason.hasPrefix(
          "the answer of the web proxy http://proxy.example:3128 (https_proxy) "))
    default: Issue.record("\(outcome)")
    }
  }

  @Test("an answer is judged whole", arguments: cases)
  func judgesWhole(_ example: Case) throws {
    let handshake = try Self.handshake(isAuthorized: example.isAuthorized)
    expect(handshake.parse(example.octets.span), example.expected)
  }

  @Test("lines may end with a line feed alone (RFC 9112 §2.2), or some of them", arguments: cases)
  func takesLineFeeds(_ example: Case) throws {
    let handshake = try Self.handshake(isAuthorized: example.isAuthorized)
    let bare = example.octets.filter { $0 != 0x0d }
    let bad = bare.firstIndex { $0 < 0x20 && $0 != 0x0a }
    for count in 0...(bad ?? bare.count - 1) {
      #expect(handshake.parse(bare.span.extracting(..<count)) == .needMore)
    }
    expect(handshake.parse(bare.span), example.expected)
    let mixed = bare.dropLast() + [0x0d, 0x0a]
    expect(handshake.parse(Array(mixed).span), example.expected)
  }

  @Test(
    "an answer is judged once its last octet is there, or one that no head may have",
    arguments: cases)
  func judgesByteByByte(_ example: Case) throws {
    let handshake = try Self.handshake(isAuthorized: example.isAuthorized)
    let bad = example.octets.firstIndex { $0 < 0x20 && $0 != 0x0d && $0 != 0x0a }
    for count in 0...(bad ?? example.octets.count - 1) {
      let outcome = handshake.parse(example.octets.span.extracting(..<count))
      #expect(outcome == .needMore, "after \(count) octets")
    }
    expect(handshake.parse(example.octets.span), example.expected)
  }

  @Test(
    "a refusal may have a body; a connection may not begin with octets of the web proxy",
    arguments: cases)
  func judgesTrailingBytes(_ example: Case) throws {
    let handshake = try Self.handshake(isAuthorized: example.isAuthorized)
    let octets = example.octets + Array("<html>\r\n".utf8)
    let isConnected = example.expected == .connected
    expect(
      handshake.parse(octets.span),
      isConnected ? .violation("has more behind its head") : example.expected)
  }

  @Test("an answer's heads are limited, all together", arguments: [false, true])
  func limitsHeads(hasInterim: Bool) throws {
    let handshake = try Self.handshake()
    let max = WebProxyHandshake.responseByteCountMax
    let start = (hasInterim ? "HTTP/1.1 100 Continue\r\n\r\n" : "") + "HTTP/1.1 200 "
    let octets = Array(start.utf8) + [UInt8](repeating: 0x61, count: max)
    #expect(handshake.parse(octets.span.extracting(..<(max - 1))) == .needMore)
    guard case .violation(let reason) = handshake.parse(octets.span.extracting(..<max)) else {
      Issue.record("not limited to \(max)")
      return
    }
    #expect(reason.contains("its head is longer than"))
  }

  @Test("interim answers without end are limited")
  func limitsInterimAnswers() throws {
    let handshake = try Self.handshake()
    let one = Array("HTTP/1.1 100 \r\n\r\n".utf8)
    var octets: [UInt8] = []
    while octets.count <= WebProxyHandshake.responseByteCountMax { octets += one }
    let max = WebProxyHandshake.responseByteCountMax
    guard case .violation = handshake.parse(octets.span.extracting(..<max)) else {
      Issue.record("not limited")
      return
    }
    guard case .violation = handshake.parse(octets.span) else {
      Issue.record("not limited beyond the limit")
      return
    }
  }

  @Test("a long phrase is cut short in the message")
  func cutsPhrase() throws {
    let phrase = String(repeating: "x", count: 10_000)
    let octets = Array("HTTP/1.1 502 \(phrase)\r\n\r\n".utf8)
    guard case .refused(502, let reason) = try Self.handshake().parse(octets.span) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.utf8.count < 400)
  }

  @Test(
    "a request is laid out as RFC 9110 §9.3.6 asks",
    arguments: ["service.example", "192.0.2.1", "::1", "::1%lo"], [true, false])
  func laysOutRequest(host: String, isAuthorized: Bool) throws {
    let target = host.contains(":") ? "[::1]:8443" : "\(host):8443"
    let handshake = try Self.handshake(
      isAuthorized: isAuthorized, to: Endpoint(host: host, port: 8443))
    let credentials = "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
    #expect(
      String(decoding: handshake.request(userAgent: "localproxy 1 (Linux)"), as: UTF8.self)
        == "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        + "User-Agent: localproxy 1 (Linux)\r\n\(isAuthorized ? credentials : "")\r\n")
  }
}
