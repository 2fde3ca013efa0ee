import Basics
import Simulator
import Testing

@testable import Reactor

@Suite("TimerHeap")
struct TimerHeapTests {
  private final class Owner: TimerHandler {
    func timerFired(tag: Int, now: Instant) {}
  }

  private let owner = Owner()

  private func instant(_ milliseconds: Int) -> Instant {
    Instant(nanoseconds: 0) + Milliseconds(Int64(milliseconds))
  }

  /// The tags that are due at `milliseconds`, in the order in which they come.
  private func pop(_ heap: inout TimerHeap, at milliseconds: Int) -> [Int] {
    var tags: [Int] = []
    while let due = heap.popDue(now: instant(milliseconds)) { tags.append(due.tag) }
    return tags
  }

  @Test("timers come in the order of their deadlines")
  func ordersByDeadline() {
    var heap = TimerHeap()
    for (tag, deadline) in [50, 10, 40, 20, 30].enumerated() {
      _ = heap.schedule(at: instant(deadline), handler: owner, tag: tag)
    }
    #expect(heap.nextDeadline == instant(10))
    #expect(pop(&heap, at: 30) == [1, 3, 4])
    #expect(heap.count == 2 && heap.nextDeadline == instant(40))
    #expect(pop(&heap, at: 100) == [2, 0])
    #expect(heap.count == 0 && heap.nextDeadline == nil)
  }

  @Test("timers at one instant keep the order in which they were scheduled")
  func keepsInsertionOrder() {
    var heap = TimerHeap()
    for tag in 0..<40 { _ = heap.schedule(at: instant(5), handler: owner, tag: tag) }
    #expect(pop(&heap, at: 5) == Array(0..<40))
  }

  @Test("a timer is due at its deadline and not a nanosecond before")
  func isDueAtDeadline() {
    var heap = TimerHeap()
    _ = heap.schedule(at: Instant(nanoseconds: 1_000), handler: owner, tag: 1)
    #expect(heap.popDue(now: Instant(nanoseconds: 999)) == nil)
    #expect(heap.popDue(now: Instant(nanoseconds: 1_000))?.tag == 1)
  }

  @Test("a cancelled timer never comes, and cancelling again does nothing", arguments: 0..<7)
  func cancels(index: Int) {
    var heap = TimerHeap()
    let deadlines = [30, 10, 70, 20, 60, 50, 40]
    let timers = deadlines.enumerated().map { tag, deadline in
      heap.schedule(at: instant(deadline), handler: owner, tag: tag)
    }
    heap.cancel(timers[index])
    heap.cancel(timers[index])
    let expected = deadlines.indices.filter { $0 != index }.sorted { deadlines[$0] < deadlines[$1] }
    #expect(pop(&heap, at: 100) == expected)
    heap.cancel(timers[index])
    #expect(heap.count == 0)
  }

  @Test("any sequence of operations does what it does to a sorted list")
  func behavesLikeSortedList() {
    var random = SeededGenerator()
    for _ in 0..<10 {
      var heap = TimerHeap()
      var model: [(deadline: Int, tag: Int, timer: TimerID)] = []
      var now = 0
      for tag in 0..<500 {
        switch Int.random(in: 0..<5, using: &random) {
        case 0...2:
          let deadline = now + Int.random(in: -3...20, using: &random)
          let timer = heap.schedule(at: instant(deadline), handler: owner, tag: tag)
          let index = model.firstIndex { $0.deadline > deadline } ?? model.count
          model.insert((deadline, tag, timer), at: index)
        case 3:
          guard let victim = model.indices.randomElement(using: &random) else { continue }
          heap.cancel(model.remove(at: victim).timer)
        default:
          now += Int.random(in: 0...6, using: &random)
          let due = model.prefix { $0.deadline <= now }.map(\.tag)
          model.removeFirst(due.count)
          #expect(pop(&heap, at: now) == due, "SEED=\(seed)")
        }
        #expect(heap.count == model.count, "SEED=\(seed)")
        #expect(heap.nextDeadline == model.first.map { instant($0.deadline) }, "SEED=\(seed)")
      }
    }
  }
}
