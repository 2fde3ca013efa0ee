// swift-format-ignore-file
// Written by scripts/log-events out of events.txt.
extension Log {
  /// `{operation} failed: {reason}`
  @inline(__always) package func internalError(operation: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(2) { write(2, operation(), reason()) }
  }

  /// `Pong reply latency: {time_ms#} ms`
  @inline(__always) package func roundTrip(timeMs: @autoclosure () -> String) {
    if takes(3) { write(3, timeMs()) }
  }
}
