import Proxy
import Reactor

extension LogRecorder {
  /// Of a log with localproxy's events.
  public convenience init(_ level: LogLevel = .info) {
    self.init(level, events: LogEvents.ofProxy ?? LogEvents([]))
  }
}
