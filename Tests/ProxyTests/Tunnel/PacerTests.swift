import Basics
import Simulator
import Testing

@testable import Tunnel

/// A path of a rate and a round trip, with a queue in front of it that never ends; it answers pings in order.
private struct Path {
  var bytesPerSecond: Int64
  let roundTrip: Int64
  /// What arrives is passed on only so often, as by a radio that sleeps.
  var slotTime: Int64 = 1
  /// What arrives is late by up to so much, each way, and stays in order.
  var jitter: Int64 = 0
  private var random: SeededGenerator
  private var arrivedAt: Int64 = 0
  private var answeredAt: Int64 = 0
  var now: Int64 = 1_000_000_000
  /// When the path has sent all that it was given.
  private var freeAt: Int64 = 0
  private var pongs: [(at: Int64, stamp: PingStamp)] = []
  /// Bytes that have arrived, and the longest that any of them queued.
  private(set) var sentByteCount = 0
  private(set) var queueTimeMax: Int64 = 0
  /// Of those that were sent, the bytes that queued for more than 100 ms.
  private(set) var lateByteCount = 0

  init(bytesPerSecond: Int64, roundTripMilliseconds: Int64, seed: UInt64 = 7) {
    self.bytesPerSecond = bytesPerSecond
    random = SeededGenerator(seed: seed)
    roundTrip = roundTripMilliseconds * 1_000_000
  }

  var instant: Instant { Instant(nanoseconds: now) }
  var queueTime: Int64 { max(freeAt - now, 0) }
  /// At the lowest rates it is the smallest window that queues.
  private var leastQueueTime: Int64 { Int64(SendWindow.sizeMin) * 1_000_000_000 / bytesPerSecond }

  /// Sends as fast as the pacer allows, until `end`.
  mutating func run(_ pacer: inout Pacer, seconds: Int64, answersPings: Bool = true) {
    let end = now + seconds * 1_000_000_000
    while now < end {
      while let first = pongs.first, first.at <= now {
        pongs.removeFirst()
        pacer.ponged(first.stamp, now: instant)
        ping(&pacer, isAnswered: answersPings)
      }
      let ready = pacer.readyAt(instant)
      if ready == nil {
        let byteCount = min(pacer.frameByteCountMax, 64 * 1_024)
        freeAt = max(freeAt, now) + Int64(byteCount) * 1_000_000_000 / bytesPerSecond
        sentByteCount += byteCount
        queueTimeMax = max(queueTimeMax, queueTime)
        if queueTime > 100_000_000 + leastQueueTime { lateByteCount += byteCount }
        pacer.sent(byteCount, now: instant)
        ping(&pacer, isAnswered: answersPings)
        // A sender has a speed, too.
        now += Int64(byteCount)
      } else {
        now = min(ready?.nanoseconds ?? .max, pongs.first?.at ?? .max, end)
      }
    }
  }

  private mutating func ping(_ pacer: inout Pacer, isAnswered: Bool) {
    if !pacer.wantsPing { return }
    let stamp = PingStamp(sentAt: instant, sentByteCount: pacer.pinged())
    if !isAnswered { return }
    arrivedAt = max(max(freeAt, now) + roundTrip / 2 + late(), arrivedAt)
    answeredAt = max(arrivedAt + roundTrip - roundTrip / 2 + late(), answeredAt)
    let slot = answeredAt / slotTime + 1
    pongs.append((slot * slotTime, stamp))
  }

  private mutating func late() -> Int64 {
    jitter == 0 ? 0 : Int64.random(in: 0..<jitter, using: &random)
  }

  /// What was given to it takes longer by so much, as on a radio link that is lost and found again.
  mutating func halt(milliseconds: Int64) { freeAt = max(freeAt, now) + milliseconds * 1_000_000 }

  mutating func forget() {
    sentByteCount = 0
    queueTimeMax = 0
    lateByteCount = 0
  }
}

@Suite("Pacer")
struct PacerTests {
  @Test(
    "a limit is kept to, nearly used, and leaves next to no queue",
    arguments: [10_000, 100_000, 800_000, 50_000_000])
  func keepsLimit(limit: Int) {
    var pacer = Pacer(limit: Int64(limit))
    var path = Path(bytesPerSecond: Int64(limit), roundTripMilliseconds: 40)
    path.run(&pacer, seconds: 10)
    #expect(path.sentByteCount <= limit * 10)
    #expect(path.sentByteCount >= limit * 10 * 95 / 100)
    #expect(path.queueTimeMax <= 3 * Self.frameTime(limit))
  }

  /// Thirty milliseconds, or what the smallest size takes.
  private static func frameTime(_ limit: Int) -> Int64 {
    max(Int64(Pacer.frameByteCountMin) * 1_000_000_000 / Int64(limit), 30_000_000)
  }

  @Test(
    "what queued while the path stood still is gone soon, at the whole limit's rate",
    arguments: [20_000, 100_000, 800_000, 50_000_000])
  func drainsStrayQueue(limit: Int) {
    var pacer = Pacer(limit: Int64(limit))
    var path = Path(bytesPerSecond: Int64(limit), roundTripMilliseconds: 40)
    path.run(&pacer, seconds: 5)
    for _ in 0..<5 {
      path.halt(milliseconds: 200)
      path.run(&pacer, seconds: 3)
      path.forget()
      path.run(&pacer, seconds: 7)
      #expect(path.queueTimeMax <= 3 * Self.frameTime(limit), "\(path.queueTimeMax)")
      #expect(path.sentByteCount >= limit * 7 * 95 / 100)
    }
  }

  @Test(
    "an uneven path is not taken for a queue, with a limit or without",
    arguments: [100_000, 800_000, 10_000_000], [true, false])
  func bearsUnevenness(rate: Int, isLimited: Bool) {
    for milliseconds in [10, 20, 50, 100] as [Int64] {
      var pacer = Pacer(limit: isLimited ? Int64(rate) : 0)
      var path = Path(bytesPerSecond: Int64(rate), roundTripMilliseconds: 40)
      path.slotTime = milliseconds * 1_000_000
      path.run(&pacer, seconds: 5)
      path.forget()
      path.run(&pacer, seconds: 60)
      #expect(
        path.sentByteCount >= rate * 60 * (isLimited ? 90 : 80) / 100,
        "\(milliseconds) ms: \(path.sentByteCount * 100 / rate / 60) %")
      #expect(path.queueTimeMax <= 250_000_000, "\(milliseconds) ms: \(path.queueTimeMax)")
    }
  }

  /// In bytes a second, and milliseconds. Where nothing but the round trips' differences is more than the target, they are
  /// all that tells that there is no queue.
  static let unevenPaths: [(rate: Int64, roundTrip: Int64, jitter: Int64)] = [
    (100_000, 40, 50), (100_000, 300, 75), (100_000, 600, 150), (800_000, 60, 60),
    (800_000, 300, 100), (10_000_000, 100, 50),
  ]

  @Test(
    "a path whose round trips always differ is used, and not filled", arguments: unevenPaths,
    [true, false])
  func bearsJitter(uneven: (rate: Int64, roundTrip: Int64, jitter: Int64), isLimited: Bool) {
    let (rate, roundTrip, jitter) = uneven
    var pacer = Pacer(limit: isLimited ? rate : 0)
    var path = Path(bytesPerSecond: rate, roundTripMilliseconds: roundTrip)
    path.jitter = jitter * 1_000_000
    path.run(&pacer, seconds: 60)
    path.forget()
    path.run(&pacer, seconds: 120)
    let used = Int64(path.sentByteCount) * 100 / rate / 120
    #expect(used >= 80, "\(used) %")
    #expect(path.queueTimeMax <= 600_000_000, "\(path.queueTimeMax)")
  }

  /// Where round trips differ by more than they last, a window that is small by chance has few of them to go by.
  @Test(
    "on a very uneven path the window does not stay small for good",
    arguments: 0..<18 as Range<UInt64>)
  func growsAgain(seed: UInt64) {
    var pacer = Pacer(limit: 0)
    var path = Path(bytesPerSecond: 1_000_000, roundTripMilliseconds: 40, seed: seed)
    path.jitter = 120_000_000
    path.run(&pacer, seconds: 30)
    path.forget()
    path.run(&pacer, seconds: 60)
    let used = path.sentByteCount * 100 / 60_000_000
    #expect(used >= 60, "\(used) %")
  }

  @Test("a limit that is just above what the path takes leaves it full and its queue short")
  func keepsBelowLimit() {
    for (limit, rate) in [(103_000, 100_000), (800_000, 750_000)] as [(Int64, Int64)] {
      var pacer = Pacer(limit: limit)
      var path = Path(bytesPerSecond: rate, roundTripMilliseconds: 40)
      path.run(&pacer, seconds: 60)
      #expect(Int64(path.sentByteCount) >= rate * 60 * 93 / 100, "\(path.sentByteCount)")
      #expect(path.queueTimeMax <= 150_000_000, "\(path.queueTimeMax)")
    }
  }

  @Test("a limit far above what the path takes does no harm", arguments: paths)
  func outgrowsLimit(rate: Int64, roundTrip: Int64) {
    var pacer = Pacer(limit: rate * 8)
    checkAdapting(&pacer, rate: rate, roundTrip: roundTrip)
  }

  @Test("without the round trips a limit is all there is")
  func keepsLimitAlone() {
    var pacer = Pacer(limit: 1_000_000, isAdaptive: false)
    var path = Path(bytesPerSecond: 100_000, roundTripMilliseconds: 40)
    path.run(&pacer, seconds: 10)
    #expect(path.sentByteCount >= 9_500_000 && !pacer.wantsPing && !pacer.awaitsPong)
  }

  @Test("a limit holds also while no pong is read")
  func keepsLimitUnread() {
    var pacer = Pacer(limit: 100_000)
    let now = Instant(nanoseconds: 60_000_000_000)
    pacer.sent(50_000, now: now)
    pacer.readingStopped()
    #expect(pacer.readyAt(now).map { $0 > now + Milliseconds(400) } == true)
    #expect(pacer.readyAt(now + Milliseconds(600)) == nil)
  }

  @Test("what was not used is not caught up but for a moment's worth")
  func forgetsUnused() {
    var pacer = Pacer(limit: 1_000_000)
    var now = Instant(nanoseconds: 60_000_000_000)
    var byteCount = 0
    while pacer.readyAt(now) == nil {
      byteCount += 1_000
      pacer.sent(1_000, now: now)
    }
    #expect(byteCount <= 17_000)
    now = now + Milliseconds(1_000)
    #expect(pacer.readyAt(now) == nil)
  }

  /// Rates from a bad radio link to a fast wire, near and far.
  static let paths: [(rate: Int64, roundTrip: Int64)] = [
    (50_000, 40), (100_000, 40), (100_000, 300), (800_000, 1), (800_000, 40), (800_000, 600),
    (10_000_000, 40), (10_000_000, 500), (100_000_000, 5), (500_000_000, 1),
  ]

  @Test("the round trips alone keep the path full and its queue short", arguments: paths)
  func adapts(rate: Int64, roundTrip: Int64) {
    var pacer = Pacer(limit: 0)
    checkAdapting(&pacer, rate: rate, roundTrip: roundTrip)
  }

  private func checkAdapting(_ pacer: inout Pacer, rate: Int64, roundTrip: Int64) {
    var path = Path(bytesPerSecond: rate, roundTripMilliseconds: roundTrip)
    // Far paths are found out in more of their round trips.
    path.run(&pacer, seconds: 5 + roundTrip / 20)
    path.forget()
    path.run(&pacer, seconds: 60)
    #expect(Int64(path.sentByteCount) >= rate * 60 * 90 / 100, "\(path.sentByteCount)")
    // A far path takes a while to tell that there is too much on it.
    let part = roundTrip < 100 ? 50 : 10
    #expect(path.lateByteCount <= path.sentByteCount / part, "\(path.lateByteCount)")
    #expect(path.queueTimeMax <= 400_000_000, "\(path.queueTimeMax)")
  }

  @Test("a queue of its own is not taken for the path's length, however long it lasts")
  func remeasures() {
    var pacer = Pacer(limit: 0)
    var path = Path(bytesPerSecond: 800_000, roundTripMilliseconds: 40)
    path.run(&pacer, seconds: 600)
    path.forget()
    path.run(&pacer, seconds: 60)
    #expect(path.lateByteCount == 0 && path.queueTimeMax <= 120_000_000, "\(path.queueTimeMax)")
    #expect(path.sentByteCount >= 800_000 * 60 * 90 / 100)
  }

  @Test("a path that becomes slower, or faster, is found out within seconds")
  func follows() {
    var pacer = Pacer(limit: 0)
    var path = Path(bytesPerSecond: 10_000_000, roundTripMilliseconds: 40)
    path.run(&pacer, seconds: 10)
    for rate in [Int64(200_000), 10_000_000] {
      path.bytesPerSecond = rate
      // What was right for the faster path takes seconds to leave the slower one.
      path.run(&pacer, seconds: 20)
      path.forget()
      path.run(&pacer, seconds: 10)
      #expect(path.queueTimeMax <= 120_000_000, "\(rate): \(path.queueTimeMax)")
      #expect(Int64(path.sentByteCount) >= rate * 10 * 90 / 100, "\(rate)")
    }
  }

  @Test("a service that answers no ping is not held up for long")
  func goesOnUnanswered() {
    var pacer = Pacer(limit: 0)
    var path = Path(bytesPerSecond: 1_000_000_000, roundTripMilliseconds: 1)
    path.run(&pacer, seconds: 2, answersPings: false)
    #expect(path.sentByteCount > 100_000_000)
    // When it does answer some day, that counts.
    path.run(&pacer, seconds: 1)
    #expect(pacer.frameByteCountMax < .max)
  }

  @Test("pongs that answer nothing, or were read late, change nothing")
  func disregardsPongs() {
    var pacer = Pacer(limit: 0)
    let now = Instant(nanoseconds: 5_000_000_000)
    pacer.sent(10_000, now: now)
    #expect(pacer.wantsPing && pacer.pinged() == 10_000 && !pacer.wantsPing)
    pacer.ponged(PingStamp(sentAt: now, sentByteCount: 20_000), now: now + Milliseconds(10))
    pacer.ponged(
      PingStamp(sentAt: now + Milliseconds(20), sentByteCount: 10_000), now: now + Milliseconds(10))
    #expect(pacer.window.inFlightByteCount == 10_000)
    pacer.readingResumed(now + Milliseconds(900))
    pacer.ponged(PingStamp(sentAt: now, sentByteCount: 10_000), now: now + Milliseconds(900))
    #expect(pacer.window.inFlightByteCount == 0 && pacer.window.size == SendWindow.sizeAtStart)
  }

  @Test("pongs that answer nothing of ours, however old they say they are, only slow us down")
  func takesForgedPongs() {
    let year: Int64 = 31_536_000_000_000_000
    for sentAt in [0, year - SendWindow.roundTripMax.count, year] {
      var pacer = Pacer(limit: 0)
      var arrived: Int64 = 0
      for number in 0..<100_000 {
        let now = Instant(nanoseconds: year + Int64(number))
        if pacer.readyAt(now) == nil { pacer.sent(1_000, now: now) }
        // As long as no more arrives, no round ends.
        if number % 1_000 == 999 { arrived = pacer.pinged() }
        pacer.ponged(
          PingStamp(sentAt: Instant(nanoseconds: sentAt), sentByteCount: arrived), now: now)
      }
      #expect((SendWindow.sizeMin...SendWindow.sizeMax).contains(pacer.window.size))
      #expect(pacer.frameByteCountMax >= Pacer.frameByteCountMin)
    }
  }
}
