import Basics

/// The fine-grained settings, with the defaults that are in force.
public struct Settings: Sendable {
  /// Attempts to reach a destination's server after the first failed.
  public var connectionRetryCount = 5
  public var connectionRetryDelay = Milliseconds(1_000)
  /// How long one address of a server may take to answer.
  public var connectTimeout = Milliseconds(5_000)
  /// Connections at once, in all services together.
  public var activeConnectionCountMax = 128
  /// How long a half-closed client waits for more of its answer.
  public var halfCloseLinger = Milliseconds(30_000)
  /// How long one reader may hold up the others.
  public var stallTimeout = Milliseconds(10_000)
  /// How long a reader may hold up the tunnel when nobody is known to wait. What waits in the tunnel cannot be
  /// seen without reading it, so this is bounded too; shorter than three ping periods.
  public var loneStallTimeout = Milliseconds(40_000)
  /// Bytes that wait for one local socket before the tunnel is no longer read.
  public var connectionPendingMax = 64 * 1024
  /// The same for all local sockets together.
  public var tunnelPendingMax = 1024 * 1024

  public var pingPeriod = Milliseconds(20_000)
  public var retry = TunnelClient.RetryPolicy()
  /// How long each step on the way to a WebSocket may take.
  public var stepTimeout = Milliseconds(10_000)
  /// How long what is pending may take to go out after SIGTERM.
  public var drainTimeout = Milliseconds(5_000)

  /// Connections that wait to be accepted, per listening port.
  public static let listenBacklog: Int32 = 511

  public init() {}
}
