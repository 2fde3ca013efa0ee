import Simulator
import Testing

@testable import Basics

/// What can be seen of a queue from outside, taken at one moment.
private struct Snapshot: Equatable {
  let bytes: [UInt8]
  let count: Int
  let isEmpty: Bool
  let headroom: Int
  let writableCount: Int
  let capacity: Int

  init(_ queue: inout ByteQueue) {
    bytes = queue.withReadable { span in span.withUnsafeBufferPointer { Array($0) } }
    count = queue.count
    isEmpty = queue.isEmpty
    headroom = queue.headroom
    writableCount = queue.withWritable { $0.count }
    capacity = queue.capacity
  }

  /// `0 ≤ start ≤ end ≤ capacity`, and the three parts make up the whole.
  var isConsistent: Bool {
    bytes.count == count && isEmpty == (count == 0) && headroom >= 0 && writableCount >= 0
      && headroom + count + writableCount == capacity
  }
}

@Suite("ByteQueue")
struct ByteQueueTests {
  @Test("an idle queue owns no memory, and a released one neither")
  func ownsNothingWhenIdle() {
    var queue = ByteQueue()
    let before = Snapshot(&queue)
    queue.append([1, 2, 3])
    let full = Snapshot(&queue)
    queue.release()
    let after = Snapshot(&queue)
    #expect(before.capacity == 0 && before.isEmpty)
    #expect(full.bytes == [1, 2, 3])
    #expect(after == before)
  }

  @Test("bytes slide to the front only when the tail has no room")
  func slidesOnlyWhenNeeded() {
    var queue = ByteQueue()
    queue.reserve(8)
    let capacity = queue.capacity
    queue.append(pattern(capacity - 2))
    queue.consume(4)
    queue.reserve(2)
    let unmoved = Snapshot(&queue)
    queue.reserve(3)
    let slid = Snapshot(&queue)
    let left = Array(pattern(capacity - 2).dropFirst(4))
    #expect(unmoved.bytes == left && unmoved.headroom == 4 && unmoved.capacity == capacity)
    #expect(slid.bytes == left && slid.headroom == 0 && slid.capacity == capacity)
  }

  @Test("a queue that grows keeps what is readable and drops the headroom")
  func growsWithContents() {
    var queue = ByteQueue()
    queue.reserve(8)
    let capacity = queue.capacity
    queue.append(pattern(capacity))
    queue.consume(1)
    queue.reserve(capacity)
    let grown = Snapshot(&queue)
    #expect(grown.bytes == Array(pattern(capacity).dropFirst(1)))
    #expect(grown.headroom == 0 && grown.writableCount >= capacity)
  }

  @Test("a large queue filled by small pieces grows seldom, and not by much more than it needs")
  func growsGeometrically() {
    var queue = ByteQueue()
    var growths = 0
    var capacity = 0
    for count in stride(from: 512, through: 8 << 20, by: 512) {
      queue.append(pattern(512))
      if queue.capacity == capacity { continue }
      capacity = queue.capacity
      growths += 1
      // Small ones as ever: to the next step.
      let part = count <= ByteQueue.largeByteCount ? 0 : count / 4
      let excessMax = part + ByteQueue.growthStep
      #expect(capacity - count < excessMax, "\(capacity) for \(count)")
    }
    #expect(growths < 60, "\(growths)")
  }

  private func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 3) }
  }

  @Test("an emptied queue starts again at the front")
  func emptiedStartsAgain() {
    var queue = ByteQueue()
    queue.append([1, 2, 3])
    queue.consume(3)
    let empty = Snapshot(&queue)
    #expect(empty.isEmpty && empty.headroom == 0 && empty.writableCount == empty.capacity)
  }

  @Test("a header is written backwards into the headroom")
  func extendsIntoHeadroom() {
    var queue = ByteQueue()
    queue.reserve(16)
    queue.restart(headroom: 6)
    queue.append([9, 8])
    queue.extendFront(4)
    queue.withReadableMutable { span in for index in 0..<4 { span[index] = UInt8(index) } }
    let whole = Snapshot(&queue)
    #expect(whole.bytes == [0, 1, 2, 3, 9, 8] && whole.headroom == 2)
  }

  @Test("appending nothing to an idle queue takes no memory")
  func appendsNothing() {
    var queue = ByteQueue()
    queue.append([])
    queue.reserve(0)
    queue.consume(0)
    let idle = Snapshot(&queue)
    #expect(idle.capacity == 0 && idle.isEmpty)
  }

  @Test("any sequence of operations does what it does to an array")
  func behavesLikeArray() {
    var random = SeededGenerator()
    for _ in 0..<8 {
      var queue = ByteQueue()
      var model: [UInt8] = []
      for _ in 0..<250 {
        let before = Snapshot(&queue)
        let operation = Operation.allCases.randomElement(using: &random) ?? .consume
        operation.apply(to: &queue, model: &model, before: before, using: &random)
        let after = Snapshot(&queue)
        #expect(after.bytes == model, "\(operation), SEED=\(seed)")
        #expect(after.isConsistent, "\(operation), SEED=\(seed)")
        #expect(operation == .release || after.capacity >= before.capacity, "SEED=\(seed)")
        if after.bytes != model { return }
      }
    }
  }

  private enum Operation: CaseIterable {
    case reserve, append, advance, consume, extendFront, restart, change
    case release

    func apply(
      to queue: inout ByteQueue, model: inout [UInt8], before: Snapshot,
      using random: inout SeededGenerator
    ) {
      switch self {
      case .reserve:
        let count = Int.random(in: 0...3_000, using: &random)
        queue.reserve(count)
        let after = Snapshot(&queue)
        #expect(after.writableCount >= count, "SEED=\(seed)")
      case .append:
        let bytes = random.bytes(Int.random(in: 0...1_500, using: &random))
        queue.append(bytes)
        model += bytes
      case .advance:
        let bytes = random.bytes(
          Int.random(in: 0...min(before.writableCount, 1_000), using: &random))
        queue.withWritable { span in for index in bytes.indices { span[index] = bytes[index] } }
        queue.advance(bytes.count)
        model += bytes
      case .consume:
        let count = Int.random(in: 0...model.count, using: &random)
        queue.consume(count)
        model.removeFirst(count)
      case .extendFront:
        let bytes = random.bytes(Int.random(in: 0...before.headroom, using: &random))
        queue.extendFront(bytes.count)
        queue.withReadableMutable { span in
          for index in bytes.indices { span[index] = bytes[index] }
        }
        model = bytes + model
      case .restart:
        queue.restart(headroom: Int.random(in: 0...before.capacity, using: &random))
        model = []
      case .change:
        queue.withReadableMutable { span in for index in span.indices { span[index] ^= 0x55 } }
        model = model.map { $0 ^ 0x55 }
      case .release:
        // Rarely, for it makes all that follows start afresh.
        if Int.random(in: 0..<10, using: &random) > 0 { return }
        queue.release()
        model = []
      }
    }
  }
}
