import Basics
import Testing

@testable import Proxy

@Suite("Refusal")
struct RefusalTests {
  private func refusal(
    _ status: Int, _ words: String = "", fields: [HeaderBlock.Field] = [],
    role: TunnelRole = .source
  ) -> Refusal {
    Refusal(
      role: role, status: status, reason: "Reason",
      head: HeaderBlock(startLine: "", fields: fields, byteCount: 0), words: words)
  }

  @Test(
    "4xx is final, but for those that say 'not now'; everything else is tried again",
    arguments: [
      (200, false), (301, false), (400, true), (401, true), (403, true), (404, true), (407, true),
      (408, false), (410, true), (425, false), (429, false), (431, true), (499, true),
      (500, false), (502, false), (503, false),
    ])
  func isFinal(status: Int, expected: Bool) {
    #expect(refusal(status).isFinal == expected)
  }

  @Test("the service's own words come first")
  func saysWords() {
    let fields = [HeaderBlock.Field("channel-id", "0123")]
    let answer =
      "Proxy server rejected web socket upgrade request: HTTP/1.1 400 Reason, web socket session ID: 0123"
    #expect(refusal(400, "No luck", fields: fields).text == "No luck (\(answer))")
    #expect(refusal(400, fields: fields).text == answer)
  }

  @Test(
    "the advice fits the service's reason",
    arguments: [
      (
        400, "Invalid access token: The access token was previously used and cannot be used again",
        "used before, with another client token"
      ),
      (
        400,
        "Invalid client token: The provided client token does not match the client token that was "
          + "previously set.", "used before, with another client token"
      ),
      (400, "the access token has been used already", "used before, with another client token"),
      (403, "Forbidden", "is the destination's and of this region"),
      (403, "", "it may have been rotated"),
      (
        403, "Access denied: connection refused by policy",
        "is the destination's and of this region"
      ),
      (400, "the token was never used", "is the destination's and of this region"),
      (
        400, "the client token must be 32 to 128 letters", "is the destination's and of this region"
      ),
      (404, "Not Found", "check --proxy-endpoint, or use --region"),
    ])
  func advises(status: Int, words: String, advice: String) {
    #expect(refusal(status, words, role: .destination).advice.contains(advice))
  }

  @Test(
    "Retry-After is read in both forms, a date by the service's own clock, and bounded",
    arguments: [
      ("0", nil, 0), ("30", nil, 30_000), ("900", nil, 900_000), ("901", nil, 900_000),
      ("999999999999999999", nil, 900_000), ("99999999999999999999", nil, nil), ("-1", nil, nil),
      ("soon", nil, nil), ("", nil, nil),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:48:37 GMT", 60_000),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:59:37 GMT", 0),
      ("Sun, 06 Nov 2094 08:49:37 GMT", "Sun, 06 Nov 1994 08:59:37 GMT", 900_000),
      ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil),
    ] as [(String, String?, Int64?)])
  func readsRetryAfter(text: String, date: String?, expected: Int64?) {
    var fields = [HeaderBlock.Field("retry-after", text)]
    if let date { fields.append(HeaderBlock.Field("date", date)) }
    #expect(refusal(429, fields: fields).retryAfter == expected.map { Milliseconds($0) })
  }
}
