import Basics

/// Which of a name's addresses is tried, and when (RFC 8305 §5), as a value: an attempt starts when the one before has
/// failed, or has not opened for `attemptDelay`, and goes on beside it.
///
///     event              what is next
///     deadlineCame       `giveUp` of attempts whose time is over; `connect`; `lose` when none is left
///     begun              nothing, until the delay is over
///     notBegun, failed   `connect` to the next one, or `lose`
///     busy               `connect` to the same one after a while, and `giveUp` in the end
///     opened             `win`, once
///
/// An attempt is the place of its address. After `win` or `lose` nothing follows, whatever comes.
package struct AddressRaceCore {
  package static let attemptDelay = Milliseconds(250)
  /// A Unix domain socket whose queue of clients is full is tried again after so long, then half as long again each
  /// time up to the maximum, until the attempt's time-out: TCP would wait in the kernel.
  package static let busyDelay = Milliseconds(20)
  package static let busyDelayMax = Milliseconds(160)

  package enum Event {
    case deadlineCame
    /// The last attempt is on its way.
    case begun
    /// It could not be begun.
    case notBegun
    /// It found a queue of clients that is full.
    case busy
    case failed(Int)
    case opened(Int)
  }

  package enum Order: Equatable {
    case connect(Int)
    /// It has not opened in time, or was busy for as long.
    case giveUp(Int)
    case win(Int)
    case lose
  }

  private let timeout: Milliseconds
  /// Of each attempt that is on its way, when its time is over.
  private var deadlines: [Instant?]
  /// Where the next attempt is due, or the end of the race.
  private var nextAt: Instant?
  private var isDue = true
  private var nextIndex = 0
  /// Something came that was not the start's: who begins a race hears of its loss later.
  private var isBegun = false
  private var busyDelay = AddressRaceCore.busyDelay
  /// When waiting for a busy one ends.
  private var busyDeadline: Instant?
  private var winner: Int?
  private var isOver = false

  /// - Parameters:
  ///   - addressCount: of those there are, in the order in which they are tried.
  ///   - timeout: of each attempt.
  package init(addressCount: Int, timeout: Milliseconds) {
    self.timeout = timeout
    deadlines = Array(repeating: nil, count: addressCount)
  }

  package var deadline: Instant? {
    if isOver { return nil }
    var deadline = nextAt
    for attempt in deadlines { deadline = Instant.earliest(deadline, attempt) }
    return deadline
  }

  package mutating func handle(_ event: Event, now: Instant) {
    switch event {
    case .deadlineCame:
      isBegun = true
      if let due = nextAt, due <= now {
        nextAt = nil
        isDue = true
      }
    case .begun:
      deadlines[nextIndex - 1] = now + timeout
      nextAt = nextIndex < deadlines.count ? now + Self.attemptDelay : nil
    case .notBegun: isDue = true
    case .busy:
      let end = busyDeadline ?? now + timeout
      busyDeadline = end
      if end <= now {
        deadlines[nextIndex - 1] = now
      } else {
        nextIndex -= 1
        nextAt = now + busyDelay
        busyDelay = min(Milliseconds(busyDelay.count * 3 / 2), Self.busyDelayMax)
      }
    case .failed(let attempt):
      isBegun = true
      deadlines[attempt] = nil
      isDue = true
    case .opened(let attempt): winner = winner ?? attempt
    }
  }

  package mutating func next(now: Instant) -> Order? {
    if isOver { return nil }
    if let winner {
      isOver = true
      return .win(winner)
    }
    for attempt in deadlines.indices {
      guard let end = deadlines[attempt], end <= now else { continue }
      deadlines[attempt] = nil
      isDue = true
      return .giveUp(attempt)
    }
    if !isDue { return nil }
    isDue = false
    if nextIndex < deadlines.count {
      nextAt = nil
      nextIndex += 1
      return .connect(nextIndex - 1)
    }
    for end in deadlines where end != nil { return nil }
    if !isBegun {
      nextAt = now
      return nil
    }
    isOver = true
    return .lose
  }
}
