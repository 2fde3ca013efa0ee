import Basics
import COpenSSL
import Simulator
import Testing

@testable import Reactor

/// What a peer sends besides data once a stream is open.
@Suite("TLS control records")
struct ControlRecordTests {
  /// What a server may send over and over.
  enum Control: CaseIterable {
    case keyUpdate, keyUpdateRequest, ticket, helloRequest

    var versionMax: Int32 { self == .helloRequest ? TLS1_2_VERSION : TLS1_3_VERSION }
    /// Bytes of OpenSSL's answer to one, at the most; a record without content has 22.
    var answerByteCountMax: Int { self == .keyUpdateRequest || self == .helloRequest ? 40 : 0 }

    /// Lets `server` write one into its outbound queue.
    func make(_ server: TLSStream) -> Bool {
      switch self {
      case .keyUpdate: SSL_key_update(server.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
      case .keyUpdateRequest: SSL_key_update(server.ssl, SSL_KEY_UPDATE_REQUESTED)
      case .ticket: SSL_new_session_ticket(server.ssl)
      case .helloRequest:
        // Its own refusal of other people's wishes stands in its way.
        SSL_clear_options(server.ssl, ControlRecordTests.noRenegotiation)
        return SSL_renegotiate(server.ssl) == 1 && SSL_do_handshake(server.ssl) == 1
      }
      return SSL_do_handshake(server.ssl) == 1
    }
  }

  /// SSL_OP_NO_RENEGOTIATION of openssl/ssl.h.
  private static let noRenegotiation: UInt64 = 1 << 30

  private final class Flood {
    let pair: TLSPair
    let client: TLSStream
    let server: TLSStream
    private let control: Control

    init(_ control: Control) throws {
      self.control = control
      pair = try TLSPair.open(versionMax: control.versionMax)
      client = try #require(pair.client.stream as? TLSStream)
      server = try #require(pair.server.stream as? TLSStream)
    }

    /// As many as the kernel takes of `count`; what it does not take waits in the server's queue.
    func send(_ count: Int) throws {
      for _ in 0..<count where !control.make(server) { throw Failure.refused }
      _ = server.outbound.withReadable { pair.serverTransport?.send($0) }
        .map { if case .accepted(let count) = $0 { server.outbound.consume(count) } }
    }

    enum Failure: Error { case refused }
  }

  @Test(
    "as many as one likes are taken at a pace, and data behind them arrives",
    arguments: Control.allCases)
  func paces(control: Control) throws {
    let flood = try Flood(control)
    flood.pair.server.stream?.interest = []
    let count = ControlRecords.periodCountMax * 3
    try flood.send(count)
    flood.pair.server.send([1, 2, 3])
    let turns = try flood.pair.reactor.turns(for: ControlRecords.period)
    // Two periods may have begun since.
    #expect(flood.pair.client.received.isEmpty && flood.pair.client.failure == nil)
    #expect(turns <= 12, "it spins while it rests")
    #expect(try flood.pair.reactor.turn { flood.pair.client.received == [1, 2, 3] })
    flood.pair.close()
  }

  @Test("a stream that is closed or cut while it rests is gone", arguments: [true, false])
  func endsWhileResting(isCut: Bool) throws {
    weak var stream: TLSStream?
    do {
      let flood = try Flood(.keyUpdate)
      stream = flood.client
      try flood.send(2 * ControlRecords.periodCountMax)
      _ = try flood.pair.reactor.turns(for: Milliseconds(20))
      if isCut { flood.client.abort() }
      flood.pair.close()
      _ = try flood.pair.reactor.turns(for: ControlRecords.period)
    }
    #expect(stream == nil)
  }

  @Test("more in a row than any honest peer sends end the stream, with a reason")
  func endsFlood() throws {
    let flood = try Flood(.keyUpdate)
    flood.client.controlRecords = ControlRecords(count: ControlRecords.countMax - 3)
    try flood.send(3)
    _ = try flood.pair.reactor.turns(for: Milliseconds(20))
    #expect(flood.pair.client.failure == nil)
    try flood.send(1)
    #expect(try flood.pair.reactor.turn { flood.pair.client.failure != nil })
    #expect(
      flood.pair.client.failure?.reason
        == "TLS: the peer sent thousands of control records (new keys, tickets, renegotiations) "
        + "and no data")
    flood.pair.close()
  }

  @Test("data in between begins the count anew")
  func dataForgives() throws {
    let flood = try Flood(.keyUpdate)
    for round in 1...3 {
      flood.client.controlRecords = ControlRecords(count: ControlRecords.countMax - 3)
      try flood.send(3)
      flood.pair.server.send([UInt8(round)])
      #expect(try flood.pair.reactor.turn { flood.pair.client.receivedCount == round })
    }
    #expect(flood.pair.client.failure == nil)
    flood.pair.close()
  }

  @Test(
    "what a peer provokes and does not read is bounded, and goes on when it reads",
    arguments: [Control.keyUpdateRequest, .helloRequest])
  func boundsAnswers(control: Control) throws {
    let flood = try Flood(control)
    let pair = flood.pair
    pair.server.stream?.interest = []
    fill(pair)
    _ = try pair.reactor.turns(for: Milliseconds(60))
    let full = flood.client.outbound.count
    #expect(full >= TLSStream.roomMark)
    // Three times as many as are answered, at a pace that is no matter here.
    let answeredMax = TLSStream.provokedMark / 22 + ControlRecords.periodCountMax
    for _ in 0..<(3 * answeredMax / 32) {
      try flood.send(32)
      _ = try pair.reactor.turns(for: Milliseconds(1))
      flood.client.controlRecords = ControlRecords()
    }
    _ = try pair.reactor.turns(for: Milliseconds(3 * 100 * Int64(answeredMax / 64)))
    let answered = flood.client.outbound.count - full
    #expect(answered >= TLSStream.provokedMark, "\(answered)")
    #expect(
      answered
        < TLSStream.provokedMark + ControlRecords.periodCountMax * control.answerByteCountMax)
    #expect(try pair.reactor.turns(for: Milliseconds(50)) <= 4, "a held stream spins")
    pair.client.unsentCount = 0
    pair.server.send([7])
    pair.server.stream?.interest = .readable
    // A server is told of the refusal in TLS 1.2, and gives up.
    #expect(
      try pair.reactor.turn(within: Milliseconds(60_000)) {
        control == .helloRequest ? pair.server.failure != nil : pair.client.received == [7]
      })
    #expect(pair.client.failure == nil || control == .helloRequest)
    pair.close()
  }

  /// Lets the client send until nothing more goes out.
  private func fill(_ pair: TLSPair) {
    pair.client.pattern = Pattern(9)
    pair.client.unsentCount = 50_000_000
    pair.client.sendPattern()
    pair.client.pattern = nil
  }

  @Test("two ends that both send and wait for each other's data are not held up by a few answers")
  func readsWhileFull() throws {
    let pair = try TLSPair.open()
    let server = try #require(pair.server.stream as? TLSStream)
    for (end, seed) in [(pair.client, UInt8(1)), (pair.server, 2)] {
      end.pattern = Pattern(seed)
      end.unsentCount = 20_000_000
    }
    pair.client.sendPattern()
    pair.server.sendPattern()
    var rounds = 0
    let isDone = try pair.reactor.turn(within: Milliseconds(60_000)) {
      rounds += 1
      if rounds % 64 == 0 && rounds < 2_000 {
        SSL_key_update(server.ssl, SSL_KEY_UPDATE_REQUESTED)
      }
      return pair.client.receivedCount == 20_000_000 && pair.server.receivedCount == 20_000_000
    }
    #expect(isDone)
    pair.close()
  }

  @Test("a client's wish to shake hands again is refused")
  func refusesRenegotiation() throws {
    let pair = try TLSPair.open(versionMax: TLS1_2_VERSION)
    let client = try #require(pair.client.stream as? TLSStream)
    #expect(SSL_renegotiate(client.ssl) == 0, "one's own side wishes none")
    SSL_clear_options(client.ssl, Self.noRenegotiation)
    #expect(SSL_renegotiate(client.ssl) == 1)
    SSL_do_handshake(client.ssl)
    pair.client.stream?.interest.insert(.writable)
    #expect(try pair.reactor.turn { pair.client.failure != nil })
    #expect(pair.client.failure?.reason == "TLS: no renegotiation")
    #expect(pair.server.failure == nil)
    pair.close()
  }

  @Test("a handshake has a bounded length, and a turn takes a bounded part of it")
  func boundsHandshake() throws {
    let reactor = try Reactor()
    let transport = EndlessStream()
    let endpoint = Endpoint()
    let context = try TLSContext(clientTrusting: nil, verifiesPeer: false)
    endpoint.stream = try context.start(
      over: transport, serverName: "localhost", on: reactor, endpoint)
    try reactor.turn(waitMax: Milliseconds(0))
    var receives = 0
    while endpoint.failure == nil && transport.receiveCount < 100 {
      #expect(transport.receiveCount - receives <= TLSStream.receivesPerTurnMax)
      receives = transport.receiveCount
      transport.handler?.streamReady(.readable)
    }
    #expect(endpoint.failure?.reason == "TLS: a handshake of more than 262144 bytes")
  }

  /// A peer that always has more: records of TLS with wishes to shake hands in them, which a client that does shake
  /// hands disregards.
  private final class EndlessStream: ByteStream {
    var handler: (any StreamHandler)?
    var interest: Readiness = []
    let isPeerClosed = false
    let transportState = TransportState()
    private(set) var receiveCount = 0
    private var place = 0

    func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
      receiveCount += 1
      for index in 0..<region.count {
        region[index] = [0x16, 3, 3, 0, 4, 0, 0, 0, 0][place]
        place = (place + 1) % 9
      }
      return .bytes(region.count)
    }

    func send(_ bytes: Span<UInt8>) -> SendResult { .accepted(bytes.count) }
    func keepQueueShort(byteCount: Int) {}
    func setUserTimeout(_ timeout: Milliseconds) {}
    func keepAlive(_ keepalive: Keepalive) {}
    func finishSending() {}
    func close() {}
    func abort() {}
  }
}

@Suite("ControlRecords")
struct ControlRecordsTests {
  private func instant(_ milliseconds: Int64) -> Instant {
    Instant(nanoseconds: milliseconds * 1_000_000)
  }

  @Test("each period has its share, and one ends when the time is over, not when it was used")
  func pacesByTime() {
    var records = ControlRecords()
    for start: Int64 in [1_000, 1_100, 7_777] {
      for _ in 1..<ControlRecords.periodCountMax {
        #expect(records.oneCame(instant(start)) == .goOn)
      }
      let verdict = records.oneCame(instant(start + 99))
      #expect(verdict == .rest(until: instant(start + 100)))
    }
  }

  @Test("the last allowed one is taken; one more ends it, unless data came")
  func ends() {
    var records = ControlRecords(count: ControlRecords.countMax - 1)
    #expect(records.oneCame(instant(1)) == .goOn)
    #expect(records.oneCame(instant(1)) == .end)
    records.dataCame()
    #expect(records.oneCame(instant(1)) == .goOn)
  }
}
