import Basics
import Simulator
import Testing

@testable import Configuration
@testable import Proxy
@testable import Tunnel

/// Whose clients are held back.
private final class Owner: RelayHandler {
  private(set) var heldServices: [Int] = []
  var isFull: Bool { !heldServices.isEmpty }

  func relay(_ relay: Relay, holdsClients: Bool, ofService service: Int) {
    heldServices.removeAll { $0 == service }
    if holdsClients { heldServices.append(service) }
  }
  func relayAgreed(_ relay: Relay) {}
  func relay(_ relay: Relay, mismatch reason: String) {}
  func relay(_ relay: Relay, ended end: TunnelLink.End) {}
  func relayCounted(_ relay: Relay) {}
  func relayDrained(_ relay: Relay) {}
}

@Suite("A source without a place for another client")
struct RelayPlaceTests {
  private let world = QuietWorld()
  private let owner = Owner()
  private let harness: RelayHarness

  init() throws {
    var settings = RelayHarness.plain
    settings.activeConnectionCountMax = 2
    harness = try RelayHarness(.source, settings: settings, in: world)
    harness.relay.handler = owner
  }

  @Test("the next client waits, the others stay in the kernel, and a place that comes is its")
  func waits() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    #expect(!owner.isFull)
    let third = try harness.accept()
    #expect(owner.isFull && !third.isClosed && harness.sent.count == 2)
    world.advance(1_900)
    harness.arrive(.connectionReset, stream: 1, connection: 1)
    world.advance(0)
    #expect(!owner.isFull && !third.isClosed)
    #expect(harness.sent.last == .init(type: .connectionStart, streamID: 1, connectionID: 3))
    world.advance(10_000)
    #expect(!third.isClosed)
  }

  @Test("it is refused when none came for two seconds, and those behind it at once until one comes")
  func refuses() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    world.advance(1_999)
    #expect(!third.isClosed)
    world.advance(1)
    #expect(third.isAborted && !owner.isFull)
    #expect(try harness.accept().isAborted)
    harness.arrive(.connectionReset, stream: 1, connection: 2)
    #expect(try !harness.accept().isClosed)
    #expect(try !harness.accept().isClosed)
    #expect(owner.isFull)
  }

  @Test("places that clients of a silent server leave do not feed those that wait for ever")
  func diesOut() throws {
    // As when a destination connects to the source's own port: each client's end is the place of the next.
    var clients = try [harness.accept(), harness.accept(), harness.accept()]
    var connection: UInt32 = 1
    for _ in 0..<4 {
      world.advance(490)
      harness.arrive(.connectionReset, stream: 1, connection: connection)
      connection += 1
      world.advance(0)
      clients.append(try harness.accept())
      #expect(clients.allSatisfy { !$0.isAborted })
    }
    world.advance(100)
    #expect(clients.last?.isAborted == true)
    #expect(try harness.accept().isAborted)
  }

  @Test("one who waited long ago takes nothing from the patience of the next")
  func forgetsEarlierWaits() throws {
    var settings = RelayHarness.plain
    settings.activeConnectionCountMax = 2
    let harness = try RelayHarness(
      .source, settings: settings, in: world, services: ["A", "B"])
    harness.relay.handler = owner
    for _ in 0..<2 { _ = try harness.accept(service: 0) }
    let third = try harness.accept(service: 1)
    world.advance(2_000)
    #expect(!third.isClosed && !owner.isFull, "it has the place of one that was never answered")
    for (stream, service) in [(Int32(1), "A"), (2, "B")] {
      harness.arrive(
        RelayHarness.encode(.streamReset, stream: stream, connection: 0, service: service))
    }
    world.advance(60_000)
    for _ in 0..<2 { _ = try harness.accept(service: 0) }
    #expect(try !harness.accept(service: 1).isClosed)
    #expect(owner.isFull)
  }

  @Test("as long as connections that were in use leave, whoever waits waits on")
  func waitsBehindUsers() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    for connection in 2...UInt32(6) {
      world.advance(1_900)
      harness.arrive(.data, stream: 1, connection: connection, [1])
      harness.arrive(.connectionReset, stream: 1, connection: connection)
      world.advance(0)
      #expect(try !harness.accept().isAborted)
    }
    #expect(!third.isAborted && owner.isFull)
  }

  @Test(
    "who waits for another's end is looked at once a second, however long it has waited for a place"
  )
  func doesNotSpin() throws {
    var settings = RelayHarness.plain
    settings.activeConnectionCountMax = 1
    settings.protocolVersion = .v2
    let harness = try RelayHarness(
      .source, settings: settings, in: world, services: ["A", "B"])
    _ = try harness.accept(service: 1)
    let second = try harness.accept(service: 0)
    harness.arrive(RelayHarness.encode(.data, stream: 1, connection: 0, [1], service: "B"))
    harness.arrive(RelayHarness.encode(.streamReset, stream: 1, connection: 0, service: "B"))
    world.advance(0)
    #expect(harness.sent.last?.streamID == 2, "the second has the place")
    let third = try harness.accept(service: 0)
    let callCount = world.callCount
    world.advance(9_000)
    #expect(!second.isClosed && !third.isClosed)
    #expect(world.callCount - callCount <= 12)
  }

  @Test("those that wait outlive the tunnel, for whoever takes them to the next")
  func handsOver() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    harness.relay.shutDown()
    let waiting = harness.relay.takeClients()
    #expect(waiting.count == 1 && waiting.first?.stream === third.near && !third.isClosed)
    #expect(world.timerCount == 0)
  }

  @Test("nobody waits beyond the end of the tunnel, or of the program")
  func endsWaiting() throws {
    _ = try harness.accept()
    _ = try harness.accept()
    let third = try harness.accept()
    harness.relay.drain()
    #expect(third.isAborted)
    #expect(try harness.accept().isAborted)
    harness.relay.shutDown()
    #expect(world.timerCount == 0 && harness.relay.takeClients().isEmpty)
  }
}

@Suite("Services that share a tunnel's places")
struct RelayShareTests {
  private let world = QuietWorld()
  private let owner = Owner()

  private func harness(_ role: TunnelRole, placeCount: Int = 4) throws -> RelayHarness {
    var settings = RelayHarness.plain
    settings.activeConnectionCountMax = placeCount
    return try RelayHarness(
      role, settings: settings, in: world, services: ["A", "B"], handler: owner)
  }

  @Test("a client takes the place of one that waits for its answer, up to its service's share")
  func takesPlaceOfUnanswered() throws {
    let harness = try harness(.source)
    let dead = try (0..<4).map { _ in try harness.accept() }
    harness.arrive(.data, stream: 1, connection: 1, [1])
    // Those who have only just come are spared, and only their own service's clients wait.
    let waiting = try harness.accept()
    #expect(owner.heldServices == [0])
    let first = try harness.accept(service: 1)
    #expect(owner.heldServices == [0, 1] && dead.allSatisfy { !$0.isClosed })
    world.advance(2_000)
    #expect(!first.isClosed && dead[1].isAborted && waiting.isAborted)
    let second = try harness.accept(service: 1)
    #expect(!second.isClosed && dead[2].isAborted)
    // Both services have their share now.
    let third = try harness.accept(service: 1)
    world.advance(2_000)
    #expect(third.isAborted && !dead[0].isClosed && !dead[3].isClosed)
    #expect(harness.sent.filter { $0.type == .connectionReset }.count == 2)
  }

  @Test("with fewer places than services, each gets one from those that wait for theirs")
  func sharesLastPlace() throws {
    let harness = try harness(.source, placeCount: 1)
    let dead = try harness.accept()
    world.advance(1_000)
    let living = try harness.accept(service: 1)
    #expect(dead.isAborted && !living.isClosed)
    harness.arrive(
      RelayHarness.encode(.data, stream: 2, connection: 1, [1], service: "B"))
    #expect(living.received == [1])
  }

  @Test("nobody who was answered gives way")
  func sparesAnswered() throws {
    let harness = try harness(.source)
    let clients = try (0..<4).map { _ in try harness.accept() }
    for connection in 1...UInt32(4) {
      harness.arrive(.data, stream: 1, connection: connection, [1])
    }
    let other = try harness.accept(service: 1)
    world.advance(3_000)
    #expect(other.isAborted && clients.allSatisfy { !$0.isClosed })
  }

  @Test("at a destination those that are being connected give way, and their source hears of it")
  func takesPlaceOfConnecting() throws {
    let harness = try harness(.destination)
    harness.arrive(.streamStart, stream: 1, connection: 1)
    for connection in 2...UInt32(4) {
      harness.arrive(.connectionStart, stream: 1, connection: connection)
    }
    func start(_ stream: Int32) {
      harness.arrive(
        RelayHarness.encode(.streamStart, stream: stream, connection: 1, service: "B"))
    }
    start(7)
    #expect(harness.sent == [.init(type: .connectionReset, streamID: 7, connectionID: 1)])
    world.advance(1_000)
    // Without room for the reset the place is free all the same.
    harness.tunnel.fill()
    start(8)
    #expect(harness.relay.core.session.connectionCount(of: 1) == 1)
    harness.tunnel.roomLeft = nil
    #expect(
      harness.sent.dropFirst() == [.init(type: .connectionReset, streamID: 1, connectionID: 1)])
    #expect(harness.relay.connectionCount == 4 && harness.relay.core.connectingCount == 4)
  }
}

@Suite("The second client of a service that has one connection at a time")
struct RelaySecondClientTests {
  private let world = QuietWorld()

  private func harness(_ choice: Settings.SecondClient) throws -> RelayHarness {
    var settings = RelayHarness.plain
    settings.protocolVersion = .v2
    settings.secondClient = choice
    return try RelayHarness(.source, settings: settings, in: world)
  }

  @Test("it waits as long as the first one lives, by default")
  func waits() throws {
    #expect(Settings().secondClient == .wait)
    let harness = try harness(.wait)
    let first = try harness.accept()
    first.send([1])
    let second = try harness.accept()
    world.advance(3_600_000)
    #expect(!first.isClosed && !second.isClosed && harness.sent.count == 2)
    harness.arrive(.streamReset, stream: 1, connection: 0)
    world.advance(0)
    #expect(first.isClosed && !second.isClosed)
    #expect(harness.sent.last == .init(type: .streamStart, streamID: 2, connectionID: 0))
  }

  @Test("one that never was in use, or only lingers, does not keep it waiting")
  func yields() throws {
    let harness = try harness(.wait)
    let unused = try harness.accept()
    let second = try harness.accept()
    world.advance(9_000)
    #expect(!unused.isClosed)
    world.advance(2_000)
    #expect(unused.isAborted && !second.isClosed)
    second.send([1])
    harness.arrive(.data, stream: 2, connection: 0, [1])
    second.finish()
    let third = try harness.accept()
    world.advance(2_100)
    #expect(second.isClosed && !third.isClosed)
    #expect(
      harness.sent.map(\.type) == [
        .streamStart, .streamReset, .streamStart, .data, .streamReset, .streamStart,
      ])
  }

  @Test(
    "one that has half-closed keeps its turn as long as its answer comes, also where both ends are ours",
    arguments: [(false, Int64(3_000)), (true, Int64(30_000))])
  func yieldsWhenSilent(hasSpoken: Bool, milliseconds: Int64) throws {
    var settings = Settings()
    settings.protocolVersion = .v2
    let harness = try RelayHarness(.source, settings: settings, in: world)
    let first = try harness.accept()
    harness.arrive(.data, stream: 1, connection: 0, ignorable: true)
    first.send([1])
    if hasSpoken { harness.arrive(.data, stream: 1, connection: 0, [7]) }
    first.finish()
    let second = try harness.accept()
    world.advance(milliseconds - 1_000)
    #expect(!first.isClosed && !second.isClosed)
    world.advance(2_100)
    #expect(first.isAborted && !second.isClosed)
    #expect(harness.sent.last?.type == .streamStart)
  }

  @Test("it takes the first one's place, as in the reference, where that is chosen")
  func replaces() throws {
    let harness = try harness(.replace)
    let first = try harness.accept()
    first.send([1])
    let second = try harness.accept()
    #expect(first.isAborted && !second.isClosed)
  }
}
