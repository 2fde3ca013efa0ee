import Basics
import Testing

@testable import Reactor

@Suite("SocketStream")
struct SocketStreamTests {
  @Test("a connection carries bytes both ways", arguments: ["127.0.0.1", "::1"])
  func connects(host: String) throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor, host: host)
    let client = Endpoint()
    client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    #expect(!client.isOpen, "nothing is reported from inside of connect")
    #expect(try reactor.turn { client.isOpen && acceptor.accepted.count == 1 })
    let server = Endpoint()
    server.attach(acceptor.accepted[0])
    #expect(acceptor.peers[0].host == host)
    client.send(Array("ping".utf8))
    server.send(Array("pong".utf8))
    #expect(try reactor.turn { client.receivedCount == 4 && server.receivedCount == 4 })
    #expect(server.received == Array("ping".utf8) && client.received == Array("pong".utf8))
    client.close()
    server.close()
    acceptor.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("the local address can be chosen")
  func bindsLocalAddress() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    let client = Endpoint()
    let local = try #require(SocketAddress(numeric: "127.0.0.9", port: 0))
    client.stream = try reactor.connect(to: acceptor.address, from: local, client)
    #expect(try reactor.turn { acceptor.peers.count == 1 })
    #expect(acceptor.peers[0].host == "127.0.0.9")
    client.close()
    acceptor.close()
  }

  @Test("a refused connection is reported, by a throw or as a failure")
  func reportsRefusal() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    let address = acceptor.address
    acceptor.close()
    let client = Endpoint()
    var reasons: [String] = []
    do throws(SystemError) {
      client.stream = try reactor.connect(to: address, from: nil, client)
    } catch {
      reasons.append(error.reason)
    }
    _ = try reactor.turn(within: Milliseconds(1_000)) {
      client.failure != nil || !reasons.isEmpty
    }
    if let failure = client.failure { reasons.append(failure.reason) }
    #expect(reasons == ["Connection refused"] && !client.isOpen)
    #expect(reactor.registrationCount == 0)
  }

  @Test("an end of one direction leaves the other open")
  func halfCloses() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.client.send([1, 2, 3])
    pair.client.stream?.finishSending()
    #expect(try reactor.turn { pair.server.hasEnded })
    #expect(pair.server.received == [1, 2, 3])
    pair.server.send([4, 5])
    pair.server.stream?.finishSending()
    #expect(try reactor.turn { pair.client.hasEnded })
    #expect(pair.client.received == [4, 5])
    pair.close()
  }

  @Test(
    "a peer on this machine that closed is told from one that ended its direction",
    arguments: [true, false])
  func tellsClosed(closes: Bool) throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    if closes { pair.client.stream?.close() } else { pair.client.stream?.finishSending() }
    #expect(try reactor.turn { pair.server.hasEnded })
    #expect(pair.server.stream?.isPeerClosed == closes)
    pair.close()
  }

  @Test(
    "a peer that ended its direction and resets the connection then is gone, though nobody reads")
  func tellsReset() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.client.stream?.finishSending()
    #expect(try reactor.turn { pair.server.hasEnded })
    pair.server.stream?.interest = []
    #expect(pair.server.stream?.isPeerClosed == false)
    pair.client.stream?.abort()
    #expect(try reactor.turn { pair.server.stream?.isPeerClosed == true })
    pair.close()
  }

  @Test("an abort is a failure at the peer, not an end")
  func abortIsNoEnd() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.client.stream?.abort()
    #expect(try reactor.turn { pair.server.failure != nil })
    #expect(pair.server.failure?.reason == "Connection reset by peer" && !pair.server.hasEnded)
    pair.close()
  }

  @Test(
    "a peer that keeps its window closed is given up after the user time-out, and not without one",
    arguments: [true, false])
  func timesOut(isLimited: Bool) throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    if isLimited { pair.client.stream?.setUserTimeout(Milliseconds(300)) }
    pair.server.stream?.interest = []
    pair.client.pattern = Pattern(2)
    pair.client.unsentCount = 50_000_000
    pair.client.sendPattern()
    let hasFailed = try reactor.turn(within: Milliseconds(isLimited ? 10_000 : 1_500)) {
      pair.client.failure != nil
    }
    #expect(hasFailed == isLimited)
    if isLimited { #expect(pair.client.failure?.reason == "Connection timed out") }
    pair.close()
  }

  @Test("a peer is asked whether it is still there from when the stream is told to")
  func keepsAlive() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    let client = Endpoint()
    client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    #expect(try reactor.turn { client.isOpen && acceptor.accepted.count == 1 })
    let ports = (from: acceptor.peers[0].port, to: acceptor.address.port)
    #expect(try keepaliveWait(from: ports.from, to: ports.to) == nil)
    client.stream?.keepAlive(
      Keepalive(idle: Milliseconds(60_000), interval: Milliseconds(15_000), probeCount: 4))
    let wait = try #require(try keepaliveWait(from: ports.from, to: ports.to))
    #expect((30...60.1).contains(wait))
    client.close()
    acceptor.close()
  }

  @Test("what was sent before a close still arrives")
  func closeDelivers() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.client.send([UInt8](repeating: 7, count: 50_000))
    pair.client.close()
    #expect(try reactor.turn { pair.server.hasEnded })
    #expect(pair.server.receivedCount == 50_000)
    pair.close()
  }

  @Test("a stream without interest does not spin when its peer resets, and tells it when asked")
  func restsWithoutInterest() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.server.stream?.interest = []
    pair.client.stream?.abort()
    #expect(try reactor.turns(for: Milliseconds(50)) <= 3)
    #expect(pair.server.failure == nil)
    pair.server.stream?.interest = .readable
    #expect(try reactor.turn { pair.server.failure != nil })
    pair.close()
  }

  @Test("a stream without interest leaves what comes to the kernel")
  func readsNothingWithoutInterest() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    pair.server.stream?.interest = []
    pair.client.send([1])
    #expect(try reactor.turns(for: Milliseconds(30)) <= 3)
    #expect(pair.server.receivedCount == 0)
    pair.server.stream?.interest = .readable
    #expect(try reactor.turn { pair.server.receivedCount == 1 })
    pair.close()
  }

  @Test("a closed stream says so and nothing else")
  func closedStreamIsSilent() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    let stream = try #require(pair.client.stream)
    stream.close()
    stream.close()
    stream.abort()
    stream.finishSending()
    stream.interest = [.readable, .writable]
    if case .failed(.unexpectedEnd) = stream.send([1].span) {} else { Issue.record("sent") }
    var bytes: [UInt8] = [0]
    var region = bytes.mutableSpan
    if case .endOfStream = stream.receive(into: &region) {} else { Issue.record("received") }
    let ready = pair.client.readyCount
    _ = try reactor.turns(for: Milliseconds(20))
    #expect(pair.client.readyCount == ready && pair.client.failure == nil)
    pair.server.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("five megabytes arrive as they were sent, both ways at once")
  func carriesBulk() throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    for endpoint in [pair.client, pair.server] {
      endpoint.pattern = Pattern(3)
      endpoint.unsentCount = 5_000_000
      endpoint.finishesWhenSent = true
    }
    pair.client.sendPattern()
    pair.server.sendPattern()
    #expect(try reactor.turn { pair.client.hasEnded && pair.server.hasEnded })
    for endpoint in [pair.client, pair.server] {
      #expect(endpoint.receivedCount == 5_000_000 && endpoint.mismatchAt == nil)
    }
    pair.close()
  }
}
