import Basics
import CEpoll

/// The socket on which a service manager hears of its services: `NOTIFY_SOCKET` of sd_notify(3).
///
/// What the environment says of it stays there; children do not inherit it (`ChildProcesses`).
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
    let period = cepoll_watchdog_period()
    watchdogPeriod = period > 0 ? Milliseconds(period) : nil
  }

  public func tell(_ message: String) -> String {
    let octets = message.octets
    let outcome = unsafe octets.withUnsafeBytes { bytes in
      unsafe cepoll_notify(descriptor.raw, name, bytes.baseAddress, bytes.count)
    }
    return outcome < 0 ? SystemError(-outcome, "send").reason : ""
  }
}
