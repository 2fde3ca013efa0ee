import Basics
import Testing

@testable import TunnelService

@Suite struct AdmissionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let request: @Sendable (TunnelService.TokenPair) -> [UInt8]
    let status: Int

    init(
      _ name: String, _ status: Int,
      _ request: @escaping @Sendable (TunnelService.TokenPair) -> [UInt8]
    ) {
      testDescription = name
      self.request = request
      self.status = status
    }
  }

  static let cases = [
    Case("a valid source", 101) { RawClient.request("source", "access-token: \($0.source)\r\n") },
    Case("a valid destination", 101) {
      RawClient.request("destination", "access-token: \($0.destination)\r\n")
    },
    Case("a browser's cookie", 101) {
      RawClient.request("source", "Cookie: a=b; awsiot-tunnel-token=\($0.source)\r\n")
    },
    Case("the first protocol version", 101) {
      RawClient.request("source", "access-token: \($0.source)\r\n", subprotocol: "1.0")
    },
    Case("the second protocol version", 101) {
      RawClient.request("source", "access-token: \($0.source)\r\n", subprotocol: "2.0")
    },
    Case("a request of just 4 KiB", 101) {
      let short = RawClient.request("source", "access-token: \($0.source)\r\nX: \r\n")
      let padding = String(repeating: "x", count: Reception.requestByteCountMax - short.count)
      return RawClient.request("source", "access-token: \($0.source)\r\nX: \(padding)\r\n")
    },
    Case("a request of a byte more", 400) {
      let short = RawClient.request("source", "access-token: \($0.source)\r\nX: \r\n")
      let padding = String(repeating: "x", count: Reception.requestByteCountMax - short.count + 1)
      return RawClient.request("source", "access-token: \($0.source)\r\nX: \(padding)\r\n")
    },
    Case("no token", 400) { _ in RawClient.request("source", "") },
    Case("two tokens", 400) {
      RawClient.request(
        "source", "access-token: \($0.source)\r\nCookie: awsiot-tunnel-token=\($0.source)\r\n")
    },
    Case("an unknown token", 403) { _ in
      RawClient.request("source", "access-token: nobody-knows-me\r\n")
    },
    Case("the other mode's token", 403) {
      RawClient.request("source", "access-token: \($0.destination)\r\n")
    },
    Case("a mode that is none", 400) {
      RawClient.request("sink", "access-token: \($0.source)\r\n")
    },
    Case("a path that is none", 400) { pair in
      Array(
        String(
          decoding: RawClient.request("source", "access-token: \(pair.source)\r\n"), as: UTF8.self
        ).replacing("/tunnel?", with: "/other?").utf8)
    },
    Case("a short client token", 400) {
      RawClient.request("source", "access-token: \($0.source)\r\nclient-token: short\r\n")
    },
    Case("a client token with a space", 400) {
      RawClient.request(
        "source",
        "access-token: \($0.source)\r\nclient-token: \(String(repeating: "a ", count: 20))b\r\n")
    },
    Case("an unknown subprotocol", 400) {
      RawClient.request("source", "access-token: \($0.source)\r\n", subprotocol: "9.0")
    },
    Case("a request beyond 4 KiB", 400) {
      RawClient.request(
        "source",
        "access-token: \($0.source)\r\nX-Long: \(String(repeating: "x", count: 4_096))\r\n")
    },
    Case("not GET", 405) { pair in
      Array(
        String(
          decoding: RawClient.request("source", "access-token: \(pair.source)\r\n"), as: UTF8.self
        ).replacing("GET ", with: "POST ").utf8)
    },
    Case("not HTTP", 400) { _ in Array("\u{1}\u{2}\u{3} garbage\r\n\r\n".utf8) },
  ]

  @Test(arguments: cases) func requestIsAnswered(_ item: Case) throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: ["SSH1"])
    let client = try hall.client()
    client.send(item.request(pair))
    try hall.run(until: { client.head != nil || client.hasEnded })
    let head = try #require(client.head)
    #expect(head.startLine.hasPrefix("HTTP/1.1 \(item.status) "))
    #expect(head.value("channel-id") != nil)
    if item.status == 101 {
      #expect(head.value("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }
  }

  @Test(arguments: [
    ["3.0", "2.0", "1.0"], ["2.0", "3.0"], ["9.0", "1.0"],
  ])
  func firstKnownSubprotocolIsSelected(_ offered: [String]) throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: [])
    let client = try hall.client()
    let list = offered.joined(separator: ", aws.iot.securetunneling-")
    client.send(
      RawClient.request("source", "access-token: \(pair.source)\r\n", subprotocol: list))
    try hall.run(until: { client.head != nil })
    let selected = offered.first { $0 != "9.0" } ?? ""
    #expect(
      client.head?.value("sec-websocket-protocol") == "aws.iot.securetunneling-\(selected)")
  }

  @Test func requestByteByByteIsAnswered() throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: [])
    let client = try hall.client()
    for byte in RawClient.request("source", "access-token: \(pair.source)\r\n") {
      client.send([byte])
      try hall.reactor.turn(waitMax: Milliseconds(0))
    }
    try hall.run(until: { client.head != nil || client.hasEnded })
    #expect(client.head?.startLine == "HTTP/1.1 101 Switching Protocols")
  }

  @Test func requestThatComesSlowlyIsGivenUp() throws {
    var options = ServiceOptions()
    options.receptionTimeout = Milliseconds(300)
    let hall = try Hall(options)
    let pair = try hall.service.openTunnel(services: [])
    let start = hall.reactor.now
    let client = try hall.client()
    for byte in RawClient.request("source", "access-token: \(pair.source)\r\n") {
      if client.hasEnded { break }
      client.send([byte])
      let next = hall.reactor.now + Milliseconds(10)
      try hall.run(until: { hall.reactor.now >= next })
    }
    #expect(client.hasEnded && client.head == nil)
    #expect(hall.reactor.now >= start + Milliseconds(300))
  }

  @Test func tokenIsSpentWithoutClientToken() throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: [])
    let first = try hall.connected(.source, token: pair.source)
    first.close()
    let second = try hall.client()
    second.send(RawClient.request("source", "access-token: \(pair.source)\r\n"))
    try hall.run(until: { second.head != nil })
    #expect(second.head?.startLine == "HTTP/1.1 400 Bad Request")
  }

  @Test func sameClientTokenMayReconnectAndReplaces() throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: [])
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let first = try hall.connected(.source, token: pair.source, clientToken: clientToken)
    let second = try hall.connected(.source, token: pair.source, clientToken: clientToken)
    try hall.run(until: { first.closeCode != nil })
    #expect(first.closeCode == 1000)
    #expect(!second.hasEnded)
  }

  @Test func otherClientTokenIsRefused() throws {
    let hall = try Hall()
    let pair = try hall.service.openTunnel(services: [])
    _ = try hall.connected(
      .source, token: pair.source, clientToken: "0f8fad5b-d9cb-469f-a165-70867728950e")
    let second = try hall.client()
    second.send(
      RawClient.request(
        "source",
        "access-token: \(pair.source)\r\nclient-token: 11111111-d9cb-469f-a165-70867728950e\r\n"))
    try hall.run(until: { second.head != nil })
    #expect(second.head?.startLine == "HTTP/1.1 400 Bad Request")
  }
}
