import Foundation

/// A stretch of TCP between a proxy and tunneld that counts, and that fails in more ways than `Wire`: it falls
/// silent while it stays open, and it turns connections away.
final class Detour: Sendable {
  private let server: Server
  /// Connections of an older era are carried no more.
  private let era: Locked<Int>
  private let isClosed: Locked<Bool>

  var port: UInt16 { server.port }
  /// Connections since the start, those included that were turned away.
  var acceptedCount: Int { server.acceptedCount }

  init(to port: UInt16) throws {
    let era = Locked(0)
    let isClosed = Locked(false)
    self.era = era
    self.isClosed = isClosed
    server = try Server { near in
      if isClosed.get() { return }
      let ownEra = era.get()
      let far = try Socket(connectingTo: port)
      defer { far.interrupt() }
      let back = Background {
        // Whichever side ends first ends the other.
        defer { near.interrupt() }
        try far.receiveToEnd { if era.get() == ownEra { try near.send($0) } }
      }
      try near.receiveToEnd { if era.get() == ownEra { try far.send($0) } }
      far.interrupt()
      _ = try? back.wait()
    }
  }

  /// Ends the connections that go through; later ones are carried again.
  func cut() { server.interruptConnections() }

  /// Of the connections that go through nothing arrives any more, though they stay open.
  func fallSilent() { era.set(era.get() + 1) }

  /// Later connections end as soon as they begin.
  func close() { isClosed.set(true) }

  func open() { isClosed.set(false) }

  func stop() { server.stop() }
}
