import Basics

@testable import Tunnel

extension FuzzTarget {
  /// Messages that go out as fast as the pacer lets them, and pongs that say what they like.
  static let pacing = FuzzTarget(name: "pacing", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    var pacer = Pacer(
      limit: choices & 1 == 0 ? 0 : Int64(input.word()), isAdaptive: choices & 128 == 0)
    // The clock may have run for years.
    var now = Int64(input.word()) << Int64(choices >> 1 & 24)
    while !input.isEmpty {
      let step = input.octet()
      now += Int64(input.octet()) << Int64(step >> 3)
      let instant = Instant(nanoseconds: now)
      switch step & 3 {
      case 0:
        if step & 4 != 0 { pacer.readingStopped() }
        try require(pacer.frameByteCountMax > 0, "a frame of nothing")
        if pacer.readyAt(instant) != nil { break }
        pacer.sent(min(pacer.frameByteCountMax, 1 + Int(input.octet()) * 257), now: instant)
      case 1: if pacer.wantsPing { _ = pacer.pinged() }
      case 2:
        // As a ping's payload brings it back: any number from 0 on, and no time to come.
        let arrived = Int64(input.word()) << Int64(step & 4)
        let sentAt = step & 4 == 0 ? now - Int64(input.word()) : Int64(input.octet())
        if sentAt < 0 || sentAt > now { break }
        pacer.ponged(
          PingStamp(sentAt: Instant(nanoseconds: sentAt), sentByteCount: arrived), now: instant)
      default: pacer.readingResumed(instant)
      }
    }
  }
}
