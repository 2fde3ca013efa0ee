import Foundation
import Testing

extension EndToEnd {
  @Suite("Command line")
  struct CommandLine {
    /// A command that is wrong in one thing, and what its message must contain.
    struct Mistake: CustomTestStringConvertible {
      let arguments: [String]
      let named: String
      var token: String? = "a-token"

      init(_ arguments: String, names named: String, token: String? = "a-token") {
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.named = named
        self.token = token
      }

      var testDescription: String { "localproxy " + arguments.joined(separator: " ") }
    }

    private static let endpoint = "-e localhost:9"

    @Test(
      "A usage error is one line that names the thing, with status 2",
      arguments: [
        Mistake("", names: "-"),
        Mistake("--nonsense", names: "nonsense"),
        Mistake("-Z", names: "Z"),
        Mistake("\(endpoint) -s", names: "s"),
        Mistake("\(endpoint) -s 5555 operand", names: "operand"),
        Mistake("\(endpoint)", names: "-d"),
        Mistake("\(endpoint) -s 5555 -d 22", names: "-d"),
        Mistake("-s 5555", names: "-e"),
        Mistake("-r eu-west-1 \(endpoint) -s 5555", names: "-r"),
        Mistake("-e localhost:70000 -s 5555", names: "70000"),
        Mistake("-e localhost:x -s 5555", names: "localhost:x"),
        Mistake("\(endpoint) -s 70000", names: "70000"),
        Mistake("\(endpoint) -s SSH1=70000", names: "70000"),
        Mistake("\(endpoint) -s SSH1=abc", names: "abc"),
        Mistake("\(endpoint) -s SSH1=", names: "SSH1"),
        Mistake("\(endpoint) -s SSH1=5555,HTTP1=5555", names: "5555"),
        Mistake("\(endpoint) -d SSH1=localhost:0", names: "localhost:0"),
        Mistake("\(endpoint) -d SSH1=localhost:99999", names: "99999"),
        Mistake("\(endpoint) -d SSH1=[::1:22", names: "[::1:22"),
        Mistake("\(endpoint) -s 5555 -v 256", names: "256"),
        Mistake("\(endpoint) -s 5555 -v loud", names: "loud"),
        Mistake("\(endpoint) -s 5555 -c /no/such/directory", names: "/no/such/directory"),
        Mistake("\(endpoint) -s 5555", names: "AWSIOT_TUNNEL_ACCESS_TOKEN", token: nil),
      ])
    func usageError(mistake: Mistake) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), mistake.arguments, name: "localproxy", in: scratch,
        environment: mistake.token.map { ["AWSIOT_TUNNEL_ACCESS_TOKEN": $0] } ?? [:])
      #expect(try process.waitForExit(within: 10) == .status(2))
      let lines = process.text(of: .error).split(separator: "\n")
      let text = lines.joined(separator: "\n")
      #expect(lines.first?.contains(mistake.named) == true, "\(text)")
      #expect(text.contains("Try 'localproxy --help'"), "\(text)")
      #expect(lines.count <= 2, "\(text)")
      #expect(process.text(of: .output).isEmpty)
    }

    @Test(
      "--help lists every option on standard output, with status 0", arguments: ["-h", "--help"])
    func help(option: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), [option], name: "localproxy", in: scratch)
      #expect(try process.waitForExit(within: 10) == .status(0))
      let text = process.text(of: .output)
      for name in [
        "--region", "--proxy-endpoint", "--source-listen-port", "--destination-app",
        "--access-token", "--local-bind-address", "--capath", "--no-ssl-host-verify", "--verbose",
        "--help", "--version",
      ] {
        #expect(text.contains(name))
      }
      for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test("--version is one line", arguments: ["localproxy", "tunneld"])
    func version(program: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program(program), ["--version"], name: program, in: scratch)
      #expect(try process.waitForExit(within: 10) == .status(0))
      let text = process.text(of: .output)
      #expect(text.hasPrefix(program))
      #expect(text.split(separator: "\n").count == 1)
    }

    @Test("Long names and the token's option do what the short ones and the environment do")
    func longNames() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let common = [
        "--proxy-endpoint=localhost:\(tunneld.port)", "--capath", tunneld.authorities,
        "--verbose=5",
      ]
      let program = try Linkage.dynamic.program("localproxy")
      let tokens = tunneld.tunnels[0]
      let destination = try ChildProcess(
        program,
        common + [
          "--access-token", tokens.destination, "--destination-app",
          "SSH1=localhost:\(server.port)",
        ], name: "destination", in: scratch)
      try destination.waitForLine(containing: "ready: service SSH1")
      let source = try ChildProcess(
        program,
        common + [
          "--access-token", tokens.source, "--source-listen-port", "SSH1=0",
          "--local-bind-address", "127.0.0.1",
        ], name: "source", in: scratch)
      let line = try source.waitForLine(containing: LocalProxy.listening, "SSH1")
      let port = try parsePort(in: line, after: LocalProxy.listening)
      try Exchange(seed: 6, upload: 1000, download: 1000).runAsClient(
        over: Socket(connectingTo: port), within: 20)
    }
  }
}
