import Foundation
import Testing

extension EndToEnd {
  @Suite("Addresses")
  struct Addresses {
    /// A source on `[::1]` of a tunnel whose destination was given `destination`; an exchange goes through.
    private static func check(
      destination arguments: [String], source: String, _ server: Server
    ) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let tokens = tunneld.tunnels[0]
      let far = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tokens.destination, name: "destination",
        arguments: ["-c", tunneld.authorities] + arguments, in: scratch)
      try far.waitForLine(containing: "ready: service SSH1")
      let near = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tokens.source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", source], in: scratch)
      let line = try near.waitForLine(
        containing: LocalProxy.listening, " of ::1 for service SSH1")
      let port = try parsePort(in: line, after: LocalProxy.listening)
      try Exchange(seed: 9, upload: 100_000, download: 100_000).runAsClient(
        over: Socket(connectingTo: port, isIPv6: true), within: 20)
      #expect(server.failures.isEmpty)
      withExtendedLifetime((tunneld, far)) {}
    }

    @Test("-s and -d take IPv6 addresses in brackets", .enabled(if: Server.hasIPv6))
    func takesIPv6() throws {
      let server = try Server(isIPv6: true, handler: Exchange.serve)
      defer { server.stop() }
      try Self.check(
        destination: ["-d", "SSH1=[::1]:\(server.port)"], source: "SSH1=[::1]:0", server)
    }

    @Test(
      "A name whose first address nobody listens on is reached at the next",
      .enabled(if: Server.hasIPv6))
    func triesNextAddress() throws {
      let server = try Self.takeAtIPv6(Exchange.serve)
      defer { server.stop() }
      try Self.check(
        destination: ["-d", "SSH1=localhost:\(server.port)"], source: "SSH1=[::1]:0", server)
    }

    @Test("-e takes an IPv6 address in brackets", .enabled(if: Server.hasIPv6))
    func connectsToIPv6() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      // tunneld listens on one address; this carries connections to it from the other.
      let carrier = try Server(isIPv6: true) { near in
        let far = try Socket(connectingTo: tunneld.port)
        defer { far.interrupt() }
        let back = Background {
          defer { near.interrupt() }
          try far.receiveToEnd { try near.send($0) }
        }
        _ = try? near.receiveToEnd { try far.send($0) }
        far.interrupt()
        _ = try? back.wait()
      }
      defer { carrier.stop() }
      let source = try LocalProxy.start(
        .dynamic, endpoint: carrier.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0"], host: "[::1]", in: scratch)
      try source.waitForLine(containing: LocalProxy.listening)
      withExtendedLifetime(tunneld) {}
    }

    @Test("-b with an IPv6 address is where a source listens", arguments: ["::1", "[::1]"])
    func listensOnIPv6(bind: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0", "-b", bind], in: scratch)
      let line = try source.waitForLine(
        containing: LocalProxy.listening, " of ::1 for service SSH1")
      _ = try Socket(
        connectingTo: parsePort(in: line, after: LocalProxy.listening), isIPv6: true)
      withExtendedLifetime(tunneld) {}
    }

    /// A client of each family has an exchange at `port`.
    private static func check(port: UInt16) throws {
      for isIPv6 in [false, true] {
        try Exchange(seed: 4, upload: 1_000, download: 1_000).runAsClient(
          over: Socket(connectingTo: port, isIPv6: isIPv6), within: 20)
      }
    }

    @Test(
      "localhost and :: serve both families on one port, and -b of IPv4 in IPv6 serves IPv4",
      .enabled(if: Server.hasIPv6), arguments: ["", "localhost", "::", "[::]", "::ffff:127.0.0.1"])
    func listensOnBoth(bind: String) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.start(.source, bind.isEmpty ? [] : ["-b", bind])
        let host = bind.contains("::") && !bind.contains("f") ? "::" : "127.0.0.1"
        let line = try source.waitForLine(
          containing: LocalProxy.listening, " of \(host) for service")
        let port = try parsePort(in: line, after: LocalProxy.listening)
        #expect(source.count(linesWith: "Listening for new connection") == 1)
        if bind.contains("f") {
          try Exchange(seed: 4, upload: 1_000, download: 1_000).runAsClient(
            over: Socket(connectingTo: port), within: 20)
          #expect((try? Socket(connectingTo: port, isIPv6: true)) == nil)
        } else {
          try Self.check(port: port)
        }
        // Whoever comes by IPv4 is called by that address.
        try source.waitForLine(containing: "Accepted tcp connection", "from 127.0.0.1:")
      }
      #expect(server.failures.isEmpty)
    }

    /// A server on ::1, at a port on which nobody listens on 127.0.0.1.
    private static func takeAtIPv6(_ handler: @escaping Server.Handler = { _ in }) throws -> Server
    {
      for _ in 0..<100 {
        if let server = try? Server(port: Server.unusedPort(), isIPv6: true, handler: handler) {
          return server
        }
      }
      throw Failure("no port is free at ::1 and at 127.0.0.1")
    }

    @Test("A port that is taken at ::1 alone is named", .enabled(if: Server.hasIPv6))
    func namesTakenFamily() throws {
      let occupant = try Self.takeAtIPv6()
      defer { occupant.stop() }
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=\(occupant.port)"]
          + UnixSockets.withoutRetries(in: scratch), in: scratch)
      #expect(try source.waitForExit(within: 10) == .status(5))
      #expect(
        source.text(of: .error).contains(
          "cannot listen on port \(occupant.port) of ::1 for service SSH1: Address already in use"))
      withExtendedLifetime(tunneld) {}
    }

    @Test(
      "-b with a name connects to each server from the address of its family",
      .enabled(if: Server.hasIPv6), arguments: [false, true])
    func connectsFromName(isIPv6: Bool) throws {
      let server = try Server(isIPv6: isIPv6, handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let host = isIPv6 ? "[::1]" : "127.0.0.1"
        let destination = try LocalProxy.destination(
          .dynamic, stage.tunneld, token: stage.tunneld.tunnels[0].destination,
          servers: ["SSH1": "\(host):\(server.port)"], arguments: ["-b", "localhost"],
          in: stage.scratch)
        try stage.source().check()
        withExtendedLifetime(destination) {}
      }
    }

    @Test("An interface that is none ends the program with one line")
    func namesInterface() throws {
      let scratch = try ScratchDirectory()
      for (index, zone) in ["nosuchlink", "1\r\nX-Evil: 1", "1 x"].enumerated() {
        let process = try ChildProcess(
          Linkage.dynamic.program("localproxy"),
          ["-e", "[fe80::1%\(zone)]:443", "-s", "0", "-k"], name: "proxy\(index)", in: scratch,
          environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"])
        #expect(try process.waitForExit(within: 10) == .status(2))
        #expect(process.logLines.count == 1)
        #expect(process.count(linesWith: "--proxy-endpoint", "has an interface behind its") == 1)
      }
    }

    @Test("-b is the address that a destination's servers see")
    func connectsFrom() throws {
      let peer = Locked("")
      let server = try Server { socket in
        peer.set(socket.peerHost)
        try Exchange.serve(socket)
      }
      defer { server.stop() }
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let tokens = tunneld.tunnels[0]
      // By name: the IPv6 address of localhost is left out.
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tokens.destination,
        servers: ["SSH1": "localhost:\(server.port)"], arguments: ["-b", "127.0.0.2"], in: scratch)
      let source = try LocalProxy.source(
        .dynamic, tunneld, token: tokens.source, services: ["SSH1"], in: scratch)
      try Exchange(seed: 3, upload: 1000, download: 1000).runAsClient(
        over: Socket(connectingTo: source.ports["SSH1"] ?? 0), within: 20)
      #expect(peer.get() == "127.0.0.2")
      withExtendedLifetime((tunneld, destination)) {}
    }

    @Test(
      "-b with an address that cannot serve resets the connection and is named",
      arguments: [
        ("192.0.2.1", "127.0.0.1", "the bind address 192.0.2.1 is not an address of this machine"),
        (
          "::1", "127.0.0.1",
          "127.0.0.1:9: it has no address of the family of the bind address ::1; this connection"
        ),
      ])
    func namesBindAddress(bind: String, host: String, reason: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let tokens = tunneld.tunnels[0]
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tokens.destination, servers: ["SSH1": "\(host):9"],
        arguments: ["-b", bind] + UnixSockets.withoutRetries(in: scratch), in: scratch)
      let source = try LocalProxy.source(
        .dynamic, tunneld, token: tokens.source, services: ["SSH1"], in: scratch)
      let client = try Socket(connectingTo: source.ports["SSH1"] ?? 0)
      #expect(client.isClosedByPeer(within: 10))
      try destination.process.waitForLine(
        containing: "[error]", "could not connect to \(host):9", reason)
      withExtendedLifetime(tunneld) {}
    }

    @Test("-b with a name that cannot be looked up is tried again, as the service's name is")
    func retriesBindName() throws {
      let scratch = try ScratchDirectory()
      let settings = scratch.file("settings.json")
      try """
      {"tunneling": {"proxy": {"websocket": {"retry_delay_ms": 20, "connect_retry_count": 2}}}}
      """.write(toFile: settings, atomically: true, encoding: .utf8)
      let destination = try LocalProxy.start(
        .dynamic, endpoint: Server.unusedPort(), token: "a-token", name: "destination",
        // A name of the Tor network, which a resolver may not ask the DNS for (RFC 7686 §2).
        arguments: ["-d", "22", "-b", "x.onion", "--settings-json", settings], in: scratch)
      #expect(try destination.waitForExit(within: 20) == .status(4))
      let text = "--local-bind-address 'x.onion' cannot be looked up: "
      #expect(destination.count(linesWith: "[error]", text, "trying again in") == 2)
      #expect(destination.count(linesWith: "[fatal]", text, "no retry is left") == 1)
    }

    @Test("-b with an address that is not there ends a source with status 5 and is named")
    func namesListeningAddress() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=5555", "-b", "192.0.2.1"]
          + UnixSockets.withoutRetries(in: scratch), in: scratch)
      #expect(try source.waitForExit(within: 10) == .status(5))
      #expect(
        source.text(of: .error).contains(
          "[fatal] cannot listen on port 5555 of 192.0.2.1 for service SSH1: "
            + "it is not an address of this machine"))
      withExtendedLifetime(tunneld) {}
    }
  }
}
