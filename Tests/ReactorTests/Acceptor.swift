import Reactor
import Testing

/// A listener on a free port of loopback that keeps what it accepts.
final class Acceptor: ListenerHandler {
  private(set) var accepted: [any ByteStream] = []
  private(set) var peers: [SocketAddress] = []
  private(set) var listener: (any Listener)?
  var onAccept: (any ByteStream) -> Void = { _ in }

  convenience init(
    _ reactor: Reactor, host: String = "127.0.0.1", backlog: Int32 = 128,
    keepalive: Keepalive? = nil
  ) throws {
    let address = try #require(SocketAddress(numeric: host, port: 0))
    try self.init(reactor, on: address, backlog: backlog, keepalive: keepalive)
  }

  init(
    _ reactor: Reactor, on address: SocketAddress, backlog: Int32 = 128,
    keepalive: Keepalive? = nil
  ) throws {
    listener = try reactor.listen(on: address, backlog: backlog, keepalive: keepalive, self)
  }

  var address: SocketAddress { listener!.address }

  func listener(_ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress)
  {
    accepted.append(stream)
    peers.append(peer)
    onAccept(stream)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {
    Issue.record("accepting paused: \(error.reason)")
  }

  func close() {
    listener?.close()
    listener = nil
    accepted = []
  }
}
