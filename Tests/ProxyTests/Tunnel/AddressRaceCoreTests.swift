import Basics
import Testing

@testable import Tunnel

@Suite("AddressRaceCore")
struct AddressRaceCoreTests {
  private static func at(_ milliseconds: Int64) -> Instant {
    Instant(nanoseconds: 5_000_000_000) + Milliseconds(milliseconds)
  }

  /// All orders at a time, each begun as it says.
  private static func orders(
    _ core: inout AddressRaceCore, at milliseconds: Int64,
    _ outcome: (Int) -> AddressRaceCore.Event = { _ in .begun }
  ) -> [AddressRaceCore.Order] {
    var orders: [AddressRaceCore.Order] = []
    while let order = core.next(now: at(milliseconds)) {
      orders.append(order)
      if case .connect(let index) = order { core.handle(outcome(index), now: at(milliseconds)) }
    }
    return orders
  }

  @Test("a race without addresses is lost, but not before a turn of its own")
  func hasNone() {
    var core = AddressRaceCore(addressCount: 0, timeout: Milliseconds(1_000))
    #expect(Self.orders(&core, at: 0) == [])
    #expect(core.deadline == Self.at(0))
    core.handle(.deadlineCame, now: Self.at(0))
    #expect(Self.orders(&core, at: 0) == [.lose])
    #expect(core.deadline == nil)
  }

  @Test("those that cannot begin are passed over at once, and the loss is told later")
  func cannotBegin() {
    var core = AddressRaceCore(addressCount: 3, timeout: Milliseconds(1_000))
    #expect(
      Self.orders(&core, at: 0) { _ in .notBegun } == [.connect(0), .connect(1), .connect(2)])
    #expect(core.deadline == Self.at(0))
    core.handle(.deadlineCame, now: Self.at(0))
    #expect(Self.orders(&core, at: 0) == [.lose])
  }

  @Test("the next starts after the delay or a failure, and each has its own time")
  func staggers() {
    var core = AddressRaceCore(addressCount: 3, timeout: Milliseconds(1_000))
    #expect(Self.orders(&core, at: 0) == [.connect(0)])
    #expect(core.deadline == Self.at(250))
    core.handle(.deadlineCame, now: Self.at(249))
    #expect(Self.orders(&core, at: 249) == [])
    core.handle(.deadlineCame, now: Self.at(250))
    #expect(Self.orders(&core, at: 250) == [.connect(1)])
    core.handle(.failed(0), now: Self.at(300))
    #expect(Self.orders(&core, at: 300) == [.connect(2)])
    #expect(core.deadline == Self.at(1_250))
    core.handle(.deadlineCame, now: Self.at(1_250))
    #expect(Self.orders(&core, at: 1_250) == [.giveUp(1)])
    core.handle(.failed(2), now: Self.at(1_260))
    #expect(Self.orders(&core, at: 1_260) == [.lose])
  }

  @Test("there is one winner, and nothing after it")
  func hasOneWinner() {
    var core = AddressRaceCore(addressCount: 2, timeout: Milliseconds(1_000))
    _ = Self.orders(&core, at: 0)
    core.handle(.deadlineCame, now: Self.at(250))
    _ = Self.orders(&core, at: 250)
    core.handle(.opened(1), now: Self.at(260))
    core.handle(.opened(0), now: Self.at(260))
    #expect(Self.orders(&core, at: 260) == [.win(1)])
    core.handle(.failed(0), now: Self.at(2_000))
    core.handle(.deadlineCame, now: Self.at(2_000))
    #expect(Self.orders(&core, at: 2_000) == [] && core.deadline == nil)
  }

  @Test("a full queue is tried again ever more slowly, for as long as an attempt has")
  func waitsForQueue() {
    var core = AddressRaceCore(addressCount: 1, timeout: Milliseconds(1_000))
    var times: [Int64] = []
    var orders: [AddressRaceCore.Order] = []
    var now: Int64 = 0
    while now < 5_000 {
      let come = Self.orders(&core, at: now) { _ in .busy }
      if come.contains(.connect(0)) { times.append(now) }
      orders += come
      guard let deadline = core.deadline else { break }
      now = deadline.millisecondsRoundedUp(since: Self.at(0)).count
      core.handle(.deadlineCame, now: Self.at(now))
    }
    #expect(times == [0, 20, 50, 95, 162, 262, 412, 572, 732, 892, 1_052])
    #expect(orders.suffix(2) == [.giveUp(0), .lose])
  }
}
