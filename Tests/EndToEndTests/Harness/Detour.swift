import Foundation

/// A stretch of TCP between a proxy and tunneld that counts, and that fails in several ways: it can be cut, it
/// falls silent while it stays open, and it turns connections away.
final class Detour: Sendable {
  private let server: Server
  /// Connections of an older era are carried no more.
  private let era: Locked<Int>
  private let isClosed: Locked<Bool>
  private let carried: Counter

  var port: UInt16 { server.port }
  /// Connections since the start, those included that were turned away.
  var acceptedCount: Int { server.acceptedCount }

  /// Bytes that went through, both ways.
  var carriedByteCount: Int { carried.value }

  init(to port: UInt16) throws {
    let era = Locked(0)
    let isClosed = Locked(false)
    self.era = era
    self.isClosed = isClosed
    let carried = Counter()
    self.carried = carried
    server = try Server { near in
      if isClosed.get() { return }
      let ownEra = era.get()
      try near.relay(to: port, counter: carried) { era.get() == ownEra }
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

extension Socket {
  /// Carries bytes between this socket and a port of this machine, until either side ends.
  /// - Parameters:
  ///   - counter: is told what is carried.
  ///   - isCarried: asked for each piece; what is not carried is lost.
  func relay(
    to port: UInt16, counter: Counter = Counter(),
    while isCarried: @escaping @Sendable () -> Bool = { true }
  ) throws {
    let far = try Socket(connectingTo: port)
    defer { far.interrupt() }
    let back = Background {
      // Whichever side ends first ends the other.
      defer { self.interrupt() }
      try far.receiveToEnd {
        counter.add($0.count)
        if isCarried() { try self.send($0) }
      }
    }
    try receiveToEnd {
      counter.add($0.count)
      if isCarried() { try far.send($0) }
    }
    far.interrupt()
    _ = try? back.wait()
  }
}
