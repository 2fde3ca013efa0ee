import CEpoll
import Simulator
import Testing

@testable import Basics

@Suite("ByteRing")
struct ByteRingTests {
  /// One that lies in the heap, and one that is mapped.
  static let byteCounts = [ByteRing.pageByteCount, ByteRing.mappedByteCountMin]

  @Test("from a size on the pages are mapped twice")
  func isMappedFromSize() {
    for count in [1, ByteRing.mappedByteCountMin - ByteRing.pageByteCount] {
      #expect(!isMapped(count), "\(count)")
    }
    for count in [ByteRing.mappedByteCountMin, ByteRing.mappedByteCountMin + 1, 1 << 20] {
      #expect(isMapped(count), "\(count)")
    }
  }

  private func isMapped(_ count: Int) -> Bool {
    let ring = ByteRing(byteCount: count)
    #expect(ring.capacity >= count && ring.capacity - count < ByteRing.pageByteCount)
    return ring.isMapped
  }

  @Test("what the system does not map twice is no mapping at all")
  func isRefused() {
    let page = ByteRing.pageByteCount
    // No part of a page can be mapped: mremap(2) refuses it as a filter of calls would.
    #expect(unsafe cepoll_map_twice(page / 2) == nil)
    #expect(unsafe cepoll_map_twice(1 << 60) == nil)
  }

  @Test("nothing is moved when there is no room behind what is readable", arguments: byteCounts)
  func nothingSlides(byteCount: Int) {
    var ring = ByteRing(byteCount: byteCount)
    let place = place(in: ring)
    ring.append(pattern(byteCount).span)
    ring.consume(byteCount - 1)
    ring.append(pattern(byteCount - 1).span)
    #expect(bytes(of: ring) == [pattern(byteCount)[byteCount - 1]] + pattern(byteCount - 1))
    #expect(self.place(in: ring) == place + byteCount - 1)
    // Behind the end it is at the beginning again, where a heap's ring copies what is left.
    ring.consume(2)
    #expect(self.place(in: ring) == place + 1)
    #expect(bytes(of: ring) == Array(pattern(byteCount - 1).dropFirst()))
  }

  private func place(in ring: borrowing ByteRing) -> Int {
    ring.withReadable { readable in
      unsafe readable.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
    }
  }

  @Test("what is written at any place is read again, in one piece", arguments: byteCounts)
  func wrapsAnywhere(byteCount: Int) {
    // As many bytes as fit at once, so that each start has an end behind it; a prime number of steps.
    for start in Array(stride(from: 0, to: byteCount, by: 509)) + [byteCount - 1] {
      var ring = ByteRing(byteCount: byteCount)
      ring.append(pattern(start + 1).span)
      ring.consume(start)
      let all = pattern(byteCount - 1)
      ring.append(all.span)
      #expect(ring.count == ring.capacity)
      ring.consume(1)
      #expect(bytes(of: ring) == all, "from \(start)")
    }
  }

  @Test(
    "a ring that grows while it goes on at its beginning keeps what is readable",
    arguments: byteCounts)
  func growsWhileWrapped(byteCount: Int) {
    var ring = ByteRing(byteCount: byteCount)
    ring.append(pattern(byteCount).span)
    ring.consume(byteCount - 100)
    ring.append(pattern(1_000).span)
    ring.reserve(2 * byteCount)
    #expect(bytes(of: ring) == pattern(byteCount).suffix(100) + pattern(1_000))
    #expect(ring.capacity >= 1_100 + 2 * byteCount)
  }

  @Test("an emptied ring starts over at its beginning", arguments: byteCounts)
  func startsOver(byteCount: Int) {
    var ring = ByteRing(byteCount: byteCount)
    let place = place(in: ring)
    ring.append(pattern(byteCount / 2).span)
    ring.consume(byteCount / 2)
    ring.append(pattern(1).span)
    #expect(self.place(in: ring) == place)
  }

  @Test("a ring filled by small pieces grows seldom, and not by much more than it needs")
  func growsGeometrically() {
    var ring = ByteRing(byteCount: 1)
    var growths = 0
    for count in stride(from: 512, through: 8 << 20, by: 512) {
      let capacity = ring.capacity
      ring.append(pattern(512).span)
      if ring.capacity == capacity { continue }
      growths += 1
      #expect(ring.capacity - count < count / 4 + ByteRing.pageByteCount, "\(ring.capacity)")
    }
    #expect(growths < 60, "\(growths)")
  }

  @Test("removing inside closes the gap, also across the end", arguments: byteCounts)
  func removesInside(byteCount: Int) {
    for (offset, count) in [(0, 0), (0, 3), (2, 3), (5, 5), (9, 1), (10, 0)] {
      var ring = ByteRing(byteCount: byteCount)
      ring.append(pattern(byteCount - 5).span)
      ring.append([UInt8](0..<5).span)
      ring.consume(byteCount - 5)
      ring.append([UInt8](5..<10).span)
      ring.removeInside(offset: offset, count: count)
      var expected = [UInt8](0..<10)
      expected.removeSubrange(offset..<(offset + count))
      #expect(bytes(of: ring) == expected, "\(count) at \(offset)")
    }
  }

  @Test("any sequence of operations does what it does to an array", arguments: byteCounts)
  func behavesLikeArray(byteCount: Int) {
    var random = SeededGenerator()
    for _ in 0..<4 {
      var ring = ByteRing(byteCount: byteCount)
      var model: [UInt8] = []
      for _ in 0..<500 {
        let operation = Operation.allCases.randomElement(using: &random) ?? .consume
        let capacity = ring.capacity
        operation.apply(to: &ring, model: &model, using: &random)
        #expect(bytes(of: ring) == model, "\(operation), SEED=\(seed)")
        #expect(ring.count == model.count && ring.isEmpty == model.isEmpty, "SEED=\(seed)")
        #expect(ring.withWritable { $0.count } == ring.capacity - model.count, "SEED=\(seed)")
        #expect(ring.capacity == capacity || operation == .reserve, "\(operation), SEED=\(seed)")
        if ring.count != model.count { return }
      }
    }
  }

  private enum Operation: CaseIterable {
    case reserve, append, advance, consume, removeLast, removeInside, moveInside, change

    func apply(
      to ring: inout ByteRing, model: inout [UInt8], using random: inout SeededGenerator
    ) {
      let room = ring.capacity - model.count
      switch self {
      case .reserve:
        // Seldom more than there is, or it would never go round.
        let excess = Int.random(in: 0..<50, using: &random) == 0 ? 1_000 : 0
        ring.reserve(Int.random(in: 0...room, using: &random) + excess)
      case .append:
        let bytes = random.bytes(Int.random(in: 0...room, using: &random))
        ring.append(bytes.span)
        model += bytes
      case .advance:
        let bytes = random.bytes(Int.random(in: 0...min(room, 1_000), using: &random))
        ring.withWritable { span in for index in bytes.indices { span[index] = bytes[index] } }
        ring.advance(bytes.count)
        model += bytes
      case .consume:
        let count = Int.random(in: 0...model.count, using: &random)
        ring.consume(count)
        model.removeFirst(count)
      case .removeLast:
        let count = Int.random(in: 0...min(model.count, 100), using: &random)
        ring.removeLast(count)
        model.removeLast(count)
      case .removeInside:
        let offset = Int.random(in: 0...model.count, using: &random)
        let count = Int.random(in: 0...(model.count - offset), using: &random)
        ring.removeInside(offset: offset, count: count)
        model.removeSubrange(offset..<(offset + count))
      case .moveInside:
        let offset = Int.random(in: 0...model.count, using: &random)
        let count = Int.random(in: 0...(model.count - offset), using: &random)
        let distance = Int.random(in: 0...offset, using: &random)
        ring.moveInside(offset: offset, count: count, by: distance)
        let moved = Array(model[offset..<(offset + count)])
        model.replaceSubrange((offset - distance)..<(offset - distance + count), with: moved)
      case .change:
        ring.withReadableMutable { span in for index in span.indices { span[index] ^= 0x55 } }
        model = model.map { $0 ^ 0x55 }
      }
    }
  }

  private func bytes(of ring: borrowing ByteRing) -> [UInt8] {
    ring.withReadable { span in span.withUnsafeBufferPointer { Array($0) } }
  }

  private func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 3) }
  }
}
