import Foundation
import Testing

extension EndToEnd {
  @Suite("Compression")
  struct Compression {
    private static let on = ["websocket.compression": "true"]

    /// Lines that are like each other, as those of a log.
    private static func text(_ byteCount: Int) -> [UInt8] {
      var text: [UInt8] = []
      var number = 1
      while text.count < byteCount {
        number = number &* 1_103_515_245 &+ 12_345
        text +=
          """
          2026-11-22 17:44:06.\(number >> 8 & 0xffff) [info] gateway-\(number >> 24 & 15) \
          sshd[\(number >> 32 & 4095)]: Connection from 10.0.\(number >> 16 & 3).7 closed\n
          """.utf8
      }
      return Array(text.prefix(byteCount))
    }

    /// Sends everything back, until the client has gone.
    private static let echo: Server.Handler = { socket in
      _ = try? socket.receiveToEnd { try socket.send($0) }
    }

    /// Source and destination, each at the end of a detour that counts.
    private func withProxies(
      tunneld arguments: [String], source: [String: String], destination: [String: String],
      server handler: @escaping Server.Handler,
      _ body: (Stage, LocalProxy, LocalProxy, [Detour]) throws -> Void
    ) throws {
      let server = try Server(handler: handler)
      defer { server.stop() }
      try withStage(tunneld: arguments) { stage in
        let detours = try (0..<2).map { _ in try Detour(to: stage.tunneld.port) }
        defer { for detour in detours { detour.stop() } }
        let far = try stage.destination(
          ["SSH1": server.port], settings: destination, port: detours[1].port)
        let near = try stage.source(settings: source, port: detours[0].port)
        try body(stage, near, far, detours)
      }
      #expect(server.failures.isEmpty)
    }

    /// Sends bytes to the echo and fails unless they come back.
    private func exchange(_ bytes: [UInt8], over proxy: LocalProxy) throws {
      let client = try proxy.connect()
      let sending = Background { try bytes.withUnsafeBytes { try client.send($0) } }
      var index = 0
      try client.receive(bytes.count) { received in
        let isSame = bytes.withUnsafeBytes {
          memcmp($0.baseAddress! + index, received.baseAddress!, received.count) == 0
        }
        guard isSame else { throw Failure("wrong bytes at \(index)") }
        index += received.count
      }
      try sending.wait()
    }

    @Test("Text shrinks severalfold on the wire, and arrives as it was, both ways")
    func shrinksText() throws {
      try withProxies(
        tunneld: ["--compression"], source: Self.on, destination: Self.on, server: Self.echo
      ) { stage, source, destination, detours in
        for proxy in [source, destination] {
          try proxy.process.waitForLine(
            containing: "[info] Web socket compression: permessage-deflate; "
              + "server_max_window_bits=13; client_max_window_bits=13")
        }
        #expect(stage.tunneld.process.count(linesWith: ", permessage-deflate; ") == 2)
        let text = Self.text(4_000_000)
        let before = detours.map(\.carriedByteCount)
        try exchange(text, over: source)
        // There and back.
        for (detour, before) in zip(detours, before) {
          let wire = detour.carriedByteCount - before
          #expect(wire < 2 * text.count / 4 && wire > 10_000, "\(wire) bytes")
        }
      }
    }

    @Test("Random bytes arrive as they were, and take no more on the wire than without")
    func carriesNoise() throws {
      try withProxies(
        tunneld: ["--compression"], source: Self.on, destination: Self.on,
        server: Exchange.serve
      ) { _, source, _, detours in
        let before = detours.map(\.carriedByteCount)
        try Exchange(seed: 12, upload: 3_000_000, download: 3_000_000).runAsClient(
          over: source.connect())
        for (detour, before) in zip(detours, before) {
          let wire = detour.carriedByteCount - before
          #expect(wire > 6_000_000 && wire < 6_200_000, "\(wire) bytes")
        }
        // Several at a time, of both kinds.
        try concurrently(6) { index in
          try Exchange(seed: UInt32(index), upload: 300_000, download: 300_000).runAsClient(
            over: source.connect())
        }
      }
    }

    @Test("Each line is there at once, before the next one is sent")
    func delaysNothing() throws {
      try withProxies(
        tunneld: ["--compression"], source: Self.on, destination: Self.on, server: Self.echo
      ) { _, source, _, detours in
        let client = try source.connect()
        let before = detours[0].carriedByteCount
        for number in 0..<300 {
          let line = "line \(number) of those that a person types into a terminal, one by one\n"
          try client.send(line)
          #expect(try client.receiveText(line.utf8.count) == line)
        }
        // A line takes its header, TLS's and a few bytes of its own.
        let wire = detours[0].carriedByteCount - before
        #expect(wire < 300 * 2 * 80, "\(wire) bytes")
      }
    }

    @Test("A service that declines is done without, and the log says so")
    func goesOnWithout() throws {
      try withProxies(
        tunneld: [], source: Self.on, destination: [:], server: Self.echo
      ) { stage, source, destination, detours in
        try source.process.waitForLine(
          containing: "[info] Web socket compression: the service declined it, going on without")
        #expect(destination.process.count(linesWith: "compression") == 0)
        #expect(stage.tunneld.process.count(linesWith: "permessage-deflate") == 0)
        let text = Self.text(1_000_000)
        let before = detours[0].carriedByteCount
        try exchange(text, over: source)
        #expect(detours[0].carriedByteCount - before > 2_000_000)
      }
    }

    @Test("Nothing is offered without the setting; each end of a tunnel agrees for itself")
    func isOffByDefault() throws {
      try withProxies(
        tunneld: ["--compression"], source: Self.on, destination: [:], server: Self.echo
      ) { stage, source, destination, detours in
        let text = Self.text(1_000_000)
        let before = detours.map(\.carriedByteCount)
        try exchange(text, over: source)
        let wire = zip(detours, before).map { $0.carriedByteCount - $1 }
        #expect(wire[0] < 500_000 && wire[1] > 2_000_000, "\(wire) bytes")
        #expect(destination.process.count(linesWith: "compression") == 0)
        #expect(stage.tunneld.process.count(linesWith: "permessage-deflate") == 1)
      }
    }

    @Test("The settings' windows are what is agreed on", arguments: [9, 15])
    func agreesOnWindows(bits: Int) throws {
      let settings = [
        "websocket.compression": "true", "websocket.compression_window_bits": "\(bits)",
        "websocket.compression_memory_level": bits == 9 ? "1" : "9",
      ]
      try withProxies(
        tunneld: ["--compression"], source: settings, destination: Self.on, server: Self.echo
      ) { _, source, _, detours in
        let parameters =
          bits == 15 ? "" : "; server_max_window_bits=\(bits); client_max_window_bits=\(bits)"
        try source.process.waitForLine(
          containing: "[info] Web socket compression: permessage-deflate\(parameters)")
        let text = Self.text(1_000_000)
        let before = detours[0].carriedByteCount
        try exchange(text, over: source)
        #expect(detours[0].carriedByteCount - before < 1_000_000)
      }
    }

    @Test("The static programs compress as well")
    func worksStatic() throws {
      let scratch = try ScratchDirectory()
      let path = scratch.file("settings.json")
      try #"{"tunneling": {"proxy": {"websocket": {"compression": true}}}}"#.write(
        toFile: path, atomically: false, encoding: .utf8)
      let server = try Server(handler: Self.echo)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.linkage = .static
      setup.tunneldArguments = ["--compression"]
      setup.proxyArguments = ["--settings-json", path]
      try withTunnel(setup) { tunnel in
        try exchange(Self.text(1_000_000), over: tunnel.source)
        try tunnel.source.process.waitForLine(containing: "Web socket compression: permessage")
      }
    }
  }
}
