/// Numbers by names, for lists of any length that a user may write: a hash table with linear probing, at most half
/// full. The names come from the user's own files, so nobody gains by making them collide.
public struct OctetIndex {
  private var entries: [(name: [UInt8], number: Int)] = []
  /// Places in `entries`; -1 is none.
  private var places: [Int32] = []

  private static let sizeMin = 16

  public init() {}

  /// The number of a name; nil when it is not here.
  public subscript(name: [UInt8]) -> Int? {
    if places.isEmpty { return nil }
    let found = places[home(of: name)]
    return found < 0 ? nil : entries[Int(found)].number
  }

  /// Adds a name unless it is here already; false when it is.
  @discardableResult public mutating func insert(_ name: [UInt8], _ number: Int) -> Bool {
    if 2 * (entries.count + 1) > places.count {
      places = [Int32](repeating: -1, count: max(2 * places.count, Self.sizeMin))
      for (place, entry) in entries.enumerated() {
        places[home(of: entry.name)] = Int32(truncatingIfNeeded: place)
      }
    }
    let home = home(of: name)
    if places[home] >= 0 { return false }
    places[home] = Int32(truncatingIfNeeded: entries.count)
    entries.append((name, number))
    return true
  }

  /// Where the name is, or the free place where it belongs. The hash is FNV-1a.
  private func home(of name: [UInt8]) -> Int {
    var hash: UInt32 = 2_166_136_261
    for octet in name { hash = (hash ^ UInt32(octet)) &* 16_777_619 }
    var index = Int(truncatingIfNeeded: hash >> 16 ^ hash) & (places.count - 1)
    while places[index] >= 0 && entries[Int(places[index])].name != name {
      index = (index + 1) & (places.count - 1)
    }
    return index
  }
}
