import Basics

/// The slots of a stream's connections by their ids.
///
/// A hash table with linear probing, at most half full. Ids are given one after the other, so their places are
/// scattered: side by side they would make one row, and each removal would walk to its end.
struct ConnectionTable {
  /// A slot of -1 is none.
  private(set) var entries: [(connectionID: UInt32, slot: Int32)] = []
  private(set) var count = 0

  private static let sizeMin = 8

  /// The slot of a connection; nil when there is none, or to take it away.
  subscript(connectionID: UInt32) -> Int? {
    get {
      if count == 0 { return nil }
      let entry = entries[place(of: connectionID)]
      return entry.slot < 0 ? nil : Int(entry.slot)
    }
    set {
      if let slot = newValue {
        insert(connectionID, Int32(truncatingIfNeeded: slot))
      } else if count > 0 {
        remove(at: place(of: connectionID))
      }
    }
  }

  mutating func removeAll() {
    entries = []
    count = 0
  }

  /// Where the id is, or the free place where it belongs. Only with a table that has one.
  private func place(of connectionID: UInt32) -> Int {
    var index = home(of: connectionID)
    while entries[index].slot >= 0 && entries[index].connectionID != connectionID {
      index = (index + 1) & (entries.count - 1)
    }
    return index
  }

  /// Fibonacci hashing: the highest bits of a product with 2³² divided by the golden ratio, as many as the table
  /// takes. Numbers in a row land as far from each other as there is room (Knuth, volume 3, section 6.4).
  private func home(of connectionID: UInt32) -> Int {
    let scattered = connectionID &* 0x9e37_79b9
    return Int(scattered >> UInt32(truncatingIfNeeded: 32 - entries.count.trailingZeroBitCount))
  }

  private mutating func insert(_ connectionID: UInt32, _ slot: Int32) {
    if 2 * (count + 1) > entries.count { grow() }
    let index = place(of: connectionID)
    if entries[index].slot < 0 { count += 1 }
    entries[index] = (connectionID, slot)
  }

  private mutating func grow() {
    let old = entries
    entries = .init(repeating: (0, -1), count: max(2 * old.count, Self.sizeMin))
    for entry in old where entry.slot >= 0 { entries[place(of: entry.connectionID)] = entry }
  }

  /// Closes the gap with what stands behind it and may move there, lest a search stops short of it.
  private mutating func remove(at start: Int) {
    if entries[start].slot < 0 { return }
    count -= 1
    var gap = start
    var index = start
    while true {
      index = (index + 1) & (entries.count - 1)
      if entries[index].slot < 0 { break }
      let distance = (index - home(of: entries[index].connectionID)) & (entries.count - 1)
      if distance >= (index - gap) & (entries.count - 1) {
        entries[gap] = entries[index]
        gap = index
      }
    }
    entries[gap].slot = -1
  }
}

/// The numbers of a source's streams: one row for all services, from a random start on. None comes twice before all
/// have, so that what is still on its way for a stream of yesterday, or of a process that was here before, meets no
/// stream of the same number.
public struct StreamIDs: Equatable, Sendable {
  /// The largest number of a stream or a connection: a client library in the field cannot answer with larger ones.
  public static let idMax: Int32 = 1 << 28 - 1

  /// The last one given, 0 before the first.
  private(set) var last: Int32

  /// - Parameter randomness: any 32 random bits.
  public init(randomness: UInt32) { last = Int32(randomness % UInt32(Self.idMax)) }

  mutating func next() -> Int32 {
    last = last >= Self.idMax ? 1 : last + 1
    return last
  }
}
