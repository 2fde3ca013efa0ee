import Basics
import Simulator
import Testing

@testable import Reactor
@testable import Tunnel
@testable import TunnelService

@Suite struct ConsoleTests {
  private static let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"

  /// A service with what answers for it; nothing listens on any port.
  private final class Scene {
    let hall: Hall
    let console: Console

    init(services: [String] = ["SSH1"]) throws {
      hall = try Hall()
      let commands = PrintedCommands(
        listening: hall.address, certificate: nil, trustDirectories: ["/ca"],
        isListenedOn: { _ in nil })
      console = Console(
        service: hall.service, commands: commands, services: services, log: Log.silent)
    }

    func ask(_ line: String) -> String { console.answer(to: Array(line.utf8)) }

    /// The tokens in the commands of an answer: the destination's, and the source's.
    static func tokens(_ answer: String) -> [String] {
      answer.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        String(line.dropFirst("AWSIOT_TUNNEL_ACCESS_TOKEN=".count).prefix { $0 != " " })
      }
    }

    func status(_ role: TunnelRole, token: String) throws -> String {
      let client = try hall.client()
      client.send(
        RawClient.request(
          role.localProxyMode,
          "access-token: \(token)\r\nclient-token: \(ConsoleTests.clientToken)\r\n"))
      try hall.run(until: { client.head != nil || client.hasEnded })
      return client.head?.startLine ?? "none"
    }

    func connected(_ role: TunnelRole, token: String) throws -> RawClient {
      try hall.connected(role, token: token, clientToken: ConsoleTests.clientToken)
    }
  }

  private static let accepted = "HTTP/1.1 101 Switching Protocols"
  private static let refused = "HTTP/1.1 403 Forbidden"

  @Test(
    "a mistake gets a line of help",
    arguments: [
      ("frobnicate", "unknown command 'frobnicate'; 'help' lists them all"),
      ("LIST", "unknown command 'LIST'; 'help' lists them all"),
      ("\u{1b}[2J", "unknown command '?[2J'; 'help' lists them all"),
      ("list 1", "'list' stands alone on its line"), ("help me", "'help' stands alone on its line"),
      ("close", "it is 'close TUNNEL'; 'list' shows the tunnels' numbers"),
      ("close 0", "there is no tunnel '0'; 'list' shows their numbers"),
      ("close 3", "there is no tunnel '3'; 'list' shows their numbers"),
      ("close -1", "there is no tunnel '-1'; 'list' shows their numbers"),
      ("close one", "there is no tunnel 'one'; 'list' shows their numbers"),
      ("close 1 2", "there is no tunnel '1 2'; 'list' shows their numbers"),
      (
        "close 99999999999999999999",
        "there is no tunnel '99999999999999999999'; 'list' shows their numbers"
      ),
      ("close 2", "tunnel 2 is over: tunnel closed"),
      ("rotate 2", "tunnel 2 is over: tunnel closed"),
      (
        "rotate",
        "it is 'rotate TUNNEL [source|destination]'; 'list' shows the tunnels' numbers"
      ),
      ("rotate 1 both", "it is 'rotate TUNNEL [source|destination]'"),
      ("rotate 1 source destination", "it is 'rotate TUNNEL [source|destination]'"),
      ("rotate source", "there is no tunnel 'source'; 'list' shows their numbers"),
      ("open A,,B", "open 'A,,B': '' is no name; give one, or leave the comma out"),
      (
        "open \(String(repeating: "A", count: 129))",
        "open '\(String(repeating: "A", count: 80))…': '\(String(repeating: "A", count: 80))…' is longer than "
          + "the 128 bytes of a name; choose a shorter one"
      ),
      ("open A,A", "open 'A,A': 'A' is given twice; leave one out"),
      (
        "open A=B",
        "open 'A=B': 'A=B' has more than a name; give A alone, and its port to localproxy's -s and -d"
      ),
      (
        "open A, B",
        "open 'A, B': ' B' cannot be named by -s and -d; leave out control characters, '=', '/' and blanks: a comma joins names"
      ),
    ])
  func helpsWithMistakes(line: String, answer: String) throws {
    let scene = try Scene()
    _ = scene.ask("open")
    _ = scene.ask("open")
    #expect(scene.ask("close 2") == "# tunnel 2 is closed\n")
    #expect(scene.ask(line) == "# \(answer)\n")
    // Nothing was done.
    #expect(
      scene.ask("list")
        == "# tunnel 1 (SSH1): no source, no destination\n# tunnel 2 (SSH1): over, tunnel closed\n")
  }

  @Test func oddLinesAreAnswered() throws {
    let scene = try Scene()
    #expect(scene.console.answer(to: nil) == "# a line has 4096 octets at the most\n")
    #expect(scene.console.answer(to: [0x6c, 0xff]) == "# that is not UTF-8 text\n")
    #expect(scene.ask("") == "" && scene.ask(" \t ") == "")
    #expect(scene.ask("list") == "# there is no tunnel yet; 'open' makes one\n")
    let help = scene.ask("  help ")
    #expect(help.split(separator: "\n").count == 5)
    for name in ["list ", "rotate TUNNEL [source|destination] ", "close TUNNEL ", "open ", "help "]
    {
      #expect(help.contains("#   \(name)"))
    }
  }

  @Test func tunnelsAreOpenedWithTheirServices() throws {
    let scene = try Scene()
    for (line, heading, mappings) in [
      ("open", "# tunnel 1: SSH1\n", "-d SSH1=localhost:22\n"),
      ("open a&b,it's", "# tunnel 2: a&b, it's\n", #"-d 'a&b=localhost:22,it'\''s=localhost:80'"#),
      ("open  X ", "# tunnel 3: X\n", "-s X=5558\n"),
    ] {
      let answer = scene.ask(line)
      #expect(answer.hasPrefix(heading) && answer.contains(mappings), "\(answer)")
      let tokens = Scene.tokens(answer)
      #expect(try scene.status(.destination, token: tokens[0]) == Self.accepted)
      #expect(try scene.status(.source, token: tokens[1]) == Self.accepted)
    }
  }

  @Test(
    "a rotated token is refused, whoever is connected stays, and the new one takes the place",
    arguments: [
      ("", [TunnelRole.destination, .source]), (" source", [.source]),
      (" destination", [.destination]),
    ])
  func rotates(argument: String, roles: [TunnelRole]) throws {
    let scene = try Scene()
    let old = Scene.tokens(scene.ask("open"))
    let clients = [
      try scene.connected(.destination, token: old[0]), try scene.connected(.source, token: old[1]),
    ]
    let answer = scene.ask("rotate 1" + argument)
    let new = Scene.tokens(answer)
    #expect(answer.hasPrefix("# tunnel 1: SSH1\n") && new.count == roles.count)
    #expect(Set(new + old).count == new.count + 2)
    #expect(answer.contains(" -s SSH1=5555\n") == roles.contains(.source))
    for role in [TunnelRole.source, .destination] where roles.contains(role) {
      #expect(try scene.status(role, token: old[role == .source ? 1 : 0]) == Self.refused)
    }
    #expect(clients.allSatisfy { !$0.hasEnded && $0.closeCode == nil })
    for (role, token) in zip(roles, new) {
      let older = clients[role == .source ? 1 : 0]
      _ = try scene.connected(role, token: token)
      try scene.hall.run(until: { older.closeCode != nil })
      #expect(older.closeCode == 1000 && older.closeReason == "replaced by a newer connection")
    }
    for (index, role) in [TunnelRole.destination, .source].enumerated() where !roles.contains(role)
    {
      #expect(try scene.status(role, token: old[index]) == Self.accepted)
    }
  }

  @Test func aGivenTunnelIsClosed() throws {
    let scene = try Scene(services: [])
    let tunnels = (0..<3).map { _ in Scene.tokens(scene.ask("open")) }
    let clients = try tunnels.map { try scene.connected(.source, token: $0[1]) }
    #expect(scene.ask("close 2") == "# tunnel 2 is closed\n")
    try scene.hall.run(until: { clients[1].closeCode != nil })
    #expect(clients[1].closeCode == 1000 && clients[1].closeReason == "tunnel closed")
    #expect(clients[0].closeCode == nil && clients[2].closeCode == nil)
    #expect(try scene.status(.source, token: tunnels[1][1]) == Self.refused)
    let list = scene.ask("list").split(separator: "\n")
    #expect(list.count == 3 && list[1] == "# tunnel 2: over, tunnel closed")
    #expect(
      list[2].hasPrefix("# tunnel 3: source from 127.0.0.1:")
        && list[2].hasSuffix(", no destination"))
  }

  @Test func tunnelsHaveALimit() throws {
    let scene = try Scene(services: [])
    for _ in 0..<TunnelService.tunnelCountMax {
      _ = try scene.hall.service.openTunnel(services: [])
    }
    #expect(
      scene.ask("open") == "# no further tunnel: 10000 have been opened, which is the limit\n")
    #expect(scene.ask("close 10000") == "# tunnel 10000 is closed\n")
    // The closed ones count: each is remembered.
    #expect(scene.ask("open").hasPrefix("# no further tunnel"))
    #expect(Scene.tokens(scene.ask("rotate 9999 source")).count == 1)
  }

  @Test func aLongListOfServicesIsCut() throws {
    let scene = try Scene()
    let names = (0..<300).map { "service\($0)" }
    _ = scene.ask("open " + names.joined(separator: ","))
    let list = scene.ask("list")
    #expect(list.utf8.count < 200 && list.contains("service0, service1,") && list.contains("…)"))
  }
}
