import Basics

/// The queue on a path that is used at its own rate: what piled up while the path stood still would stay, so less
/// is sent for as long as it takes to drain.
///
/// Pongs that come late tell of it, a number of them in a row for some time: a path may just be uneven. For the same
/// reason a drain has an end, whatever the pongs say then, and a rest after it.
struct StrayQueue {
  /// How much of the path's rate is used meanwhile, in thousandths.
  static let usedShare: Int64 = 800
  /// A queue that takes no longer is usual; or no longer than one and a half frames.
  private static let usualTime = Nanoseconds(25_000_000)
  /// So many pongs, over so long.
  private static let pongCountMin = 4
  private static let standingTime = Nanoseconds(100_000_000)
  /// So much longer than the queue itself takes its drain, a fifth of the rate, and the rest than the drain.
  private static let drainFactor: Int64 = 5
  private static let restFactor: Int64 = 4

  private var latePongCount = 0
  private var lateSince = Instant(nanoseconds: 0)
  private var drainStart = Instant(nanoseconds: 0)
  private var drainEnd = Instant(nanoseconds: 0)
  private var restEnd: Instant { drainEnd + (drainEnd - drainStart) * Self.restFactor }

  func isDraining(_ now: Instant) -> Bool { now < drainEnd }

  /// A pong came.
  /// - Parameters:
  ///   - queueing: how much later than the earliest ones.
  ///   - frameTime: what a frame takes at the path's rate.
  mutating func ponged(queueing: Nanoseconds, frameTime: Nanoseconds, now: Instant) {
    let usual = max(Self.usualTime, frameTime * 3 / 2)
    if queueing <= usual {
      latePongCount = 0
      // A ping goes behind a frame, but the earliest ones had perhaps none before them.
      if queueing < frameTime + usual / 4 && isDraining(now) { drainEnd = now }
      return
    }
    if latePongCount == 0 { lateSince = now }
    latePongCount += 1
    let isStanding = latePongCount >= Self.pongCountMin && now >= lateSince + Self.standingTime
    if isStanding && now >= restEnd {
      drainStart = now
      drainEnd = now + queueing * Self.drainFactor
    }
  }
}
