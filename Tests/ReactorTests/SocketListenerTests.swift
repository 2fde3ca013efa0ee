import Basics
import Glibc
import Testing

@testable import Reactor

@Suite("SocketListener")
struct SocketListenerTests {
  @Test("a burst of connections is accepted whole, some of them per turn")
  func acceptsBurst() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor, backlog: 511)
    let clients = (0..<200).map { _ in Endpoint() }
    for client in clients {
      client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    }
    var acceptedPerTurnMax = 0
    var before = 0
    let areAll = try reactor.turn {
      acceptedPerTurnMax = max(acceptedPerTurnMax, acceptor.accepted.count - before)
      before = acceptor.accepted.count
      return acceptor.accepted.count == 200 && clients.allSatisfy(\.isOpen)
    }
    #expect(areAll && acceptedPerTurnMax <= SocketListener.acceptsPerTurnMax)
    let ports = Set(acceptor.peers.map(\.port))
    #expect(ports.count == 200)
    for client in clients { client.close() }
    acceptor.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("who comes while it does not accept is accepted afterwards, without a turn spent on it")
  func waits() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    acceptor.listener?.isAccepting = false
    #expect(reactor.registrationCount == 0)
    let client = Endpoint()
    client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    #expect(try reactor.turn { client.isOpen })
    try reactor.turn(waitMax: Milliseconds(20))
    #expect(acceptor.accepted.isEmpty)
    acceptor.listener?.isAccepting = true
    #expect(try reactor.turn { acceptor.accepted.count == 1 })
    client.close()
    acceptor.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("port 0 takes a free port, and a port in use is an error")
  func reportsPort() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    #expect(acceptor.address.port != 0 && acceptor.address.host == "127.0.0.1")
    #expect {
      _ = try reactor.listen(on: acceptor.address, backlog: 1, acceptor)
    } throws: { error in
      (error as? SystemError)?.reason == "Address already in use"
    }
    acceptor.close()
  }

  @Test("a stream nobody keeps is a connection refused")
  func dropsStream() throws {
    let reactor = try Reactor()
    let dropper = Dropper()
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let listener = try reactor.listen(on: address, backlog: 1, dropper)
    let client = Endpoint()
    client.stream = try reactor.connect(to: listener.address, from: nil, client)
    #expect(try reactor.turn { client.hasEnded || client.failure != nil })
    client.close()
    listener.close()
    #expect(reactor.registrationCount == 0)
  }

  private final class Dropper: ListenerHandler {
    func listener(
      _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
    ) {}
    func listener(_ listener: any Listener, paused error: SystemError) {}
  }

  @Test("a closed listener accepts nobody, even those that came before")
  func closesInsideAccept() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    let clients = (0..<5).map { _ in Endpoint() }
    for client in clients {
      client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    }
    acceptor.onAccept = { _ in acceptor.listener?.close() }
    #expect(try reactor.turn { !acceptor.accepted.isEmpty })
    _ = try reactor.turns(for: Milliseconds(20))
    #expect(acceptor.accepted.count == 1)
    for client in clients { client.close() }
    acceptor.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("both IP versions may have the same port", .enabled(if: hasIPv6))
  func keepsVersionsApart() throws {
    let reactor = try Reactor()
    // A port that is free in both; somebody else may have the second one's.
    for attempt in 1...20 {
      let acceptor = try Acceptor(reactor)
      defer { acceptor.close() }
      let other = try #require(SocketAddress(numeric: "::1", port: acceptor.address.port))
      guard let listener = try? reactor.listen(on: other, backlog: 1, acceptor) else {
        #expect(attempt < 20)
        continue
      }
      #expect(listener.address.isIPv6 && listener.address.port == acceptor.address.port)
      listener.close()
      break
    }
  }

  @Test(
    ":: takes clients of both families, each under its own address, and knows which has closed",
    .enabled(if: hasIPv6), arguments: ["127.0.0.1", "::1"], [true, false])
  func listensOnBoth(host: String, closes: Bool) throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor, host: "::")
    #expect(acceptor.address.host == "::")
    let client = Endpoint()
    let address = try #require(SocketAddress(numeric: host, port: acceptor.address.port))
    client.stream = try reactor.connect(to: address, from: nil, client)
    #expect(try reactor.turn { client.isOpen && acceptor.accepted.count == 1 })
    #expect(acceptor.peers.map(\.host) == [host])
    let server = Endpoint()
    server.attach(acceptor.accepted[0])
    #expect(server.stream?.isPeerClosed == false)
    if closes { client.stream?.close() } else { client.stream?.finishSending() }
    #expect(try reactor.turn { server.hasEnded })
    #expect(server.stream?.isPeerClosed == closes)
    client.close()
    server.close()
    acceptor.close()
  }

  @Test("a client whose socket is IPv6 and speaks IPv4 is known as well", arguments: [true, false])
  func knowsMappedClient(closes: Bool) throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor)
    let client = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    guard client >= 0 else { return }
    defer { if !closes { close(client) } }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = acceptor.address.port.bigEndian
    #expect(inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr) == 1)
    let outcome = withUnsafePointer(to: address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(client, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
    try #require(outcome == 0)
    #expect(try reactor.turn { acceptor.accepted.count == 1 })
    #expect(acceptor.peers.map(\.host) == ["127.0.0.1"])
    let server = Endpoint()
    server.attach(acceptor.accepted[0])
    if closes { close(client) } else { shutdown(client, Int32(SHUT_WR)) }
    #expect(try reactor.turn { server.hasEnded })
    #expect(server.stream?.isPeerClosed == closes)
    server.close()
    acceptor.close()
  }

  @Test("who is accepted is asked whether it is still there, if the listener says so")
  func inheritsKeepalive() throws {
    let reactor = try Reactor()
    let short = Keepalive(idle: Milliseconds(9_500), interval: Milliseconds(1), probeCount: 2)
    for keepalive in [short, nil] {
      let acceptor = try Acceptor(reactor, keepalive: keepalive)
      let client = Endpoint()
      client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
      #expect(try reactor.turn { client.isOpen && acceptor.accepted.count == 1 })
      let wait = try keepaliveWait(from: acceptor.address.port, to: acceptor.peers[0].port)
      // Rounded up to 10 s.
      if keepalive == nil { #expect(wait == nil) } else { #expect((5...10.1).contains(wait ?? 0)) }
      client.close()
      acceptor.close()
    }
  }
}
