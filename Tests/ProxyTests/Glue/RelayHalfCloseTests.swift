import Basics
import Reactor
import Simulator
import Testing

@testable import Configuration
@testable import Proxy

@Suite("Relay's ends of one direction")
struct RelayHalfCloseTests {
  private static let settings = Settings()

  private static let start = RelayHarness.Sent(
    type: .streamStart, streamID: 1, connectionID: 1, isMarked: true)
  private static let end = RelayHarness.Sent(
    type: .data, streamID: 1, connectionID: 1, ignorable: true)

  @Test(
    "a client's end goes through, its answer comes back, and both ends close it without a reset")
  func endsBothDirections() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.send([1, 2, 3])
    client.finish()
    #expect(
      harness.sent == [
        Self.start, .init(type: .data, streamID: 1, connectionID: 1, payloadLength: 3), Self.end,
      ])
    harness.arrive(.data, stream: 1, connection: 1, [7, 8])
    #expect(client.received == [7, 8] && !client.isClosed)
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(client.isClosed && harness.sent.count == 3)
    #expect(harness.relay.connectionCount == 0)
  }

  @Test("a client that ends before the destination has answered ends when it has")
  func endsLate() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    client.finish()
    #expect(harness.sent == [Self.start])
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(harness.sent == [Self.start, Self.end] && !client.isClosed)
  }

  @Test("with a destination that does not answer, a client's end waits for the answer as ever")
  func lingers() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    client.finish()
    harness.arrive(.data, stream: 1, connection: 1, [7])
    #expect(client.received == [7] && !client.isClosed)
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    #expect(client.isClosed && harness.sent == [Self.start])
  }

  @Test("the peer's end goes to the client behind all that is pending, and the client may go on")
  func endsToClient() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.roomLeft = 0
    harness.arrive(.data, stream: 1, connection: 1, [7])
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(!client.hasEnded)
    client.roomLeft = nil
    #expect(client.received == [7] && client.hasEnded && !client.isClosed)
    client.send([1])
    client.finish()
    #expect(
      harness.sent.suffix(2) == [
        .init(type: .data, streamID: 1, connectionID: 1, payloadLength: 1), Self.end,
      ])
    #expect(harness.relay.connectionCount == 0)
  }

  @Test(
    "a destination answers at once, before its server is connected, and ends directions one by one")
  func answersAtOnce() throws {
    let harness = try RelayHarness(.destination, settings: Self.settings)
    harness.arrive(.streamStart, stream: 1, connection: 1, writesIgnorable: true)
    harness.arrive(.connectionStart, stream: 1, connection: 2)
    #expect(harness.sent == [Self.end])
    harness.arrive(.data, stream: 1, connection: 2, [7])
    harness.arrive(.data, stream: 1, connection: 2, ignorable: true)
    let server = try harness.world.open("127.0.0.1:9")
    #expect(server.received == [7] && server.hasEnded)
    server.send([1, 2])
    server.finish()
    #expect(
      harness.sent.dropFirst() == [
        .init(type: .data, streamID: 1, connectionID: 2, payloadLength: 2),
        .init(type: .data, streamID: 1, connectionID: 2, ignorable: true),
      ])
    #expect(harness.relay.connectionCount == 1, "the first is still connecting")
  }

  @Test("an answer goes out before a reset of the same stream, or that would be taken for an end")
  func answersBeforeRefusing() throws {
    var settings = Self.settings
    settings.activeConnectionCountMax = 1
    let harness = try RelayHarness(
      .destination, settings: settings, services: ["A", "B"])
    harness.tunnel.fill()
    harness.arrive(.streamStart, stream: 1, connection: 1)
    harness.arrive(
      RelayHarness.encode(
        .streamStart, stream: 2, connection: 1, writesIgnorable: true, service: "B"))
    harness.tunnel.roomLeft = nil
    #expect(
      harness.sent == [
        .init(type: .data, streamID: 2, connectionID: 1, ignorable: true),
        .init(type: .connectionReset, streamID: 2, connectionID: 1),
      ])
  }

  /// What becomes of a client in an agreed stream, and what the other end is told.
  enum Event: CaseIterable {
    case clientCloses, clientFails, peerCloses, peerCuts, streamReset, sessionReset, linkLost
  }

  @Test("an end is shown as one only where an application has made it", arguments: Event.allCases)
  func showsEnds(event: Event) throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    harness.arrive(.data, stream: 1, connection: 1, [1])
    var told: RelayHarness.Sent?
    switch event {
    case .clientCloses:
      client.close()
      told = .init(type: .connectionReset, streamID: 1, connectionID: 1, isMarked: true)
    case .clientFails:
      client.reset()
      told = .init(type: .connectionReset, streamID: 1, connectionID: 1)
    case .peerCloses:
      harness.arrive(.connectionReset, stream: 1, connection: 1, writesIgnorable: true)
    case .peerCuts: harness.arrive(.connectionReset, stream: 1, connection: 1)
    case .streamReset: harness.arrive(.streamReset, stream: 1, connection: 0)
    case .sessionReset: harness.arrive(.sessionReset, stream: 0, connection: 0)
    case .linkLost: harness.tunnel.reset()
    }
    #expect(client.received == [1] && client.isClosed)
    #expect(client.isAborted == (event != .clientCloses && event != .peerCloses))
    #expect(harness.sent == [Self.start] + (told.map { [$0] } ?? []))
  }

  @Test("what is pending still goes out before a client is cut", arguments: [true, false])
  func deliversBeforeCut(isCut: Bool) throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.roomLeft = 0
    harness.arrive(.data, stream: 1, connection: 1, [1, 2, 3])
    harness.arrive(.connectionReset, stream: 1, connection: 1, writesIgnorable: !isCut)
    #expect(!client.isClosed && !client.hasEnded)
    client.roomLeft = nil
    #expect(client.received == [1, 2, 3] && !client.isClosed)
    // It is closed when its system has all.
    harness.world.advance(10)
    #expect(client.isClosed && client.isAborted == isCut && client.isReset == isCut)
  }

  /// Where something goes wrong: at the peer, or at the client, of which the relay is told, or finds it out.
  enum Fault: CaseIterable { case peer, told, foundOut }

  @Test("what goes wrong after an end is a reset, as before", arguments: Fault.allCases)
  func resetsAfterEnd(fault: Fault) throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.finish()
    switch fault {
    case .peer:
      harness.arrive(.connectionReset, stream: 1, connection: 1)
      #expect(harness.sent.last == Self.end && client.isClosed)
    case .told:
      client.near?.handler?.streamFailed(.unexpectedEnd)
      harness.world.settle()
      #expect(harness.sent.last?.type == .connectionReset)
    case .foundOut:
      client.reset()
      harness.arrive(.data, stream: 1, connection: 1, [1])
      #expect(harness.sent.last?.type == .connectionReset)
    }
    #expect(harness.relay.connectionCount == 0)
  }

  @Test("where streams have one connection, a new client resets the old one's before its own start")
  func replacesClient() throws {
    var settings = RelayHarness.plain
    settings.protocolVersion = .v2
    settings.secondClient = .replace
    let harness = try RelayHarness(.source, settings: settings)
    let first = try harness.accept()
    _ = try harness.accept()
    #expect(first.isAborted)
    #expect(
      harness.sent == [
        .init(type: .streamStart, streamID: 1, connectionID: 0),
        .init(type: .streamReset, streamID: 1, connectionID: 0),
        .init(type: .streamStart, streamID: 2, connectionID: 0),
      ])
    #expect(harness.relay.connectionCount == 1)
  }
}
