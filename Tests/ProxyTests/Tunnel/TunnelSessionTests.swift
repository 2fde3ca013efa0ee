import Testing

@testable import Tunnel

@Suite("TunnelSession")
struct TunnelSessionTests {
  /// One message from the peer, and what each side must do about it.
  struct Row: Sendable, CustomTestStringConvertible {
    let type: MessageType
    var streamID: Int32 = 1
    var connectionID: UInt32 = 1
    var service = "SSH1"
    let atSource: TunnelSession.Action.Kind
    let atDestination: TunnelSession.Action.Kind

    var testDescription: String {
      "\(type), stream \(streamID), connection \(connectionID), service '\(service)'"
    }

    init(
      _ type: MessageType, stream streamID: Int32 = 1, connection connectionID: UInt32 = 1,
      service: String = "SSH1", _ atSource: TunnelSession.Action.Kind,
      _ atDestination: TunnelSession.Action.Kind
    ) {
      self.type = type
      self.streamID = streamID
      self.connectionID = connectionID
      self.service = service
      self.atSource = atSource
      self.atDestination = atDestination
    }
  }

  /// Before each row: services SSH1 and HTTP1; SSH1 has stream 1 with the connections 1 and 2, in the
  /// slots 0 and 1; HTTP1 has no stream.
  private static let rows: [Row] = [
    Row(.serviceIDs, stream: 0, .dropped, .dropped),
    Row(.sessionReset, stream: 0, .sessionReset, .sessionReset),
    Row(.unknown, .violation, .violation),

    Row(.data, .deliver(0), .deliver(0)),
    Row(.data, connection: 2, .deliver(1), .deliver(1)),
    Row(.data, connection: 0, .deliver(0), .deliver(0)),
    Row(.data, connection: 3, .dropped, .dropped),
    Row(.data, stream: 2, .dropped, .dropped),
    Row(.data, stream: -1, .dropped, .dropped),
    Row(.data, stream: 0, .violation, .violation),
    Row(.data, service: "HTTP1", .dropped, .dropped),
    Row(.data, service: "ssh1", .dropped, .dropped),
    Row(.data, service: "", .dropped, .dropped),

    Row(.connectionReset, .peerReset(0), .peerReset(0)),
    Row(.connectionReset, connection: 2, .peerReset(1), .peerReset(1)),
    Row(.connectionReset, connection: 0, .peerReset(0), .peerReset(0)),
    Row(.connectionReset, connection: 9, .dropped, .dropped),
    Row(.connectionReset, stream: 2, .dropped, .dropped),
    Row(.connectionReset, stream: 0, .violation, .violation),
    Row(.connectionReset, service: "HTTP1", .dropped, .dropped),

    Row(.streamReset, .serviceCut(0), .serviceCut(0)),
    Row(.streamReset, connection: 0, .serviceCut(0), .serviceCut(0)),
    Row(.streamReset, stream: 2, .dropped, .dropped),
    Row(.streamReset, stream: 0, .violation, .violation),
    Row(.streamReset, service: "HTTP1", .dropped, .dropped),
    Row(.streamReset, service: "other", .dropped, .dropped),

    Row(.streamStart, stream: 2, .violation, .restart(0, 2)),
    Row(.streamStart, stream: 1, .violation, .restart(0, 2)),
    Row(.streamStart, stream: -7, .violation, .restart(0, 2)),
    Row(.streamStart, stream: 2, connection: 0, .violation, .restart(0, 2)),
    Row(.streamStart, stream: 0, .violation, .violation),
    Row(.streamStart, stream: 5, service: "HTTP1", .violation, .start(2)),
    Row(.streamStart, stream: 5, service: "other", .dropped, .dropped),

    Row(.connectionStart, connection: 3, .violation, .start(2)),
    Row(.connectionStart, connection: .max, .violation, .start(2)),
    Row(.connectionStart, connection: 1, .violation, .reply(0, 1, 1)),
    Row(.connectionStart, connection: 2, .violation, .reply(0, 1, 2)),
    Row(.connectionStart, stream: 2, connection: 3, .violation, .reply(0, 2, 3)),
    Row(.connectionStart, stream: 0, connection: 3, .violation, .violation),
    Row(.connectionStart, stream: 1, connection: 3, service: "HTTP1", .violation, .reply(1, 1, 3)),
    Row(.connectionStart, connection: 3, service: "other", .dropped, .dropped),
  ]

  @Test("each message asks of each side what the protocol says", arguments: rows)
  func followsTable(_ row: Row) {
    for role in [TunnelRole.source, .destination] {
      var session = TunnelSession.agreed(role, services: ["SSH1", "HTTP1"])
      session.openStream(connections: 2)
      let action = session.receive(
        row.type, stream: row.streamID, connection: row.connectionID, service: row.service)
      #expect(action.kind == (role == .source ? row.atSource : row.atDestination), "as \(role)")
      if let reason = action.reason { #expect(!reason.isEmpty) }
    }
  }

  @Test(
    "nothing but SERVICE_IDS and resets of the session may come first",
    arguments: [
      (.data, .violation), (.streamStart, .violation), (.streamReset, .violation),
      (.connectionStart, .violation), (.connectionReset, .violation),
      (.sessionReset, .sessionReset), (.unknown, .violation),
    ] as [(MessageType, TunnelSession.Action.Kind)])
  func awaitsServiceIDs(type: MessageType, kind: TunnelSession.Action.Kind) {
    for role in [TunnelRole.source, .destination] {
      var session = TunnelSession(
        .init(role: role, mappings: ["SSH1"], connectionCountMax: 8), streamIDs: .beforeFirst)
      #expect(session.receive(type).kind == kind)
      #expect(session.areServicesAgreed == false)
    }
  }

  @Test("an unknown type is skipped when it may be, and is a violation otherwise")
  func skipsIgnorable() {
    for (bytes, kind) in [
      ([0x08, 99, 0x10, 1, 0x18, 1], .dropped), ([0x08, 99, 0x10, 1], .violation),
      ([0x18, 1], .dropped), ([], .violation),
    ] as [([UInt8], TunnelSession.Action.Kind)] {
      var session = TunnelSession.agreed(.destination)
      #expect(session.receive(bytes).kind == kind)
    }
  }

  @Test("a name that is not UTF-8, or only begins like a service's, is no service")
  func comparesServiceIDsExactly() {
    var session = TunnelSession.agreed(.destination, services: ["SSH1", "SSH10"])
    #expect(session.receive(.streamStart, service: "SSH10").kind == .start(0))
    #expect(session.slots[0]?.service == 1)
    #expect(session.receive(.streamStart, service: "SSH").kind == .dropped)
    #expect(session.receive([0x08, 2, 0x10, 1, 0x2a, 4, 0x53, 0x53, 0x48, 0xff]).kind == .dropped)
  }

  @Test("with one service a peer need not name it; without any, none is on the wire")
  func acceptsUnnamedService() {
    for services in [["SSH1"], []] {
      var session = TunnelSession.agreed(.destination, services: services)
      #expect(session.receive(.streamStart, connection: 0, service: "").kind == .start(0))
      #expect(session.receive(.data, connection: 0, service: "").kind == .deliver(0))
      let header = session.header(.data, slot: 0)
      #expect(header?.serviceID == [] && header?.connectionID == 0 && header?.streamID == 1)
    }
  }

  // MARK: A source's own connections

  @Test("the first client of a service starts a stream, each further one a connection in it")
  func opensConnections() {
    var session = TunnelSession.agreed(.source, services: ["SSH1", "HTTP1"])
    #expect(session.open(service: 0) == .opened(slot: 0, .streamStart))
    #expect(session.open(service: 0) == .opened(slot: 1, .connectionStart))
    #expect(session.open(service: 1) == .opened(slot: 2, .streamStart))
    #expect(session.open(service: 0) == .opened(slot: 3, .connectionStart))
    let headers = (0..<4).compactMap { session.header(.data, slot: $0) }
    #expect(headers.map(\.streamID) == [1, 1, 2, 1])
    #expect(headers.map(\.connectionID) == [1, 2, 1, 3])
    #expect(headers.map(\.serviceID) == ["SSH1", "SSH1", "HTTP1", "SSH1"].map { Array($0.utf8) })
    #expect(session.connectionCount == 4)
    #expect(session.slots[0]?.state == .open)
  }

  @Test(
    "a reset stream is followed by one with the next id, and connections count from 1 again",
    arguments: [(1, 2), (41, 42), (268_435_454, 268_435_455), (268_435_455, 1)] as [(Int32, Int32)])
  func countsStreams(last: Int32, next: Int32) {
    for isSessionReset in [true, false] {
      var session = TunnelSession.agreed(
        .source, streamIDs: StreamIDs(randomness: UInt32(last - 1)))
      _ = session.open(service: 0)
      _ = session.open(service: 0)
      #expect(session.header(.data, slot: 1)?.streamID == last)
      let reset = session.receive(
        isSessionReset ? .sessionReset : .streamReset, stream: isSessionReset ? 0 : last)
      #expect(reset.kind == (isSessionReset ? .sessionReset : .serviceCut(0)))
      #expect(session.open(service: 0) == .opened(slot: 2, .streamStart))
      let header = session.header(.data, slot: 2)
      #expect(header?.streamID == next && header?.connectionID == 1)
    }
  }

  @Test("connection ids wrap around behind 268,435,455, over 0 and over those in use")
  func wrapsConnectionIDs() {
    var session = TunnelSession.agreed(.source)
    session.openStream(connections: 2)
    session.services[0].nextConnectionID = 268_435_455
    for id in [268_435_455, 3, 4] as [UInt32] {
      guard case .opened(let slot, .connectionStart) = session.open(service: 0) else {
        Issue.record("not opened")
        return
      }
      #expect(session.header(.data, slot: slot)?.connectionID == id)
    }
  }

  @Test("a lone connection reset before any data may mean a destination that restarted")
  func startsAnewAfterRefusal() {
    var session = TunnelSession.agreed(.source)
    #expect(session.open(service: 0) == .opened(slot: 0, .streamStart))
    #expect(session.receive(.data).kind == .deliver(0))
    session.release(slot: 0)
    #expect(session.open(service: 0) == .opened(slot: 0, .connectionStart))
    #expect(session.receive(.connectionReset, connection: 2).kind == .peerReset(0))
    #expect(session.header(.connectionReset, slot: 0) == nil, "the peer need not hear of it")
    // One that knows the stream all the same would lose a start that comes before its end.
    #expect(session.reply?.type == .streamReset && session.reply?.streamID == 1)
    #expect(session.reply?.connectionID == 0 && session.reply?.serviceID == Array("SSH1".utf8))
    session.release(slot: 0)
    #expect(session.open(service: 0) == .opened(slot: 0, .streamStart))
    #expect(session.header(.data, slot: 0)?.streamID == 2)
  }

  @Test("a connection that is reset beside another, or after data, ends no stream")
  func keepsStreamAfterReset() {
    var session = TunnelSession.agreed(.source)
    session.openStream(connections: 2)
    #expect(session.receive(.connectionReset, connection: 2).kind == .peerReset(1))
    session.release(slot: 1)
    #expect(session.receive(.data).kind == .deliver(0))
    #expect(session.receive(.connectionReset).kind == .peerReset(0))
    session.release(slot: 0)
    guard case .opened(_, .connectionStart) = session.open(service: 0) else {
      Issue.record("a new stream")
      return
    }
  }

  // MARK: Slots

  @Test("connections are limited; a free slot is used again")
  func limitsConnections() {
    var session = TunnelSession.agreed(.source, connectionCountMax: 3)
    session.openStream(connections: 3)
    #expect(session.open(service: 0) == .full && session.connectionCount == 3)
    session.release(slot: 1)
    session.release(slot: 1)
    #expect(session.connectionCount == 2)
    #expect(session.open(service: 0) == .opened(slot: 1, .connectionStart))
    #expect(session.header(.data, slot: 1)?.connectionID == 4)
    #expect(session.open(service: 0) == .full)
  }

  @Test("a destination's connections that only drain are not counted, up to as many again")
  func countsDrainingApart() {
    var session = TunnelSession.agreed(.destination, connectionCountMax: 2)
    session.openStream(connections: 2)
    for connection in 1...UInt32(2) {
      #expect(session.receive(.connectionReset, connection: connection).kind != .dropped)
      _ = session.handle(.peerReset, slot: Int(connection) - 1, hasPending: true)
    }
    #expect(session.receive(.connectionStart, connection: 3).kind == .start(2))
    #expect(session.receive(.connectionStart, connection: 4).kind == .start(3))
    #expect(session.receive(.connectionStart, connection: 5).kind == .full(0, 1, 5))
    session.release(slot: 0)
    #expect(session.receive(.connectionStart, connection: 6).kind == .full(0, 1, 6))
  }

  @Test("a destination at its limit resets what it cannot take, by its new stream's id")
  func refusesAtLimit() {
    var session = TunnelSession.agreed(
      .destination, services: ["SSH1", "HTTP1"], connectionCountMax: 2)
    session.openStream(connections: 2)
    #expect(session.receive(.connectionStart, connection: 3).kind == .full(0, 1, 3))
    let action = session.receive(.streamStart, stream: 7, service: "HTTP1")
    #expect(action.kind == .full(1, 7, 1) && action.reason?.contains("2") == true)
    let header = session.resetHeader(service: 1, streamID: 7, connectionID: 1)
    #expect(header.type == .connectionReset && header.serviceID == Array("HTTP1".utf8))
    #expect(header.streamID == 7 && header.connectionID == 1)
    session.release(slot: 0)
    let next = session.receive(.connectionStart, stream: 7, connection: 2, service: "HTTP1")
    #expect(next.kind == .start(0))
  }

  @Test("a destination marks the reset of a connection in a stream that it does not know")
  func marksUnknownStream() {
    var session = TunnelSession.agreed(.destination)
    #expect(session.receive(.connectionStart, stream: 4, connection: 2).kind == .reply(0, 4, 2))
    #expect(session.resetHeader(service: 0, streamID: 4, connectionID: 2).ignorable)
    session.openStream(5)
    #expect(session.receive(.connectionStart, stream: 5, connection: 1).kind == .reply(0, 5, 1))
    #expect(!session.resetHeader(service: 0, streamID: 5, connectionID: 1).ignorable)
    #expect(session.resetHeader(slot: 0, isCut: false)?.ignorable == false)
  }

  @Test("a source that is told so begins a new stream, whatever else is open in the old one")
  func heedsUnknownStream() {
    var session = TunnelSession.agreed(.source)
    session.openStream(connections: 2)
    #expect(session.receive(.data).kind == .deliver(0))
    let action = session.receive(.connectionReset, connection: 2, ignorable: true)
    #expect(action.kind == .streamUnknown(0))
    #expect(session.header(.data, slot: 0) == nil && session.header(.data, slot: 1) == nil)
    #expect(session.open(service: 0) == .opened(slot: 2, .streamStart))
    #expect(session.header(.data, slot: 2)?.streamID == 2)
  }

  @Test("the mark says nothing about a connection that was served")
  func disregardsLateMark() {
    var session = TunnelSession.agreed(.source)
    session.openStream(connections: 2)
    _ = session.receive(.data, connection: 2)
    let action = session.receive(.connectionReset, connection: 2, ignorable: true)
    #expect(action.kind == .peerReset(1))
    #expect(session.header(.data, slot: 0) != nil)
  }

  @Test(
    "refusals beside another connection end no stream, however many in a row, and whether it has moved a byte or not",
    arguments: [true, false])
  func keepsStreamWhateverIsRefused(hasMoved: Bool) {
    var session = TunnelSession.agreed(.source)
    session.openStream()
    if hasMoved { _ = session.receive(.data) }
    for connectionID in 2...UInt32(100) {
      #expect(session.open(service: 0) == .opened(slot: 1, .connectionStart))
      #expect(session.receive(.connectionReset, connection: connectionID).kind == .peerReset(1))
      session.release(slot: 1)
    }
    #expect(session.header(.data, slot: 0) != nil)
  }

  @Test("streams of all services are numbered in one row, from a random start on, and never 0")
  func numbersStreams() {
    var ids = StreamIDs(randomness: UInt32.max)
    let first = ids.next()
    #expect((1...268_435_455).contains(first))
    #expect(ids.next() == first + 1)
    for randomness in [0, 1, 268_435_454, 268_435_455, 1 << 31] as [UInt32] {
      var ids = StreamIDs(randomness: randomness)
      for _ in 0..<3 { #expect((1...268_435_455).contains(ids.next()), "\(randomness)") }
    }
    // The next session goes on where this one was.
    var session = TunnelSession.agreed(.source, streamIDs: StreamIDs(randomness: 77))
    session.openStream()
    var next = TunnelSession.agreed(.source, streamIDs: session.streamIDs)
    next.openStream()
    #expect(next.header(.data, slot: 0)?.streamID == 79)
  }

  @Test("an end that is stopping begins no connection, and says so", arguments: [0, 1] as [UInt32])
  func stops(connectionID: UInt32) {
    var session = TunnelSession.agreed(.destination, services: ["SSH1", "HTTP1"])
    session.openStream()
    session.isStopping = true
    let start = session.receive(
      .streamStart, stream: 2, connection: connectionID, service: "HTTP1")
    #expect(start.kind == .full(1, 2, connectionID))
    #expect(start.reason == "this end is stopping")
    #expect(session.receive(.connectionStart, connection: 2).kind == .full(0, 1, 2))
    #expect(session.receive(.data).kind == .deliver(0), "what is open goes on")
    let restart = session.receive(.streamStart, stream: 3, connection: connectionID)
    #expect(restart.kind == .refuseRestart(0, 3, connectionID))
  }

  @Test("streams that replace each other do not lift the limit for ever")
  func boundsReplacedStreams() {
    var session = TunnelSession.agreed(.destination, connectionCountMax: 4)
    // None of the old connections is released, as when each still drains.
    for streamID in 1...Int32(8) { _ = session.receive(.streamStart, stream: streamID) }
    for streamID in 9...Int32(100) {
      // Those of the old stream are reset all the same, or they would never end.
      let action = session.receive(.streamStart, stream: streamID)
      #expect(action.kind == .refuseRestart(0, streamID, 1))
    }
    #expect(session.connectionCount <= 2 * session.connectionCountMax)
  }

  @Test("a connection of a replaced stream has no header, and its release touches no other")
  func forgetsReplacedStream() {
    var session = TunnelSession.agreed(.destination)
    session.openStream(1)
    #expect(session.receive(.streamStart, stream: 2).kind == .restart(0, 1))
    #expect(session.header(.data, slot: 0) == nil && session.header(.data, slot: 1) != nil)
    session.release(slot: 0)
    #expect(session.receive(.data, stream: 2).kind == .deliver(1))
    #expect(session.receive(.data, stream: 1).kind == .dropped)
  }

  @Test("the same holds when the peer restarted and its stream has the same id again")
  func forgetsReplacedStreamOfSameID() {
    var session = TunnelSession.agreed(.destination)
    session.openStream(1)
    #expect(session.receive(.streamStart, stream: 1).kind == .restart(0, 1))
    #expect(session.header(.connectionReset, slot: 0) == nil, "it would end the new connection 1")
    #expect(session.header(.data, slot: 1) != nil)
    session.release(slot: 0)
    #expect(session.receive(.data).kind == .deliver(1))
  }

  @Test("a reset stream or session leaves no header to any of its connections")
  func forgetsResetStream() {
    for type in [MessageType.streamReset, .sessionReset] {
      var session = TunnelSession.agreed(.destination)
      session.openStream(connections: 2)
      _ = session.receive(type)
      #expect(session.header(.data, slot: 0) == nil && session.header(.data, slot: 1) == nil)
      #expect(session.receive(.data).kind == .dropped)
      #expect(session.receive(.connectionStart, connection: 3).kind == .reply(0, 1, 3))
    }
  }

  @Test(
    "when the service resets the session, a source ends what its destination may not have seen begin",
    arguments: [ProtocolVersion.v1, .v2, .v3])
  func endsWhatMayCross(version: ProtocolVersion) throws {
    var session = TunnelSession.agreed(
      .source, services: version == .v1 ? [] : ["SSH1", "HTTP1", "WEB"], version: version)
    let last = session.services.count - 1
    for service in [0, last] { _ = session.open(service: service) }
    let streamID = session.services[last].streamID
    // Of the first something came back: its destination knew it, and has been told.
    if last > 0 { _ = session.receive(.data) }
    guard case .sessionReset(let resets) = session.receive(.sessionReset, stream: 0) else {
      Issue.record("the session is not reset")
      return
    }
    let reset = try #require(resets.first)
    #expect(resets.count == 1 && reset.type == .streamReset && reset.streamID == streamID)
    #expect(reset.serviceID == (version == .v1 ? [] : session.services[last].id))
    #expect(reset.connectionID == 0 && !reset.writesIgnorable)
    guard case .sessionReset(let again) = session.receive(.sessionReset, stream: 0) else { return }
    #expect(again.isEmpty)
  }

  @Test("data for a connection that is over is dropped")
  func dropsDataBehindEnd() {
    var session = TunnelSession.agreed(.destination)
    session.openStream()
    _ = session.handle(.connected, slot: 0, hasPending: false)
    #expect(session.receive(.data).kind == .deliver(0))
    #expect(session.handle(.localEnd, slot: 0, hasPending: true) == .resetPeerAndDrain)
    #expect(session.receive(.data).kind == .dropped)
    #expect(session.receive(.connectionReset).kind == .peerReset(0))
  }

  @Test("an event goes to the connection's state; a slot without connection does nothing")
  func forwardsEvents() {
    var session = TunnelSession.agreed(.destination)
    session.openStream()
    #expect(session.handle(.connected, slot: 0, hasPending: false) == .relay)
    #expect(session.slots[0]?.state == .open)
    #expect(session.handle(.localEnd, slot: 0, hasPending: true) == .resetPeerAndDrain)
    session.release(slot: 0)
    #expect(session.handle(.drained, slot: 0, hasPending: false) == .none)
    #expect(session.header(.data, slot: 0) == nil)
  }
}
