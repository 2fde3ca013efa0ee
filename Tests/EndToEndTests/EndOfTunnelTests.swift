import Foundation
import Testing

extension EndToEnd {
  @Suite("End of the tunnel")
  struct EndOfTunnel {
    /// Both proxies, at work, of a tunnel that tunneld ends; `end` makes it do so.
    private static func expectEnd(
      _ tunneldArguments: [String], reason: String, _ end: (Tunnel) -> Void
    ) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.tunneldArguments = tunneldArguments
      try withTunnel(setup) { tunnel in
        try tunnel.check()
        let open = try tunnel.connect()
        try eventually(within: 10, "the open connection") { server.openCount == 1 }
        end(tunnel)
        #expect(open.isClosedByPeer(within: 20))
        for process in [tunnel.source.process, tunnel.destination.process] {
          #expect(try process.waitForExit(within: 20) == .status(0), "\(process.tail)")
          try process.waitForLine(containing: reason)
        }
        #expect(tunnel.tunneld.process.isRunning)
        // Whoever comes later is refused, and told why.
        let late = try LocalProxy.start(
          .dynamic, endpoint: tunnel.tunneld.port, token: tunnel.tunneld.tunnels[0].source,
          name: "late", arguments: ["-c", tunnel.tunneld.authorities, "-s", "SSH1=0"],
          in: tunnel.scratch)
        #expect(try late.waitForExit(within: 10) == .status(3))
        try late.waitForLine(containing: "403", reason)
      }
    }

    @Test("A tunnel that expires ends both programs with status 0 and the reason")
    func expired() throws {
      try Self.expectEnd(["--lifetime", "6"], reason: "tunnel expired") { _ in }
    }

    @Test("So does a tunnel that is closed")
    func closed() throws {
      try Self.expectEnd([], reason: "tunnel closed") { $0.tunneld.process.send(SIGUSR1) }
    }

    @Test("Another tunnel of the same service goes on")
    func others() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], tunnelCount: 2, in: scratch)
      let sources = try tunneld.tunnels.enumerated().map { index, tokens in
        try LocalProxy.source(
          .dynamic, tunneld, token: tokens.source, services: ["SSH1"], name: "source\(index)",
          in: scratch)
      }
      tunneld.process.send(SIGUSR1)
      #expect(try sources[0].process.waitForExit(within: 20) == .status(0))
      #expect(sources[1].process.isRunning)
      tunneld.process.send(SIGUSR1)
      #expect(try sources[1].process.waitForExit(within: 20) == .status(0))
    }
  }

  /// What the proxy does about a service that misbehaves; tunneld's `--fault` makes it.
  @Suite("Faults of the service")
  struct ServiceFaults {
    struct Case: CustomTestStringConvertible, Sendable {
      let testDescription: String
      let fault: String
      /// Words of the log line that says so.
      let words: [String]
      /// The program's end; nil when it goes on trying.
      var status: Int32?
    }

    @Test(
      "A fault is named in the log, and leads to a retry or to the end",
      arguments: [
        Case(
          testDescription: "a refusal", fault: "refuse=404",
          words: ["[fatal]", "404", "on purpose"],
          status: 3),
        Case(
          testDescription: "an error", fault: "refuse=503",
          words: ["[error]", "503", "trying again"]),
        Case(
          testDescription: "a close", fault: "close=1011",
          words: ["[error]", "1011", "trying again"]),
        Case(
          testDescription: "a text frame", fault: "text-frame",
          words: ["[error]", "text frame", "trying again"]),
        Case(
          testDescription: "a cut", fault: "drop-after=1", words: ["[error]", "trying again"]),
        Case(
          testDescription: "silence", fault: "silent-after=1",
          words: ["[error]", "silent for three ping periods", "trying again"]),
        Case(
          testDescription: "no services", fault: "no-service-ids",
          words: ["[error]", "list of services", "trying again"]),
      ])
    func fault(_ item: Case) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(
        .dynamic, services: ["SSH1"], arguments: ["--fault", item.fault], in: scratch)
      // What takes half a minute by default.
      let settings = scratch.file("settings.json")
      let impatient = #""handshake_timeout_ms": 2000, "ping_period_ms": 300"#
      try #"{"tunneling": {"proxy": {"websocket": {\#(impatient)}}}}"#.write(
        toFile: settings, atomically: true, encoding: .utf8)
      let proxy = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "proxy",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0", "--settings-json", settings],
        in: scratch)
      try proxy.waitForLine(
        containing: item.words[0], item.words[1], item.words.last ?? "", within: 30)
      if let status = item.status {
        #expect(try proxy.waitForExit(within: 5) == .status(status))
      } else {
        #expect(proxy.isRunning)
      }
    }
  }
}
