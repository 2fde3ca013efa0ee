import Basics
import Testing

@testable import Tunnel

/// Sockets about which everything is known.
private final class KnownSockets: LocalSockets {
  var closedSlots: Set<Int> = []
  var unacknowledgedByteCounts: [Int: Int] = [:]

  func isPeerClosed(slot: Int) -> Bool { closedSlots.contains(slot) }
  func unacknowledgedByteCount(slot: Int) -> Int { unacknowledgedByteCounts[slot] ?? 0 }
}

/// A core, the time, and what it ordered: no socket, no link.
private final class CoreHarness {
  let sockets = KnownSockets()
  var core: RelayCore
  var now = Instant(nanoseconds: 1_000_000_000_000)
  private(set) var orders: [String] = []
  private(set) var deliveries: [Int] = []
  private var clientCount: UInt64 = 0

  init(
    _ role: TunnelRole, tally: Tally = Tally(), services: [String] = ["A", "B"],
    change: (inout RelayCore.Options) -> Void = { _ in }
  ) throws {
    var session = TunnelSession.Options(role: role, mappings: ["A", "B"], connectionCountMax: 4)
    session.negotiatesHalfClose = true
    var options = RelayCore.Options(session)
    change(&options)
    core = RelayCore(options, streamIDs: .beforeFirst, tally: tally)
    let list = MessageHeader.serviceIDs(services)
    try arrive(Array(list.dropFirst(Message.prefixByteCount)))
    _ = takeOrders()
  }

  func handle(_ event: RelayCore.Event) {
    core.handle(event, now: now, sockets)
    while let order = core.next() { orders.append(Self.text(order)) }
    let fault = core.checkInvariants()
    #expect(fault == nil)
  }

  private func arrive(_ bytes: [UInt8]) throws {
    try core.handle(Message.parse(bytes.span), in: bytes.span, now: now, sockets)
    if let slot = core.takeDelivery() { deliveries.append(slot) }
    while let order = core.next() { orders.append(Self.text(order)) }
  }

  func arrive(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = [],
    ignorable: Bool = false, writesIgnorable: Bool = false
  ) throws {
    let bytes = RelayHarness.encode(
      type, stream: stream, connection: connection, payload, ignorable: ignorable,
      writesIgnorable: writesIgnorable)
    try arrive(Array(bytes.dropFirst(Message.prefixByteCount)))
  }

  func takeOrders() -> [String] {
    let taken = orders
    orders = []
    return taken
  }

  /// What goes into the tunnel, while it has room for so many.
  func send(_ count: Int = .max) -> [String] {
    core.beginTurns()
    var sent: [String] = []
    while sent.count < count, core.hasTurn {
      switch core.nextToSend(now: now, frameByteCountMax: 1_000) {
      case .message(let header):
        sent.append(
          "\(header.type) \(header.connectionID)" + (header.ignorable ? " ignorable" : ""))
      case .received(let slot, _, let byteCountMax): sent.append("receive \(slot) \(byteCountMax)")
      case nil: break
      }
      while let order = core.next() { orders.append(Self.text(order)) }
    }
    return sent
  }

  /// A client of the first service, which has a place and has said nothing yet.
  func accept(service: Int = 0) {
    clientCount += 1
    handle(.accepted(client: clientCount, service: service))
  }

  var readsTunnel: Bool { core.readsTunnel }
  var congestedMilliseconds: Int64 { core.congestedTime(now).count / 1_000_000 }
  var connectionCount: Int { core.connectionCount }

  func wait(_ time: Int64) { now = now + Milliseconds(time) }

  private static func text(_ order: RelayCore.Order) -> String {
    switch order {
    case .report(let report): "\(report)".prefix { $0 != "(" }.description
    case .refuse(let client, _, let refusal): "refuse \(client) \(refusal)"
    case .admit(let client, let slot): "admit \(client) \(slot)"
    case .close(let slot, let ending): "\(ending) \(slot)"
    case .holdClients(let service, let holds): "hold \(service) \(holds)"
    case .connect, .watch, .finishSending, .giveBackMemory, .servicesAgreed, .servicesMismatch,
      .violate, .drained:
      "\(order)"
    }
  }
}

@Suite("Relay's core")
struct RelayCoreTests {
  @Test("an end that waits for room goes out although the peer's own end comes before there is any")
  func keepsEndBehindPeers() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    #expect(harness.send() == ["streamStart 1", "receive 0 1000"])
    try harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    harness.handle(.readable(slot: 0))
    #expect(harness.send() == ["receive 0 1000"])
    // From here on there is no room.
    harness.handle(.ended(slot: 0))
    try harness.arrive(.data, stream: 1, connection: 1, [1, 2])
    #expect(harness.deliveries == [0])
    harness.handle(.taken(slot: 0, byteCount: 0, pendingByteCount: 2))
    try harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    #expect(harness.send() == ["data 1 ignorable"])
    _ = harness.takeOrders()
    harness.handle(.taken(slot: 0, byteCount: 2, pendingByteCount: 0))
    #expect(harness.takeOrders().contains("close 0") && harness.connectionCount == 0)
  }

  @Test("an end that waits for room is not sent to a peer for which the connection is over")
  func forgetsEndAfterReset() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    _ = harness.send()
    try harness.arrive(.data, stream: 1, connection: 1, ignorable: true)
    harness.handle(.ended(slot: 0))
    try harness.arrive(.connectionReset, stream: 1, connection: 1, writesIgnorable: true)
    #expect(harness.connectionCount == 0 && harness.send().isEmpty)
  }

  @Test(
    "a connection that is over here, and only waits to tell the peer, is not spoken of any more")
  func namesNobodyWhoLeft() throws {
    // By the peer's reset, which crosses this end's own.
    let crossed = try CoreHarness(.source)
    crossed.accept()
    _ = crossed.send()
    crossed.handle(.failed(slot: 0))
    #expect(crossed.takeOrders().last == "reset 0")
    try crossed.arrive(.connectionReset, stream: 1, connection: 1)
    #expect(crossed.takeOrders() == [])
    // By a client of another service, which takes its place.
    let crowded = try CoreHarness(.source)
    for _ in 0..<4 { crowded.accept() }
    _ = crowded.send()
    crowded.handle(.failed(slot: 0))
    crowded.wait(1_000)
    _ = crowded.takeOrders()
    crowded.accept(service: 1)
    #expect(crowded.takeOrders() == ["admit 5 0"])
  }

  @Test("the tunnel is not read while as many resets wait for room as may, and no client is taken")
  func boundsReplies() throws {
    let harness = try CoreHarness(.destination)
    var id: UInt32 = 1
    while harness.readsTunnel && id < 200 {
      // A connection of a stream that nobody has begun.
      try harness.arrive(.connectionStart, stream: 9, connection: id)
      id += 1
    }
    #expect(harness.core.replies.count == RelayCore.replyCountMax)
    #expect(harness.send(1) == ["connectionReset 1 ignorable"])
    #expect(harness.readsTunnel)
  }

  @Test("the tunnel is not read while one socket leaves too much, and is again below half of it")
  func pausesForReader() throws {
    let harness = try CoreHarness(.source) { $0.connectionPendingMax = 1_000 }
    harness.accept()
    harness.handle(.taken(slot: 0, byteCount: 0, pendingByteCount: 999))
    #expect(harness.readsTunnel)
    harness.handle(.taken(slot: 0, byteCount: 0, pendingByteCount: 1_000))
    #expect(!harness.readsTunnel && harness.core.isStalled(0))
    harness.handle(.taken(slot: 0, byteCount: 499, pendingByteCount: 501))
    #expect(!harness.readsTunnel)
    harness.handle(.taken(slot: 0, byteCount: 1, pendingByteCount: 500))
    #expect(harness.readsTunnel && !harness.core.isStalled(0))
  }

  @Test("a reader that stalls is reset after its patience, what it takes winds the clock")
  func resetsStalledReader() throws {
    let harness = try CoreHarness(.source) { $0.connectionPendingMax = 1_000 }
    harness.accept()
    harness.handle(.taken(slot: 0, byteCount: 0, pendingByteCount: 2_000))
    var waited = 0 as Int64
    var wasTold = false
    while harness.connectionCount > 0 && waited < 200_000 {
      harness.wait(250)
      waited += 250
      if waited == 20_000 {
        harness.sockets.unacknowledgedByteCounts[0] = 7
        wasTold = true
      }
      harness.handle(.deadlineCame)
      _ = harness.send()
    }
    // Alone it has 40 s, from when it last took something.
    #expect(wasTold && (60_000...60_500).contains(waited))
    #expect(harness.takeOrders().contains("readerStalls"))
  }

  @Test("connections take turns, sixteen frames at most, and nothing goes before a reply")
  func takesTurns() throws {
    let harness = try CoreHarness(.source)
    for _ in 0..<3 { harness.accept() }
    #expect(
      harness.send() == [
        "streamStart 1", "receive 0 1000", "connectionStart 2", "receive 1 1000",
        "connectionStart 3", "receive 2 1000",
      ])
    for slot in 0..<3 {
      harness.handle(.received(slot: slot, byteCount: 1_000, isFull: true))
    }
    var slots: [String] = []
    harness.core.beginTurns()
    while harness.core.hasTurn {
      guard
        case .received(let slot, _, _) = harness.core.nextToSend(
          now: harness.now, frameByteCountMax: 1_000)
      else { break }
      slots.append("\(slot)")
      harness.handle(.received(slot: slot, byteCount: 1_000, isFull: true))
    }
    #expect(slots.joined() == "0120120120120120" && harness.core.wantsRoom)
  }

  /// Of each service: connections, bytes in, bytes out.
  private static func traffic(_ tally: Tally) -> [String] {
    let count = tally.services.count
    return tally.services.indices.map { index in
      (["\(tally.services[index])"] + (0..<3).map { "\(tally.numbers[$0 * count + index])" })
        .joined(separator: " ")
    }
  }

  private static func count(_ counted: Counted, _ tally: Tally) -> Int64 {
    tally.numbers[3 * tally.services.count + counted.rawValue]
  }

  @Test("what connections moved is counted once, while they are there and when they have gone")
  func countsTraffic() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    harness.accept(service: 1)
    _ = harness.send()
    harness.handle(.received(slot: 0, byteCount: 1_000, isFull: true))
    harness.handle(.received(slot: 0, byteCount: 1, isFull: false))
    harness.handle(.received(slot: 1, byteCount: 30, isFull: false))
    try harness.arrive(.data, stream: 1, connection: 1, [1, 2, 3])
    let expected = ["A 1 1001 3", "B 1 30 0"]
    let tally = harness.core.tally
    #expect(Self.traffic(tally) == expected)
    let found = harness.core.status(slot: 0)
    let status = try #require(found)
    #expect(status.sentByteCount == 1_001 && status.receivedByteCount == 3)
    harness.handle(.failed(slot: 0))
    _ = harness.send()
    #expect(harness.connectionCount == 1 && Self.traffic(tally) == expected)
    let gone = harness.core.status(slot: 0)
    #expect(gone == nil)
    // The next WebSocket's relay goes on with that.
    let next = try CoreHarness(.source, tally: tally)
    next.accept(service: 1)
    #expect(Self.traffic(tally) == ["A 1 1001 3", "B 2 30 0"])
    #expect(Self.count(.resetLocally, tally) == 1)
    // Services that are others begin anew, the reasons do not.
    _ = try CoreHarness(.source, tally: tally, services: ["B", "A"])
    #expect(Self.traffic(tally) == ["B 0 0 0", "A 0 0 0"])
    #expect(Self.count(.resetLocally, tally) == 1)
  }

  @Test("why connections did not begin, or were cut, is counted")
  func countsReasons() throws {
    let source = try CoreHarness(.source)
    for _ in 0..<5 { source.accept() }
    _ = source.send()
    // The fifth waits for a place, and in vain.
    source.wait(2_000)
    source.handle(.deadlineCame)
    source.handle(.failed(slot: 0))
    try source.arrive(.streamReset, stream: 1, connection: 0)
    source.handle(.stopRequested)
    source.accept()
    let destination = try CoreHarness(.destination)
    try destination.arrive(.connectionStart, stream: 9, connection: 1)
    for id in 1...5 as ClosedRange<UInt32> {
      try destination.arrive(id == 1 ? .streamStart : .connectionStart, stream: 1, connection: id)
    }
    destination.handle(.connectFailed(slot: 0))
    let counted: [(CoreHarness, [Counted: Int64])] = [
      (
        source,
        [.refusedStopping: 1, .refusedUnanswered: 1, .resetByPeer: 3, .resetLocally: 1]
      ),
      (destination, [.refusedFull: 1, .refusedProtocol: 1, .resetNotConnected: 1]),
    ]
    for (harness, expected) in counted {
      for place in 0...Counted.againSilent.rawValue {
        let reason = try #require(Counted(rawValue: place))
        #expect(Self.count(reason, harness.core.tally) == expected[reason] ?? 0, "\(reason)")
      }
    }
  }

  @Test("the time in which the tunnel was not read is counted, also while it goes on")
  func countsCongestion() throws {
    let harness = try CoreHarness(.source) { $0.connectionPendingMax = 1_000 }
    harness.accept()
    for pause in 1...2 as ClosedRange<Int64> {
      harness.handle(.taken(slot: 0, byteCount: 0, pendingByteCount: 1_000))
      harness.wait(200)
      #expect(harness.congestedMilliseconds == 300 * pause - 100)
      harness.wait(100)
      harness.handle(.taken(slot: 0, byteCount: 1_000, pendingByteCount: 0))
      harness.wait(1_000)
      #expect(harness.congestedMilliseconds == 300 * pause)
    }
    harness.core.settle(harness.now)
    let next = try CoreHarness(.source, tally: harness.core.tally)
    #expect(next.congestedMilliseconds == 600)
  }

  @Test("of a relay that is over those are counted as cut that were connected, and no one twice")
  func countsOnceAtTheEnd() throws {
    let harness = try CoreHarness(.source)
    for _ in 1...3 { harness.accept() }
    #expect(harness.send(6).filter { $0.contains("tart") }.count == 3)
    // From here on there is no room: what the peer is to hear of them waits.
    harness.handle(.failed(slot: 0))
    harness.handle(.readable(slot: 1))
    harness.sockets.closedSlots = [1]
    harness.handle(.ended(slot: 1))
    #expect(harness.connectionCount == 3)
    harness.core.settle(harness.now)
    for (reason, count) in [(Counted.resetLocally, 1), (.resetTunnelLost, 1), (.resetByPeer, 0)] {
      #expect(Self.count(reason, harness.core.tally) == count)
    }
  }

  @Test("who has the slot of one that has gone has not its turn")
  func keepsTurnFromSuccessor() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    #expect(harness.send(1) == ["streamStart 1"])
    // From here on there is no room.
    harness.accept()
    try harness.arrive(.connectionReset, stream: 1, connection: 1)
    harness.accept()
    #expect(harness.takeOrders().contains("admit 3 0"))
    #expect(
      harness.send().filter { $0.hasSuffix("2") || $0.hasSuffix("3") } == [
        "connectionStart 2", "connectionStart 3",
      ])
  }

  @Test("clients that come and go while the tunnel takes nothing leave nothing behind")
  func forgetsTicketsOfGone() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    #expect(harness.send(2) == ["streamStart 1", "receive 0 1000"])
    // From here on there is no room.
    harness.accept()
    for _ in 0..<1_000 {
      harness.accept()
      harness.handle(.failed(slot: 2))
    }
    #expect(harness.core.queue.count == 2)
    harness.accept()
    #expect(
      harness.send().filter { $0.hasPrefix("c") } == ["connectionStart 2", "connectionStart 1003"])
  }

  @Test("a client waits for a place, the next of its service in the kernel, and then has it")
  func holdsClient() throws {
    let harness = try CoreHarness(.source)
    for _ in 0..<4 { harness.accept() }
    _ = harness.send()
    _ = harness.takeOrders()
    harness.accept()
    #expect(harness.takeOrders() == ["hold 0 true"])
    harness.accept()
    #expect(harness.takeOrders() == ["refuse 6 fullWithoutAnswer"])
    harness.handle(.failed(slot: 2))
    _ = harness.send()
    #expect(harness.takeOrders().contains("reset 2"))
    #expect(harness.core.deadline == harness.now)
    harness.handle(.deadlineCame)
    #expect(harness.takeOrders() == ["admit 5 2", "hold 0 false"])
  }

  @Test("how long others waited for their places is nothing to the next who waits")
  func waitsAnew() throws {
    let harness = try CoreHarness(.source) { $0.session.connectionCountMax = 1 }
    harness.accept()
    _ = harness.send()
    try harness.arrive(.data, stream: 1, connection: 1, [1])
    harness.handle(.taken(slot: 0, byteCount: 1, pendingByteCount: 0))
    harness.accept()
    harness.handle(.failed(slot: 0))
    _ = harness.send()
    harness.handle(.deadlineCame)
    #expect(harness.takeOrders().contains("admit 2 0"))
    harness.wait(10_000)
    harness.accept()
    #expect(harness.takeOrders() == ["hold 0 true"])
    for _ in 0..<2 {
      harness.wait(1_000)
      harness.handle(.deadlineCame)
    }
    #expect(harness.takeOrders().contains("refuse 3 fullWithoutAnswer"))
  }

  @Test("a half-closed connection that makes room is the only one that does")
  func endsOneForOne() throws {
    let harness = try CoreHarness(.source) { $0.session.negotiatesHalfClose = false }
    for _ in 0..<4 { harness.accept() }
    _ = harness.send()
    harness.handle(.ended(slot: 1))
    harness.wait(1_000)
    _ = harness.takeOrders()
    harness.accept(service: 1)
    let orders = harness.takeOrders()
    #expect(orders.contains("resetBehindSent 1") && orders.contains("hold 1 true"))
    #expect(!orders.contains { $0.hasPrefix("placeTaken") || $0.hasPrefix("reset 0") })
    #expect(harness.send().first == "connectionReset 2")
    harness.handle(.deadlineCame)
    #expect(harness.takeOrders() == ["admit 5 1", "hold 1 false"])
    #expect(harness.connectionCount == 4)
  }

  @Test("what is owed of a connection that has ended well is told, also when its place is taken")
  func owesEndOfReplaced() throws {
    let harness = try CoreHarness(.source) { $0.session.version = .v2 }
    harness.accept()
    _ = harness.send()
    // It knows the marks, and then its direction ends.
    for _ in 0..<2 { try harness.arrive(.data, stream: 1, connection: 0, ignorable: true) }
    // From here on there is no room.
    harness.handle(.ended(slot: 0))
    _ = harness.takeOrders()
    harness.accept()
    #expect(harness.takeOrders().contains("admit 2 0"))
    #expect(harness.send(2) == ["data 0 ignorable", "streamStart 0"])
  }

  @Test("a client that has closed is told of as that, also when its place is taken")
  func owesCloseOfReplaced() throws {
    let harness = try CoreHarness(.source)
    for _ in 0..<4 { harness.accept() }
    _ = harness.send()
    harness.sockets.closedSlots = [0]
    harness.handle(.ended(slot: 0))
    harness.wait(1_000)
    harness.accept(service: 1)
    #expect(harness.takeOrders().contains("admit 5 0"))
    let reset = harness.core.replies.first
    #expect(reset?.type == .connectionReset && reset?.connectionID == 1)
    #expect(reset?.writesIgnorable == true, "nobody has cut it")
  }

  @Test("who has had his answer and gone is nobody whom the next client cuts", arguments: [2, 3])
  func countsNoGoneAsCut(version: Int) throws {
    let harness = try CoreHarness(.source) { options in
      options.session.negotiatesHalfClose = false
      options.session.version = version == 2 ? .v2 : .v3
      if version == 3 { options.session.connectionCountMax = 1 }
    }
    harness.accept()
    _ = harness.send()
    harness.handle(.received(slot: 0, byteCount: 1, isFull: false))
    harness.handle(.ended(slot: 0))
    harness.sockets.closedSlots = [0]
    _ = harness.takeOrders()
    harness.accept()
    let orders = harness.takeOrders()
    #expect(!orders.contains { $0.hasPrefix("replaced") || $0.hasPrefix("lingerOver") })
    #expect(version == 3 || orders.contains("admit 2 0"))
    let counted = Counted.resetByPeer.rawValue...Counted.resetTunnelLost.rawValue
    for reason in counted.compactMap(Counted.init(rawValue:)) {
      #expect(Self.count(reason, harness.core.tally) == 0, "\(reason)")
    }
  }

  @Test("each service has five seconds before its silence is told of, and that once")
  func tellsOfEachSilence() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    harness.wait(4_900)
    harness.accept(service: 1)
    harness.wait(100)
    _ = harness.takeOrders()
    harness.handle(.deadlineCame)
    #expect(harness.takeOrders() == ["silence"])
    harness.accept()
    harness.wait(4_900)
    #expect(harness.core.deadline == harness.now)
    _ = harness.takeOrders()
    harness.handle(.deadlineCame)
    #expect(harness.takeOrders() == ["silence"])
    harness.accept(service: 1)
    #expect(harness.core.deadline == nil)
  }

  @Test("after a request to stop nobody is admitted, and the last to go is told of")
  func drains() throws {
    let harness = try CoreHarness(.source)
    harness.accept()
    _ = harness.send()
    harness.handle(.stopRequested)
    #expect(!harness.takeOrders().contains("drained"))
    harness.accept()
    #expect(harness.takeOrders() == ["refuse 2 stopping"])
    harness.handle(.failed(slot: 0))
    _ = harness.send()
    #expect(harness.takeOrders().contains("drained"))
  }

  @Test("a drain is over when those who were refused are told", arguments: [false, true])
  func drainTellsTheRefused(isRestart: Bool) throws {
    let harness = try CoreHarness(.destination)
    try harness.arrive(.streamStart, stream: 1, connection: 1)
    harness.handle(.stopRequested)
    // The new stream ends what was there of the old one, too.
    if isRestart {
      try harness.arrive(.streamStart, stream: 2, connection: 1)
    } else {
      try harness.arrive(.connectionStart, stream: 1, connection: 2)
      try harness.arrive(.connectionReset, stream: 1, connection: 1)
    }
    #expect(harness.connectionCount == 0 && !harness.takeOrders().contains("drained"))
    #expect(harness.send().count == 1)
    #expect(harness.takeOrders().contains("drained"))
  }

  @Test("what comes of a slot that is free again is nothing")
  func ignoresStaleFacts() throws {
    let harness = try CoreHarness(.destination)
    for slot in [0, 7] {
      for event in [
        .connected(slot: slot), .connectFailed(slot: slot), .readable(slot: slot),
        .received(slot: slot, byteCount: 1, isFull: true), .ended(slot: slot), .failed(slot: slot),
        .taken(slot: slot, byteCount: 1, pendingByteCount: 1),
      ] as [RelayCore.Event] {
        harness.handle(event)
      }
    }
    #expect(harness.takeOrders().isEmpty && harness.send().isEmpty)
  }
}
