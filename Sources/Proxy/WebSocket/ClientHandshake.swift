import Basics

/// The client's side of the opening handshake (RFC 6455 §4.1), without its cryptography: the caller brings
/// the random key and what the server must answer to it.
public struct ClientHandshake {
  /// Longest head of an answer, in octets, with those of interim answers in front of it.
  public static let responseByteCountMax = 16 * 1024

  public enum Outcome {
    case needMore
    /// 101, as it must be. `byteCount` octets were used; what follows is frames. No `compression` was offered, or
    /// the server declined it.
    case accepted(
      HeaderBlock, subprotocol: String?, compression: PermessageDeflate?, byteCount: Int)
    /// A proper answer that is not 101; its body begins behind `byteCount` octets.
    case refused(status: Int, reason: String, HeaderBlock, byteCount: Int)
    /// The server broke the protocol.
    case violation(reason: String)
  }

  private let expectedAccept: String
  private let subprotocols: [String]
  private let compressionWindowBits: Int?

  /// - Parameters:
  ///   - expectedAccept: Base64 of SHA-1 of the key and the GUID of RFC 6455 §1.3.
  ///   - subprotocols: what the request offers; the answer must select one of them.
  ///   - compressionWindowBits: the window of the `PermessageDeflate.offer` in the request; nil without one.
  public init(
    expectedAccept: String, subprotocols: [String], compressionWindowBits: Int? = nil
  ) {
    self.expectedAccept = expectedAccept
    self.subprotocols = subprotocols
    self.compressionWindowBits = compressionWindowBits
  }

  /// The request's octets.
  /// - Parameters:
  ///   - key: Base64 of sixteen random octets.
  ///   - host: host, and port if it is not the scheme's own.
  ///   - compressionWindowBits: the window of the compression to be offered; nil for no offer.
  ///   - fields: further header fields, in order.
  public static func request(
    target: String, host: String, key: String, subprotocols: [String],
    compressionWindowBits: Int? = nil, fields: [HeaderBlock.Field]
  ) -> [UInt8] {
    var all: [HeaderBlock.Field] = [
      .init("Host", host), .init("Upgrade", "websocket"), .init("Connection", "Upgrade"),
      .init("Sec-WebSocket-Key", key), .init("Sec-WebSocket-Version", "13"),
    ]
    if !subprotocols.isEmpty {
      all.append(.init("Sec-WebSocket-Protocol", subprotocols.listed))
    }
    if let compressionWindowBits {
      let offer = PermessageDeflate.offer(windowBits: compressionWindowBits)
      all.append(.init("Sec-WebSocket-Extensions", offer))
    }
    return HeaderBlock.octets("GET % HTTP/1.1".with(target), all + fields)
  }

  /// Reads the answer from the front of `bytes`; call it again with more after `.needMore`.
  public func parse(_ bytes: Span<UInt8>) -> Outcome {
    var start = 0
    while true {
      let rest = bytes.extracting(start..<bytes.count)
      switch HeaderBlock.parse(rest, byteCountMax: Self.responseByteCountMax - start) {
      case .needMore: return .needMore
      case .malformed(let reason): return .violation(reason: "the answer is not HTTP: " + reason)
      case .complete(let head):
        guard let (isHTTP10, status, reason) = head.statusLine, !isHTTP10 else {
          return .violation(
            reason: "the answer does not begin as one of HTTP/1.1 does: '%'".with(head.startLine))
        }
        start += head.byteCount
        // Interim answers announce the one that counts (RFC 9110 §15.2).
        if (100..<200).contains(status) && status != 101 { continue }
        return status == 101
          ? judge(head, byteCount: start)
          : .refused(status: status, reason: reason, head, byteCount: start)
      }
    }
  }

  private func judge(_ head: HeaderBlock, byteCount: Int) -> Outcome {
    if !head.hasOnlyToken("websocket", in: "upgrade") {
      return .violation(reason: "the answer does not say 'Upgrade: websocket'")
    }
    if !head.hasToken("upgrade", in: "connection") {
      return .violation(reason: "the answer does not say 'Connection: Upgrade'")
    }
    // Twice the right one is not the right one.
    if !head.says(expectedAccept, in: "sec-websocket-accept") {
      return .violation(reason: "the answer's Sec-WebSocket-Accept is wrong")
    }
    let subprotocol = head.value("sec-websocket-protocol")
    if let subprotocol, !subprotocols.hasSame(subprotocol) {
      return .violation(
        reason: "the answer selects the subprotocol '%', not offered".with(subprotocol))
    }
    if subprotocol == nil && !subprotocols.isEmpty {
      return .violation(reason: "the answer selects no subprotocol")
    }
    do throws(PermessageDeflate.Violation) {
      return .accepted(
        head, subprotocol: subprotocol, compression: try compression(head),
        byteCount: byteCount)
    } catch {
      return .violation(reason: error.reason)
    }
  }

  private func compression(
    _ head: HeaderBlock
  ) throws(PermessageDeflate.Violation) -> PermessageDeflate? {
    guard let answer = head.value("sec-websocket-extensions") else { return nil }
    guard let compressionWindowBits else {
      throw PermessageDeflate.Violation(
        reason: "the answer selects an extension that was not offered")
    }
    return try PermessageDeflate.judge(answer: answer, windowBits: compressionWindowBits)
  }
}
