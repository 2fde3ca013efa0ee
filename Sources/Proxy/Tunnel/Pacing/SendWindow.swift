import Basics

/// How many bytes may be on the way to the service, so that they queue for about `queueTimeTarget`, whatever the rate
/// turns out to be (in the spirit of LEDBAT, RFC 6817):
///
///     size += gain · size · (target − queueing) / round trip     once a round trip
///
/// and it doubles until there is a queue for the first time. The shortest round counts as the one without a
/// queue. To see it again although there always is one, what is on the way is let run out now and then. What rounds
/// usually differ by is the path's own, as on a radio, and no queue. A service that answers no pings is not held to a
/// window.
struct SendWindow {
  /// How long bytes may queue between here and the service.
  static let queueTimeTarget = Nanoseconds(40_000_000)
  static let sizeMin = 8 * 1_024
  static let sizeAtStart = 16 * 1_024
  /// What the window grows to although it is not used.
  static let unusedSizeMax = 64 * 1_024
  /// More than any path takes; without a bound the window would grow for ever.
  static let sizeMax = 64 * 1_024 * 1_024
  /// How long the shortest of both kinds is remembered: this often, so long each.
  private static let memoryPeriod = Nanoseconds(15_000_000_000)
  /// How often what is on the way is let run out while something always is.
  private static let runOutPeriod = Nanoseconds(20_000_000_000)
  /// More than this is no unevenness but a queue.
  private static let unevennessMax = Nanoseconds(200_000_000)
  /// A round has an eighth of a part in what is usual, and counts as no more than twice what is usual and so much, on
  /// short paths a quarter of theirs: they may just have stood still, and short ones have many rounds. Its difference
  /// counts twice: the shortest of a hundred rounds lies that much further below them than one from the next.
  private static let unevennessStep = Nanoseconds(20_000_000)
  /// A service that answers no ping for so long, while nothing may be sent, does not answer pings; at first, and
  /// when it did answer some.
  private static let patienceAtFirst = Nanoseconds(1_000_000_000)
  private static let patience = Nanoseconds(5_000_000_000)
  /// No pong that we wait for takes longer, and no round has more of them. A service can make up either, and what
  /// follows from them must stay a number.
  static let roundTripMax = Nanoseconds(600_000_000_000)
  static let pongsPerRoundMax: Int64 = 1_000_000

  /// What is on the way runs out, which takes a round trip; the next one shows how long the path is; and two more
  /// pass until what they show is usual again.
  private enum RunOut { case no, emptying, measuring, filling, settling }

  /// Round trips, in nanoseconds.
  private struct Round {
    var shortest = Int64.max
    var sum: Int64 = 0
    var count: Int64 = 0
    /// What counts of it, of one round trip at least, lies between the shortest and the mean. A radio that delivers in
    /// bursts makes some long without a queue, and the shortest alone would be seen too late when there is one.
    var length: Int64 { (shortest + sum / count) / 2 }
  }

  /// The least of a period and of the one before.
  private struct Least {
    private var now = Int64.max
    private var before = Int64.max
    var value: Int64 { min(now, before) }

    mutating func remember(_ value: Int64) { now = min(now, value) }

    mutating func forget() { (now, before) = (.max, now) }
  }

  /// In bytes.
  private(set) var size = SendWindow.sizeAtStart
  /// Of these, what may be on the way: less when the window has just grown, lest all of that comes at once.
  private var allowedByteCount = SendWindow.sizeAtStart
  /// The newest.
  private(set) var roundTrip = SendWindow.queueTimeTarget
  /// The service does not answer pings, for all that is known.
  private(set) var isUnanswered = false
  private var hasAnswered = false
  /// There was no queue yet.
  private var isInSlowStart = true
  private(set) var sentByteCount: Int64 = 0
  private var arrivedByteCount: Int64 = 0
  /// Round trips, and lengths of rounds, in nanoseconds.
  private var shortest = Least()
  private var shortestRound = Least()
  private var periodEnd = Instant(nanoseconds: 0)
  /// The round that is measured: it ends when what was sent at its beginning has arrived.
  private var roundEnd: Int64 = 0
  private var round = Round()
  /// The last one's length, and what it usually differs by from the one before, in nanoseconds.
  private var lastRound: Int64?
  private var unevenness: Int64 = 0
  private var wasUsed = false
  private var runOutAt: Instant?
  private var runOut = RunOut.no
  /// Since when it is full, or since a pong has last told something; nil also while no pong is read.
  private var fullSince: Instant?
  private var isReading = true
  /// When reading began again; nil when it never stopped.
  private var readingSince: Instant?

  /// Bytes that are on the way, as far as is known.
  var inFlightByteCount: Int64 { sentByteCount - arrivedByteCount }

  /// As much is on the way as may be.
  var isFull: Bool { inFlightByteCount >= Int64(allowedByteCount) }

  /// The same, of a service that does answer pings.
  var awaitsPong: Bool { hasAnswered && isFull }

  /// Until when to wait for a pong before the next message; nil for not at all, as while nothing is read.
  var readyAt: Instant? {
    guard let fullSince, !isUnanswered else { return nil }
    return fullSince + (hasAnswered ? Self.patience : Self.patienceAtFirst)
  }

  /// A message of so many bytes went out.
  mutating func sent(_ byteCount: Int, now: Instant) {
    if let readyAt, now >= readyAt { isUnanswered = true }
    sentByteCount += Int64(byteCount)
    if !isFull || !isReading { return }
    fullSince = fullSince ?? now
    if !isUnanswered { wasUsed = true }
  }

  /// Pongs are not read from now on, so that what is on the way cannot be known.
  mutating func readingStopped() {
    isReading = false
    fullSince = nil
  }

  mutating func readingResumed(_ now: Instant) {
    isReading = true
    readingSince = now
    fullSince = isFull ? now : nil
  }

  /// The answer to a ping came.
  /// - Parameters:
  ///   - arrived: the count of bytes that the ping carried.
  ///   - sentAt: when it was sent.
  /// - Returns: how long it queued, for all that is known; nil when it tells nothing of that.
  mutating func ponged(arrived: Int64, sentAt: Instant, now: Instant) -> Nanoseconds? {
    let roundTrip = now - sentAt
    if !(Nanoseconds(0)...Self.roundTripMax).contains(roundTrip)
      || !(arrivedByteCount...sentByteCount).contains(arrived)
    {
      return nil
    }
    isUnanswered = false
    hasAnswered = true
    let newlyArrived = arrived - arrivedByteCount
    arrivedByteCount = arrived
    defer { fullSince = isFull ? now : nil }
    // What came while nothing was read waited in our own buffers.
    if let readingSince, sentAt < readingSince { return nil }
    self.roundTrip = roundTrip
    remember(roundTrip.count, now)
    if round.count < Self.pongsPerRoundMax {
      round.shortest = min(round.shortest, roundTrip.count)
      round.sum += roundTrip.count
      round.count += 1
    }
    if runOut != .emptying && runOut != .measuring {
      // More than a window may have been on the way to a service that answered none.
      allowedByteCount = Int(min(Int64(allowedByteCount) + newlyArrived, Int64(size)))
    }
    if arrived >= roundEnd { endRound(now) }
    return Nanoseconds(roundTrip.count - shortest.value)
  }

  private mutating func endRound(_ now: Instant) {
    if round.count > 0 { shortestRound.remember(round.length) }
    switch runOut {
    case .no:
      adapt()
      runOutIfNeeded(now)
    case .emptying: runOut = .measuring
    case .measuring: runOut = .filling
    case .filling: runOut = .settling
    case .settling: runOut = .no
    }
    roundEnd = sentByteCount
    round = Round()
    wasUsed = isFull
  }

  private mutating func remember(_ roundTrip: Int64, _ now: Instant) {
    if now >= periodEnd {
      shortest.forget()
      shortestRound.forget()
      periodEnd = now + Self.memoryPeriod
    }
    shortest.remember(roundTrip)
  }

  /// How long the round's bytes queued.
  private mutating func takeQueueing() -> Int64 {
    let length = round.length
    let usual = unevenness
    if let lastRound {
      let step = min(Self.unevennessStep.count, shortestRound.value / 4)
      let difference = min(2 * abs(length - lastRound), 2 * usual + step)
      unevenness = min(usual + (difference - usual) / 8, Self.unevennessMax.count)
    }
    lastRound = length
    return max(length - shortestRound.value - usual, 0)
  }

  /// The rate is about a window per round trip, so each millisecond of queue too many costs the bytes of one.
  private mutating func adapt() {
    guard round.count > 0 else { return }
    let roundTrip = round.length
    let queueing = takeQueueing()
    let target = Self.queueTimeTarget.count
    if queueing > target / 2 { isInSlowStart = false }
    let size = Int64(size)
    let missing = (target - queueing) / 1_000
    // Two fifths of the difference at once: a loop with a round trip's delay stays stable.
    var change = size * missing / (roundTrip / 1_000 + 1) * 2 / 5
    // Where the round trip is long, that is little for a path that is all but empty.
    if queueing < target / 4 { change = max(change, isInSlowStart ? size : size / 8) }
    if change > 0 && !wasUsed && size >= Self.unusedSizeMax { return }
    change = min(max(change, -size / 2), size)
    self.size = min(max(Int(size + change), Self.sizeMin), Self.sizeMax)
    allowedByteCount = min(allowedByteCount, self.size)
  }

  /// After a long time in which something always was on the way, only an empty path tells how long it is.
  private mutating func runOutIfNeeded(_ now: Instant) {
    guard wasUsed, let due = runOutAt else {
      runOutAt = now + Self.runOutPeriod
      return
    }
    if now >= due {
      runOutAt = now + Self.runOutPeriod
      runOut = .emptying
      // Three quarters of what the path itself holds, as far as is known.
      let shortest = shortestRound.value / 1_000
      let held = Int64(size) * shortest / (shortest + Self.queueTimeTarget.count / 1_000)
      allowedByteCount = max(Int(held) * 3 / 4, Self.sizeMin / 4)
    }
  }
}
