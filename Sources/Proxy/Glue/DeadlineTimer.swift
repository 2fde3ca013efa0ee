import Basics
import Reactor

/// The one timer of a core, at its deadline.
struct DeadlineTimer {
  private var timer: (id: TimerID, due: Instant)?

  var due: Instant? { timer?.due }

  /// Has it fire at `deadline`, or not at all. Mostly nothing changes.
  @inline(__always) mutating func set(
    _ deadline: Instant?, on network: any Network, _ handler: any TimerHandler
  ) {
    if timer?.due != deadline { move(to: deadline, on: network, handler) }
  }

  @inline(never) private mutating func move(
    to deadline: Instant?, on network: any Network, _ handler: any TimerHandler
  ) {
    if let timer { network.cancel(timer.id) }
    timer = deadline.map { (network.schedule(at: $0, handler, tag: 0), $0) }
  }

  /// It has fired.
  mutating func fired() { timer = nil }
}
