import Basics
import Glibc
import Reactor
import Simulator
import Testing

@testable import Configuration
@testable import Proxy
@testable import Tunnel

/// What a source says of the other end, as far as the protocol can tell.
@Suite("Relay's words for resets")
struct RelayResetTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var role = TunnelRole.source
    var version = ProtocolVersion.v3
    /// What the destination answers with before the reset: nothing, its mark, or a byte of the server's.
    var answers: [[UInt8]?] = []
    var type = MessageType.connectionReset
    /// The reset says that an application made it.
    var isMarked = false
    let line: String
  }

  private static let stream = "service A: the peer reset the stream"
  private static let connection =
    "[warning] service A: the connection from 127.0.0.1:1 was reset by the peer before anything came back: "

  @Test(
    "each reset is said in words for whoever sits there",
    arguments: [
      Case(
        testDescription: "no destination", type: .streamReset,
        line:
          "[warning] \(stream) before anything came back: the destination is not connected to the tunnel"
      ),
      Case(
        testDescription: "no destination, or no server", version: .v2, type: .streamReset,
        line:
          "[warning] \(stream) before anything came back: the destination is not connected to the tunnel, or "
          + "could not connect to its server, which its log then says"),
      Case(
        testDescription: "the destination leaves", answers: [nil, [7]], type: .streamReset,
        line: "[info] \(stream): the destination has left the tunnel, or lost its way to it"),
      Case(
        testDescription: "a stream's one connection ends", version: .v2, answers: [[7]],
        type: .streamReset, line: "[info] \(stream)"),
      Case(
        testDescription: "the server refuses", answers: [nil],
        line: connection
          + "the destination could not connect to its server, or that has ended the connection; "
          + "the destination's log says which"),
      Case(
        testDescription: "the server refuses, at another program's destination",
        line: connection
          + "the destination could not connect to its server, or that has ended the connection; "
          + "the destination's log says which"),
      Case(testDescription: "the server closes", answers: [nil], isMarked: true, line: ""),
      Case(testDescription: "the server resets", answers: [nil, [7]], line: ""),
    ])
  func says(_ example: Case) throws {
    let recorder = LogRecorder()
    var settings = Settings()
    settings.protocolVersion = example.version
    let harness = try RelayHarness(.source, settings: settings, log: recorder.log)
    let client = try harness.accept()
    client.send([1])
    let connection: UInt32 = example.version < .v3 ? 0 : 1
    for answer in example.answers {
      harness.arrive(
        .data, stream: 1, connection: connection, answer ?? [], ignorable: answer == nil)
    }
    let before = recorder.lines.count
    harness.arrive(
      example.type, stream: 1, connection: example.type == .streamReset ? 0 : connection,
      writesIgnorable: example.isMarked)
    let said = recorder.lines.dropFirst(before).filter { $0.contains("reset") }
    let texts = said.map { $0.split(separator: ") ", maxSplits: 1).last.map(String.init) ?? "" }
    #expect(texts == [example.line].filter { !$0.isEmpty })
  }
}

@Suite("Relay")
struct RelayTests {
  @Test("what is queued for a connection that is over says nothing in its successor's name")
  func forgetsQueuedStart() throws {
    let harness = try RelayHarness(.source)
    let first = try harness.accept()
    harness.tunnel.fill()
    let second = try harness.accept()
    harness.arrive(.streamReset, stream: 1, connection: 0)
    #expect(first.isAborted && second.isAborted)
    _ = try harness.accept()
    harness.tunnel.roomLeft = nil
    #expect(
      harness.sent == [
        .init(type: .streamStart, streamID: 1, connectionID: 1),
        .init(type: .streamStart, streamID: 2, connectionID: 1),
      ])
  }

  @Test(
    "a connection that its peer ended keeps its retries, however short the linger is"
  )
  func keepsRetriesOfEndedConnection() throws {
    var settings = RelayHarness.plain
    settings.halfCloseLinger = Milliseconds(1)
    settings.connectionRetryCount = 1
    settings.connectionRetryDelay = Milliseconds(2_500)
    let harness = try RelayHarness(.destination, settings: settings)
    harness.world.errors["127.0.0.1:9"] = SystemError(ECONNREFUSED, "connect")
    harness.arrive(.streamStart, stream: 1, connection: 1)
    harness.arrive(.data, stream: 1, connection: 1, [7])
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    harness.world.advance(2_499)
    #expect(harness.relay.connectionCount == 1 && harness.world.attempts.count == 1)
    harness.world.advance(1)
    #expect(harness.relay.connectionCount == 0 && harness.world.attempts.count == 2)
  }

  @Test("a refusal waits for room and does not hold the tunnel meanwhile")
  func queuesRefusals() throws {
    let harness = try RelayHarness(.destination)
    harness.tunnel.fill()
    for connection in 1...UInt32(3) {
      harness.arrive(.connectionStart, stream: 9, connection: connection)
    }
    #expect(harness.sent.isEmpty && harness.tunnel.interest.contains(.readable))
    harness.tunnel.roomLeft = nil
    #expect(
      harness.sent
        == (1...3).map {
          .init(type: .connectionReset, streamID: 9, connectionID: $0, ignorable: true)
        })
  }

  @Test("too many refusals stop the tunnel until there is room again, and none is lost")
  func boundsRefusals() throws {
    let harness = try RelayHarness(.destination)
    harness.tunnel.fill()
    for connection in 1...UInt32(100) {
      harness.arrive(.connectionStart, stream: 9, connection: connection)
    }
    #expect(!harness.tunnel.interest.contains(.readable))
    harness.tunnel.roomLeft = nil
    #expect(harness.tunnel.interest.contains(.readable))
    #expect(harness.sent.count == 100)
  }

  @Test("what comes with the peer's reset, when the tunnel is read on, is delivered to the end")
  func drainsAfterCongestion() throws {
    var settings = RelayHarness.plain
    settings.connectionPendingMax = 4 * 1024
    let harness = try RelayHarness(.source, settings: settings)
    let local = try harness.accept()
    local.roomLeft = 0
    // The first stops the tunnel; the link holds the rest.
    harness.arrive(
      RelayHarness.encode(
        .data, stream: 1, connection: 1, [UInt8](repeating: 1, count: 5 * 1024))
        + RelayHarness.encode(
          .data, stream: 1, connection: 1, [UInt8](repeating: 2, count: 3 * 1024))
        + RelayHarness.encode(.connectionReset, stream: 1, connection: 1))
    #expect(!harness.tunnel.interest.contains(.readable))
    local.roomLeft = 6_120
    #expect(local.received.count == 6_120 && !local.hasEnded)
    local.roomLeft = nil
    #expect(local.received.count == 8 * 1024 && local.hasEnded)
  }

  @Test("a client that does not take what is pending after the end is reset, not ended")
  func resetsCutClient() throws {
    var settings = RelayHarness.plain
    settings.halfCloseLinger = Milliseconds(10)
    let harness = try RelayHarness(.source, settings: settings)
    let client = try harness.accept()
    client.roomLeft = 0
    harness.arrive(.data, stream: 1, connection: 1, [1, 2, 3])
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    harness.world.advance(20_000)
    #expect(client.isAborted && !client.hasEnded)
  }

  @Test("readers that stall together, each below its own mark, do not hold the tunnel for ever")
  func findsReadersStalledTogether() throws {
    var settings = RelayHarness.plain
    settings.tunnelPendingMax = 8 * 1024
    settings.stallTimeout = Milliseconds(10)
    settings.loneStallTimeout = Milliseconds(10)
    let harness = try RelayHarness(.source, settings: settings)
    let locals = [try harness.accept(), try harness.accept()]
    for local in locals { local.roomLeft = 0 }
    for connection in 1...UInt32(2) {
      harness.arrive(
        .data, stream: 1, connection: connection, [UInt8](repeating: 1, count: 5 * 1024))
    }
    #expect(!harness.tunnel.interest.contains(.readable))
    harness.world.advance(20_000)
    #expect(harness.tunnel.interest.contains(.readable))
    #expect(locals.contains { $0.isClosed })
  }

  @Test("whoever halts for the stall timeout and reads on is not reset; half a second later he is")
  func resetsStalledReaderInTime() throws {
    var settings = RelayHarness.plain
    settings.connectionPendingMax = 4 * 1024
    settings.stallTimeout = Milliseconds(10_000)
    let harness = try Self.stallingHarness(settings)
    let world = harness.world
    let stalled = try harness.accept()
    let live = try harness.accept()
    // The lingering client has the relay look at its connections already, less often.
    let lingering = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 2, [1])
    lingering.roomLeft = 0
    harness.arrive(.data, stream: 1, connection: 3, [1])
    harness.arrive(.connectionReset, stream: 1, connection: 3)
    world.advance(100)
    stall(harness, stalled)
    world.advance(10_200)
    #expect(!stalled.isClosed)
    world.advance(300)
    #expect(stalled.isAborted && !live.isClosed)
    #expect(harness.tunnel.interest.contains(.readable))
  }

  // MARK: Stalls

  private static let stalling: Settings = {
    var settings = RelayHarness.plain
    settings.connectionPendingMax = 4 * 1024
    return settings
  }()

  /// Little of what its clients do not take is in the system's buffers.
  private static func stallingHarness(_ settings: Settings = stalling) throws -> RelayHarness {
    let harness = try RelayHarness(.source, settings: settings)
    harness.world.bufferByteCount = 256
    return harness
  }

  /// So much for connection 1 that the tunnel is not read any more.
  private func stall(_ harness: RelayHarness, _ reader: FarEnd) {
    reader.reads = false
    harness.arrive(.data, stream: 1, connection: 1, [UInt8](repeating: 1, count: 5 * 1024))
    #expect(!harness.tunnel.interest.contains(.readable))
  }

  @Test("what a stalled reader sends does not wind its clock")
  func resetsStalledReaderThatSends() throws {
    let harness = try Self.stallingHarness()
    let world = harness.world
    let stalled = try harness.accept()
    let live = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 2, [1])
    world.advance(60_000)
    live.send([1])
    // A clock that began with the connection, and not with what waits, would reset it at once.
    stall(harness, stalled)
    for _ in 0..<9 {
      world.advance(1_000)
      stalled.send([2])
      #expect(!stalled.isClosed)
    }
    world.advance(1_500)
    #expect(stalled.isAborted && !live.isClosed)
  }

  @Test("a reader that takes a little now and then is not stalled, whatever else happens")
  func sparesSlowReader() throws {
    let harness = try Self.stallingHarness()
    let world = harness.world
    let slow = try harness.accept()
    let live = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 2, [1])
    stall(harness, slow)
    for _ in 2..<20 {
      world.advance(9_000)
      slow.take(1)
      live.send([1])
    }
    #expect(!slow.isClosed)
  }

  @Test(
    "a reader that stalls is alone only where no other connection was in use for a minute, also one that has gone",
    arguments: [true, false])
  func remembersShortConnections(isRecent: Bool) throws {
    let harness = try Self.stallingHarness()
    let world = harness.world
    let stalled = try harness.accept()
    let short = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 2, [1])
    harness.arrive(.connectionReset, stream: 1, connection: 2)
    #expect(short.isClosed && harness.relay.connectionCount == 1)
    if !isRecent { world.advance(61_000) }
    stall(harness, stalled)
    world.advance(11_000)
    #expect(stalled.isAborted == isRecent)
    world.advance(30_000)
    #expect(stalled.isAborted)
  }

  // MARK: Half-closed clients

  @Test(
    "a client that has ended waits for 3 s where its server has never said anything, for 30 s where it has",
    arguments: [(false, Int64(3_000)), (true, Int64(30_000))])
  func lingersByWhatCame(hasSpoken: Bool, milliseconds: Int64) throws {
    let harness = try RelayHarness(.source, settings: RelayHarness.plain)
    let world = harness.world
    let client = try harness.accept()
    client.send([1])
    if hasSpoken { harness.arrive(.data, stream: 1, connection: 1, [1]) }
    client.finish()
    world.advance(milliseconds - 100)
    #expect(!client.isClosed)
    world.advance(2_100)
    #expect(client.isAborted)
    // The client had ended in good order, which is the server's to know.
    #expect(harness.sent.last?.type == .connectionReset)
  }

  // MARK: Silence

  @Test(
    "a service for which nothing at all came back is looked at after 5 s, and only where V1 may be the reason",
    arguments: [ProtocolVersion.v1, .v3], [true, false])
  func notesSilence(version: ProtocolVersion, isSilent: Bool) throws {
    var settings = RelayHarness.plain
    settings.protocolVersion = version
    let recorder = LogRecorder()
    let harness = try RelayHarness(.source, settings: settings, log: recorder.log)
    let world = harness.world
    let client = try harness.accept()
    if !isSilent { harness.arrive(.data, stream: 1, connection: version == .v3 ? 1 : 0, [1]) }
    // A client that has given up meanwhile had the same to complain of.
    client.reset()
    world.advance(4_900)
    #expect(recorder.lines(with: "-y V1").isEmpty)
    world.advance(200)
    _ = try harness.accept()
    world.advance(20_000)
    #expect(recorder.lines(with: "-y V1").count == (isSilent && version == .v3 ? 1 : 0))
  }
}
