import Reactor
import Testing

@Suite("Cryptography")
struct CryptographyTests {
  @Test("the answer to a WebSocket key is that of RFC 6455 §1.3")
  func answersKey() {
    let accept = Cryptography.webSocketAccept(key: "dGhlIHNhbXBsZSBub25jZQ==")
    #expect(accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test(
    "Base64 is that of RFC 4648 §10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func encodesBase64(text: String, encoded: String) {
    #expect(Cryptography.base64(Array(text.utf8)) == encoded)
  }

  @Test("random octets are as many as asked for, and not the same twice")
  func makesRandomOctets() throws {
    for count in [0, 1, 16, 1_000] { #expect(try Cryptography.random(count).count == count) }
    #expect(try Cryptography.random(16) != Cryptography.random(16))
  }

  @Test("a UUID is a random one of version 4 (RFC 9562 §5.4)")
  func makesUUID() throws {
    var seen: Set<String> = []
    for _ in 0..<200 {
      let uuid = Cryptography.uuid(random: try Cryptography.random(16))
      let parts = uuid.split(separator: "-")
      #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
      #expect(parts[2].first == "4" && "89ab".contains(parts[3].first ?? "x"))
      #expect(parts.joined().allSatisfy { "0123456789abcdef".contains($0) })
      seen.insert(uuid)
    }
    #expect(seen.count == 200)
  }
}
