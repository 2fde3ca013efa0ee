import Foundation
import Testing

extension EndToEnd {
  /// What a client and a server are shown of an end: a part must not pass for the whole, nor another's bytes for theirs.
  @Suite("Endings")
  struct Endings {
    /// What ends a connection in the middle.
    enum Loss: String, CaseIterable {
      case destinationKilled, destinationStopped, sourceKilled, serviceKilled, linkCut, serverResets
    }

    /// Sends for ever, but resets the connection after a while when it is asked for that.
    private static let endless: Server.Handler = { socket in
      let request = try socket.receiveText(1)
      let block = [UInt8](repeating: 0x7a, count: 20_000)
      for count in 0... {
        _ = try? block.withUnsafeBytes(socket.send)
        usleep(10_000)
        if request == "r" && count == 50 { return socket.reset() }
      }
    }

    @Test(
      "A client whose download is lost in the middle is reset, and never sees an end of file",
      arguments: Loss.allCases, ["V3", "V1"])
    func lostDownload(loss: Loss, version: String) throws {
      let server = try Server(handler: Self.endless)
      defer { server.stop() }
      try withStage { stage in
        let detour = try Detour(to: stage.tunneld.port)
        let destination = try stage.destination(["SSH1": server.port], port: detour.port)
        let source = try stage.source(["-y", version], port: detour.port)
        let client = try source.connect()
        try client.send(loss == .serverResets ? "r" : "g")
        _ = try client.receive(exactly: 100_000)
        switch loss {
        case .destinationKilled: destination.process.send(SIGKILL)
        case .sourceKilled: source.process.send(SIGKILL)
        case .destinationStopped: destination.process.send(SIGTERM)
        case .serviceKilled: stage.tunneld.process.send(SIGKILL)
        case .linkCut: detour.cut()
        case .serverResets: break
        }
        #expect(throws: Failure.self, "an end of file") { try client.receiveToEnd() }
        if loss != .serviceKilled { return }
        // With what is lost goes a line on it, and each connection has its own.
        for proxy in [destination, source] {
          try proxy.process.waitForLine(
            containing: "[warning] connections that are cut with the web socket: 1")
          try proxy.process.waitForLine(containing: "[info] Disconnected from: 127.0.0.1")
        }
      }
    }

    @Test(
      "A client whose server cannot be reached is reset, also where no end can be told from a cut",
      arguments: ["V1", "V2", "V3"])
    func refused(version: String) throws {
      let hasMarks = version == "V3"
      var settings = ["tcp.connection_retry_count": "0"]
      if !hasMarks { settings["tcp.half_close"] = "linger" }
      try withStage { stage in
        _ = try stage.destination(["SSH1": Server.unusedPort()], settings: settings)
        let client = try stage.source(["-y", version]).connect()
        #expect(throws: Failure.self, "an end of file") { try client.receiveToEnd() }
      }
    }

    @Test("A server whose upload is lost in the middle is reset, and never sees an end of file")
    func lostUpload() throws {
      let sawEnd = Locked(false)
      let server = try Server { socket in
        try socket.receiveToEnd()
        sawEnd.set(true)
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source()
        let client = try source.connect()
        try client.send("a part")
        try eventually(within: 20, "the connection") { server.openCount == 1 }
        source.process.send(SIGKILL)
        try eventually(within: 20, "the server's end") { server.openCount == 0 }
        #expect(!sawEnd.get() && server.failures.count == 1)
      }
    }

    @Test(
      "What an application ends in good order ends so, in every version",
      arguments: ["V1", "V2", "V3"])
    func orderly(version: String) throws {
      let pattern = Pattern(seed: 4)
      let byteCount = 3_000_000
      let server = try Server { socket in
        if try socket.receiveText(1) == "d" { return try pattern.send(byteCount, over: socket) }
        try pattern.receive(byteCount, over: socket)
        guard try socket.isAtEnd else { throw Failure("more than all") }
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(["-y", version])
        for _ in 0..<3 {
          let download = try source.connect()
          try download.send("d")
          try pattern.receive(byteCount, over: download)
          #expect(try download.isAtEnd)
          // The client closes at once, as a program that has sent all does.
          do {
            let upload = try source.connect()
            try upload.send("u")
            try pattern.send(byteCount, over: upload)
          }
          try eventually(within: 20, "the server's end") { server.openCount == 0 }
        }
        #expect(server.failures.isEmpty, "\(server.failures)")
      }
    }

    @Test(
      "After a source is restarted, a new client gets no byte of an older one",
      arguments: [SIGKILL, SIGTERM], ["V1", "V2", "V3"])
    func foreignBytes(signal: Int32, version: String) throws {
      let server = try Server { socket in
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
          let count = try block.withUnsafeMutableBytes { try socket.receive(into: $0) }
          if count == 0 { return }
          try block[..<count].withUnsafeBytes(socket.send)
        }
      }
      defer { server.stop() }
      try withStage(tunneld: ["--latency", "50"]) { stage in
        _ = try stage.destination(["SSH1": server.port])
        let arguments = ["-i", String(repeating: "d", count: 36), "-y", version]
        let source = try stage.source(arguments)
        let old = try source.connect()
        let pusher = Thread {
          let block = [UInt8](repeating: 0x6f, count: 60_000)
          while (try? block.withUnsafeBytes(old.send)) != nil {}
        }
        pusher.start()
        _ = try old.receive(exactly: 1_000_000)
        source.process.send(signal)
        old.interrupt()
        _ = try source.process.waitForExit(within: 20)
        let client = try stage.source(arguments).connect()
        try client.send("new")
        #expect(try client.receiveText(3) == "new")
      }
    }

    @Test("A server that sends to a client that has gone is stopped, and nothing is left over")
    func abortedDownloads() throws {
      let sent = Counter()
      let server = try Server { socket in
        _ = try socket.receiveText(1)
        let block = [UInt8](repeating: 0x76, count: 65_536)
        while (try? block.withUnsafeBytes(socket.send)) != nil { sent.add(block.count) }
      }
      defer { server.stop() }
      try withStage { stage in
        let destination = try stage.destination(["SSH1": server.port])
        let source = try stage.source()
        let before = try [source, destination].map { try $0.process.descriptorCount() }
        for _ in 0..<60 { try source.checkAborted(sent) }
        try eventually(within: 20, "the servers' ends") { server.openCount == 0 }
        #expect(sent.value < 60 * 64_000_000)
        try eventually(within: 20, "the end of every descriptor") {
          try [source, destination].map { try $0.process.descriptorCount() } == before
        }
      }
    }

    @Test(
      "A destination that connects to its own source's port comes to an end, and the log says why")
    func forwardingLoop() throws {
      let port = try Server.unusedPort()
      try withStage { stage in
        _ = try stage.destination(
          ["SSH1": port], settings: ["tcp.max_active_connections": "16"])
        let source = try stage.start(
          .source, settings: ["tcp.max_active_connections": "16"], mapping: "SSH1=\(port)")
        try source.waitForLine(containing: "Listening for")
        let before = try source.descriptorCount()
        do {
          let client = try Socket(connectingTo: port)
          try client.send("hi")
          try eventually(within: 20, "the whole chain") {
            source.count(linesWith: "Accepted tcp connection") >= 16
          }
        }
        try source.waitForLine(
          containing: "[warning] refused a client", "does the destination connect to this port?")
        try eventually(within: 30, "the end of the chain") {
          try source.descriptorCount() == before
        }
        let count = source.logLines.count
        usleep(1_500_000)
        #expect(source.logLines.count == count)
      }
    }

    @Test("A program that is stopped while bytes move ends in time, and says what it cuts")
    func stopsInTime() throws {
      let server = try Server(handler: Self.endless)
      defer { server.stop() }
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": server.port], settings: ["tcp.stall_timeout_ms": "60000"])
        let source = try stage.source()
        let client = try source.connect()
        try client.send("g")
        _ = try client.receive(exactly: 50_000)
        let reader = Thread { _ = try? client.receiveToEnd() }
        reader.start()
        destination.process.send(SIGTERM)
        let deadline = Deadline(seconds: 6.5)
        #expect(try destination.process.waitForExit(within: 20) == .status(0))
        #expect(!deadline.hasPassed)
        try destination.process.waitForLine(
          containing: "[warning] stopping: connections that are cut now: 1", "drain_timeout_ms")
        #expect(destination.process.count(linesWith: "connections that are cut") == 1)
        #expect(destination.process.count(linesWith: "Disconnected from:") == 1)
      }
    }

    @Test("A second signal ends a drain at once, which says what it cuts")
    func stopsAtOnce() throws {
      let server = try Server(handler: Self.endless)
      defer { server.stop() }
      try withStage { stage in
        let destination = try stage.destination(["SSH1": server.port])
        let source = try stage.source(settings: ["drain_timeout_ms": "60000"])
        let client = try source.connect()
        try client.send("g")
        _ = try client.receive(exactly: 50_000)
        source.process.send(SIGTERM)
        try source.process.waitForLine(containing: "SIGTERM: stopping")
        source.process.send(SIGINT)
        #expect(try source.process.waitForExit(within: 20) == .status(0))
        for text in ["connections that are cut with the web socket: 1", "Disconnected from:"] {
          #expect(source.process.count(linesWith: text) == 1)
        }
        withExtendedLifetime(destination) {}
      }
    }
  }
}

extension LocalProxy {
  /// A client that takes a little of an endless download, and goes away.
  fileprivate func checkAborted(_ sent: Counter) throws {
    let client = try connect()
    try client.send("g")
    _ = try client.receive(exactly: 500_000)
  }
}
