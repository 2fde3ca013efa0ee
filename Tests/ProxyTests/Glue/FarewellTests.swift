import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy

@Suite("Farewell")
struct FarewellTests {
  private let network = ScriptedNetwork()
  private let stream = ScriptedStream()
  private final class Counter { var count = 0 }
  private let ends = Counter()

  private func begin(isCut: Bool, unacknowledged: Int) {
    stream.transportState.unacknowledgedByteCount = unacknowledged
    let ends = ends
    Farewell(network: network, stream: stream, isCut: isCut) { ends.count += 1 }.start()
  }

  @Test("with nothing left to deliver a socket is closed at once", arguments: [true, false])
  func closesAtOnce(isCut: Bool) {
    begin(isCut: isCut, unacknowledged: 0)
    #expect(stream.isClosed && ends.count == 1 && network.timerCount == 0)
    #expect(stream.hasFinishedSending == !isCut && stream.isAborted == isCut)
  }

  @Test(
    "else when its peer's system has it all, however slowly that goes, and nothing is read meanwhile",
    arguments: [true, false])
  func waitsForDelivery(isCut: Bool) {
    begin(isCut: isCut, unacknowledged: 100)
    for left in (1..<100).reversed() {
      network.advance(9_000)
      #expect(!stream.isClosed && stream.interest.isEmpty)
      stream.transportState.unacknowledgedByteCount = left
    }
    stream.transportState.unacknowledgedByteCount = 0
    network.advance(400)
    #expect(stream.isClosed && stream.isAborted == isCut && ends.count == 1)
    #expect(network.timerCount == 0)
  }

  @Test("a peer that acknowledges nothing for ten seconds is reset", arguments: [true, false])
  func givesUp(isCut: Bool) {
    begin(isCut: isCut, unacknowledged: 100)
    network.advance(9_900)
    #expect(!stream.isClosed)
    network.advance(500)
    #expect(stream.isAborted && ends.count == 1 && network.timerCount == 0)
  }
}
