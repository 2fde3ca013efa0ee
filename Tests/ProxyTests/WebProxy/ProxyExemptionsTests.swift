import Reactor
import Testing

@testable import WebProxy

@Suite("ProxyExemptions")
struct ProxyExemptionsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let list: String
    let host: String
    let isExempt: Bool
    var testDescription: String { "'\(list)' \(isExempt ? "has" : "lacks") \(host)" }

    init(_ list: String, _ host: String, _ isExempt: Bool) {
      self.list = list
      self.host = host
      self.isExempt = isExempt
    }
  }

  private static let cases = [
    Case("*", "a.example", true), Case("*", "::1", true), Case("x, *", "a.example", true),
    Case("", "a.example", false), Case(" , ,", "a.example", false),
    Case("**", "a.example", false), Case(".", "a.example", false), Case("*.", "a.example", false),
    // Names.
    Case("a.example", "a.example", true), Case("a.example", "A.Example", true),
    Case("A.EXAMPLE", "a.example", true), Case("example", "a.example", true),
    Case(".example", "a.example", true), Case("*.example", "a.example", true),
    Case(".example", "example", true), Case("a.example", "b.a.example", true),
    Case("a.example", "ba.example", false), Case("a.example", "example", false),
    Case("le", "a.example", false), Case("a.example.", "a.example", true),
    Case("a.example", "a.example.", true), Case("b.a.example", "a.example", false),
    Case("a.*", "a.example", false),
    // Lists.
    Case("x,a.example,y", "a.example", true), Case("x a.example", "a.example", true),
    Case("x ,\ta.example ", "a.example", true), Case("x;a.example", "a.example", false),
    // Ports: the service is on 443.
    Case("a.example:443", "a.example", true), Case("a.example:444", "a.example", false),
    Case("a.example:444,example:443", "a.example", true), Case("*:443", "a.example", true),
    Case("*:444", "a.example", false), Case("a.example:x", "a.example", false),
    Case("127.0.0.1:443", "127.0.0.1", true), Case("127.0.0.1:444", "127.0.0.1", false),
    Case("[::1]:443", "::1", true), Case("[::1]:444", "::1", false),
    Case("10.0.0.0/8:443", "10.0.0.1", true), Case("10.0.0.0/8:444", "10.0.0.1", false),
    // Addresses.
    Case("127.0.0.1", "127.0.0.1", true), Case("127.0.0.1", "127.0.0.2", false),
    Case("127.0.0.1", "127.0.0.11", false), Case("0.0.1", "127.0.0.1", false),
    Case("::1", "::1", true), Case("[::1]", "::1", true), Case("0:0:0:0:0:0:0:1", "::1", true),
    Case("::1", "::2", false), Case("::1", "1::", false), Case("::", "::", true),
    Case("FD00::A", "fd00::a", true), Case("fd00:0::a", "fd00::a", true),
    Case("fd00::a", "fd00:0:0:1::a", false), Case("1::2:3", "1:0:0:0:0:0:2:3", true),
    Case("::ffff:1.2.3.4", "::ffff:102:304", true), Case("::ffff:1.2.3.4", "1.2.3.4", true),
    Case("fe80::1", "fe80::1%1", true), Case("::1", "127.0.0.1", false),
    // Networks.
    Case("10.0.0.0/8", "10.255.1.2", true), Case("10.0.0.0/8", "11.0.0.0", false),
    Case("10.1.2.3/8", "10.255.1.2", true), Case("192.168.4.0/22", "192.168.7.255", true),
    Case("192.168.4.0/22", "192.168.8.0", false), Case("0.0.0.0/0", "8.8.8.8", true),
    Case("0.0.0.0/0", "::1", false), Case("127.0.0.1/32", "127.0.0.1", true),
    Case("127.0.0.1/32", "127.0.0.0", false), Case("127.0.0.1/33", "127.0.0.1", false),
    Case("127.0.0.1/-1", "127.0.0.1", false), Case("127.0.0.1/", "127.0.0.1", false),
    Case("127.0.0.1/x", "127.0.0.1", false), Case("127.0.0.1/8/8", "127.0.0.1", false),
    Case("fd00::/8", "fd12:3456::1", true), Case("fd00::/8", "fe00::1", false),
    Case("fd00::/7", "fc00::1", true), Case("::/0", "fd00::1", true),
    Case("::/0", "1.1.1.1", false),
    Case("fd00::1/128", "fd00::1", true), Case("fd00::1/127", "fd00::", true),
    Case("fd00::1/129", "fd00::1", false), Case("10.0.0.0/8", "10.example", false),
    Case("a.example/8", "a.example", false), Case("[fd00::]/8", "fd00::1", true),
  ]

  @Test("what a list exempts", arguments: cases)
  func exempts(_ example: Case) {
    let endpoint = Endpoint(host: example.host, port: 443)
    #expect(ProxyExemptions.contain(endpoint, in: example.list) == example.isExempt)
  }
}
