import Testing

@testable import Tunnel

@Suite("TunnelSession's marks")
struct SessionHalfCloseTests {
  /// A source's session with a stream of which the destination has said that it knows the marks, or not.
  private func source(agreed: Bool = true, version: ProtocolVersion = .v3) -> TunnelSession {
    var session = TunnelSession.agreed(.source, version: version, negotiatesHalfClose: true)
    session.openStream(connections: version == .v3 ? 2 : 1)
    if agreed {
      let connection: UInt32 = version == .v3 ? 1 : 0
      #expect(session.receive(.data, connection: connection, ignorable: true).kind == .agreed(0))
    }
    return session
  }

  @Test(
    "a source shows itself by a field's default with each stream, and by nothing else",
    arguments: [true, false], [ProtocolVersion.v1, .v2, .v3])
  func shows(isWilling: Bool, version: ProtocolVersion) {
    var session = TunnelSession.agreed(
      .source, version: version, negotiatesHalfClose: isWilling)
    session.openStream(connections: version == .v3 ? 2 : 1)
    let start = session.header(.streamStart, slot: 0)
    #expect(start?.ignorable == false && start?.writesIgnorable == isWilling)
    #expect(session.header(.data, slot: 0)?.writesIgnorable == false)
    #expect(session.header(.connectionStart, slot: 0)?.writesIgnorable == false)
    let reset = session.resetHeader(slot: 0, isCut: false)
    #expect(reset?.ignorable == false && reset?.writesIgnorable == isWilling)
  }

  @Test("a destination answers one that has shown itself, once for each stream, if it is willing")
  func answers() {
    for (isWilling, isShown) in [(true, true), (true, false), (false, true)] {
      var session = TunnelSession.agreed(.destination, negotiatesHalfClose: isWilling)
      let start = session.receive(.streamStart, stream: 9, writesIgnorable: isShown)
      #expect(start.kind == .start(0))
      let agrees = isWilling && isShown
      let answer = session.reply
      #expect((answer != nil) == agrees)
      if let answer {
        #expect(answer.type == .data && answer.ignorable && answer.streamID == 9)
        #expect(answer.connectionID == 1 && answer.serviceID == Array("SSH1".utf8))
      }
      session.reply = nil
      #expect(session.receive(.connectionStart, stream: 9, connection: 2).kind == .start(1))
      #expect(session.reply == nil)
      for slot in 0...1 { #expect(session.slots[slot]?.isNegotiated == agrees) }
      let end = session.receive(.data, stream: 9, connection: 2, ignorable: true)
      #expect(end.kind == (agrees ? .peerEnded(1) : .deliver(1)))
    }
  }

  @Test("a stream that is started twice is answered once, or the second would be taken for an end")
  func answersOnce() {
    var session = TunnelSession.agreed(.destination, negotiatesHalfClose: true)
    for isFirst in [true, false] {
      _ = session.receive(.streamStart, stream: 9, writesIgnorable: true)
      #expect((session.reply != nil) == isFirst)
      #expect(session.slots[isFirst ? 0 : 1]?.isNegotiated == true)
      session.reply = nil
    }
    _ = session.receive(.streamStart, stream: 10, writesIgnorable: true)
    #expect(session.reply?.streamID == 10)
  }

  @Test("the field set, as an earlier version of this program offered it, is no such mark")
  func disregardsOldOffer() {
    var session = TunnelSession.agreed(.destination, negotiatesHalfClose: true)
    #expect(session.receive(.streamStart, ignorable: true).kind == .start(0))
    #expect(session.reply == nil && session.slots[0]?.isNegotiated == false)
  }

  @Test("the answer holds for all connections of the stream, also later ones, and for no other")
  func agrees() {
    var session = source()
    for slot in 0...1 { #expect(session.slots[slot]?.isNegotiated == true) }
    #expect(session.slots[0]?.hasReceived == false, "the server has not sent a byte")
    _ = session.open(service: 0)
    #expect(session.slots[2]?.isNegotiated == true)
    #expect(session.receive(.data, payload: [1]).kind == .deliver(0))
    #expect(session.receive(.data, payload: [1], ignorable: true).kind == .deliver(0))
    #expect(session.receive(.data).kind == .deliver(0), "empty, but no end")
    #expect(session.receive(.data, ignorable: true).kind == .peerEnded(0))
    _ = session.receive(.sessionReset)
    _ = session.open(service: 0)
    #expect(session.slots[3]?.isNegotiated == false)
  }

  @Test("the answer counts even when the connection that it names is gone")
  func agreesWithoutConnection() {
    var session = source(agreed: false)
    session.release(slot: 0)
    #expect(session.receive(.data, ignorable: true).kind == .agreed(0))
    #expect(session.slots[1]?.isNegotiated == true)
  }

  @Test("a peer that does not begin with such a word is never taken at it later")
  func doesNotAgreeLater() {
    var session = source(agreed: false)
    #expect(session.receive(.data, payload: [1]).kind == .deliver(0))
    #expect(session.receive(.data, ignorable: true).kind == .deliver(0))
    #expect(session.slots[0]?.isNegotiated == false)
    var unwilling = TunnelSession.agreed(.source)
    unwilling.openStream()
    #expect(unwilling.receive(.data, ignorable: true).kind == .deliver(0))
  }

  /// What a reset says: in which kind of stream, agreed or not, of which type, marked or not.
  private static let resets:
    [(ProtocolVersion, Bool, MessageType, Bool, TunnelSession.Action.Kind)] = [
      (.v3, true, .connectionReset, true, .peerReset(0)),
      (.v3, true, .connectionReset, false, .peerCut(0)),
      (.v3, true, .streamReset, false, .serviceCut(0)),
      (.v3, false, .connectionReset, false, .peerReset(0)),
      (.v3, false, .streamReset, false, .serviceCut(0)),
      (.v2, true, .streamReset, true, .serviceReset(0)),
      (.v2, true, .streamReset, false, .serviceCut(0)),
      (.v2, false, .streamReset, false, .serviceReset(0)),
      (.v1, true, .streamReset, true, .serviceReset(0)),
      (.v1, true, .streamReset, false, .serviceCut(0)),
      (.v1, false, .streamReset, false, .serviceReset(0)),
    ]

  @Test(
    "a reset is an end only where an application has made one, as far as that can be known",
    arguments: resets)
  func judgesResets(
    version: ProtocolVersion, agreed: Bool, type: MessageType, isMarked: Bool,
    kind: TunnelSession.Action.Kind
  ) {
    let connection: UInt32 = version == .v3 ? 1 : 0
    var source = source(agreed: agreed, version: version)
    if !agreed { _ = source.receive(.data, connection: connection, payload: [1]) }
    let atSource = source.receive(type, connection: connection, writesIgnorable: isMarked)
    #expect(atSource.kind == kind)
    var destination = TunnelSession.agreed(.destination, negotiatesHalfClose: true)
    _ = destination.receive(.streamStart, connection: connection, writesIgnorable: agreed)
    let atDestination = destination.receive(
      type, connection: connection, writesIgnorable: isMarked)
    #expect(atDestination.kind == kind)
  }

  @Test(
    "without marks and connection ids a connection that is reset before anything came back is cut, also for who has ended",
    arguments: [ProtocolVersion.v1, .v2], [true, false])
  func takesSilenceForRefusal(version: ProtocolVersion, hasEnded: Bool) {
    var session = source(agreed: false, version: version)
    if hasEnded { _ = session.handle(.localEnd, slot: 0, hasPending: false) }
    #expect(session.receive(.streamReset, connection: 0).kind == .serviceCut(0))
  }

  @Test("a destination marks the ends of applications where the source has shown itself, alone")
  func marksEnds() {
    for isShown in [true, false] {
      for isCut in [true, false] {
        var session = TunnelSession.agreed(.destination, negotiatesHalfClose: true)
        _ = session.receive(.streamStart, writesIgnorable: isShown)
        let header = session.resetHeader(slot: 0, isCut: isCut)
        #expect(header?.writesIgnorable == (isShown && !isCut) && header?.ignorable == false)
      }
    }
  }

  @Test("from a destination that knows the marks, nothing unmarked begins a new stream")
  func keepsStream() {
    var session = source()
    session.release(slot: 1)
    #expect(session.receive(.connectionReset).kind == .peerCut(0))
    #expect(session.header(.data, slot: 0) != nil)
    session.release(slot: 0)
    #expect(session.open(service: 0) == .opened(slot: 0, .connectionStart))
    let unknown = session.receive(.connectionReset, connection: 3, ignorable: true)
    #expect(unknown.kind == .streamUnknown(0))
  }

  @Test("whether anything has come back for a service is known")
  func knowsSilence() {
    var session = TunnelSession.agreed(.source, services: ["SSH1", "HTTP1"])
    #expect(session.isUnanswered(service: 0) == false)
    session.openStream()
    #expect(session.isUnanswered(service: 0) == true)
    #expect(session.isUnanswered(service: 1) == false)
    _ = session.receive(.connectionReset, connection: 7)
    #expect(session.isUnanswered(service: 0) == false, "even a word about nothing is one")
  }
}
