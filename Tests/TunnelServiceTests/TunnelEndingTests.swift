import Basics
import Testing

@testable import Tunnel
@testable import TunnelService

/// The end of a whole tunnel, by time or by hand.
@Suite struct TunnelEndingTests {
  private static let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"

  private static func lasting(_ lifetime: Milliseconds) -> ServiceOptions {
    var options = ServiceOptions()
    options.lifetime = lifetime
    return options
  }

  private static func pair(
    _ hall: Hall, _ tokens: TunnelService.TokenPair
  ) throws -> [RawClient] {
    [
      try hall.connected(.source, token: tokens.source, clientToken: clientToken),
      try hall.connected(.destination, token: tokens.destination, clientToken: clientToken),
    ]
  }

  /// Fails unless both tokens of the tunnel are refused with these words.
  private static func expectRefusal(
    _ hall: Hall, _ tokens: TunnelService.TokenPair, _ words: String
  ) throws {
    for (mode, token) in [("source", tokens.source), ("destination", tokens.destination)] {
      let client = try hall.client()
      client.send(
        RawClient.request(
          mode, "access-token: \(token)\r\nclient-token: \(clientToken)\r\n"))
      try hall.run(until: { client.hasEnded })
      #expect(client.head?.startLine == "HTTP/1.1 403 Forbidden")
      #expect(client.body.hasSuffix(": \(words)\n"))
    }
  }

  @Test func tunnelExpires() throws {
    let hall = try Hall(Self.lasting(Milliseconds(400)))
    let opened = hall.reactor.now
    let tokens = try hall.service.openTunnel(services: ["SSH1"])
    let clients = try Self.pair(hall, tokens)
    try hall.run(until: { clients.allSatisfy { $0.closeCode != nil } })
    #expect(hall.reactor.now.millisecondsRoundedUp(since: opened) >= Milliseconds(400))
    for client in clients {
      #expect(client.closeCode == 1000)
      #expect(client.closeReason == "tunnel expired")
    }
    try Self.expectRefusal(hall, tokens, "tunnel expired")
  }

  @Test func tunnelExpiresWithNobodyConnected() throws {
    let hall = try Hall(Self.lasting(Milliseconds(1)))
    let tokens = try hall.service.openTunnel(services: [])
    let later = hall.reactor.now + Milliseconds(20)
    try hall.run(until: { hall.reactor.now > later })
    try Self.expectRefusal(hall, tokens, "tunnel expired")
  }

  @Test func tunnelLastsWithoutALifetime() throws {
    let hall = try Hall()
    let tokens = try hall.service.openTunnel(services: [])
    let clients = try Self.pair(hall, tokens)
    let later = hall.reactor.now + Milliseconds(100)
    try hall.run(until: { hall.reactor.now > later })
    #expect(clients.allSatisfy { !$0.hasEnded && $0.closeCode == nil })
  }

  @Test func tunnelsAreClosedByHandTheOldestFirst() throws {
    let hall = try Hall()
    let first = try hall.service.openTunnel(services: [])
    let second = try hall.service.openTunnel(services: [])
    let firstClients = try Self.pair(hall, first)
    let secondClients = try Self.pair(hall, second)
    #expect(hall.service.closeOldestTunnel())
    try hall.run(until: { firstClients.allSatisfy { $0.closeCode != nil } })
    #expect(firstClients.allSatisfy { $0.closeCode == 1000 && $0.closeReason == "tunnel closed" })
    #expect(secondClients.allSatisfy { !$0.hasEnded && $0.closeCode == nil })
    try Self.expectRefusal(hall, first, "tunnel closed")
    #expect(hall.service.closeOldestTunnel())
    try hall.run(until: { secondClients.allSatisfy { $0.closeCode != nil } })
    #expect(!hall.service.closeOldestTunnel())
  }

  @Test func expiryOfAClosedTunnelIsNothingNew() throws {
    let hall = try Hall(Self.lasting(Milliseconds(100)))
    let tokens = try hall.service.openTunnel(services: [])
    #expect(hall.service.closeOldestTunnel())
    let later = hall.reactor.now + Milliseconds(200)
    try hall.run(until: { hall.reactor.now > later })
    try Self.expectRefusal(hall, tokens, "tunnel closed")
  }

  @Test func whatIsOnTheWayIsLostWithTheTunnel() throws {
    var options = ServiceOptions()
    options.shape = LinkShape(bandwidth: 0, latency: Milliseconds(100))
    let hall = try Hall(options)
    let tokens = try hall.service.openTunnel(services: [])
    let clients = try Self.pair(hall, tokens)
    clients[0].send(MessageHeader(.streamStart, streamID: 1))
    clients[0].send(.ping, [])
    try hall.run(until: { clients[0].events.contains(.control(.pong, [])) })
    #expect(hall.service.closeOldestTunnel())
    let later = hall.reactor.now + Milliseconds(200)
    try hall.run(until: { hall.reactor.now > later })
    #expect(clients[1].closeReason == "tunnel closed")
    #expect(clients[1].events.count == 2)
  }
}
