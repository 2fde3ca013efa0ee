import Basics
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
      _ listener: any Listener, accepted stream: any Stream, from peer: SocketAddress
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

  @Test("both IP versions may have the same port")
  func keepsVersionsApart() throws {
    let reactor = try Reactor()
    let acceptor = try Acceptor(reactor, host: "0.0.0.0")
    let other = try #require(SocketAddress(numeric: "::", port: acceptor.address.port))
    let listener = try reactor.listen(on: other, backlog: 1, acceptor)
    #expect(listener.address.isIPv6 && listener.address.port == acceptor.address.port)
    listener.close()
    acceptor.close()
  }
}
