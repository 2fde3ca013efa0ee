import Testing

@testable import Proxy

@Suite("Mapping")
struct MappingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    /// Service ("" for none), host and port of each mapping.
    let mappings: [[String]]
    var testDescription: String { "'\(text)'" }

    init(_ text: String, _ mappings: [[String]]) {
      self.text = text
      self.mappings = mappings
    }
  }

  @Test(
    "mappings are read",
    arguments: [
      Case("5555", [["", "", "5555"]]),
      Case("0", [["", "", "0"]]),
      Case("65535", [["", "", "65535"]]),
      Case("localhost:22", [["", "localhost", "22"]]),
      Case("127.0.0.1:22", [["", "127.0.0.1", "22"]]),
      Case("[::1]:22", [["", "::1", "22"]]),
      Case("SSH1=5555", [["SSH1", "", "5555"]]),
      Case("SSH1=[::1]:22", [["SSH1", "::1", "22"]]),
      Case("SSH1=5555,HTTP1=0", [["SSH1", "", "5555"], ["HTTP1", "", "0"]]),
      Case("a b=host.example:1,ü=2", [["a b", "host.example", "1"], ["ü", "", "2"]]),
    ])
  func reads(_ example: Case) throws {
    let mappings = try Mapping.parse(example.text, option: "-s", portZeroAllowed: true)
    let found = mappings.map { [$0.serviceID ?? "", $0.endpoint?.host ?? "", "\($0.endpoint?.port ?? 0)"] }
    #expect(found == example.mappings)
  }

  @Test(
    "what is no mapping is an error that names the option and the part at fault",
    arguments: [
      ("", "''"), (",", "','"), ("5555,", "'5555,'"), ("SSH1=", "'SSH1='"), ("=5555", "'=5555'"),
      ("port", "'port'"), ("-1", "'-1'"), ("+1", "'+1'"), ("65536", "'65536'"), ("22 ", "'22 '"),
      ("0x16", "'0x16'"), ("localhost:", "'localhost:'"), (":22", "':22'"), ("::1:22", "'::1:22'"),
      ("[::1", "'[::1'"), ("[::1]", "'[::1]'"), ("[::1]22", "'[::1]22'"), ("[host]:22", "'host'"),
      ("5555,6666", "given twice"), ("SSH1=1,SSH1=2", "'SSH1'"), ("5555,SSH1=1", "SERVICE=PORT"),
      ("SSH1=1,x,y=2", "'x'"), (String(repeating: "n", count: 129) + "=1", "128"),
    ])
  func refuses(text: String, named: String) {
    #expect {
      _ = try Mapping.parse(text, option: "--the-option", portZeroAllowed: true)
    } throws: { error in
      guard let error = error as? UsageError else { return false }
      let isLine = !error.message.contains("\n")
      return isLine && error.message.contains("--the-option") && error.message.contains(named)
    }
  }

  @Test("port 0 is for sources only")
  func refusesPortZero() {
    #expect(throws: UsageError.self) {
      _ = try Mapping.parse("SSH1=0", option: "-d", portZeroAllowed: false)
    }
  }

  @Test("a service id may be as long as a message allows")
  func takesLongestServiceID() throws {
    let name = String(repeating: "n", count: Message.serviceIDByteCountMax)
    let mappings = try Mapping.parse("\(name)=1", option: "-s", portZeroAllowed: true)
    #expect(mappings.map(\.serviceID) == [name])
  }
}
