import Basics
import Glibc
import Testing

@testable import Reactor

@Suite("Reactor")
struct ReactorTests {
  /// A pair of connected sockets below the reactor, closed at the end.
  private final class SocketPair {
    let near: Int32
    let far: Int32

    init() throws {
      var ends: [Int32] = [-1, -1]
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
      try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
      (near, far) = (ends[0], ends[1])
    }

    deinit {
      Glibc.close(near)
      Glibc.close(far)
    }

    func makeReadable() { _ = Glibc.send(far, "x", 1, 0) }
  }

  private final class Watcher: EventHandler {
    private(set) var events: [Readiness] = []
    var onEvent: () -> Void = {}

    func handle(_ readiness: Readiness) {
      events.append(readiness)
      onEvent()
    }
  }

  private final class TurnWatcher: TurnHandler {
    private(set) var count = 0
    var onTurnEnd: () -> Void = {}

    func turnEnded() {
      count += 1
      onTurnEnd()
    }
  }

  @Test("an event of a registration that is gone does not reach the one in its place")
  func dropsStaleEvents() throws {
    let reactor = try Reactor()
    let pairs = [try SocketPair(), try SocketPair()]
    let replacement = try SocketPair()
    let watchers = [Watcher(), Watcher()]
    let late = Watcher()
    var tokens: [RegistrationToken] = []
    for (pair, watcher) in zip(pairs, watchers) {
      tokens.append(try reactor.register(pair.near, interest: .readable, watcher))
      pair.makeReadable()
    }
    var replacementToken: RegistrationToken?
    for index in 0...1 {
      // Whoever is first removes the other, and registers another descriptor, which takes its place.
      watchers[index].onEvent = {
        if replacementToken != nil { return }
        reactor.deregister(tokens[1 - index])
        replacementToken = try? reactor.register(replacement.near, interest: .readable, late)
        #expect(replacementToken?.index == tokens[1 - index].index)
      }
    }
    try reactor.turn(waitMax: Milliseconds(1_000))
    #expect(watchers[0].events.count + watchers[1].events.count == 1)
    #expect(late.events.isEmpty)
    replacement.makeReadable()
    try reactor.turn(waitMax: Milliseconds(1_000))
    #expect(late.events == [.readable])
    #expect(reactor.registrationCount == 2)
  }

  @Test("a token of the past changes nothing in its place's new registration")
  func ignoresStaleTokens() throws {
    let reactor = try Reactor()
    let pair = try SocketPair()
    let watcher = Watcher()
    let old = try reactor.register(pair.near, interest: .readable, watcher)
    reactor.deregister(old)
    let new = try reactor.register(pair.near, interest: .readable, watcher)
    reactor.modify(old, interest: [])
    reactor.deregister(old)
    pair.makeReadable()
    try reactor.turn(waitMax: Milliseconds(1_000))
    #expect(watcher.events == [.readable] && reactor.registrationCount == 1)
    reactor.deregister(new)
    #expect(reactor.registrationCount == 0)
  }

  @Test("interest is level-triggered, and changes take effect")
  func followsInterest() throws {
    let reactor = try Reactor()
    let pair = try SocketPair()
    let watcher = Watcher()
    let token = try reactor.register(pair.near, interest: .readable, watcher)
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(watcher.events.isEmpty)
    pair.makeReadable()
    for _ in 0..<2 { try reactor.turn(waitMax: Milliseconds(0)) }
    #expect(watcher.events == [.readable, .readable])
    reactor.modify(token, interest: [.readable, .writable])
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(watcher.events.last == [.readable, .writable])
    reactor.modify(token, interest: .writable)
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(watcher.events.last == .writable)
    reactor.modify(token, interest: [])
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(watcher.events.count == 4)
  }

  @Test("what cannot be registered is an error and leaves nothing behind")
  func reportsRegistrationFailure() throws {
    let reactor = try Reactor()
    #expect(throws: SystemError.self) {
      _ = try reactor.register(-1, interest: .readable, Watcher())
    }
    #expect(reactor.registrationCount == 0)
  }

  @Test("timers fire in order, once, and never early")
  func firesTimers() throws {
    let reactor = try Reactor()
    let alarm = Alarm()
    try reactor.turn(waitMax: Milliseconds(0))
    let start = reactor.now
    for (tag, delay) in [30, 10, 20].enumerated() {
      _ = reactor.schedule(at: start + Milliseconds(Int64(delay)), alarm, tag: tag)
    }
    let cancelled = reactor.schedule(at: start + Milliseconds(15), alarm, tag: 3)
    reactor.cancel(cancelled)
    let isDone = try reactor.turn { alarm.fired.count == 3 }
    #expect(isDone && alarm.fired.map(\.tag) == [1, 2, 0])
    for (fired, delay) in zip(alarm.fired, [10, 20, 30]) {
      #expect(fired.now >= start + Milliseconds(Int64(delay)))
    }
    #expect(try reactor.turns(for: Milliseconds(30)) <= 3)
    #expect(alarm.fired.count == 3)
  }

  @Test("waiting for a timer is not spinning")
  func waitsForTimers() throws {
    let reactor = try Reactor()
    #expect(try reactor.turns(for: Milliseconds(50)) <= 3)
  }

  @Test("a timer that comes before the one that is waited for ends the wait")
  func waitsForTheEarliest() throws {
    let reactor = try Reactor()
    let alarm = Alarm()
    _ = reactor.schedule(at: reactor.now + Milliseconds(60_000), alarm, tag: 0)
    try reactor.turn(waitMax: Milliseconds(0))
    _ = reactor.schedule(at: reactor.now + Milliseconds(10), alarm, tag: 1)
    try reactor.turn(waitMax: Milliseconds(10_000))
    #expect(alarm.fired.map(\.tag) == [1])
    #expect(try reactor.turns(for: Milliseconds(20)) <= 3)
  }

  @Test("a timer that was waited for and is cancelled ends one more wait at the most")
  func forgetsCancelledTimers() throws {
    let reactor = try Reactor()
    let alarm = Alarm()
    let first = reactor.schedule(at: reactor.now + Milliseconds(10), alarm, tag: 0)
    try reactor.turn(waitMax: Milliseconds(0))
    reactor.cancel(first)
    let before = reactor.turnCount
    let start = reactor.now
    while reactor.now < start + Milliseconds(50) { try reactor.turn(waitMax: Milliseconds(60)) }
    #expect(reactor.turnCount - before <= 2 && alarm.fired.isEmpty)
    #expect(try reactor.turns(for: Milliseconds(20)) <= 3)
  }

  @Test("a timer may schedule and cancel others")
  func changesTimersWhileFiring() throws {
    let reactor = try Reactor()
    let alarm = Alarm()
    let victim = reactor.schedule(at: reactor.now + Milliseconds(5), alarm, tag: 9)
    alarm.onFire = { tag in
      reactor.cancel(victim)
      if tag < 3 { _ = reactor.schedule(at: reactor.now + Milliseconds(1), alarm, tag: tag + 1) }
    }
    _ = reactor.schedule(at: reactor.now, alarm, tag: 1)
    _ = try reactor.turn(within: Milliseconds(200)) { alarm.fired.count > 3 }
    #expect(alarm.fired.map(\.tag) == [1, 2, 3])
  }

  @Test("who asks for a turn's end is called once, and asking from inside means the next turn")
  func callsTurnEndOnce() throws {
    let reactor = try Reactor()
    let watcher = TurnWatcher()
    reactor.whenTurnEnds(watcher)
    // A turn that has somebody to call does not wait.
    try reactor.turn(waitMax: nil)
    #expect(watcher.count == 1)
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(watcher.count == 1)
    watcher.onTurnEnd = { if watcher.count == 2 { reactor.whenTurnEnds(watcher) } }
    reactor.whenTurnEnds(watcher)
    try reactor.turn(waitMax: nil)
    #expect(watcher.count == 2)
    try reactor.turn(waitMax: nil)
    #expect(watcher.count == 3)
  }

  @Test("the turn's end comes after its events and its timers")
  func ordersOneTurn() throws {
    let reactor = try Reactor()
    let pair = try SocketPair()
    let watcher = Watcher()
    let alarm = Alarm()
    let turns = TurnWatcher()
    var order: [String] = []
    watcher.onEvent = { order.append("event") }
    alarm.onFire = { _ in order.append("timer") }
    turns.onTurnEnd = { order.append("end") }
    reactor.whenTurnEnds(turns)
    _ = reactor.schedule(at: reactor.now, alarm, tag: 0)
    _ = try reactor.register(pair.near, interest: .readable, watcher)
    pair.makeReadable()
    try reactor.turn(waitMax: nil)
    #expect(order == ["event", "timer", "end"])
  }

  @Test("running ends when somebody says stop")
  func stops() throws {
    let reactor = try Reactor()
    let alarm = Alarm()
    alarm.onFire = { _ in reactor.stop() }
    _ = reactor.schedule(at: reactor.now + Milliseconds(5), alarm, tag: 0)
    try reactor.run()
    #expect(alarm.fired.count == 1)
  }
}
