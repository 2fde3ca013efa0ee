/// What is known of a connection's other end below this program.
public struct TransportState: Equatable, Sendable {
  /// Bytes sent that its system has not acknowledged.
  public var unacknowledgedByteCount = 0
  /// Bytes that it has acknowledged so far; always 0 where this system does not count them (before Linux 4.1).
  public var acknowledgedByteCount: UInt64 = 0
  /// Its window is closed, and it answers when it is asked whether it still is.
  public var isHoldingOff = false

  public init() {}
}
