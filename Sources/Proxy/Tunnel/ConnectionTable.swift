import Basics

/// The slots of a stream's connections by their ids, in the order of the ids. Ids are given in that order, so
/// what is new goes to the end.
struct ConnectionTable {
  private var entries: [(connectionID: UInt32, slot: Int)] = []

  var count: Int { entries.count }

  /// The slot of a connection; nil when there is none, or to take it away.
  subscript(connectionID: UInt32) -> Int? {
    get {
      let index = place(of: connectionID)
      return hasEntry(at: index, connectionID) ? entries[index].slot : nil
    }
    set {
      let index = place(of: connectionID)
      let isThere = hasEntry(at: index, connectionID)
      if let slot = newValue {
        if isThere {
          entries[index].slot = slot
        } else {
          entries.insert((connectionID, slot), at: index)
        }
      } else if isThere {
        entries.remove(at: index)
      }
    }
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  private func hasEntry(at index: Int, _ connectionID: UInt32) -> Bool {
    index < entries.count && entries[index].connectionID == connectionID
  }

  /// The index of the first entry whose id is not smaller.
  private func place(of connectionID: UInt32) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].connectionID < connectionID { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Where the streams of services ended, by the services' names.
public struct StreamIDs {
  private var entries: [(name: String, streamID: Int32)] = []

  public init() {}

  /// 0 for a service that is not known.
  public subscript(name: String) -> Int32 {
    get {
      for entry in entries where entry.name.isSame(as: name) { return entry.streamID }
      return 0
    }
    set {
      for index in entries.indices where entries[index].name.isSame(as: name) {
        entries[index].streamID = newValue
        return
      }
      entries.append((name, newValue))
    }
  }
}
