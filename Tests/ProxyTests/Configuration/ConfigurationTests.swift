import Reactor
import Testing

@testable import Configuration
@testable import Tunnel

@Suite("Configuration")
struct ConfigurationTests {
  @Test("a source listens on localhost, and verifies its service")
  func hasDefaults() throws {
    let configuration = try configure()
    #expect(configuration.role == .source && configuration.accessToken == "abc")
    #expect(configuration.endpoint == Endpoint(host: "localhost", port: 8_443))
    #expect(configuration.mappings.map(\.serviceID) == ["SSH1"])
    #expect(configuration.directoryMappings.isEmpty)
    #expect(configuration.destinationVersion == .v3)
    #expect(configuration.bindHost == "localhost" && configuration.bindAddress == nil)
    #expect(configuration.verifiesPeer && configuration.trustDirectory == nil)
    #expect(configuration.logLevel == .info)
    #expect(configuration.settings.activeConnectionCountMax == 128)
  }

  @Test("a destination connects to localhost unless a host is given")
  func defaultsToLocalhost() throws {
    let configuration = try configure([
      .sourceListenPort: nil, .destinationApp: "SSH1=22,HTTP1=[::1]:80",
    ])
    #expect(configuration.role == .destination)
    #expect(configuration.mappings.map(\.endpoint?.host) == ["localhost", "::1"])
    #expect(configuration.bindAddress == nil && configuration.bindHost.isEmpty)
  }

  @Test(
    "an address to listen at is kept as a host, without brackets",
    arguments: [
      ("::1", "::1"), ("[::1]", "::1"), ("127.0.0.2", "127.0.0.2"),
      ("eth0.example", "eth0.example"), ("fe80::1%1", "fe80::1%1"), ("[fe80::1%lo]", "fe80::1%lo"),
    ])
  func bindsSource(text: String, host: String) throws {
    let configuration = try configure([.localBindAddress: text])
    #expect(configuration.bindHost == host && configuration.bindAddress == nil)
  }

  @Test("an address to connect from is an address; a name is left to be looked up")
  func bindsDestination() throws {
    let destination: [Option: String?] = [.sourceListenPort: nil, .destinationApp: "22"]
    for (text, host) in [("127.0.0.2", "127.0.0.2"), ("[::1]", "::1"), ("::1", "::1")] {
      let configuration = try configure(destination.merging([.localBindAddress: text]) { $1 })
      #expect(configuration.bindAddress?.host == host && configuration.bindHost.isEmpty)
    }
    for (text, host) in [("::", nil), ("0.0.0.0", "0.0.0.0"), ("::ffff:127.0.0.1", "127.0.0.1")] {
      let configuration = try configure(destination.merging([.localBindAddress: text]) { $1 })
      #expect(configuration.bindAddress?.host == host && configuration.bindHost.isEmpty)
    }
    let named = try configure(destination.merging([.localBindAddress: "localhost"]) { $1 })
    #expect(named.bindAddress == nil && named.bindHost == "localhost")
  }

  @Test(
    "--mode alone is enough, and may stand beside the option that means the same",
    arguments: [
      ([.sourceListenPort: nil, .mode: "src"], .source, 0),
      ([.sourceListenPort: nil, .mode: "source"], .source, 0),
      ([.sourceListenPort: nil, .mode: "dst"], .destination, 0),
      ([.sourceListenPort: nil, .mode: "destination"], .destination, 0),
      ([.mode: "src"], .source, 1),
      ([.sourceListenPort: nil, .destinationApp: "22", .mode: "dst"], .destination, 1),
    ] as [([Option: String?], TunnelRole, Int)])
  func readsMode(changes: [Option: String?], role: TunnelRole, count: Int) throws {
    let folder = try Folder()
    try folder.write("services", "SSH1=22")
    let configuration = try configure(changes.merging([.configDir: folder.path]) { $1 })
    #expect(configuration.role == role && configuration.mappings.count == count)
  }

  @Test(
    "the destination's version is V1 to V3; for any other V3 is assumed, with a warning",
    arguments: [
      ("V1", .v1, 0), ("V2", .v2, 0), ("V3", .v3, 0), ("V4", .v3, 1), ("v1", .v1, 0),
      ("v2", .v2, 0),
      ("1", .v3, 1), ("", .v3, 1),
    ] as [(String, ProtocolVersion, Int)])
  func readsVersion(text: String, version: ProtocolVersion, warningCount: Int) throws {
    var warnings = Warnings()
    let values = given([.destinationClientType: text])
    #expect(Configuration.destinationVersion(values, &warnings) == version)
    #expect(warnings.texts.count == warningCount)
    for warning in warnings.texts {
      #expect(warning.contains("--destination-client-type '\(text)'"))
      #expect(warning.contains("V1, V2, V3"))
    }
  }

  @Test(
    "an endpoint has port 443 unless one is given, and is in lower case",
    arguments: [
      ("host.example", "host.example", 443), ("HOST.Example:8443", "host.example", 8_443),
      ("127.0.0.1", "127.0.0.1", 443), ("[::1]", "::1", 443), ("[::1]:1", "::1", 1),
      ("[2001:DB8::1]:1", "2001:db8::1", 1), ("[FE80::1%lo]:1", "fe80::1%lo", 1),
      ("[fe80::1%1]", "fe80::1%1", 443), ("[::FFFF:127.0.0.1]:1", "::ffff:127.0.0.1", 1),
    ] as [(String, String, UInt16)])
  func readsEndpoint(text: String, host: String, port: UInt16) throws {
    let configuration = try configure([.proxyEndpoint: text])
    #expect(configuration.endpoint == Endpoint(host: host, port: port))
  }

  @Test(
    "a region names its endpoint; those in China end in their own domain (PROTOCOL.md §1)",
    arguments: [
      ("us-east-1", "data.tunneling.iot.us-east-1.amazonaws.com"),
      ("eu-central-1", "data.tunneling.iot.eu-central-1.amazonaws.com"),
      ("cn-north-1", "data.tunneling.iot.cn-north-1.amazonaws.com.cn"),
      ("cn-northwest-1", "data.tunneling.iot.cn-northwest-1.amazonaws.com.cn"),
    ])
  func namesRegion(region: String, host: String) throws {
    let configuration = try configure([.proxyEndpoint: nil, .region: region])
    #expect(configuration.endpoint == Endpoint(host: host, port: 443))
  }

  @Test(
    "what cannot work is refused with one line that names it",
    arguments: [
      ([.sourceListenPort: nil], ["-s", "-d", "--mode"]),
      ([.destinationApp: "22"], ["--source-listen-port", "--destination-app", "exclude"]),
      ([.mode: "dst"], ["--mode 'dst'", "--source-listen-port"]),
      (
        [.sourceListenPort: nil, .destinationApp: "22", .mode: "source"],
        ["--mode 'source'", "--destination-app"]
      ),
      ([.mode: "both"], ["--mode 'both'", "destination"]), ([.mode: ""], ["--mode ''"]),
      ([.sourceListenPort: "SSH1=x"], ["SSH1=x"]),
      ([.sourceListenPort: "SSH1=5555,HTTP1=5555"], ["SSH1 and HTTP1", "port 5555 of localhost"]),
      (
        [.sourceListenPort: "A=1,B=[::1]:1", .localBindAddress: "::1"],
        ["A and B", "port 1 of ::1"]
      ),
      ([.capath: "/nonexistent"], ["--capath '/nonexistent'"]), ([.capath: ""], ["--capath ''"]),
      ([.configDir: "/nonexistent"], ["--config-dir '/nonexistent'"]),
      ([.configDir: "/etc/passwd"], ["--config-dir '/etc/passwd'"]),
      ([.settingsJSON: "/nonexistent"], ["--settings-json '/nonexistent'", "No such file"]),
      ([.sourceListenPort: nil, .destinationApp: "SSH1=0"], ["SSH1=0"]),
      ([.proxyEndpoint: nil], ["--region", "--proxy-endpoint"]),
      ([.region: "us-east-1"], ["--region", "--proxy-endpoint", "exclude"]),
      ([.proxyEndpoint: nil, .region: ""], ["--region"]),
      ([.proxyEndpoint: nil, .region: "US-EAST-1"], ["US-EAST-1"]),
      ([.proxyEndpoint: nil, .region: "us-east-1/"], ["us-east-1/"]),
      ([.proxyEndpoint: nil, .region: String(repeating: "a", count: 65)], ["--region"]),
      ([.proxyEndpoint: ""], ["--proxy-endpoint"]), ([.proxyEndpoint: ":443"], [":443"]),
      ([.proxyEndpoint: "host:0"], ["'host:0'", "port cannot be 0"]),
      ([.proxyEndpoint: "host:x"], ["host:x"]),
      ([.proxyEndpoint: "host name:443"], ["host name"]),
      ([.proxyEndpoint: "host\r\nx"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "host\0"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "host\t"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "höst"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "user@host"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "host/x"], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "[::1\0\r\nX-Evil: 1]:1"], ["--proxy-endpoint", "not an IPv6 address"]),
      ([.proxyEndpoint: "[fe80::1%1\r\nX-Evil: 1]:1"], ["--proxy-endpoint", "interface"]),
      ([.proxyEndpoint: "[fe80::1%lo\0\r\nX: 1]:1"], ["--proxy-endpoint", "not an IPv6"]),
      ([.proxyEndpoint: "[fe80::1%1 x]:1"], ["--proxy-endpoint", "interface"]),
      ([.proxyEndpoint: "[fe80::1%1xyz]:1"], ["'fe80::1%1xyz' has an interface", "has not"]),
      ([.proxyEndpoint: "[fe80::1%LO]:1"], ["'fe80::1%LO' has an interface"]),
      ([.proxyEndpoint: "host%lo:1"], ["not a host name"]),
      ([.proxyEndpoint: nil, .region: "us-east-1\r\nX: 1"], ["--region"]),
      ([.proxyEndpoint: nil, .region: "us east"], ["--region"]),
      ([.sourceListenPort: "A=[fe80::1%nosuchlink]:1"], ["has an interface behind its '%'"]),
      (
        [.localBindAddress: "fe80::1%nosuchlink"],
        ["--local-bind-address 'fe80::1%nosuchlink' has an interface"]
      ),
      ([.proxyEndpoint: String(repeating: "a", count: 254)], ["--proxy-endpoint"]),
      ([.proxyEndpoint: "::1"], ["::1"]), ([.verbose: "loud"], ["loud"]),
      ([.verbose: "-1"], ["-1"]), ([.verbose: "256"], ["256"]), ([.verbose: ""], ["--verbose"]),
      ([.noSSLHostVerify: "maybe"], ["--no-ssl-host-verify 'maybe'"]),
      ([.localBindAddress: "not a host"], ["--local-bind-address 'not a host'"]),
      ([.localBindAddress: ""], ["--local-bind-address"]),
      ([.localBindAddress: "[::1"], ["[::1"]),
    ] as [([Option: String?], [String])])
  func refuses(changes: [Option: String?], named: [String]) {
    #expect {
      _ = try configure(changes)
    } throws: { error in
      named.allSatisfy { isUsageError(error, naming: $0) }
    }
  }

  @Test("a region that only settings may allow is not judged when they cannot be read")
  func judgesNoRegionWithoutSettings() {
    #expect {
      _ = try configure([.settingsJSON: "/nonexistent", .proxyEndpoint: nil, .region: "lab"])
    } throws: { error in
      (error as? UsageError)?.all.count == 1 && isUsageError(error, naming: "--settings-json")
    }
  }

  @Test("what others know of a host is without its interface")
  func hidesInterface() {
    for (host, known) in [("fe80::1%lo", "[fe80::1]"), ("::1", "[::1]"), ("a.b", "a.b")] {
      let endpoint = Endpoint(host: host, port: 443).withoutInterface
      #expect(endpoint.bracketedHost == known && endpoint.description == "\(known):443")
    }
  }

  @Test("the User-Agent is visible ASCII with one comment")
  func hasUserAgent() throws {
    let agent = try configure().userAgent
    #expect(agent.utf8.allSatisfy { (0x20...0x7e).contains($0) })
    #expect(agent.filter { "()".contains($0) } == "()")
  }

  @Test("no message repeats all of a long value")
  func shortensValues() throws {
    let long = String(repeating: "x", count: 20_000)
    let folder = try Folder()
    let settings = try folder.write(
      "s", "{\"tunneling\": {\"proxy\": {\"default_bind_address\": \"!\(long)\"}}}")
    let cases: [([Option: String?], String)] = [
      ([.sourceListenPort: long], "--source-listen-port 'xxx"),
      ([.sourceListenPort: "\(long)=1"], "a service id has"),
      ([.sourceListenPort: "[\(long)]:1"], "is not an IPv6 address"),
      ([.sourceListenPort: ":\(long)"], "--source-listen-port ':xxx"),
      ([.sourceListenPort: "a:b:\(long)"], "--source-listen-port 'a:b:xxx"),
      ([.sourceListenPort: "SSH1=1,HTTP1=/\(long)"], "a socket's path"),
      ([.sourceListenPort: nil, .destinationApp: long], "--destination-app 'xxx"),
      ([.proxyEndpoint: long], "--proxy-endpoint 'xxx"),
      ([.proxyEndpoint: nil, .region: long], "--region 'xxx"), ([.mode: long], "--mode 'xxx"),
      ([.localBindAddress: long], "--local-bind-address 'xxx"), ([.verbose: long], "--verbose 'x"),
      ([.capath: long], "--capath 'xxx"), ([.configDir: long], "--config-dir 'xxx"),
      ([.noSSLHostVerify: long], "--no-ssl-host-verify 'xxx"),
      ([.settingsJSON: long], "--settings-json 'xxx"),
      ([.settingsJSON: settings], "default_bind_address: '!xxx"),
      ([.accessToken: nil, .accessTokenFile: long], "--access-token-file 'xxx"),
    ]
    for (changes, named) in cases {
      #expect {
        _ = try configure(changes)
      } throws: { error in
        isUsageError(error, naming: named)
          && ((error as? UsageError)?.message.utf8.count ?? 0) < 400
      }
    }
    let warnings = try configure([.destinationClientType: long]).warnings
    #expect(warnings.count == 2 && warnings.allSatisfy { $0.utf8.count < 400 })
  }

  @Test(
    "levels go from 0 to 6, and all above is trace",
    arguments: [
      ("0", .off), ("4", .info), ("5", .debug), ("6", .trace), ("7", .trace), ("255", .trace),
    ] as [(String, LogLevel)])
  func readsLevel(text: String, level: LogLevel) throws {
    #expect(try configure([.verbose: text]).logLevel == level)
  }

  @Test(
    "with standard input and output as the client the log has warnings by default, and that is its only reader"
  )
  func servesStandardStreams() throws {
    let configuration = try configure([.sourceListenPort: "SSH1=-"])
    #expect(configuration.servesStandardStreams && configuration.logLevel == .warning)
    #expect(try configure([.sourceListenPort: "-", .verbose: "5"]).logLevel == .debug)
    #expect(try !configure().servesStandardStreams)
    #expect {
      _ = try configure([
        .sourceListenPort: "SSH1= -", .accessToken: nil, .accessTokenFile: "-",
      ])
    } throws: { error in
      isUsageError(error, naming: "--access-token-file", "--source-listen-port", "standard input")
    }
  }

  @Test("each reason to stop has its exit status")
  func hasExitStatus() {
    let table: [(TunnelClient.StopReason, Int32)] = [
      (.requested, 0), (.refused, 3), (.retriesUsedUp, 4), (.cannotListen, 5),
      (.servicesMismatch, 6),
    ]
    for (reason, status) in table { #expect(ExitStatus(reason).rawValue == status) }
    #expect(ExitStatus.usage.rawValue == 2 && ExitStatus.internalError.rawValue == 1)
  }
}
