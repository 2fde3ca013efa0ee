/// Connections that wait for their turn to send, the one that is due the most in front (start-time fair queueing).
///
/// Each turn is charged with its bytes. Whoever has waited while others sent is due before them, so a connection
/// that sends little goes next whenever it has something, and those that always have something share evenly. When
/// nobody waits, what each has sent until then is forgotten, but for its last turn: it was at nobody's cost.
struct FairQueue {
  /// A connection's own part: its place on the queue's clock, which counts the bytes that each has sent.
  struct Account {
    fileprivate var dueAt: UInt64 = 0
    /// The start of its last turn, and the period of the queue that it was in.
    fileprivate var startedAt: UInt64 = 0
    fileprivate var period: UInt64 = 0

    /// It has sent so many bytes in its turn.
    mutating func charge(_ byteCount: Int) { dueAt &+= UInt64(byteCount) }
  }

  /// Who waits: its slot, and its own number, as slots come again.
  struct Ticket: Equatable {
    let slot: Int
    let id: UInt64
  }

  private struct Entry {
    let start: UInt64
    /// Of equals the first goes first.
    let serial: UInt64
    let ticket: Ticket

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
  /// The next one begins when somebody comes and nobody waits.
  private var period: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }
  /// Tickets of those that have gone are among them.
  var count: Int { entries.count }

  /// Whoever waits already must not be put in again.
  mutating func append(_ ticket: Ticket, _ account: inout Account) {
    serial &+= 1
    if entries.isEmpty { period &+= 1 }
    var start = clock &- Self.creditByteCount
    if account.period == period {
      start = max(start, account.dueAt)
    } else {
      start &+= min(account.dueAt &- account.startedAt, Self.creditByteCount)
    }
    account.startedAt = start
    account.dueAt = start &+ Self.turnByteCount
    account.period = period
    entries.append(Entry(start: start, serial: serial, ticket: ticket))
    rise(from: entries.count - 1)
  }

  mutating func popFirst() -> Ticket? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    clock = max(clock, first.start)
    return first.ticket
  }

  /// Takes out the ticket of a connection that has gone, before another one has its slot.
  mutating func remove(_ slot: Int) {
    let all = entries
    entries = []
    for entry in all where entry.ticket.slot != slot {
      entries.append(entry)
      rise(from: entries.count - 1)
    }
  }

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
