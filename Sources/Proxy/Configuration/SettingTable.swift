import Basics
import Tunnel

/// One fine-grained setting: reading, exporting and documentation all come from this.
public struct SettingDescription: Sendable {
  /// What a value is.
  public enum Kind: Sendable {
    /// Whole numbers of no unit, milliseconds, bytes.
    case count, milliseconds, bytes
    case boolean
    /// One of the `choices`.
    case choice
    /// A host name or an address.
    case host
    /// An endpoint with `%s` in it.
    case endpointFormat
    /// An endpoint for each region.
    case endpoints
  }

  /// Below `tunneling.proxy`.
  public let key: String
  public let kind: Kind
  public let minimum: Int64
  public let maximum: Int64
  /// Separated by bars; the place of each is its number.
  public let choices: String

  fileprivate init(
    _ key: String, _ kind: Kind, _ minimum: Int64 = 0, _ maximum: Int64 = 0, choices: String = ""
  ) {
    self.key = key
    self.kind = kind
    self.minimum = minimum
    self.maximum = maximum
    self.choices = choices
  }

  /// "1 to 5000", "linger|negotiated".
  public var range: String {
    switch kind {
    case .count, .milliseconds, .bytes:
      "a number from % to %".with(minimum.decimal, maximum.decimal)
    case .boolean: "true or false"
    case .choice: "one of " + choices
    case .host: "a host name or an address"
    case .endpointFormat: "HOST[:PORT] with %s once, for the region"
    case .endpoints: "HOST[:PORT]"
    }
  }
}

extension Settings {
  /// What each key below begins with.
  public static let keyPrefix = "tunneling.proxy."

  /// A day: as long as a time may be.
  static let millisecondsMax: Int64 = 86_400_000
  static let retryCountMax: Int64 = 1_000_000
  /// What a shorter delay between attempts counts as. The reference takes 0, so a file may have it; taken at
  /// its word, a peer that refuses at once would keep a core and a log busy.
  static let retryDelayMin: Int64 = 10
  /// The longest time between keepalive probes, and the most of them, that Linux takes.
  static let keepaliveTimeMax: Int64 = 32_767_000
  static let keepaliveProbesMax: Int64 = 127
  /// Bytes of a buffer.
  static let bufferMin: Int64 = 4_096
  static let bufferMax: Int64 = 16_777_216
  static let totalBufferMin: Int64 = 65_536
  static let totalBufferMax: Int64 = 1_073_741_824
  /// A message or a frame must carry its header and some payload.
  static let messageMin: Int64 = 1_024
  static let activeConnectionsMax: Int64 = 65_535
  /// Bytes a second: more than any link has.
  static let bandwidthMax: Int64 = 100_000_000_000
  /// Octets of a region's name.
  static let regionByteCountMax = 64
  /// Regions with an endpoint of their own.
  static let regionEndpointCountMax = 64

  /// All of them, in the order in which they are exported.
  public static let table: [SettingDescription] = [
    SettingDescription("default_bind_address", .host),
    SettingDescription("endpoint_format", .endpointFormat),
    SettingDescription("region_endpoint_overrides", .endpoints),
    SettingDescription("drain_timeout_ms", .milliseconds, 0, millisecondsMax),
    SettingDescription("message.data_length_size", .bytes, 2, 2),
    SettingDescription(
      "message.max_payload_size", .bytes, 1, Int64(Message.payloadLengthMax)),
    SettingDescription("message.max_size", .bytes, messageMin, 65_536),
    SettingDescription("message.data_frame_max_size", .bytes, messageMin, 65_538),
    SettingDescription("tcp.connection_retry_count", .count, -1, retryCountMax),
    SettingDescription("tcp.connection_retry_delay_ms", .milliseconds, 0, millisecondsMax),
    SettingDescription("tcp.connect_timeout_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("tcp.max_active_connections", .count, 1, activeConnectionsMax),
    SettingDescription("tcp.read_buffer_size", .bytes, bufferMin, bufferMax),
    SettingDescription("tcp.write_buffer_size", .bytes, bufferMin, bufferMax),
    SettingDescription(
      "tcp.total_write_buffer_size", .bytes, totalBufferMin, totalBufferMax),
    SettingDescription("tcp.half_close", .choice, choices: "linger|negotiated"),
    SettingDescription("tcp.half_close_linger_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("tcp.half_close_silent_linger_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("tcp.second_client", .choice, choices: "wait|replace"),
    SettingDescription("tcp.stall_timeout_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("tcp.lone_stall_timeout_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("tcp.keepalive_idle_ms", .milliseconds, 0, keepaliveTimeMax),
    SettingDescription("tcp.keepalive_interval_ms", .milliseconds, 1, keepaliveTimeMax),
    SettingDescription("tcp.keepalive_probes", .count, 1, keepaliveProbesMax),
    SettingDescription("websocket.ping_period_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("websocket.retry_delay_ms", .milliseconds, 0, millisecondsMax),
    SettingDescription("websocket.retry_delay_max_ms", .milliseconds, 0, millisecondsMax),
    SettingDescription("websocket.connect_retry_count", .count, -1, retryCountMax),
    SettingDescription("websocket.reconnect_on_data_error", .boolean),
    SettingDescription(
      "websocket.subprotocol", .choice,
      choices: """
        aws.iot.securetunneling-1.0|aws.iot.securetunneling-2.0|aws.iot.securetunneling-3.0
        """),
    SettingDescription(
      "websocket.max_frame_size", .bytes, messageMin, Int64(Message.framePayloadLengthMax)),
    SettingDescription("websocket.read_buffer_size", .bytes, bufferMin, bufferMax),
    SettingDescription("websocket.write_buffer_size", .bytes, bufferMin, bufferMax),
    SettingDescription("websocket.handshake_timeout_ms", .milliseconds, 1, millisecondsMax),
    SettingDescription("websocket.compression", .boolean),
    SettingDescription("websocket.compression_window_bits", .count, 9, 15),
    SettingDescription("websocket.compression_memory_level", .count, 1, 9),
    SettingDescription("tunnel.bandwidth_limit", .bytes, 0, bandwidthMax),
    SettingDescription("tunnel.pacing", .choice, choices: "adaptive|off"),
  ]

  /// The number of the setting at `index` of the table (a choice's place among the choices), and its
  /// replacement.
  @discardableResult
  mutating func exchange(_ index: Int, _ new: Int64?) -> Int64 {
    switch index {
    case 3: return Self.exchange(&drainTimeout, new)
    case 4: return Self.exchange(&lengthPrefixByteCount, new)
    case 5: return Self.exchange(&payloadLengthMax, new)
    case 6: return Self.exchange(&messageByteCountMax, new)
    case 7: return Self.exchange(&dataFrameByteCountMax, new)
    case 8: return Self.exchange(&connectionRetryCount, new)
    case 9: return Self.exchange(&connectionRetryDelay, new.map { max($0, Self.retryDelayMin) })
    case 10: return Self.exchange(&connectTimeout, new)
    case 11: return Self.exchange(&activeConnectionCountMax, new)
    case 12: return Self.exchange(&localReadByteCountMax, new)
    case 13: return Self.exchange(&connectionPendingMax, new)
    case 14: return Self.exchange(&tunnelPendingMax, new)
    case 15:
      if let new { halfClose = new == 0 ? .linger : .negotiated }
      return halfClose == .linger ? 0 : 1
    case 16: return Self.exchange(&halfCloseLinger, new)
    case 17: return Self.exchange(&silentLinger, new)
    case 18:
      if let new { secondClient = new == 0 ? .wait : .replace }
      return secondClient == .wait ? 0 : 1
    case 19: return Self.exchange(&stallTimeout, new)
    case 20: return Self.exchange(&loneStallTimeout, new)
    case 21: return Self.exchange(&keepaliveIdle, new)
    case 22: return Self.exchange(&keepaliveInterval, new)
    case 23: return Self.exchange(&keepaliveProbeCount, new)
    case 24: return Self.exchange(&pingPeriod, new)
    case 25: return Self.exchange(&retry.delay, new.map { max($0, Self.retryDelayMin) })
    case 26: return Self.exchange(&retry.delayMax, new)
    case 27: return Self.exchange(&retry.retryCountMax, new)
    case 28:
      if let new { retry.reconnectsOnDataError = new == 1 }
      return retry.reconnectsOnDataError ? 1 : 0
    case 29:
      if let new { protocolVersion = ProtocolVersion(rawValue: Int(new) + 1) ?? .v3 }
      return Int64(protocolVersion.rawValue - 1)
    case 30: return Self.exchange(&framePayloadLengthMax, new)
    case 31: return Self.exchange(&linkReadByteCountMax, new)
    case 32: return Self.exchange(&linkWriteByteCountMax, new)
    case 33: return Self.exchange(&stepTimeout, new)
    case 34:
      if let new { offersCompression = new == 1 }
      return offersCompression ? 1 : 0
    case 35: return Self.exchange(&compressionWindowBits, new)
    case 36: return Self.exchange(&compressionMemoryLevel, new)
    case 37: return Self.exchange(&bandwidthLimit, new)
    case 38:
      if let new { isPacingAdaptive = new == 0 }
      return isPacingAdaptive ? 0 : 1
    default: return 0
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
}
