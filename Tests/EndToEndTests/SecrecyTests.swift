import Foundation
import Testing

extension EndToEnd {
  @Suite("Secrecy")
  struct Secrecy {
    /// How often a text stands in what a process may write to in its memory.
    private static func count(of text: String, in process: ChildProcess) throws -> Int {
      let wanted = Data(text.utf8)
      let memory = try #require(FileHandle(forReadingAtPath: "/proc/\(process.processID)/mem"))
      var count = 0
      let maps = try String(contentsOfFile: "/proc/\(process.processID)/maps", encoding: .utf8)
      for line in maps.split(separator: "\n") {
        let words = line.split(separator: " ")
        let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard words[1].hasPrefix("rw"), ends.count == 2 else { continue }
        try memory.seek(toOffset: ends[0])
        guard let bytes = try? memory.read(upToCount: Int(ends[1] - ends[0])) else { continue }
        var start = bytes.startIndex
        while let found = bytes.range(of: wanted, in: start..<bytes.endIndex) {
          count += 1
          start = found.upperBound
        }
      }
      return count
    }

    @Test(
      "A running proxy's secrets stand in its memory once, and nowhere else under /proc",
      arguments: ["environment", "-t", "file", "config"])
    func memory(way: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let (token, clientToken) = (tunneld.tunnels[0].source, UUID().uuidString)
      let password = "a-s3cret-password-of-the-web-proxy"
      let webProxy = try WebProxyServer(credentials: "user \(password)", in: scratch)
      var environment = [
        "AWSIOT_TUNNEL_CLIENT_TOKEN": clientToken,
        "https_proxy": "http://user:\(password)@localhost:\(webProxy.port)",
      ]
      var arguments = ["-e", "localhost:\(tunneld.port)", "-c", tunneld.authorities, "-s", "0"]
      let file = scratch.file("secret")
      switch way {
      case "environment": environment["AWSIOT_TUNNEL_ACCESS_TOKEN"] = token
      case "-t": arguments += ["-t", token, "-i", clientToken]
      case "file":
        try token.write(toFile: file, atomically: true, encoding: .utf8)
        arguments += ["--access-token-file", file]
      default:
        try "access-token = \(token)".write(toFile: file, atomically: true, encoding: .utf8)
        arguments += ["--config", file]
      }
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), arguments, name: "secretive", in: scratch,
        environment: environment)
      try process.waitForLine(containing: LocalProxy.listening)
      for file in ["environ", "cmdline"] {
        let bytes = try Data(
          contentsOf: URL(fileURLWithPath: "/proc/\(process.processID)/\(file)"))
        for secret in [token, clientToken, password] {
          #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)")
        }
      }
      #expect(try Self.count(of: token, in: process) == 1)
      #expect(try Self.count(of: clientToken, in: process) == 1)
      #expect(try Self.count(of: password, in: process) == 1)
      let limits = try String(
        contentsOfFile: "/proc/\(process.processID)/limits", encoding: .utf8)
      let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
      let limit = core?.split(separator: " ").dropFirst(4).first ?? ""
      #expect(limit == "1" || limit == "0")
    }

    @Test("No token appears in any log, at the most talkative level")
    func tokensMasked() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.proxyArguments = ["-v", "6"]
      setup.tunneldArguments = ["-v", "6"]
      try withTunnel(setup) { tunnel in
        try tunnel.check()
        let secret = "a-wrong-token-0123456789abcdef0123456789"
        let refused = try LocalProxy.start(
          .dynamic, endpoint: tunnel.tunneld.port, token: secret, name: "refused",
          arguments: ["-c", tunnel.tunneld.authorities, "-s", "SSH1=0", "-v", "6"],
          in: tunnel.scratch)
        #expect(try refused.waitForExit(within: 10) == .status(3))
        for process in tunnel.processes { process.send(SIGTERM) }
        for process in tunnel.processes { try process.waitForExit(within: 20) }

        let tokens = tunnel.tunneld.tunnels[0]
        let logs = (tunnel.processes + [refused]).map { $0.text(of: .error) }
        #expect(!logs[1].isEmpty && !logs[2].isEmpty)
        for log in logs {
          for token in [tokens.source, tokens.destination, secret] {
            // Neither end of it: a mask may show a few characters, not enough to guess from.
            #expect(!log.contains(token.prefix(16)))
            #expect(!log.contains(token.suffix(16)))
          }
          let clientToken = log.range(
            of: "(?i)client-token: *[a-z0-9-]{32}", options: .regularExpression)
          #expect(clientToken == nil)
        }
      }
    }
  }
}
