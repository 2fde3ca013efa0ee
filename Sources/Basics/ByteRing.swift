import CEpoll

/// A first-in-first-out queue of bytes in which nothing is moved to make room, and whose readable part is always one
/// piece of memory.
///
///     base      start           end          capacity               2 * capacity
///      | writable |  readable    |  writable    | the same bytes again    |
///
/// Its pages are mapped twice, one mapping behind the other, so what goes on at the beginning is there behind the end
/// as well. The owner asks for a region (`withReadable`, `withWritable`), uses it, and then says how much of it was used
/// (`consume`, `advance`).
///
/// Invariant: `0 ≤ start < capacity` and `start ≤ end ≤ start + capacity`. An emptied ring starts
/// over at its beginning, so that small pieces stay in the processor's cache.
///
/// A small ring, and one that the system does not map twice, lies in the heap with as many bytes behind its end. What
/// would be there twice is copied to the beginning when the readable part has left that.
@safe public struct ByteRing: ~Copyable {
  /// Memory is taken in multiples of this many bytes. Where pages are larger, some rings lie in the heap.
  static let pageByteCount = 4 * 1024
  /// From so many bytes on the pages are mapped.
  static let mappedByteCountMin = 64 * 1024

  private let base: UnsafeMutableRawPointer
  /// Bytes that it can hold now.
  public let capacity: Int
  private var start = 0
  private var end = 0
  /// The pages are mapped twice.
  let isMapped: Bool

  /// - Parameter byteCount: what it can hold at the least, 1 or more.
  public init(byteCount: Int) {
    capacity = (byteCount + Self.pageByteCount - 1) / Self.pageByteCount * Self.pageByteCount
    let mapped = unsafe capacity < Self.mappedByteCountMin ? nil : cepoll_map_twice(capacity)
    isMapped = unsafe mapped != nil
    unsafe base = mapped ?? .allocate(byteCount: 2 * capacity, alignment: 64)
  }

  deinit { unsafe cepoll_free_ring(base, capacity, isMapped ? 1 : 0) }

  /// Readable bytes.
  public var count: Int { end &- start }
  public var isEmpty: Bool { start == end }

  /// Makes at least `count` bytes writable, by growing if there is less room. It never shrinks.
  public mutating func reserve(_ count: Int) {
    if room >= count { return }
    // By a part of itself, or what it copies would grow with the square of its size.
    var grown = ByteRing(byteCount: max(self.count + count, capacity + capacity / 4))
    withReadable { grown.append($0) }
    self = grown
  }

  /// Says that the first `count` readable bytes were used.
  @inline(never) public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= end &- start)
    start &+= count
    if start == end {
      start = 0
      end = 0
    } else if start >= capacity {
      // From here on the readable part is that in the first mapping.
      start &-= capacity
      end &-= capacity
      if isMapped { return }
      unsafe (base + start).copyMemory(from: base + start + capacity, byteCount: end &- start)
    }
  }

  /// Drops the last `count` readable bytes.
  public mutating func removeLast(_ count: Int) {
    precondition(count >= 0 && count <= end &- start)
    end &-= count
  }

  /// Says that `count` bytes were written into the writable region.
  public mutating func advance(_ count: Int) {
    precondition(count >= 0 && count <= room)
    end &+= count
  }

  /// Lends the readable bytes.
  @inlinable public borrowing func withReadable<R, E: Error>(
    _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try body(unsafe readableBytes.span)
  }

  /// Lends the readable bytes for a change in place (unmasking).
  @inlinable public mutating func withReadableMutable<R, E: Error>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    var span = unsafe readableBytes.mutableSpan
    return try body(&span)
  }

  /// Lends the bytes that may be written; `advance` says how many were. Inlined, as a call would be to a copy made for
  /// the one closure.
  @inlinable @inline(__always) public mutating func withWritable<R, E: Error>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    var span = unsafe writableBytes.mutableSpan
    return try body(&span)
  }

  /// Copies `bytes` behind the readable ones.
  public mutating func append(_ bytes: Span<UInt8>) {
    reserve(bytes.count)
    unsafe bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      unsafe (base + end).copyMemory(from: from, byteCount: source.count)
    }
    end &+= bytes.count
  }

  /// Removes `count` bytes that lie `offset` bytes behind the first readable one, by moving what is in
  /// front of them.
  public mutating func removeInside(offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset &+ count <= end &- start)
    unsafe (base + start + count).copyMemory(from: base + start, byteCount: offset)
    consume(count)
  }

  /// Moves `count` bytes that lie `offset` bytes behind the first readable one towards the front by `distance`
  /// bytes, over those that lie there.
  public mutating func moveInside(offset: Int, count: Int, by distance: Int) {
    precondition(distance >= 0 && distance <= offset)
    precondition(count >= 0 && count <= end &- start &- offset)
    let from = unsafe base + start + offset
    unsafe (from - distance).copyMemory(from: from, byteCount: count)
  }

  @usableFromInline var readableBytes: UnsafeMutableBufferPointer<UInt8> {
    unsafe bytes(from: start, count: end &- start)
  }

  @usableFromInline var writableBytes: UnsafeMutableBufferPointer<UInt8> {
    unsafe bytes(from: end, count: room)
  }

  private var room: Int { capacity &- count }

  private func bytes(from place: Int, count: Int) -> UnsafeMutableBufferPointer<UInt8> {
    return unsafe UnsafeMutableBufferPointer(
      start: (base + place).assumingMemoryBound(to: UInt8.self), count: count)
  }
}
