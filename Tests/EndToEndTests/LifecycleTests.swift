import Foundation
import Testing

extension EndToEnd {
  /// Which of the two proxies something happens to.
  enum Side: String, CaseIterable, CustomTestStringConvertible {
    case source
    case destination

    var testDescription: String { rawValue }

    func process(of tunnel: Tunnel) -> ChildProcess {
      (self == .source ? tunnel.source : tunnel.destination).process
    }
  }

  @Suite("Lifecycle")
  struct Lifecycle {
    @Test("SIGTERM while data flows: what is under way arrives whole", arguments: Side.allCases)
    func drained(side: Side) throws {
      try withTunnel { tunnel, server in
        let socket = try tunnel.connect()
        let exchange = Exchange(seed: 9, upload: 30_000_000, download: 30_000_000)
        let transfer = Background { try exchange.runAsClient(over: socket) }
        try eventually(within: 20, "the transfer's start") { server.openCount == 1 }
        usleep(20_000)
        side.process(of: tunnel).send(SIGTERM)
        try transfer.wait()
        #expect(try side.process(of: tunnel).waitForExit(within: 30) == .status(0))
        #expect(server.failures.isEmpty)
      }
    }

    @Test("A source that drains accepts nobody and ends its idle connections")
    func drainsIdle() throws {
      try withTunnel { tunnel, server in
        let idle = try tunnel.connect()
        try eventually(within: 20, "the connection") { server.openCount == 1 }
        tunnel.source.process.send(SIGTERM)
        try eventually(within: 3, "a refusal") {
          guard let late = try? tunnel.connect() else { return true }
          return late.isClosedByPeer(within: 1)
        }
        #expect(try tunnel.source.process.waitForExit(within: 30) == .status(0))
        #expect(idle.isClosedByPeer(within: 5))
        #expect(tunnel.destination.process.isRunning)
      }
    }

    @Test("What waits for a stalled client at SIGTERM reaches it", arguments: Side.allCases)
    func drainedSlowly(side: Side) throws {
      try withTunnel { tunnel, server in
        let socket = try tunnel.connect()
        let exchange = Exchange(seed: 8, upload: 0, download: 20_000_000)
        let isReading = Locked(false)
        let transfer = Background {
          try exchange.announce(over: socket)
          while !isReading.get() { usleep(10_000) }
          try exchange.finishAsClient(over: socket)
        }
        try eventually(within: 20, "the transfer's start") { server.openCount == 1 }
        // Long enough for every buffer on the way to be full.
        usleep(500_000)
        side.process(of: tunnel).send(SIGTERM)
        usleep(1_000_000)
        isReading.set(true)
        try transfer.wait()
        #expect(try side.process(of: tunnel).waitForExit(within: 30) == .status(0))
        #expect(server.failures.isEmpty)
      }
    }

    @Test("An idle program leaves at once on SIGTERM and SIGINT", arguments: [SIGTERM, SIGINT])
    func idleExit(signal: Int32) throws {
      try withTunnel { tunnel, _ in
        for process in [tunnel.source.process, tunnel.destination.process, tunnel.tunneld.process] {
          process.send(signal)
          let exit = try process.waitForExit(within: 3)
          #expect(exit == .status(0), "\(process.name)")
        }
      }
    }

    @Test("A second signal ends the draining")
    func secondSignal() throws {
      try withTunnel { tunnel, server in
        let idle = try tunnel.connect()
        try eventually(within: 20, "the connection") { server.openCount == 1 }
        tunnel.source.process.send(SIGTERM)
        usleep(300_000)
        #expect(tunnel.source.process.isRunning)
        tunnel.source.process.send(SIGTERM)
        try tunnel.source.process.waitForExit(within: 3)
        #expect(idle.isClosedByPeer(within: 5))
      }
    }

    @Test("When a proxy dies, the other closes its connections and lives", arguments: Side.allCases)
    func suddenDeath(of victim: Side) throws {
      try withTunnel { tunnel, server in
        let clients = try (0..<3).map { _ in try tunnel.connect() }
        try eventually(within: 20, "3 connections") { server.openCount == 3 }
        victim.process(of: tunnel).send(SIGKILL)
        for client in clients { #expect(client.isClosedByPeer(within: 20)) }
        try eventually(within: 20, "the server's connections' end") { server.openCount == 0 }
        for survivor in Side.allCases where survivor != victim {
          #expect(survivor.process(of: tunnel).isRunning)
        }
        #expect(tunnel.tunneld.process.isRunning)
      }
    }

    @Test("A dropped tunnel is made anew with the same token", arguments: Side.allCases)
    func reconnects(side: Side) throws {
      let server = try Server(handler: Exchange.serve)
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let wire = try Detour(to: tunneld.port)
      defer {
        server.stop()
        wire.stop()
      }
      let tokens = tunneld.tunnels[0]
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tokens.destination,
        servers: ["SSH1": "127.0.0.1:\(server.port)"],
        port: side == .destination ? wire.port : nil, in: scratch)
      let source = try LocalProxy.source(
        .dynamic, tunneld, token: tokens.source, services: ["SSH1"],
        port: side == .source ? wire.port : nil, in: scratch)
      func exchange() throws {
        try Exchange(seed: 5, upload: 10_000, download: 10_000).runAsClient(
          over: Socket(connectingTo: source.ports["SSH1"]!), within: 5)
      }
      try exchange()
      let open = try Socket(connectingTo: source.ports["SSH1"]!)
      try eventually(within: 10, "the open connection") {
        server.acceptedCount == 2 && server.openCount == 1
      }
      wire.cut()
      #expect(open.isClosedByPeer(within: 20))
      try eventually(within: 40, "an exchange after the drop") { (try? exchange()) != nil }
      #expect(destination.process.isRunning && source.process.isRunning)
    }
  }
}
