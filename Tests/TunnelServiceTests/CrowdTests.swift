import Basics
import Testing

@testable import Reactor
@testable import TunnelService

/// Clients that take the places of others on their way to a WebSocket.
@Suite struct CrowdTests {
  /// A connection that says nothing.
  private final class Silent: StreamHandler {
    private(set) var isOpen = false
    private(set) var hasEnded = false
    private var stream: (any ByteStream)?

    init(_ hall: Hall, from host: String) throws {
      stream = try hall.reactor.connect(
        to: hall.address, from: SocketAddress(numeric: host, port: 0), self)
    }

    func streamOpened() {
      isOpen = true
      stream?.interest = .readable
    }

    func streamFailed(_ failure: StreamFailure) { hasEnded = true }

    func streamReady(_ readiness: Readiness) {
      var buffer = ByteQueue()
      buffer.reserve(64)
      guard let stream else { return }
      switch buffer.withWritable({ stream.receive(into: &$0) }) {
      case .bytes, .wouldBlock: break
      case .endOfStream, .failed:
        hasEnded = true
        stream.close()
        self.stream = nil
      }
    }
  }

  /// So many from one address, each of them received before the next comes.
  private static func crowd(_ hall: Hall, _ count: Int, from host: String) throws -> [Silent] {
    var crowd: [Silent] = []
    for _ in 0..<count {
      let before = hall.service.acceptedCount
      let client = try Silent(hall, from: host)
      try hall.run(until: {
        (client.isOpen || client.hasEnded) && hall.service.acceptedCount > before
      })
      crowd.append(client)
    }
    return crowd
  }

  @Test func oneAddressHasItsShareAndOthersStillComeIn() throws {
    let hall = try Hall()
    let share = TunnelService.receptionCountPerAddressMax
    let crowd = try Self.crowd(hall, share + 3, from: "127.0.0.2")
    try hall.run(until: { crowd.prefix(3).allSatisfy { $0.hasEnded } })
    #expect(crowd.dropFirst(3).allSatisfy { !$0.hasEnded })
    let tokens = try hall.service.openTunnel(services: [])
    // From another address, and from the same one.
    _ = try hall.connected(.source, token: tokens.source)
    _ = try hall.connected(.destination, token: tokens.destination, from: "127.0.0.2")
    try hall.run(until: { crowd[3].hasEnded })
    #expect(crowd.dropFirst(4).allSatisfy { !$0.hasEnded })
  }

  @Test func addressWithTheMostYieldsWhenAllPlacesAreTaken() throws {
    let hall = try Hall()
    let share = TunnelService.receptionCountPerAddressMax
    let rest = TunnelService.receptionCountMax - share
    let few = try Self.crowd(hall, rest - share / 2, from: "127.0.0.3")
    let many = try Self.crowd(hall, share, from: "127.0.0.2")
    let some = try Self.crowd(hall, share / 2, from: "127.0.0.4")
    #expect((few + many + some).allSatisfy { !$0.hasEnded })
    let tokens = try hall.service.openTunnel(services: [])
    _ = try hall.connected(.source, token: tokens.source)
    try hall.run(until: { many[0].hasEnded })
    #expect((few + many.dropFirst() + some).allSatisfy { !$0.hasEnded })
  }

  @Test func newcomerIsTurnedAwayWhenAllHaveAsFew() throws {
    let hall = try Hall()
    let addresses = (0..<TunnelService.receptionCountMax).map { "127.0.1.\($0)" }
    let crowd = try addresses.flatMap { try Self.crowd(hall, 1, from: $0) }
    let last = try Self.crowd(hall, 1, from: "127.0.0.2")
    try hall.run(until: { last[0].hasEnded })
    #expect(crowd.allSatisfy { !$0.hasEnded })
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
    ("::ffff:10.0.0.1", "10.0.0.1", true), ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
    ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
    ("fe80::1", "fe80::2", false), ("fe80::1", "fe80::1", true), ("::1", "0.0.0.0", false),
    ("::1", "0.0.0.1", false), ("::a00:1", "10.0.0.1", false),
  ])
  func clientsAreTheSameOrNot(_ one: String, _ other: String, areSame: Bool) throws {
    let addresses = try [one, other].map { text in
      try ClientAddress(#require(SocketAddress(numeric: text, port: 1)))
    }
    #expect((addresses[0] == addresses[1]) == areSame)
  }
}
