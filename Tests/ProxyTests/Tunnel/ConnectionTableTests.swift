import Simulator
import Testing

@testable import Tunnel

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

  /// What is found, missed or taken away is a walk along such a row.
  @Test("ids in a row do not stand in a row", arguments: [1, 60_000, UInt32.max - 5_000])
  func isScattered(first: UInt32) {
    var table = ConnectionTable()
    var id = first
    // A crowd of which the oldest leave as others come.
    for count in 1...50_000 {
      table[id] = count
      if count > 16_000 { table[id &- 16_000] = nil }
      id &+= 1
    }
    #expect(table.count == 16_000)
    var length = 0
    var longest = 0
    for entry in table.entries + table.entries {
      length = entry.slot < 0 ? 0 : length + 1
      longest = max(longest, length)
    }
    #expect(longest <= 8)
  }
}
