import Basics
import Testing

@Suite("Instant")
struct InstantTests {
  @Test(
    "waits are rounded up to whole milliseconds",
    arguments: [
      (-5_000_000, 0), (0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2),
      (59_999_999_999, 60_000),
    ] as [(Int64, Int64)])
  func roundsUp(nanoseconds: Int64, milliseconds: Int64) {
    let earlier = Instant(nanoseconds: 7_000_123)
    let later = Instant(nanoseconds: 7_000_123 + nanoseconds)
    #expect(later.millisecondsRoundedUp(since: earlier) == Milliseconds(milliseconds))
  }

  @Test("a span is added in milliseconds")
  func addsSpan() {
    let sum = Instant(nanoseconds: 5) + Milliseconds(3)
    #expect(sum == Instant(nanoseconds: 3_000_005))
    #expect(sum > Instant(nanoseconds: 3_000_004))
    #expect(sum.millisecondsRoundedUp(since: Instant(nanoseconds: 5)) == Milliseconds(3))
  }

  @Test("spans are ordered by length")
  func ordersSpans() {
    #expect(Milliseconds(-1) < Milliseconds(0))
    #expect(Milliseconds(2_500) < Milliseconds(60_000))
  }
}
