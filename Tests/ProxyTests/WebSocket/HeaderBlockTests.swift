import Testing
import WebSocket

/// The octets of a head whose lines are given; the empty line is added.
func head(_ lines: String...) -> [UInt8] {
  Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
}

@Suite("HeaderBlock")
struct HeaderBlockTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    let startLine: String
    let fields: [[String]]
    var testDescription: String { name }
  }

  private static let cases: [Case] = [
    Case(name: "no field", octets: head("GET / HTTP/1.1"), startLine: "GET / HTTP/1.1", fields: []),
    Case(
      name: "two fields", octets: head("HTTP/1.1 101 Fine", "Host: a", "channel-id: 12"),
      startLine: "HTTP/1.1 101 Fine", fields: [["host", "a"], ["channel-id", "12"]]),
    Case(
      name: "names in any case", octets: head("x", "UPGRADE: WebSocket", "cOnNeCtIoN: Upgrade"),
      startLine: "x", fields: [["upgrade", "WebSocket"], ["connection", "Upgrade"]]),
    Case(
      name: "white space around a value", octets: head("x", "a:b", "c: \t d e \t ", "f:", "g: \t"),
      startLine: "x", fields: [["a", "b"], ["c", "d e"], ["f", ""], ["g", ""]]),
    Case(
      name: "colons in a value", octets: head("x", "host: [::1]:5555"), startLine: "x",
      fields: [["host", "[::1]:5555"]]),
    Case(
      name: "octets beyond ASCII", octets: head("x", "a: Grüße"), startLine: "x",
      fields: [["a", "Grüße"]]),
    Case(
      name: "one name several times", octets: head("x", "a: 1", "A: 2"), startLine: "x",
      fields: [["a", "1"], ["a", "2"]]),
  ]

  private func expect(_ outcome: HeaderBlock.Outcome, is example: Case) {
    guard case .complete(let block) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(block.startLine == example.startLine)
    #expect(block.fields.map { [$0.name, $0.value] } == example.fields)
    #expect(block.byteCount == example.octets.count)
  }

  @Test("a head is read whole", arguments: cases)
  func readsWhole(_ example: Case) {
    expect(HeaderBlock.parse(example.octets.span, byteCountMax: 4_096), is: example)
  }

  @Test("a head is asked for more until its last octet is there", arguments: cases)
  func readsByteByByte(_ example: Case) {
    for count in 0..<example.octets.count {
      let outcome = HeaderBlock.parse(
        example.octets.span.extracting(..<count), byteCountMax: 4_096)
      guard case .needMore = outcome else {
        Issue.record("\(outcome) after \(count) octets")
        return
      }
    }
    expect(HeaderBlock.parse(example.octets.span, byteCountMax: 4_096), is: example)
  }

  @Test("what follows the empty line is not read", arguments: cases)
  func leavesTrailingBytes(_ example: Case) {
    for trailing in [[0x82, 0x00], [0x0d, 0x0a, 0x0d, 0x0a], [UInt8](repeating: 0, count: 5_000)] {
      expect(
        HeaderBlock.parse((example.octets + trailing).span, byteCountMax: 4_096), is: example)
    }
  }

  @Test(
    "what is not a head is malformed",
    arguments: [
      ("a folded line", head("x", "a: 1", " b")),
      ("a line folded by a tab", head("x", "a: 1", "\tb")),
      ("no colon", head("x", "abc")), ("no name", head("x", ": abc")),
      ("white space before the colon", head("x", "a : b")),
      ("a space in a name", head("x", "a b: c")),
      ("a NUL", head("x", "a: \0")), ("a bare line feed", Array("x\na: b\r\n\r\n".utf8)),
      ("an escape", head("x", "a: \u{1b}[2J")), ("a DEL", head("x", "a: \u{7f}")),
      ("a name beyond ASCII", head("x", "ä: b")), ("a name in brackets", head("x", "[a]: b")),
      ("a name with a slash", head("x", "a/b: c")), ("a name with a tab", head("x", "a\t: b")),
      ("a quoted name", head("x", "\"a\": b")), ("a name with an equals sign", head("x", "a=b: c")),
    ])
  func refusesMalformed(name: String, octets: [UInt8]) {
    guard case .malformed(let reason) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("\(name) was accepted")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test(
    "what no head can go on from is refused at once, not when the head ends",
    arguments: [
      "HTTP/1.1 101 Fine\n", "\n", "HTTP/1.1 101 Fine\r\nUpgrade: websocket\n",
      "HTTP/1.1 101 Fine\rx", "HTTP/1.1 101 Fine\r\r", "HTTP/1.1 1\0", "\u{16}\u{03}",
      "a: b\u{7f}",
    ])
  func refusesAtOnce(text: String) {
    let octets = Array(text.utf8)
    for count in 1..<octets.count {
      let part = octets.span.extracting(..<count)
      if case .needMore = HeaderBlock.parse(part, byteCountMax: 4_096) { continue }
      #expect(text == "\u{16}\u{03}", "refused after \(count) octets")
    }
    guard case .malformed(let reason) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("asks for more")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test("octets that are not UTF-8 are no fault of a value, and no part of a name")
  func allowsOpaqueValues() {
    let octets = Array("x\r\na: ".utf8) + [0xe9, 0xff] + Array("\r\nb: c\r\n\r\n".utf8)
    guard case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("refused")
      return
    }
    #expect(block.fields.map(\.name) == ["a", "b"] && block.value("b") == "c")
  }

  @Test("a name may have every character of a token, and is read in lower case")
  func readsEveryTokenOctet() {
    let name = "!#$%&'*+-.^_`|~09AZaz"
    let octets = head("x", "\(name): v")
    guard case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("refused")
      return
    }
    #expect(block.value(name.lowercased()) == "v")
  }

  @Test("a bare carriage return is no part of a line (RFC 9112 §2.2)")
  func refusesBareCarriageReturn() {
    for octets in [head("x", "a: b\rc: d"), head("x\ry", "a: b"), head("x", "a: b\r")] {
      guard case .malformed = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
        Issue.record("accepted")
        return
      }
    }
  }

  @Test("a head without a first line is malformed")
  func refusesEmptyStartLine() {
    guard case .malformed = HeaderBlock.parse(head("").span, byteCountMax: 4_096) else {
      Issue.record("accepted")
      return
    }
  }

  @Test("a head may have the longest length and not one octet more")
  func limitsLength() {
    let octets = head("GET / HTTP/1.1", "a: " + String(repeating: "b", count: 100))
    guard case .complete = HeaderBlock.parse(octets.span, byteCountMax: octets.count) else {
      Issue.record("refused at the limit")
      return
    }
    for bytes in [octets, octets + [1, 2, 3], Array(octets.dropLast())] {
      guard
        case .malformed(let reason) = HeaderBlock.parse(
          bytes.span, byteCountMax: octets.count - 1)
      else {
        Issue.record("accepted above the limit")
        return
      }
      #expect(reason.contains("\(octets.count - 1)"))
    }
  }

  @Test("a head that never ends is given up at the limit, not before")
  func limitsUnendingHead() {
    let octets = [UInt8](repeating: 0x61, count: 64)
    guard case .needMore = HeaderBlock.parse(octets.span.extracting(..<63), byteCountMax: 64),
      case .malformed = HeaderBlock.parse(octets.span, byteCountMax: 64)
    else {
      Issue.record("given up too early or too late")
      return
    }
  }

  @Test("the number of fields is limited", arguments: [(100, true), (101, false)])
  func limitsFieldCount(count: Int, isAllowed: Bool) {
    let fields = (0..<count).map { "f\($0): v" }
    let octets = Array((["x"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
    if case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 16_384) {
      #expect(isAllowed && block.fields.count == count)
    } else {
      #expect(!isAllowed)
    }
  }

  @Test("the values of one name are joined, its tokens found in any case")
  func joinsValues() throws {
    let octets = head("x", "Connection: keep-alive, ,  UpGrade", "a: 1", "a: 2, 3", "b:")
    guard case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("refused")
      return
    }
    #expect(block.value("a") == "1, 2, 3" && block.count(of: "a") == 2)
    #expect(block.value("b") == "" && block.value("c") == nil && block.count(of: "c") == 0)
    #expect(block.hasToken("upgrade", in: "connection"))
    #expect(block.hasToken("keep-alive", in: "connection"))
    #expect(!block.hasToken("up", in: "connection") && !block.hasToken("upgrade", in: "c"))
  }

  @Test(
    "Retry-After is read in both forms, a date by the server's own clock",
    arguments: [
      ("0", nil, 0), ("30", nil, 30), ("901", nil, 901),
      ("999999999999999999", nil, 999_999_999_999_999_999), ("99999999999999999999", nil, nil),
      ("-1", nil, nil), ("soon", nil, nil), ("", nil, nil),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:48:37 GMT", 60),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:59:37 GMT", 0),
      ("Sat, 06 Nov 2094 08:49:37 GMT", "Sat, 06 Nov 2094 08:48:36 GMT", 61),
      ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil),
    ] as [(String, String?, Int64?)])
  func readsRetryAfter(text: String, date: String?, expected: Int64?) {
    var lines = ["HTTP/1.1 429 Later", "Retry-After: " + text]
    if let date { lines.append("Date: " + date) }
    let octets = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    guard case .complete(let block) = HeaderBlock.parse(octets.span, byteCountMax: 4_096) else {
      Issue.record("refused")
      return
    }
    #expect(block.retryAfterSeconds == expected)
  }

  @Test(
    "a list is split at its commas",
    arguments: [
      ("", []), (",", []), ("a", ["a"]), (" a ,b,\tc\t", ["a", "b", "c"]), ("a,,b ,", ["a", "b"]),
    ] as [(String, [String])])
  func splitsList(value: String, parts: [String]) {
    #expect(HeaderBlock.list(value) == parts)
  }
}
