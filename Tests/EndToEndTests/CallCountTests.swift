import Foundation
import Testing

/// What moving bytes costs in allocations and system calls. Unlike time, these do not depend on how busy the machine
/// is; what does, such as a pause that lets go of a buffer, is left out by taking the difference of a longer and a
/// shorter run, and by trying again.
extension EndToEnd {
  @Suite("Calls")
  struct Calls {
    static let tripByteCount = 1024
    static let attemptCount = 12

    @Test(
      "A round trip is one wait, one recv and one send each way, and allocates nothing")
    func roundTrip() throws {
      let server = try echoServer()
      defer { server.stop() }
      let tunnel = try CountedTunnel(to: server, isPaced: false)
      let socket = try tunnel.connect()
      let tripCount = 1000
      try expectLeast("\(tripCount) round trips") {
        try tunnel.difference(100, 100 + tripCount) { try Self.makeTrips($0, socket) }
      } where: {
        Self.isLeast($0, tripCount)
      }
    }

    @Test(
      "Pacing costs a round trip no further send, and every wake-up receives something")
    func pacedRoundTrip() throws {
      let server = try echoServer()
      defer { server.stop() }
      let tunnel = try CountedTunnel(to: server)
      let socket = try tunnel.connect()
      let tripCount = 1000
      try expectLeast("\(tripCount) round trips") {
        try tunnel.difference(100, 100 + tripCount) { try Self.makeTrips($0, socket) }
      } where: { counts in
        counts[.send] == 2 * tripCount && counts[.receive] == counts[.epollWait]
          && counts[.epollControl] == 0 && counts[.other] == 0
          // Pongs come by themselves, one for some 16 KiB.
          && counts[.receive] <= 2 * tripCount + tripCount / 8
          && counts[.ownAllocation] <= tripCount / 4
      }
    }

    @Test(
      "Bulk takes 45 system calls a MB, and allocates in OpenSSL alone")
    func bulk() throws {
      let pattern = Pattern(seed: 200)
      let server = try Server { socket in
        while let count = try? socket.receive(exactly: 1) {
          try pattern.receive(Int(count[0]) * 1_000_000, over: socket)
          try socket.send("k")
        }
      }
      defer { server.stop() }
      let tunnel = try CountedTunnel(to: server, isPaced: false)
      let socket = try tunnel.connect()
      let megabyteCount = 40
      try expectLeast("\(megabyteCount) MB") {
        try tunnel.difference(10, 10 + megabyteCount) { count in
          try [UInt8(count)].withUnsafeBytes { try socket.send($0) }
          try pattern.send(count * 1_000_000, over: socket)
          _ = try socket.receive(exactly: 1)
        }
      } where: { counts in
        counts[.ownAllocation] == 0
          // A frame of 64 KiB has four records; OpenSSL allocates three or four times for each.
          && counts[.libraryAllocation] <= 62 * 4 * megabyteCount
          && counts.systemCalls <= 45 * megabyteCount
      }
    }

    @Test("Connections that come and go take no large pieces of memory")
    func comingAndGoing() throws {
      let server = try echoServer(byteCount: 1)
      defer { server.stop() }
      let tunnel = try CountedTunnel(to: server)
      let connectionCount = 200
      try expectLeast("\(connectionCount) connections") {
        try tunnel.difference(10, 10 + connectionCount) { count in
          for index in 0..<count {
            let socket = try tunnel.connect()
            try socket.send("k")
            _ = try socket.receive(exactly: 1)
            // Either end may be the first to say that it is done.
            if index % 2 == 0 { socket.finishSending() }
          }
        }
      } where: { counts in
        counts[.ownAllocation] >= connectionCount && counts[.largeAllocation] == 0
      }
    }

    /// Tries again where both ends' counts are not as they should be, for a pause of the machine shows in them.
    private func expectLeast(
      _ what: String, cost: () throws -> CountedTunnel.Counts,
      where isLeast: (CallCounts) -> Bool
    ) throws {
      var costs: [CountedTunnel.Counts] = []
      for _ in 0..<Self.attemptCount {
        let counts = try cost()
        if counts.both.allSatisfy(isLeast) { return }
        costs.append(counts)
      }
      Issue.record("\(what) took \(costs)")
    }

    /// Received from the client and from the tunnel, sent to the tunnel and to the client.
    private static func isLeast(_ counts: CallCounts, _ tripCount: Int) -> Bool {
      [CallCounts.Call.receive, .send, .epollWait].allSatisfy { counts[$0] == 2 * tripCount }
        && counts.systemCalls == 6 * tripCount
        && counts[.ownAllocation] == 0
    }

    private func echoServer(byteCount: Int = tripByteCount) throws -> Server {
      try Server { socket in
        while let message = try? socket.receive(exactly: byteCount) {
          try message.withUnsafeBytes { try socket.send($0) }
        }
      }
    }

    private static func makeTrips(_ count: Int, _ socket: Socket) throws {
      let message = [UInt8](repeating: 7, count: tripByteCount)
      for _ in 0..<count {
        try message.withUnsafeBytes { try socket.send($0) }
        _ = try socket.receive(exactly: tripByteCount)
      }
    }
  }
}

/// A tunnel whose two proxies are counted.
private struct CountedTunnel {
  struct Counts: CustomStringConvertible {
    let source: CallCounts
    let destination: CallCounts

    var both: [CallCounts] { [source, destination] }

    static func - (after: Counts, before: Counts) -> Counts {
      Counts(
        source: after.source - before.source, destination: after.destination - before.destination)
    }

    var description: String { "\nsource: \(source)\ndestination: \(destination)" }
  }

  private let scratch: ScratchDirectory
  private let tunneld: Tunneld
  private let destination: (process: ChildProcess, counter: CallCounter)
  private let source: (process: ChildProcess, counter: CallCounter)
  private let port: UInt16

  init(to server: Server, isPaced: Bool = true) throws {
    let scratch = try ScratchDirectory()
    let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
    var settings: [String] = []
    if !isPaced {
      let file = scratch.file("settings.json")
      let text = #"{"tunneling": {"proxy": {"tunnel": {"pacing": "off"}}}}"#
      try text.write(toFile: file, atomically: false, encoding: .utf8)
      settings = ["--settings-json", file]
    }
    func start(_ name: String, _ token: String, _ mapping: [String]) throws -> (
      process: ChildProcess, counter: CallCounter
    ) {
      let counter = try CallCounter(name: name, in: scratch)
      let process = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: token, name: name,
        arguments: ["-c", tunneld.authorities] + mapping + settings,
        environment: counter.environment, in: scratch)
      return (process, counter)
    }
    let tokens = tunneld.tunnels[0]
    destination = try start(
      "destination", tokens.destination, ["-d", "SSH1=127.0.0.1:\(server.port)"])
    try destination.process.waitForLine(containing: "ready: service SSH1 ")
    source = try start("source", tokens.source, ["-s", "SSH1=0"])
    let line = try source.process.waitForLine(containing: LocalProxy.listening, "127.0.0.1")
    port = try parsePort(in: line, after: LocalProxy.listening)
    self.scratch = scratch
    self.tunneld = tunneld
  }

  func connect() throws -> Socket { try Socket(connectingTo: port) }

  /// What `work` costs for the larger count less what it costs for the smaller one.
  func difference(
    _ smaller: Int, _ larger: Int, _ work: (Int) throws -> Void
  ) throws -> Counts {
    let base = try cost { try work(smaller) }
    return try cost { try work(larger) } - base
  }

  private func cost(of work: () throws -> Void) throws -> Counts {
    let before = try restingCounts()
    try work()
    return try restingCounts() - before
  }

  /// When nothing has been called for a moment.
  private func restingCounts() throws -> Counts {
    usleep(300_000)
    return Counts(
      source: try source.counter.counts(), destination: try destination.counter.counts())
  }
}
