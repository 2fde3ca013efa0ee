import Basics

/// Whoever waits for a point in time.
public protocol TimerHandler: AnyObject {
  /// `tag` is what `schedule` was given, so that one object can run several timers.
  func timerFired(tag: Int, now: Instant)
}

/// Names one scheduled timer; worthless after it fired or was cancelled.
public struct TimerID: Equatable {
  fileprivate let serial: UInt64
}

/// A binary heap of deadlines. The clock is the caller's: `popDue(now:)` says what is due.
struct TimerHeap {
  private struct Entry {
    let deadline: Instant
    let serial: UInt64
    let tag: Int
    let handler: any TimerHandler

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? serial < other.serial : deadline < other.deadline
    }
  }

  private var entries: [Entry] = []
  private var nextSerial: UInt64 = 1

  var count: Int { entries.count }
  var nextDeadline: Instant? { entries.first?.deadline }

  mutating func schedule(at deadline: Instant, handler: any TimerHandler, tag: Int) -> TimerID {
    let serial = nextSerial
    nextSerial += 1
    entries.append(Entry(deadline: deadline, serial: serial, tag: tag, handler: handler))
    siftUp(entries.count - 1)
    return TimerID(serial: serial)
  }

  /// Takes a timer out. Linear in the number of timers: a few per tunnel, and one for each connection that is
  /// being opened or closed; those that are open share their tunnel's sweep.
  mutating func cancel(_ id: TimerID) {
    guard let index = entries.firstIndex(where: { $0.serial == id.serial }) else { return }
    remove(at: index)
  }

  /// What the next timer to be scheduled will be numbered: a bound for `popDue`.
  var serialBound: UInt64 { nextSerial }

  /// The earliest timer that is due at `now`, taken out; timers at one instant keep their order.
  /// - Parameter serialBound: timers scheduled since that was taken wait for the next turn, so that one
  ///   which schedules itself anew for now cannot keep a turn from ending.
  mutating func popDue(
    now: Instant, serialBound: UInt64 = .max
  ) -> (handler: any TimerHandler, tag: Int)? {
    guard let first = entries.first, first.deadline <= now, first.serial < serialBound else {
      return nil
    }
    remove(at: 0)
    return (first.handler, first.tag)
  }

  private mutating func remove(at index: Int) {
    let last = entries.count - 1
    if index != last { entries.swapAt(index, last) }
    entries.removeLast()
    if index < entries.count {
      siftDown(index)
      siftUp(index)
    }
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      if !entries[index].isBefore(entries[parent]) { return }
      entries.swapAt(index, parent)
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
      entries.swapAt(index, smallest)
      index = smallest
    }
  }
}
