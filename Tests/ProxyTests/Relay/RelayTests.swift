import Basics
import Reactor
import Testing

@testable import Proxy

/// A relay between a scripted tunnel and scripted local sockets.
private final class RelayHarness {
  let tunnel = ScriptedStream()
  let network: Reactor
  let relay: Relay

  init(_ role: TunnelRole, settings: Settings = Settings()) throws {
    network = try Reactor()
    let link = TunnelLink(
      network: network, stream: tunnel, role: .client, early: [], log: Log(level: .off))
    relay = Relay(
      network: network, link: link, role: role, mappings: ["A"],
      targets: [.network(Endpoint(host: "127.0.0.1", port: 9))], localAddress: nil, lastStreamIDs: [:],
      settings: settings, log: Log(level: .off))
    link.start(pingPeriod: nil)
    arrive(MessageHeader.serviceIDs(["A"]))
  }

  func accept() throws -> ScriptedStream {
    let local = ScriptedStream()
    let peer = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    relay.accept(local, service: 0, from: peer)
    return local
  }

  func arrive(_ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = []) {
    arrive(Self.encode(type, stream: stream, connection: connection, payload))
  }

  static func encode(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let header = MessageHeader(
      type, streamID: stream, serviceID: Array("A".utf8), connectionID: connection)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return Array(bytes[start...])
  }

  /// Messages in one frame.
  func arrive(_ messages: [UInt8]) {
    tunnel.arrive(CollectedFrame(opcode: .binary, payload: messages).octets(to: .client))
  }

  struct Sent: Equatable {
    let type: MessageType?
    let streamID: Int32
    let connectionID: UInt32
  }

  /// The messages that went into the tunnel.
  var sent: [Sent] {
    var collector = FrameCollector(role: .server)
    collector.feed(tunnel.outbox)
    let bytes = collector.frames.flatMap { $0.payload }
    return (LinkHarness.split(bytes) ?? []).compactMap { encoded in
      (try? Message.parse(encoded.span)).map {
        Sent(type: $0.type, streamID: $0.streamID, connectionID: $0.connectionID)
      }
    }
  }

  /// The tunnel takes nothing until `becomeWritable`.
  func fill() { tunnel.unsentByteCount = 1 << 20 }
}

@Suite("Relay")
struct RelayTests {
  @Test("what is queued for a connection that is over says nothing in its successor's name")
  func forgetsQueuedStart() throws {
    let harness = try RelayHarness(.source)
    let first = try harness.accept()
    harness.fill()
    let second = try harness.accept()
    harness.arrive(.streamReset, stream: 1, connection: 0)
    #expect(first.hasFinishedSending && second.hasFinishedSending)
    _ = try harness.accept()
    harness.tunnel.becomeWritable()
    #expect(
      harness.sent == [
        .init(type: .streamStart, streamID: 1, connectionID: 1),
        .init(type: .streamStart, streamID: 2, connectionID: 1),
      ])
  }

  @Test("a refusal waits for room and does not hold the tunnel meanwhile")
  func queuesRefusals() throws {
    let harness = try RelayHarness(.destination)
    harness.fill()
    for connection in 1...UInt32(3) {
      harness.arrive(.connectionStart, stream: 9, connection: connection)
    }
    #expect(harness.sent.isEmpty && harness.tunnel.interest.contains(.readable))
    harness.tunnel.becomeWritable()
    #expect(
      harness.sent
        == (1...3).map { .init(type: .connectionReset, streamID: 9, connectionID: $0) })
  }

  @Test("too many refusals stop the tunnel until there is room again, and none is lost")
  func boundsRefusals() throws {
    let harness = try RelayHarness(.destination)
    harness.fill()
    for connection in 1...UInt32(100) {
      harness.arrive(.connectionStart, stream: 9, connection: connection)
    }
    #expect(!harness.tunnel.interest.contains(.readable))
    harness.tunnel.becomeWritable()
    harness.tunnel.goOn()
    harness.tunnel.becomeWritable()
    #expect(harness.tunnel.interest.contains(.readable))
    #expect(harness.sent.count == 100)
  }

  @Test("what comes with the peer's reset, when the tunnel is read on, is delivered to the end")
  func drainsAfterCongestion() throws {
    var settings = Settings()
    settings.connectionPendingMax = 4 * 1024
    let harness = try RelayHarness(.source, settings: settings)
    let local = try harness.accept()
    local.takesBytes = false
    // The first stops the tunnel; the link holds the rest.
    harness.arrive(
      RelayHarness.encode(
        .data, stream: 1, connection: 1, [UInt8](repeating: 1, count: 5 * 1024))
        + RelayHarness.encode(
          .data, stream: 1, connection: 1, [UInt8](repeating: 2, count: 3 * 1024))
        + RelayHarness.encode(.connectionReset, stream: 1, connection: 1))
    #expect(!harness.tunnel.interest.contains(.readable))
    local.takesBytes = true
    local.takenByteCounts = [5 * 1024, 1_000]
    local.becomeWritable()
    #expect(local.outbox.count == 6_120 && !local.hasFinishedSending)
    local.becomeWritable()
    #expect(local.outbox.count == 8 * 1024 && local.hasFinishedSending)
  }

  @Test("readers that stall together, each below its own mark, do not hold the tunnel for ever")
  func findsReadersStalledTogether() throws {
    var settings = Settings()
    settings.tunnelPendingMax = 8 * 1024
    settings.stallTimeout = Milliseconds(10)
    settings.loneStallTimeout = Milliseconds(10)
    let harness = try RelayHarness(.source, settings: settings)
    let locals = [try harness.accept(), try harness.accept()]
    for local in locals { local.takesBytes = false }
    for connection in 1...UInt32(2) {
      harness.arrive(
        .data, stream: 1, connection: connection, [UInt8](repeating: 1, count: 5 * 1024))
    }
    #expect(!harness.tunnel.interest.contains(.readable))
    let start = harness.network.now
    while !harness.tunnel.interest.contains(.readable) {
      try #require(harness.network.now < start + Milliseconds(20_000), "held for ever")
      try harness.network.turn(waitMax: Milliseconds(50))
    }
    #expect(locals.contains { $0.isClosed })
  }
}
