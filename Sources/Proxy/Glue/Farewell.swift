import Basics
import Reactor

/// Ends a local socket without losing what the kernel still has for it.
///
/// A socket closed with unread bytes, or to which more come, is reset, and the reset discards what is on its way to
/// its peer. So the socket is closed when the peer's system has acknowledged all that was sent, which it mostly has at
/// once; what the peer still sends is not read, and holds it up meanwhile. The kernel does not tell when that is, so it
/// is asked now and then. Nobody needs to hold a farewell: it lives as long as its timer does.
final class Farewell: TimerHandler {
  /// How long a peer may acknowledge nothing.
  static let patience = Milliseconds(10_000)
  /// Between two questions: the first, doubled up to the last.
  private static let pauseMin = Milliseconds(10)
  private static let pauseMax = Milliseconds(320)

  private let network: any Network
  private let stream: any ByteStream
  private let isCut: Bool
  private let ended: () -> Void
  private var pause = Farewell.pauseMin
  private var unacknowledgedByteCount = Int.max
  private var lastProgress: Instant

  /// - Parameters:
  ///   - isCut: end with a reset, which is no end of the data; else both directions end in good order.
  ///   - ended: called once, when the socket is closed.
  init(network: any Network, stream: any ByteStream, isCut: Bool, ended: @escaping () -> Void) {
    self.network = network
    self.stream = stream
    self.isCut = isCut
    self.ended = ended
    lastProgress = network.now
  }

  func start() {
    stream.interest = []
    stream.handler = nil
    if !isCut { stream.finishSending() }
    closeWhenDelivered()
  }

  func timerFired(tag: Int, now: Instant) { closeWhenDelivered() }

  private func closeWhenDelivered() {
    let byteCount = stream.transportState.unacknowledgedByteCount
    if byteCount < unacknowledgedByteCount { lastProgress = network.now }
    unacknowledgedByteCount = byteCount
    if byteCount == 0 || lastProgress + Self.patience <= network.now {
      // What was not acknowledged to the end is no end of the data either.
      if isCut || byteCount > 0 { stream.abort() } else { stream.close() }
      ended()
      return
    }
    _ = network.schedule(at: network.now + pause, self, tag: 0)
    pause = min(Milliseconds(2 * pause.count), Self.pauseMax)
  }
}
