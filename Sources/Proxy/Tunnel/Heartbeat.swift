import Basics

/// Finds out whether the peer of a link is still there: a ping each period, and the count of periods in which
/// nothing at all came.
public struct Heartbeat {
  /// Periods without a single inbound byte after which the peer counts as dead.
  public static let silentPeriodCountMax = 3

  public let period: Milliseconds
  private let heldOffTimeMax: Milliseconds
  private var hasReceived = true
  private var silentPeriodCount = 0
  private var acknowledgedByteCount: UInt64 = 0

  /// - Parameter heldOffTimeMax: how long a peer may hold us off without a byte. One that reads nothing for the
  ///   sake of a slow reader behind it cannot see our pings; whether it ever will cannot be known.
  public init(period: Milliseconds, heldOffTimeMax: Milliseconds) {
    self.period = period
    self.heldOffTimeMax = heldOffTimeMax
  }

  /// Any byte is a sign of life.
  public mutating func received() { hasReceived = true }

  /// A period is over.
  /// - Parameters:
  ///   - isReading: false when we do not read by our own choice; silence then says nothing.
  ///   - hasUnsent: something waits behind what the peer has taken, so that a ping may be stuck.
  ///   - awaitsPong: what was sent is held back until the peer has read more, which its pongs tell.
  ///   - transport: what the peer's system has done. When it takes some of what waits, the peer is alive.
  /// - Returns: false when the peer counts as dead.
  public mutating func periodEnded(
    isReading: Bool, hasUnsent: Bool, awaitsPong: Bool = false, transport: TransportState
  ) -> Bool {
    let isStuck = hasUnsent || transport.unacknowledgedByteCount > 0
    let hasProgress = isStuck && transport.acknowledgedByteCount != acknowledgedByteCount
    acknowledgedByteCount = transport.acknowledgedByteCount
    silentPeriodCount = hasReceived || !isReading || hasProgress ? 0 : silentPeriodCount + 1
    hasReceived = false
    if silentPeriodCount < Self.silentPeriodCountMax { return true }
    // Held back by the pacer, too little is sent to close the peer's window.
    let isHeldBack = awaitsPong && transport.unacknowledgedByteCount == 0
    return (transport.isHoldingOff || isHeldBack)
      && period.count * Int64(silentPeriodCount) < heldOffTimeMax.count
  }
}
