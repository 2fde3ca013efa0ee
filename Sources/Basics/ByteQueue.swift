/// A bounded first-in-first-out queue of bytes whose readable part is always one piece of memory.
///
///     base        start            end            capacity
///      | (consumed) |   readable    |   writable    |
///
/// Invariant: `0 ≤ start ≤ end ≤ capacity`. The owner asks for a region (`withReadable`,
/// `withWritable`), uses it, and then says how much of it was used (`consume`, `advance`). Bytes slide to
/// the front only when the tail has no room for what comes next; a parser thus never sees a wrap. Where that would
/// happen often there is a `ByteRing`; these are emptied before it does.
///
/// Memory is taken on the first `reserve` and given back by `release`, so an idle queue owns none.
@safe public struct ByteQueue: ~Copyable {
  /// Memory is taken in multiples of this many bytes, and while there are less, of the smaller step: a client's first
  /// few bytes must not leave a large hole behind in the heap when they have been sent.
  public static let growthStep = 8 * 1024
  static let smallGrowthStep = 512
  /// From so many bytes on a queue grows by a quarter of itself at the least.
  static let largeByteCount = 64 * 1024

  private var base: UnsafeMutableRawPointer?
  /// Bytes of memory owned now.
  public private(set) var capacity = 0
  private var start = 0
  private var end = 0

  public init() {}

  deinit { unsafe base?.deallocate() }

  /// Readable bytes.
  public var count: Int { end &- start }
  public var isEmpty: Bool { start == end }

  /// Consumed bytes in front of the readable ones, free for a header to be written backwards.
  public var headroom: Int { start }

  /// Makes at least `count` bytes writable, by sliding or by growing. It never shrinks.
  public mutating func reserve(_ count: Int) {
    if capacity &- end >= count { return }
    let used = end &- start
    if capacity &- used >= count, let base = unsafe base {
      unsafe base.copyMemory(from: base + start, byteCount: used)
    } else {
      // In steps, so that a queue filled by many small pieces is not copied for each of them.
      let step = used + count < Self.growthStep ? Self.smallGrowthStep : Self.growthStep
      // A large one grows by a part of itself, or what it copies would grow with the square of its size.
      let part = capacity < Self.largeByteCount ? 0 : capacity + capacity / 4
      let least = max(used + count, part)
      let grown = (least + step - 1) / step * step
      let fresh = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 64)
      if let base = unsafe base {
        unsafe fresh.copyMemory(from: base + start, byteCount: used)
        unsafe base.deallocate()
      }
      unsafe base = fresh
      capacity = grown
    }
    start = 0
    end = used
  }

  /// Gives the memory back and drops what was in it.
  public mutating func release() {
    unsafe base?.deallocate()
    unsafe base = nil
    capacity = 0
    start = 0
    end = 0
  }

  /// Says that the first `count` readable bytes were used.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= end &- start)
    start &+= count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Drops the last `count` readable bytes.
  public mutating func removeLast(_ count: Int) {
    precondition(count >= 0 && count <= end &- start)
    end &-= count
  }

  /// Says that `count` bytes were written into the writable region.
  public mutating func advance(_ count: Int) {
    precondition(count >= 0 && count <= capacity &- end)
    end &+= count
  }

  /// Lends the readable bytes.
  @inlinable public borrowing func withReadable<R, E: Error>(
    _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try body(unsafe readableBytes.span)
  }

  /// Lends the readable bytes for a change in place (unmasking, masking).
  @inlinable public mutating func withReadableMutable<R, E: Error>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    var span = unsafe readableBytes.mutableSpan
    return try body(&span)
  }

  /// Lends the bytes that may be written, `byteCountMax` at the most; `advance` says how many were. Inlined, as a call
  /// would be to a copy made for the one closure.
  @inlinable @inline(__always) public mutating func withWritable<R, E: Error>(
    atMost byteCountMax: Int = .max, _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    let all = unsafe writableBytes
    var span = unsafe UnsafeMutableBufferPointer(
      start: all.baseAddress, count: min(all.count, byteCountMax)
    ).mutableSpan
    return try body(&span)
  }

  /// Copies `bytes` behind the readable ones.
  public mutating func append(_ bytes: Span<UInt8>) {
    reserve(bytes.count)
    unsafe bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress, let base = unsafe base else { return }
      unsafe (base + end).copyMemory(from: from, byteCount: source.count)
    }
    end &+= bytes.count
  }

  /// Copies `bytes` behind the readable ones.
  public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// Makes `count` bytes readable in front of the others, out of the headroom, to be filled in by
  /// `withReadableMutable`.
  public mutating func extendFront(_ count: Int) {
    precondition(count >= 0 && count <= start)
    start &-= count
  }

  /// Drops all readable bytes and leaves `headroom` bytes free in front of what is written next.
  public mutating func restart(headroom: Int) {
    precondition(headroom <= capacity)
    start = headroom
    end = headroom
  }

  @usableFromInline var readableBytes: UnsafeMutableBufferPointer<UInt8> {
    guard let base = unsafe base else {
      return unsafe UnsafeMutableBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeMutableBufferPointer(
      start: (base + start).assumingMemoryBound(to: UInt8.self), count: end &- start)
  }

  @usableFromInline var writableBytes: UnsafeMutableBufferPointer<UInt8> {
    guard let base = unsafe base else {
      return unsafe UnsafeMutableBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeMutableBufferPointer(
      start: (base + end).assumingMemoryBound(to: UInt8.self), count: capacity &- end)
  }
}
