import Basics
import StateTables
import Testing

@testable import Tunnel

@Suite("ConnectorCore")
struct ConnectorCoreTests {
  private static let delay = Milliseconds(700)
  private static let states = ["idle", "resolving", "racing", "waiting", "over"]
  private static let events: [(name: String, event: ConnectorCore.Event)] =
    ([.started, .nameFound, .won, .failed(reason: "why"), .deadlineCame, .cancelled]
    as [ConnectorCore.Event]).map { (name($0), $0) }

  /// One that is not here is not in `events` either.
  private static func name(_ event: ConnectorCore.Event) -> String {
    switch event {
    case .started: "started"
    case .nameFound: "nameFound"
    case .won: "won"
    case .failed: "failed"
    case .deadlineCame: "deadlineCame"
    case .cancelled: "cancelled"
    }
  }

  private static func name(_ state: ConnectorCore.State) -> String {
    switch state {
    case .idle: "idle"
    case .resolving: "resolving"
    case .racing: "racing"
    case .waiting: "waiting"
    case .over: "over"
    }
  }

  private static func name(_ order: ConnectorCore.Order) -> String {
    switch order {
    case .resolve: "resolve"
    case .race: "race"
    case .stop: "stop"
    case .reportWait(let reason): "reportWait" + (reason == "why" ? "" : " " + reason)
    case .reportFailure(let reason): "reportFailure" + (reason == "why" ? "" : " " + reason)
    case .handOver: "handOver"
    }
  }

  /// A core, the time, and what it orders.
  private struct Play {
    var core: ConnectorCore
    var now = Instant(nanoseconds: 1_000_000_000_000)

    init(isNamed: Bool, retryCount: Int?) {
      core = ConnectorCore(
        isNamed: isNamed, retryCount: retryCount, retryDelay: ConnectorCoreTests.delay)
    }

    /// The one order, "" for none.
    @discardableResult mutating func handle(_ event: ConnectorCore.Event) -> String {
      core.handle(event, now: now)
      let order = core.next()
      #expect(core.next() == nil)
      #expect(core.checkInvariants() == nil)
      return order.map(ConnectorCoreTests.name) ?? ""
    }
  }

  /// One in a state, with a retry left or without; nil where there is no such.
  private static func make(_ state: String, isNamed: Bool, hasRetry: Bool) -> Play? {
    if state == "resolving" && !isNamed { return nil }
    var play = Play(isNamed: isNamed, retryCount: (hasRetry ? 1 : 0) + (state == "waiting" ? 1 : 0))
    if state != "idle" { play.handle(.started) }
    if state != "resolving" { play.handle(.nameFound) }
    if state == "waiting" { play.handle(.failed(reason: "why")) }
    if state == "over" { play.handle(.won) }
    #expect(name(play.core.state) == state)
    return play
  }

  @Test(
    "the table in the source says what each event does in each state, and what changes nothing",
    arguments: [true, false], [true, false])
  func followsTable(isNamed: Bool, hasRetry: Bool) throws {
    let table = try TransitionTable(.connector)
    #expect(
      table.faults(
        states: Self.states, events: Self.events.map(\.name), conditions: ["named", "left"]) == [])
    for state in Self.states {
      for (name, event) in Self.events {
        guard var play = Self.make(state, isNamed: isNamed, hasRetry: hasRetry) else { continue }
        // A deadline comes when it is due, and not before.
        if let deadline = play.core.deadline { play.now = deadline }
        let row = table.rows(state: state, event: name).first { row in
          switch row.condition {
          case "named": isNamed
          case "left": hasRetry
          default: true
          }
        }
        let order = play.handle(event)
        #expect(Self.name(play.core.state) == row?.next ?? state, "\(state), \(name)")
        #expect(order == row?.output ?? "", "\(state), \(name)")
        #expect((play.core.deadline != nil) == (row?.next ?? state == "waiting"))
      }
    }
  }

  @Test("N retries are N + 1 rounds, the delay apart", arguments: [0, 1, 5], [true, false])
  func countsRetries(retryCount: Int, isNamed: Bool) {
    var play = Play(isNamed: isNamed, retryCount: retryCount)
    let begin = play.now
    var orders = [play.handle(.started)]
    while true {
      if isNamed { orders.append(play.handle(.nameFound)) }
      orders.append(play.handle(.failed(reason: "round \(orders.count)")))
      guard let deadline = play.core.deadline else { break }
      #expect(deadline == play.now + Self.delay)
      play.now = deadline
      orders.append(play.handle(.deadlineCame))
    }
    #expect(orders.count { $0 == "resolve" } == (isNamed ? retryCount + 1 : 0))
    #expect(orders.count { $0 == "race" } == retryCount + 1)
    #expect(orders.count { $0.hasPrefix("reportWait round ") } == retryCount)
    #expect(orders.last == "reportFailure round \(orders.count - 1)")
    #expect(play.now == begin + Milliseconds(Int64(retryCount) * Self.delay.count))
  }

  @Test("without a bound it never gives up")
  func triesForEver() {
    var play = Play(isNamed: true, retryCount: nil)
    play.handle(.started)
    for _ in 1...10_000 {
      #expect(play.handle(.failed(reason: "why")) == "reportWait")
      play.now = play.core.deadline ?? play.now
      #expect(play.handle(.deadlineCame) == "resolve")
    }
  }

  @Test("a name that is not found takes a retry as a race that is lost does")
  func countsBoth() {
    var play = Play(isNamed: true, retryCount: 2)
    play.handle(.started)
    for isFound in [false, true, false] {
      if isFound { #expect(play.handle(.nameFound) == "race") }
      #expect(play.handle(.failed(reason: "why")) != "")
      play.now = play.core.deadline ?? play.now
      play.handle(.deadlineCame)
    }
    #expect(Self.name(play.core.state) == "over")
  }

  @Test("a deadline that is not due does nothing")
  func waitsForDeadline() throws {
    var play = Play(isNamed: false, retryCount: 1)
    play.handle(.started)
    play.handle(.failed(reason: "why"))
    let deadline = try #require(play.core.deadline)
    play.now = deadline - Nanoseconds(1)
    #expect(play.handle(.deadlineCame) == "" && play.core.deadline == deadline)
    play.now = deadline
    #expect(play.handle(.deadlineCame) == "race")
  }
}
