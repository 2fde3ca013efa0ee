import Reactor
import Testing

@testable import Proxy

@Suite("Farewell")
struct FarewellTests {
  @Test(
    "a socket's sending ends first, and it closes when its peer has ended too",
    arguments: [true, false])
  func waitsForPeer(isOrderly: Bool) throws {
    let stream = ScriptedStream()
    var endCount = 0
    _ = Farewell(network: try Reactor(), stream: stream) { endCount += 1 }
    #expect(stream.hasFinishedSending && !stream.isClosed)
    // What still comes must be read, or the close would be a reset.
    stream.arrive([UInt8](repeating: 1, count: 100_000))
    #expect(!stream.isClosed && endCount == 0)
    stream.end(isOrderly ? .endOfStream : .failed(.unexpectedEnd))
    #expect(stream.isClosed && endCount == 1)
  }
}
