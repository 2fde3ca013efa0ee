import Basics
import Testing

@testable import TunnelService

@Suite struct LineLimitTests {
  @Test(arguments: [1, 3]) func linesAreCountedThatAreNotWritten(countMax: Int) {
    var limit = LineLimit(countMax: countMax)
    let start = Instant(nanoseconds: 5_000_000_000)
    for _ in 0..<countMax { #expect(limit.admit(start) == "") }
    for _ in 0..<50_000 { #expect(limit.admit(start + Milliseconds(999)) == nil) }
    #expect(limit.admit(start + Milliseconds(1_000)) == " (and 50000 more of this kind before)")
    #expect(limit.admit(start + Milliseconds(2_500)) == "")
  }
}
