import Basics
import Reactor
import Testing

@testable import Proxy

@Suite("Relay's ends of one direction")
struct RelayHalfCloseTests {
  private static let settings: Settings = {
    var settings = Settings()
    settings.halfClose = .negotiated
    return settings
  }()

  private static let start = RelayHarness.Sent(
    type: .streamStart, streamID: 1, connectionID: 1, ignorable: true)
  private static let end = RelayHarness.Sent(
    type: .data, streamID: 1, connectionID: 1, ignorable: true)

  @Test(
    "a client's end goes through, its answer comes back, and both ends close it without a reset")
  func endsBothDirections() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.arrive([1, 2, 3])
    client.end(.endOfStream)
    #expect(
      harness.sent == [
        Self.start, .init(type: .data, streamID: 1, connectionID: 1, payloadLength: 3), Self.end,
      ])
    harness.arrive(.data, stream: 1, connection: 1, [7, 8])
    #expect(client.outbox == [7, 8] && !client.isClosed)
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(client.isClosed && harness.sent.count == 3)
    #expect(harness.relay.connectionCount == 0)
  }

  @Test("a client that ends before the destination has answered ends when it has")
  func endsLate() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    client.end(.endOfStream)
    #expect(harness.sent == [Self.start])
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(harness.sent == [Self.start, Self.end] && !client.isClosed)
  }

  @Test("with a destination that does not answer, a client's end waits for the answer as ever")
  func lingers() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    client.end(.endOfStream)
    harness.arrive(.data, stream: 1, connection: 1, [7])
    #expect(client.outbox == [7] && !client.isClosed)
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    #expect(client.isClosed && harness.sent == [Self.start])
  }

  @Test("the peer's end goes to the client behind all that is pending, and the client may go on")
  func endsToClient() throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.takesBytes = false
    harness.arrive(.data, stream: 1, connection: 1, [7])
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(!client.hasFinishedSending)
    client.takesBytes = true
    client.becomeWritable()
    #expect(client.outbox == [7] && client.hasFinishedSending && !client.isClosed)
    client.arrive([1])
    client.end(.endOfStream)
    #expect(
      harness.sent.suffix(2) == [
        .init(type: .data, streamID: 1, connectionID: 1, payloadLength: 1), Self.end,
      ])
    #expect(harness.relay.connectionCount == 0)
  }

  @Test("what goes wrong after an end is a reset, as before", arguments: [true, false])
  func resetsAfterEnd(isPeer: Bool) throws {
    let harness = try RelayHarness(.source, settings: Self.settings)
    let client = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    client.end(.endOfStream)
    if isPeer {
      harness.arrive(.connectionReset, stream: 1, connection: 1)
      #expect(harness.sent.last == Self.end && client.isClosed)
    } else {
      client.handler?.streamFailed(.unexpectedEnd)
      #expect(harness.sent.last?.type == .connectionReset)
    }
    #expect(harness.relay.connectionCount == 0)
  }

  @Test("where streams have one connection, a new client resets the old one's before its own start")
  func replacesClient() throws {
    var settings = Settings()
    settings.protocolVersion = .v2
    let harness = try RelayHarness(.source, settings: settings)
    let first = try harness.accept()
    _ = try harness.accept()
    #expect(first.isClosed)
    #expect(
      harness.sent == [
        .init(type: .streamStart, streamID: 1, connectionID: 0),
        .init(type: .streamReset, streamID: 1, connectionID: 0),
        .init(type: .streamStart, streamID: 2, connectionID: 0),
      ])
    #expect(harness.relay.connectionCount == 1)
  }
}
