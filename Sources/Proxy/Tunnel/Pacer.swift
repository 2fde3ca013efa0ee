import Basics

/// How fast messages may go to the service, so that they wait here, where what is urgent overtakes, and not in
/// buffers below or behind, where nothing does.
///
/// The round trips of pings tell: each carries how many bytes were sent before it, so a pong tells how many have
/// arrived, and how long they queued. So many bytes may be on the way that the queue takes about
/// `queueTimeTarget`, whatever the rate turns out to be (in the spirit of LEDBAT, RFC 6817):
///
///     window += gain · window · (target − queueing) / round trip     once a round trip
///
/// and it doubles until there is a queue for the first time. The shortest round trip counts as the one without a
/// queue. To see it again although there always is one, what is on the way is let run out now and then. A service
/// that answers no pings is not paced.
///
/// With a limit, messages leave no faster than that, so that there is next to no queue where the path keeps it.
/// When the path stumbles there is one, which at the whole limit would stay (`StrayQueue`).
public struct Pacer: ~Copyable {
  /// How much of the limit is used, in thousandths; the rest is for what is not counted here, as pongs.
  private static let usedShare: Int64 = 995
  /// What may be caught up of a time in which nothing was sent.
  private static let burst: Int64 = 15_000_000
  /// How long one frame may take at the limit. On slow links the headers of shorter ones would take too much.
  private static let frameTimeAtLimit: Int64 = 30_000_000
  /// What a frame has beside its payload: its own header (RFC 6455 §5.2), and a record's header, content type and
  /// tag (RFC 8446 §5.2).
  private static let frameHeaderByteCount = 14
  private static let recordHeaderByteCount = 22
  private static let recordByteCountMax = 16_384
  /// A frame is not cut below this for the sake of pacing.
  static let frameByteCountMin = 1_024

  /// How long bytes may queue between here and the service.
  static let queueTimeTarget: Int64 = 40_000_000
  static let windowMin = 8 * 1_024
  static let windowStart = 16 * 1_024
  /// What the window grows to although it is not used.
  static let windowUnusedMax = 64 * 1_024
  /// More than any path takes; without a bound the window would grow for ever.
  static let windowMax = 64 * 1_024 * 1_024
  /// What goes out between two pings takes about so long, and is at least so much of a window and so many bytes.
  private static let pingTime: Int64 = 10_000_000
  private static let pingsPerWindow = 4
  private static let pingByteCountMin = 2_048
  /// The same for a frame.
  private static let frameTime: Int64 = 5_000_000
  private static let framesPerWindow = 8
  /// How long the shortest round trip is remembered: this often, so long each.
  private static let memoryPeriod: Int64 = 15_000_000_000
  /// How often what is on the way is let run out while something always is.
  private static let drainPeriod: Int64 = 20_000_000_000
  /// A service that answers no ping for so long, while nothing may be sent, does not answer pings; at first, and
  /// when it did answer some.
  private static let patienceAtFirst: Int64 = 1_000_000_000
  private static let patience: Int64 = 5_000_000_000
  /// No pong that we wait for takes longer, and no round has more of them. A service can make up either, and what
  /// follows from them must stay a number.
  static let roundTripMax: Int64 = 600_000_000_000
  static let pongsPerRoundMax: Int64 = 1_000_000

  /// It goes by the round trips.
  private let isAdaptive: Bool
  /// Bytes a second; 0 for none.
  private let limit: Int64
  /// With a limit: when the next message may go, and the queue that is there all the same.
  private var nextAt = Int64.min
  private var strayQueue = StrayQueue()

  /// What is on the way runs out, which takes a round trip; the next one shows how long the path is; and two more
  /// pass until what they show is usual again.
  private enum Draining { case no, emptying, measuring, filling, settling }

  // By the round trips:
  /// The service does not answer pings, for all that is known.
  private var isUnanswered = false
  private var hasAnswered = false
  /// There was no queue yet.
  private var isStarting = true
  private(set) var window = Pacer.windowStart
  /// Payload of a frame, at the most.
  public private(set) var frameByteCountMax = Int.max
  /// What goes out between two pings.
  private var pingedByteCountMax = Int.max
  /// Of the window, what may be on the way: less when it has just grown, lest all of that comes at once.
  private var allowedByteCount = Pacer.windowStart
  private var roundTrip = Pacer.queueTimeTarget
  private var sentByteCount = 0
  private var arrivedByteCount = 0
  private var pingedByteCount = 0
  /// Shortest round trips of this period and the one before.
  private var shortest: (now: Int64, before: Int64) = (.max, .max)
  private var periodEnd: Int64 = 0
  /// The round that is measured: it ends when what was sent at its beginning has arrived.
  private var roundEnd = 0
  private var round: (shortest: Int64, sum: Int64, count: Int64) = (.max, 0, 0)
  private var wasWindowUsed = false
  private var drainAt: Int64?
  private var draining = Draining.no
  private var blockedSince: Int64?
  /// When reading began again; nil when it never stopped.
  private var readingSince: Instant?

  /// Holds nothing back.
  public init() {
    isAdaptive = false
    limit = 0
  }

  /// - Parameters:
  ///   - limit: bytes a second; 0 for none.
  ///   - isAdaptive: to go by the round trips, below the limit.
  public init(limit: Int, isAdaptive: Bool = true) {
    self.isAdaptive = isAdaptive
    self.limit = Int64(limit)
    divideWindow()
  }

  /// Bytes that are on the way, as far as is known.
  var inFlightByteCount: Int { sentByteCount - arrivedByteCount }

  /// As much is on the way as may be, of a service that does answer pings.
  public var awaitsPong: Bool {
    isAdaptive && hasAnswered && inFlightByteCount >= allowedByteCount
  }

  // MARK: Sending

  /// When the next message may go: now or earlier, or later, which a pong may bring forward.
  /// - Parameter isReading: else no pong is seen, and what is on the way cannot be known.
  public mutating func readyAt(_ now: Instant, isReading: Bool = true) -> Instant {
    let ready = isAdaptive && isReading ? hasWindowAt(now) : now
    return limit > 0 ? max(ready, Instant(nanoseconds: nextAt)) : ready
  }

  private mutating func hasWindowAt(_ now: Instant) -> Instant {
    if isUnanswered || inFlightByteCount < allowedByteCount {
      blockedSince = nil
      return now
    }
    wasWindowUsed = true
    let since = blockedSince ?? now.nanoseconds
    blockedSince = since
    let end = since + (hasAnswered ? Self.patience : Self.patienceAtFirst)
    if now.nanoseconds < end { return Instant(nanoseconds: end) }
    isUnanswered = true
    divideWindow()
    return now
  }

  /// A message of so many bytes went out.
  /// - Returns: `wantsPing`.
  public mutating func sent(_ byteCount: Int, now: Instant) -> Bool {
    sentByteCount += byteCount
    if limit > 0 {
      nextAt = max(nextAt, now.nanoseconds - Self.burst)
      spend(byteCount, isDraining: strayQueue.isDraining(now.nanoseconds))
    }
    return wantsPing
  }

  /// Puts off the next message by what a frame of so many bytes takes on the wire.
  private mutating func spend(_ byteCount: Int, isDraining: Bool = false) {
    let share = isDraining ? StrayQueue.usedShare : Self.usedShare
    let records = byteCount / Self.recordByteCountMax + 1
    let wireByteCount =
      byteCount + Self.frameHeaderByteCount + records * Self.recordHeaderByteCount
    nextAt += Int64(wireByteCount) * 1_000_000_000 / max(limit * share / 1_000, 1)
  }

  // MARK: Measuring

  /// Enough was sent since the last ping that another one would tell something, or no more may be sent without
  /// its answer. Inlined, as the compiler copies the whole pacer to lend it to a function that only reads.
  @inline(__always) public var wantsPing: Bool {
    let byteCount = sentByteCount - pingedByteCount
    if !isAdaptive || byteCount == 0 { return false }
    return byteCount >= pingedByteCountMax || inFlightByteCount >= allowedByteCount
  }

  /// How much of it makes a frame, and how much goes out between two pings.
  private mutating func divideWindow() {
    var byteCount = Int.max
    if limit > 0 { byteCount = Int(limit * Self.frameTimeAtLimit / 1_000_000_000) }
    if isAdaptive {
      if !isUnanswered {
        byteCount = min(byteCount, part(of: Self.frameTime, Self.framesPerWindow))
      }
      pingedByteCountMax = max(
        part(of: Self.pingTime, Self.pingsPerWindow), Self.pingByteCountMin)
    }
    frameByteCountMax = max(byteCount, Self.frameByteCountMin)
  }

  /// Bytes that go out in so long, a part of the window at the most.
  private func part(of time: Int64, _ divisor: Int) -> Int {
    min(Int(Int64(window) * (time / 1_000) / (roundTrip / 1_000 + 1)), window / divisor)
  }

  /// A ping goes out. It is to carry the count of bytes that went before it.
  /// - Returns: that count.
  public mutating func pinged() -> Int {
    pingedByteCount = sentByteCount
    if limit > 0 { spend(PingStamp.byteCount) }
    return sentByteCount
  }

  /// The answer to a ping came.
  /// - Parameters:
  ///   - arrived: the count of bytes that the ping carried.
  ///   - sentAt: when it was sent.
  public mutating func ponged(arrived: Int, sentAt: Instant, now: Instant) {
    let roundTrip = now.nanoseconds - sentAt.nanoseconds
    if !isAdaptive || !(0...Self.roundTripMax).contains(roundTrip)
      || !(arrivedByteCount...sentByteCount).contains(arrived)
    {
      return
    }
    isUnanswered = false
    hasAnswered = true
    blockedSince = nil
    let newlyArrived = arrived - arrivedByteCount
    arrivedByteCount = arrived
    defer { divideWindow() }
    // What came while nothing was read waited in our own buffers.
    if let readingSince, sentAt < readingSince { return }
    self.roundTrip = roundTrip
    remember(roundTrip, now.nanoseconds)
    if limit > 0 {
      strayQueue.ponged(
        queueing: roundTrip - shortestRoundTrip,
        frameTime: Int64(frameByteCountMax) * 1_000_000_000 / limit, now: now.nanoseconds)
    }
    if round.count < Self.pongsPerRoundMax {
      round = (min(round.shortest, roundTrip), round.sum + roundTrip, round.count + 1)
    }
    if draining != .emptying && draining != .measuring {
      allowedByteCount = min(allowedByteCount + newlyArrived, window)
    }
    if arrived >= roundEnd { endRound(now.nanoseconds) }
  }

  private mutating func endRound(_ now: Int64) {
    switch draining {
    case .no:
      adapt()
      drainIfNeeded(now)
    case .emptying: draining = .measuring
    case .measuring: draining = .filling
    case .filling: draining = .settling
    case .settling: draining = .no
    }
    roundEnd = sentByteCount
    round = (.max, 0, 0)
    wasWindowUsed = false
  }

  /// Pongs were not read until now.
  public mutating func readingResumed(_ now: Instant) { readingSince = now }

  private mutating func remember(_ roundTrip: Int64, _ now: Int64) {
    if now >= periodEnd {
      shortest = (.max, shortest.now)
      periodEnd = now + Self.memoryPeriod
    }
    shortest.now = min(shortest.now, roundTrip)
  }

  /// The rate is about a window per round trip, so each millisecond of queue too many costs the bytes of one. What
  /// counts lies between the shortest and the mean of the round's: a radio that delivers in bursts makes some of them
  /// long without a queue, and the shortest alone would be seen too late when there is one.
  private mutating func adapt() {
    guard round.count > 0 else { return }
    let roundTrip = (round.shortest + round.sum / round.count) / 2
    let queueing = roundTrip - shortestRoundTrip
    if queueing > Self.queueTimeTarget / 2 { isStarting = false }
    let size = Int64(window)
    let missing = (Self.queueTimeTarget - queueing) / 1_000
    // Two fifths of the difference at once: a loop with a round trip's delay stays stable.
    var change = size * missing / (roundTrip / 1_000 + 1) * 2 / 5
    // Where the round trip is long, that is little for a path that is all but empty.
    if queueing < Self.queueTimeTarget / 4 { change = max(change, isStarting ? size : size / 8) }
    if change > 0 && !wasWindowUsed && window >= Self.windowUnusedMax { return }
    change = min(max(change, -size / 2), size)
    window = min(max(window + Int(change), Self.windowMin), Self.windowMax)
    allowedByteCount = min(allowedByteCount, window)
  }

  private var shortestRoundTrip: Int64 { min(shortest.now, shortest.before) }

  /// After a long time in which something always was on the way, only an empty path tells how long it is.
  private mutating func drainIfNeeded(_ now: Int64) {
    guard wasWindowUsed, let due = drainAt else {
      drainAt = now + Self.drainPeriod
      return
    }
    if now >= due {
      drainAt = now + Self.drainPeriod
      draining = .emptying
      // Three quarters of what the path itself holds, as far as is known.
      let shortest = shortestRoundTrip / 1_000
      let held = Int64(window) * shortest / (shortest + Self.queueTimeTarget / 1_000)
      allowedByteCount = max(Int(held) * 3 / 4, Self.windowMin / 4)
    }
  }
}
