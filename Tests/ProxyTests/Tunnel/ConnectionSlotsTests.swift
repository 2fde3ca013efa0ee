import Simulator
import Testing

@testable import Tunnel

@Suite("ConnectionSlots")
struct ConnectionSlotsTests {
  @Test("the counts by state are those of the slots, whatever comes and goes")
  func counts() {
    var random = SeededGenerator()
    var slots = ConnectionSlots()
    let states: [Connection] = [
      .opening, .open, .localEnded, .peerEnded, .draining(isCut: false), .draining(isCut: true),
      .closed,
    ]
    for _ in 0..<2_000 {
      let slot = Int.random(in: 0..<40, using: &random)
      if slot >= slots.indices.count || slots[slot] == nil {
        let taken = slots.take(
          ConnectionSlot(
            service: 0, streamID: 1, connectionID: 1, streamGeneration: 1,
            state: states.randomElement(using: &random) ?? .open))
        #expect(slots[taken] != nil, "SEED=\(seed)")
      } else if Bool.random(using: &random) {
        slots.release(slot)
      } else {
        slots[slot]?.state = states.randomElement(using: &random) ?? .open
      }
      let taken = slots.indices.compactMap { slots[$0]?.state }
      #expect(slots.count == taken.count, "SEED=\(seed)")
      #expect(slots.drainingCount == taken.count { $0.isDraining }, "SEED=\(seed)")
      #expect(slots.localEndedCount == taken.count { $0 == .localEnded }, "SEED=\(seed)")
    }
  }
}
