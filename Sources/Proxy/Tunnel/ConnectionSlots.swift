/// What a session and its glue must know about one connection.
public struct ConnectionSlot {
  public let service: Int
  public let streamID: Int32
  public let connectionID: UInt32
  let streamGeneration: UInt64
  public var state: Connection
  /// The peer has sent data for it.
  public internal(set) var hasReceived = false
  /// Both ends know each other's marks, so that each direction ends on its own.
  public internal(set) var isNegotiated = false

  /// It waits for an end that the peer cannot announce.
  package var lingers: Bool { state == .localEnded && !isNegotiated }
}

/// The connections of a session by slot, the number that the glue knows them by. Numbers come again.
public struct ConnectionSlots {
  private var entries: [ConnectionSlot?] = []
  private var freeSlots: [Int] = []
  /// How many are in these states: who asks must not have to look at all of them.
  private(set) var drainingCount = 0
  private(set) var localEndedCount = 0

  public var count: Int { entries.count - freeSlots.count }
  /// Of the free ones as well.
  public var indices: Range<Int> { entries.indices }

  /// Nil for a free one.
  public internal(set) subscript(slot: Int) -> ConnectionSlot? {
    get { entries[slot] }
    set {
      note(entries[slot], -1)
      entries[slot] = newValue
      note(newValue, 1)
    }
  }

  private mutating func note(_ connection: ConnectionSlot?, _ step: Int) {
    if connection?.state.isDraining == true { drainingCount += step }
    if connection?.state == .localEnded { localEndedCount += step }
  }

  /// - Returns: its slot.
  mutating func take(_ connection: ConnectionSlot) -> Int {
    let slot = freeSlots.popLast() ?? entries.count
    if slot == entries.count { entries.append(nil) }
    self[slot] = connection
    return slot
  }

  /// Only one that is taken.
  mutating func release(_ slot: Int) {
    self[slot] = nil
    freeSlots.append(slot)
  }
}
