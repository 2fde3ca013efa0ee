import Basics
import Reactor
import WebSocket

/// Asking a web proxy for a connection to the service (RFC 9110 §9.3.6), without doing it: octets out and in.
public struct WebProxyHandshake {
  /// Longest answer, in octets, up to the end of its last head.
  public static let responseByteCountMax = 16 * 1024
  /// Octets of the answer's phrase that a message quotes.
  private static let phraseByteCountMax = 128

  public enum Outcome: Equatable {
    case needMore
    /// All that was received is used; what comes next is the service's.
    case connected
    /// A proper answer, but another. The reason is for the log, with the remedy.
    case refused(status: Int, reason: String)
    /// What came is no answer to this request.
    case violation(reason: String)
  }

  private let proxy: WebProxy
  /// The service's host and port.
  private let target: String

  /// - Parameter endpoint: the service's.
  public init(proxy: WebProxy, endpoint: Endpoint) {
    self.proxy = proxy
    target = endpoint.withoutInterface.description
  }

  /// The request's octets.
  public func request(userAgent: String) -> [UInt8] {
    var fields: [HeaderBlock.Field] = [.init("Host", target), .init("User-Agent", userAgent)]
    if !proxy.authorization.isEmpty {
      fields.append(.init("Proxy-Authorization", proxy.authorization))
    }
    return HeaderBlock.octets("CONNECT % HTTP/1.1".with(target), fields)
  }

  /// Reads the answer from the front of `bytes`; call it again with more after `.needMore`.
  public func parse(_ bytes: Span<UInt8>) -> Outcome {
    // An alert to what is no TLS, or a handshake's beginning.
    if !proxy.usesTLS && !bytes.isEmpty && (0x15...0x16).contains(bytes[0]) {
      if bytes.count == 1 { return .needMore }
      if bytes[1] == 3 { return violation("is TLS: it must be named with https://") }
    }
    // Some web proxies, and scripts in their place, end lines with a line feed alone. It may be taken for the
    // end of a line (RFC 9112 §2.2), and there is nothing behind the head that could be misread for it.
    var octets: [UInt8] = []
    for index in 0..<bytes.count {
      if bytes[index] == .lineFeed && octets.last != .carriageReturn {
        octets.append(.carriageReturn)
      }
      octets.append(bytes[index])
    }
    var start = 0
    while true {
      let rest = octets.span.extracting(start..<octets.count)
      switch HeaderBlock.parse(rest, byteCountMax: Self.responseByteCountMax - start) {
      case .needMore: return .needMore
      case .malformed(let reason): return violation("is not HTTP: ", reason)
      case .complete(let head):
        guard let status = head.statusLine?.status else {
          return violation("does not begin as one of HTTP/1.1 does")
        }
        start += head.byteCount
        // Interim answers are allowed, and mean nothing here (RFC 9110 §15.2). 101 is not one of them.
        if (100..<200).contains(status) && status != 101 { continue }
        if !(200..<300).contains(status) { return refused(status, head.startLine) }
        // The service says nothing before we do, so this is not from it, and no TLS can begin here.
        if start < octets.count { return violation("has more behind its head") }
        return .connected
      }
    }
  }

  private func violation(_ fault: String, _ detail: String = "") -> Outcome {
    .violation(reason: "the answer of % %".with(proxy.description, fault + detail))
  }

  private func refused(_ status: Int, _ statusLine: String) -> Outcome {
    var hint = "it may not be a proxy for HTTPS"
    var detail = ""
    switch status {
    // Some say 401 to a wrong password, though that is not theirs to say.
    case 401 where proxy.authorization.isEmpty, 407 where proxy.authorization.isEmpty:
      hint = "it wants a user name and a password, as USER:PASSWORD@ in front of its host"
    case 401, 407: hint = "the user name or the password is wrong, or not percent-encoded"
    case 400 where !proxy.usesTLS: hint += ", or it wants TLS and must be named with https://"
    case 403:
      (hint, detail) = ("it does not allow connections to ", target + "; whoever runs it can")
    case 500...: (hint, detail) = ("it may not reach ", target)
    default: break
    }
    let answer = statusLine.octets.beginning(Self.phraseByteCountMax).text
    return .refused(
      status: status,
      reason: "% answered '%': %".with(proxy.description, answer, hint + detail))
  }
}
