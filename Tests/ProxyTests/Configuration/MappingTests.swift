import Reactor
import Testing

@testable import Configuration
@testable import Tunnel

@Suite("Mapping")
struct MappingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    /// Service ("" for none) and address of each mapping.
    let mappings: [[String]]
    var testDescription: String { "'\(text)'" }

    init(_ text: String, _ mappings: [[String]]) {
      self.text = text
      self.mappings = mappings
    }
  }

  private func parse(
    _ text: String, _ role: TunnelRole = .source, bindHost: String = "localhost"
  ) throws -> [[String]] {
    var places = ListeningPlaces(bindHost: bindHost)
    return try Mapping.parse(value(text), role: role, &places)
      .map { [$0.serviceID ?? "", $0.address.description] }
  }

  @Test(
    "mappings are read",
    arguments: [
      Case("5555", [["", ":5555"]]),
      Case(" 5555 ", [["", ":5555"]]),
      Case("0", [["", ":0"]]),
      Case("65535", [["", ":65535"]]),
      Case("localhost:22", [["", "localhost:22"]]),
      Case("127.0.0.1:22", [["", "127.0.0.1:22"]]),
      Case("[::1]:22", [["", "[::1]:22"]]),
      Case("/run/ssh.sock", [["", "/run/ssh.sock"]]),
      Case("./a=b.sock", [["", "./a=b.sock"]]),
      Case("SSH1=5555", [["SSH1", ":5555"]]),
      Case("SSH1=[::1]:22", [["SSH1", "[::1]:22"]]),
      Case("SSH1=/run/x.sock,HTTP1=./y", [["SSH1", "/run/x.sock"], ["HTTP1", "./y"]]),
      Case("-", [["", "standard input and output"]]),
      Case("SSH1=/run/a=-", [["SSH1", "/run/a=-"]]),
      Case("SSH1 = - ,", [["SSH1", "standard input and output"]]),
      Case("SSH1=5555,HTTP1=0", [["SSH1", ":5555"], ["HTTP1", ":0"]]),
      Case("SSH1=0,HTTP1=0", [["SSH1", ":0"], ["HTTP1", ":0"]]),
      Case(" SSH1 = 5555 , HTTP1 =\t8080", [["SSH1", ":5555"], ["HTTP1", ":8080"]]),
      Case("SSH1==5555", [["SSH1", ":5555"]]),
      Case("SSH1=5555,", [["SSH1", ":5555"]]),
      Case("SSH1=1, ,HTTP1=2,\t", [["SSH1", ":1"], ["HTTP1", ":2"]]),
      Case(",SSH1=1,,HTTP1=2,", [["SSH1", ":1"], ["HTTP1", ":2"]]),
      Case("a b=host.example:1,ü=2", [["a b", "host.example:1"], ["ü", ":2"]]),
    ])
  func reads(_ example: Case) throws {
    #expect(try parse(example.text) == example.mappings)
  }

  @Test("a destination's host is localhost by default")
  func hasDefaultHost() throws {
    let found = try parse("SSH1=22,B=h:1", .destination)
    #expect(found == [["SSH1", "localhost:22"], ["B", "h:1"]])
  }

  @Test(
    "a service has one mapping, and the message has both",
    arguments: [
      (
        "SSH1=1,SSH1=2,HTTP1=3",
        "'SSH1=2': SSH1 is given twice, at first as 'SSH1=1'; leave one out"
      ),
      ("SSH1=1,SSH1=1", "'SSH1=1': SSH1 is given twice, at first as 'SSH1=1'"),
      ("A=1,, A = 2", "' A = 2': A is given twice, at first as 'A=1'"),
      ("A=/x,B=1,A=h:3", "'A=h:3': A is given twice, at first as 'A=/x'"),
    ])
  func refusesSecond(text: String, named: String) {
    for role in [TunnelRole.source, .destination] {
      #expect {
        _ = try parse(text, role)
      } throws: { error in
        isUsageError(error, naming: "--the-option \(named)")
      }
    }
  }

  @Test(
    "what is no mapping is an error that names the option and the part at fault",
    arguments: [
      ("", "''"), (",", "','"), ("   ", "'   ' has no mapping in it"), (" , ", "no mapping in it"),
      ("5555,", "'5555'"), (",5555", "'5555'"), ("SSH1=", "'SSH1='"),
      ("=5555", "'=5555'"), ("=", "'='"), ("port", "'port'"),
      ("-1", "'-1'"), ("+1", "'+1'"), ("65536", "'65536'"), ("2 2", "'2 2'"), ("0x16", "'0x16'"),
      ("localhost", "'localhost'"), ("localhost:", "'localhost:'"), (":22", "':22'"),
      ("::1:22", "'::1:22'"), ("[::1", "'[::1'"), ("[::1]", "'[::1]'"), ("[::1]22", "'[::1]22'"),
      ("[host]:22", "'host'"), ("5555,6666", "'5555'"), ("5555,SSH1=1", "SERVICE=PORT"),
      ("SSH1=1,x,y=2", "'x'"), ("SSH1=1=2", "'SSH1=1=2'"),
      (String(repeating: "n", count: 129) + "=1", "128"),
      ("A=/" + String(repeating: "p", count: 107), "107"),
    ])
  func refuses(text: String, named: String) {
    #expect {
      _ = try parse(text)
    } throws: { error in
      isUsageError(error, naming: "--the-option", named)
    }
  }

  @Test(
    "a host without a dot may be meant for a service, where none is named",
    arguments: [
      ("SSH:5555", "SSH is taken for a host; a service is named SSH=5555"),
      ("ssh:22", "ssh is taken for a host; a service is named ssh=22"),
      ("A=SSH:5555", ""), ("5555", ""), ("a.example:22", ""), ("127.0.0.1:22", ""), ("/x", ""),
      ("SSH=5555", ""),
    ])
  func hints(text: String, hint: String) throws {
    var places = ListeningPlaces(bindHost: "localhost")
    let mappings = try Mapping.parse(value(text), role: .source, &places)
    #expect(mappings.map { $0.hint() } == [hint])
  }

  @Test("standard input and output are a source's, and stand alone")
  func refusesStandardStreams() {
    for text in ["-", "SSH1=-"] {
      #expect {
        _ = try parse(text, .destination)
      } throws: { error in
        isUsageError(error, naming: "--the-option", "a source alone (-s)")
      }
    }
    #expect {
      _ = try parse("SSH1=-,HTTP1=5555")
    } throws: { error in
      isUsageError(error, naming: "'SSH1=-,HTTP1=5555' has '-' beside others")
    }
  }

  @Test(
    "two services cannot listen at one place, and the message names both and the place",
    arguments: [
      ("A=5,B=5", "'B=5': A and B cannot both listen on port 5 of localhost"),
      ("A=1,C=2,B=1", "A and B"), ("A=/x,B=/x", "'B=/x': A and B cannot both listen on /x"),
      ("A=h:5,B=h:5", "port 5 of h"), ("A=h:5,B=H:5", "port 5 of H"),
      ("A=5,B=localhost:5", "port 5 of localhost"), ("A=LocalHost:5,B=5", "port 5 of localhost"),
      ("A=5,B=127.0.0.1:5", "port 5 of 127.0.0.1"),
      ("A=127.0.0.1:5,B=localhost:5", "port 5 of localhost"),
      ("A=0.0.0.0:5,B=5", "port 5"), ("A=127.0.0.2:5,B=0.0.0.0:5", "port 5 of 0.0.0.0"),
      ("A=[::1]:5,B=[0:0::1]:5", "port 5"), ("A=[::]:5,B=[::1]:5", "port 5 of ::1"),
      ("A=5,B=[::1]:5", "port 5 of ::1"), ("A=[::1]:5,B=LOCALHOST:5", "port 5 of LOCALHOST"),
      ("A=[::]:5,B=0.0.0.0:5", "port 5 of 0.0.0.0"), ("A=127.0.0.2:5,B=[::]:5", "port 5 of ::"),
      ("A=5,B=[::]:5", "port 5 of ::"), ("A=[::ffff:127.0.0.1]:5,B=5", "port 5 of localhost"),
    ])
  func refusesSharedPlace(text: String, named: String) {
    #expect {
      _ = try parse(text)
    } throws: { error in
      isUsageError(error, naming: "--the-option", named)
    }
  }

  @Test(
    "what differs in port, address or family is two places",
    arguments: [
      "A=5,B=6", "A=5,B=127.0.0.2:5", "A=0.0.0.0:5,B=[::1]:5", "A=5,B=h:5",
      "A=/x,B=/y", "A=0,B=localhost:0", "A=/5,B=5",
      "A=[fe80::1%1]:5,B=[fe80::1%2]:5",
    ])
  func takesTwoPlaces(text: String) throws {
    #expect(try parse(text).count == 2)
  }

  @Test(
    "as many mappings as a file can have are read in time",
    .timeLimit(.minutes(1)), arguments: [TunnelRole.source, .destination])
  func readsMany(role: TunnelRole) throws {
    let count = 12_000
    let text = (0..<count).map { "s\($0)=127.0.\($0 / 250).\($0 % 250 + 1):5" }
    let found = try parse(text.joined(separator: ","), role)
    #expect(found.count == count && found.last?.first == "s\(count - 1)")
    #expect {
      _ = try parse(text.joined(separator: ",") + ",last=127.0.0.7:5", .source)
    } throws: { error in
      isUsageError(error, naming: "s6 and last cannot both listen on port 5 of 127.0.0.7")
    }
  }

  @Test("a mapping without a host is where --local-bind-address says")
  func comparesWithBindHost() throws {
    #expect(throws: UsageError.self) { _ = try parse("A=5,B=127.0.0.2:5", bindHost: "127.0.0.2") }
    #expect(throws: UsageError.self) { _ = try parse("A=5,B=[::1]:5", bindHost: "::1") }
    #expect(throws: UsageError.self) { _ = try parse("A=5,B=localhost:5", bindHost: "::1") }
    #expect(try parse("A=5,B=localhost:5", bindHost: "127.0.0.2").count == 2)
  }

  @Test("two services may go to one server")
  func sharesServer() throws {
    #expect(try parse("A=1,B=1", .destination).count == 2)
  }

  @Test("port 0 is for sources only", arguments: ["SSH1=0", "0", "localhost:0"])
  func refusesPortZero(text: String) {
    #expect {
      _ = try parse(text, .destination)
    } throws: { error in
      isUsageError(error, naming: "'\(text)'", "port 0")
    }
  }

  @Test("a service id and a socket's path may be as long as they can be")
  func takesLongest() throws {
    let name = String(repeating: "n", count: Message.serviceIDByteCountMax)
    let path = "/" + String(repeating: "p", count: Mapping.pathByteCountMax - 1)
    #expect(try parse("\(name)=\(path)") == [[name, path]])
  }
}
