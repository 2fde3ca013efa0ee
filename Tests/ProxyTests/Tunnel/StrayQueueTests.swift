import Basics
import Testing

@testable import Tunnel

@Suite("StrayQueue")
struct StrayQueueTests {
  private static let millisecond = Nanoseconds(1_000_000)
  private static let frameTime = millisecond * 10

  /// Pongs that queued for so many milliseconds, one every 20 ms; then what it does.
  struct Row: Sendable {
    let queueing: [Int64]
    let isDraining: Bool
    init(_ queueing: [Int64], _ isDraining: Bool) {
      self.queueing = queueing
      self.isDraining = isDraining
    }
  }

  @Test(
    "late pongs in a row, over a tenth of a second, are a queue",
    arguments: [
      Row([40, 40, 40, 40, 40, 40], true), Row([40, 40, 40, 40, 40], false),
      Row([24, 24, 24, 24, 24, 24, 24, 24], false),
      Row([400, 400, 400, 24, 400, 400, 400], false),
      // Behind a frame of 10 ms and a quarter of what is usual it is over, and not a moment earlier.
      Row([40, 40, 40, 40, 40, 40, 17], true), Row([40, 40, 40, 40, 40, 40, 15], false),
    ])
  func tellsQueue(row: Row) {
    var queue = StrayQueue()
    var now = Instant(nanoseconds: 0)
    for milliseconds in row.queueing {
      now = now + Self.millisecond * 20
      queue.ponged(
        queueing: Self.millisecond * milliseconds, frameTime: Self.frameTime, now: now)
    }
    #expect(queue.isDraining(now) == row.isDraining)
  }

  @Test("a drain that changes nothing ends, and rests for four times as long")
  func rests() {
    var queue = StrayQueue()
    var drainingCount = 0
    for step in 1...10_000 as ClosedRange<Int64> {
      let now = Instant(nanoseconds: 0) + Self.millisecond * 10 * step
      queue.ponged(queueing: Self.millisecond * 60, frameTime: Self.frameTime, now: now)
      if queue.isDraining(now) { drainingCount += 1 }
    }
    #expect((1_900...2_100).contains(drainingCount), "\(drainingCount)")
  }
}
