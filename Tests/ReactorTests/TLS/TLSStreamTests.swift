import Basics
import COpenSSL
import Simulator
import Testing

@testable import Reactor

@Suite("TLSStream")
struct TLSStreamTests {
  @Test(
    "ten megabytes arrive as they were sent, both ways at once",
    arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func carriesBulk(version: Int32) throws {
    let pair = try TLSPair.open(versionMax: version)
    for endpoint in [pair.client, pair.server] {
      endpoint.pattern = Pattern(5)
      endpoint.unsentCount = 10_000_000
      endpoint.finishesWhenSent = true
    }
    pair.client.sendPattern()
    pair.server.sendPattern()
    let isDone = try pair.reactor.turn(within: Milliseconds(60_000)) {
      pair.client.hasEnded && pair.server.hasEnded
    }
    #expect(isDone)
    for endpoint in [pair.client, pair.server] {
      #expect(endpoint.receivedCount == 10_000_000 && endpoint.mismatchAt == nil)
      #expect(endpoint.failure == nil)
    }
    pair.close()
  }

  @Test("sends of any size arrive in order, whatever the receiver's buffer")
  func carriesAnySize() throws {
    var random = SeededGenerator()
    let pair = try TLSPair.open()
    var sent: [UInt8] = []
    for _ in 0..<150 {
      let sizes = [0...3, 16_000...16_500, 0...70_000].randomElement(using: &random) ?? 0...3
      let bytes = random.bytes(Int.random(in: sizes, using: &random))
      sent += bytes
      // A send is taken whole or not at all.
      var isTaken = false
      while !isTaken {
        switch try #require(pair.client.stream).send(bytes.span) {
        case .accepted(let count):
          #expect(count == bytes.count)
          isTaken = true
        case .wouldBlock: try pair.reactor.turn(waitMax: Milliseconds(20))
        case .failed(let failure):
          Issue.record("\(failure.reason), SEED=\(seed)")
          return
        }
      }
      if Bool.random(using: &random) { try pair.reactor.turn(waitMax: Milliseconds(0)) }
    }
    #expect(try pair.reactor.turn { pair.server.receivedCount == sent.count })
    #expect(pair.server.received == sent, "SEED=\(seed)")
    pair.close()
  }

  @Test("a reader with a small buffer is told again as long as there is more")
  func readsWhatIsBuffered() throws {
    let pair = try TLSPair.open()
    let reader = SmallReader(pair.server)
    pair.client.send([UInt8](repeating: 9, count: 40_000))
    #expect(try pair.reactor.turn { reader.receivedCount == 40_000 })
    #expect(reader.readyCount >= 40)
    pair.client.stream?.finishSending()
    #expect(try pair.reactor.turn { reader.hasEnded })
    pair.close()
  }

  @Test("a reader that pauses in the middle is told of the rest when it goes on")
  func resumesWithBuffered() throws {
    let pair = try TLSPair.open()
    let reader = SmallReader(pair.server)
    reader.pausesAfterEach = true
    pair.client.send([UInt8](repeating: 9, count: 30_000))
    for step in 1...30 {
      #expect(try pair.reactor.turn { reader.receivedCount >= step * 1_000 })
      #expect(try pair.reactor.turns(for: Milliseconds(2)) <= 4)
      #expect(reader.receivedCount == step * 1_000, "nothing is shown while it pauses")
      pair.server.stream?.interest = .readable
    }
    pair.close()
  }

  @Test("readiness is level-triggered: who ignores it once is told again")
  func repeatsReadiness() throws {
    let pair = try TLSPair.open()
    let reader = SmallReader(pair.server)
    reader.ignoresEachSecond = true
    pair.client.send([UInt8](repeating: 9, count: 20_000))
    #expect(try pair.reactor.turn(within: Milliseconds(2_000)) { reader.receivedCount == 20_000 })
    pair.close()
  }

  /// Receives a thousand bytes at a time.
  private final class SmallReader: StreamHandler {
    private let stream: (any ByteStream)?
    private(set) var receivedCount = 0
    private(set) var readyCount = 0
    private(set) var hasEnded = false
    var pausesAfterEach = false
    var ignoresEachSecond = false

    init(_ endpoint: Endpoint) {
      stream = endpoint.stream
      stream?.handler = self
      stream?.interest = .readable
    }

    func streamOpened() {}
    func streamFailed(_ failure: StreamFailure) {}

    func streamReady(_ readiness: Readiness) {
      guard let stream, readiness.contains(.readable) else { return }
      readyCount += 1
      if ignoresEachSecond && readyCount % 2 == 0 { return }
      var bytes = [UInt8](repeating: 0, count: 1_000)
      var region = bytes.mutableSpan
      switch stream.receive(into: &region) {
      case .bytes(let count): receivedCount += count
      case .endOfStream:
        hasEnded = true
        stream.interest = []
      case .wouldBlock, .failed: break
      }
      if pausesAfterEach { stream.interest = [] }
    }
  }

  @Test("a reader that does not read stops the writer, and loses nothing")
  func holdsWriterBack() throws {
    let pair = try TLSPair.open()
    pair.server.stream?.interest = []
    pair.client.pattern = Pattern(6)
    pair.server.pattern = Pattern(6)
    pair.client.unsentCount = 50_000_000
    pair.client.sendPattern()
    var before = -1
    while pair.client.sentCount != before {
      before = pair.client.sentCount
      _ = try pair.reactor.turns(for: Milliseconds(60))
    }
    #expect(pair.client.unsentCount > 0, "the kernel does not take it all")
    // What was accepted below the mark, one frame, and what TLS adds to it.
    #expect(pair.client.unsentByteCountMax <= TLSStream.roomMark + 64_000 + 1_024)
    let blocked = try #require(pair.client.stream)
    #expect((blocked as? any SecureStream)?.unsentByteCount ?? 0 > 0)
    if case .wouldBlock = blocked.send([1].span) {} else { Issue.record("the send was taken") }
    #expect(try pair.reactor.turns(for: Milliseconds(50)) <= 4, "a blocked writer spins")
    let sent = pair.client.sentCount
    pair.client.unsentCount = 1_000_000
    pair.server.stream?.interest = .readable
    let isDone = try pair.reactor.turn(within: Milliseconds(60_000)) {
      pair.server.receivedCount == sent + 1_000_000
    }
    #expect(isDone && pair.server.mismatchAt == nil)
    #expect((blocked as? any SecureStream)?.unsentByteCount == 0)
    pair.close()
  }

  @Test("an orderly end is an end of stream, and the other direction stays open")
  func halfCloses() throws {
    let pair = try TLSPair.open()
    pair.client.send([1, 2, 3])
    pair.client.stream?.finishSending()
    #expect(try pair.reactor.turn { pair.server.hasEnded })
    #expect(pair.server.received == [1, 2, 3] && pair.server.failure == nil)
    pair.server.send([4, 5])
    pair.server.stream?.finishSending()
    #expect(try pair.reactor.turn { pair.client.hasEnded })
    #expect(pair.client.received == [4, 5] && pair.client.failure == nil)
    pair.close()
  }

  @Test("a close says goodbye, so that the peer sees an end and no failure")
  func closesInOrder() throws {
    let pair = try TLSPair.open()
    pair.client.send([UInt8](repeating: 1, count: 5_000))
    pair.client.close()
    #expect(try pair.reactor.turn { pair.server.hasEnded || pair.server.failure != nil })
    #expect(pair.server.hasEnded && pair.server.receivedCount == 5_000)
    pair.close()
  }

  @Test("a line that is cut without TLS's own end is an unexpected end, behind all that came")
  func reportsCut() throws {
    let pair = try TLSPair.open()
    pair.client.send([UInt8](repeating: 1, count: 5_000))
    #expect(try pair.reactor.turn { pair.server.receivedCount == 5_000 })
    pair.clientTransport?.close()
    #expect(try pair.reactor.turn { pair.server.failure != nil })
    #expect(pair.server.failure?.reason == StreamFailure.unexpectedEnd.reason)
    #expect(!pair.server.hasEnded)
    pair.close()
  }

  @Test("bytes and the cut right behind them come in this order")
  func receivesBeforeCut() throws {
    let pair = try TLSPair.open()
    pair.server.stream?.interest = []
    pair.client.send([UInt8](repeating: 1, count: 30_000))
    try pair.reactor.turn(waitMax: Milliseconds(10))
    pair.clientTransport?.close()
    pair.server.stream?.interest = .readable
    #expect(try pair.reactor.turn { pair.server.failure != nil })
    #expect(pair.server.receivedCount == 30_000 && !pair.server.hasEnded)
    pair.close()
  }

  @Test("a reset is a failure, whether one reads or writes", arguments: [true, false])
  func reportsReset(isWriting: Bool) throws {
    let pair = try TLSPair.open()
    if isWriting {
      pair.server.pattern = Pattern(1)
      pair.client.stream?.interest = []
      pair.server.stream?.interest = []
      pair.server.unsentCount = 50_000_000
      pair.server.sendPattern()
      _ = try pair.reactor.turns(for: Milliseconds(50))
      pair.server.stream?.interest = .writable
    }
    pair.client.stream?.abort()
    #expect(try pair.reactor.turn { pair.server.failure != nil })
    #expect(pair.server.failure?.reason == "Connection reset by peer" && !pair.server.hasEnded)
    pair.close()
  }

  @Test("a stream without interest does not spin when its peer resets")
  func restsWithoutInterest() throws {
    let pair = try TLSPair.open()
    pair.server.stream?.interest = []
    pair.client.stream?.abort()
    #expect(try pair.reactor.turns(for: Milliseconds(50)) <= 4)
    pair.server.stream?.interest = .readable
    #expect(try pair.reactor.turn { pair.server.failure != nil })
    pair.close()
  }

  @Test("garbage in the middle of a connection is a failure, not an end")
  func reportsGarbage() throws {
    let pair = try TLSPair.open()
    let garbage = [UInt8](repeating: 0x16, count: 200)
    _ = pair.clientTransport?.send(garbage.span)
    #expect(try pair.reactor.turn { pair.server.failure != nil || pair.server.hasEnded })
    #expect(pair.server.failure != nil && !pair.server.hasEnded)
    pair.close()
  }

  @Test("small sends of one turn go out together")
  func batchesSmallSends() throws {
    let pair = try TLSPair.open()
    _ = try pair.reactor.turns(for: Milliseconds(10))
    for index in 0..<20 { pair.client.send([UInt8(index)]) }
    let secure = try #require(pair.client.stream as? any SecureStream)
    #expect(secure.unsentByteCount > 0, "nothing goes out before the turn's end")
    try pair.reactor.turn(waitMax: Milliseconds(0))
    #expect(secure.unsentByteCount == 0)
    #expect(try pair.reactor.turn { pair.server.received == (0..<20).map { UInt8($0) } })
    #expect(pair.server.readyCount <= 3)
    pair.close()
  }

  @Test("a closed stream takes and gives nothing, and its handler hears nothing")
  func closedStreamIsSilent() throws {
    let pair = try TLSPair.open()
    let stream = try #require(pair.client.stream)
    stream.close()
    stream.close()
    stream.abort()
    stream.finishSending()
    if case .failed(.unexpectedEnd) = stream.send([1].span) {} else { Issue.record("sent") }
    let ready = pair.client.readyCount
    pair.server.stream?.abort()
    _ = try pair.reactor.turns(for: Milliseconds(20))
    #expect(pair.client.readyCount == ready && pair.client.failure == nil)
    pair.close()
  }

  @Test("neither the streams nor the reactor's registrations outlive a connection")
  func leaksNothing() throws {
    weak var client: TLSStream?
    weak var server: TLSStream?
    do {
      let pair = try TLSPair.open()
      client = pair.client.stream as? TLSStream
      server = pair.server.stream as? TLSStream
      #expect(client != nil && server != nil)
      pair.close()
      try pair.reactor.turn(waitMax: Milliseconds(0))
    }
    #expect(client == nil && server == nil)
  }
}
