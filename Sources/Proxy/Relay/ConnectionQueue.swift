/// A first-in-first-out queue that takes and gives in constant time.
struct ConnectionQueue {
  private var items: [LocalConnection?] = []
  private var head = 0

  var isEmpty: Bool { head == items.count }

  mutating func append(_ connection: LocalConnection) { items.append(connection) }

  mutating func popFirst() -> LocalConnection? {
    if head == items.count { return nil }
    let first = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 32 && head * 2 > items.count {
      items.removeSubrange(0..<head)
      head = 0
    }
    return first
  }

  mutating func removeAll() {
    items.removeAll()
    head = 0
  }
}
