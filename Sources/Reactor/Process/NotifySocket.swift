import Basics
import CEpoll

/// The socket on which a service manager hears of its services: `NOTIFY_SOCKET` of sd_notify(3).
///
/// What the environment says of it stays there: the programs have no children.
public final class NotifySocket: Supervisor {
  private let name: String
  private let descriptor: FileDescriptor
  public let watchdogPeriod: Milliseconds?

  /// Nil when nobody wants to be told.
  public init?() {
    guard let name = Process.environment("NOTIFY_SOCKET") else { return nil }
    self.name = name
    // Where there is none, whoever tells something hears so.
    descriptor = FileDescriptor(cepoll_notify_socket())
    watchdogPeriod = Self.watchdogPeriod(
      microseconds: Process.environment("WATCHDOG_USEC"),
      processID: Process.environment("WATCHDOG_PID"), own: cepoll_process_id())
  }

  /// As sd_watchdog_enabled(3) reads it.
  /// - Parameter processID: whom it is meant for; nil for everybody.
  static func watchdogPeriod(microseconds: String?, processID: String?, own: Int32) -> Milliseconds?
  {
    guard let period = microseconds?.number, period > 0 else { return nil }
    if let processID, processID.number != Int64(own) { return nil }
    return Milliseconds(max(1, period / 1_000))
  }

  public func tell(_ message: String) -> String {
    let octets = message.octets
    let outcome = unsafe octets.withUnsafeBytes { bytes in
      unsafe cepoll_notify(descriptor.raw, name, bytes.baseAddress, bytes.count)
    }
    return outcome < 0 ? SystemError(-outcome, "send").reason : ""
  }
}
