import Basics
import Reactor
import Tunnel

/// The fine-grained settings (`--settings-json`), with the defaults that are in force. The key of each, below
/// `tunneling.proxy`, stands in front of it.
public struct Settings: Sendable {
  /// What happens to the next client of a service that has one connection at a time (V1 and V2).
  public enum SecondClient: Sendable {
    /// It waits until the first has ended.
    case wait
    /// It takes the first one's place, as in the reference.
    case replace
  }

  /// What a source does for a client that ends its sending direction, and a destination for its server.
  public enum HalfClose: Sendable {
    /// The client's answer is waited for, and nobody is told (any peer).
    case linger
    /// Each direction ends on its own, if the peer knows how as well.
    case negotiated
  }

  /// A region whose endpoint `endpointFormat` does not give.
  public struct RegionEndpoint: Equatable, Sendable {
    public let region: String
    public let endpoint: String
  }

  /// `default_bind_address`: where a source listens without `--local-bind-address`.
  public var defaultBindAddress = "localhost"
  /// `endpoint_format`: the endpoint of a region, which replaces `%s`.
  public var endpointFormat = endpointFormatOfAWS
  static let endpointFormatOfAWS = "data.tunneling.iot.%s.amazonaws.com"
  /// `region_endpoint_overrides`
  public var regionEndpointOverrides = [
    RegionEndpoint(
      region: "cn-north-1", endpoint: "data.tunneling.iot.cn-north-1.amazonaws.com.cn"),
    RegionEndpoint(
      region: "cn-northwest-1", endpoint: "data.tunneling.iot.cn-northwest-1.amazonaws.com.cn"),
  ]
  /// `drain_timeout_ms`: how long what is pending may take to go out after SIGTERM.
  public var drainTimeout = Milliseconds(5_000)

  /// `message.data_length_size`: bytes of a message's length prefix; the protocol knows 2 alone.
  public var lengthPrefixByteCount = Message.prefixByteCount
  /// `message.max_payload_size`: bytes of payload in one message, at the most.
  public var payloadLengthMax = Message.payloadLengthMax
  /// `message.max_size`: bytes of one message, at the most, either way.
  public var messageByteCountMax = 64 * 1024
  /// `message.data_frame_max_size`: bytes of one message with its length prefix, at the most, either way.
  public var dataFrameByteCountMax = 64 * 1024 + 2

  /// `tcp.connection_retry_count`: attempts after the first to reach a server or to listen; -1 for no limit.
  public var connectionRetryCount = 5
  /// The same; nil for no limit.
  package var connectionRetryCountMax: Int? {
    connectionRetryCount < 0 ? nil : connectionRetryCount
  }
  /// `tcp.connection_retry_delay_ms`
  public var connectionRetryDelay = Milliseconds(2_500)
  /// `tcp.connect_timeout_ms`: how long one address of a server may take to answer.
  public var connectTimeout = Milliseconds(5_000)
  /// `tcp.max_active_connections`: connections at once, in all services together.
  public var activeConnectionCountMax = 128
  /// `tcp.keepalive_idle_ms`, `keepalive_interval_ms`, `keepalive_probes`: how it is found out that a client or server
  /// has vanished.
  public var keepaliveIdle = Milliseconds(60_000)
  public var keepaliveInterval = Milliseconds(15_000)
  public var keepaliveProbeCount = 4
  /// `tcp.read_buffer_size`: bytes taken from a local socket at once, at the most.
  public var localReadByteCountMax = 131_076
  /// `tcp.write_buffer_size`: bytes that wait for one local socket before the tunnel is no longer read.
  public var connectionPendingMax = 131_076
  /// `tcp.total_write_buffer_size`: bytes that wait for all local sockets together before the tunnel is no
  /// longer read.
  public var tunnelPendingMax = 1024 * 1024
  /// `tcp.half_close`
  public var halfClose = HalfClose.negotiated
  /// `tcp.half_close_linger_ms`: how long a half-closed client waits for more of its answer.
  public var halfCloseLinger = Milliseconds(30_000)
  /// `tcp.half_close_silent_linger_ms`: the same where the server has never sent a byte.
  public var silentLinger = Milliseconds(3_000)
  /// `tcp.second_client`
  public var secondClient = SecondClient.wait
  /// `tcp.stall_timeout_ms`: how long one reader may hold up the others.
  public var stallTimeout = Milliseconds(10_000)
  /// `tcp.lone_stall_timeout_ms`: how long a reader may hold up the tunnel when nobody is known to wait. What
  /// waits in the tunnel cannot be seen without reading it, so this is bounded too.
  public var loneStallTimeout = Milliseconds(40_000)

  /// `websocket.ping_period_ms`
  public var pingPeriod = Milliseconds(20_000)
  /// `websocket.retry_delay_ms`, `retry_delay_max_ms`, `connect_retry_count`, `reconnect_on_data_error`
  public var retry = TunnelClient.RetryPolicy()
  /// `websocket.subprotocol`
  public var protocolVersion = ProtocolVersion.v3
  /// `websocket.max_frame_size`: bytes of a WebSocket frame's payload, at the most, either way.
  public var framePayloadLengthMax = Message.framePayloadLengthMax
  /// `websocket.read_buffer_size`: bytes taken from the service at once, at the most.
  public var linkReadByteCountMax = 131_076
  /// `websocket.write_buffer_size`: bytes that wait for the service before local sockets are no longer read.
  public var linkWriteByteCountMax = 131_076
  /// `tunnel.bandwidth_limit`: bytes a second into the tunnel, at the most; 0 for as many as it takes.
  public var bandwidthLimit: Int64 = 0
  /// `tunnel.pacing`: whether the round trips of pings tell how much may be on the way.
  public var isPacingAdaptive = true
  /// `websocket.handshake_timeout_ms`: how long each step on the way to a WebSocket may take.
  public var stepTimeout = Milliseconds(10_000)
  /// `websocket.compression`: whether permessage-deflate is offered.
  public var offersCompression = false
  /// `websocket.compression_window_bits`: how far either end may refer back, as a power of two.
  public var compressionWindowBits = 13
  /// `websocket.compression_memory_level`: zlib's memLevel, how much memory the search may take.
  public var compressionMemoryLevel = 5

  /// Connections that wait to be accepted, per listening port.
  public static let listenBacklog: Int32 = 511

  /// How long the kernel lets the service not take what was sent. It does not tell a dead service from one that
  /// holds us off for the sake of a stalled reader, which may last for `loneStallTimeout`; the heartbeat does.
  package var userTimeout: Milliseconds {
    let silence = pingPeriod.count * Int64(Heartbeat.silentPeriodCountMax)
    return Milliseconds(max(silence, loneStallTimeout.count + pingPeriod.count))
  }

  /// Bytes for the service that the kernel has and that are not on their way yet: of the bytes that may wait,
  /// those that are not the one frame in our own hands.
  package var kernelQueueByteCountMax: Int {
    max(linkWriteByteCountMax - dataFrameByteCountMax, 4_096)
  }

  /// Of local sockets; nil for none.
  package var keepalive: Keepalive? {
    keepaliveIdle.count == 0
      ? nil
      : Keepalive(
        idle: keepaliveIdle, interval: keepaliveInterval, probeCount: keepaliveProbeCount)
  }

  /// Payload of one outgoing DATA message that all of this allows, one byte at least.
  package var dataPayloadLengthMax: Int {
    let message = min(messageByteCountMax, dataFrameByteCountMax - 2, framePayloadLengthMax - 2)
    return max(
      1, min(payloadLengthMax, localReadByteCountMax, message - MessageHeader.byteCountMax))
  }

  /// Once in the program, not wherever it is called.
  @inline(never) public init() {}
}
