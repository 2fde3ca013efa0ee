import Reactor
import Testing

@Suite("SocketAddress")
struct SocketAddressTests {
  @Test(
    "a numeric address is written as it is read",
    arguments: [
      ("127.0.0.1", "127.0.0.1:22"), ("0.0.0.0", "0.0.0.0:22"), ("::1", "[::1]:22"),
      ("::", "[::]:22"), ("2001:DB8:0:0::1", "[2001:db8::1]:22"),
      ("::ffff:10.0.0.1", "10.0.0.1:22"), ("::FFFF:7f00:1", "127.0.0.1:22"),
      ("::10.0.0.1", "[::10.0.0.1]:22"),
    ])
  func readsNumeric(host: String, description: String) throws {
    let address = try #require(SocketAddress(numeric: host, port: 22))
    #expect(address.description == description && address.port == 22)
    #expect(address.isIPv6 == description.contains("["))
    #expect(address.octets.count == (address.isIPv6 ? 16 : 4))
  }

  @Test(
    "what is not a numeric address is a name",
    arguments: [
      "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", ":::", "fe80::1%nosuchlink",
      String(repeating: "1", count: 500), "::1\0", "::1\0\r\nX: y", "127.0.0.1\0",
      "fe80::1%lo\0", "127.0.0.1%lo", "::ffff:127.0.0.1%lo", "%lo",
    ] + badInterfaces.map { "fe80::1%" + $0 })
  func refusesNames(host: String) {
    #expect(SocketAddress(numeric: host, port: 22) == nil)
  }

  /// None of them is all of an interface's name or number.
  private static let badInterfaces = [
    "", "0", "00", "1xyz", "1 x", " 1", "1\r\nX-Evil: 1", "+1", "-1", "0x1", "lo%lo", "lo/1", "lo:",
    "lo]", "1\u{7f}", "nosuchlink", "lö", "2147483648", "4294967297", "99999999999999999999",
  ]

  @Test("an address whose interface alone is wrong is told from what is no address")
  func knowsUnknownInterface() {
    for name in Self.badInterfaces {
      #expect(SocketAddress.hasUnknownInterface("fe80::1%" + name), "\(name)")
    }
    for host in [
      "", "::1", "fe80::1%lo", "fe80::1%1", "name", "name%lo", "::1\0%x", "127.0.0.1%lo",
    ] {
      #expect(!SocketAddress.hasUnknownInterface(host), "\(host)")
    }
  }

  @Test(
    "who listens at one address may have the other as well",
    arguments: [
      ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "::ffff:127.0.0.1", true),
      ("127.0.0.1", "127.0.0.2", false), ("127.0.0.1", "::1", false), ("::1", "0:0::1", true),
      ("0.0.0.0", "127.0.0.1", true), ("0.0.0.0", "::1", false), ("0.0.0.0", "::", false),
      ("::", "127.0.0.1", true), ("::", "::1", true), ("::", "0.0.0.0", true),
      ("fe80::1%1", "fe80::1%2", false),
    ])
  func covers(host: String, other: String, isCovered: Bool) throws {
    let address = try #require(SocketAddress(numeric: host, port: 1))
    #expect(address.covers(try #require(SocketAddress(numeric: other, port: 2))) == isCovered)
  }

  @Test("a scope may be a link's name or number")
  func readsScope() throws {
    let named = try #require(SocketAddress(numeric: "fe80::1%lo", port: 1))
    let numbered = try #require(SocketAddress(numeric: "fe80::1%1", port: 1))
    let encoded = try #require(SocketAddress(numeric: "fe80::1%25lo", port: 1))
    #expect(encoded.host == named.host)
    #expect(named.host == numbered.host && named.host.hasPrefix("fe80::1%"))
  }
}
