import Foundation
import Simulator
import Testing

@testable import Reactor

@Suite("Concealment")
struct ConcealmentTests {
  private static let token = "AQGAAXiLfwz9q-mVtYb3kJcRuN7d2EoSxHg0TzPWlK5aMF1yBvCeQ4I8Zhs6jnrO"

  private func shown(_ text: String, _ secrets: String...) -> String {
    var concealment = Concealment()
    for secret in secrets { concealment.add(secret) }
    return String(decoding: concealment.applied(to: Array(text.utf8)), as: UTF8.self)
  }

  @Test("a secret is hidden wherever it stands, as often as it does")
  func hidesWhole() {
    let token = Self.token
    #expect(shown(token, token) == "***")
    #expect(shown("\(token) is \(token).", token) == "*** is ***.")
    #expect(shown("\(token)\(token)", token) == "***")
    #expect(shown("nothing", token) == "nothing")
    #expect(shown("", token) == "")
    #expect(shown("a=\(token)&b=s3cret-word", token, "s3cret-word") == "a=***&b=***")
  }

  @Test("a piece of twelve octets is hidden from wherever it is cut, a shorter one is not")
  func hidesPieces() {
    let octets = Array(Self.token)
    for length in 1...octets.count {
      for start in 0...(octets.count - length) {
        let piece = String(octets[start..<start + length])
        let text = shown("<\(piece)>", Self.token)
        #expect(text == (length >= Concealment.pieceByteCountMax ? "<***>" : "<\(piece)>"))
      }
    }
  }

  @Test(
    "of a short secret half is hidden, of a very short one only all of it",
    arguments: [
      ("abc", "abc", "abc"), ("abcd", "abc", "abc"), ("abcd", "xabcdx", "x***x"),
      ("hunter2", "hunter", "hunter"), ("hunter2", "hunter2", "***"),
      ("hunter22", "hunte", "hunte"), ("hunter22", "unter2", "***"),
      ("s3cretPassw0rd", "s3cret", "s3cret"), ("s3cretPassw0rd", "s3cretP", "***"),
      ("s3cretPassw0rd", "Passw0rd", "***"), ("aaaaaaaa", "aaaaaaaaaaaaaaaa", "***"),
    ])
  func hidesShort(secret: String, text: String, expected: String) {
    #expect(shown(text, secret) == expected)
  }

  /// The rule said in the slowest way.
  private func expected(_ text: [UInt8], _ secret: [UInt8]) -> [Bool] {
    let length = Concealment.pieceByteCount(ofSecretOf: secret.count)
    var isHidden = [Bool](repeating: false, count: text.count)
    for start in stride(from: 0, through: text.count - length, by: 1) {
      for place in 0...(secret.count - length)
      where text[start..<start + length] == secret[place..<place + length] {
        for index in start..<start + length { isHidden[index] = true }
      }
    }
    return isHidden
  }

  @Test("what is hidden is every piece that is long enough, and nothing else")
  func hidesByRule() {
    var random = SeededGenerator()
    for _ in 0..<2_000 {
      // Few letters, so that pieces meet by chance.
      let secret = (0..<Int.random(in: 4...40, using: &random)).map { _ in
        UInt8.random(in: 0x61...0x63, using: &random)
      }
      var text: [UInt8] = []
      while text.count < 60 {
        let start = Int.random(in: 0..<secret.count, using: &random)
        text += secret[start..<Int.random(in: start...secret.count, using: &random)]
        text.append(UInt8.random(in: 0x61...0x64, using: &random))
      }
      var shown: [UInt8] = []
      let isHidden = expected(text, secret)
      for (index, octet) in text.enumerated() {
        if !isHidden[index] {
          shown.append(octet)
        } else if index == 0 || !isHidden[index - 1] {
          shown += Array("***".utf8)
        }
      }
      var concealment = Concealment()
      concealment.add(String(decoding: secret, as: UTF8.self))
      #expect(concealment.applied(to: text) == shown)
    }
  }
}
