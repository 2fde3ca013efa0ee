import Basics
import Reactor
import Testing

@testable import Proxy

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

  @Test(
    "a connection that its peer ended keeps its retries, however short the linger is"
  )
  func keepsRetriesOfEndedConnection() throws {
    var settings = Settings()
    settings.halfCloseLinger = Milliseconds(1)
    settings.connectionRetryCount = 1
    settings.connectionRetryDelay = Milliseconds(2_500)
    let harness = try RelayHarness(.destination, settings: settings)
    harness.arrive(.streamStart, stream: 1, connection: 1)
    harness.arrive(.data, stream: 1, connection: 1, [7])
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    let start = harness.network.now
    while harness.network.now < start + Milliseconds(2_000) {
      try harness.network.turn(waitMax: Milliseconds(50))
    }
    #expect(harness.relay.connectionCount == 1)
    while harness.relay.connectionCount > 0 && harness.network.now < start + Milliseconds(20_000) {
      try harness.network.turn(waitMax: Milliseconds(50))
    }
    #expect(harness.relay.connectionCount == 0)
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
        == (1...3).map {
          .init(type: .connectionReset, streamID: 9, connectionID: $0, ignorable: true)
        })
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

  @Test("a client that does not take what is pending after the end is reset, not ended")
  func resetsCutClient() throws {
    var settings = Settings()
    settings.halfCloseLinger = Milliseconds(10)
    let harness = try RelayHarness(.source, settings: settings)
    let client = try harness.accept()
    client.takesBytes = false
    harness.arrive(.data, stream: 1, connection: 1, [1, 2, 3])
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    let start = harness.network.now
    while !client.isClosed {
      try #require(harness.network.now < start + Milliseconds(20_000), "waits for ever")
      try harness.network.turn(waitMax: Milliseconds(50))
    }
    #expect(client.isAborted && !client.hasFinishedSending)
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

  @Test("whoever halts for the stall timeout and reads on is not reset; half a second later he is")
  func resetsStalledReaderInTime() throws {
    var settings = Settings()
    settings.connectionPendingMax = 4 * 1024
    settings.stallTimeout = Milliseconds(10_000)
    let network = ScriptedNetwork()
    let harness = try RelayHarness(.source, settings: settings, scripted: network)
    let stalled = try harness.accept()
    let live = try harness.accept()
    // The lingering client has the relay look at its connections already, less often.
    let lingering = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 2, [1])
    lingering.takesBytes = false
    harness.arrive(.data, stream: 1, connection: 3, [1])
    harness.arrive(.connectionReset, stream: 1, connection: 3)
    network.advance(100)
    stalled.takesBytes = false
    stalled.transportState.unacknowledgedByteCount = 1
    harness.arrive(
      .data, stream: 1, connection: 1, [UInt8](repeating: 1, count: 5 * 1024))
    #expect(!harness.tunnel.interest.contains(.readable))
    network.advance(10_200)
    #expect(!stalled.isClosed)
    network.advance(300)
    #expect(stalled.isAborted && !live.isClosed)
    #expect(harness.tunnel.interest.contains(.readable))
  }
}
