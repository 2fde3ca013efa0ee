import Reactor
import Testing

@testable import Proxy

@Suite("Configuration")
struct ConfigurationTests {
  /// Good values for a source, to be changed one at a time; nil leaves one out.
  private func validate(_ changes: [String: String?] = [:]) throws -> Configuration {
    var values = [
      "source-listen-port": "SSH1=5555", "proxy-endpoint": "localhost:8443", "access-token": "abc",
    ]
    for (name, value) in changes { values[name] = value }
    return try Configuration.validate(values)
  }

  @Test("a source listens on localhost, and verifies its service")
  func hasDefaults() throws {
    let configuration = try validate()
    #expect(configuration.role == .source && configuration.accessToken == "abc")
    #expect(configuration.endpoint == Endpoint(host: "localhost", port: 8_443))
    #expect(configuration.mappings.map(\.serviceID) == ["SSH1"])
    #expect(configuration.bindHost == "localhost" && configuration.bindAddress == nil)
    #expect(configuration.verifiesPeer && configuration.trustDirectory == nil)
    #expect(configuration.logLevel == .info)
    #expect(configuration.settings.activeConnectionCountMax == 128)
  }

  @Test("a destination connects to localhost unless a host is given")
  func defaultsToLocalhost() throws {
    let configuration = try validate([
      "source-listen-port": nil, "destination-app": "SSH1=22,HTTP1=[::1]:80",
      "local-bind-address": "127.0.0.2",
    ])
    #expect(configuration.role == .destination)
    #expect(configuration.mappings.map(\.endpoint?.host) == ["localhost", "::1"])
    #expect(configuration.bindAddress?.host == "127.0.0.2")
  }

  @Test("the client token is new each time, and of the service's form (PROTOCOL.md §1)")
  func makesClientToken() throws {
    let tokens = try [validate().clientToken, validate().clientToken]
    #expect(tokens[0] != tokens[1])
    for token in tokens {
      #expect((32...128).contains(token.utf8.count))
      let isPlain = token.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      #expect(isPlain, "\(token)")
    }
  }

  @Test(
    "an endpoint has port 443 unless one is given",
    arguments: [
      ("host.example", "host.example", 443), ("host.example:8443", "host.example", 8_443),
      ("127.0.0.1", "127.0.0.1", 443), ("[::1]", "::1", 443), ("[::1]:1", "::1", 1),
    ] as [(String, String, UInt16)])
  func readsEndpoint(text: String, host: String, port: UInt16) throws {
    let configuration = try validate(["proxy-endpoint": text])
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
    let configuration = try validate(["proxy-endpoint": nil, "region": region])
    #expect(configuration.endpoint == Endpoint(host: host, port: 443))
  }

  @Test(
    "what cannot work is refused with one line that names it",
    arguments: [
      (["source-listen-port": nil], "-s"), (["destination-app": "22"], "-d"),
      (["source-listen-port": "SSH1=x"], "SSH1=x"),
      (["source-listen-port": "SSH1=5555,HTTP1=5555"], "5555 is given twice"),
      (["capath": "/nonexistent"], "/nonexistent"),
      (["source-listen-port": nil, "destination-app": "SSH1=0"], "SSH1=0"),
      (["proxy-endpoint": nil], "--region"), (["region": "us-east-1"], "--region"),
      (["proxy-endpoint": nil, "region": ""], "--region"),
      (["proxy-endpoint": nil, "region": "US-EAST-1"], "US-EAST-1"),
      (["proxy-endpoint": nil, "region": "us-east-1/"], "us-east-1/"),
      (["proxy-endpoint": ""], "--proxy-endpoint"), (["proxy-endpoint": ":443"], ":443"),
      (["proxy-endpoint": "host:0"], "host:0"), (["proxy-endpoint": "host:x"], "host:x"),
      (["proxy-endpoint": "host name:443"], "host name"),
      (["proxy-endpoint": "host\r\nx"], "--proxy-endpoint"),
      (["proxy-endpoint": "::1"], "::1"), (["verbose": "loud"], "loud"), (["verbose": "-1"], "-1"),
      (["verbose": "256"], "256"), (["access-token": ""], "AWSIOT_TUNNEL_ACCESS_TOKEN"),
      (
        ["source-listen-port": nil, "destination-app": "22", "local-bind-address": "nowhere"],
        "nowhere"
      ),
    ] as [([String: String?], String)])
  func refuses(changes: [String: String?], named: String) {
    #expect {
      _ = try validate(changes)
    } throws: { error in
      guard let error = error as? UsageError else { return false }
      return error.message.contains(named) && !error.message.utf8.contains(0x0a)
    }
  }

  @Test("a token that no header could carry is refused, and not repeated")
  func refusesBadToken() {
    for token in ["to ken", "tok\ren", "tok\nen", "tökén"] {
      #expect {
        _ = try validate(["access-token": token])
      } throws: { error in
        (error as? UsageError).map { !$0.message.contains(token) } ?? false
      }
    }
  }

  @Test(
    "levels go from 0 to 6, and all above is trace",
    arguments: [
      (nil, .info), ("0", .off), ("4", .info), ("5", .debug), ("6", .trace), ("255", .trace),
    ] as [(String?, LogLevel)])
  func readsLevel(text: String?, level: LogLevel) throws {
    #expect(try LogLevel.parse(text) == level)
  }

  @Test("the help names every option within a terminal's width")
  func printsHelp() {
    let options = Configuration.options
    let lines = options.helpText.split(separator: "\n", omittingEmptySubsequences: false)
    for option in options.options {
      let isThere = lines.contains { line in
        line.contains("--\(option.longName)")
          && option.shortName.map { line.contains("-\($0),") } != false
      }
      #expect(isThere, "\(option.longName)")
    }
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(options.helpText.hasPrefix("Usage: localproxy") && options.helpText.hasSuffix("\n"))
  }

  @Test("names are given to one option each")
  func namesAreUnique() {
    let options = Configuration.options.options
    #expect(Set(options.map(\.longName)).count == options.count)
    let shortNames = options.compactMap(\.shortName)
    #expect(Set(shortNames).count == shortNames.count)
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
