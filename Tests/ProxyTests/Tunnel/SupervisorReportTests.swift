import Basics
import Testing

@testable import Tunnel

@Suite("SupervisorReport")
struct SupervisorReportTests {
  /// A report and the time.
  private struct Play {
    var report: SupervisorReport
    var now = Instant(nanoseconds: 1_000_000_000)
    var error = ""

    init(watchdogPeriod: Int64? = nil) {
      report = SupervisorReport(watchdogPeriod: watchdogPeriod.map { Milliseconds($0) }, now: now)
    }

    /// - Returns: what is said at once.
    mutating func handle(
      _ state: TunnelClient.State, isReady: Bool = false, _ connectionCount: Int = 0
    ) -> [String] {
      report.handle(
        SupervisorReport.Facts(state: state, isReady: isReady, connectionCount: connectionCount),
        now: now)
      return wait(0)
    }

    /// What is said in so many milliseconds.
    mutating func wait(_ milliseconds: Int64) -> [String] {
      let end = now + Milliseconds(milliseconds)
      var messages: [String] = []
      while let deadline = report.deadline, deadline <= end {
        now = max(now, deadline)
        messages.append(report.message(now: now, lastError: error))
      }
      now = end
      return messages.filter { !$0.isEmpty }
    }
  }

  private static let ready = "READY=1\nSTATUS=connected; connections: "

  @Test("a start, an outage and a stop, each in the words of its state")
  func tellsALife() {
    var play = Play()
    #expect(play.handle(.dialing) == [])
    #expect(play.wait(1_000) == ["STATUS=connecting\n"])
    #expect(play.handle(.awaitingServices) == [])
    #expect(play.handle(.running) == [])
    #expect(play.wait(999) == [])
    #expect(play.wait(1) == ["STATUS=connected, not listening yet\n"])
    #expect(play.handle(.running, isReady: true) == [Self.ready + "0\n"])
    play.now = play.now + Milliseconds(5_000)
    #expect(play.handle(.running, isReady: true, 3) == [Self.ready + "3\n"])
    play.error = "the line is cut"
    #expect(play.handle(.backingOff) == [])
    #expect(
      play.wait(1_000) == [
        "READY=1\nSTATUS=waiting to connect again; last error: the line is cut\n"
      ])
    _ = play.wait(1_000)
    #expect(
      play.handle(.running, isReady: true) == [Self.ready + "0; last error: the line is cut\n"])
    #expect(
      play.handle(.stopping, 2) == [
        "STOPPING=1\nSTATUS=stopping; connections: 2; last error: the line is cut\n"
      ])
    #expect(play.handle(.stopping, 1) == [])
    #expect(
      play.handle(.stopped) == ["STOPPING=1\nSTATUS=stopped; last error: the line is cut\n"])
    #expect(play.report.deadline == nil)
  }

  @Test("an end without a stop before has its mark and its reason at once")
  func tellsTheEnd() {
    var play = Play()
    _ = play.handle(.dialing)
    play.error = "the token is refused"
    #expect(
      play.handle(.stopped) == ["STOPPING=1\nSTATUS=stopped; last error: the token is refused\n"])
  }

  @Test("a thousand streams a second are one message a second, and the last count is said")
  func boundsTheRate() {
    var play = Play()
    _ = play.handle(.running, isReady: true)
    var messages: [String] = []
    for round in 1...3_000 {
      messages += play.wait(1)
      messages += play.handle(.running, isReady: true, round % 100)
    }
    #expect(messages.count == 3)
    _ = play.handle(.running, isReady: true, 7)
    #expect(play.wait(1_000).last == Self.ready + "7\n")
    #expect(play.wait(60_000) == [] && play.report.deadline == nil)
  }

  @Test("what changes back within the second is not said")
  func saysOnlyChanges() {
    var play = Play()
    _ = play.handle(.running, isReady: true)
    for count in [1, 0] { #expect(play.handle(.running, isReady: true, count) == []) }
    #expect(play.wait(10_000) == [])
  }

  @Test(
    "the watchdog is fed twice in its period, and with each status",
    arguments: [(30_000, 15_000), (3, 1), (1, 1)] as [(Int64, Int64)])
  func feedsTheWatchdog(period: Int64, interval: Int64) {
    var play = Play(watchdogPeriod: period)
    #expect(play.handle(.running, isReady: true) == [Self.ready + "0\nWATCHDOG=1\n"])
    #expect(play.wait(interval - 1) == [])
    #expect(play.wait(1) == ["WATCHDOG=1\n"])
    #expect(play.wait(interval * 10) == [String](repeating: "WATCHDOG=1\n", count: 10))
  }

  @Test("who was away for long is not fed more than once")
  func feedsOnce() {
    var play = Play(watchdogPeriod: 1_000)
    _ = play.handle(.running, isReady: true)
    play.now = play.now + Milliseconds(10_000)
    #expect(play.wait(0) == ["WATCHDOG=1\n"])
    #expect(play.wait(499) == [])
  }

  @Test("what was not sent is said again after a second, the mark included")
  func repeatsWhatWasLost() {
    var play = Play()
    #expect(play.handle(.running, isReady: true) == [Self.ready + "0\n"])
    play.report.lost(now: play.now)
    #expect(play.wait(999) == [])
    #expect(play.wait(1) == [Self.ready + "0\n"])
    #expect(play.wait(10_000) == [])
  }
}
