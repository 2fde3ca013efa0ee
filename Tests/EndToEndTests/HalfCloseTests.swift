import Foundation
import Testing

extension EndToEnd {
  /// `tcp.half_close`: ends of one direction, between two ends that know them and with one that does not.
  @Suite("Half-close")
  struct HalfClose {
    /// The default.
    private static let negotiated: [String: String] = [:]
    private static let linger = ["tcp.half_close": "linger"]

    /// Runs sort(1) behind each connection. It says nothing before its input has ended.
    private static let sort: Server.Handler = { socket in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["LC_ALL=C", "sort"]
      let end = FileHandle(fileDescriptor: socket.descriptor, closeOnDealloc: false)
      process.standardInput = end
      process.standardOutput = end
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw Failure("sort failed") }
    }

    @Test("nc -N sends 10 MB of lines to sort, and the sorted file comes back whole")
    func sorted() throws {
      let server = try Server(handler: Self.sort)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port], settings: Self.negotiated)
        let source = try stage.source(settings: Self.negotiated)
        let port = try #require(source.ports["SSH1"])
        let lines = stage.scratch.file("lines")
        let script = """
          head -c 5000000 /dev/urandom | od -An -v -tx1 -w16 | head -c 10000000 >'\(lines)'
          echo >>'\(lines)'
          LC_ALL=C sort '\(lines)' | sha256sum
          """
        let maker = try ChildProcess("sh", ["-c", script], name: "make", in: stage.scratch)
        #expect(try maker.waitForExit(within: 60) == .status(0))
        let client = try ChildProcess(
          "sh", ["-c", "nc -N 127.0.0.1 \(port) <'\(lines)' | sha256sum"], name: "nc",
          in: stage.scratch)
        #expect(try client.waitForExit(within: 60) == .status(0))
        #expect(client.text(of: .output) == maker.text(of: .output))
        #expect(server.failures.isEmpty)
        try eventually(within: 20, "both ends' close") {
          source.process.count(linesWith: "Disconnected from:") == 1
        }
      }
    }

    @Test(
      "The ends of directions do not depend on the version, nor on how long the server thinks",
      arguments: ["V1", "V2", "V3"])
    func patient(version: String) throws {
      let server = try Server { socket in
        let request = try socket.receiveText()
        usleep(3_000_000)
        try socket.send(request.uppercased())
      }
      defer { server.stop() }
      try withStage { stage in
        // That time is for clients of whom nobody knows whether they still wait.
        var settings = Self.negotiated
        settings["tcp.half_close_linger_ms"] = "500"
        _ = try stage.destination(["SSH1": server.port], settings: settings)
        let source = try stage.source(["-y", version], settings: settings)
        let client = try source.connect()
        try client.send("slowly")
        client.finishSending()
        #expect(try client.receiveText() == "SLOWLY")
        #expect(server.failures.isEmpty)
      }
    }

    @Test("A client that has said all before the server is up gets its answer")
    func beforeTheServer() throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        var settings = Self.negotiated
        settings["tcp.connection_retry_count"] = "100"
        settings["tcp.connection_retry_delay_ms"] = "100"
        _ = try stage.destination(["SSH1": port], settings: settings)
        let source = try stage.source(settings: settings)
        let client = try source.connect()
        try client.send("b\na\n")
        client.finishSending()
        usleep(1_000_000)
        let server = try Server(port: port, handler: Self.sort)
        defer { server.stop() }
        #expect(try client.receiveText() == "a\nb\n")
        #expect(server.failures.isEmpty)
      }
    }

    @Test("Several clients half-close at once, each gets its own lines back")
    func severalSorted() throws {
      let server = try Server(handler: Self.sort)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port], settings: Self.negotiated)
        let source = try stage.source(settings: Self.negotiated)
        try concurrently(10) { number in
          let client = try source.connect()
          try client.send("b\(number)\na\(number)\n")
          client.finishSending()
          let answer = try client.receiveText()
          guard answer == "a\(number)\nb\(number)\n" else { throw Failure("it got \(answer)") }
        }
        #expect(server.failures.isEmpty)
      }
    }

    @Test("A server ends its direction first, and 10 MB still come from the client")
    func serverFirst() throws {
      let byteCount = 10_000_000
      let pattern = Pattern(seed: 3)
      let server = try Server { socket in
        try socket.send("bye")
        socket.finishSending()
        try pattern.receive(byteCount, over: socket)
        guard try socket.isAtEnd else { throw Failure("more than all") }
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port], settings: Self.negotiated)
        let source = try stage.source(settings: Self.negotiated)
        let client = try source.connect()
        #expect(try client.receiveText() == "bye")
        // Nobody may take the silence of the ended direction for the end of all.
        usleep(2_500_000)
        try pattern.send(byteCount, over: client)
        client.finishSending()
        try eventually(within: 30, "the server's last byte") { server.openCount == 0 }
        #expect(server.failures.isEmpty)
        try eventually(within: 20, "both ends' close") {
          source.process.count(linesWith: "Disconnected from:") == 1
        }
      }
    }

    /// The settings of the two ends, of which one at the most negotiates.
    struct Mismatch: CustomTestStringConvertible, Sendable {
      let source: [String: String]
      let destination: [String: String]
      var testDescription: String {
        "source \(source.values.first ?? "default"), destination \(destination.values.first ?? "default")"
      }
    }

    @Test(
      "Without both ends' consent a half-closed client is waited for, and a server's end ends all",
      arguments: [
        Mismatch(source: [:], destination: linger), Mismatch(source: linger, destination: [:]),
        Mismatch(source: linger, destination: linger),
      ])
    func withoutConsent(_ settings: Mismatch) throws {
      let sawEnd = Locked(false)
      let server = try Server { socket in
        let request = try socket.receiveText(3)
        if request == "GET" {
          sawEnd.set(socket.isClosedByPeer(within: 1))
          try socket.send("answer")
        } else {
          socket.finishSending()
          _ = try? socket.receiveToEnd()
        }
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port], settings: settings.destination)
        let source = try stage.source(settings: settings.source)
        let client = try source.connect()
        try client.send("GET")
        client.finishSending()
        #expect(try client.receiveText() == "answer")
        #expect(!sawEnd.get())
        // The server keeps its connection open, and gets to know that it is over all the same.
        let other = try source.connect()
        try other.send("END")
        #expect(try other.isAtEnd)
        try eventually(within: 20, "the server's end") { server.openCount == 0 }
      }
    }

    // MARK: With an end that has never heard of it

    @Test("An old destination sees nothing new but a field's default with each stream")
    func oldDestination() throws {
      try withStage { stage in
        let source = try stage.source()
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        func message(_ kind: RawMessage.Kind, _ connection: UInt32, _ text: String? = nil)
          -> RawMessage
        { RawMessage(kind, 1, text, service: "SSH1", connection: connection) }
        let first = try source.connect()
        try peer.expect(message(.streamStart, 1).marked)
        try first.send("up")
        try peer.expect(message(.data, 1, "up"))
        first.finishSending()
        try peer.expectSilence(for: 1)
        try peer.send(message(.data, 1, "down"))
        #expect(try first.receiveText(4) == "down")
        try peer.expectSilence(for: 0.5)
        let second = try source.connect()
        try peer.expect(message(.connectionStart, 2))
        try second.send("more")
        try peer.expect(message(.data, 2, "more"))
        try peer.send(message(.connectionReset, 1))
        #expect(try first.isAtEnd)
      }
    }

    @Test("An old source sees nothing new at all")
    func oldSource() throws {
      let server = try Server { socket in
        try socket.send(socket.receiveText(2).uppercased())
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let peer = try stage.rawSource(version: 3)
        try peer.expect(.services(["SSH1"]))
        func message(_ kind: RawMessage.Kind, _ text: String? = nil) -> RawMessage {
          RawMessage(kind, 1, text, service: "SSH1", connection: 1)
        }
        try peer.send(message(.streamStart))
        try eventually(within: 20, "the connection") { server.openCount == 1 }
        try peer.expectSilence(for: 0.5)
        try peer.send(message(.data, "up"))
        try peer.expect(message(.data, "UP"))
        try peer.expect(message(.connectionReset))
      }
    }

    @Test("With `linger` nothing is marked, and nothing answered")
    func unwilling() throws {
      try withStage { stage in
        let source = try stage.source(settings: Self.linger)
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        var client: Socket? = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1", connection: 1))
        try client?.send("up")
        try peer.expect(RawMessage(.data, 1, "up", service: "SSH1", connection: 1))
        client = nil
        try peer.expect(RawMessage(.connectionReset, 1, service: "SSH1", connection: 1))
      }
    }

    @Test("A service that ends the WebSocket upon the first mark sees no second one")
    func avoidsMarks() throws {
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        let source = try stage.source(port: detour.port)
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        _ = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1", connection: 1).marked)
        detour.cut()
        try source.process.waitForLine(containing: "[warning]", "from now on it goes without")
        _ = try source.connect()
        var start = try peer.next()
        while start.kind != .streamStart { start = try peer.next() }
        #expect(start.streamID == 2 && start.isIgnorable == nil)
      }
    }

    @Test("Two ends that know it: one answer for a stream, and one more such word ends a direction")
    func onTheWire() throws {
      try withStage { stage in
        let source = try stage.source()
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        func data(_ text: String? = nil, _ connection: UInt32 = 1) -> RawMessage {
          RawMessage(.data, 1, text, service: "SSH1", connection: connection)
        }
        let client = try source.connect()
        try peer.expect(
          RawMessage(.streamStart, 1, service: "SSH1", connection: 1).marked)
        try peer.send(data().ignorable, data("hello"))
        #expect(try client.receiveText(5) == "hello")
        try client.send("last words")
        client.finishSending()
        try peer.expect(data("last words"))
        try peer.expect(data().ignorable)
        try peer.send(data("the rest"), data().ignorable)
        #expect(try client.receiveText() == "the rest")
        // Both have ended: the connection is over, and nobody says it again.
        try source.process.waitForLine(containing: "Disconnected from:")
        try peer.expectSilence(for: 0.5)
        // The answer holds for the stream: this one ends in order, and its client sees that of the other end.
        for isMarked in [true, false] {
          let connection: UInt32 = isMarked ? 2 : 3
          let next = try source.connect()
          try peer.expect(
            RawMessage(.connectionStart, 1, service: "SSH1", connection: connection))
          next.finishSending()
          try peer.expect(data(nil, connection).ignorable)
          let reset = RawMessage(.connectionReset, 1, service: "SSH1", connection: connection)
          try peer.send(data("x", connection), isMarked ? reset.marked : reset)
          #expect(try next.receiveText(1) == "x")
          #expect(next.isClosedByPeer(within: 20))
        }
      }
    }

    @Test("A client that agreed to half-close and then goes away is reset at the other end")
    func clientGone() throws {
      let server = try Server { _ = try? $0.receiveToEnd { _ in } }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port], settings: Self.negotiated)
        let source = try stage.source(settings: Self.negotiated)
        do {
          let client = try source.connect()
          try client.send("gone soon")
          try eventually(within: 20, "the connection") { server.openCount == 1 }
        }
        try eventually(within: 20, "the server's end") { server.openCount == 0 }
        try source.process.waitForLine(containing: "Disconnected from:")
      }
    }
  }
}
