import Foundation
import Testing

extension EndToEnd {
  /// How a destination reaches its servers, and what it costs the others when it cannot.
  @Suite("Destination")
  struct Destination {
    @Test("A server that comes up between two attempts gets all that its client sent meanwhile")
    func lateServer() throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        _ = try stage.destination(
          ["SSH1": port],
          settings: ["tcp.connection_retry_count": "100", "tcp.connection_retry_delay_ms": "100"])
        let source = try stage.source()
        let client = try source.connect()
        let exchange = Exchange(seed: 4, upload: 50_000, download: 50_000)
        try exchange.announce(over: client)
        let transfer = Background { try exchange.finishAsClient(over: client, within: 40) }
        usleep(1_000_000)
        let server = try Server(port: port, handler: Exchange.serve)
        defer { server.stop() }
        try transfer.wait()
        #expect(server.acceptedCount == 1)
        #expect(server.failures.isEmpty)
      }
    }

    /// A number of attempts after the first, a second apart.
    @Test("connection_retry_count and _delay_ms are honoured exactly", arguments: [0, 1, 3])
    func retries(count: Int) throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": port], ["-v", "5"],
          settings: [
            "tcp.connection_retry_count": "\(count)", "tcp.connection_retry_delay_ms": "1000",
          ])
        let source = try stage.source()
        let client = try source.connect()
        let start = try destination.process.waitForLine(
          containing: "[debug] ", "connecting to 127.0.0.1:\(port)")
        let end = try destination.process.waitForLine(
          containing: "[error] service SSH1: could not connect to 127.0.0.1:\(port)",
          "Connection refused", "this connection is reset")
        #expect(client.isClosedByPeer(within: 20))
        #expect(
          destination.process.count(linesWith: "[warning] could not connect", "in 1000 ms") == count
        )
        let seconds = try logTime(of: end) - logTime(of: start)
        #expect(seconds > Double(count) - 0.01, "\(seconds) s")
        #expect(seconds < Double(count) + 0.95, "\(seconds) s")
      }
    }

    @Test(
      "Without a limit it goes on trying, until its client is gone and what that sent is too old",
      arguments: ["", "anybody there?"])
    func unlimitedRetries(text: String) throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": port],
          settings: [
            "tcp.connection_retry_count": "-1", "tcp.connection_retry_delay_ms": "20",
            "tcp.half_close_linger_ms": text.isEmpty ? "3600000" : "500",
          ])
        let source = try stage.source()
        var client: Socket? = try source.connect()
        try client?.send(text)
        // Ten lines, one a second then, each with the number of those that were left out before it.
        try eventually(within: 20, "50 attempts") {
          destination.process.logLines.filter { $0.contains("trying again in 20 ms") }
            .compactMap { Int($0.split(separator: "(").last?.prefix { $0.isNumber } ?? "") ?? 1 }
            .reduce(0, +) >= 50
        }
        #expect(client?.isClosedByPeer(within: 0) == false)
        client = nil
        try destination.process.waitForLine(containing: "Gave up connecting to: 127.0.0.1:\(port)")
        let server = try Server(port: port, handler: Exchange.serve)
        defer { server.stop() }
        usleep(500_000)
        #expect(server.acceptedCount == 0)
        try source.check()
      }
    }

    @Test("What a client sent before it left reaches a server that comes up soon after")
    func sentAndGone() throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        _ = try stage.destination(
          ["SSH1": port],
          settings: ["tcp.connection_retry_count": "-1", "tcp.connection_retry_delay_ms": "50"])
        let source = try stage.source()
        do { try source.connect().send("my last will") }
        try source.process.waitForLine(containing: "Disconnected from:")
        usleep(500_000)
        let heard = Locked("")
        let server = try Server(port: port) { heard.set(try $0.receiveText()) }
        defer { server.stop() }
        try eventually(within: 20, "the text") { heard.get() == "my last will" }
      }
    }

    @Test("A server that is slow to accept holds up nobody else, and gets its client's data")
    func slowConnect() throws {
      let slow = try CrowdedPort()
      let quick = try Server(handler: Exchange.serve)
      defer {
        slow.stop()
        quick.stop()
      }
      try withStage(["HTTP1", "SSH1"]) { stage in
        _ = try stage.destination(["HTTP1": slow.port, "SSH1": quick.port])
        let source = try stage.source()
        let patient = try source.connect(to: "HTTP1")
        let exchange = Exchange(seed: 6, upload: 20_000, download: 100_000)
        try exchange.announce(over: patient)
        let transfer = Background { try exchange.finishAsClient(over: patient, within: 40) }
        for _ in 0..<5 { try source.check("SSH1") }
        try Exchange(seed: 7, upload: 5_000_000, download: 5_000_000).runAsClient(
          over: source.connect(to: "SSH1"), within: 30)
        slow.open(Exchange.serve)
        try transfer.wait()
        #expect(quick.failures.isEmpty)
      }
    }

    @Test("A connect that takes longer than connect_timeout_ms has failed")
    func connectTimeout() throws {
      let slow = try CrowdedPort()
      defer { slow.stop() }
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": slow.port],
          settings: ["tcp.connect_timeout_ms": "300", "tcp.connection_retry_count": "0"])
        let source = try stage.source()
        let client = try source.connect()
        #expect(client.isClosedByPeer(within: 20))
        try destination.process.waitForLine(
          containing: "[error] service SSH1: could not connect to 127.0.0.1:\(slow.port)", "300 ms")
      }
    }

    @Test("What waits for a server is bounded, and arrives whole once it is there")
    func boundedWait() throws {
      let byteCount = 60_000_000
      let pattern = Pattern(seed: 12)
      let port = try Server.unusedPort()
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": port],
          settings: ["tcp.connection_retry_count": "100", "tcp.connection_retry_delay_ms": "200"])
        let source = try stage.source()
        let client = try source.connect()
        let sent = Locked(false)
        let sending = Background {
          try pattern.send(byteCount, over: client)
          sent.set(true)
        }
        usleep(3_000_000)
        // The client cannot get rid of its data: nobody on the way takes it all.
        #expect(!sent.get())
        for process in stage.processes.dropFirst() {
          #expect(
            try process.residentPeakKilobytes() <= Linkage.dynamic.residentKilobytesMax,
            "\(process.name)")
        }
        let server = try Server(port: port) { socket in
          try pattern.receive(byteCount, over: socket)
        }
        defer { server.stop() }
        try sending.wait()
        #expect(try client.isAtEnd)
        #expect(server.failures.isEmpty)
        #expect(
          try destination.process.residentPeakKilobytes() <= Linkage.dynamic.residentKilobytesMax)
      }
    }

    @Test("A server's name without an address resets that connection alone")
    func unknownName() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.servers["HTTP1"] = "no-such-host.invalid:80"
      let scratch = try ScratchDirectory()
      let path = scratch.file("settings.json")
      try #"{"tunneling": {"proxy": {"tcp": {"connection_retry_count": 0}}}}"#.write(
        toFile: path, atomically: true, encoding: .utf8)
      setup.proxyArguments = ["--settings-json", path]
      try withTunnel(setup) { tunnel in
        let bystander = try tunnel.connect(to: "SSH1")
        #expect(try tunnel.connect(to: "HTTP1").isClosedByPeer(within: 30))
        try tunnel.destination.process.waitForLine(
          containing: "[error] service HTTP1: could not connect to", "no-such-host.invalid")
        try Exchange(seed: 1, upload: 1_000, download: 1_000).runAsClient(over: bystander)
        #expect(tunnel.destination.process.isRunning)
      }
      withExtendedLifetime(scratch) {}
    }

    // MARK: Too many

    @Test(
      "One connection more than max_active_connections is refused with a warning, the others go on",
      arguments: Side.allCases)
    func connectionLimit(side: Side) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let settings = ["tcp.max_active_connections": "3"]
        let destination = try stage.destination(
          ["SSH1": server.port], settings: side == .destination ? settings : [:])
        let source = try stage.source(settings: side == .source ? settings : [:])
        var open = try (0..<3).map { _ in try source.connect() }
        try eventually(within: 20, "three connections") { server.openCount == 3 }
        #expect(try source.connect().isClosedByPeer(within: 20))
        let process = side == .source ? source.process : destination.process
        try process.waitForLine(containing: "[warning] refused a ", "SSH1", "3 ")
        #expect(process.count(linesWith: "[warning] ") == 1)
        #expect(server.acceptedCount == 3)
        let exchange = Exchange(seed: 2, upload: 500_000, download: 500_000)
        try exchange.runAsClient(over: open.removeLast())
        try eventually(within: 20, "room for one more") { (try? source.check()) != nil }
        for socket in open { try exchange.runAsClient(over: socket) }
        #expect(server.failures.isEmpty)
      }
    }
  }
}

/// When a log line was written, in seconds of its day.
private func logTime(of line: String) throws -> Double {
  // [2026-11-22 17:44:06.673382]
  let parts = line.dropFirst(12).prefix(15).split(separator: ":").map { Double($0) }
  guard parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2]
  else { throw Failure("no time in `\(line)`") }
  return hours * 3_600 + minutes * 60 + seconds
}
