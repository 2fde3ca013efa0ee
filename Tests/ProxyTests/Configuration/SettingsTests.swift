import Basics
import Foundation
import Reactor
import Testing

@testable import Configuration
@testable import Tunnel

@Suite("Settings")
struct SettingsTests {
  private func read(_ json: String) throws -> (settings: Settings, warnings: [String]) {
    let folder = try Folder()
    let file = try SettingsFile(folder.write("settings.json", json), warnings: Warnings())
    return (file.settings, file.warnings.texts)
  }

  /// `{"tunneling": {"proxy": {"a": {"b": VALUE}}}}`
  private func nest(_ key: String, _ value: String) -> String {
    let names = (Setting.keyPrefix + key).split(separator: ".")
    return names.reversed().reduce(value) { "{\"\($1)\": \($0)}" }
  }

  private func texts(_ settings: Settings) -> [String] {
    Setting.allCases.map { settings.text($0) }
      + settings.regionEndpointOverrides.map { "\($0.region) \($0.endpoint)" }
  }

  @Test("each key changes the field that says so, by a string and by a number")
  func readsEach() throws {
    let fields: [(String, String, (Settings) -> Bool)] = [
      ("default_bind_address", "[::1]", { $0.defaultBindAddress == "::1" }),
      ("endpoint_format", "%s.example:8443", { $0.endpointFormat == "%s.example:8443" }),
      ("drain_timeout_ms", "11", { $0.drainTimeout.count == 11 }),
      ("message.data_length_size", "2", { $0.lengthPrefixByteCount == 2 }),
      ("message.max_payload_size", "12", { $0.payloadLengthMax == 12 }),
      ("message.max_size", "1025", { $0.messageByteCountMax == 1_025 }),
      ("message.data_frame_max_size", "1026", { $0.dataFrameByteCountMax == 1_026 }),
      ("tcp.connection_retry_count", "-1", { $0.connectionRetryCount == -1 }),
      ("tcp.connection_retry_delay_ms", "13", { $0.connectionRetryDelay.count == 13 }),
      ("tcp.connect_timeout_ms", "14", { $0.connectTimeout.count == 14 }),
      ("tcp.max_active_connections", "15", { $0.activeConnectionCountMax == 15 }),
      ("tcp.read_buffer_size", "4097", { $0.localReadByteCountMax == 4_097 }),
      ("tcp.write_buffer_size", "4098", { $0.connectionPendingMax == 4_098 }),
      ("tcp.total_write_buffer_size", "65537", { $0.tunnelPendingMax == 65_537 }),
      ("tcp.half_close", "linger", { $0.halfClose == .linger }),
      ("tcp.half_close_linger_ms", "16", { $0.halfCloseLinger.count == 16 }),
      ("tcp.stall_timeout_ms", "17", { $0.stallTimeout.count == 17 }),
      ("tcp.lone_stall_timeout_ms", "18", { $0.loneStallTimeout.count == 18 }),
      ("websocket.ping_period_ms", "19", { $0.pingPeriod.count == 19 }),
      ("websocket.retry_delay_ms", "20", { $0.retry.delay.count == 20 }),
      ("websocket.retry_delay_max_ms", "21", { $0.retry.delayMax.count == 21 }),
      ("websocket.connect_retry_count", "22", { $0.retry.retryCountMax == 22 }),
      ("websocket.reconnect_on_data_error", "false", { !$0.retry.reconnectsOnDataError }),
      (
        "websocket.subprotocol", "aws.iot.securetunneling-1.0", { $0.protocolVersion == .v1 }
      ),
      ("websocket.max_frame_size", "1027", { $0.framePayloadLengthMax == 1_027 }),
      ("websocket.read_buffer_size", "4099", { $0.linkReadByteCountMax == 4_099 }),
      ("websocket.write_buffer_size", "4100", { $0.linkWriteByteCountMax == 4_100 }),
      ("websocket.handshake_timeout_ms", "23", { $0.stepTimeout.count == 23 }),
      ("websocket.compression", "true", { $0.offersCompression }),
      ("websocket.compression_window_bits", "9", { $0.compressionWindowBits == 9 }),
      ("websocket.compression_memory_level", "1", { $0.compressionMemoryLevel == 1 }),
      ("tunnel.bandwidth_limit", "24", { $0.bandwidthLimit == 24 }),
      ("tunnel.pacing", "off", { !$0.isPacingAdaptive }),
      ("tcp.keepalive_idle_ms", "25", { $0.keepaliveIdle.count == 25 }),
      ("tcp.keepalive_interval_ms", "26", { $0.keepaliveInterval.count == 26 }),
      ("tcp.keepalive_probes", "27", { $0.keepaliveProbeCount == 27 }),
      ("tcp.half_close_silent_linger_ms", "28", { $0.silentLinger.count == 28 }),
      ("tcp.second_client", "replace", { $0.secondClient == .replace }),
    ]
    #expect(fields.count + 1 == Setting.allCases.count)
    let defaults = texts(Settings())
    for (key, text, isSet) in fields {
      let bare = Int64(text) != nil || text == "false" || text == "true"
      for value in ["\"\(text)\""] + (bare ? [text] : []) {
        let (settings, warnings) = try read(nest(key, value))
        #expect(isSet(settings) && warnings.isEmpty, "\(key) = \(value)")
        let changed = zip(texts(settings), defaults).filter { $0 != $1 }.count
        #expect(changed == (key == "message.data_length_size" ? 0 : 1), "\(key)")
      }
    }
  }

  @Test(
    "no delay is so short that attempts follow each other without a pause",
    arguments: [("0", 10), ("9", 10), ("10", 10), ("11", 11)] as [(String, Int64)])
  func pausesBetweenAttempts(text: String, delay: Int64) throws {
    #expect(
      try read(nest("tcp.connection_retry_delay_ms", text)).settings.connectionRetryDelay.count
        == delay)
    let settings = """
      {"tunneling": {"proxy": {"websocket": {
        "retry_delay_ms": "\(text)", "retry_delay_max_ms": "0"}}}}
      """
    let policy = try read(settings).settings.retry
    for failures in [1, 2, 50] {
      for randomness in [0, UInt32.max] {
        let pause = policy.delay(afterFailures: failures, randomness: randomness).count
        #expect((delay / 3...delay).contains(pause))
      }
    }
  }

  @Test("a region's endpoint is replaced or added")
  func readsOverrides() throws {
    let overrides = "{\"us-east-1\": \"localhost:8443\", \"cn-north-1\": \"other\"}"
    let (settings, warnings) = try read(nest("region_endpoint_overrides", overrides))
    #expect(warnings.isEmpty && settings.regionEndpointOverrides.count == 3)
    #expect(settings.endpoint(region: "us-east-1") == Endpoint(host: "localhost", port: 8_443))
    #expect(settings.endpoint(region: "cn-north-1") == Endpoint(host: "other", port: 443))
    #expect(
      settings.endpoint(region: "cn-northwest-1")?.host
        == "data.tunneling.iot.cn-northwest-1.amazonaws.com.cn")
    let many = (0..<70).map { "\"r\($0)\": \"host\"" }.joined(separator: ",")
    #expect(throws: UsageError.self) {
      _ = try read(nest("region_endpoint_overrides", "{\(many)}"))
    }
  }

  @Test("what is exported has every setting, and reads back to the same without a warning")
  func exports() throws {
    let text = String(decoding: SettingsFile.exported(), as: UTF8.self)
    let (settings, warnings) = try read(text)
    #expect(warnings.isEmpty && texts(settings) == texts(Settings()))
    let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    for setting in Setting.allCases {
      let names = (Setting.keyPrefix + setting.key).split(separator: ".").map(String.init)
      var value: Any? = json
      for name in names { value = (value as? [String: Any])?[name] }
      #expect(value is String || setting.isObject && value != nil, "\(setting.key)")
    }
    #expect(text.contains("        \"default_bind_address\": \"localhost\",\n"))
    #expect(text.hasSuffix("}\n"))
  }

  @Test("the reference's example is read without a warning")
  func readsReferenceExample() throws {
    let (settings, warnings) = try read(
      """
      {"tunneling": {"proxy": {
        "default_bind_address": "localhost",
        "message": {"data_length_size": "2", "max_payload_size": "64512", "max_size": "65536"},
        "tcp": {"connection_retry_count": "5", "connection_retry_delay_ms": "1000",
          "read_buffer_size": "131076"},
        "websocket": {"ping_period_ms": "5000", "retry_delay_ms": "2500",
          "connect_retry_count": "-1", "reconnect_on_data_error": "true",
          "subprotocol": "aws.iot.securetunneling-1.0", "max_frame_size": "131076",
          "write_buffer_size": "131076", "read_buffer_size": "131076"}}}}
      """)
    #expect(warnings.isEmpty)
    #expect(settings.pingPeriod.count == 5_000 && settings.protocolVersion == .v1)
  }

  @Test(
    "a setting that does not exist is warned about with its whole key",
    arguments: [
      ("{\"x\": 1}", "x"), ("{\"tunneling\": {\"y\": {\"z\": 1}}}", "tunneling.y"),
      ("{\"tunneling\": {\"proxy\": {\"tcp\": {\"q\": 1}}}}", "tunneling.proxy.tcp.q"),
      ("{\"tunneling\": {\"proxy\": {\"tcp2\": {}}}}", "tunneling.proxy.tcp2"),
      ("{\"tcp\": {\"read_buffer_size\": 5000}}", "tcp"),
    ])
  func warnsOfUnknown(json: String, key: String) throws {
    let (settings, warnings) = try read(json)
    let end = "no setting \(key); --export-default-settings writes all that there are"
    #expect(warnings.count == 1 && warnings[0].hasSuffix(end))
    #expect(warnings[0].contains("settings.json") && texts(settings) == texts(Settings()))
  }

  @Test(
    "a value of the wrong kind or out of range is an error: file, key, value, range",
    arguments: [
      ("websocket.ping_period_ms", "0", "'0'", "1 to 86400000"),
      ("websocket.ping_period_ms", "\"x\"", "'x'", "1 to 86400000"),
      ("websocket.ping_period_ms", "1.5", "its value", "1 to"),
      ("websocket.ping_period_ms", "86400001", "'86400001'", "86400000"),
      ("websocket.ping_period_ms", "true", "'true'", "1 to"),
      ("websocket.ping_period_ms", "null", "its value", "1 to"),
      ("websocket.ping_period_ms", "{}", "its value", "1 to"),
      ("websocket.ping_period_ms", "[1]", "its value", "1 to"),
      ("websocket.ping_period_ms", "\"99999999999999999999\"", "'9999", "1 to"),
      ("websocket.connect_retry_count", "-2", "'-2'", "-1 to 1000000"),
      ("websocket.reconnect_on_data_error", "\"yes\"", "'yes'", "true or false"),
      ("websocket.reconnect_on_data_error", "2", "'2'", "true or false"),
      ("websocket.subprotocol", "\"aws\"", "'aws'", "aws.iot.securetunneling-1.0|"),
      ("message.data_length_size", "4", "'4'", "2 to 2"),
      ("message.max_payload_size", "64513", "'64513'", "64512"),
      ("tcp.half_close", "\"off\"", "'off'", "linger|negotiated"),
      ("tcp.max_active_connections", "0", "'0'", "1 to"),
      ("default_bind_address", "\"not a host\"", "'not a host'", "host name"),
      ("default_bind_address", "\"\"", "''", "host name"),
      ("endpoint_format", "\"host\"", "'host'", "%s"),
      ("endpoint_format", "\"%s.%s\"", "'%s.%s'", "%s"),
      ("endpoint_format", "\"%d.host\"", "'%d.host'", "%s"),
      ("endpoint_format", "\"%s:0\"", "'%s:0'", "%s"),
      ("region_endpoint_overrides.us-east-1", "\"host:x\"", "'host:x'", "HOST[:PORT]"),
      ("region_endpoint_overrides.us-east-1", "{}", "its value", "HOST[:PORT]"),
      ("region_endpoint_overrides.us-east-1", "1", "'1'", "HOST[:PORT]"),
      ("default_bind_address", "1", "'1'", "host name"),
    ])
  func refusesValue(key: String, json: String, value: String, range: String) {
    #expect {
      _ = try read(nest(key, json))
    } throws: { error in
      isUsageError(error, naming: "settings.json: tunneling.proxy.\(key): \(value)", range)
    }
  }

  @Test(
    "a key of region_endpoint_overrides is a region as --region takes it",
    arguments: ["", "EU", "us_east", "us east", "é", String(repeating: "a", count: 65)])
  func refusesRegion(name: String) {
    #expect {
      _ = try read(nest("region_endpoint_overrides", "{\"\(name)\": \"host\"}"))
    } throws: { error in
      isUsageError(
        error, naming: "settings.json: tunneling.proxy.region_endpoint_overrides: '", "us-east-1")
    }
  }

  @Test("a byte order mark in front of the settings says nothing")
  func skipsByteOrderMark() throws {
    #expect(try read("\u{feff}" + nest("drain_timeout_ms", "7")).settings.drainTimeout.count == 7)
    #expect(throws: UsageError.self) { _ = try read(" \u{feff}{}") }
  }

  @Test("what must be an object is one", arguments: ["tunneling", "tunneling.proxy.tcp"])
  func refusesScalar(key: String) {
    let json = key.split(separator: ".").reversed().reduce("1") { "{\"\($1)\": \($0)}" }
    #expect {
      _ = try read(json)
    } throws: { error in
      isUsageError(error, naming: "settings.json: \(key): '1'", "object")
    }
  }

  @Test(
    "bad JSON is an error that names file, line, column and what is wrong",
    arguments: [
      ("{\n  \"a\": }", "settings.json, line 2, column 8: "), ("", "settings.json, line 1"),
      ("{\"a\": 1, \"a\": 2}", "duplicate object key"), ("[1]", "settings.json"),
      ("{\"a\": \"\u{0}\"}", "settings.json, line 1"),
      (String(repeating: "[", count: 5_000), "settings.json, line 1"),
    ])
  func refusesBadJSON(json: String, named: String) {
    #expect {
      _ = try read(json)
    } throws: { error in
      isUsageError(error, naming: named)
    }
  }

  @Test("a region whose format makes no endpoint is refused")
  func refusesLongRegion() {
    var settings = Settings()
    settings.endpointFormat = "nonsense"
    #expect(settings.endpoint(region: "us-east-1") == nil)
  }

  @Test("clients and servers are asked whether they are there, unless the setting is 0")
  func turnsKeepaliveOff() throws {
    let defaults = Keepalive(
      idle: Milliseconds(60_000), interval: Milliseconds(15_000), probeCount: 4)
    #expect(Settings().keepalive == defaults)
    #expect(try read(nest("tcp.keepalive_idle_ms", "0")).settings.keepalive == nil)
    #expect(try read(nest("tcp.keepalive_probes", "9")).settings.keepalive?.probeCount == 9)
  }

  @Test("the default of --local-bind-address is the setting's")
  func usesDefaultBindAddress() throws {
    let folder = try Folder()
    let path = try folder.write("settings.json", nest("default_bind_address", "\"127.0.0.5\""))
    #expect(try configure([.settingsJSON: path]).bindHost == "127.0.0.5")
    let both = try configure([.settingsJSON: path, .localBindAddress: "::1"])
    #expect(both.bindHost == "::1")
  }
}
