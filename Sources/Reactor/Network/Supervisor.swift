import Basics

/// Whoever started the program and wants to know how it fares, as systemd does of a service of `Type=notify`. It stands
/// beside `Network`, as `LogSink` does.
public protocol Supervisor: AnyObject {
  /// It ends a program that has not said `WATCHDOG=1` for so long; nil when it does not ask for that.
  var watchdogPeriod: Milliseconds? { get }
  /// Sends one message, lines of `NAME=VALUE` as in sd_notify(3). It waits for nobody.
  /// - Returns: why it was not sent; "" when it was.
  func tell(_ message: String) -> String
}
