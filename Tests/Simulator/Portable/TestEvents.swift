import Basics
import Reactor

extension LogEvents {
  /// A line of each level, one that is limited, and one with all kinds of marks.
  public static var ofTests: LogEvents {
    LogEvents(
      """
      3 lines_lost {lines#} log lines were lost: what reads the log did not take them
      4 lines_left_out {lines#} more lines of {left_out_event} were left out
      1 said {text}
      2 said {text}
      3 said {text}
      4 said {text}
      5 said {text}
      6 said {text}
      3*connection_refused refused a connection
      3 place_taken connection {slot#} of [service {service}|the tunnel][, with {bytes#} bytes,] is {reason}{-code#}
      2*server_failed could not connect
      """.octets)
  }
}

/// A text at a level, of the list above.
extension Log {
  public func fatal(_ text: String) { if takes(2) { write(2, text) } }
  public func error(_ text: String) { if takes(3) { write(3, text) } }
  public func warning(_ text: String) { if takes(4) { write(4, text) } }
  public func info(_ text: String) { if takes(5) { write(5, text) } }
  public func debug(_ text: String) { if takes(6) { write(6, text) } }
  public func trace(_ text: String) { if takes(7) { write(7, text) } }
  public func failToConnect() { if takes(10) { write(10) } }
  public func refuse() { if takes(8) { write(8) } }
  public func takePlace(
    slot: String, service: String, bytes: String, reason: String, code: String = ""
  ) {
    if takes(9) { write(9, slot, service, bytes, reason, code) }
  }
}
