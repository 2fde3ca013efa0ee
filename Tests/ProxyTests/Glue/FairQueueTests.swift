import Basics
import Reactor
import Testing

@testable import Proxy

@Suite("Fair queue")
struct FairQueueTests {
  private let relay: Relay
  private let connections: [LocalConnection]

  init() throws {
    let harness = try RelayHarness(.destination)
    relay = harness.relay
    connections = (0..<20).map { [relay] slot in
      LocalConnection(
        relay: relay, slot: slot, service: 0,
        peer: .server(.network(Endpoint(host: "127.0.0.1", port: 9))), now: relay.now)
    }
  }

  /// The next turn, of so many bytes.
  private func turn(_ queue: inout FairQueue, byteCount: Int) -> Int? {
    guard let connection = queue.popFirst() else { return nil }
    connection.dueAt &+= UInt64(byteCount)
    return connection.slot
  }

  @Test("those that always have something take turns")
  func takesTurns() {
    var queue = FairQueue()
    for connection in connections { queue.append(connection) }
    for _ in 0..<5 {
      for slot in 0..<connections.count {
        #expect(turn(&queue, byteCount: 16_384) == slot)
        queue.append(connections[slot])
      }
    }
  }

  @Test("bytes are shared evenly, not turns")
  func sharesBytes() {
    var queue = FairQueue()
    var byteCounts = [0, 0]
    queue.append(connections[0])
    queue.append(connections[1])
    for _ in 0..<10_000 {
      guard let slot = queue.popFirst()?.slot else { break }
      let byteCount = slot == 0 ? 1_000 : 16_000
      byteCounts[slot] += byteCount
      connections[slot].dueAt &+= UInt64(byteCount)
      queue.append(connections[slot])
    }
    // What a turn costs beside its bytes is the larger part of a small one's share.
    #expect(byteCounts[0] * 10 > byteCounts[1] * 7 && byteCounts[0] < byteCounts[1])
  }

  @Test("who sends little goes next, whoever else waits")
  func prefersSparse() {
    var queue = FairQueue()
    let sparse = connections[19]
    for connection in connections.dropLast() { queue.append(connection) }
    // Those that are new have their credit first.
    for _ in 1...100 {
      if let slot = turn(&queue, byteCount: 4_096) { queue.append(connections[slot]) }
    }
    for round in 1...300 {
      if round % 10 == 0 { queue.append(sparse) }
      let isSparseTurn = round % 10 == 0
      let slot = turn(&queue, byteCount: isSparseTurn ? 64 : 4_096)
      #expect((slot == 19) == isSparseTurn, "round \(round)")
      if let slot, slot != 19 { queue.append(connections[slot]) }
    }
  }

  @Test("a long silence earns no more than a moment's credit")
  func boundsCredit() {
    var queue = FairQueue()
    queue.append(connections[0])
    for _ in 0..<1_000 {
      _ = turn(&queue, byteCount: 64_000)
      queue.append(connections[0])
    }
    queue.append(connections[1])
    var turns = 0
    while turn(&queue, byteCount: 8_192) == 1 {
      turns += 1
      queue.append(connections[1])
    }
    // The other has just had 64,000 bytes, and the credit comes on top.
    #expect((1...10).contains(turns))
  }

  @Test("an empty queue gives nothing")
  func isEmptyAtFirst() {
    var queue = FairQueue()
    #expect(queue.isEmpty && queue.popFirst() == nil)
    queue.append(connections[0])
    queue.removeAll()
    #expect(queue.isEmpty && queue.popFirst() == nil)
  }
}
