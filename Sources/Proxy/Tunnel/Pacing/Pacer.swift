import Basics

/// How fast messages may go to the service, so that they wait here, where what is urgent overtakes, and not in
/// buffers below or behind, where nothing does: no faster than a limit (`RateLimit`), no more on the way than the round
/// trips of pings allow (`SendWindow`), and in frames that are short for both.
///
/// Each ping carries how many bytes were sent before it, so a pong tells how many have arrived, and how long they
/// queued.
public struct Pacer: ~Copyable {
  /// How long one frame may take at the limit. On slow links the headers of shorter ones would take too much.
  private static let frameTimeAtLimit = Nanoseconds(30_000_000)
  /// What goes out between two pings takes about so long, and is at least so much of a window and so many bytes.
  private static let pingTime = Nanoseconds(10_000_000)
  private static let pingsPerWindow = 4
  private static let pingByteCountMin = 2_048
  /// The same for a frame.
  private static let frameTime = Nanoseconds(5_000_000)
  private static let framesPerWindow = 8
  /// A frame is not cut below this for the sake of pacing.
  static let frameByteCountMin = 1_024

  private let isLimited: Bool
  private var limit: RateLimit
  /// It goes by the round trips.
  private let isAdaptive: Bool
  private(set) var window = SendWindow()
  /// Payload of a frame, at the most.
  public private(set) var frameByteCountMax = Int.max
  /// What goes out between two pings.
  private var pingedByteCountMax = Int.max
  private var pingedByteCount: Int64 = 0
  /// How long the last ping queued that tells of it.
  private(set) var queueTime: Nanoseconds?
  /// When the next message may go, unless a pong comes before.
  private var readyAt = Instant(nanoseconds: .min)

  /// Holds nothing back.
  public init() { self.init(limit: 0, isAdaptive: false) }

  /// - Parameters:
  ///   - limit: bytes a second; 0 for none.
  ///   - isAdaptive: to go by the round trips, below the limit.
  public init(limit: Int64, isAdaptive: Bool = true) {
    isLimited = limit > 0
    self.limit = RateLimit(bytesPerSecond: max(limit, 1))
    self.isAdaptive = isAdaptive
    divideWindow()
  }

  /// As much is on the way as may be, of a service that does answer pings.
  var awaitsPong: Bool { isAdaptive && window.awaitsPong }

  /// Bytes that may be on the way; nil where there is no window.
  var windowByteCount: Int64? { isAdaptive ? Int64(window.size) : nil }

  /// When the next message may go, unless a pong comes before; nil for now.
  @inline(__always) func readyAt(_ now: Instant) -> Instant? { readyAt > now ? readyAt : nil }

  private mutating func noteReady() {
    readyAt = Instant(nanoseconds: .min)
    if isLimited { readyAt = limit.readyAt }
    if isAdaptive, let windowReady = window.readyAt { readyAt = max(readyAt, windowReady) }
  }

  // MARK: Facts

  /// A message of so many bytes went out.
  mutating func sent(_ byteCount: Int, now: Instant) {
    if isLimited { limit.sent(byteCount, now: now) }
    if isAdaptive {
      let wasUnanswered = window.isUnanswered
      window.sent(byteCount, now: now)
      if window.isUnanswered != wasUnanswered { divideWindow() }
    }
    noteReady()
  }

  /// Enough was sent since the last ping that another one would tell something, or no more may be sent without
  /// its answer. Inlined, as the compiler copies the whole pacer to lend it to a function that only reads.
  @inline(__always) var wantsPing: Bool {
    let byteCount = window.sentByteCount - pingedByteCount
    return byteCount > 0 && (byteCount >= Int64(pingedByteCountMax) || window.isFull)
  }

  /// A ping goes out. It is to carry the count of bytes that went before it.
  /// - Returns: that count.
  mutating func pinged() -> Int64 {
    if isLimited { limit.pinged(PingStamp.byteCount) }
    pingedByteCount = window.sentByteCount
    noteReady()
    return pingedByteCount
  }

  /// The answer to a ping came.
  mutating func ponged(_ stamp: PingStamp, now: Instant) {
    if !isAdaptive { return }
    let queueing = window.ponged(arrived: stamp.sentByteCount, sentAt: stamp.sentAt, now: now)
    if let queueing { queueTime = queueing }
    if isLimited, let queueing {
      limit.ponged(queueing: queueing, frameByteCount: frameByteCountMax, now: now)
    }
    divideWindow()
    noteReady()
  }

  /// Pongs are not read from now on; what is on the way holds nothing back meanwhile.
  mutating func readingStopped() {
    window.readingStopped()
    noteReady()
  }

  mutating func readingResumed(_ now: Instant) {
    window.readingResumed(now)
    noteReady()
  }

  // MARK: Sizes

  /// How much of the window makes a frame, and how much goes out between two pings.
  private mutating func divideWindow() {
    var byteCount = isLimited ? limit.rate.byteCount(in: Self.frameTimeAtLimit) : .max
    if isAdaptive {
      if !window.isUnanswered {
        byteCount = min(byteCount, part(of: Self.frameTime, Self.framesPerWindow))
      }
      pingedByteCountMax = max(
        part(of: Self.pingTime, Self.pingsPerWindow), Self.pingByteCountMin)
    }
    frameByteCountMax = max(byteCount, Self.frameByteCountMin)
  }

  /// Bytes that go out in so long, a part of the window at the most.
  private func part(of time: Nanoseconds, _ divisor: Int) -> Int {
    let roundTrip = window.roundTrip.count / 1_000 + 1
    let byteCount = Int64(window.size) * (time.count / 1_000) / roundTrip
    return min(Int(clamping: byteCount), window.size / divisor)
  }
}
