import Foundation
import Testing

extension EndToEnd {
  @Suite("Connections")
  struct Connections {
    @Test("A server that is down costs its own client only, until it is up again")
    func serverDown() throws {
      let healthy = try Server(handler: Exchange.serve)
      defer { healthy.stop() }
      let port = try Server.unusedPort()
      var setup = Tunnel.Setup(["HTTP1": healthy])
      setup.servers["SSH1"] = "127.0.0.1:\(port)"
      try withTunnel(setup) { tunnel in
        let bystander = try tunnel.connect(to: "HTTP1")
        #expect(try tunnel.connect(to: "SSH1").isClosedByPeer(within: 20))
        try Exchange(seed: 1, upload: 100_000, download: 100_000).runAsClient(over: bystander)
        try tunnel.check("HTTP1")
        let revived = try Server(port: port, handler: Exchange.serve)
        defer { revived.stop() }
        try tunnel.check("SSH1")
        for process in tunnel.processes { #expect(process.isRunning, "\(process.name)") }
      }
    }

    @Test("A refused connection leaves the others of its service alone")
    func refusedBesideOpen() throws {
      try withTunnel { tunnel, server in
        let open = try tunnel.connect()
        try eventually(within: 20, "the first connection") { server.openCount == 1 }
        server.stopListening()
        #expect(try tunnel.connect().isClosedByPeer(within: 20))
        try Exchange(seed: 2, upload: 100_000, download: 100_000).runAsClient(over: open)
      }
    }

    @Test("The 129th connection is refused; one that ends makes room for another")
    func connectionLimit() throws {
      try withTunnel { tunnel, server in
        var open = try (0..<128).map { _ in try tunnel.connect() }
        try eventually(within: 20, "128 connections at the server") { server.openCount == 128 }
        #expect(try tunnel.connect().isClosedByPeer(within: 10))
        try Exchange(seed: 2, upload: 10, download: 10).runAsClient(over: open.removeLast())
        try eventually(within: 20, "room for one more") { (try? tunnel.check()) != nil }
        try Exchange(seed: 3, upload: 10_000, download: 10_000).runAsClient(over: open[0])
      }
    }

    @Test("500 connections in sequence leave no descriptor behind")
    func descriptors() throws {
      try withTunnel { tunnel, server in
        try tunnel.check()
        try eventually(within: 10, "the first end") { server.openCount == 0 }
        usleep(200_000)
        let initial = try tunnel.processes.map { try $0.descriptorCount() }
        for seed in 0..<500 {
          try Exchange(seed: UInt32(seed), upload: 100, download: 100).runAsClient(
            over: tunnel.connect())
        }
        try eventually(within: 20, "the initial descriptor counts \(initial)") {
          try tunnel.processes.map { try $0.descriptorCount() } == initial
        }
        #expect(server.acceptedCount == 501)
      }
    }

    @Test("Killed clients close their connections at the server, and only those")
    func killedClients() throws {
      let server = try Server { socket in
        // Speaks without end, until the client is gone.
        while true {
          try Pattern(seed: 1).withBytes(at: 0, countMax: 1 << 16) { try socket.send($0) }
        }
      }
      let other = try Server(handler: Exchange.serve)
      defer {
        server.stop()
        other.stop()
      }
      try withTunnel(Tunnel.Setup(["HTTP1": server, "SSH1": other])) { tunnel in
        let proxies = [tunnel.destination.process, tunnel.source.process]
        try tunnel.check("SSH1")
        // What the check has left is still being closed.
        var initial: [Int] = []
        try eventually(within: 20, "descriptor counts that stay") {
          let before = initial
          initial = try proxies.map { try $0.descriptorCount() }
          usleep(300_000)
          return initial == before
        }
        let bystander = try tunnel.connect(to: "SSH1")
        let command = "exec nc 127.0.0.1 \(tunnel.source.ports["HTTP1"]!) >/dev/null"
        let clients = try (0..<5).map {
          try ChildProcess("sh", ["-c", command], name: "nc\($0)", in: tunnel.scratch)
        }
        try eventually(within: 20, "5 downloads") { server.openCount == 5 }
        usleep(300_000)
        for client in clients {
          client.send(SIGKILL)
          #expect(try client.waitForExit(within: 10) == .signal(SIGKILL))
        }
        try eventually(within: 20, "the end of the killed downloads") { server.openCount == 0 }
        try Exchange(seed: 4, upload: 100_000, download: 100_000).runAsClient(over: bystander)
        try eventually(within: 20, "the initial descriptor counts \(initial)") {
          try proxies.map { try $0.descriptorCount() } == initial
        }
        #expect(other.failures.isEmpty)
      }
    }
  }
}
