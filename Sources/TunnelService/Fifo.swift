/// A first-in-first-out queue made of two stacks: what comes goes onto one, and what leaves comes off the other, which
/// is the first one turned over when it had run out. So each element moves once, however many there are.
struct Fifo<Element> {
  private var incoming: [Element] = []
  /// The next to leave is the last.
  private var outgoing: [Element] = []
  /// Elements whose memory is kept when the queue has run out.
  private static var keptCount: Int { 256 }

  var isEmpty: Bool { incoming.isEmpty && outgoing.isEmpty }

  /// The next to leave.
  var first: Element? { outgoing.last ?? incoming.first }

  mutating func append(_ element: Element) { incoming.append(element) }

  mutating func popFirst() -> Element? {
    if outgoing.isEmpty {
      swap(&incoming, &outgoing)
      outgoing.reverse()
    }
    let element = outgoing.popLast()
    if isEmpty && max(incoming.capacity, outgoing.capacity) > Self.keptCount { removeAll() }
    return element
  }

  /// Gives the memory back, too.
  mutating func removeAll() {
    incoming = []
    outgoing = []
  }
}
