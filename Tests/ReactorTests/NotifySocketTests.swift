import Basics
import Testing

@testable import Reactor

@Suite("NotifySocket")
struct NotifySocketTests {
  @Test(
    "the watchdog is this process's, or everybody's",
    arguments: [
      ("30000000", "42", 30_000), ("30000000", nil, 30_000), ("1999", "42", 1), ("1", nil, 1),
      ("30000000", "43", nil), ("30000000", "", nil), ("30000000", "x42", nil), ("0", "42", nil),
      ("-1", "42", nil), ("", "42", nil), ("3s", "42", nil), (nil, "42", nil),
      ("9999999999999999999", nil, nil),
    ] as [(String?, String?, Int64?)])
  func readsWatchdog(microseconds: String?, processID: String?, period: Int64?) {
    #expect(
      NotifySocket.watchdogPeriod(microseconds: microseconds, processID: processID, own: 42)?.count
        == period)
  }
}
