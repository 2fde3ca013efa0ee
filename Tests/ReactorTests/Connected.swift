import Reactor
import Testing

/// Two ends of one TCP connection over loopback, in one reactor.
struct Connected {
  let client = Endpoint()
  let server = Endpoint()

  init(_ reactor: Reactor) throws {
    let acceptor = try Acceptor(reactor)
    client.stream = try reactor.connect(to: acceptor.address, from: nil, client)
    let isConnected = try reactor.turn { client.isOpen && !acceptor.accepted.isEmpty }
    try #require(isConnected)
    server.attach(acceptor.accepted[0])
    acceptor.close()
  }

  func close() {
    client.close()
    server.close()
  }
}
