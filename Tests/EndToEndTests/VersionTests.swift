import Foundation
import Testing

extension EndToEnd {
  /// Versions 1 to 3 of the tunnel's protocol, the other end being played message by message.
  @Suite("Versions")
  struct Versions {
    /// An end that knows one connection at a time: the ids it has in its messages.
    struct Old: CustomTestStringConvertible, Sendable {
      let version: Int
      /// The tunnel's services.
      let services: [String]
      /// What its messages name.
      var id: String? { version == 1 ? nil : services.first }
      var name: String { "V\(version)" }

      var testDescription: String { "\(name), services \(services)" }
    }

    private static let olds = [
      Old(version: 1, services: []), Old(version: 1, services: ["SSH1"]),
      Old(version: 2, services: ["SSH1"]), Old(version: 2, services: ["HTTP1", "SSH1"]),
    ]

    private static let replacing = ["tcp.second_client": "replace"]

    /// What a service of version 2 and up begins with.
    private func greeting(_ old: Old) -> [RawMessage] {
      old.version == 1 ? [] : [.services(old.services)]
    }

    // MARK: A source

    @Test(
      "-y V1, -y V2: a source sends the ids that version has, and one connection at a time",
      arguments: olds)
    func oldDestination(old: Old) throws {
      try withStage(old.services) { stage in
        let source = try stage.source(["-y", old.name], settings: Self.replacing)
        let peer = try stage.rawDestination(version: old.version)
        for expected in greeting(old) { try peer.expect(expected) }
        let key = old.services.first ?? ""
        let id = old.id

        let first = try source.connect(to: key)
        try peer.expect(RawMessage(.streamStart, 1, service: id).marked)
        try first.send("up")
        try peer.expect(RawMessage(.data, 1, "up", service: id))
        try peer.send(RawMessage(.data, 1, "down", service: id))
        #expect(try first.receiveText(4) == "down")

        var second: Socket? = try source.connect(to: key)
        try peer.expect(RawMessage(.streamReset, 1, service: id))
        try peer.expect(RawMessage(.streamStart, 2, service: id).marked)
        #expect(first.isClosedByPeer(within: 20))
        // What the old stream still has to say is for nobody.
        try peer.send(
          RawMessage(.data, 1, "stale", service: id), RawMessage(.data, 2, "fresh", service: id))
        #expect(try second?.receiveText(5) == "fresh")

        second = nil
        try peer.expect(RawMessage(.streamReset, 2, service: id).marked)
        let third = try source.connect(to: key)
        try peer.expect(RawMessage(.streamStart, 3, service: id).marked)
        try peer.send(
          RawMessage(.data, 3, "bye", service: id), RawMessage(.streamReset, 3, service: id))
        #expect(try third.receiveText() == "bye")
        #expect(source.process.count(linesWith: "[warning]", "--destination-client-type") == 0)
      }
    }

    @Test("-y V2: the services' streams are apart")
    func twoServicesOfVersion2() throws {
      try withStage(["HTTP1", "SSH1"]) { stage in
        let source = try stage.source(
          ["--destination-client-type", "V2"], settings: Self.replacing)
        let peer = try stage.rawDestination(version: 2)
        try peer.expect(.services(["HTTP1", "SSH1"]))
        let web = try source.connect(to: "HTTP1")
        try peer.expect(RawMessage(.streamStart, 1, service: "HTTP1").marked)
        let shell = try source.connect(to: "SSH1")
        try peer.expect(RawMessage(.streamStart, 2, service: "SSH1").marked)
        let newShell = try source.connect(to: "SSH1")
        try peer.expect(RawMessage(.streamReset, 2, service: "SSH1"))
        try peer.expect(RawMessage(.streamStart, 3, service: "SSH1").marked)
        #expect(shell.isClosedByPeer(within: 20))
        try peer.send(
          RawMessage(.data, 1, "web", service: "HTTP1"),
          RawMessage(.data, 3, "shell", service: "SSH1"))
        #expect(try web.receiveText(3) == "web")
        #expect(try newShell.receiveText(5) == "shell")
        try web.send("still here")
        try peer.expect(RawMessage(.data, 1, "still here", service: "HTTP1"))
      }
    }

    @Test("A source numbers the connections of a stream (V3), and begins anew after a reset")
    func newDestination() throws {
      try withStage { stage in
        let source = try stage.source()
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        let first = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1", connection: 1).marked)
        let second = try source.connect()
        try peer.expect(RawMessage(.connectionStart, 1, service: "SSH1", connection: 2))
        try peer.send(
          RawMessage(.data, 1, "two", service: "SSH1", connection: 2),
          RawMessage(.data, 1, "one", service: "SSH1", connection: 1),
          RawMessage(.connectionReset, 1, service: "SSH1", connection: 2))
        #expect(try second.receiveText() == "two")
        #expect(try first.receiveText(3) == "one")
        try first.send("on")
        try peer.expect(RawMessage(.data, 1, "on", service: "SSH1", connection: 1))
        try peer.send(RawMessage(.streamReset, 1, service: "SSH1"))
        #expect(first.isClosedByPeer(within: 20))
        _ = try source.connect()
        try peer.expect(RawMessage(.streamStart, 2, service: "SSH1", connection: 1).marked)
      }
    }

    @Test("A destination that was restarted: the source begins a new stream, an open client or not")
    func restartedDestination() throws {
      try withStage { stage in
        let source = try stage.source()
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        let first = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1", connection: 1).marked)
        try peer.send(RawMessage(.data, 1, "one", service: "SSH1", connection: 1))
        #expect(try first.receiveText(3) == "one")
        // One of this program says that it does not know the stream.
        let second = try source.connect()
        try peer.expect(RawMessage(.connectionStart, 1, service: "SSH1", connection: 2))
        try peer.send(
          RawMessage(.connectionReset, 1, service: "SSH1", connection: 2).ignorable)
        #expect(second.isClosedByPeer(within: 20) && first.isClosedByPeer(within: 20))
        let third = try source.connect()
        try peer.expect(RawMessage(.streamStart, 2, service: "SSH1", connection: 1).marked)
        try peer.send(RawMessage(.data, 2, "two", service: "SSH1", connection: 1))
        #expect(try third.receiveText(3) == "two")
        // Refusals, however many, cost nobody else anything.
        for connection in 2...UInt32(12) {
          let refused = try source.connect()
          try peer.expect(
            RawMessage(.connectionStart, 2, service: "SSH1", connection: connection))
          try peer.send(
            RawMessage(.connectionReset, 2, service: "SSH1", connection: connection))
          #expect(refused.isClosedByPeer(within: 20))
        }
        try peer.send(RawMessage(.data, 2, "still here", service: "SSH1", connection: 1))
        #expect(try third.receiveText(10) == "still here")
        try third.send("so am I")
        try peer.expect(RawMessage(.data, 2, "so am I", service: "SSH1", connection: 1))
        #expect(source.process.count(linesWith: "[warning]", "as after a restart") == 1)
      }
    }

    @Test("Streams begin at random, and stay in the range that every client library can answer")
    func streamNumbers() throws {
      var firsts: [Int32] = []
      for _ in 0..<3 {
        try withStage { stage in
          let source = try stage.source(["-y", "V2"], settings: Self.replacing)
          let peer = try stage.rawDestination(version: 2)
          try peer.expect(.services(["SSH1"]))
          let clients = [try source.connect(), try source.connect()]
          while peer.wireStreamIDs.count < 2 { _ = try peer.next() }
          let ids = peer.wireStreamIDs
          #expect(ids.allSatisfy { (1...268_435_455).contains($0) })
          #expect(ids[1] == ids[0] % 268_435_455 + 1)
          firsts.append(ids[0])
          withExtendedLifetime(clients) {}
        }
      }
      #expect(Set(firsts).count == 3, "\(firsts)")
    }

    @Test("A second client of a V2 destination waits until the first one has ended, and says so")
    func secondClientWaits() throws {
      try withStage { stage in
        let source = try stage.source(["-y", "V2"])
        let peer = try stage.rawDestination(version: 2)
        try peer.expect(.services(["SSH1"]))
        var first: Socket? = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1").marked)
        try first?.send("one")
        try peer.expect(RawMessage(.data, 1, "one", service: "SSH1"))
        let second = try source.connect()
        try second.send("two")
        try source.process.waitForLine(
          containing: "[warning]", "one connection at a time (protocol V2)", "waits for its end")
        try peer.expectSilence(for: 1)
        first = nil
        try peer.expect(RawMessage(.streamReset, 1, service: "SSH1").marked)
        try peer.expect(RawMessage(.streamStart, 2, service: "SSH1").marked)
        try peer.expect(RawMessage(.data, 2, "two", service: "SSH1"))
        try peer.send(RawMessage(.data, 2, "answer", service: "SSH1"))
        #expect(try second.receiveText(6) == "answer")
      }
    }

    @Test("A destination that never says anything, as a device client to a V3 source: a hint")
    func silentDestination() throws {
      try withStage { stage in
        let source = try stage.source()
        let peer = try stage.rawDestination(version: 1)
        let client = try source.connect()
        try client.send("SSH-2.0-client\r\n")
        try source.process.waitForLine(
          containing: "[warning]", "nothing came back within 5000 ms", "'-y V1'")
        withExtendedLifetime(peer) {}
      }
    }

    @Test(
      "A destination that turns out to be older is followed, and one warning says which option helps",
      arguments: [olds[1], olds[2]])
    func olderDestination(old: Old) throws {
      try withStage(old.services) { stage in
        let source = try stage.source(settings: Self.replacing)
        let peer = try stage.rawDestination(version: old.version)
        for expected in greeting(old) { try peer.expect(expected) }
        let first = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1", connection: 1).marked)
        try peer.send(RawMessage(.data, 1, "hello", service: old.id))
        #expect(try first.receiveText(5) == "hello")
        try source.process.waitForLine(
          containing: "[warning]", "--destination-client-type \(old.name)")
        // What was begun with a service id goes on with it, or the service would end the WebSocket; an older
        // destination disregards the field.
        try first.send("up")
        try peer.expect(RawMessage(.data, 1, "up", service: "SSH1"))

        let second = try source.connect()
        try peer.expect(RawMessage(.streamReset, 1, service: "SSH1"))
        try peer.expect(RawMessage(.streamStart, 2, service: "SSH1").marked)
        #expect(first.isClosedByPeer(within: 20))
        try peer.send(RawMessage(.data, 2, "again", service: old.id))
        #expect(try second.receiveText(5) == "again")
        #expect(source.process.count(linesWith: "--destination-client-type") == 1)
      }
    }

    @Test("A destination that turns out to be newer than -y says is named once")
    func newerDestination() throws {
      try withStage { stage in
        let source = try stage.source(["-y", "V2"])
        let peer = try stage.rawDestination(version: 3)
        try peer.expect(.services(["SSH1"]))
        let client = try source.connect()
        try peer.expect(RawMessage(.streamStart, 1, service: "SSH1").marked)
        try peer.send(
          RawMessage(.data, 1, "new", service: "SSH1", connection: 1),
          RawMessage(.data, 1, "er", service: "SSH1", connection: 1))
        #expect(try client.receiveText(5) == "newer")
        try source.process.waitForLine(
          containing: "[warning]", "leave out '--destination-client-type'")
        #expect(source.process.count(linesWith: "--destination-client-type") == 1)
      }
    }

    // MARK: A destination

    @Test("A destination does as its source: V1 and V2 have one connection", arguments: olds)
    func oldSource(old: Old) throws {
      let server = try Server { socket in
        let word = try socket.receiveText(3)
        try socket.send(word.uppercased())
        if word == "end" { return }
        _ = try? socket.receiveToEnd()
      }
      defer { server.stop() }
      // Of several services each must have a server, and the old source names the first.
      let keys = old.services.isEmpty ? [""] : old.services
      try withStage(old.services) { stage in
        _ = try stage.destination(
          Dictionary(uniqueKeysWithValues: keys.map { ($0, server.port) }))
        let peer = try stage.rawSource(version: old.version)
        for expected in greeting(old) { try peer.expect(expected) }
        let id = old.id
        try peer.send(
          RawMessage(.streamStart, 1, service: id), RawMessage(.data, 1, "one", service: id))
        try peer.expect(RawMessage(.data, 1, "ONE", service: id))
        // A new stream takes the place of the old one.
        try peer.send(
          RawMessage(.streamStart, 2, service: id), RawMessage(.data, 2, "two", service: id))
        try peer.expect(RawMessage(.data, 2, "TWO", service: id))
        try eventually(within: 20, "the end of the first connection") { server.openCount == 1 }
        #expect(server.acceptedCount == 2)
        // A reset ends it.
        try peer.send(RawMessage(.streamReset, 2, service: id))
        try eventually(within: 20, "the end of the second connection") { server.openCount == 0 }
        // The server's end is a reset of the stream.
        try peer.send(
          RawMessage(.streamStart, 3, service: id), RawMessage(.data, 3, "end", service: id))
        try peer.expect(RawMessage(.data, 3, "END", service: id))
        try peer.expect(RawMessage(.streamReset, 3, service: id))
      }
    }

    @Test("A server that refuses is a STREAM_RESET for an old source", arguments: olds)
    func oldSourceRefused(old: Old) throws {
      let port = try Server.unusedPort()
      let keys = old.services.isEmpty ? [""] : old.services
      try withStage(old.services) { stage in
        _ = try stage.destination(
          Dictionary(uniqueKeysWithValues: keys.map { ($0, port) }),
          settings: ["tcp.connection_retry_count": "0"])
        let peer = try stage.rawSource(version: old.version)
        for expected in greeting(old) { try peer.expect(expected) }
        try peer.send(RawMessage(.streamStart, 1, service: old.id))
        try peer.expect(RawMessage(.streamReset, 1, service: old.id))
      }
    }

    @Test("A destination serves the connections of a V3 source, and refuses the ones it cannot")
    func newSource() throws {
      let server = try Server { socket in
        try socket.send(socket.receiveText(3).uppercased())
        _ = try? socket.receiveToEnd()
      }
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let peer = try stage.rawSource(version: 3)
        func message(_ kind: RawMessage.Kind, _ connection: UInt32, _ text: String? = nil)
          -> RawMessage
        { RawMessage(kind, 1, text, service: "SSH1", connection: connection) }
        try peer.expect(.services(["SSH1"]))
        // Of this stream it knows nothing, as after a restart.
        try peer.send(message(.connectionStart, 7))
        try peer.expect(message(.connectionReset, 7).ignorable)
        try peer.send(message(.streamStart, 1), message(.data, 1, "one"))
        try peer.expect(message(.data, 1, "ONE"))
        try peer.send(message(.connectionStart, 2), message(.data, 2, "two"))
        try peer.expect(message(.data, 2, "TWO"))
        try peer.send(message(.connectionStart, 2))
        try peer.expect(message(.connectionReset, 2))
        try peer.send(message(.connectionReset, 1))
        try eventually(within: 20, "the end of the first connection") { server.openCount == 1 }
        try peer.send(RawMessage(.streamReset, 1, service: "SSH1"))
        try eventually(within: 20, "the end of the stream") { server.openCount == 0 }
      }
    }

    @Test("A source that names no service, where there are several, is warned of once")
    func olderSource() throws {
      try withStage(["HTTP1", "SSH1"]) { stage in
        let destination = try stage.destination(["HTTP1": 9, "SSH1": 9])
        let peer = try stage.rawSource(version: 1)
        try peer.send(RawMessage(.streamStart, 1), RawMessage(.streamStart, 2))
        try destination.process.waitForLine(containing: "[warning]", "the source names no service")
        #expect(destination.process.count(linesWith: "the source names no service") == 1)
      }
    }

    @Test("A source that is newer than the destination may be is named once")
    func newerSource() throws {
      try withStage { stage in
        let destination = try stage.destination(
          ["SSH1": 9], settings: ["websocket.subprotocol": "aws.iot.securetunneling-2.0"])
        let peer = try stage.rawSource(version: 3)
        try peer.expect(.services(["SSH1"]))
        try peer.send(
          RawMessage(.streamStart, 1, service: "SSH1", connection: 1),
          RawMessage(.streamStart, 2, service: "SSH1", connection: 1))
        try destination.process.waitForLine(
          containing: "[warning]", "the source knows a newer protocol", "websocket.subprotocol")
        #expect(destination.process.count(linesWith: "the source knows a newer protocol") == 1)
      }
    }

    // MARK: Both ours

    @Test("Our two ends carry data in every version", arguments: ["V1", "V2", "V3"])
    func both(version: String) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(["-y", version], settings: Self.replacing)
        let exchange = Exchange(seed: 5, upload: 3_000_000, download: 3_000_000)
        try exchange.runAsClient(over: source.connect())
        let open = try source.connect()
        try eventually(within: 20, "a connection") { server.openCount == 1 }
        try exchange.runAsClient(over: source.connect())
        if version == "V3" {
          try exchange.runAsClient(over: open)
        } else {
          #expect(open.isClosedByPeer(within: 20))
        }
        #expect(server.failures.isEmpty)
      }
    }

    /// What the two ends of a tunnel have as `websocket.subprotocol`.
    struct Subprotocols: CustomTestStringConvertible, Sendable {
      let source: Int
      let destination: Int
      var testDescription: String { "source -\(source).0, destination -\(destination).0" }
    }

    @Test(
      "The service joins ends of different subprotocols, and -1.0 waits for no list of services",
      arguments: [(1, 1), (1, 3), (3, 1), (2, 2), (2, 3), (3, 2)].map {
        Subprotocols(source: $0.0, destination: $0.1)
      })
    func subprotocols(_ versions: Subprotocols) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      func setting(_ version: Int) -> [String: String] {
        ["websocket.subprotocol": "aws.iot.securetunneling-\(version).0"]
      }
      try withStage { stage in
        // What the user calls the service of a -1.0 WebSocket is of no consequence.
        let destination = try stage.destination(
          [versions.destination == 1 ? "" : "SSH1": server.port], ["-v", "5"],
          settings: setting(versions.destination))
        let name = versions.source == 1 ? "" : "SSH1"
        // An end of version 1 knows no service ids, so the source must not send any.
        let source = try stage.source(
          ["-v", "5"] + (versions.destination == 1 ? ["-y", "V1"] : []),
          settings: setting(versions.source), services: [name])
        for (process, version) in [
          (source.process, versions.source), (destination.process, versions.destination),
        ] {
          try process.waitForLine(
            containing: "subprotocol selected: aws.iot.securetunneling-\(version).0")
        }
        try source.check(name)
        try source.check(name)
        #expect(server.failures.isEmpty)
      }
    }

    @Test("A list of services that does not come is an error after the time-out, and a new attempt")
    func missingServiceIDs() throws {
      try withStage(tunneld: ["--fault", "no-service-ids"]) { stage in
        let settings = [
          "websocket.handshake_timeout_ms": "500", "websocket.retry_delay_ms": "50",
          "websocket.connect_retry_count": "2",
        ]
        let process = try stage.start(.source, settings: settings)
        try process.waitForLine(
          containing: "[error]", "no list of services", "500 ms", "trying again in")
        #expect(try process.waitForExit(within: 20) == .status(4))
        #expect(process.count(linesWith: "Web socket session ID:") == 3)
        #expect(process.count(linesWith: "[fatal]", "no list of services") == 1)
      }
    }

    @Test("A WebSocket of version 1 needs no list of services")
    func needsNoServiceIDs() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage(tunneld: ["--fault", "no-service-ids"]) { stage in
        let setting = ["websocket.subprotocol": "aws.iot.securetunneling-1.0"]
        _ = try stage.destination(["": server.port], settings: setting)
        let source = try stage.source(settings: setting, services: [""])
        try source.check("")
      }
    }
  }
}
