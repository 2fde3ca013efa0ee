import Reactor
import Status
import WebProxy
import WebSocket

extension FuzzTarget {
  /// Octet 0: by any name, or by localhost and another. The rest is the request.
  static let statusRequest = FuzzTarget(name: "status-request", inputByteCountMax: 640) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let hosts = input.number(below: 2) == 0 ? "" : "localhost|pump.example"
    let text = input.remaining()
    try PrefixRule.expect(text) { prefix throws(Finding) in
      var isHead = false
      let request = StatusRequest.parse(prefix, hosts: hosts, isHead: &isHead)
      if request == .needMore { return nil }
      try require(!hosts.isEmpty || request != .foreign, "a name that is not asked for")
      try require(!isHead || text.starts(with: Array("HEAD ".utf8)), "a HEAD that is none")
      return "\(request.rawValue) \(isHead)"
    }
  }

  /// Octet 0: the role, and what was offered. The rest is the server's answer, or the client's request.
  static let handshake = FuzzTarget(name: "handshake", inputByteCountMax: 640) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choice = input.number(below: 4)
    let text = input.remaining()
    if choice == 3 {
      try expectRequest(text)
    } else {
      try expectAnswer(text, offered: [[], ["aws.iot.securetunneling-3.0"], ["a", "b"]][choice])
    }
  }

  private static func expectAnswer(_ answer: [UInt8], offered: [String]) throws(Finding) {
    // RFC 6455 §1.3: the answer to the key "dGhlIHNhbXBsZSBub25jZQ==".
    let windowBits: Int? = offered.isEmpty ? nil : 10 + offered.count
    let handshake = ClientHandshake(
      expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", subprotocols: offered,
      compressionWindowBits: windowBits)
    try PrefixRule.expect(answer) { prefix throws(Finding) in
      switch handshake.parse(prefix) {
      case .needMore: return nil
      case .accepted(let head, let subprotocol, let compression, let byteCount):
        try require(
          offered.isEmpty ? subprotocol == nil : offered.contains(subprotocol ?? ""),
          "a subprotocol that was not offered")
        try require(
          compression.map { agreed in
            [agreed.serverMaxWindowBits, agreed.clientMaxWindowBits].allSatisfy {
              (8...(windowBits ?? 0)).contains($0)
            }
          } ?? true, "compression that was not offered")
        if prefix.count == answer.count {
          try HeadRule.expect(head, in: prefix, endingAt: byteCount)
        }
        return "accepted \(subprotocol ?? "-") \(compression?.description ?? "-") \(byteCount)"
      case .refused(let status, let reason, let head, let byteCount):
        try require((200...999).contains(status), "a refusal with \(status)")
        if prefix.count == answer.count {
          try HeadRule.expect(head, in: prefix, endingAt: byteCount)
        }
        return "refused \(status) \(reason) \(byteCount)"
      case .violation(let reason): return "violation \(reason)"
      }
    }
  }

  private static func expectRequest(_ octets: [UInt8]) throws(Finding) {
    try PrefixRule.expect(octets) { prefix throws(Finding) in
      switch ServerHandshake.parse(prefix, byteCountMax: 4_096) {
      case .needMore: return nil
      case .request(let request):
        try require(!request.target.isEmpty, "a request without a target")
        try require(request.key.utf8.count == 24, "a key of another length")
        if prefix.count == octets.count {
          try HeadRule.expect(request.head, in: prefix, endingAt: request.head.byteCount)
          try expectOwnAnswer(to: request.head.value("sec-websocket-extensions"))
        }
        let names = request.subprotocols.joined(separator: "|")
        return "request \(request.target) \(request.key) \(names) \(request.head.byteCount)"
      case .refuse(let status, let reason):
        try require((400...499).contains(status), "a refusal with \(status)")
        return "refuse \(status) \(reason)"
      }
    }
  }

  /// What a server agrees to, a client that offered everything takes, and means the same by it.
  private static func expectOwnAnswer(to offers: String?) throws(Finding) {
    for windowBits in [9, 15] {
      guard let chosen = PermessageDeflate.choose(offers: offers, windowBits: windowBits) else {
        continue
      }
      try require(chosen.agreed.serverMaxWindowBits <= windowBits, "a window beyond the server's")
      let judged = try? PermessageDeflate.judge(
        answer: chosen.answer, windowBits: PermessageDeflate.windowBitsMax)
      try require(judged == chosen.agreed, "'\(chosen.answer)' is understood as something else")
    }
  }

  /// Octet 0: whether the web proxy was given a password. The rest is its answer to CONNECT.
  static let connectAnswer = FuzzTarget(name: "connect-answer", inputByteCountMax: 512) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let credentials = input.flag() ? "Aladdin:open%20sesame@" : ""
    guard
      let proxy = try? WebProxy.parse(
        "http://\(credentials)proxy.example", variable: "https_proxy")
    else { throw Finding("the target's own web proxy is refused") }
    let handshake = WebProxyHandshake(
      proxy: proxy, endpoint: Endpoint(host: "service.example", port: 443))
    let answer = input.remaining()
    try PrefixRule.expect(answer) { prefix throws(Finding) in
      switch handshake.parse(prefix) {
      case .needMore: return nil
      case .connected:
        // What comes behind it is at fault, and not to be taken for the service's.
        if prefix.count < answer.count, case .violation = handshake.parse(answer.span) {
          return nil
        }
        try require(prefix.count == answer.count, "octets behind the head of a 200 were taken")
        return "connected"
      case .refused(let status, let reason):
        try require(!(200..<300).contains(status) && status >= 101, "a refusal with \(status)")
        let (said, secret) = (reason.octets, "QWxhZGRpbjpvcGVuIHNlc2FtZQ".octets)
        try require(
          !said.indices.contains { said[$0...].starts(with: secret) }, "the password is shown")
        return "refused \(status) \(reason)"
      case .violation(let reason): return "violation \(reason)"
      }
    }
  }
}

/// The octets that come later change nothing about a judgement, and it is made as soon as it can be.
private enum PrefixRule {
  /// - Parameter judge: words for the judgement; nil while it needs more.
  static func expect(
    _ bytes: [UInt8], judge: (Span<UInt8>) throws(Finding) -> String?
  ) throws(Finding) {
    var first: String?
    for count in cuts(bytes) {
      let judgement = try judge(bytes.span.extracting(..<count))
      if let first {
        try require(judgement == first, "more octets made \(judgement ?? "-") out of \(first)")
      }
      first = first ?? judgement
    }
  }

  /// Three prefixes: any one, one that ends where a head ends or just before, and the whole. Which they are follows
  /// from the input, so that many inputs see all of them and none is read more than three times.
  private static func cuts(_ bytes: [UInt8]) -> [Int] {
    var mixture = UInt32(truncatingIfNeeded: bytes.count)
    var end = 0
    var endCount: UInt32 = 0
    for index in bytes.indices {
      mixture = (mixture ^ UInt32(bytes[index])) &* 0x0100_0193
      if bytes[index] != 0x0a || index < 2 { continue }
      // Lines end with two octets, or with one where that is forgiven.
      if bytes[index - 2] != 0x0a && bytes[index - 1] != 0x0a { continue }
      endCount += 1
      // Each of them is as likely as the others.
      if (mixture >> 8) % endCount == 0 { end = index + Int(mixture & 1) }
    }
    let any = Int(mixture >> 4) % (bytes.count + 1)
    return [min(any, end), max(any, end), bytes.count]
  }
}

private enum HeadRule {
  static func expect(
    _ head: HeaderBlock, in bytes: Span<UInt8>, endingAt end: Int
  ) throws(Finding) {
    try require(
      end <= bytes.count && head.byteCount <= end, "a head longer than the input")
    try require(
      bytes[end - 4] == 0x0d && bytes[end - 3] == 0x0a && bytes[end - 2] == 0x0d
        && bytes[end - 1] == 0x0a, "a head that ends elsewhere")
    try require(head.fields.count <= HeaderBlock.fieldCountMax, "more fields than allowed")
    var text = head.startLine + "\r\n"
    for field in head.fields {
      try require(
        !field.name.isEmpty && field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
          && !field.name.utf8.contains { (0x41...0x5a).contains($0) }, "a name with odd octets")
      try require(
        !field.value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f },
        "a value with control characters")
      text += "\(field.name): \(field.value)\r\n"
    }
    // What was read, written again, reads the same.
    let written = Array((text + "\r\n").utf8)
    guard case .complete(let again) = HeaderBlock.parse(written.span, byteCountMax: .max) else {
      throw Finding("a head that was written again cannot be read")
    }
    try require(
      again.fields == head.fields && again.startLine == head.startLine
        && again.byteCount == written.count, "a head that was written again is another")
  }
}
