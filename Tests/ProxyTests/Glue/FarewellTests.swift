import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy

@Suite("Farewell")
struct FarewellTests {
  private let world = QuietWorld()
  private final class Counter { var count = 0 }
  private let ends = Counter()

  /// - Parameter unacknowledged: bytes that the peer's system has no room for; the peer does not read.
  /// - Returns: the peer.
  private func begin(isCut: Bool, unacknowledged: Int) -> FarEnd {
    world.bufferByteCount = max(1, unacknowledged)
    let (stream, peer) = world.connection()
    if unacknowledged > 0 {
      peer.reads = false
      let bytes = [UInt8](repeating: 1, count: unacknowledged)
      for _ in 0..<2 {
        _ = stream.send(bytes.span)
        world.settle()
      }
      #expect(stream.transportState.unacknowledgedByteCount == unacknowledged)
    }
    let ends = ends
    Farewell(network: world.network, stream: stream, isCut: isCut) { ends.count += 1 }.start()
    return peer
  }

  @Test("with nothing left to deliver a socket is closed at once", arguments: [true, false])
  func closesAtOnce(isCut: Bool) {
    let peer = begin(isCut: isCut, unacknowledged: 0)
    #expect(peer.isClosed && ends.count == 1 && world.timerCount == 0)
    world.settle()
    #expect(peer.hasEnded == !isCut && peer.isAborted == isCut && peer.isReset == isCut)
  }

  @Test(
    "else when its peer's system has it all, however slowly that goes, and nothing is read meanwhile",
    arguments: [true, false])
  func waitsForDelivery(isCut: Bool) {
    let peer = begin(isCut: isCut, unacknowledged: 100)
    peer.send([7])
    for _ in 0..<99 {
      world.advance(9_000)
      #expect(!peer.isClosed && peer.interest.isEmpty)
      peer.take(1)
    }
    peer.take(1)
    world.advance(400)
    #expect(peer.isClosed && peer.isAborted == isCut && ends.count == 1)
    #expect(world.timerCount == 0)
  }

  @Test("a peer that acknowledges nothing for ten seconds is reset", arguments: [true, false])
  func givesUp(isCut: Bool) {
    let peer = begin(isCut: isCut, unacknowledged: 100)
    world.advance(9_900)
    #expect(!peer.isClosed)
    world.advance(500)
    #expect(peer.isAborted && ends.count == 1 && world.timerCount == 0)
  }
}
