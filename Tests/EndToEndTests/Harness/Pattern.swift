import Foundation

/// A stream of bytes in which each position has its own value, different for each seed: what is lost,
/// doubled, moved or another connection's is seen at once, by `memcmp`.
struct Pattern: Sendable {
  /// The period is prime, so that no power of two, the usual size of a buffer, hides a displacement.
  private static let period = 1_048_573
  static let windowMax = 256 << 10

  /// One period and what a window that starts at its end needs beyond it.
  private static let table: [UInt64] = {
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    var words = (0..<(period + 7) / 8 + 1).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    let head = words.withUnsafeBytes { Array($0[..<windowMax]) }
    words += [UInt64](repeating: 0, count: windowMax / 8)
    words.withUnsafeMutableBytes { bytes in
      UnsafeMutableRawBufferPointer(rebasing: bytes[period...]).copyBytes(from: head)
    }
    return words
  }()

  private let start: Int

  init(seed: UInt32) { start = Int(seed) * 104_729 % Self.period }

  /// Lends the bytes from `position` on, at most `countMax` of them and never none.
  func withBytes<Result>(
    at position: Int, countMax: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let first = (start + position) % Self.period
    let count = min(countMax, Self.windowMax)
    return try Self.table.withUnsafeBytes { table in
      try body(UnsafeRawBufferPointer(rebasing: table[first..<first + count]))
    }
  }

  /// Sends the first `byteCount` bytes.
  func send(_ byteCount: Int, over socket: Socket) throws {
    var sent = 0
    while sent < byteCount {
      sent += try withBytes(at: sent, countMax: byteCount - sent) { bytes in
        try socket.send(bytes)
        return bytes.count
      }
    }
  }

  /// Fails unless the next `byteCount` bytes that a connection brings are the first of the pattern.
  func receive(_ byteCount: Int, over socket: Socket) throws {
    var received = 0
    try socket.receive(byteCount) { bytes in
      try check(bytes, at: received)
      received += bytes.count
    }
  }

  /// Fails unless `bytes` are those that belong at `position`.
  func check(_ bytes: UnsafeRawBufferPointer, at position: Int) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let offset = position + bytes.count - rest.count
      let count = withBytes(at: offset, countMax: rest.count) { expected in
        memcmp(rest.base!, expected.baseAddress!, expected.count) == 0 ? expected.count : 0
      }
      guard count > 0 else {
        throw Failure("wrong bytes within \(rest.count) after position \(offset)")
      }
      rest = rest.dropFirst(count)
    }
  }
}
