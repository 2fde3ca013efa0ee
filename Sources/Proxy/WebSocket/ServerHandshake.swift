import Basics

/// The server's side of the opening handshake (RFC 6455 §4.2), without its cryptography.
public enum ServerHandshake {
  /// What a client asks for.
  public struct Request {
    /// Path and query, as they stand in the request.
    public let target: String
    /// To be answered with the Base64 of the SHA-1 of it and the GUID of RFC 6455 §1.3.
    public let key: String
    public let subprotocols: [String]
    public let head: HeaderBlock
  }

  public enum Outcome {
    case needMore
    case request(Request)
    /// To be answered with this HTTP status and then closed.
    case refuse(status: Int, reason: String)
  }

  /// Reads a request from the front of `bytes`.
  /// - Parameter byteCountMax: longest request accepted, in octets.
  public static func parse(_ bytes: Span<UInt8>, byteCountMax: Int) -> Outcome {
    switch HeaderBlock.parse(bytes, byteCountMax: byteCountMax) {
    case .needMore: .needMore
    case .malformed(let reason): .refuse(status: 400, reason: "the request is not HTTP: \(reason)")
    case .complete(let head): judge(head)
    }
  }

  private static func judge(_ head: HeaderBlock) -> Outcome {
    let parts = head.startLine.octets.parted(at: .space).map { $0.text }
    guard parts.count == 3, parts[2].isSame(as: "HTTP/1.1"), parts[1].octets.first == .slash else {
      return .refuse(status: 400, reason: "the request line is not 'GET /path HTTP/1.1'")
    }
    if !parts[0].isSame(as: "GET") { return .refuse(status: 405, reason: "only GET is served") }
    if head.count(of: "host") != 1 {
      return .refuse(status: 400, reason: "the request must have one Host field")
    }
    if head.value("transfer-encoding") != nil
      || !(head.value("content-length")?.isSame(as: "0") ?? true)
    {
      return .refuse(status: 400, reason: "the request has a body")
    }
    guard head.hasToken("websocket", in: "upgrade"),
      head.hasToken("upgrade", in: "connection")
    else { return .refuse(status: 400, reason: "the request does not ask for a WebSocket") }
    if !head.says("13", in: "sec-websocket-version") {
      return .refuse(status: 426, reason: "only version 13 of the WebSocket is served")
    }
    guard let key = head.value("sec-websocket-key"), isKey(key.octets) else {
      return .refuse(status: 400, reason: "Sec-WebSocket-Key is not sixteen octets in Base64")
    }
    return .request(
      Request(
        target: parts[1], key: key,
        subprotocols: head.value("sec-websocket-protocol").map(HeaderBlock.list) ?? [], head: head))
  }

  /// Sixteen octets in Base64 are 24 characters, the last two of them padding.
  private static func isKey(_ octets: [UInt8]) -> Bool {
    octets.count == 24 && octets[22] == .equals && octets[23] == .equals
      && octets[..<22].allSatisfy { $0.isLetterOrDigit || "+/".has($0) }
  }

  /// The 101 answer's octets.
  public static func accept(
    _ accept: String, subprotocol: String?, fields: [HeaderBlock.Field]
  ) -> [UInt8] {
    var all: [HeaderBlock.Field] = [
      .init("Upgrade", "websocket"), .init("Connection", "Upgrade"),
      .init("Sec-WebSocket-Accept", accept),
    ]
    if let subprotocol { all.append(.init("Sec-WebSocket-Protocol", subprotocol)) }
    return HeaderBlock.octets("HTTP/1.1 101 Switching Protocols", all + fields)
  }

  /// An answer that refuses, with the reason as its body.
  public static func refuse(
    status: Int, reason: String, fields: [HeaderBlock.Field]
  ) -> [UInt8] {
    var all: [HeaderBlock.Field] = [
      .init("Content-Type", "text/plain"), .init("Content-Length", (reason.utf8.count + 1).decimal),
    ]
    switch status {
    case 405: all += [.init("Allow", "GET"), .init("Connection", "close")]
    // What would do instead (RFC 6455 §4.4, RFC 9110 §15.5.22).
    case 426:
      all += [
        .init("Sec-WebSocket-Version", "13"), .init("Upgrade", "websocket"),
        .init("Connection", "close, Upgrade"),
      ]
    default: all.append(.init("Connection", "close"))
    }
    let startLine = "HTTP/1.1 % %".with(status.decimal, phrase(status))
    return HeaderBlock.octets(startLine, all + fields) + reason.octets + [.lineFeed]
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 426: "Upgrade Required"
    default: "Error"
    }
  }
}
