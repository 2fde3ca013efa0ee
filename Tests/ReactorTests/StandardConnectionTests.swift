import Basics
import Foundation
import Testing

@testable import Reactor

/// Standard input and output as a connection: with other descriptors, for those of this process have their uses.
@Suite("Standard input and output")
struct StandardConnectionTests {
  enum Kind: CaseIterable { case pipes, socket, terminal, files }

  private final class Owner: StandardConnectionHandler {
    private(set) var brokenCount = 0
    private(set) var ends: [Bool] = []
    func standardOutputBroke() { brokenCount += 1 }
    func standardConnectionEnded(isCut: Bool) { ends.append(isCut) }
  }

  /// What is at the other end: where one writes what comes in, and reads what goes out.
  private final class Far {
    var writer: Int32
    var reader: Int32
    /// The numbers that stand for 0 and 1.
    let input: Int32
    let output: Int32

    init(_ kind: Kind) throws {
      var ends: [Int32] = [-1, -1]
      switch kind {
      case .pipes:
        try #require(Foundation.pipe(&ends) == 0)
        (input, writer) = (ends[0], ends[1])
        try #require(Foundation.pipe(&ends) == 0)
        (reader, output) = (ends[0], ends[1])
      case .socket:
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        (input, output) = (ends[0], dup(ends[0]))
        (writer, reader) = (ends[1], dup(ends[1]))
      case .terminal:
        var (master, slave): (Int32, Int32) = (-1, -1)
        try #require(openpty(&master, &slave, nil, nil, nil) == 0)
        ends = [master, slave]
        var settings = termios()
        tcgetattr(ends[1], &settings)
        cfmakeraw(&settings)
        tcsetattr(ends[1], TCSANOW, &settings)
        (input, output) = (ends[1], dup(ends[1]))
        (writer, reader) = (ends[0], dup(ends[0]))
      case .files:
        let path = NSTemporaryDirectory() + "localproxy-standard." + UUID().uuidString
        input = open(path + ".in", O_RDONLY | O_CREAT, 0o600)
        writer = open(path + ".in", O_WRONLY)
        output = open(path + ".out", O_WRONLY | O_CREAT, 0o600)
        reader = open(path + ".out", O_RDONLY)
        unlink(path + ".in")
        unlink(path + ".out")
      }
      try #require(min(input, output, writer, reader) >= 0)
    }

    deinit { for end in [writer, reader, input, output] where end >= 0 { close(end) } }

    func write(_ bytes: [UInt8]) -> Bool {
      Foundation.write(writer, bytes, bytes.count) == bytes.count
    }

    /// What is there, of a pipe or socket that may be waited for.
    func read(_ count: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      var all: [UInt8] = []
      while all.count < count {
        let part = Foundation.read(reader, &bytes, count - all.count)
        if part <= 0 { break }
        all += bytes[..<part]
      }
      return all
    }

    func closeWriter() {
      close(writer)
      writer = -1
    }

    func closeReader() {
      close(reader)
      reader = -1
    }
  }

  private let reactor: Reactor
  private let owner = Owner()

  init() throws {
    signal(SIGPIPE, SIG_IGN)
    reactor = try Reactor()
  }

  private func connect(_ far: Far) throws -> StandardConnection {
    try StandardConnection(
      reactor: reactor, inputNumber: far.input, outputNumber: far.output, owner)
  }

  @Test("bytes go both ways, and the numbers lead nowhere from then on", arguments: Kind.allCases)
  func carries(kind: Kind) throws {
    let far = try Far(kind)
    let flags = (fcntl(far.input, F_GETFL), fcntl(far.output, F_GETFL))
    let shared = (dup(far.input), dup(far.output))
    defer {
      close(shared.0)
      close(shared.1)
    }
    let stream = try connect(far)
    #expect(
      fcntl(shared.0, F_GETFL) == flags.0 && fcntl(shared.1, F_GETFL) == flags.1, "others share it")
    var octet: UInt8 = 7
    #expect(read(far.input, &octet, 1) == 0 && write(far.output, &octet, 1) == 1)
    let endpoint = Endpoint()
    try #require(far.write(Array("to the tunnel".utf8)))
    endpoint.attach(stream)
    #expect(try reactor.turn { endpoint.received.count == 13 })
    #expect(endpoint.received == Array("to the tunnel".utf8))
    let bytes = Array("from the tunnel".utf8)
    let result = stream.send(bytes.span)
    guard case .accepted(bytes.count) = result else {
      Issue.record("not accepted: \(result)")
      return
    }
    #expect(far.read(bytes.count) == bytes)
    stream.close()
    #expect(owner.ends.isEmpty, "nobody is told from inside of a call")
    #expect(try reactor.turn { owner.ends == [false] })
    #expect(reactor.registrationCount == 0)
    #expect(stream.send(bytes.span).isFailure && stream.isPeerClosed)
  }

  @Test("the end of the input is one", arguments: [Kind.pipes, .files])
  func ends(kind: Kind) throws {
    let far = try Far(kind)
    try #require(far.write([1, 2, 3]))
    far.closeWriter()
    let endpoint = Endpoint()
    let stream = try connect(far)
    endpoint.attach(stream)
    #expect(try reactor.turn { endpoint.hasEnded })
    #expect(endpoint.received == [1, 2, 3])
    #expect(stream.isPeerClosed == false)
    stream.abort()
    #expect(try reactor.turn { owner.ends == [true] })
  }

  @Test("its own end reaches the reader, and the input goes on", arguments: [Kind.pipes, .socket])
  func finishes(kind: Kind) throws {
    let far = try Far(kind)
    let endpoint = Endpoint()
    let stream = try connect(far)
    endpoint.attach(stream)
    stream.finishSending()
    #expect(far.read(1) == [])
    try #require(far.write([9]))
    #expect(try reactor.turn { endpoint.received == [9] })
    stream.close()
  }

  @Test("a full pipe takes no more, and tells when it does again")
  func fills() throws {
    let far = try Far(.pipes)
    let endpoint = Endpoint()
    let stream = try connect(far)
    endpoint.attach(stream)
    let bytes = [UInt8](repeating: 5, count: 100_000)
    var sent = 0
    while case .accepted(let count) = stream.send(bytes.span) { sent += count }
    #expect(sent > 0)
    stream.interest = [.readable, .writable]
    #expect(try reactor.turns(for: Milliseconds(50)) <= 3, "nothing to be told")
    #expect(far.read(sent).count == sent)
    let before = endpoint.readyCount
    #expect(try reactor.turn { endpoint.readyCount > before })
    stream.close()
  }

  @Test(
    "a reader who has gone is told of once, and costs no turns",
    arguments: [Kind.pipes, .socket, .terminal])
  func noticesReader(kind: Kind) throws {
    let far = try Far(kind)
    let stream = try connect(far)
    let quiet = try reactor.turns(for: Milliseconds(20))
    #expect(quiet <= 3)
    #expect(owner.brokenCount == 0 && !stream.isPeerClosed)
    far.closeReader()
    far.closeWriter()
    #expect(try reactor.turn { owner.brokenCount == 1 })
    #expect(stream.isPeerClosed)
    let turns = try reactor.turns(for: Milliseconds(50))
    #expect(turns <= 3)
    #expect(owner.brokenCount == 1)
    #expect(stream.send([1].span).isFailure)
    stream.abort()
  }

  @Test("a writer who has gone costs no turns while nobody is interested")
  func ignoresWriter() throws {
    let far = try Far(.pipes)
    let stream = try connect(far)
    far.closeWriter()
    let turns = try reactor.turns(for: Milliseconds(50))
    #expect(turns <= 3)
    stream.close()
  }
}

extension SendResult {
  fileprivate var isFailure: Bool {
    if case .failed = self { true } else { false }
  }
}
