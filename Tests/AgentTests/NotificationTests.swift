import Basics
import Testing

@testable import AgentCore

@Suite("Notifications")
struct NotificationTests {
  private static func parse(_ text: String) -> Result<Notification, NotificationFault> {
    do throws(NotificationFault) {
      return .success(try Notification.parse(Array(text.utf8)))
    } catch {
      return .failure(error)
    }
  }

  @Test(
    "what the service sends, with and without services",
    arguments: [
      (
        #"{"clientAccessToken":"AQGA-_=","clientMode":"destination","region":"us-east-1","services":["SSH","VNC"]}"#,
        ["SSH", "VNC"]
      ),
      (#"{"clientAccessToken":"AQGA-_=","clientMode":"destination","region":"us-east-1"}"#, []),
      (
        #" { "region" : "us-east-1", "services" : [], "later" : {"a": [1]}, "clientMode" : "destination", "clientAccessToken" : "AQGA-_=" } "#,
        []
      ),
      (
        #"{"clientAccessToken":"AQGA-_=","clientMode":"destination","region":"us-east-1","services":null}"#,
        []
      ),
    ])
  func reads(line: String, services: [String]) throws {
    let notification = try Self.parse(line).get()
    #expect(notification.token == Array("AQGA-_=".utf8))
    #expect(notification.region == "us-east-1")
    #expect(notification.services == services)
  }

  private static func line(
    token: String = #""T""#, mode: String = #""destination""#, region: String = #""eu-west-1""#,
    services: String = #"["SSH"]"#
  ) -> String {
    #"{"clientAccessToken":\#(token),"clientMode":\#(mode),"region":\#(region),"services":\#(services)}"#
  }

  @Test(
    "a line that is none is dropped, and the reason has nothing of it",
    arguments: [
      ("", "it is not JSON"), ("{", "it is not JSON"), ("SECRET", "it is not JSON"),
      (line() + "SECRET", "it is not JSON"), (line() + line(), "it is not JSON"),
      (#"{"clientAccessToken":"T","clientAccessToken":"T"}"#, "it is not JSON"),
      ("{\"clientAccessToken\":\"a\0b\"}", "it is not JSON"),
      (line(token: #""a\u0000b""#), "it is not JSON"), (line(token: "\"\u{1}\""), "it is not JSON"),
      (String(repeating: "[", count: 10_000), "it is not JSON"),
      (String(repeating: #"{"a":"#, count: 2_600) + "1", "it is not JSON"),
      (String(repeating: " ", count: 16_385), "it has more than 16384 bytes"),
      ("[]", "it is not an object of JSON"), (#"["SECRET"]"#, "it is not an object of JSON"),
      ("{}", "it has no clientMode"), (#"{"clientMode":"destination"}"#, "it has no region"),
      (#"{"clientMode":"destination","region":"a"}"#, "it has no clientAccessToken"),
      (line(mode: "1"), "its clientMode is no text"), (line(region: "[]"), "its region is no text"),
      (line(token: "{}"), "its clientAccessToken is no text"),
      (line(mode: #""source""#), "it is for a source, and this is for destinations"),
      (line(mode: #""Destination""#), "its clientMode is not destination"),
      (line(region: #""""#), "its region is none, such as us-east-1"),
      (line(region: #""x.example.com/""#), "its region is none, such as us-east-1"),
      (line(region: #""-r""#), "its region is none, such as us-east-1"),
      (
        line(region: "\"\(String(repeating: "a", count: 65))\""),
        "its region is none, such as us-east-1"
      ),
      (line(token: #""""#), "its clientAccessToken is none"),
      (line(token: #""a b""#), "its clientAccessToken is none"),
      (line(token: #""a\nb""#), "its clientAccessToken is none"),
      (line(token: #""é""#), "its clientAccessToken is none"),
      (line(token: "\"\(String(repeating: "a", count: 3_073))\""), "its clientAccessToken is none"),
      (line(services: #""SSH""#), "its services are no list of names"),
      (line(services: "[1]"), "its services are no list of names"),
      (line(services: #"["A",["B"]]"#), "its services are no list of names"),
      (line(services: #"["A","B","A"]"#), "it has a service twice"),
      (
        line(services: "[" + (0..<33).map { "\"S\($0)\"" }.joined(separator: ",") + "]"),
        "it has more than 32 services"
      ),
    ])
  func drops(line: String, reason: String) {
    switch Self.parse(line) {
    case .success: Issue.record("it was taken: \(line.prefix(200))")
    case .failure(let fault):
      #expect(fault.reason == reason)
      #expect(!fault.reason.contains("SECRET"))
    }
  }

  @Test("the longest token, the longest region and the most services")
  func readsLongest() throws {
    let token = String(repeating: "t", count: Notification.tokenByteCountMax)
    let region = String(repeating: "r", count: Notification.regionByteCountMax)
    let services = (0..<Notification.serviceCountMax).map { "\"S\($0)\"" }.joined(separator: ",")
    let notification = try Self.parse(
      Self.line(token: "\"\(token)\"", region: "\"\(region)\"", services: "[\(services)]")
    ).get()
    #expect(notification.token.count == Notification.tokenByteCountMax)
    #expect(notification.services.count == Notification.serviceCountMax)
  }
}
