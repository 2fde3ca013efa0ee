import Foundation
import Testing

extension EndToEnd {
  @Suite("Traffic")
  struct Traffic {
    @Test("Both directions carry bytes", arguments: Linkage.allCases)
    func bothDirections(linkage: Linkage) throws {
      let server = try Server { socket in
        let question = try socket.receive(exactly: 9)
        try socket.send(String(decoding: question, as: UTF8.self).uppercased())
      }
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.linkage = linkage
      try withTunnel(setup) { tunnel in
        let client = try tunnel.connect()
        try client.send("who's it?")
        #expect(try client.receiveText() == "WHO'S IT?")
      }
    }

    @Test(
      "A destination takes every form of address",
      arguments: ["PORT", "127.0.0.1:PORT", "localhost:PORT"]
        + (Server.hasIPv6 ? ["[::1]:PORT"] : []))
    func addressForms(form: String) throws {
      let server = try Server(isIPv6: form.hasPrefix("["), handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup([:])
      setup.servers["SSH1"] = form.replacingOccurrences(of: "PORT", with: "\(server.port)")
      try withTunnel(setup) { try $0.check() }
    }

    @Test("A tunnel without services serves its one mapping")
    func noServiceNames() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withTunnel(Tunnel.Setup(["": server])) { tunnel in
        try tunnel.check("")
        try tunnel.check("")
      }
    }

    @Test("A silent client hears a server that speaks first")
    func serverSpeaksFirst() throws {
      let server = try Server { try $0.send("SSH-2.0-greeting\r\n") }
      defer { server.stop() }
      try withTunnel(Tunnel.Setup(["SSH1": server])) { tunnel in
        let heard = try tunnel.connect().receiveText()
        #expect(heard == "SSH-2.0-greeting\r\n")
      }
    }

    /// Unpaced, each round trip waits for megabytes in the buffers on the way: 15 s.
    @Test(
      "Beside an upload over a slow link a small message goes there and back soon",
      arguments: [0, 100_000])
    func paced(limit: Int) throws {
      let server = try Server { socket in
        if try socket.receiveText(1) == "u" {
          _ = try socket.receiveToEnd()
        } else {
          for _ in 0..<40 { try socket.send(socket.receiveText(64)) }
        }
      }
      defer { server.stop() }
      try withStage(tunneld: ["--bandwidth", "100000", "--latency", "20"]) { stage in
        let settings = ["tunnel.bandwidth_limit": "\(limit)"]
        _ = try stage.destination(["SSH1": server.port], settings: settings)
        let source = try stage.source(settings: settings)
        let upload = try source.connect()
        try upload.send("u")
        let sender = Background {
          let block = String(repeating: "x", count: 65_536)
          while true { try upload.send(block) }
        }
        defer {
          upload.interrupt()
          _ = try? sender.wait()
        }
        sleep(3)
        let client = try source.connect()
        try client.send("e")
        let start = Date()
        for _ in 0..<40 {
          try client.send(String(repeating: "k", count: 64))
          _ = try client.receiveText(64)
        }
        #expect(Date().timeIntervalSince(start) < 60)
      }
    }

    @Test("Three services carry traffic at once, each its own")
    func threeServices() throws {
      let names = ["HTTP1", "RDP1", "SSH1"]
      let servers = try names.map { _ in try Server(handler: Exchange.serve) }
      defer { for server in servers { server.stop() } }
      let setup = Tunnel.Setup(Dictionary(uniqueKeysWithValues: zip(names, servers)))
      try withTunnel(setup) { tunnel in
        try concurrently(6) { index in
          let exchange = Exchange(seed: UInt32(index), upload: 5 << 20, download: 5 << 20)
          try exchange.runAsClient(over: tunnel.connect(to: names[index % 3]))
        }
        for server in servers {
          #expect(server.acceptedCount == 2)
          #expect(server.failures.isEmpty)
        }
      }
    }

    /// Which ways the bytes of one connection go. The client says so with the first letter.
    enum Direction: String, CaseIterable, CustomTestStringConvertible {
      case up, down, both

      var letter: [UInt8] { Array(rawValue.utf8.prefix(1)) }
      var testDescription: String { rawValue }
    }

    @Test("200 MB arrive with the same SHA-256", arguments: Direction.allCases)
    func hashes(direction: Direction) throws {
      let scratch = try ScratchDirectory()
      let file = try RandomFile("data", byteCount: 200_000_000, in: scratch)
      // The server ends the connection when it has all, for the tunnel cannot end one direction alone.
      let server = try Server { socket in
        let wish = try socket.receive(exactly: 1)
        let sending = Background { if wish != Direction.up.letter { try file.send(over: socket) } }
        if wish != Direction.down.letter { try file.checkArrival(over: socket, name: "upload") }
        try sending.wait()
      }
      defer { server.stop() }
      try withTunnel(Tunnel.Setup(["SSH1": server])) { tunnel in
        let client = try tunnel.connect()
        try direction.letter.withUnsafeBytes(client.send)
        let sending = Background { if direction != .down { try file.send(over: client) } }
        if direction != .up { try file.checkArrival(over: client, name: "download") }
        try sending.wait()
        #expect(try client.receiveToEnd() == 0)
        #expect(server.failures.isEmpty)
      }
    }

    @Test("100 connections opened in one burst each carry 1 MB both ways")
    func burst() throws {
      try withTunnel { tunnel, server in
        let sockets = try (0..<100).map { _ in try tunnel.connect() }
        try concurrently(sockets.count) { index in
          let exchange = Exchange(seed: UInt32(index), upload: 1_000_000, download: 1_000_000)
          try exchange.runAsClient(over: sockets[index])
        }
        #expect(server.acceptedCount == 100)
      }
    }

    @Test("A client that half-closes (nc -N) gets its 10 MB answer whole")
    func halfClose() throws {
      let answer = Pattern(seed: 10)
      let byteCount = 10_000_000
      let server = try Server { socket in
        let request = String(decoding: try socket.receive(exactly: 7), as: UTF8.self)
        guard request == "GET it\n" else { throw Failure("request `\(request)`") }
        // The client's end of stream is long under way when the answer starts.
        usleep(200_000)
        try answer.send(byteCount, over: socket)
      }
      defer { server.stop() }
      try withTunnel(Tunnel.Setup(["SSH1": server])) { tunnel in
        let command = "printf 'GET it\\n' | nc -N 127.0.0.1 \(tunnel.source.ports["SSH1"]!)"
        let client = try ChildProcess("sh", ["-c", command], name: "nc", in: tunnel.scratch)
        #expect(try client.waitForExit(within: 30) == .status(0))
        let received = FileManager.default.contents(atPath: client.outputPath) ?? Data()
        #expect(received.count == byteCount)
        try received.withUnsafeBytes { try answer.check($0, at: 0) }
        #expect(server.failures.isEmpty)
      }
    }

    @Test("An answer that comes before the request has ended arrives whole")
    func earlyAnswer() throws {
      let answer = Pattern(seed: 11)
      let byteCount = 5_000_000
      let server = try Server { socket in
        _ = try socket.receive(exactly: 1)
        try answer.send(byteCount, over: socket)
        socket.finishSending()
        _ = try? socket.receiveToEnd()
      }
      defer { server.stop() }
      try withTunnel(Tunnel.Setup(["SSH1": server])) { tunnel in
        let client = try tunnel.connect()
        try client.send("x")
        // Unread bytes at the proxy when it closes would cost the client what it has not read yet.
        usleep(500_000)
        try client.send("more, while nobody reads it")
        usleep(200_000)
        try answer.receive(byteCount, over: client)
        #expect(try client.receiveToEnd() == 0)
      }
    }

    @Test("Two tunnels of one tunneld stay apart")
    func twoTunnels() throws {
      let scratch = try ScratchDirectory()
      let servers = try (0..<2).map { number in
        try Server { try $0.send("tunnel \(number)") }
      }
      defer { for server in servers { server.stop() } }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], tunnelCount: 2, in: scratch)
      let proxies = try tunneld.tunnels.enumerated().map { number, tokens in
        let destination = try LocalProxy.destination(
          .dynamic, tunneld, token: tokens.destination,
          servers: ["SSH1": "127.0.0.1:\(servers[number].port)"], name: "destination\(number)",
          in: scratch)
        let source = try LocalProxy.source(
          .dynamic, tunneld, token: tokens.source, services: ["SSH1"], name: "source\(number)",
          in: scratch)
        return (destination, source)
      }
      for (number, (_, source)) in proxies.enumerated() {
        let client = try Socket(connectingTo: source.ports["SSH1"]!)
        #expect(try client.receiveText() == "tunnel \(number)")
      }
    }

    @Test("A slow link delays and limits, and loses nothing")
    func slowLink() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.tunneldArguments = ["--bandwidth", "1000000", "--latency", "100"]
      try withTunnel(setup) { tunnel in
        let clock = ContinuousClock()
        let roundTrip = try clock.measure {
          try Exchange(seed: 1, upload: 1, download: 1).runAsClient(over: tunnel.connect())
        }
        #expect(roundTrip >= .milliseconds(100))
        let transfer = try clock.measure {
          try Exchange(seed: 2, upload: 2_000_000, download: 0).runAsClient(over: tunnel.connect())
        }
        #expect(transfer >= .seconds(1))
        #expect(transfer < .seconds(30))
      }
    }
  }
}
