import Testing

@testable import Reactor

@Suite("Log limit")
struct LogLimitTests {
  private static let second: Int64 = 1_000_000_000

  /// How many of so many lines at once are admitted.
  private func count(
    _ limit: inout LogLimit, _ kind: LogKind, _ count: Int, at now: Int64
  ) -> Int {
    let level = kind == .clientRefused ? LogLevel.info : .warning
    return (0..<count).count { _ in limit.admits(kind, level, now: now) }
  }

  @Test("a burst of lines of a kind passes, then one a second", arguments: LogKind.allCases)
  func limits(kind: LogKind) {
    var limit = LogLimit()
    var passed = 0
    // A thousand a second for a minute.
    for millisecond in 0..<60_000 {
      passed += count(&limit, kind, 1, at: Int64(millisecond) * 1_000_000)
    }
    #expect(passed == Int(LogLimit.burst) + 59)
    let leftOut = [limit.takeLeftOut(kind), limit.takeLeftOut(kind)]
    #expect(leftOut == [60_000 - passed, 0])
  }

  @Test("kinds do not count against each other, and rest gives a burst back")
  func restores() {
    var limit = LogLimit()
    let burst = Int(LogLimit.burst)
    let refused = count(&limit, .connectionRefused, 1_000, at: 0)
    #expect(refused == burst)
    let failed = count(&limit, .connectFailed, 1_000, at: 0)
    #expect(failed == burst)
    let later = LogLimit.burst * Self.second
    let refusedLater = count(&limit, .connectionRefused, 1_000, at: later)
    #expect(refusedLater == burst)
  }

  @Test("what was left out is said once a line of its kind may come, or at the end")
  func summarizes() {
    var limit = LogLimit()
    var summary = limit.nextSummary(now: 0)
    #expect(summary == nil)
    _ = count(&limit, .connectionRefused, Int(LogLimit.burst) + 5, at: 0)
    _ = count(&limit, .clientRefused, Int(LogLimit.burst) + 1, at: 0)
    summary = limit.nextSummary(now: Self.second - 1)
    #expect(summary == nil)
    summary = limit.nextSummary(now: Self.second)
    #expect(summary?.text == "1 more lines like 'refused a client …' were left out")
    #expect(summary?.level == .info)
    // It stands for a line of its kind.
    let more = count(&limit, .clientRefused, 1, at: Self.second)
    #expect(more == 0)
    summary = limit.nextSummary(now: Self.second)
    #expect(summary?.text == "5 more lines like 'refused a connection …' were left out")
    #expect(summary?.level == .warning)
    summary = limit.nextSummary(now: Self.second)
    #expect(summary == nil)
    summary = limit.nextSummary(now: nil)
    #expect(summary?.level == .info)
    summary = limit.nextSummary(now: nil)
    #expect(summary == nil)
    #expect(!limit.hasLeftOut)
  }
}
