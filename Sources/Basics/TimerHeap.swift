/// Whoever waits for a point in time.
public protocol TimerHandler: AnyObject {
  /// `tag` is what `schedule` was given, so that one object can run several timers.
  func timerFired(tag: Int, now: Instant)
}

/// Names one scheduled timer; worthless after it fired or was cancelled.
public struct TimerID: Equatable {
  /// Where whoever runs the timers finds it.
  public let place: Int
  /// Tells it from those that had the place before, and come again.
  public let serial: UInt64

  public init(place: Int, serial: UInt64) {
    self.place = place
    self.serial = serial
  }
}

/// A binary heap of deadlines. The clock is the caller's: `popDue(now:)` says what is due.
///
/// Each timer has a place in a table that says where in the heap it is, so that it can be taken out in the time
/// that putting it in took.
public struct TimerHeap {
  private struct Entry {
    let deadline: Instant
    let serial: UInt64
    let place: Int
    let tag: Int
    let handler: any TimerHandler

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? serial < other.serial : deadline < other.deadline
    }
  }

  private var entries: [Entry] = []
  /// Indices into `entries`.
  private var places: [Int] = []
  private var freePlaces: [Int] = []
  private var nextSerial: UInt64 = 1

  public init() {}

  public var count: Int { entries.count }
  public var nextDeadline: Instant? { entries.isEmpty ? nil : entries[0].deadline }

  public mutating func schedule(at deadline: Instant, handler: any TimerHandler, tag: Int)
    -> TimerID
  {
    let id = TimerID(place: freePlaces.popLast() ?? places.count, serial: nextSerial)
    nextSerial += 1
    if id.place == places.count { places.append(0) }
    places[id.place] = entries.count
    entries.append(
      Entry(deadline: deadline, serial: id.serial, place: id.place, tag: tag, handler: handler))
    siftUp(entries.count - 1)
    return id
  }

  /// Takes a timer out.
  public mutating func cancel(_ id: TimerID) {
    guard id.place < places.count else { return }
    let index = places[id.place]
    guard index < entries.count, entries[index].serial == id.serial else { return }
    remove(at: index)
  }

  /// What the next timer to be scheduled will be numbered: a bound for `popDue`.
  public var serialBound: UInt64 { nextSerial }

  /// The earliest timer that is due at `now`, taken out; timers at one instant keep their order.
  /// - Parameter serialBound: timers scheduled since that was taken wait for the next turn, so that one
  ///   which schedules itself anew for now cannot keep a turn from ending.
  public mutating func popDue(
    now: Instant, serialBound: UInt64 = .max
  ) -> (handler: any TimerHandler, tag: Int)? {
    if entries.isEmpty || entries[0].deadline > now || entries[0].serial >= serialBound {
      return nil
    }
    let first = entries[0]
    remove(at: 0)
    return (first.handler, first.tag)
  }

  private mutating func remove(at index: Int) {
    freePlaces.append(entries[index].place)
    let last = entries.count - 1
    if index != last { exchange(index, last) }
    entries.removeLast()
    if index < entries.count {
      siftDown(index)
      siftUp(index)
    }
  }

  private mutating func exchange(_ one: Int, _ other: Int) {
    entries.swapAt(one, other)
    places[entries[one].place] = one
    places[entries[other].place] = other
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      if !entries[index].isBefore(entries[parent]) { return }
      exchange(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in (2 * index + 1)...(2 * index + 2) where child < entries.count {
        if entries[child].isBefore(entries[smallest]) { smallest = child }
      }
      if smallest == index { return }
      exchange(index, smallest)
      index = smallest
    }
  }
}
