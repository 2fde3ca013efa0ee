import Basics
import Testing

@testable import Tunnel
@testable import TunnelService

@Suite struct RelayingTests {
  private static let ssh = Array("SSH1".utf8)

  private static func pair(
    _ hall: Hall
  ) throws -> (source: RawClient, destination: RawClient) {
    let tokens = try hall.service.openTunnel(services: ["SSH1", "HTTP1"])
    let destination = try hall.connected(.destination, token: tokens.destination)
    let source = try hall.connected(.source, token: tokens.source)
    try hall.run(until: { source.events.count == 1 && destination.events.count == 1 })
    return (source, destination)
  }

  @Test func serviceIDsComeFirst() throws {
    let hall = try Hall()
    let (source, _) = try Self.pair(hall)
    let serviceIDs = MessageHeader.serviceIDs(["SSH1", "HTTP1"])
    #expect(
      source.events == [.message(.serviceIDs, streamID: 0, serviceID: "", connectionID: 0, [])])
    #expect(Array(source.received.suffix(serviceIDs.count)) == serviceIDs)
  }

  @Test(arguments: ["2.0", "3.0"])
  func tunnelWithoutServicesBeginsWithAnEmptyList(_ subprotocol: String) throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: [])
    let client = try hall.connected(.source, token: tokens.source, subprotocol: subprotocol)
    try hall.run(until: { !client.events.isEmpty })
    #expect(Array(client.received.suffix(4)) == [0, 2, 0x08, 5])
  }

  @Test(arguments: [[], ["SSH1"], ["SSH1", "HTTP1"]])
  func firstProtocolVersionGetsNoServiceIDs(_ services: [String]) throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: services)
    let client = try hall.connected(.source, token: tokens.source, subprotocol: "1.0")
    client.send(.ping, [])
    try hall.run(until: { !client.events.isEmpty })
    #expect(client.events == [.control(.pong, [])])
  }

  @Test func messagesArriveAsTheyWereSent() throws {
    let hall = try Hall()
    let (source, destination) = try Self.pair(hall)
    let payload = (0..<Message.payloadLengthMax).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    source.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh, connectionID: 1))
    source.send(
      MessageHeader(.data, streamID: 1, serviceID: Self.ssh, connectionID: 1), payload: payload)
    try hall.run(until: { destination.events.count == 3 })
    #expect(
      Array(destination.events.dropFirst()) == [
        .message(.streamStart, streamID: 1, serviceID: "SSH1", connectionID: 1, []),
        .message(.data, streamID: 1, serviceID: "SSH1", connectionID: 1, payload),
      ])
    destination.send(
      MessageHeader(.data, streamID: 1, serviceID: Self.ssh, connectionID: 1), payload: [7])
    try hall.run(until: { source.events.count == 2 })
    #expect(
      source.events.last
        == .message(.data, streamID: 1, serviceID: "SSH1", connectionID: 1, [7]))
  }

  @Test(arguments: [65_364, 65_365, 65_400, Message.byteCountMax])
  func longestMessagesArrive(byteCount: Int) throws {
    let hall = try Hall()
    let (source, destination) = try Self.pair(hall)
    source.send(MessageHeader(.streamStart, streamID: 1))
    // Two payload fields, of which the last counts: longer than any message with one can be.
    var body: [UInt8] = [0x08, 1, 0x10, 1, 0x22, 0x80, 0x80, 2]
    body += [UInt8](repeating: 1, count: 32_768)
    let rest = byteCount - body.count - 4
    body += [0x22, UInt8(rest & 0x7f) | 0x80, UInt8(rest >> 7 & 0x7f) | 0x80, UInt8(rest >> 14)]
    body += [UInt8](repeating: 2, count: rest)
    source.send(.binary, [UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body)
    try hall.run(until: { destination.events.count == 3 || source.hasEnded })
    guard case .message(.data, _, _, _, let payload) = destination.events.last else {
      Issue.record("not relayed")
      return
    }
    #expect(payload == [UInt8](repeating: 2, count: rest))
  }

  @Test func pingsAreAnswered() throws {
    let hall = try Hall()
    let (source, _) = try Self.pair(hall)
    source.send(.ping, Array("are you there".utf8))
    try hall.run(until: { source.events.count == 2 })
    #expect(source.events.last == .control(.pong, Array("are you there".utf8)))
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let code: UInt16
    let role: TunnelRole
    let commit: @Sendable (RawClient) -> Void

    init(
      _ name: String, _ code: UInt16, _ role: TunnelRole = .source,
      _ commit: @escaping @Sendable (RawClient) -> Void
    ) {
      testDescription = name
      self.code = code
      self.role = role
      self.commit = commit
    }
  }

  static let faults = [
    Fault("a text frame", 1003) { $0.send(.text, [0x61]) },
    Fault("a frame without a mask", 1002) { $0.send(.binary, [0, 0], isMasked: false) },
    Fault("a frame too long", 1009) { client in
      // The header alone is enough to know.
      client.send([0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 5, 1, 2, 3, 4])
    },
    Fault("a field outside of the schema", 1002) {
      $0.send(.binary, [0, 6, 0x08, 1, 0x10, 1, 0x48, 1])
    },
    Fault("a message that is not proto3", 1002) { $0.send(.binary, [0, 1, 0xff]) },
    Fault("the stream id 0", 1002) { $0.send(MessageHeader(.data, streamID: 0)) },
    Fault("an unknown type", 1002) { $0.send(.binary, [0, 4, 0x08, 9, 0x10, 1]) },
    Fault("an unknown service", 1002) {
      $0.send(MessageHeader(.streamStart, streamID: 1, serviceID: Array("VNC1".utf8)))
    },
    Fault("a service id behind a start without one", 1002) {
      $0.send(MessageHeader(.streamStart, streamID: 1))
      $0.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh))
    },
    Fault("data before any start", 1002) {
      $0.send(MessageHeader(.data, streamID: 1, serviceID: Self.ssh), payload: [1])
    },
    Fault("data of a service that was not started", 1002) {
      $0.send(MessageHeader(.streamStart, streamID: 1, serviceID: Array("HTTP1".utf8)))
      $0.send(MessageHeader(.data, streamID: 1, serviceID: Self.ssh), payload: [1])
    },
    Fault("data without the service id of its start", 1002) {
      $0.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh))
      $0.send(MessageHeader(.data, streamID: 1), payload: [1])
    },
    Fault("data of a destination before any start", 1002, .destination) {
      $0.send(MessageHeader(.data, streamID: 1, serviceID: Self.ssh), payload: [1])
    },
    Fault("data of a destination without a service id", 1002, .destination) {
      $0.send(MessageHeader(.data, streamID: 1), payload: [1])
    },
    Fault("SESSION_RESET", 1002) { $0.send(MessageHeader(.sessionReset)) },
    Fault("SERVICE_IDS", 1002) { $0.send(.binary, MessageHeader.serviceIDs(["SSH1"])) },
    Fault("STREAM_START of a destination", 1002, .destination) {
      $0.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh, connectionID: 1))
    },
    Fault("CONNECTION_START of a destination", 1002, .destination) {
      $0.send(MessageHeader(.connectionStart, streamID: 1, serviceID: Self.ssh, connectionID: 2))
    },
  ]

  @Test(arguments: faults) func faultClosesTheConnection(_ fault: Fault) throws {
    let hall = try Hall()
    let (source, destination) = try Self.pair(hall)
    let client = fault.role == .source ? source : destination
    let other = fault.role == .source ? destination : source
    fault.commit(client)
    try hall.run(until: { client.hasEnded })
    #expect(client.closeCode == fault.code)
    #expect(!other.hasEnded)
  }

  @Test(arguments: [TunnelRole.source, .destination])
  func streamsAreResetWhenAnEndVanishes(_ role: TunnelRole) throws {
    let hall = try Hall()
    let (source, destination) = try Self.pair(hall)
    source.send(MessageHeader(.streamStart, streamID: 5, serviceID: Self.ssh, connectionID: 1))
    try hall.run(until: { destination.events.count == 2 })
    let vanishing = role == .source ? source : destination
    let staying = role == .source ? destination : source
    vanishing.close()
    let reset = RawClient.Event.message(
      .streamReset, streamID: 5, serviceID: "SSH1", connectionID: 0, [])
    try hall.run(until: { staying.events.contains(reset) })
    #expect(!staying.hasEnded)
  }

  @Test func startWithoutDestinationIsReset() throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: ["SSH1"])
    let source = try hall.connected(.source, token: tokens.source)
    source.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh, connectionID: 1))
    try hall.run(until: { source.events.count == 2 })
    #expect(
      source.events.last
        == .message(.streamReset, streamID: 1, serviceID: "SSH1", connectionID: 0, []))
  }

  /// What the other end of a tunnel with these services receives for a start and data each way; "" stands for
  /// no service id.
  struct Mixture: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let services: [String]
    var subprotocols = ["3.0", "3.0"]
    let source: String
    let destination: String
  }

  @Test(arguments: [
    Mixture(testDescription: "no services", services: [], source: "", destination: ""),
    Mixture(testDescription: "one, named", services: ["SSH1"], source: "SSH1", destination: "SSH1"),
    Mixture(testDescription: "one, not named", services: ["SSH1"], source: "", destination: ""),
    Mixture(
      testDescription: "a V2 source and a V1 destination", services: ["SSH1"],
      subprotocols: ["2.0", "1.0"], source: "SSH1", destination: ""),
    Mixture(
      testDescription: "a V1 source and a V3 destination", services: ["SSH1"],
      subprotocols: ["1.0", "3.0"], source: "", destination: ""),
    Mixture(
      testDescription: "several, none named", services: ["SSH1", "HTTP1"], source: "",
      destination: ""),
  ])
  func versionsMeet(_ mixture: Mixture) throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: mixture.services)
    let source = try hall.connected(
      .source, token: tokens.source, subprotocol: mixture.subprotocols[0])
    let destination = try hall.connected(
      .destination, token: tokens.destination, subprotocol: mixture.subprotocols[1])
    let (up, down) = (Array(mixture.source.utf8), Array(mixture.destination.utf8))
    source.send(MessageHeader(.streamStart, streamID: 4, serviceID: up))
    source.send(MessageHeader(.data, streamID: 4, serviceID: up), payload: [1])
    let uploaded = RawClient.Event.message(
      .data, streamID: 4, serviceID: mixture.source, connectionID: 0, [1])
    try hall.run(until: { destination.events.last == uploaded || destination.hasEnded })
    destination.send(MessageHeader(.data, streamID: 4, serviceID: down), payload: [2])
    let downloaded = RawClient.Event.message(
      .data, streamID: 4, serviceID: mixture.destination, connectionID: 0, [2])
    try hall.run(until: { source.events.last == downloaded || source.hasEnded })
    #expect(destination.events.last == uploaded && source.events.last == downloaded)
  }

  @Test func newerSourceMayNameServicesThatAnOlderOneDidNot() throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: ["SSH1"])
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let destination = try hall.connected(.destination, token: tokens.destination)
    let older = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
    older.send(MessageHeader(.streamStart, streamID: 1))
    try hall.run(until: { destination.events.count == 2 })
    let newer = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
    newer.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh))
    try hall.run(until: { destination.events.count == 4 || newer.hasEnded })
    #expect(
      destination.events.suffix(2) == [
        .message(.streamReset, streamID: 1, serviceID: "", connectionID: 0, []),
        .message(.streamStart, streamID: 1, serviceID: "SSH1", connectionID: 0, []),
      ])
  }

  @Test func slowLinkDelaysAndKeepsOrder() throws {
    let hall = try Hall(Self.slow)
    let (source, destination) = try Self.pair(hall)
    source.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh, connectionID: 1))
    let before = hall.reactor.now
    for number in 0..<10 {
      source.send(
        MessageHeader(.data, streamID: 1, serviceID: Self.ssh, connectionID: 1),
        payload: [UInt8](repeating: UInt8(number), count: 2_000))
    }
    try hall.run(until: { destination.events.count == 12 })
    // 20,000 bytes at 100,000 a second, and 50 ms on the way.
    let elapsed = hall.reactor.now.millisecondsRoundedUp(since: before)
    #expect(elapsed >= Milliseconds(240))
    for (number, event) in destination.events.dropFirst(2).enumerated() {
      guard case .message(.data, _, _, _, let payload) = event else {
        Issue.record("not data: \(event)")
        continue
      }
      #expect(payload.first == UInt8(number))
    }
  }

  private static var slow: ServiceOptions {
    var options = ServiceOptions()
    options.shape = LinkShape(bandwidth: 100_000, latency: Milliseconds(50))
    return options
  }

  /// 150,000 messages of 6 bytes are less than 1 MB on the wire, and 20 MB in memory.
  @Test func shortMessagesFillTheLinkByWhatTheyTake() throws {
    var options = ServiceOptions()
    options.shape = LinkShape(bandwidth: 0, latency: Milliseconds(600))
    let hall = try Hall(options)
    let tokens = try hall.service.openTunnel(services: [])
    let destination = try hall.connected(.destination, token: tokens.destination)
    let source = try hall.connected(.source, token: tokens.source)
    source.send(MessageHeader(.streamStart, streamID: 1))
    try hall.run(until: { destination.events.count == 2 })
    let before = destination.received.count
    let message: [UInt8] = [0, 4, 0x08, 1, 0x10, 1]
    let (frameCount, countPerFrame) = (10, 15_000)
    let frame = Array(repeatElement(message, count: countPerFrame).joined())
    for _ in 0..<frameCount { source.send(.binary, frame) }
    source.send(.ping, [1])
    let soon = hall.reactor.now + Milliseconds(300)
    try hall.run(until: { hall.reactor.now > soon })
    // Not all of it was read, or the ping behind it would have been.
    #expect(!source.events.contains(.control(.pong, [1])))
    // Each arrives in a frame of its own.
    let expected = before + frameCount * countPerFrame * (2 + message.count)
    try hall.run(until: { destination.received.count >= expected })
    #expect(destination.received.count == expected)
    try hall.run(until: { source.events.contains(.control(.pong, [1])) })
  }

  @Test(arguments: [TunnelRole.source, .destination])
  func whatIsOnTheWayArrivesBeforeTheNewsOfALoss(_ role: TunnelRole) throws {
    let hall = try Hall(Self.slow)
    let (source, destination) = try Self.pair(hall)
    let vanishing = role == .source ? source : destination
    let staying = role == .source ? destination : source
    source.send(MessageHeader(.streamStart, streamID: 5, serviceID: Self.ssh, connectionID: 1))
    if role == .destination { try hall.run(until: { destination.events.count == 2 }) }
    let before = staying.events.count
    // Small enough that the link takes them all before the loss is noticed.
    for number in 0..<4 {
      vanishing.send(
        MessageHeader(.data, streamID: 5, serviceID: Self.ssh, connectionID: 1),
        payload: [UInt8](repeating: UInt8(number), count: 50))
    }
    vanishing.close()
    let reset = RawClient.Event.message(
      .streamReset, streamID: 5, serviceID: "SSH1", connectionID: 0, [])
    try hall.run(until: { staying.events.last == reset })
    var expected = (0..<4).map { number in
      RawClient.Event.message(
        .data, streamID: 5, serviceID: "SSH1", connectionID: 1,
        [UInt8](repeating: UInt8(number), count: 50))
    }
    if role == .source {
      // Its start was on the way, too.
      expected.insert(
        .message(.streamStart, streamID: 5, serviceID: "SSH1", connectionID: 1, []), at: 0)
    }
    #expect(Array(staying.events.dropFirst(before)) == expected + [reset])
  }

  @Test func resetsOfAnOlderSourceDoNotReachANewerOne() throws {
    let hall = try Hall(Self.slow)
    let tokens = try hall.service.openTunnel(services: ["SSH1"])
    let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let destination = try hall.connected(.destination, token: tokens.destination)
    let older = try hall.connected(.source, token: tokens.source, clientToken: clientToken)
    older.send(MessageHeader(.streamStart, streamID: 1, serviceID: Self.ssh, connectionID: 1))
    try hall.run(until: { destination.events.count == 2 })
    let newer = try hall.client()
    // The reset of the older one's stream sets out, and the newer one is there before it arrives.
    destination.close()
    newer.send(
      RawClient.request(
        "source", "access-token: \(tokens.source)\r\nclient-token: \(clientToken)\r\n"))
    try hall.run(until: { newer.head != nil })
    let later = hall.reactor.now + Milliseconds(200)
    try hall.run(until: { hall.reactor.now > later })
    #expect(newer.events.count == 1 && !newer.hasEnded)
  }
}
