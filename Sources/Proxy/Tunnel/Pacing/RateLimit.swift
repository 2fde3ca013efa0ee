import Basics

/// How fast something moves, in bytes a second.
struct ByteRate {
  let bytesPerSecond: Int64

  func byteCount(in time: Nanoseconds) -> Int {
    Int(clamping: bytesPerSecond * time.count / 1_000_000_000)
  }

  func time(of byteCount: Int) -> Nanoseconds {
    Nanoseconds(Int64(byteCount) * 1_000_000_000 / bytesPerSecond)
  }

  /// - Parameter thousandths: how much of it.
  func share(_ thousandths: Int64) -> ByteRate {
    ByteRate(bytesPerSecond: max(bytesPerSecond * thousandths / 1_000, 1))
  }
}

/// Lets messages leave no faster than a rate, all that they have on the wire counted, so that there is next to no
/// queue where the path keeps to it. When the path stumbles there is one, which at the whole rate would stay
/// (`StrayQueue`).
struct RateLimit {
  /// How much of it is used, in thousandths; the rest is for what is not counted here, as pongs.
  private static let usedShare: Int64 = 995
  /// What may be caught up of a time in which nothing was sent.
  private static let burst = Nanoseconds(15_000_000)
  /// What a frame has beside its payload: its own header (RFC 6455 §5.2), and a record's header, content type and
  /// tag (RFC 8446 §5.2).
  private static let frameHeaderByteCount = 14
  private static let recordHeaderByteCount = 22
  private static let recordByteCountMax = 16_384

  let rate: ByteRate
  /// When the next message may go.
  private(set) var readyAt = Instant(nanoseconds: .min)
  private var strayQueue = StrayQueue()

  /// - Parameter bytesPerSecond: at least one.
  init(bytesPerSecond: Int64) { rate = ByteRate(bytesPerSecond: bytesPerSecond) }

  /// A message of so many bytes went out.
  mutating func sent(_ byteCount: Int, now: Instant) {
    readyAt = max(readyAt, now - Self.burst)
    spend(byteCount, strayQueue.isDraining(now) ? StrayQueue.usedShare : Self.usedShare)
  }

  /// A ping of so many bytes went out.
  mutating func pinged(_ byteCount: Int) { spend(byteCount, Self.usedShare) }

  /// Puts off the next message by what a frame of so many bytes takes on the wire.
  private mutating func spend(_ byteCount: Int, _ share: Int64) {
    let records = byteCount / Self.recordByteCountMax + 1
    readyAt =
      readyAt
      + rate.share(share).time(
        of: byteCount + Self.frameHeaderByteCount + records * Self.recordHeaderByteCount)
  }

  /// A pong came.
  /// - Parameters:
  ///   - queueing: how much later than the earliest ones.
  ///   - frameByteCount: bytes of a frame.
  mutating func ponged(queueing: Nanoseconds, frameByteCount: Int, now: Instant) {
    strayQueue.ponged(queueing: queueing, frameTime: rate.time(of: frameByteCount), now: now)
  }
}
