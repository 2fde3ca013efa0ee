import Basics
import StateTables
import Testing

@testable import Tunnel
@testable import WebSocket

@Suite("The closing handshake")
struct ClosingHandshakeTests {
  private static let states: [(name: String, state: ClosingHandshake)] = [
    ("open", .open), ("closing", .closing(deadline: later)),
    ("leaving", .leaving(reason: "why", deadline: later)), ("over", .over(.completed)),
  ]
  private static let events: [(name: String, event: ClosingHandshake.Event)] =
    ([
      .closeCame(CloseFrame(.goingAway)), .closeRequested(within: Milliseconds(500)),
      .violated(reason: "another"), .silenceCame, .lost, .timeOver, .frameTaken,
    ] as [ClosingHandshake.Event]).map { (name($0), $0) }

  /// One that is not here is not in `events` either.
  private static func name(_ event: ClosingHandshake.Event) -> String {
    switch event {
    case .closeCame: "closeCame"
    case .closeRequested: "closeRequested"
    case .violated: "violated"
    case .silenceCame: "silenceCame"
    case .lost: "lost"
    case .timeOver: "timeOver"
    case .frameTaken: "frameTaken"
    }
  }

  private static let now = Instant(nanoseconds: 1_000_000_000)
  private static let later = now + Milliseconds(1_000)

  private static func name(_ state: ClosingHandshake) -> String {
    switch state {
    case .open: "open"
    case .closing: "closing"
    case .leaving: "leaving"
    case .over: "over"
    }
  }

  private static func end(_ state: ClosingHandshake) -> String {
    guard case .over(let end) = state else { return "" }
    switch end {
    case .closed: return "closed"
    case .completed: return "completed"
    case .violation: return "violation"
    case .silent: return "silent"
    case .lost: return "lost"
    }
  }

  @Test("the table in the source says what each event does in each state, and what changes nothing")
  func followsTable() throws {
    let table = try TransitionTable(.closingHandshake)
    #expect(
      table.faults(states: Self.states.map(\.name), events: Self.events.map(\.name)) == [])
    for (stateName, state) in Self.states {
      for (eventName, event) in Self.events {
        let row = table.rows(state: stateName, event: eventName).first
        var next = state
        next.handle(event, now: Self.now)
        #expect(Self.name(next) == row?.next ?? stateName, "\(stateName), \(eventName)")
        #expect(Self.end(next) == row?.output ?? Self.end(state), "\(stateName), \(eventName)")
      }
    }
  }

  @Test("our close is waited for as long as its owner wants, two seconds at the most")
  func keepsTimeout() {
    for (wanted, most) in [(500, 500), (2_000, 2_000), (60_000, 2_000)] as [(Int64, Int64)] {
      var state = ClosingHandshake.open
      state.handle(.closeRequested(within: Milliseconds(wanted)), now: Self.now)
      #expect(state.deadline == Self.now + Milliseconds(most))
      // A violation meanwhile gives no more time.
      state.handle(.violated(reason: "why"), now: Self.now + Milliseconds(100))
      #expect(state.deadline == Self.now + Milliseconds(most))
    }
  }
}

/// A stream about which everything is known.
private final class KnownTransport: LinkTransport {
  var takesFrame = true
  var unsentByteCount = 0
  var transportState = TransportState()
}

/// A core, the time, and what it ordered: no stream, no handler.
private final class LinkPlay {
  let transport = KnownTransport()
  var core: LinkCore
  var now = Instant(nanoseconds: 1_000_000_000_000)

  init(pingPeriod: Milliseconds? = nil, pacer: consuming Pacer = Pacer()) {
    let heartbeat = pingPeriod.map {
      Heartbeat(period: $0, heldOffTimeMax: Milliseconds(10 * $0.count))
    }
    core = LinkCore(heartbeat, pacer, now: now)
  }

  @discardableResult func handle(_ event: LinkCore.Event) -> [String] {
    core.handle(event, now: now, transport)
    return takeOrders()
  }

  func takeOrders() -> [String] {
    var orders: [String] = []
    while let order = core.next(now: now, transport) {
      switch order {
      case .send(let opcode, let payload): orders.append("\(opcode) \(payload.count)")
      case .report(let roundTrip): orders.append("report \(roundTrip.count)")
      case .finishSending: orders.append("finish")
      case .end(let end): orders.append("end \(end)")
      }
    }
    let fault = core.checkInvariants()
    #expect(fault == nil)
    return orders
  }

  /// Lets time pass until the deadline.
  func wait() throws -> [String] {
    now = try #require(core.wait(now: now).deadline)
    return handle(.deadlineCame)
  }

  func hasRoom() -> Bool { core.hasRoom(now: now, transport) }
  var deadline: Instant? { core.wait(now: now).deadline }
  var isForRoom: Bool { core.wait(now: now).isForRoom }
  var receives: Bool { core.receives }
  var isEnded: Bool { core.isEnded }
}

@Suite("The link's core")
struct LinkCoreTests {
  @Test("control frames go before messages: pong, ping, close, of each the newest")
  func ordersControlFrames() {
    let play = LinkPlay(pingPeriod: Milliseconds(1_000))
    play.transport.takesFrame = false
    play.now = play.now + Milliseconds(1_000)
    #expect(play.handle(.pingCame([1])) == [] && play.handle(.pingCame([1, 2])) == [])
    #expect(play.handle(.deadlineCame) == [])
    play.core.wantsRoom = true
    play.transport.takesFrame = true
    #expect(!play.hasRoom() && play.isForRoom)
    #expect(play.takeOrders() == ["pong 2", "ping 16"])
    #expect(play.hasRoom())
    play.transport.takesFrame = false
    _ = play.handle(.pingCame([1]))
    _ = play.handle(.closeRequested(CloseFrame(.normal), within: Milliseconds(500)))
    play.transport.takesFrame = true
    #expect(play.takeOrders() == ["pong 1", "close 2"])
  }

  @Test("asking for room, or what to wait for, changes nothing")
  func answersTheSame() {
    let play = LinkPlay(pingPeriod: Milliseconds(1_000), pacer: Pacer(limit: 0))
    while play.hasRoom() {
      _ = play.core.sent(1_000, now: play.now)
      _ = play.takeOrders()
    }
    play.core.wantsRoom = true
    for _ in 0..<10 {
      #expect(!play.hasRoom() && !play.isForRoom && play.deadline == play.now + Milliseconds(1_000))
    }
    // Asked or not, a service that answers no ping for a second is taken for one that never does.
    play.now = play.now + Milliseconds(1_000)
    #expect(play.hasRoom() && play.isForRoom)
  }

  @Test("three periods without an octet end it, and each begins with a ping")
  func noticesSilence() throws {
    let play = LinkPlay(pingPeriod: Milliseconds(1_000))
    #expect(play.handle(.received) == [])
    #expect(try play.wait() == ["ping 16"])
    for _ in 0..<2 { #expect(try play.wait() == ["ping 16"]) }
    #expect(try play.wait() == ["end silent"] && play.isEnded)
    #expect(play.deadline == nil)
  }

  @Test("the answer to a heartbeat's ping is reported, with its round trip")
  func reportsRoundTrip() throws {
    let play = LinkPlay(pingPeriod: Milliseconds(1_000))
    _ = try play.wait()
    let stamp = PingStamp(sentAt: play.now, sentByteCount: 0)
    play.now = play.now + Milliseconds(42)
    #expect(play.handle(.pongCame(stamp.payload)) == ["report 42"])
    #expect(play.handle(.pongCame([1, 2, 3])) == [])
  }

  @Test("a ping that had to wait for room says when it went out")
  func stampsWhenSent() throws {
    let play = LinkPlay(pingPeriod: Milliseconds(1_000))
    play.transport.takesFrame = false
    #expect(try play.wait() == [])
    play.now = play.now + Milliseconds(300)
    play.transport.takesFrame = true
    guard case .send(.ping, let payload)? = play.core.next(now: play.now, play.transport) else {
      Issue.record("no ping")
      return
    }
    #expect(PingStamp(payload: payload, now: play.now)?.sentAt == play.now)
  }

  @Test("after a mebibyte of restored payload other events come first")
  func rests() throws {
    let play = LinkPlay()
    var pieceCount = 0
    while play.receives && pieceCount < 1_000 {
      _ = play.handle(.restored)
      pieceCount += 1
    }
    #expect(pieceCount == 64 && play.deadline == play.now)
    _ = try play.wait()
    #expect(play.receives)
    // What comes anew counts anew.
    for _ in 0..<63 { _ = play.handle(.restored) }
    _ = play.handle(.received)
    _ = play.handle(.restored)
    #expect(play.receives)
  }

  @Test("a close while nothing is read looks at what is here already, in the next turn")
  func readsBehindPause() throws {
    let play = LinkPlay()
    _ = play.handle(.readingStopped)
    #expect(!play.receives)
    #expect(
      play.handle(.closeRequested(CloseFrame(.normal), within: Milliseconds(500))) == ["close 2"])
    #expect(!play.receives && play.deadline == play.now)
    #expect(try play.wait() == [] && play.receives)
    #expect(play.handle(.closeCame(CloseFrame(.normal))) == ["end completed"])
  }

  @Test(
    "a violation's close frame is waited for until the system has taken all, or the time is over")
  func leavesBehindOthers() throws {
    for isTaken in [true, false] {
      let play = LinkPlay()
      play.transport.unsentByteCount = 10
      #expect(play.handle(.violated(.protocolError, reason: "why")) == ["close 5", "finish"])
      #expect(!play.receives && play.isForRoom)
      if isTaken {
        play.transport.unsentByteCount = 0
        #expect(play.takeOrders() == ["end violation(reason: \"why\")"])
      } else {
        #expect(try play.wait() == ["end violation(reason: \"why\")"])
      }
    }
  }

  @Test("who waits for room while it closes waits for nothing, and the loop may sleep")
  func sleepsWhileClosing() {
    let play = LinkPlay()
    play.core.wantsRoom = true
    _ = play.handle(.closeRequested(CloseFrame(.normal), within: Milliseconds(500)))
    #expect(!play.isForRoom && !play.hasRoom())
  }
}
