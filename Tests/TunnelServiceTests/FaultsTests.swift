import Basics
import Reactor
import Testing

@testable import Tunnel
@testable import TunnelService

@Suite struct FaultsTests {
  @Test func listIsRead() throws {
    let faults = try Faults.parse("drop-after=3,no-service-ids,close=1011,refuse=503")
    #expect(faults[.dropAfter] == 3 && faults[.noServiceIDs] == 0)
    #expect(faults[.close] == 1011 && faults[.refuse] == 503)
    #expect(faults[.silentAfter] == nil && faults[.textFrame] == nil)
  }

  @Test(arguments: [
    ("", "none of"), ("drop", "none of"), ("drop-after=1,", "none of"),
    ("drop-after", "must be drop-after=SECONDS"), ("drop-after=", "must be drop-after=SECONDS"),
    ("drop-after=-1", "from 0 to 86400"), ("drop-after=86401", "from 0 to 86400"),
    ("silent-after=x", "from 0 to 86400"), ("refuse=200", "from 300 to 599"),
    ("close=65536", "from 0 to 65535"), ("text-frame=1", "must be text-frame"),
    ("no-service-ids=", "must be no-service-ids"),
  ])
  func otherTextIsRefused(text: String, words: String) {
    let error = #expect(throws: UsageError.self) { try Faults.parse(text) }
    #expect(error?.message.hasPrefix("--fault '") == true)
    #expect(error?.message.contains(words) == true)
  }

  @Test func helpNamesEach() {
    for name in [
      "no-service-ids", "text-frame", "close=CODE", "drop-after=SECONDS", "silent-after=SECONDS",
      "refuse=STATUS",
    ] {
      #expect(Fault.helpText.contains(name))
    }
  }

  /// A source of a hall with one fault.
  private static func meet(
    _ fault: Fault, _ value: Int, services: [String] = ["SSH1"]
  ) throws -> (Hall, RawClient) {
    var options = ServiceOptions()
    options.faults[fault] = value
    let hall = try Hall(options)
    let tokens = try hall.service.openTunnel(services: services)
    return (hall, try hall.connected(.source, token: tokens.source))
  }

  @Test func servicesAreWithheld() throws {
    let (hall, client) = try Self.meet(.noServiceIDs, 0)
    client.send(.ping, [])
    try hall.run(until: { !client.events.isEmpty })
    #expect(client.events == [.control(.pong, [])])
  }

  @Test func textFrameComesFirst() throws {
    let (hall, client) = try Self.meet(.textFrame, 0)
    let count = try #require(client.head?.byteCount)
    try hall.run(until: { client.received.count >= count + 4 })
    #expect(Array(client.received[count..<(count + 4)]) == [0x81, 2, 0x68, 0x69])
  }

  @Test(arguments: [1000, 1006, 1011, 4000])
  func webSocketIsClosedWithTheCode(_ code: Int) throws {
    let (hall, client) = try Self.meet(.close, code)
    try hall.run(until: { client.closeCode != nil })
    #expect(client.closeCode == UInt16(code))
  }

  @Test func connectionIsDroppedWithoutAClose() throws {
    let (hall, client) = try Self.meet(.dropAfter, 1)
    let before = hall.reactor.now
    try hall.run(until: { client.hasEnded })
    #expect(hall.reactor.now.millisecondsRoundedUp(since: before) >= Milliseconds(900))
    #expect(client.closeCode == nil)
  }

  @Test func droppedEndIsGone() throws {
    var options = ServiceOptions()
    options.faults[.dropAfter] = 1
    let hall = try Hall(options)
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let tokens = try hall.service.openTunnel(services: [])
    let first = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
    try hall.run(until: { first.hasEnded })
    let second = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
    second.send(MessageHeader(.streamStart, streamID: 1))
    try hall.run(until: { second.events.count == 2 })
    #expect(!second.hasEnded)
  }

  @Test func connectionFallsSilentButStaysOpen() throws {
    let (hall, client) = try Self.meet(.silentAfter, 1)
    client.send(.ping, [1])
    try hall.run(until: { client.events.contains(.control(.pong, [1])) })
    let later = hall.reactor.now + Milliseconds(1_100)
    try hall.run(until: { hall.reactor.now > later })
    client.send(.ping, [2])
    client.send(MessageHeader(.streamStart, streamID: 1, serviceID: Array("SSH1".utf8)))
    let muchLater = hall.reactor.now + Milliseconds(300)
    try hall.run(until: { hall.reactor.now > muchLater })
    #expect(!client.hasEnded && client.events.count == 2)
  }

  @Test func nothingReachesASilentEndAndItCanBeReplaced() throws {
    var options = ServiceOptions()
    options.faults[.silentAfter] = 1
    let hall = try Hall(options)
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let tokens = try hall.service.openTunnel(services: [])
    let destination = try hall.connected(
      .destination, token: tokens.destination, clientToken: clientToken)
    let later = hall.reactor.now + Milliseconds(1_100)
    try hall.run(until: { hall.reactor.now > later })
    let source = try hall.connected(.source, token: tokens.source)
    source.send(MessageHeader(.streamStart, streamID: 1))
    source.send(.ping, [])
    let muchLater = hall.reactor.now + Milliseconds(100)
    try hall.run(until: { hall.reactor.now > muchLater })
    #expect(destination.events.count == 1)
    let newer = try hall.connected(
      .destination, token: tokens.destination, clientToken: clientToken)
    try hall.run(until: { newer.events.count == 2 })
    #expect(
      newer.events.last == .message(.streamStart, streamID: 1, serviceID: "", connectionID: 0, []))
  }

  @Test func manySourcesLeaveNothingOnALineWithoutRoom() throws {
    var options = ServiceOptions()
    options.faults[.silentAfter] = 1
    options.shape.latency = Milliseconds(1)
    let hall = try Hall(options)
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let tokens = try hall.service.openTunnel(services: [])
    let destination = try hall.connected(.destination, token: tokens.destination)
    let later = hall.reactor.now + Milliseconds(1_100)
    try hall.run(until: { hall.reactor.now > later })
    for _ in 0..<10 {
      let source = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
      source.send(MessageHeader(.streamStart, streamID: 1))
      let soon = hall.reactor.now + Milliseconds(10)
      try hall.run(until: { hall.reactor.now > soon })
      #expect(hall.service.checkInvariants() == nil)
    }
    withExtendedLifetime(destination) {}
  }

  @Test(arguments: [400, 403, 404, 500, 503])
  func handshakeIsRefusedWithTheStatus(_ status: Int) throws {
    var options = ServiceOptions()
    options.faults[.refuse] = status
    let hall = try Hall(options)
    let tokens = try hall.service.openTunnel(services: [])
    let client = try hall.client()
    client.send(RawClient.request("source", "access-token: \(tokens.source)\r\n"))
    try hall.run(until: { client.hasEnded })
    #expect(client.head?.startLine.hasPrefix("HTTP/1.1 \(status) ") == true)
    #expect(client.body.contains("on purpose"))
  }
}
