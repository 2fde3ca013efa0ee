import Basics
import Glibc
import Reactor
import Simulator
import Testing

/// What every implementation of `Network` promises (Sources/Reactor/Network), asked of both.
@Suite("The network's contract")
struct ContractTests {
  private let notes = Notes()

  private func witness(_ name: String) -> Witness { Witness(name, notes) }

  private static var loopback: SocketAddress {
    get throws { try #require(SocketAddress(numeric: "127.0.0.1", port: 0)) }
  }

  /// A client and a server with a connection between them.
  private func connect(_ stage: any Stage) throws -> (client: Witness, server: Witness) {
    let (client, server, acceptor) = (witness("client"), witness("server"), witness("acceptor"))
    let listener = try stage.network.listen(on: Self.loopback, backlog: 8, acceptor)
    client.stream = try stage.network.connect(to: listener.address, from: nil, client)
    #expect(notes.lines.isEmpty, "nobody is told from inside of a call")
    try #require(stage.run { client.isOpen && !acceptor.accepted.isEmpty })
    server.stream = acceptor.accepted.first
    server.stream?.handler = server
    acceptor.dropAccepted()
    listener.close()
    notes.forget()
    return (client, server)
  }

  /// The same with TLS over it.
  private func connectSecurely(_ stage: any Stage) throws -> (client: Witness, server: Witness) {
    let (client, server) = try connect(stage)
    let tls = try stage.makeTLS()
    let (below, belowServer) = (try #require(client.stream), try #require(server.stream))
    let (secureClient, secureServer) = (witness("client"), witness("server"))
    secureServer.stream = try tls.server.start(
      over: belowServer, serverName: nil, on: stage.network, secureServer)
    secureClient.stream = try tls.client.start(
      over: below, serverName: "localhost", on: stage.network, secureClient)
    #expect(notes.lines.isEmpty, "nobody is told from inside of a call")
    try #require(stage.run { secureClient.isOpen && secureServer.isOpen })
    notes.forget()
    return (secureClient, secureServer)
  }

  // MARK: Turns

  @Test(
    "timers fire by deadline, those of one instant in order; then turns end in the order of asking",
    arguments: StageKind.allCases)
  func ordersTurn(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    let (first, second) = (witness("a"), witness("b"))
    let now = network.now
    _ = network.schedule(at: now + Milliseconds(2), first, tag: 3)
    _ = network.schedule(at: now + Milliseconds(1), second, tag: 1)
    _ = network.schedule(at: now + Milliseconds(1), first, tag: 2)
    network.whenTurnEnds(second)
    network.whenTurnEnds(first)
    #expect(notes.lines.isEmpty)
    #expect(stage.run { notes.lines.count == 5 })
    #expect(notes.lines.filter { $0.hasSuffix("turn") } == ["b turn", "a turn"])
    #expect(
      notes.lines.filter { $0.contains("timer") } == ["b timer 1", "a timer 2", "a timer 3"])
  }

  @Test(
    "what is due is due in the next turn, also when it is scheduled over and over",
    arguments: StageKind.allCases)
  func defersTimersOfTheTurn(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    let one = witness("a")
    var times: [Instant] = []
    one.reaction = { what in
      if what == "timer 1" {
        times.append(network.now)
        if times.count < 5 {
          _ = network.schedule(at: network.now, one, tag: 1)
          network.whenTurnEnds(one)
        }
      }
    }
    _ = network.schedule(at: network.now, one, tag: 1)
    #expect(stage.run { times.count == 5 })
    // Each in a turn of its own, which ends before the next.
    #expect(
      notes.lines == [
        "a timer 1", "a turn", "a timer 1", "a turn", "a timer 1", "a turn", "a timer 1", "a turn",
        "a timer 1",
      ])
  }

  @Test("asked from a turn's end, it is the next turn's", arguments: StageKind.allCases)
  func defersTurnEnd(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    let (one, other) = (witness("a"), witness("b"))
    one.reaction = { _ in
      if notes.lines.filter({ $0 == "a turn" }).count < 3 { network.whenTurnEnds(one) }
    }
    network.whenTurnEnds(one)
    network.whenTurnEnds(other)
    #expect(stage.run { notes.lines.count == 4 })
    #expect(notes.lines == ["a turn", "b turn", "a turn", "a turn"])
  }

  @Test(
    "a cancelled timer is silent, also one that is due in this turn", arguments: StageKind.allCases)
  func cancels(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    let one = witness("a")
    let due = network.now + Milliseconds(1)
    var second: TimerID?
    one.reaction = { what in
      if what == "timer 1", let second { network.cancel(second) }
    }
    let early = network.schedule(at: due, one, tag: 0)
    _ = network.schedule(at: due, one, tag: 1)
    second = network.schedule(at: due, one, tag: 2)
    _ = network.schedule(at: due, one, tag: 3)
    network.cancel(early)
    network.cancel(early)
    #expect(stage.run { notes.lines.contains("a timer 3") })
    stage.run(for: Milliseconds(5))
    #expect(notes.lines == ["a timer 1", "a timer 3"])
    // Its name is worthless now, whoever has its place.
    let next = network.schedule(at: network.now, one, tag: 4)
    network.cancel(early)
    if let second { network.cancel(second) }
    #expect(early != next)
    #expect(stage.run { notes.lines.last == "a timer 4" })
  }

  @Test("time stands still in a turn, and never goes back", arguments: StageKind.allCases)
  func timeStandsStill(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    let one = witness("a")
    var seen: [Instant] = []
    one.reaction = { what in
      seen.append(network.now)
      if what == "timer 1" {
        usleep(3_000)
        #expect(network.now == seen.last)
        network.whenTurnEnds(one)
      }
    }
    _ = network.schedule(at: network.now + Milliseconds(1), one, tag: 1)
    _ = network.schedule(at: network.now + Milliseconds(20), one, tag: 2)
    #expect(stage.run { seen.count == 3 })
    #expect(seen[0] == seen[1] && seen[1] < seen[2])
  }

  @Test("timers, questions and turns let go of whom they have told", arguments: StageKind.allCases)
  func letsGo(kind: StageKind) throws {
    let stage = try kind.make()
    let network = stage.network
    weak var fired: Witness?
    weak var cancelled: Witness?
    weak var answered: Witness?
    weak var forgotten: Witness?
    do {
      let (one, two, three, four) = (witness("a"), witness("b"), witness("c"), witness("d"))
      (fired, cancelled, answered, forgotten) = (one, two, three, four)
      _ = network.schedule(at: network.now, one, tag: 0)
      network.whenTurnEnds(one)
      let timer = network.schedule(at: network.now + Milliseconds(50_000), two, tag: 0)
      _ = network.resolve("localhost", port: 1, three)
      let question = network.resolve("localhost", port: 1, four)
      network.cancel(timer)
      network.cancelResolve(question)
    }
    #expect(fired != nil && answered != nil)
    #expect(stage.run { notes.lines.count == 3 })
    stage.run(for: Milliseconds(1))
    #expect(fired == nil && cancelled == nil && answered == nil && forgotten == nil)
    #expect(!notes.lines.contains { $0.hasPrefix("b") || $0.hasPrefix("d") })
  }

  // MARK: Names

  @Test("names and numbers are answered once, later, with the port", arguments: StageKind.allCases)
  func resolves(kind: StageKind) throws {
    let stage = try kind.make()
    let one = witness("a")
    _ = stage.network.resolve("192.0.2.7", port: 22, one)
    #expect(notes.lines.isEmpty)
    #expect(stage.run { notes.lines.count == 1 })
    let other = witness("b")
    _ = stage.network.resolve("localhost", port: 80, other)
    #expect(stage.run { notes.lines.count == 2 })
    stage.run(for: Milliseconds(3))
    #expect(notes.lines == ["a resolved 192.0.2.7:22", "b resolved 127.0.0.1:80 [::1]:80"])
  }

  // MARK: Connections

  @Test("a port that nobody listens on refuses, and lets go", arguments: StageKind.allCases)
  func refuses(kind: StageKind) throws {
    let stage = try kind.make()
    let listener = try stage.network.listen(on: Self.loopback, backlog: 1, witness("l"))
    let address = listener.address
    #expect(address.port != 0)
    listener.close()
    weak var released: Witness?
    do {
      let client = witness("client")
      released = client
      client.stream = try stage.network.connect(to: address, from: nil, client)
      #expect(stage.run { client.failure != nil })
      #expect(client.failure?.reason == SystemError(ECONNREFUSED, "connect").reason)
      client.stream = nil
    }
    #expect(notes.lines == ["client failed"] && released == nil)
  }

  @Test("a place is one listener's, until that is closed", arguments: StageKind.allCases)
  func refusesSecondListener(kind: StageKind) throws {
    let stage = try kind.make()
    let one = try stage.network.listen(on: Self.loopback, backlog: 1, witness("a"))
    #expect(throws: SystemError(EADDRINUSE, "bind")) {
      _ = try stage.network.listen(on: one.address, backlog: 1, witness("b"))
    }
    one.close()
    try stage.network.listen(on: one.address, backlog: 1, witness("c")).close()
  }

  @Test(
    "who is not accepted waits, and is served when accepting goes on", arguments: StageKind.allCases
  )
  func holdsClients(kind: StageKind) throws {
    let stage = try kind.make()
    let (acceptor, client) = (witness("acceptor"), witness("client"))
    let listener = try stage.network.listen(on: Self.loopback, backlog: 8, acceptor)
    listener.isAccepting = false
    client.stream = try stage.network.connect(to: listener.address, from: nil, client)
    #expect(stage.run { client.isOpen })
    stage.run(for: Milliseconds(10))
    #expect(acceptor.accepted.isEmpty)
    listener.isAccepting = true
    #expect(acceptor.accepted.isEmpty, "nobody is told from inside of a call")
    #expect(stage.run { !acceptor.accepted.isEmpty })
    listener.close()
  }

  @Test("an accepted stream that nobody keeps is reset", arguments: StageKind.allCases)
  func dropsAccepted(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connect(stage)
    client.stream?.interest = .readable
    server.stream = nil
    #expect(stage.run { client.failure != nil || client.hasEnded })
    #expect(client.failure?.reason == SystemError(ECONNRESET, "receive").reason)
  }

  @Test(
    "interest is told each turn, and nothing without it", arguments: StageKind.allCases,
    [false, true])
  func tellsByLevel(kind: StageKind, isSecure: Bool) throws {
    let stage = try kind.make()
    let (client, server) = try isSecure ? connectSecurely(stage) : connect(stage)
    #expect(send(client, [1, 2, 3]) == 3)
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.isEmpty)
    server.reads = false
    server.stream?.interest = .readable
    #expect(notes.lines.isEmpty, "nobody is told from inside of a call")
    #expect(stage.run { notes.lines.count >= 3 })
    #expect(Set(notes.lines) == ["server ready r"])
    server.stream?.interest = []
    notes.forget()
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.isEmpty)
    server.stream?.interest = .writable
    #expect(stage.run { notes.lines.count >= 5 })
    #expect(Set(notes.lines) == ["server ready w"])
    server.take()
    #expect(server.received == [1, 2, 3])
    server.take()
    #expect(server.received == [1, 2, 3] && server.failure == nil && !server.hasEnded)
    client.stream?.close()
    server.stream?.close()
  }

  private func send(_ witness: Witness, _ bytes: [UInt8]) -> Int? {
    if case .accepted(let count)? = witness.stream?.send(bytes.span) { return count }
    return nil
  }

  @Test(
    "a plain stream takes a part when it is full, and what it took arrives",
    arguments: StageKind.allCases)
  func takesParts(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connect(stage)
    let chunk = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    var sent = 0
    while sent < 50_000_000, let count = send(client, chunk) {
      sent += count
      if count < chunk.count { break }
    }
    #expect(sent > 0 && sent < 50_000_000, "50 MB found room")
    #expect(send(client, [1]) == nil)
    server.stream?.interest = .readable
    client.stream?.interest = .writable
    // Room comes when the other end takes something, and is told.
    #expect(stage.run { notes.lines.contains("client ready w") })
    client.stream?.interest = []
    #expect(stage.run { server.received.count == sent })
    for start in stride(from: 0, to: sent, by: chunk.count) {
      let count = min(chunk.count, sent - start)
      #expect(server.received[start..<(start + count)] == chunk[..<count])
    }
    client.stream?.close()
    server.stream?.close()
  }

  @Test(
    "an end comes behind what was sent, and the other direction goes on",
    arguments: StageKind.allCases, [false, true])
  func endsOneDirection(kind: StageKind, isSecure: Bool) throws {
    let stage = try kind.make()
    let (client, server) = try isSecure ? connectSecurely(stage) : connect(stage)
    server.stream?.interest = .readable
    #expect(send(client, [1, 2, 3]) == 3)
    client.stream?.finishSending()
    #expect(send(client, [4]) == nil)
    #expect(stage.run { server.hasEnded })
    #expect(server.received == [1, 2, 3] && server.failure == nil)
    if !isSecure { #expect(server.stream?.isPeerClosed == false) }
    client.stream?.interest = .readable
    #expect(send(server, [5, 6]) == 2)
    server.stream?.close()
    #expect(stage.run { client.hasEnded })
    #expect(client.received == [5, 6] && client.failure == nil)
    client.stream?.close()
  }

  @Test("both directions closed are known as that", arguments: StageKind.allCases)
  func knowsClosed(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connect(stage)
    server.stream?.interest = .readable
    client.stream?.close()
    #expect(stage.run { server.hasEnded })
    #expect(server.stream?.isPeerClosed == true)
    server.stream?.close()
  }

  @Test(
    "a close delivers what was sent; afterwards nothing is told",
    arguments: StageKind.allCases, [false, true])
  func closes(kind: StageKind, isSecure: Bool) throws {
    let stage = try kind.make()
    let (client, server) = try isSecure ? connectSecurely(stage) : connect(stage)
    let bytes = [UInt8](repeating: 7, count: 10_000)
    #expect(send(client, bytes) == bytes.count)
    client.stream?.interest = [.readable, .writable]
    client.stream?.close()
    notes.forget()
    server.stream?.interest = .readable
    #expect(stage.run { server.hasEnded })
    #expect(server.received == bytes && server.failure == nil)
    #expect(!notes.lines.contains { $0.hasPrefix("client") })
    #expect(client.stream?.handler == nil)
    #expect(send(client, [1]) == nil)
    client.take()
    #expect(client.hasEnded)
    server.stream?.close()
  }

  @Test(
    "a reset is no end, and is told to whoever is interested",
    arguments: StageKind.allCases, [false, true])
  func aborts(kind: StageKind, isSecure: Bool) throws {
    let stage = try kind.make()
    let (client, server) = try isSecure ? connectSecurely(stage) : connect(stage)
    client.stream?.abort()
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.isEmpty)
    server.stream?.interest = .readable
    #expect(stage.run { server.failure != nil || server.hasEnded })
    #expect(server.failure?.reason == SystemError(ECONNRESET, "receive").reason)
    server.stream?.close()
  }

  @Test("a transport that ends without TLS's own end is cut", arguments: StageKind.allCases)
  func seesCut(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connect(stage)
    let tls = try stage.makeTLS()
    let below = try #require(client.stream)
    let belowServer = try #require(server.stream)
    let (secureClient, secureServer) = (witness("client"), witness("server"))
    secureServer.stream = try tls.server.start(
      over: belowServer, serverName: nil, on: stage.network, secureServer)
    secureClient.stream = try tls.client.start(
      over: below, serverName: "localhost", on: stage.network, secureClient)
    try #require(stage.run { secureClient.isOpen && secureServer.isOpen })
    secureServer.stream?.interest = .readable
    below.finishSending()
    #expect(stage.run { secureServer.failure != nil || secureServer.hasEnded })
    #expect(secureServer.failure?.reason == StreamFailure.unexpectedEnd.reason)
    secureClient.stream?.close()
    secureServer.stream?.close()
  }

  @Test(
    "TLS takes all while it has room, then nothing, and tells when it has room again",
    arguments: StageKind.allCases)
  func takesWhole(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connectSecurely(stage)
    let stream = try #require(client.stream as? any SecureStream)
    let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var count = 0
    var countBefore = -1
    // What is sent takes its time to the other end's buffers, and makes room.
    while count > countBefore {
      countBefore = count
      while stream.hasRoom && count < 10_000 {
        guard case .accepted = stream.sendWhole(bytes.span) else { break }
        count += 1
      }
      stage.run(for: Milliseconds(5))
    }
    #expect(count > 0 && count < 10_000 && stream.unsentByteCount > 0)
    guard case .noRoom = stream.sendWhole(bytes.span) else {
      Issue.record("something was taken without room")
      return
    }
    #expect(send(client, [1]) == nil)
    #expect(notes.lines.isEmpty)
    stream.interest = .writable
    stage.run(for: Milliseconds(5))
    #expect(notes.lines.isEmpty, "there is no room as long as nobody reads")
    server.stream?.interest = .readable
    #expect(stage.run { notes.lines.contains("client ready w") })
    // As long as there is some, also when all has left and nobody asks anew.
    #expect(stage.run { stream.unsentByteCount == 0 })
    notes.forget()
    #expect(stage.run { notes.lines.count { $0 == "client ready w" } >= 3 })
    #expect(stream.hasRoom)
    stream.interest = []
    #expect(stage.run { server.received.count == count * bytes.count })
    #expect(server.received.elementsEqual((0..<count).flatMap { _ in bytes }))
    client.stream?.close()
    server.stream?.close()
  }

  @Test(
    "behind the end of TLS's sending, writing is told of when all has been taken",
    arguments: StageKind.allCases)
  func tellsThatAllIsTaken(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connectSecurely(stage)
    let stream = try #require(client.stream as? any SecureStream)
    let bytes = [UInt8](repeating: 3, count: 20_000)
    var count = 0
    var countBefore = -1
    while count > countBefore {
      countBefore = count
      while count < 10_000, case .accepted = stream.sendWhole(bytes.span) { count += 1 }
      stage.run(for: Milliseconds(5))
    }
    try #require(stream.unsentByteCount > 0)
    stream.finishSending()
    stream.interest = .writable
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.isEmpty, "nobody has read")
    client.reaction = { what in
      #expect(what == "ready w" && stream.unsentByteCount == 0)
    }
    server.stream?.interest = .readable
    #expect(stage.run { notes.lines.contains("client ready w") })
    stream.close()
    #expect(stage.run { server.hasEnded })
    #expect(server.received.count == count * bytes.count && server.failure == nil)
    server.stream?.close()
  }

  @Test("what TLS has and nobody took is told again", arguments: StageKind.allCases)
  func tellsOfBuffered(kind: StageKind) throws {
    let stage = try kind.make()
    let (client, server) = try connectSecurely(stage)
    #expect(send(client, [UInt8](repeating: 1, count: 9_000)) == 9_000)
    let stream = try #require(server.stream)
    server.reads = false
    stream.interest = .readable
    #expect(stage.run { !notes.lines.isEmpty })
    var received = 0
    // A little at a time: the system has nothing more to report.
    while received < 9_000 {
      notes.forget()
      #expect(stage.run { !notes.lines.isEmpty })
      var bytes = [UInt8](repeating: 0, count: 1_000)
      var region = bytes.mutableSpan
      guard case .bytes(let count) = stream.receive(into: &region) else { continue }
      received += count
    }
    notes.forget()
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.allSatisfy { $0 != "server ready r" } || stream.interest == .readable)
    client.stream?.close()
    stream.close()
  }

  @Test(
    "a stream lets go of its handler when it is closed", arguments: StageKind.allCases,
    [false, true])
  func streamsLetGo(kind: StageKind, isSecure: Bool) throws {
    let stage = try kind.make()
    weak var released: Witness?
    do {
      let (client, server) = try isSecure ? connectSecurely(stage) : connect(stage)
      released = client
      client.stream?.interest = .readable
      client.stream?.close()
      server.stream?.close()
      client.stream = nil
    }
    stage.run(for: Milliseconds(2))
    #expect(released == nil)
  }

  // MARK: The rest

  // MARK: Standard input and output

  /// The process's own end and its starter's, which nobody has told anything yet.
  private func makeStandard(
    _ stage: any Stage, _ owner: Witness, isLocal: Bool
  ) throws -> (own: Witness, starter: Witness) {
    let (own, starter) = (witness("own"), witness("starter"))
    let streams = try stage.makeStandard(owner, isLocal: isLocal)
    (own.stream, starter.stream) = (streams.standard, streams.starter)
    own.stream?.handler = own
    starter.stream?.handler = starter
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.isEmpty, "it is open from the start, and nothing without interest")
    return (own, starter)
  }

  @Test(
    "standard input and output carry both directions, each with an end of its own",
    arguments: StageKind.allCases)
  func carriesStandard(kind: StageKind) throws {
    let stage = try kind.make()
    let owner = witness("owner")
    let (own, starter) = try makeStandard(stage, owner, isLocal: false)
    own.stream?.interest = .readable
    starter.stream?.interest = .readable
    #expect(send(starter, [1, 2, 3]) == 3)
    starter.stream?.finishSending()
    #expect(stage.run { own.hasEnded })
    #expect(own.received == [1, 2, 3] && own.failure == nil)
    #expect(send(own, [4, 5]) == 2)
    own.stream?.finishSending()
    #expect(send(own, [6]) == nil)
    #expect(stage.run { starter.hasEnded })
    #expect(starter.received == [4, 5] && starter.failure == nil)
    #expect(!notes.lines.contains { $0.hasPrefix("owner") })
    own.stream?.close()
    #expect(!notes.lines.contains { $0.hasPrefix("owner") }, "nobody is told from inside of a call")
    #expect(stage.run { notes.lines.last == "owner closed" })
    starter.stream?.close()
  }

  @Test(
    "its owner is told once that it was closed or cut, and the starter that it was cut",
    arguments: StageKind.allCases, [false, true])
  func endsStandard(kind: StageKind, isCut: Bool) throws {
    let stage = try kind.make()
    let owner = witness("owner")
    let (own, starter) = try makeStandard(stage, owner, isLocal: false)
    starter.stream?.interest = .readable
    #expect(send(own, [1]) == 1)
    #expect(stage.run { starter.received == [1] })
    notes.forget()
    if isCut { own.stream?.abort() } else { own.stream?.close() }
    own.stream?.close()
    own.stream?.abort()
    #expect(notes.lines.isEmpty, "nobody is told from inside of a call")
    #expect(stage.run { starter.hasEnded || starter.failure != nil })
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.filter { $0.hasPrefix("owner") } == [isCut ? "owner cut" : "owner closed"])
    #expect(!notes.lines.contains { $0.hasPrefix("own ") })
    #expect(own.stream?.handler == nil)
    #expect((starter.failure?.reason == SystemError(ECONNRESET, "receive").reason) == isCut)
    starter.stream?.close()
  }

  @Test(
    "its owner is told once that nobody reads the output any more, whatever the interest",
    arguments: StageKind.allCases, [Readiness(), .readable])
  func seesStandardBreak(kind: StageKind, interest: Readiness) throws {
    let stage = try kind.make()
    let owner = witness("owner")
    let (own, starter) = try makeStandard(stage, owner, isLocal: true)
    own.stream?.interest = interest
    starter.stream?.close()
    #expect(stage.run { notes.lines.contains("owner broken") })
    stage.run(for: Milliseconds(10))
    #expect(notes.lines.filter { $0.hasPrefix("owner") } == ["owner broken"])
    #expect(own.stream?.isPeerClosed == true)
    own.stream?.close()
    #expect(stage.run { notes.lines.last == "owner closed" })
  }

  @Test("random octets are all replaced, and others each time", arguments: StageKind.allCases)
  func randomizes(kind: StageKind) throws {
    let stage = try kind.make()
    let (one, other) = (try stage.network.random(64), try stage.network.random(64))
    #expect(one != other && Set(one).count > 16)
    #expect(try stage.network.random(0).isEmpty)
    #expect(try stage.network.randomUUID() != stage.network.randomUUID())
  }
}
