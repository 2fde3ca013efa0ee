import Testing

@testable import Tunnel

@Suite("Fair queue")
struct FairQueueTests {
  private static let count = 20

  /// The queue and the connections that come to it, by slot.
  private struct Line {
    var queue = FairQueue()
    var accounts = [FairQueue.Account](repeating: FairQueue.Account(), count: count)

    mutating func append(_ slot: Int) {
      queue.append(FairQueue.Ticket(slot: slot, id: UInt64(slot)), &accounts[slot])
    }

    /// The next turn, of so many bytes.
    mutating func turn(byteCount: Int) -> Int? {
      guard let slot = queue.popFirst()?.slot else { return nil }
      accounts[slot].charge(byteCount)
      return slot
    }
  }

  @Test("those that always have something take turns")
  func takesTurns() {
    var line = Line()
    for slot in 0..<Self.count { line.append(slot) }
    for _ in 0..<5 {
      for slot in 0..<Self.count {
        #expect(line.turn(byteCount: 16_384) == slot)
        line.append(slot)
      }
    }
  }

  @Test("bytes are shared evenly, not turns")
  func sharesBytes() {
    var line = Line()
    var byteCounts = [0, 0]
    line.append(0)
    line.append(1)
    for _ in 0..<10_000 {
      guard let slot = line.queue.popFirst()?.slot else { break }
      let byteCount = slot == 0 ? 1_000 : 16_000
      byteCounts[slot] += byteCount
      line.accounts[slot].charge(byteCount)
      line.append(slot)
    }
    // What a turn costs beside its bytes is the larger part of a small one's share.
    #expect(byteCounts[0] * 10 > byteCounts[1] * 7 && byteCounts[0] < byteCounts[1])
  }

  @Test("who sends little goes next, whoever else waits")
  func prefersSparse() {
    var line = Line()
    let sparse = Self.count - 1
    for slot in 0..<sparse { line.append(slot) }
    // Those that are new have their credit first.
    for _ in 1...100 {
      if let slot = line.turn(byteCount: 4_096) { line.append(slot) }
    }
    for round in 1...300 {
      if round % 10 == 0 { line.append(sparse) }
      let isSparseTurn = round % 10 == 0
      let slot = line.turn(byteCount: isSparseTurn ? 64 : 4_096)
      #expect((slot == sparse) == isSparseTurn, "round \(round)")
      if let slot, slot != sparse { line.append(slot) }
    }
  }

  @Test("who sent little while nobody waited has no less credit than those who are new")
  func forgetsWhatCostNobody() {
    var line = Line()
    let sparse = Self.count - 1
    for _ in 0..<1_000 {
      line.append(sparse)
      #expect(line.turn(byteCount: 8) == sparse)
    }
    for slot in 0..<sparse { line.append(slot) }
    line.append(sparse)
    var turns = 0
    while let slot = line.turn(byteCount: 1_024), slot != sparse {
      line.append(slot)
      turns += 1
    }
    // Each of the others has one turn, and he who typed all the time the next.
    #expect(turns == sparse, "\(turns)")
  }

  @Test("beside one that always has something, whoever sends little goes next, and always")
  func prefersSparseBesideOne() {
    var line = Line()
    line.append(0)
    for _ in 0..<1_000 {
      _ = line.turn(byteCount: 1_024)
      line.append(0)
      line.append(1)
      #expect(line.turn(byteCount: 8) == 1)
    }
  }

  @Test("a long silence earns no more than a moment's credit")
  func boundsCredit() {
    var line = Line()
    line.append(0)
    for _ in 0..<1_000 {
      _ = line.turn(byteCount: 64_000)
      line.append(0)
    }
    line.append(1)
    var turns = 0
    while line.turn(byteCount: 8_192) == 1 {
      turns += 1
      line.append(1)
    }
    // The other has just had 64,000 bytes, and the credit comes on top.
    #expect((1...10).contains(turns))
  }

  @Test("of those that come one after another none has more than its credit before who was here")
  func givesCreditOnce() {
    var line = Line()
    for slot in 0..<2 { line.append(slot) }
    for _ in 0..<20 {
      if let slot = line.turn(byteCount: 16_000) { line.append(slot) }
    }
    for slot in 2..<12 {
      line.append(slot)
      #expect(line.turn(byteCount: 16_000) == slot)
      line.append(slot)
    }
    var turnCount = 0
    while let slot = line.turn(byteCount: 16_000), slot >= 2 {
      line.append(slot)
      turnCount += 1
    }
    #expect(turnCount <= 24)
  }

  @Test("an empty queue gives nothing")
  func isEmptyAtFirst() {
    var line = Line()
    #expect(line.queue.isEmpty && line.queue.popFirst() == nil)
    line.append(0)
    #expect(!line.queue.isEmpty && line.turn(byteCount: 1) == 0)
    #expect(line.queue.isEmpty && line.queue.popFirst() == nil)
  }
}
