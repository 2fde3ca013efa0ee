import Basics
import Testing

@testable import Tunnel
@testable import TunnelService

/// What is on the way when an end goes and another takes its place, in all versions, with and without a latency.
@Suite struct ReplacementTests {
  enum Version: String, CaseIterable, Sendable {
    case v1 = "1.0"
    case v2 = "2.0"
    case v3 = "3.0"

    var services: [String] { self == .v1 ? [] : ["SSH1", "HTTP1"] }
    var serviceID: [UInt8] { self == .v1 ? [] : Array("HTTP1".utf8) }
    var connectionID: UInt32 { self == .v3 ? 1 : 0 }
    /// What each end is told at first.
    var greeting: [RawClient.Event] {
      self == .v1
        ? [] : [.message(.serviceIDs, streamID: 0, serviceID: "", connectionID: 0, [])]
    }
  }

  enum Way: String, CaseIterable, Sendable {
    /// The older end's connection breaks, and then the newer one comes.
    case restart
    /// The newer one comes while the older one is there.
    case secondLogin
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let version: Version
    let way: Way
    let latency: Int64

    var testDescription: String { "\(version), \(way), \(latency) ms" }
  }

  static let cases = Version.allCases.flatMap { version in
    Way.allCases.flatMap { way in
      [Int64(0), 60].map { Case(version: version, way: way, latency: $0) }
    }
  }

  /// A tunnel and its ends.
  private final class Scene {
    private static let clientToken = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let hall: Hall
    let version: Version
    let way: Way
    private let tokens: TunnelService.TokenPair
    private var pingCount: UInt8 = 0

    init(_ item: Case) throws {
      var options = ServiceOptions()
      options.shape = LinkShape(bandwidth: 0, latency: Milliseconds(item.latency))
      hall = try Hall(options)
      version = item.version
      way = item.way
      tokens = try hall.service.openTunnel(services: item.version.services)
    }

    func connect(_ role: TunnelRole) throws -> RawClient {
      let client = try hall.connected(
        role, token: role == .source ? tokens.source : tokens.destination,
        clientToken: Self.clientToken, subprotocol: version.rawValue)
      try run(until: { client.messages.count == self.version.greeting.count })
      return client
    }

    /// The one that takes the place of `older`.
    func replace(_ older: RawClient, _ role: TunnelRole) throws -> RawClient {
      if way == .restart { older.close() }
      return try connect(role)
    }

    func run(until isDone: () -> Bool) throws { try hall.run(until: isDone) }

    /// Returns when the service has taken all that the client has sent.
    func settle(_ client: RawClient) throws {
      pingCount += 1
      client.send(.ping, [pingCount])
      let pong = RawClient.Event.control(.pong, [pingCount])
      try run(until: { client.events.contains(pong) })
    }

    /// Long enough for everything on the way to arrive.
    func rest() throws {
      let later = hall.reactor.now + Milliseconds(200)
      try run(until: { self.hall.reactor.now > later })
    }

    func header(_ type: MessageType, _ streamID: Int32) -> MessageHeader {
      MessageHeader(
        type, streamID: streamID, serviceID: version.serviceID,
        connectionID: type == .streamReset ? 0 : version.connectionID)
    }

    func event(_ type: MessageType, _ streamID: Int32, _ text: String = "") -> RawClient.Event {
      let header = header(type, streamID)
      return .message(
        type, streamID: streamID, serviceID: String(decoding: header.serviceID, as: UTF8.self),
        connectionID: header.connectionID, Array(text.utf8))
    }

    func send(_ client: RawClient, _ type: MessageType, _ streamID: Int32, _ text: String = "") {
      client.send(header(type, streamID), payload: Array(text.utf8))
    }

    /// A connection, not the first, of a stream; V3 alone has such.
    func startConnection(_ client: RawClient, _ streamID: Int32) {
      if version != .v3 { return }
      client.send(
        MessageHeader(
          .connectionStart, streamID: streamID, serviceID: version.serviceID, connectionID: 2))
    }

    /// Fails unless these are the messages that came behind the greeting.
    func expect(_ client: RawClient, _ events: [RawClient.Event]) {
      #expect(client.messages == version.greeting + events)
    }
  }

  @Test(arguments: cases)
  func newerSourceGetsNothingOfTheOlderOnesStreams(_ item: Case) throws {
    let scene = try Scene(item)
    let destination = try scene.connect(.destination)
    let older = try scene.connect(.source)
    scene.send(older, .streamStart, 7)
    try scene.run(until: { destination.messages.last == scene.event(.streamStart, 7) })
    scene.send(destination, .data, 7, "on the way")
    try scene.settle(destination)
    let newer = try scene.replace(older, .source)
    // The destination does not know yet.
    scene.send(destination, .data, 7, "late")
    try scene.settle(destination)
    // The worst that a source can do: its ids are those of the older one.
    scene.send(newer, .streamStart, 7)
    scene.send(newer, .data, 7, "new")
    try scene.run(until: { destination.messages.last == scene.event(.data, 7, "new") })
    scene.expect(
      destination,
      [
        scene.event(.streamStart, 7), scene.event(.streamReset, 7), scene.event(.streamStart, 7),
        scene.event(.data, 7, "new"),
      ])
    scene.send(destination, .data, 7, "answer")
    try scene.run(until: { newer.messages.last == scene.event(.data, 7, "answer") })
    try scene.rest()
    scene.expect(newer, [scene.event(.data, 7, "answer")])
  }

  /// What is sent while there is no source is for nobody, though another one may come before it has arrived.
  @Test(arguments: cases.filter { $0.way == .restart })
  func newerSourceGetsNothingOfStreamsThatWereForgotten(_ item: Case) throws {
    let scene = try Scene(item)
    let destination = try scene.connect(.destination)
    let older = try scene.connect(.source)
    scene.send(older, .streamStart, 7)
    // The service remembers the newest stream of each service.
    scene.send(older, .streamStart, 8)
    try scene.run(until: { destination.messages.last == scene.event(.streamStart, 8) })
    older.close()
    try scene.run(until: { destination.messages.last == scene.event(.streamReset, 8) })
    scene.send(destination, .data, 7, "late")
    scene.send(destination, .streamReset, 7)
    try scene.settle(destination)
    let newer = try scene.connect(.source)
    try scene.rest()
    scene.expect(newer, [])
  }

  @Test(arguments: cases)
  func newerDestinationGetsNothingOfTheOlderOnesStreams(_ item: Case) throws {
    let scene = try Scene(item)
    let older = try scene.connect(.destination)
    let source = try scene.connect(.source)
    scene.send(source, .streamStart, 7)
    try scene.run(until: { older.messages.last == scene.event(.streamStart, 7) })
    scene.send(source, .data, 7, "on the way")
    try scene.settle(source)
    scene.send(older, .data, 7, "answer")
    try scene.settle(older)
    let newer = try scene.replace(older, .destination)
    // The source does not know yet.
    scene.send(source, .data, 7, "late")
    scene.startConnection(source, 7)
    try scene.settle(source)
    try scene.run(until: { source.messages.contains(scene.event(.streamReset, 7)) })
    let known = source.messages.filter { $0 != refusal(scene) }
    #expect(
      known == scene.version.greeting + [
        scene.event(.data, 7, "answer"), scene.event(.streamReset, 7),
      ])
    scene.send(source, .streamStart, 8)
    scene.send(source, .data, 8, "new")
    try scene.run(until: { newer.messages.last == scene.event(.data, 8, "new") })
    try scene.rest()
    scene.expect(newer, [scene.event(.streamStart, 8), scene.event(.data, 8, "new")])
    if scene.version == .v3 { #expect(source.messages.contains(refusal(scene))) }
  }

  /// Of a connection that was started in a stream that is over.
  private func refusal(_ scene: Scene) -> RawClient.Event {
    .message(.connectionReset, streamID: 7, serviceID: "HTTP1", connectionID: 2, [])
  }

  @Test(arguments: cases.filter { $0.latency > 0 })
  func startOnTheWayToAnOlderDestinationIsReset(_ item: Case) throws {
    let scene = try Scene(item)
    let older = try scene.connect(.destination)
    let source = try scene.connect(.source)
    scene.send(source, .streamStart, 7)
    scene.send(source, .data, 7, "on the way")
    try scene.settle(source)
    let newer = try scene.replace(older, .destination)
    try scene.run(until: { source.messages.last == scene.event(.streamReset, 7) })
    scene.send(source, .data, 7, "late")
    scene.startConnection(source, 7)
    try scene.settle(source)
    try scene.rest()
    scene.expect(newer, [])
    #expect(older.messages == scene.version.greeting)
  }

  @Test(arguments: cases)
  func everythingOfAnOlderSourceComesBeforeTheNewerOnes(_ item: Case) throws {
    let scene = try Scene(item)
    let destination = try scene.connect(.destination)
    let older = try scene.connect(.source)
    scene.send(older, .streamStart, 7)
    scene.send(older, .data, 7, "old")
    try scene.settle(older)
    let newer = try scene.replace(older, .source)
    // A stream that is not its own, and then one that is.
    scene.send(newer, .data, 7, "foreign")
    scene.startConnection(newer, 7)
    scene.send(newer, .streamReset, 7)
    scene.send(newer, .streamStart, 8)
    scene.send(newer, .data, 8, "new")
    try scene.run(until: { destination.messages.last == scene.event(.data, 8, "new") })
    scene.expect(
      destination,
      [
        scene.event(.streamStart, 7), scene.event(.data, 7, "old"), scene.event(.streamReset, 7),
        scene.event(.streamStart, 8), scene.event(.data, 8, "new"),
      ])
    try scene.rest()
    scene.expect(newer, scene.version == .v3 ? [refusal(scene)] : [])
  }

  /// Both go at once, and what either had on the way is nobody's.
  @Test(arguments: cases)
  func twoNewerEndsMeetAfresh(_ item: Case) throws {
    let scene = try Scene(item)
    let olderDestination = try scene.connect(.destination)
    let olderSource = try scene.connect(.source)
    scene.send(olderSource, .streamStart, 7)
    try scene.run(until: { olderDestination.messages.last == scene.event(.streamStart, 7) })
    scene.send(olderSource, .data, 7, "up")
    scene.send(olderDestination, .data, 7, "down")
    try scene.settle(olderSource)
    try scene.settle(olderDestination)
    let newerDestination = try scene.replace(olderDestination, .destination)
    let newerSource = try scene.replace(olderSource, .source)
    scene.send(newerSource, .streamStart, 7)
    try scene.run(until: { newerDestination.messages.last == scene.event(.streamStart, 7) })
    scene.send(newerDestination, .data, 7, "answer")
    try scene.run(until: { newerSource.messages.last == scene.event(.data, 7, "answer") })
    try scene.rest()
    scene.expect(newerDestination, [scene.event(.streamStart, 7)])
    scene.expect(newerSource, [scene.event(.data, 7, "answer")])
  }

  /// A newer source is told nothing about the older one's start that nobody took.
  @Test func refusalsGoToWhomTheyAreFor() throws {
    let scene = try Scene(Case(version: .v3, way: .restart, latency: 60))
    let older = try scene.connect(.source)
    scene.send(older, .streamStart, 7)
    try scene.settle(older)
    let newer = try scene.replace(older, .source)
    try scene.rest()
    scene.expect(newer, [])
  }
}

extension RawClient {
  /// The tunnel's messages among the events.
  var messages: [Event] { events.filter { if case .message = $0 { true } else { false } } }
}
