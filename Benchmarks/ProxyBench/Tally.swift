import Foundation

/// Counts the bytes that come over a connection, for another thread to see.
final class Tally: @unchecked Sendable {
  private let lock = NSLock()
  private var total = 0

  var byteCount: Int { lock.withLock { total } }

  func add(_ count: Int) { lock.withLock { total += count } }

  /// Reads until the connection ends.
  func count(_ stream: Stream) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let byteCount = try stream.receive(into: buffer)
      if byteCount == 0 { return }
      add(byteCount)
    }
  }
}

/// Tallies by number, for a request can carry nothing else.
final class Tallies: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [Tally] = []

  func add(_ tally: Tally) -> Int {
    lock.withLock {
      all.append(tally)
      return all.count - 1
    }
  }

  subscript(index: Int) -> Tally? {
    lock.withLock { all.indices.contains(index) ? all[index] : nil }
  }
}
