import Testing

@testable import Proxy

@Suite("ConnectionTable")
struct ConnectionTableTests {
  @Test("it holds what a dictionary holds, whatever the order of coming and going")
  func isDictionary() {
    var random = SeededGenerator()
    var table = ConnectionTable()
    var expected: [UInt32: Int] = [:]
    for step in 0..<2_000 {
      let id = UInt32.random(in: 0...40, using: &random) &* 0x0666_6666
      let slot = Bool.random(using: &random) ? step : nil
      table[id] = slot
      expected[id] = slot
      #expect(table.count == expected.count, "SEED=\(seed)")
      #expect(table[id] == slot, "SEED=\(seed)")
    }
    for id in 0...40 as ClosedRange<UInt32> {
      #expect(table[id &* 0x0666_6666] == expected[id &* 0x0666_6666], "SEED=\(seed)")
    }
    table.removeAll()
    #expect(table.count == 0 && table[0] == nil)
  }
}
