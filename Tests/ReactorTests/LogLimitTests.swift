import Testing

@testable import Reactor

@Suite("Log limit")
struct LogLimitTests {
  private static let second: Int64 = 1_000_000_000

  private static let refused: UInt8 = 8
  private static let failed: UInt8 = 200

  /// How many of so many lines at once are admitted.
  private func count(_ limit: inout LogLimit, _ event: UInt8, _ count: Int, at now: Int64) -> Int {
    (0..<count).count { _ in limit.admits(event, now: now) }
  }

  @Test("a burst of lines of an event passes, then one a second")
  func limits() {
    var limit = LogLimit()
    var passed = 0
    // A thousand a second for a minute.
    for millisecond in 0..<60_000 {
      passed += count(&limit, Self.refused, 1, at: Int64(millisecond) * 1_000_000)
    }
    #expect(passed == Int(LogLimit.burst) + 59)
    let leftOut = [limit.takeLeftOut(Self.refused), limit.takeLeftOut(Self.refused)]
    #expect(leftOut == [60_000 - passed, 0])
  }

  @Test("events do not count against each other, and rest gives a burst back")
  func restores() {
    var limit = LogLimit()
    let burst = Int(LogLimit.burst)
    let refused = count(&limit, Self.refused, 1_000, at: 0)
    #expect(refused == burst)
    let failed = count(&limit, Self.failed, 1_000, at: 0)
    #expect(failed == burst)
    let later = LogLimit.burst * Self.second
    let refusedLater = count(&limit, Self.refused, 1_000, at: later)
    #expect(refusedLater == burst)
  }

  @Test("what was left out is said once a line of its kind may come, or at the end")
  func summarizes() {
    var limit = LogLimit()
    var summary = limit.nextSummary(now: 0)
    #expect(summary?.event == nil)
    _ = count(&limit, Self.refused, Int(LogLimit.burst) + 5, at: 0)
    _ = count(&limit, Self.failed, Int(LogLimit.burst) + 1, at: 0)
    // A further line of the event would say it, and has a second to come.
    summary = limit.nextSummary(now: 2 * Self.second - 1)
    #expect(summary?.event == nil)
    summary = limit.nextSummary(now: 2 * Self.second)
    #expect(summary?.event == Self.refused && summary?.count == 5)
    // It stands for a line of its event.
    let more = count(&limit, Self.refused, 2, at: 2 * Self.second)
    #expect(more == 1)
    summary = limit.nextSummary(now: 2 * Self.second)
    #expect(summary?.event == Self.failed && summary?.count == 1)
    summary = limit.nextSummary(now: 2 * Self.second)
    #expect(summary?.event == nil)
    summary = limit.nextSummary(now: nil)
    #expect(summary?.event == Self.refused && summary?.count == 1)
    summary = limit.nextSummary(now: nil)
    #expect(summary?.event == nil)
    #expect(!limit.hasLeftOut)
  }
}
