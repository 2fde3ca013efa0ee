import Foundation

/// A stretch of TCP between a proxy and tunneld that can be cut, as a network drops a connection.
final class Wire: Sendable {
  private let server: Server

  var port: UInt16 { server.port }

  init(to port: UInt16) throws {
    server = try Server { near in
      let far = try Socket(connectingTo: port)
      defer { far.interrupt() }
      let back = Background {
        // Whichever side ends first ends the other.
        defer { near.interrupt() }
        try far.receiveToEnd { try near.send($0) }
      }
      try near.receiveToEnd { try far.send($0) }
      far.interrupt()
      _ = try? back.wait()
    }
  }

  /// Ends the connections that go through; later ones are carried again.
  func cut() { server.interruptConnections() }

  func stop() { server.stop() }
}
