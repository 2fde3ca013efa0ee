import Foundation
import Testing

extension EndToEnd {
  /// How a proxy comes by its WebSocket again, and when it gives up.
  @Suite("Reconnecting")
  struct Reconnecting {
    /// Delays that a test can wait for.
    private static let quick = [
      "websocket.retry_delay_ms": "50", "websocket.retry_delay_max_ms": "200",
    ]

    /// The delays that the log speaks of, in order; 0 for "at once".
    private static func delays(in log: [String]) -> [Int] {
      log.compactMap { line in
        let parts = line.components(separatedBy: "; trying again ")
        guard parts.count == 2, line.contains("[error] ") else { return nil }
        if parts[1] == "at once" { return 0 }
        guard parts[1].hasPrefix("in "), parts[1].hasSuffix(" ms") else { return nil }
        return Int(parts[1].dropFirst(3).dropLast(3))
      }
    }

    // MARK: Giving up

    @Test(
      "connect_retry_count is honoured exactly, with growing delays up to the cap, and then status 4",
      arguments: Side.allCases)
    func retriesUsedUp(side: Side) throws {
      // It closes each connection as soon as it has come.
      let server = try Server { _ in }
      defer { server.stop() }
      try withStage { stage in
        let process = try stage.start(
          side,
          settings: [
            "websocket.retry_delay_ms": "40", "websocket.retry_delay_max_ms": "150",
            "websocket.connect_retry_count": "5",
          ], port: server.port)
        #expect(try process.waitForExit(within: 30) == .status(4))
        #expect(server.acceptedCount == 6)
        #expect(process.count(linesWith: "Attempting to establish web socket connection") == 6)
        #expect(process.count(linesWith: "[fatal] ", "no retry is left or allowed") == 1)
        // Doubled each time and capped, and most of each at random.
        let delays = Self.delays(in: process.logLines)
        #expect(delays.count == 5)
        for (delay, full) in zip(delays, [40, 80, 150, 150, 150]) {
          #expect((full / (full == 150 ? 3 : 8)...full).contains(delay), "\(delays)")
        }
      }
    }

    @Test("Without retries the first failure is the last", arguments: Side.allCases)
    func noRetry(side: Side) throws {
      let server = try Server { _ in }
      defer { server.stop() }
      try withStage { stage in
        let process = try stage.start(
          side, settings: ["websocket.connect_retry_count": "0"], port: server.port)
        #expect(try process.waitForExit(within: 20) == .status(4))
        #expect(server.acceptedCount == 1)
      }
    }

    @Test("Retries without a limit go on", arguments: Side.allCases)
    func unlimitedRetries(side: Side) throws {
      let server = try Server { _ in }
      defer { server.stop() }
      try withStage { stage in
        var settings = Self.quick
        settings["websocket.connect_retry_count"] = "-1"
        let process = try stage.start(side, settings: settings, port: server.port)
        try eventually(within: 30, "20 attempts") { server.acceptedCount >= 20 }
        #expect(process.isRunning)
        process.send(SIGTERM)
        #expect(try process.waitForExit(within: 5) == .status(0))
      }
    }

    @Test("A 4xx is never tried again", arguments: ["400", "403", "404"])
    func refused(status: String) throws {
      try withStage(tunneld: ["--fault", "refuse=\(status)"]) { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        let process = try stage.start(.source, settings: Self.quick, port: detour.port)
        #expect(try process.waitForExit(within: 20) == .status(3))
        #expect(detour.acceptedCount == 1)
        #expect(process.count(linesWith: "[fatal] ", status) == 1)
      }
    }

    @Test(
      "A 5xx, and a 4xx that says 'not now', is tried again as often as anything else",
      arguments: ["408", "425", "429", "500", "503"])
    func serviceFailed(status: String) throws {
      try withStage(tunneld: ["--fault", "refuse=\(status)"]) { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        var settings = Self.quick
        settings["websocket.connect_retry_count"] = "3"
        let process = try stage.start(.source, settings: settings, port: detour.port)
        #expect(try process.waitForExit(within: 20) == .status(4))
        #expect(detour.acceptedCount == 4)
        #expect(process.count(linesWith: "[error] ", status, "trying again in") == 3)
      }
    }

    @Test(
      "reconnect_on_data_error=false: a WebSocket that is lost ends the program with status 4",
      arguments: Side.allCases)
    func noReconnect(side: Side) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        let settings = ["websocket.reconnect_on_data_error": "false"]
        let destination = try stage.destination(
          ["SSH1": server.port], settings: side == .destination ? settings : [:],
          port: side == .destination ? detour.port : nil)
        let source = try stage.source(
          settings: side == .source ? settings : [:], port: side == .source ? detour.port : nil)
        try source.check()
        detour.cut()
        let process = side == .source ? source.process : destination.process
        #expect(try process.waitForExit(within: 20) == .status(4))
        #expect(process.count(linesWith: "[fatal] ", "the connection to the service was lost") == 1)
        #expect(process.count(linesWith: "trying again") == 0)
        #expect(detour.acceptedCount == 1)
      }
    }

    // MARK: Coming back

    @Test("After a session that carried data the first attempt is made at once")
    func atOnce() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        // With any other delay than none the test would wait for ever.
        // And an attempt that works uses up no retry.
        let settings = [
          "websocket.retry_delay_ms": "3600000", "websocket.retry_delay_max_ms": "3600000",
          "websocket.connect_retry_count": "1",
        ]
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(settings: settings, port: detour.port)
        for round in 1...3 {
          try source.check()
          detour.cut()
          try eventually(within: 20, "session \(round + 1)") {
            source.process.count(linesWith: "Web socket session ID:") == round + 1
          }
        }
        try source.check()
        #expect(Self.delays(in: source.process.logLines) == [0, 0, 0])
        #expect(detour.acceptedCount == 4)
      }
    }

    @Test("A WebSocket that is lost as soon as it is there counts as a failed attempt")
    func shortSessions() throws {
      // The service closes each WebSocket with a code that is not a good one.
      try withStage(tunneld: ["--fault", "close=1011"]) { stage in
        let process = try stage.start(
          .source,
          settings: [
            "websocket.retry_delay_ms": "40", "websocket.retry_delay_max_ms": "150",
            "websocket.connect_retry_count": "4",
          ])
        #expect(try process.waitForExit(within: 20) == .status(4))
        let delays = Self.delays(in: process.logLines)
        #expect(delays.count == 4)
        for (delay, full) in zip(delays, [40, 80, 150, 150]) {
          #expect((full / (full == 150 ? 3 : 8)...full).contains(delay), "\(delays)")
        }
      }
    }

    @Test("A source's ports stay open while the tunnel is down, and are the same afterwards")
    func portsStay() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(settings: Self.quick, port: detour.port)
        try source.check()
        detour.close()
        detour.cut()
        try source.process.waitForLine(containing: "[error] ", "trying again in")
        // The kernel takes the client, who waits for the tunnel.
        let early = try source.connect()
        detour.open()
        try Exchange(seed: 4, upload: 1000, download: 1000).runAsClient(over: early, within: 30)
        try eventually(within: 30, "an exchange after the drop") {
          (try? source.check()) != nil
        }
        let port = try #require(source.ports["SSH1"])
        try eventually(within: 20, "the port's second announcement") {
          source.process.count(linesWith: LocalProxy.listening) == 2
        }
        #expect(source.process.count(linesWith: "\(LocalProxy.listening)\(port) ") == 2)
      }
    }

    @Test("In an outage that lasts, clients are refused after a while, with a warning")
    func refusesClients() throws {
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        let source = try stage.source(settings: Self.quick, port: detour.port)
        detour.close()
        detour.cut()
        try source.process.waitForLine(containing: "[error] ", "trying again in")
        let early = try source.connect()
        #expect(early.isClosedByPeer(within: 40))
        try source.process.waitForLine(containing: "[warning] ", "the tunnel is down")
      }
    }

    // MARK: Silence

    @Test("A link that falls silent is noticed after three ping periods", arguments: Side.allCases)
    func silentLink(side: Side) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        let settings = ["websocket.ping_period_ms": "200"]
        let destination = try stage.destination(
          ["SSH1": server.port], settings: side == .destination ? settings : [:],
          port: side == .destination ? detour.port : nil)
        let source = try stage.source(
          settings: side == .source ? settings : [:], port: side == .source ? detour.port : nil)
        let process = side == .source ? source.process : destination.process
        try source.check()
        // Many periods without anything but pings and pongs.
        usleep(1_500_000)
        #expect(process.count(linesWith: "silent") == 0)
        #expect(detour.acceptedCount == 1)
        let open = try source.connect()
        try eventually(within: 20, "the open connection") { server.openCount == 1 }
        detour.fallSilent()
        try process.waitForLine(
          containing: "[error] ", "silent for three ping periods", "trying again at once")
        #expect(open.isClosedByPeer(within: 20))
        try eventually(within: 30, "an exchange over the new link") {
          (try? source.check()) != nil
        }
        #expect(detour.acceptedCount == 2)
        #expect(process.count(linesWith: "silent") == 1)
      }
    }

    /// The kernel asks a peer whose window is closed at ever longer intervals.
    @Test("A client that reads nothing for many ping periods is no silence")
    func slowReader() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let settings = ["websocket.ping_period_ms": "300"]
        let destination = try stage.destination(["SSH1": server.port], settings: settings)
        let source = try stage.source(settings: settings)
        let client = try source.connect()
        let exchange = Exchange(seed: 8, upload: 0, download: 60_000_000)
        try exchange.announce(over: client)
        sleep(8)
        try exchange.finishAsClient(over: client)
        for process in [source.process, destination.process] {
          #expect(process.count(linesWith: "silent") == 0, "\(process.name)")
          #expect(process.count(linesWith: "Web socket session ID:") == 1, "\(process.name)")
        }
        #expect(server.failures.isEmpty)
      }
    }

    @Test("A silence that the service makes itself is noticed as well")
    func silentService() throws {
      try withStage(tunneld: ["--fault", "silent-after=1"]) { stage in
        let source = try stage.source(settings: ["websocket.ping_period_ms": "200"])
        try eventually(within: 20, "the second session") {
          source.process.count(linesWith: "Web socket session ID:") >= 2
        }
        #expect(source.process.count(linesWith: "[error] ", "silent for three ping periods") >= 1)
      }
    }

    @Test("The round trip of each ping is logged at debug, and not below", arguments: ["5", "4"])
    func roundTrips(level: String) throws {
      try withStage(tunneld: ["--latency", "30"]) { stage in
        let source = try stage.source(
          ["-v", level], settings: ["websocket.ping_period_ms": "100"])
        if level == "5" {
          try eventually(within: 20, "three pongs") {
            source.process.count(linesWith: "[debug] Pong reply latency: ", " ms") >= 3
          }
        } else {
          usleep(1_000_000)
          #expect(source.process.count(linesWith: "Pong") == 0)
        }
      }
    }
  }
}
