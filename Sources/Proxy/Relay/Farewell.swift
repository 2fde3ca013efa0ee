import Basics
import Reactor

/// Ends a local socket without losing what the kernel still has for it.
///
/// A socket closed with unread bytes, or to which more come, is reset, and the reset discards what its peer has
/// not received yet. So the sending direction is ended first; what still comes is read and forgotten until the
/// peer ends its own direction, or has had `patience`. Nobody needs to hold a farewell: it lives as long as
/// its stream does.
final class Farewell: StreamHandler, TimerHandler {
  static let patience = Milliseconds(10_000)
  private let network: any Network
  private let stream: any Stream
  private let ended: () -> Void
  private var timer: TimerID?

  /// - Parameter ended: called once, when the socket is closed.
  init(network: any Network, stream: any Stream, ended: @escaping () -> Void) {
    self.network = network
    self.stream = stream
    self.ended = ended
    stream.handler = self
    stream.finishSending()
    stream.interest = .readable
    timer = network.schedule(at: network.now + Self.patience, self, tag: 0)
  }

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { finish() }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    finish()
  }

  func streamReady(_ readiness: Readiness) {
    // On the stack: connections that come and go leave no holes in the heap for it.
    var scratch = InlineArray<4_096, UInt8>(repeating: 0)
    var bytes = scratch.mutableSpan
    switch stream.receive(into: &bytes) {
    case .bytes, .wouldBlock: break
    case .endOfStream, .failed: finish()
    }
  }

  private func finish() {
    if let timer { network.cancel(timer) }
    timer = nil
    stream.close()
    ended()
  }
}
