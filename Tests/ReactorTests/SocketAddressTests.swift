import Reactor
import Testing

@Suite("SocketAddress")
struct SocketAddressTests {
  @Test(
    "a numeric address is written as it is read",
    arguments: [
      ("127.0.0.1", "127.0.0.1:22"), ("0.0.0.0", "0.0.0.0:22"), ("::1", "[::1]:22"),
      ("::", "[::]:22"), ("2001:DB8:0:0::1", "[2001:db8::1]:22"),
      ("::ffff:10.0.0.1", "[::ffff:10.0.0.1]:22"),
    ])
  func readsNumeric(host: String, description: String) throws {
    let address = try #require(SocketAddress(numeric: host, port: 22))
    #expect(address.description == description && address.port == 22)
    #expect(address.isIPv6 == host.contains(":"))
  }

  @Test(
    "what is not a numeric address is a name",
    arguments: [
      "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", ":::", "fe80::1%nosuchlink",
      String(repeating: "1", count: 500),
    ])
  func refusesNames(host: String) {
    #expect(SocketAddress(numeric: host, port: 22) == nil)
  }

  @Test("a scope may be a link's name or number")
  func readsScope() throws {
    let named = try #require(SocketAddress(numeric: "fe80::1%lo", port: 1))
    let numbered = try #require(SocketAddress(numeric: "fe80::1%1", port: 1))
    #expect(named.host == numbered.host && named.host.hasPrefix("fe80::1%"))
  }
}
