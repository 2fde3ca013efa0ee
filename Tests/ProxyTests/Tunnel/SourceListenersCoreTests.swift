import Basics
import StateTables
import Testing

@testable import Tunnel

@Suite("SourceListenersCore")
struct SourceListenersCoreTests {
  private typealias Core = SourceListenersCore

  private static let states = ["resting", "resolving", "opening", "waiting", "over"]
  /// Those of the table: who accepts changes no state.
  private static let events = [
    "served", "nameFound", "nameFailed", "opened", "notOpened", "deadlineCame", "closed",
  ]
  private static let acceptingEvents: [Core.Event] = [
    .acceptingChanged(false), .held(service: 0, true), .acceptingChanged(true), .tunnelLost,
  ]

  private static func name(_ event: Core.Event) -> String {
    switch event {
    case .served: "served"
    case .nameFound: "nameFound"
    case .nameFailed: "nameFailed"
    case .opened: "opened"
    case .notOpened: "notOpened"
    case .deadlineCame: "deadlineCame"
    case .acceptingChanged, .held, .tunnelLost: ""
    case .closed: "closed"
    }
  }

  private static func name(_ state: Core.State) -> String {
    switch state {
    case .resting: "resting"
    case .resolving: "resolving"
    case .opening: "opening"
    case .waiting: "waiting"
    case .over: "over"
    }
  }

  /// A service, and what the test knows of it.
  private struct Kind: Equatable {
    let name: String
    /// Nil for a name.
    var addressCount: Int?
    var takesFreePort = false
  }

  private static let delay = Milliseconds(500)
  private static let unix = Kind(name: "unix", addressCount: 1)
  private static let passed = Kind(name: "passed", addressCount: 3)
  private static let named = Kind(name: "named")
  private static let free = Kind(name: "free", takesFreePort: true)

  /// Something that happens.
  private enum Act {
    case serve([Kind], retryCount: Int?)
    case find(isIPv6: [Bool])
    case miss
    case open
    case refuse(SourceListenersCore.Failure)
    case wait
    case close

    var name: String {
      switch self {
      case .serve: "served"
      case .find: "nameFound"
      case .miss: "nameFailed"
      case .open: "opened"
      case .refuse: "notOpened"
      case .wait: "deadlineCame"
      case .close: "closed"
      }
    }
  }

  /// A core, and what an onlooker knows of it by its orders alone.
  private struct Play {
    var core = SourceListenersCore()
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var kinds: [Kind] = []
    var sockets: [Int] = []
    /// Of the services before that are not kept.
    var formerSockets: [Int] = []
    /// Of each service, whether any of its sockets accepts.
    var accepting: [Bool] = []
    var retriesLeft: Int?
    /// The service whose name is looked up.
    var asked: Int?
    /// What is to be listened on; how many addresses of the service there are, and were tried; and which attempt with one
    /// port that is.
    var listen: (service: Int, address: Int, port: UInt16?)?
    var addressCount = 0
    var triedCount = 0
    var attempt = 0
    var nextPort: UInt16 = 1_000

    var state: String { SourceListenersCoreTests.name(core.state) }

    /// All orders of an event.
    @discardableResult mutating func handle(
      _ event: SourceListenersCore.Event
    ) -> [SourceListenersCore.Order] {
      core.handle(event, now: now)
      var orders: [SourceListenersCore.Order] = []
      while let order = core.next() {
        orders.append(order)
        note(order)
      }
      let last = orders.firstIndex { $0 == .reportListening || $0 == .reportEnd }
      #expect(last == nil || last == orders.count - 1, "what is told is the last")
      if state != "opening" { #expect(core.checkInvariants() == nil) }
      #expect((core.deadline != nil) == (state == "waiting"))
      #expect((asked != nil) == core.isResolving)
      #expect(!formerSockets.contains { $0 > 0 })
      for service in sockets.indices where sockets[service] > 0 {
        #expect(accepting[service] == core.accepts(service))
      }
      return orders
    }

    private mutating func note(_ order: SourceListenersCore.Order) {
      switch order {
      case .resolve(let service):
        #expect(asked == nil)
        asked = service
      case .forgetQuestion:
        #expect(asked != nil)
        asked = nil
      case .listen(let service, let address, let port):
        if listen?.service != service {
          (triedCount, attempt) = (0, 1)
          addressCount = kinds[service].addressCount ?? addressCount
        }
        listen = (service, address, port)
      case .close(let service):
        #expect(sockets[service] > 0)
        sockets[service] = 0
      case .closeFormer(let service):
        #expect(formerSockets[service] > 0)
        formerSockets[service] = 0
      case .accept(let service, let accepts):
        #expect(sockets[service] > 0 && accepting[service] != accepts)
        accepting[service] = accepts
      case .reportPlace(let service): #expect(sockets[service] > 0)
      case .reportFailure(let service, _): #expect(sockets[service] == 0)
      case .reportListening: #expect(core.isListening)
      case .reportEnd: #expect(core.isOver && !sockets.contains { $0 > 0 })
      }
    }

    /// Does what an onlooker can see of it, too.
    @discardableResult mutating func act(_ act: Act) -> [SourceListenersCore.Order] {
      let before = state
      let isMore = conditions(of: act).contains("more")
      if !isMore { listen = before == "opening" ? listen : nil }
      let last = listen
      var event: SourceListenersCore.Event
      switch act {
      case .serve(let kinds, let retryCount):
        if !conditions(of: act).contains("same") || retryCount == nil { retriesLeft = retryCount }
        event = served(kinds, retryCount)
        take(kinds)
      case .find(let isIPv6):
        asked = nil
        addressCount = Set(isIPv6).count
        event = .nameFound(isIPv6: isIPv6)
      case .miss:
        asked = nil
        event = .nameFailed
      case .open:
        if let last {
          sockets[last.service] += 1
          accepting[last.service] = true
        }
        nextPort += 1
        event = .opened(port: last?.port ?? nextPort)
      case .refuse(let failure): event = .notOpened(failure)
      case .wait:
        now = core.deadline ?? now
        event = .deadlineCame
      case .close: event = .closed
      }
      if isMore, case .refuse(.portTaken) = act {
        attempt += 1
        triedCount = 0
      } else if isMore {
        triedCount += 1
      } else {
        listen = nil
      }
      let orders = handle(event)
      if before != "waiting" && state == "waiting", let left = retriesLeft {
        retriesLeft = left - 1
      }
      return orders
    }

    func served(_ others: [Kind], _ retryCount: Int?) -> SourceListenersCore.Event {
      .served(
        others.enumerated().map { index, kind in
          .init(
            stays: stays(index, kind), addressCount: kind.addressCount,
            takesFreePort: kind.takesFreePort)
        }, retryCount: retryCount, retryDelay: SourceListenersCoreTests.delay)
    }

    private func stays(_ index: Int, _ kind: Kind) -> Bool {
      index < kinds.count && kinds[index] == kind
    }

    private mutating func take(_ others: [Kind]) {
      formerSockets = sockets
      let wasAccepting = accepting
      (sockets, accepting) = ([], [])
      for (index, kind) in others.enumerated() {
        let stays = stays(index, kind)
        sockets.append(stays ? formerSockets[index] : 0)
        accepting.append(stays ? wasAccepting[index] : true)
        if stays { formerSockets[index] = 0 }
      }
      kinds = others
    }

    /// Which of the table's conditions hold.
    func conditions(of act: Act) -> [String] {
      switch act {
      case .serve(let others, _):
        var kept: [Int] = []
        for (index, kind) in others.enumerated() {
          kept.append(stays(index, kind) ? sockets[index] : 0)
        }
        let isTrying = state == "resolving" || state == "waiting"
        return (isTrying && others == kinds ? ["same"] : []) + next(others, kept, from: 0)
      case .find, .close: return []
      case .wait: return next(kinds, sockets, from: 0)
      case .miss: return failed(asked ?? 0)
      case .open:
        guard let listen else { return [] }
        if triedCount + 1 < addressCount { return ["more"] }
        var sockets = sockets
        sockets[listen.service] += 1
        return next(kinds, sockets, from: listen.service + 1)
      case .refuse(.addressMissing):
        guard let listen else { return [] }
        if triedCount + 1 < addressCount { return ["more"] }
        return sockets[listen.service] > 0
          ? next(kinds, sockets, from: listen.service + 1) : failed(listen.service)
      case .refuse(let failure):
        guard let listen else { return [] }
        let isFree = kinds[listen.service].takesFreePort
        return failure == .portTaken && isFree && attempt < SourceListenersCore.portAttemptCountMax
          ? ["more"] : failed(listen.service)
      }
    }

    private func failed(_ service: Int) -> [String] {
      if retriesLeft == 0 { return ["spent"] }
      var sockets = sockets
      if service < sockets.count { sockets[service] = 0 }
      return next(kinds, sockets, from: service + 1)
    }

    private func next(_ kinds: [Kind], _ sockets: [Int], from first: Int) -> [String] {
      for index in kinds.indices where index >= first && sockets[index] == 0 {
        return [kinds[index].addressCount == nil ? "name" : "place"]
      }
      return zip(kinds, sockets).contains { $0.1 == 0 } ? [] : ["done"]
    }
  }

  private static let acts: [Act] =
    [
      .serve([named], retryCount: 0), .serve([unix], retryCount: nil),
      .serve([unix, named, free], retryCount: 1), .serve([named, unix], retryCount: 1),
      .find(isIPv6: [true]), .find(isIPv6: [true, true, false, false]), .miss, .open,
    ] + Core.Failure.allCases.map { .refuse($0) } + [.wait, .close]

  /// Every order of what can happen, so many events deep.
  /// - Parameter seen: the rows of the table that came to pass.
  private static func walk(
    _ play: Play, _ table: TransitionTable, depth: Int, seen: inout Set<String>
  ) {
    if depth == 0 { return }
    for act in acts {
      let conditions = play.conditions(of: act)
      let row = table.rows(state: play.state, event: act.name).first { row in
        ["", "else"].contains(row.condition) || conditions.contains(row.condition)
      }
      var next = play
      guard let row else {
        #expect(table.ignoredCount(state: play.state, event: act.name) == 1)
        next.core.handle(event(act, in: next), now: next.now)
        #expect(next.core.next() == nil && next.state == play.state)
        continue
      }
      next.act(act)
      seen.insert("\(play.state) \(act.name) \(row.condition)")
      if next.state != row.next {
        Issue.record("\(play.state), \(act), \(conditions): \(next.state), not \(row.next)")
        return
      }
      walk(next, table, depth: depth - 1, seen: &seen)
    }
  }

  private static func event(_ act: Act, in play: Play) -> Core.Event {
    switch act {
    case .serve(let kinds, let count): play.served(kinds, count)
    case .find(let isIPv6): .nameFound(isIPv6: isIPv6)
    case .miss: .nameFailed
    case .open: .opened(port: 1)
    case .refuse(let failure): .notOpened(failure)
    case .wait: .deadlineCame
    case .close: .closed
    }
  }

  @Test("the table in the source says what each event does in each state, and what changes nothing")
  func followsTable() throws {
    let table = try TransitionTable(.sourceListeners)
    let conditions: Set = ["same", "more", "spent", "name", "place", "done"]
    #expect(table.faults(states: Self.states, events: Self.events, conditions: conditions) == [])
    #expect(Set(Self.acts.map { Self.name(Self.event($0, in: Play())) }) == Set(Self.events))
    var seen: Set<String> = []
    Self.walk(Play(), table, depth: 6, seen: &seen)
    #expect(seen == Set(table.rows.map { "\($0.subject) \($0.event) \($0.condition)" }))
  }

  @Test("who accepts changes no state, and is told to each socket once, whatever it is at")
  func accepts() throws {
    var plays = [Play()]
    for acts in [
      [.serve([Self.named, Self.unix], retryCount: 1)],
      [.serve([Self.named, Self.unix], retryCount: 1), .miss],
      [.serve([Self.named, Self.unix], retryCount: 1), .miss, .open],
      [.serve([Self.unix, Self.passed], retryCount: 1), .open, .open, .open, .open],
      [.serve([Self.unix], retryCount: 1), .close],
    ] as [[Act]] {
      var play = Play()
      for act in acts { play.act(act) }
      plays.append(play)
    }
    #expect(Set(plays.map(\.state)) == Set(Self.states))
    for var play in plays {
      let state = play.state
      let (open, all) = (play.core.socketCounts.count { $0 > 0 }, play.core.socketCounts.count)
      var counts: [Int] = []
      for event in Self.acceptingEvents {
        counts.append(play.handle(event).count)
        #expect(play.state == state)
      }
      let first = play.core.socketCounts.first ?? 0 > 0 ? 1 : 0
      #expect(counts == [open, 0, open - first, first], "\(state), \(all)")
      // Once more they change nothing.
      #expect(play.handle(.tunnelLost) == [] && play.handle(.acceptingChanged(true)) == [])
      #expect(play.handle(.held(service: all, true)) == [])
    }
  }

  @Test("a socket that comes while clients are held off does not accept them")
  func opensHeld() {
    var play = Play()
    play.act(.serve([Self.named, Self.unix], retryCount: nil))
    play.handle(.acceptingChanged(false))
    #expect(play.act(.find(isIPv6: [true, false])) == [.listen(service: 0, address: 1, port: nil)])
    #expect(
      play.act(.open) == [
        .accept(service: 0, false), .listen(service: 0, address: 0, port: nil),
      ])
    play.handle(.held(service: 1, true))
    play.handle(.acceptingChanged(true))
    #expect(play.act(.open).contains(.listen(service: 1, address: 0, port: nil)))
    #expect(
      play.act(.open) == [
        .accept(service: 1, false), .reportPlace(service: 1), .reportListening,
      ])
  }

  @Test("a place that is waited for is tried for as long as it takes once that is said")
  func triesForGood() {
    for retryCount in [0, 2] as [Int?] + [nil] {
      var play = Play()
      play.act(.serve([Self.named], retryCount: 3))
      play.act(.miss)
      play.act(.serve([Self.named], retryCount: retryCount))
      var attempts = 1
      while play.state == "waiting" && attempts < 9 {
        play.act(.wait)
        play.act(.miss)
        attempts += 1
      }
      #expect(attempts == (retryCount == nil ? 9 : 4))
    }
  }

  @Test("of a name the first address of each family is taken, IPv4's before IPv6's")
  func choosesAddresses() {
    for (isIPv6, chosen) in [
      ([false], [0]), ([true], [0]), ([true, false], [1, 0]),
      ([false, false, true, true], [0, 2]),
      ([true, true, false], [2, 0]),
    ] as [([Bool], [Int])] {
      var play = Play()
      play.act(.serve([Self.named], retryCount: 0))
      var orders = play.act(.find(isIPv6: isIPv6))
      for _ in chosen { orders += play.act(.open) }
      let listens = orders.filter { if case .listen = $0 { true } else { false } }
      #expect(listens == chosen.map { .listen(service: 0, address: $0, port: nil) })
    }
  }

  @Test("a free port is one number for both families, and is looked for so often, and no more")
  func boundsPortAttempts() {
    for retryCount in [0, 1] {
      var play = Play()
      play.act(.serve([Self.free], retryCount: retryCount))
      for round in 0...retryCount {
        play.act(.find(isIPv6: [false, true]))
        for attempt in 1...Core.portAttemptCountMax {
          let port = play.nextPort + 1
          #expect(play.act(.open) == [.listen(service: 0, address: 1, port: port)])
          let orders = play.act(.refuse(.portTaken))
          let isLast = attempt == Core.portAttemptCountMax
          #expect(orders.first == .close(service: 0))
          #expect(orders.contains(.listen(service: 0, address: 0, port: nil)) == !isLast)
          #expect(
            orders.contains(.reportFailure(service: 0, isLast: round == retryCount)) == isLast)
        }
        if round < retryCount { #expect(play.act(.wait) == [.resolve(service: 0)]) }
      }
      #expect(play.core.isOver)
    }
    // A port that was named is not looked for.
    var play = Play()
    play.act(.serve([Self.named], retryCount: 0))
    play.act(.find(isIPv6: [false, true]))
    play.act(.open)
    #expect(
      play.act(.refuse(.portTaken)) == [
        .close(service: 0), .reportFailure(service: 0, isLast: true), .reportEnd,
      ])
  }

  @Test("N retries are N + 1 rounds, the delay apart; who can listen does so meanwhile")
  func countsRetries() {
    for retryCount in [0, 1, 5] {
      var play = Play()
      let begin = play.now
      play.act(.serve([Self.unix, Self.passed], retryCount: retryCount))
      var failureCount = 0
      while !play.core.isOver {
        failureCount += 1
        if play.act(.refuse(.other)).contains(.reportEnd) { break }
        if failureCount == 1 { for _ in 1...3 { play.act(.open) } }
        #expect(play.sockets == [0, 3] && !play.core.isListening)
        #expect(play.core.deadline == play.now + Self.delay)
        play.act(.wait)
      }
      #expect(failureCount == retryCount + 1)
      #expect(play.now == begin + Milliseconds(Int64(retryCount) * Self.delay.count))
      #expect(play.sockets == [0, 0])
    }
  }

  @Test("without a bound it never gives up")
  func triesForEver() {
    var play = Play()
    play.act(.serve([Self.unix], retryCount: nil))
    for _ in 1...10_000 {
      #expect(play.act(.refuse(.portTaken)) == [.reportFailure(service: 0, isLast: false)])
      play.act(.wait)
    }
    #expect(play.act(.open) == [.reportPlace(service: 0), .reportListening])
  }

  @Test("what stays where it is keeps its sockets, and the others are closed")
  func keepsSockets() {
    var play = Play()
    let kinds = [Self.unix, Self.free, Self.passed]
    play.act(.serve(kinds, retryCount: 0))
    play.act(.open)
    play.act(.find(isIPv6: [false]))
    for _ in 1...4 { play.act(.open) }
    #expect(play.sockets == [1, 1, 3])
    #expect(
      play.act(.serve(kinds, retryCount: 0)) == [
        .reportPlace(service: 0), .reportPlace(service: 1), .reportPlace(service: 2),
        .reportListening,
      ])
    #expect(
      play.act(.serve([Self.unix, Self.passed], retryCount: 0)) == [
        .reportPlace(service: 0), .closeFormer(service: 1), .closeFormer(service: 2),
        .listen(service: 1, address: 0, port: nil),
      ])
    #expect(play.sockets == [1, 0])
  }

  @Test(
    "a service that is held stays so, with its sockets and with others, until the tunnel is lost")
  func keepsHolding() {
    var play = Play()
    play.act(.serve([Self.unix, Self.passed], retryCount: 0))
    for _ in 1...4 { play.act(.open) }
    play.handle(.held(service: 0, true))
    play.handle(.held(service: 1, true))
    play.act(.serve([Self.unix, Self.named], retryCount: 0))
    play.act(.find(isIPv6: [false]))
    #expect(play.act(.open).first == .accept(service: 1, false))
    #expect(!play.core.accepts(0) && !play.core.accepts(1))
    play.handle(.tunnelLost)
    play.act(.serve([Self.unix, Self.unix], retryCount: 0))
    #expect(play.core.accepts(0) && play.core.accepts(1))
  }

  @Test("the same services again keep the pace of what is tried, and only then")
  func keepsPace() throws {
    var play = Play()
    play.act(.serve([Self.unix, Self.named], retryCount: 1))
    play.act(.refuse(.other))
    #expect(play.act(.serve([Self.unix, Self.named], retryCount: 1)) == [])
    play.act(.miss)
    let deadline = try #require(play.core.deadline)
    #expect(play.act(.serve([Self.unix, Self.named], retryCount: 1)) == [])
    #expect(play.core.deadline == deadline)
    // Others begin anew, with all retries.
    #expect(
      play.act(.serve([Self.named], retryCount: 1)) == [.resolve(service: 0)])
    #expect(play.act(.miss) == [.reportFailure(service: 0, isLast: false)])
  }

  @Test("a deadline that is not due does nothing")
  func waitsForDeadline() throws {
    var play = Play()
    play.act(.serve([Self.unix], retryCount: 1))
    play.act(.refuse(.other))
    let deadline = try #require(play.core.deadline)
    play.now = deadline - Nanoseconds(1)
    #expect(play.handle(.deadlineCame) == [] && play.core.deadline == deadline)
    play.now = deadline
    #expect(play.handle(.deadlineCame) == [.listen(service: 0, address: 0, port: nil)])
  }

  @Test("no service is no socket, and nothing is told")
  func servesNone() {
    var play = Play()
    #expect(play.act(.serve([], retryCount: 0)) == [] && !play.core.isListening)
    play.act(.serve([Self.unix], retryCount: 0))
    play.act(.open)
    #expect(play.act(.serve([], retryCount: 0)) == [.closeFormer(service: 0)])
  }
}
