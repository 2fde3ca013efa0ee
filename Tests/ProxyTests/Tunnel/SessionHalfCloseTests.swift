import Testing

@testable import Proxy

@Suite("TunnelSession's ends of one direction")
struct SessionHalfCloseTests {
  @Test("a source that knows how says so with each start, and with nothing else")
  func offers() {
    for offers in [true, false] {
      var session = TunnelSession.agreed(.source, negotiatesHalfClose: offers)
      session.openStream(connections: 2)
      #expect(session.header(.streamStart, slot: 0)?.ignorable == offers)
      #expect(session.header(.connectionStart, slot: 1)?.ignorable == offers)
      #expect(session.header(.data, slot: 0)?.ignorable == false)
      #expect(session.resetHeader(slot: 0)?.ignorable == false)
      #expect(session.header(.data, slot: 1, ignorable: true)?.ignorable == true)
    }
  }

  @Test("the destination's first word may be that it knows how too; the next such is an end")
  func agrees() {
    var session = TunnelSession.agreed(.source, negotiatesHalfClose: true)
    session.openStream()
    #expect(session.receive(.data, ignorable: true).kind == .agreed(0))
    #expect(session.slots[0]?.isNegotiated == true)
    #expect(session.receive(.data, payload: [1]).kind == .deliver(0))
    #expect(session.receive(.data, payload: [1], ignorable: true).kind == .deliver(0))
    #expect(session.receive(.data).kind == .deliver(0), "empty, but no end")
    #expect(session.receive(.data, ignorable: true).kind == .peerEnded(0))
  }

  @Test("a peer that does not know how is never taken at such a word")
  func doesNotAgreeLater() {
    var session = TunnelSession.agreed(.source, negotiatesHalfClose: true)
    session.openStream()
    #expect(session.receive(.data, payload: [1]).kind == .deliver(0))
    #expect(session.receive(.data, ignorable: true).kind == .deliver(0))
    #expect(session.slots[0]?.isNegotiated == false)
    var unwilling = TunnelSession.agreed(.source)
    unwilling.openStream()
    #expect(unwilling.receive(.data, ignorable: true).kind == .deliver(0))
  }

  @Test("a destination agrees connection by connection, when it is willing and was asked")
  func answers() {
    for (isWilling, isAsked) in [(true, true), (true, false), (false, true)] {
      var session = TunnelSession.agreed(.destination, negotiatesHalfClose: isWilling)
      #expect(session.receive(.streamStart, ignorable: isAsked).kind == .start(0))
      #expect(session.slots[0]?.isNegotiated == (isWilling && isAsked))
      #expect(session.receive(.connectionStart, connection: 2).kind == .start(1))
      #expect(session.slots[1]?.isNegotiated == false)
      let end = session.receive(.data, ignorable: true)
      #expect(end.kind == (isWilling && isAsked ? .peerEnded(0) : .deliver(0)))
    }
  }
}
