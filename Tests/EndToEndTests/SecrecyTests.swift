import Foundation
import Testing

extension EndToEnd {
  @Suite("Secrecy")
  struct Secrecy {
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
