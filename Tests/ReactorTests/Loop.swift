import Basics
import Reactor

extension Reactor {
  /// Turns until `isDone` says so; false when that took longer than `patience`.
  func turn(
    within patience: Milliseconds = Milliseconds(10_000), until isDone: () -> Bool
  ) throws -> Bool {
    let deadline = now + patience
    while !isDone() {
      if now > deadline { return false }
      try turn(waitMax: Milliseconds(20))
    }
    return true
  }

  /// Turns for `span`, as often as there is a reason to; returns how often that was.
  func turns(for span: Milliseconds) throws -> Int {
    let alarm = Alarm()
    let before = turnCount
    // The clock stood still since the last turn; the time begins now.
    try turn(waitMax: Milliseconds(0))
    _ = schedule(at: now + span, alarm, tag: 0)
    while alarm.fired.isEmpty { try turn(waitMax: nil) }
    return turnCount - before - 1
  }
}

/// Remembers what fired.
final class Alarm: TimerHandler {
  private(set) var fired: [(tag: Int, now: Instant)] = []
  var onFire: (Int) -> Void = { _ in }

  func timerFired(tag: Int, now: Instant) {
    fired.append((tag, now))
    onFire(tag)
  }
}
