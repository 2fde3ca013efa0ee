import Testing

@testable import TunnelService

@Suite struct FifoTests {
  /// Steps of so many appends and then so many pops, next to an array that does the same.
  @Test(arguments: [
    [(1, 1), (1, 1)], [(3, 2), (3, 2), (3, 6)], [(1_000, 1), (1, 1_000)],
    [(500, 499), (500, 499), (5_000, 5_002), (2, 3)], [(0, 1), (7, 3), (0, 5), (4, 0), (4, 8)],
  ])
  func elementsLeaveInTheirOrder(_ steps: [(appended: Int, popped: Int)]) {
    var queue = Fifo<Int>()
    var model: [Int] = []
    var number = 0
    for step in steps {
      for _ in 0..<step.appended {
        number += 1
        queue.append(number)
        model.append(number)
        #expect(queue.first == model.first && !queue.isEmpty)
      }
      for _ in 0..<step.popped {
        #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
        #expect(queue.first == model.first && queue.isEmpty == model.isEmpty)
      }
    }
    queue.append(1)
    queue.removeAll()
    #expect(queue.isEmpty && queue.first == nil && queue.popFirst() == nil)
  }
}
