/// Connections that wait for their turn to send, the one that is due the most in front (start-time fair queueing).
///
/// Each turn is charged with its bytes. Whoever has waited while others sent is due before them, so a connection
/// that sends little goes next whenever it has something, and those that always have something share evenly.
struct FairQueue {
  private struct Entry {
    /// On a clock that counts the bytes each has sent.
    let start: UInt64
    /// Of equals the first goes first.
    let serial: UInt64
    let connection: LocalConnection

    static func < (left: Entry, right: Entry) -> Bool {
      left.start == right.start ? left.serial < right.serial : left.start < right.start
    }
  }

  /// What a turn costs beside its bytes.
  private static let turnByteCount: UInt64 = 256
  /// What a connection is ahead of those that were always here, when it sent nothing for a while. Without it, it
  /// would stand behind all of them that had as many bytes, as they have when they share evenly.
  private static let creditByteCount: UInt64 = 16 * 1_024

  /// A heap, the earliest in front.
  private var entries: [Entry] = []
  /// The latest start of a turn that was given.
  private var clock = FairQueue.creditByteCount
  private var serial: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }

  mutating func append(_ connection: LocalConnection) {
    serial &+= 1
    entries.append(
      Entry(
        start: max(clock &- Self.creditByteCount, connection.dueAt), serial: serial,
        connection: connection))
    rise(from: entries.count - 1)
  }

  mutating func popFirst() -> LocalConnection? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    clock = max(clock, first.start)
    first.connection.dueAt = first.start &+ Self.turnByteCount
    return first.connection
  }

  mutating func removeAll() { entries.removeAll() }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      if !(entries[index] < entries[parent]) { return }
      entries.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func sink() {
    var index = 0
    while true {
      var least = index
      for child in (2 * index + 1)...(2 * index + 2)
      where child < entries.count && entries[child] < entries[least] { least = child }
      if least == index { return }
      entries.swapAt(index, least)
      index = least
    }
  }
}
