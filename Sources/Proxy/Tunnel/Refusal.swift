import Basics

/// An answer of the service's that is not the upgrade: what the log says of it, and whether it is final.
package struct Refusal {
  /// The service is left alone for no longer than this, whatever it asks for.
  static let retryAfterMax = Milliseconds(900_000)

  let role: TunnelRole
  /// HTTP's.
  let status: Int
  private let reason: String
  /// The service's own, one line; "" when it says none.
  private let words: String
  private let channelID: String
  /// How long the service asks to be left alone, if it does.
  package let retryAfter: Milliseconds?

  /// - Parameters:
  ///   - channelID: nil when the answer names none.
  ///   - retryAfterSeconds: what the service asks for, if it does.
  package init(
    role: TunnelRole, status: Int, reason: String, words: String, channelID: String?,
    retryAfterSeconds: Int64?
  ) {
    self.role = role
    self.status = status
    self.reason = reason
    self.words = words
    self.channelID = channelID ?? "none"
    retryAfter = retryAfterSeconds.map {
      Milliseconds(min($0, Self.retryAfterMax.count / 1_000) * 1_000)
    }
  }

  /// The same request would get the same answer. 408, 425 and 429 say "not now" (RFC 9110 §15.5.9, RFC 8470 §5.2,
  /// RFC 6585 §4).
  package var isFinal: Bool {
    (400..<500).contains(status) && status != 408 && status != 425 && status != 429
  }

  /// For the log: the service's own words come first. It never answers with less than 400.
  package var text: String {
    let answer =
      "Proxy server rejected web socket upgrade request: HTTP/1.1 % %, web socket session ID: %"
      .with(
        status.decimal, reason, channelID)
    let text = words.isEmpty ? answer : "% (%)".with(words, answer)
    return status < 400 ? "%; %".with(text, Self.adviceOnStranger) : text
  }

  /// What to do where something else than the service answers.
  package static var adviceOnStranger: String {
    "what answers is not the tunnel's service: check --proxy-endpoint, or use --region"
  }

  /// What to do about one that is final.
  package var advice: String {
    let said = words.octets[...].lowercasedText.octets
    let end = role.localProxyMode
    if said.hasPart("previously used") || said.hasPart("has been used")
      || said.hasPart("client token") && said.hasPart("not match")
    {
      return
        ("it was used before, with another client token: on another machine, by another user or with "
        + "--client-token; start as then, or rotate the tunnel's access tokens and start the % with its new one")
        .with(end)
    }
    if status == 404 || status == 405 { return Self.adviceOnStranger }
    return
      ("check that the token is the %'s and of this region; it may have been rotated, too, or the tunnel "
      + "closed: then rotate its access tokens, or open another").with(end)
  }
}
