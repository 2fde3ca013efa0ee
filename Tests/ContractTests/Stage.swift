import Basics
import Foundation
import Testing

// For a standard connection of other numbers than 0 and 1, which this process needs; and for its starter's end.
@testable import Reactor
@testable import Simulator

/// One of the two implementations of `Network`, and a way to let it run.
protocol Stage: AnyObject {
  var network: any Network { get }
  /// Runs turns until `isDone` says so; false when that took too long.
  func run(_ isDone: () -> Bool) -> Bool
  /// Runs for so long.
  func run(for time: Milliseconds)
  /// A server's credentials, and a client's that trusts them.
  func makeTLS() throws -> (server: any TLSCredentials, client: any TLSCredentials)
  /// Standard input and output as one connection, and the end of whoever has started the process.
  /// - Parameter isLocal: a socket that tells when its other end has gone, as one of the Unix domain does; else one that
  ///   knows a reset, as TCP's.
  func makeStandard(
    _ owner: any StandardConnectionHandler, isLocal: Bool
  ) throws -> (standard: any ByteStream, starter: any ByteStream)
}

enum StageKind: String, CaseIterable, CustomTestStringConvertible {
  case reactor, simulator

  var testDescription: String { rawValue }

  func make() throws -> any Stage {
    switch self {
    case .reactor: try RealStage()
    case .simulator: SimulatedStage()
    }
  }
}

/// Real sockets on loopback.
private final class RealStage: Stage {
  private let reactor: Reactor

  init() throws { reactor = try Reactor() }

  var network: any Network { reactor }

  func run(_ isDone: () -> Bool) -> Bool {
    let deadline = reactor.now + Milliseconds(10_000)
    while !isDone() {
      if reactor.now > deadline { return false }
      guard (try? reactor.turn(waitMax: Milliseconds(10))) != nil else { return false }
    }
    return true
  }

  func run(for time: Milliseconds) {
    let end = reactor.now + time
    while reactor.now < end { try? reactor.turn(waitMax: Milliseconds(5)) }
  }

  func makeTLS() throws -> (server: any TLSCredentials, client: any TLSCredentials) {
    let files = try Certificate.files.get()
    return (
      try TLSContext(serverCertificate: files.certificate, key: files.key),
      try reactor.makeClientTLS(trusting: nil, verifiesPeer: false)
    )
  }

  func makeStandard(
    _ owner: any StandardConnectionHandler, isLocal: Bool
  ) throws -> (standard: any ByteStream, starter: any ByteStream) {
    let ends = try isLocal ? Self.localPair() : Self.socketPair()
    // What was taken leads nowhere.
    defer { for end in [ends.0, ends.1] { close(end) } }
    return (
      try StandardConnection(
        reactor: reactor, inputNumber: ends.0, outputNumber: dup(ends.0), owner),
      try StandardConnection(
        reactor: reactor, inputNumber: ends.1, outputNumber: dup(ends.1), Witness("", Notes()))
    )
  }

  private static func localPair() throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    return (ends[0], ends[1])
  }

  /// Of TCP.
  private static func socketPair() throws -> (Int32, Int32) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    let accepted = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        guard bind(listener, place, length) == 0, listen(listener, 1) == 0,
          getsockname(listener, place, &length) == 0, connect(client, place, length) == 0
        else { return Int32(-1) }
        return accept(listener, nil, nil)
      }
    }
    try #require(min(listener, client, accepted) >= 0)
    return (accepted, client)
  }
}

/// A world with one machine, in which nothing goes wrong.
private final class SimulatedStage: Stage {
  private let world = World(seed: 1)
  private let simulated: SimulatedNetwork

  init() {
    let machine = world.machine("here")
    simulated = SimulatedNetwork(world, machine, "the process")
    simulated.start()
  }

  deinit {
    simulated.kill()
    world.end()
  }

  var network: any Network { simulated }

  func run(_ isDone: () -> Bool) -> Bool {
    world.run(for: Milliseconds(10_000), isDone: isDone) && isDone()
  }

  func run(for time: Milliseconds) { _ = world.run(for: time) }

  func makeTLS() throws -> (server: any TLSCredentials, client: any TLSCredentials) {
    (SimulatedTLSCredentials(world), SimulatedTLSCredentials(world))
  }

  func makeStandard(
    _ owner: any StandardConnectionHandler, isLocal: Bool
  ) throws -> (standard: any ByteStream, starter: any ByteStream) {
    let starter = simulated.openStandardConnection(with: simulated)
    return (try simulated.takeStandardConnection(owner), starter)
  }
}

/// A certificate of its own signing, made once.
private enum Certificate {
  static let files = Result { () throws -> (certificate: String, key: String) in
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("localproxy-contract-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let (certificate, key) = ("\(directory.path)/certificate.pem", "\(directory.path)/key.pem")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=contract", "-keyout", key, "-out", certificate,
    ]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    path = directory.path
    atexit { try? FileManager.default.removeItem(atPath: Certificate.path) }
    return (certificate, key)
  }

  nonisolated(unsafe) private static var path = ""
}

/// Notes what it is told, in one list with others.
final class Witness: StreamHandler, TimerHandler, TurnHandler, ResolveHandler, ListenerHandler,
  StandardConnectionHandler
{
  let name: String
  let notes: Notes
  var stream: (any ByteStream)?
  var listener: (any Listener)?
  private(set) var accepted: [any ByteStream] = []
  private(set) var received: [UInt8] = []
  private(set) var failure: StreamFailure?
  private(set) var isOpen = false
  private(set) var hasEnded = false
  /// What it does when it is told something; the note comes first.
  var reaction: (String) -> Void = { _ in }
  /// Whether it takes what comes.
  var reads = true

  init(_ name: String, _ notes: Notes) {
    self.name = name
    self.notes = notes
  }

  private func note(_ what: String) {
    notes.add("\(name) \(what)")
    reaction(what)
  }

  func streamOpened() {
    isOpen = true
    note("opened")
  }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.readable) && reads { take() }
    note(
      "ready" + (readiness.contains(.readable) ? " r" : "")
        + (readiness.contains(.writable) ? " w" : ""))
  }

  func take() {
    guard let stream else { return }
    var bytes = [UInt8](repeating: 0, count: 100_000)
    var region = bytes.mutableSpan
    switch stream.receive(into: &region) {
    case .bytes(let count): received += bytes[..<count]
    case .wouldBlock: break
    case .endOfStream:
      hasEnded = true
      stream.interest.remove(.readable)
    case .failed(let reason):
      failure = reason
      stream.close()
    }
  }

  func streamFailed(_ failure: StreamFailure) {
    self.failure = failure
    note("failed")
  }

  func timerFired(tag: Int, now: Instant) { note("timer \(tag)") }
  func turnEnded() { note("turn") }
  func resolved(_ addresses: [SocketAddress]) {
    note("resolved " + addresses.map(\.description).joined(separator: " "))
  }
  func resolveFailed(reason: String) { note("unresolved") }

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    accepted.append(stream)
    note("accepted")
  }

  func dropAccepted() { accepted = [] }

  func listener(_ listener: any Listener, paused error: SystemError) { note("paused") }

  func standardOutputBroke() { note("broken") }
  func standardConnectionEnded(isCut: Bool) { note(isCut ? "cut" : "closed") }
}

/// The notes of all witnesses, in order.
final class Notes {
  private(set) var lines: [String] = []
  func add(_ line: String) { lines.append(line) }
  func forget() { lines = [] }
}
