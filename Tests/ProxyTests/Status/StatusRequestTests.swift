import Testing

@testable import Status

@Suite("StatusRequest")
struct StatusRequestTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let head: String
    let meaning: StatusRequest
    var isHead = false
    var hosts = "localhost|pump.example"

    init(
      _ line: String, host field: String? = "localhost", _ meaning: StatusRequest,
      isHead: Bool = false, server: String = "localhost|pump.example"
    ) {
      let host = field.map { "Host: \($0)\r\n" } ?? ""
      self.init("\(line)\r\n\(host)Accept: */*\r\n\r\n", meaning, isHead, server)
    }

    private init(
      _ head: String, _ meaning: StatusRequest, _ isHead: Bool, _ hosts: String
    ) {
      self.head = head
      self.meaning = meaning
      self.isHead = isHead
      self.hosts = hosts
    }

    static func raw(_ head: String, _ meaning: StatusRequest) -> Case {
      Case(head, meaning, false, "localhost|pump.example")
    }

    /// A Host field's value, and whether it is served.
    static func host(
      _ field: String, _ isServed: Bool, server: String = "localhost|pump.example"
    ) -> Case {
      Case("GET / HTTP/1.1", host: field, isServed ? .overview : .foreign, server: server)
    }

    var testDescription: String { String(head.prefix(80)).debugDescription }
  }

  static let cases: [Case] = [
    Case("GET / HTTP/1.1", .overview),
    Case("GET /metrics HTTP/1.1", .metrics),
    Case("GET /metrics HTTP/1.0", .metrics),
    Case("GET /healthz HTTP/1.1", .health),
    Case("GET /state.json?at=1&x=/ HTTP/1.1", .state),
    Case("HEAD /metrics HTTP/1.1", .metrics, isHead: true),
    Case("HEAD /nothing HTTP/1.1", .missing, isHead: true),
    Case("GET /metric HTTP/1.1", .missing), Case("GET /metrics/ HTTP/1.1", .missing),
    Case("GET //metrics HTTP/1.1", .missing), Case("GET /../metrics HTTP/1.1", .missing),
    Case("GET /|/metrics HTTP/1.1", .missing),
    Case("GET metrics HTTP/1.1", .missing), Case("GET * HTTP/1.1", .missing),
    Case("GET http://localhost/metrics HTTP/1.1", .missing), Case("GET / x HTTP/1.1", .missing),
    Case("POST /metrics HTTP/1.1", .otherMethod), Case("PUT / HTTP/1.1", .otherMethod),
    Case("DELETE / HTTP/1.1", .otherMethod), Case("OPTIONS * HTTP/1.1", .otherMethod),
    Case("get / HTTP/1.1", .otherMethod), Case("GET|HEAD / HTTP/1.1", .otherMethod),
    Case("GET / HTTP/2.0", .malformed), Case("GET / HTTP/1.1 x", .malformed),
    Case("GET  / HTTP/1.1", .missing), Case("GET /", .malformed), Case("GET", .malformed),
    Case("GET / http/1.1", .malformed), Case("GET / HTTP/1.1", host: nil, .malformed),
    .raw("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", .malformed),
    .raw("GET / HTTP/1.1\nHost: localhost\n\n", .malformed),
    .raw("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", .malformed),
    .raw("GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", .malformed),
    .raw("\u{16}\u{3}\u{1}", .malformed), .raw("\r\n\r\n", .malformed),
    .raw("", .needMore), .raw("GET / HTTP/1.1\r\nHost: localhost\r\n", .needMore),
    .raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET", .overview),
    .host("LOCALHOST:9100", true), .host("localhost:", true), .host("localhost:80:80", false),
    .host("127.0.0.1", true), .host("127.0.0.1:1", true), .host("10.1.2.3:9100", true),
    .host("[::1]", true), .host("[::1]:9100", true), .host("[fe80::1]:9100", true),
    .host("pump.example", true), .host("Pump.Example:9100", true),
    .host("evil.example", false), .host("evil.example:9100", false), .host("", false),
    .host(":9100", false), .host("localhost.evil.example", false), .host("xlocalhost", false),
    .host("127.0.0.1.evil.example", false), .host("[::1].evil.example", false),
    .host("localhost, evil.example", false), .host("pump.example|", false),
    .host("127.0.0.1@evil.example", false), .host("evil.example:127", false),
    .host("anything at all", true, server: ""),
  ]

  @Test("what each request means", arguments: cases)
  func judges(request: Case) {
    var isHead = false
    let octets = Array(request.head.utf8)
    #expect(
      StatusRequest.parse(octets.span, hosts: request.hosts, isHead: &isHead) == request.meaning)
    #expect(isHead == request.isHead)
  }

  @Test("a head that comes octet by octet means the same at its end, and nothing before")
  func comesInPieces() {
    let octets = Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    var isHead = false
    for count in 0...octets.count {
      let part = Array(octets[..<count])
      let parsed = StatusRequest.parse(part.span, hosts: "localhost|x", isHead: &isHead)
      #expect(parsed == (count < octets.count ? .needMore : .health))
    }
  }

  @Test("a head of the longest length is answered, and a longer one refused before its end")
  func isBounded() {
    let start = "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: "
    for excess in 0...1 {
      let filler = StatusRequest.byteCountMax - start.utf8.count - 4 + excess
      let octets = Array((start + String(repeating: "c", count: filler) + "\r\n\r\n").utf8)
      var isHead = false
      #expect(
        StatusRequest.parse(octets.span, hosts: "localhost|x", isHead: &isHead)
          == (excess == 0 ? .overview : .malformed))
    }
  }
}
