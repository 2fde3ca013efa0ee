import Basics
import StateTables
import Testing

@testable import Tunnel

@Suite("TunnelClient")
struct TunnelClientTests {
  /// Two retries, 1000 ms at first, no more than 3000; with full randomness a delay has its whole length.
  private static let policy: TunnelClient.RetryPolicy = {
    var policy = TunnelClient.RetryPolicy()
    policy.delay = Milliseconds(1_000)
    policy.delayMax = Milliseconds(3_000)
    policy.retryCountMax = 2
    return policy
  }()

  private static let second = Milliseconds(1_000)

  /// A client, the time, and what was ordered.
  private struct Play {
    var client: TunnelClient
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var randomness = UInt32.max

    init(_ policy: TunnelClient.RetryPolicy = TunnelClientTests.policy, servesOne: Bool = false) {
      client = TunnelClient(
        policy: policy, servicesTimeout: Milliseconds(10_000), drainTimeout: Milliseconds(5_000),
        servesOne: servesOne)
    }

    /// - Returns: the orders that this leads to.
    @discardableResult
    mutating func handle(_ event: TunnelClient.Event) -> [TunnelClient.Order] {
      client.handle(event, now: now, randomness: randomness)
      var orders: [TunnelClient.Order] = []
      while let order = client.next() { orders.append(order) }
      return orders
    }

    /// Time passes until the client's own deadline.
    @discardableResult
    mutating func waitForDeadline() throws -> [TunnelClient.Order] {
      now = max(now, try #require(client.deadline))
      return handle(.deadlineCame)
    }

    mutating func wait(_ time: Milliseconds) { now = now + time }

    /// Up to a session that serves.
    mutating func serve() throws {
      if client.state == .idle { handle(.start) }
      if client.state == .backingOff {
        while client.state == .backingOff { try waitForDeadline() }
      }
      handle(.opened)
      #expect(handle(.servicesAgreed) == [.serve])
      #expect(client.deadline == nil)
    }
  }

  private static let loss = TunnelClient.Loss(hasSent: false, firstMarkAt: nil)

  private static let events: [(name: String, event: TunnelClient.Event)] =
    ([
      .start, .opened, .failed, .refused, .postponed(Milliseconds(8_000)), .servicesAgreed,
      .servicesMismatch, .cannotListen, .lost(loss), .ended(.tunnelEnded), .stopRequested,
      .connectionOver(isCut: false), .tokenRenewed, .connectionsGone,
      .observed(movedByteCount: 1, hasUnsent: true), .sessionClosed,
      .deadlineCame,
    ] as [TunnelClient.Event]).map { (name($0), $0) }

  /// One that is not here is not in `events` either.
  private static func name(_ event: TunnelClient.Event) -> String {
    switch event {
    case .start: "start"
    case .opened: "opened"
    case .failed: "failed"
    case .refused: "refused"
    case .postponed: "postponed"
    case .servicesAgreed: "servicesAgreed"
    case .servicesMismatch: "servicesMismatch"
    case .cannotListen: "cannotListen"
    case .lost: "lost"
    case .ended: "ended"
    case .stopRequested: "stopRequested"
    case .connectionOver: "connectionOver"
    case .tokenRenewed: "tokenRenewed"
    case .connectionsGone: "connectionsGone"
    case .observed: "observed"
    case .sessionClosed: "sessionClosed"
    case .deadlineCame: "deadlineCame"
    }
  }

  /// A client that has come into this state, for the first time.
  private static func make(_ state: TunnelClient.State) throws -> Play {
    var play = Play()
    if state == .idle { return play }
    play.handle(.start)
    switch state {
    case .idle, .dialing: break
    case .awaitingServices: play.handle(.opened)
    case .running: try play.serve()
    case .backingOff: play.handle(.failed)
    case .stopping:
      try play.serve()
      play.handle(.stopRequested)
    case .stopped: play.handle(.refused)
    }
    #expect(play.client.state == state)
    return play
  }

  private static func name(_ order: TunnelClient.Order) -> String {
    switch order {
    case .dial: "dial"
    case .serve: "serve"
    case .holdClients: "holdClients"
    case .refuseClients: "refuseClients"
    case .dropSession: "dropSession"
    case .backOff: "retry"
    case .avoidMarks: "avoidMarks"
    case .drain: "drain"
    case .observe: "observe"
    case .closeSession: "closeSession"
    case .stop: "stop"
    }
  }

  @Test("the table in the source says what each event does in each state, and what changes nothing")
  func followsTable() throws {
    let table = try TransitionTable(.tunnelClient)
    let states = TunnelClient.State.allCases
    #expect(table.faults(states: states.map { "\($0)" }, events: Self.events.map(\.name)) == [])
    for state in states {
      for (name, event) in Self.events {
        var play = try Self.make(state)
        // A deadline comes when it is due, and not before.
        if case .deadlineCame = event { play.now = max(play.now, play.client.deadline ?? play.now) }
        let orders = play.handle(event).map(Self.name)
        let row = table.rows(state: "\(state)", event: name).first
        #expect("\(play.client.state)" == row?.next ?? "\(state)", "\(state), \(name)")
        #expect(orders.joined(separator: " ") == row?.output ?? "", "\(state), \(name)")
      }
    }
  }

  @Test("what a drain ends with is what began it", arguments: [false, true])
  func endsWithOneConnection(isCut: Bool) throws {
    let reason: TunnelClient.StopReason = isCut ? .connectionCut : .connectionEnded
    var play = Play(servesOne: true)
    try play.serve()
    #expect(play.handle(.connectionOver(isCut: isCut)) == [.drain])
    #expect(
      play.handle(.connectionsGone) == [
        .closeSession(within: Milliseconds(5_000), isQuiet: true)
      ])
    #expect(play.handle(.sessionClosed) == [.stop(reason)])
    play = Play(servesOne: true)
    play.handle(.start)
    play.handle(.failed)
    #expect(play.handle(.connectionOver(isCut: isCut)) == [.stop(reason)])
    play = Play(servesOne: true)
    try play.serve()
    play.handle(.stopRequested)
    play.handle(.connectionOver(isCut: isCut))
    #expect(play.handle(.sessionClosed) == [.stop(.requested)], "the signal came first")
  }

  @Test("a tunnel that is lost cuts the one connection, and before that is tried again")
  func losesOneConnection() throws {
    var play = Play(servesOne: true)
    play.handle(.start)
    play.handle(.opened)
    #expect(play.handle(.lost(Self.loss)) == [.backOff(Self.second)])
    try play.serve()
    #expect(play.handle(.lost(Self.loss)) == [.stop(.connectionCut)])
    #expect(play.client.deadline == nil)
    for (end, reason) in [
      (.tunnelEnded, .connectionCut), (.replaced, .replaced), (.tokenRotated, .tokenRotated),
    ] as [(TunnelClient.StopReason, TunnelClient.StopReason)] {
      play = Play(servesOne: true)
      try play.serve()
      #expect(play.handle(.ended(end)) == [.stop(reason)])
    }
  }

  @Test("a deadline that is not due does nothing", arguments: TunnelClient.State.allCases)
  func waitsForDeadline(state: TunnelClient.State) throws {
    var play = try Self.make(state)
    #expect(play.handle(.deadlineCame) == [] && play.client.state == state)
  }

  @Test("the attempt after the last retry is the last")
  func usesUpRetries() throws {
    var play = Play()
    play.handle(.start)
    for delay in [1_000, 2_000] as [Int64] {
      #expect(play.handle(.failed) == [.backOff(Milliseconds(delay))])
      #expect(try play.waitForDeadline() == [.dial])
    }
    var other = play
    #expect(play.handle(.failed) == [.stop(.retriesUsedUp)] && play.client.deadline == nil)
    #expect(other.handle(.postponed(Milliseconds(1))) == [.stop(.retriesUsedUp)])
  }

  @Test("without a limit no attempt is the last")
  func triesForEver() throws {
    var policy = Self.policy
    policy.retryCountMax = -1
    var play = Play(policy)
    play.handle(.start)
    for _ in 0..<1_000 {
      guard case .backOff = play.handle(.failed).first else {
        Issue.record("gave up")
        return
      }
      #expect(try play.waitForDeadline() == [.dial])
    }
  }

  @Test(
    "delays double up to the longest, and most of each is at random",
    arguments: [
      (1, 125, 1_000), (2, 250, 2_000), (3, 1_000, 3_000), (4, 1_000, 3_000),
      (1_000_000, 1_000, 3_000),
    ] as [(Int, Int64, Int64)])
  func doublesDelays(failures: Int, least: Int64, most: Int64) {
    let policy = Self.policy
    #expect(policy.delay(afterFailures: failures, randomness: 0) == Milliseconds(least))
    #expect(policy.delay(afterFailures: failures, randomness: .max) == Milliseconds(most))
    let middle = policy.delay(afterFailures: failures, randomness: .max / 2)
    #expect(middle > Milliseconds(least) && middle < Milliseconds(most))
  }

  @Test(
    "what the service asks for is waited for, with up to a quarter more, but never less than by itself",
    arguments: [(8_000, 8_000, 10_000), (0, 125, 1_000), (800, 800, 1_000)]
      as [(Int64, Int64, Int64)])
  func waitsAsAsked(asked: Int64, least: Int64, most: Int64) {
    for (randomness, expected) in [(0, least), (.max, most)] as [(UInt32, Int64)] {
      #expect(
        Self.policy.delay(asked: Milliseconds(asked), afterFailures: 1, randomness: randomness)
          == Milliseconds(expected))
    }
  }

  @Test("a healthy session is begun again at once, and starts to count its attempts afresh")
  func countsAfresh() throws {
    var play = Play()
    play.handle(.start)
    play.handle(.failed)
    try play.serve()
    play.wait(Milliseconds(2_001))
    #expect(play.handle(.lost(Self.loss)) == [.holdClients, .backOff(Milliseconds(0))])
    #expect(try play.waitForDeadline() == [.dial])
    // The first delay again, and both retries.
    #expect(play.handle(.failed) == [.backOff(Milliseconds(1_000))])
  }

  @Test("short sessions that sent something are begun again at once three times, silent ones never")
  func boundsPromptReturns() throws {
    for hasSent in [true, false] {
      var play = Play()
      for count in 1...4 {
        try play.serve()
        play.wait(Milliseconds(2_000))
        let orders = play.handle(.lost(.init(hasSent: hasSent, firstMarkAt: nil)))
        let isPrompt = orders.contains(.backOff(Milliseconds(0)))
        #expect(isPrompt == (hasSent && count < 4), "loss \(count)")
        if !hasSent { break }
      }
    }
  }

  @Test(
    "clients wait for ten seconds of an outage, over all attempts, and are refused from then on")
  func holdsClients() throws {
    var policy = Self.policy
    policy.retryCountMax = -1
    var play = Play(policy)
    try play.serve()
    play.wait(Milliseconds(60_000))
    let lostAt = play.now
    #expect(play.handle(.lost(Self.loss)).first == .holdClients)
    var orders: [TunnelClient.Order] = []
    while !orders.contains(.refuseClients) {
      orders = try play.waitForDeadline()
      if orders.contains(.dial) {
        play.wait(Milliseconds(3_000))
        orders = play.now >= lostAt + Milliseconds(10_000) ? play.handle(.deadlineCame) : []
        orders += play.handle(.opened)
        #expect(!play.handle(.lost(Self.loss)).contains(.holdClients))
      }
    }
    #expect(play.now >= lostAt + Milliseconds(10_000) && play.now <= lostAt + Milliseconds(13_000))
    // Only a tunnel that is back lets them wait again.
    try play.serve()
    #expect(play.handle(.lost(Self.loss)).first == .holdClients)
  }

  @Test("who has never served holds nobody")
  func holdsNobodyBeforeServing() {
    var play = Play()
    play.handle(.start)
    play.handle(.opened)
    #expect(play.handle(.lost(Self.loss)) == [.backOff(Milliseconds(1_000))])
  }

  @Test(
    "a loss within five seconds of the first mark is put down to it, once",
    arguments: [(0, true), (4_999, true), (5_000, false)] as [(Int64, Bool)])
  func suspectsMarks(elapsed: Int64, isSuspect: Bool) throws {
    var play = Play()
    for count in 1...2 {
      try play.serve()
      let markedAt = play.now
      play.wait(Milliseconds(elapsed))
      let orders = play.handle(.lost(.init(hasSent: true, firstMarkAt: markedAt)))
      #expect(orders.contains(.avoidMarks) == (isSuspect && count == 1))
    }
  }

  @Test("a drain is over when nothing has moved for a while")
  func endsQuietDrain() throws {
    var play = try Self.make(.stopping)
    let begin = play.now
    // What still waits is not quiet, nor is what moves.
    for (byteCount, hasUnsent) in [(10, false), (20, false), (20, true)] as [(Int64, Bool)] {
      #expect(try play.waitForDeadline() == [.observe])
      #expect(play.handle(.observed(movedByteCount: byteCount, hasUnsent: hasUnsent)) == [])
    }
    for _ in 1..<15 {
      #expect(try play.waitForDeadline() == [.observe])
      #expect(play.handle(.observed(movedByteCount: 20, hasUnsent: false)) == [])
    }
    #expect(try play.waitForDeadline() == [.observe])
    #expect(play.now == begin + Milliseconds(1_800))
    #expect(
      play.handle(.observed(movedByteCount: 20, hasUnsent: false))
        == [.closeSession(within: Milliseconds(3_200), isQuiet: true)])
    #expect(play.client.deadline == nil && play.handle(.sessionClosed) == [.stop(.requested)])
  }

  @Test("a drain that goes on is over in time for the close")
  func endsBusyDrain() throws {
    var play = try Self.make(.stopping)
    let begin = play.now
    var orders: [TunnelClient.Order] = []
    var byteCount: Int64 = 0
    while orders.isEmpty {
      #expect(try play.waitForDeadline() == [.observe])
      byteCount += 1
      orders = play.handle(.observed(movedByteCount: byteCount, hasUnsent: true))
    }
    #expect(orders == [.closeSession(within: Milliseconds(500), isQuiet: false)])
    #expect(play.now == begin + Milliseconds(4_500))
  }

  @Test("without reconnect_on_data_error the loss of a tunnel is the end", arguments: [0, 60_000])
  func doesNotReconnect(age: Int64) throws {
    var policy = Self.policy
    policy.reconnectsOnDataError = false
    var play = Play(policy)
    try play.serve()
    play.wait(Milliseconds(age))
    #expect(play.handle(.lost(Self.loss)).last == .stop(.retriesUsedUp))
    #expect(play.client.deadline == nil)
  }
}
