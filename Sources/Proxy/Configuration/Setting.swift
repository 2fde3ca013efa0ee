import Basics
import Tunnel

/// One fine-grained setting, in the order in which they are exported: reading, exporting and documentation all come from
/// this. Each is a key, a kind with its range, and a field of `Settings`, which has the default.
public enum Setting: Int, CaseIterable, Sendable {
  case defaultBindAddress, endpointFormat, regionEndpointOverrides, drainTimeout
  case messageDataLengthSize, messageMaxPayloadSize, messageMaxSize, messageDataFrameMaxSize
  case tcpConnectionRetryCount, tcpConnectionRetryDelay, tcpConnectTimeout
  case tcpMaxActiveConnections, tcpReadBufferSize, tcpWriteBufferSize, tcpTotalWriteBufferSize
  case tcpHalfClose, tcpHalfCloseLinger, tcpHalfCloseSilentLinger, tcpSecondClient
  case tcpStallTimeout, tcpLoneStallTimeout
  case tcpKeepaliveIdle, tcpKeepaliveInterval, tcpKeepaliveProbes
  case websocketPingPeriod, websocketRetryDelay, websocketRetryDelayMax, websocketConnectRetryCount
  case websocketReconnectOnDataError, websocketSubprotocol, websocketMaxFrameSize
  case websocketReadBufferSize, websocketWriteBufferSize, websocketHandshakeTimeout
  case websocketCompression, websocketCompressionWindowBits, websocketCompressionMemoryLevel
  case tunnelBandwidthLimit, tunnelPacing

  /// What each key below begins with.
  public static let keyPrefix = "tunneling.proxy."

  /// What a value is.
  public enum Kind: Sendable {
    /// Whole numbers of no unit, milliseconds, bytes.
    case count(ClosedRange<Int64>)
    case milliseconds(ClosedRange<Int64>)
    case bytes(ClosedRange<Int64>)
    case boolean
    /// One of those that bars separate; the place of each is its number.
    case choice(String)
    /// A host name or an address.
    case host
    /// An endpoint with `%s` in it.
    case endpointFormat
    /// An endpoint for each region.
    case endpoints

    /// "1 to 5000", "linger|negotiated".
    public var range: String {
      switch self {
      case .count(let range), .milliseconds(let range), .bytes(let range):
        "a number from % to %".with(range.lowerBound.decimal, range.upperBound.decimal)
      case .boolean: "true or false"
      case .choice(let choices): "one of " + choices
      case .host: "a host name or an address"
      case .endpointFormat: "HOST[:PORT] with %s once, for the region"
      case .endpoints: "HOST[:PORT]"
      }
    }
  }

  /// The key below `tunneling.proxy`, and what a value is.
  private var row: (key: String, kind: Kind) {
    // A time has a day at the most. Between keepalive probes Linux takes less, and 127 of them. A message or a frame must
    // carry its header and some payload.
    let (day, keepaliveMax, messageMin) = (Int64(86_400_000), Int64(32_767_000), Int64(1_024))
    let buffer = Kind.bytes(4_096...16_777_216)
    let subprotocols = """
      aws.iot.securetunneling-1.0|aws.iot.securetunneling-2.0|aws.iot.securetunneling-3.0
      """
    return switch self {
    case .defaultBindAddress: ("default_bind_address", .host)
    case .endpointFormat: ("endpoint_format", .endpointFormat)
    case .regionEndpointOverrides: ("region_endpoint_overrides", .endpoints)
    case .drainTimeout: ("drain_timeout_ms", .milliseconds(0...day))
    case .messageDataLengthSize: ("message.data_length_size", .bytes(2...2))
    case .messageMaxPayloadSize:
      ("message.max_payload_size", .bytes(1...Int64(Message.payloadLengthMax)))
    case .messageMaxSize: ("message.max_size", .bytes(messageMin...65_536))
    case .messageDataFrameMaxSize: ("message.data_frame_max_size", .bytes(messageMin...65_538))
    case .tcpConnectionRetryCount: ("tcp.connection_retry_count", .count(-1...1_000_000))
    case .tcpConnectionRetryDelay: ("tcp.connection_retry_delay_ms", .milliseconds(0...day))
    case .tcpConnectTimeout: ("tcp.connect_timeout_ms", .milliseconds(1...day))
    case .tcpMaxActiveConnections: ("tcp.max_active_connections", .count(1...65_535))
    case .tcpReadBufferSize: ("tcp.read_buffer_size", buffer)
    case .tcpWriteBufferSize: ("tcp.write_buffer_size", buffer)
    case .tcpTotalWriteBufferSize: ("tcp.total_write_buffer_size", .bytes(65_536...1_073_741_824))
    case .tcpHalfClose: ("tcp.half_close", .choice("linger|negotiated"))
    case .tcpHalfCloseLinger: ("tcp.half_close_linger_ms", .milliseconds(1...day))
    case .tcpHalfCloseSilentLinger: ("tcp.half_close_silent_linger_ms", .milliseconds(1...day))
    case .tcpSecondClient: ("tcp.second_client", .choice("wait|replace"))
    case .tcpStallTimeout: ("tcp.stall_timeout_ms", .milliseconds(1...day))
    case .tcpLoneStallTimeout: ("tcp.lone_stall_timeout_ms", .milliseconds(1...day))
    case .tcpKeepaliveIdle: ("tcp.keepalive_idle_ms", .milliseconds(0...keepaliveMax))
    case .tcpKeepaliveInterval: ("tcp.keepalive_interval_ms", .milliseconds(1...keepaliveMax))
    case .tcpKeepaliveProbes: ("tcp.keepalive_probes", .count(1...127))
    case .websocketPingPeriod: ("websocket.ping_period_ms", .milliseconds(1...day))
    case .websocketRetryDelay: ("websocket.retry_delay_ms", .milliseconds(0...day))
    case .websocketRetryDelayMax: ("websocket.retry_delay_max_ms", .milliseconds(0...day))
    case .websocketConnectRetryCount: ("websocket.connect_retry_count", .count(-1...1_000_000))
    case .websocketReconnectOnDataError: ("websocket.reconnect_on_data_error", .boolean)
    case .websocketSubprotocol: ("websocket.subprotocol", .choice(subprotocols))
    case .websocketMaxFrameSize:
      ("websocket.max_frame_size", .bytes(messageMin...Int64(Message.framePayloadLengthMax)))
    case .websocketReadBufferSize: ("websocket.read_buffer_size", buffer)
    case .websocketWriteBufferSize: ("websocket.write_buffer_size", buffer)
    case .websocketHandshakeTimeout: ("websocket.handshake_timeout_ms", .milliseconds(1...day))
    case .websocketCompression: ("websocket.compression", .boolean)
    case .websocketCompressionWindowBits: ("websocket.compression_window_bits", .count(9...15))
    case .websocketCompressionMemoryLevel: ("websocket.compression_memory_level", .count(1...9))
    // More than any link has.
    case .tunnelBandwidthLimit: ("tunnel.bandwidth_limit", .bytes(0...100_000_000_000))
    case .tunnelPacing: ("tunnel.pacing", .choice("adaptive|off"))
    }
  }

  public var key: String { row.key }
  public var kind: Kind { row.kind }

  /// Whether it has members of its own rather than one value.
  public var isObject: Bool { if case .endpoints = kind { true } else { false } }
}

/// Setting by setting.
extension Settings {
  /// Octets of a region's name.
  static let regionByteCountMax = 64
  /// Regions with an endpoint of their own.
  static let regionEndpointCountMax = 64

  /// The number of a setting (a choice's place among the choices; 0 for what is no number), and its replacement.
  @discardableResult
  mutating func exchange(_ setting: Setting, _ new: Int64?) -> Int64 {
    // A shorter delay between attempts counts as 10 ms. The reference takes 0, so a file may have it; taken at its word,
    // a service or a server that refuses at once would keep a core and a log busy.
    let delay = new.map { max($0, 10) }
    switch setting {
    case .defaultBindAddress, .endpointFormat, .regionEndpointOverrides: return 0
    case .drainTimeout: return Self.exchange(&drainTimeout, new)
    case .messageDataLengthSize: return Self.exchange(&lengthPrefixByteCount, new)
    case .messageMaxPayloadSize: return Self.exchange(&payloadLengthMax, new)
    case .messageMaxSize: return Self.exchange(&messageByteCountMax, new)
    case .messageDataFrameMaxSize: return Self.exchange(&dataFrameByteCountMax, new)
    case .tcpConnectionRetryCount: return Self.exchange(&connectionRetryCount, new)
    case .tcpConnectionRetryDelay: return Self.exchange(&connectionRetryDelay, delay)
    case .tcpConnectTimeout: return Self.exchange(&connectTimeout, new)
    case .tcpMaxActiveConnections: return Self.exchange(&activeConnectionCountMax, new)
    case .tcpReadBufferSize: return Self.exchange(&localReadByteCountMax, new)
    case .tcpWriteBufferSize: return Self.exchange(&connectionPendingMax, new)
    case .tcpTotalWriteBufferSize: return Self.exchange(&tunnelPendingMax, new)
    case .tcpHalfClose:
      if let new { halfClose = new == 0 ? .linger : .negotiated }
      return halfClose == .linger ? 0 : 1
    case .tcpHalfCloseLinger: return Self.exchange(&halfCloseLinger, new)
    case .tcpHalfCloseSilentLinger: return Self.exchange(&silentLinger, new)
    case .tcpSecondClient:
      if let new { secondClient = new == 0 ? .wait : .replace }
      return secondClient == .wait ? 0 : 1
    case .tcpStallTimeout: return Self.exchange(&stallTimeout, new)
    case .tcpLoneStallTimeout: return Self.exchange(&loneStallTimeout, new)
    case .tcpKeepaliveIdle: return Self.exchange(&keepaliveIdle, new)
    case .tcpKeepaliveInterval: return Self.exchange(&keepaliveInterval, new)
    case .tcpKeepaliveProbes: return Self.exchange(&keepaliveProbeCount, new)
    case .websocketPingPeriod: return Self.exchange(&pingPeriod, new)
    case .websocketRetryDelay: return Self.exchange(&retry.delay, delay)
    case .websocketRetryDelayMax: return Self.exchange(&retry.delayMax, new)
    case .websocketConnectRetryCount: return Self.exchange(&retry.retryCountMax, new)
    case .websocketReconnectOnDataError: return Self.exchange(&retry.reconnectsOnDataError, new)
    case .websocketSubprotocol:
      if let new { protocolVersion = ProtocolVersion(rawValue: Int(new) + 1) ?? .v3 }
      return Int64(protocolVersion.rawValue - 1)
    case .websocketMaxFrameSize: return Self.exchange(&framePayloadLengthMax, new)
    case .websocketReadBufferSize: return Self.exchange(&linkReadByteCountMax, new)
    case .websocketWriteBufferSize: return Self.exchange(&linkWriteByteCountMax, new)
    case .websocketHandshakeTimeout: return Self.exchange(&stepTimeout, new)
    case .websocketCompression: return Self.exchange(&offersCompression, new)
    case .websocketCompressionWindowBits: return Self.exchange(&compressionWindowBits, new)
    case .websocketCompressionMemoryLevel: return Self.exchange(&compressionMemoryLevel, new)
    case .tunnelBandwidthLimit:
      if let new { bandwidthLimit = new }
      return bandwidthLimit
    case .tunnelPacing:
      if let new { isPacingAdaptive = new == 0 }
      return isPacingAdaptive ? 0 : 1
    }
  }

  private static func exchange(_ value: inout Milliseconds, _ new: Int64?) -> Int64 {
    if let new { value = Milliseconds(new) }
    return value.count
  }

  private static func exchange(_ value: inout Int, _ new: Int64?) -> Int64 {
    if let new { value = Int(new) }
    return Int64(value)
  }

  private static func exchange(_ value: inout Bool, _ new: Int64?) -> Int64 {
    if let new { value = new == 1 }
    return value ? 1 : 0
  }
}
