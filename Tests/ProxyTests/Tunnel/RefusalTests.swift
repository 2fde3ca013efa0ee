import Basics
import Testing

@testable import Tunnel

@Suite("Refusal")
struct RefusalTests {
  private func refusal(
    _ status: Int, _ words: String = "", channelID: String? = nil, retryAfter: Int64? = nil,
    role: TunnelRole = .source
  ) -> Refusal {
    Refusal(
      role: role, status: status, reason: "Reason", words: words, channelID: channelID,
      retryAfterSeconds: retryAfter)
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
    let answer =
      "Proxy server rejected web socket upgrade request: HTTP/1.1 400 Reason, web socket session ID: 0123"
    #expect(refusal(400, "No luck", channelID: "0123").text == "No luck (\(answer))")
    #expect(refusal(400, channelID: "0123").text == answer)
  }

  @Test("what answers with less than 400 is not the service, which is said", arguments: [200, 302])
  func namesStranger(status: Int) {
    #expect(
      refusal(status).text
        == "Proxy server rejected web socket upgrade request: HTTP/1.1 \(status) Reason, web socket session ID: "
        + "none; what answers is not the tunnel's service: check --proxy-endpoint, or use --region")
    #expect(!refusal(503).text.utf8.contains(UInt8(ascii: ";")))
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
    "the wait that the service asks for is bounded",
    arguments: [
      (nil, nil), (0, 0), (30, 30_000), (900, 900_000), (901, 900_000), (.max, 900_000),
    ] as [(Int64?, Int64?)])
  func boundsRetryAfter(seconds: Int64?, expected: Int64?) {
    #expect(refusal(429, retryAfter: seconds).retryAfter == expected.map { Milliseconds($0) })
  }
}
