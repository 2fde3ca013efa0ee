import Testing

@testable import WebSocket

@Suite("ResponseBody")
struct ResponseBodyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var status = 403
    var fields: [String] = []
    let bytes: String
    let text: String
    let isWhole: Bool
    var testDescription: String { name }
  }

  private static let long = String(repeating: "w", count: 600)
  private static let chunked = ["Transfer-Encoding: chunked"]

  private static let cases: [Case] = [
    Case(name: "no length", bytes: " expired\r\n", text: "expired", isWhole: false),
    Case(
      name: "all of a length", fields: ["Content-Length: 9"], bytes: "expired\r\n", text: "expired",
      isWhole: true),
    Case(
      name: "a part of a length", fields: ["Content-Length: 9"], bytes: "exp", text: "exp",
      isWhole: false),
    Case(
      name: "more than a length", fields: ["content-length:3"], bytes: "expired", text: "exp",
      isWhole: true),
    Case(name: "a length of 0", fields: ["Content-Length: 0"], bytes: "", text: "", isWhole: true),
    Case(
      name: "two lengths", fields: ["Content-Length: 3", "Content-Length: 3"], bytes: "expired",
      text: "expired", isWhole: false),
    Case(
      name: "a negative length", fields: ["Content-Length: -3"], bytes: "expired", text: "",
      isWhole: false),
    Case(
      name: "a length beyond all numbers", fields: ["Content-Length: 99999999999999999999"],
      bytes: "expired", text: "expired", isWhole: false),
    Case(
      name: "a length beyond 32 bits", fields: ["Content-Length: 3000000000"], bytes: "expired",
      text: "expired", isWhole: false),
    Case(
      name: "more than is wanted", bytes: long, text: String(long.prefix(512)), isWhole: true),
    Case(
      name: "more than is wanted of a length", fields: ["Content-Length: 600"], bytes: long,
      text: String(long.prefix(512)), isWhole: true),
    Case(name: "204", status: 204, bytes: "x", text: "", isWhole: true),
    Case(name: "304", status: 304, bytes: "", text: "", isWhole: true),
    Case(
      name: "chunks", fields: chunked, bytes: "3\r\nexp\r\n4\r\nired\r\n0\r\n\r\n", text: "expired",
      isWhole: true),
    Case(
      name: "a chunk without an end", fields: chunked, bytes: "3\r\nexp\r\n4\r\nir", text: "expir",
      isWhole: false),
    Case(
      name: "chunks and no last one", fields: chunked, bytes: "A;name=value\r\n0123456789\r\n",
      text: "0123456789", isWhole: false),
    Case(
      name: "half of a chunk's end", fields: chunked, bytes: "1\r\nx\r", text: "x", isWhole: false),
    Case(name: "half of a chunk's line", fields: chunked, bytes: "1", text: "", isWhole: false),
    Case(
      name: "a chunk in hexadecimal", fields: chunked, bytes: "1f\r\n\(long.prefix(31))\r\n0\r\n",
      text: String(long.prefix(31)), isWhole: true),
    Case(
      name: "a chunk of no number", fields: chunked, bytes: "1\r\nx\r\nzz\r\ny", text: "x",
      isWhole: true),
    Case(
      name: "a chunk of an absurd number", fields: chunked, bytes: "ffffffffffffffff\r\ny",
      text: "", isWhole: true),
    Case(
      name: "a chunk's line without an end", fields: chunked, bytes: "1;" + long, text: "",
      isWhole: true),
    Case(
      name: "a chunk beyond what is wanted", fields: chunked, bytes: "258\r\n\(long)",
      text: String(long.prefix(512)), isWhole: true),
    Case(
      name: "tiny chunks with long extensions", fields: chunked,
      bytes: String(repeating: "1;\(long.prefix(200))\r\nx\r\n", count: 20),
      text: String(repeating: "x", count: 20), isWhole: true),
    Case(
      name: "a coding that cannot be read", fields: ["Transfer-Encoding: gzip, chunked"],
      bytes: "1\r\nx", text: "", isWhole: true),
    Case(
      name: "chunks whatever the length says", fields: chunked + ["Content-Length: 3"],
      bytes: "1\r\nx\r\n0\r\n", text: "x", isWhole: true),
  ]

  @Test("a body ends as RFC 9112 §6 says, or when enough of it is here", arguments: cases)
  func findsEnd(_ example: Case) throws {
    let octets = Array(
      (["HTTP/1.1 403 No"] + example.fields + ["", ""]).joined(separator: "\r\n").utf8)
    guard case .complete(let head) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("not a head")
      return
    }
    let body = ResponseBody(
      status: example.status, head: head, bytes: Array(example.bytes.utf8)[...])
    #expect(body.text == example.text && body.isWhole == example.isWhole)
    // No beginning of it is a trap.
    for count in 0..<example.bytes.utf8.count {
      _ = ResponseBody(
        status: example.status, head: head, bytes: Array(example.bytes.utf8.prefix(count))[...])
    }
  }
}
