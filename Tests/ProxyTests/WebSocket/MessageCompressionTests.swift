import Basics
import Simulator
import Testing

@testable import WebSocket

@Suite("MessageCompression")
struct MessageCompressionTests {
  @Test(
    "each role compresses as it may, and restores what the other one may send", arguments: 8...15)
  func pairsUp(windowBits: Int) throws {
    var random = SeededGenerator()
    for keepsContext in [true, false] {
      // The client's direction is the narrow one, the server's the other way round.
      var agreed = PermessageDeflate()
      agreed.clientMaxWindowBits = windowBits
      agreed.serverMaxWindowBits = 23 - windowBits
      agreed.clientNoContextTakeover = !keepsContext
      agreed.serverNoContextTakeover = keepsContext
      let client = try #require(MessageCompression(agreed, role: .client, memoryLevel: 5))
      let server = try #require(MessageCompression(agreed, role: .server, memoryLevel: 5))
      for (sender, receiver) in [(client, server), (server, client)] {
        for _ in 0..<4 {
          let chunk = random.bytes(200)
          let message = Array((0..<100).map { _ in chunk }.joined())
          var queue = ByteQueue()
          #expect(sender.deflater.compress(message.span, endsMessage: true, into: &queue))
          var restored = [UInt8](repeating: 0, count: message.count + 1)
          var room = restored.mutableSpan
          let step = try queue.withReadable { try receiver.inflater.inflate($0, into: &room) }
          let end = try receiver.inflater.finish(into: &room, from: step.madeByteCount)
          #expect(end.isDone && step.madeByteCount + end.madeByteCount == message.count)
          #expect(Array(restored.prefix(message.count)) == message, "SEED=\(seed)")
        }
      }
    }
  }

  private static func isWorthwhile(_ payload: [UInt8]) -> Bool {
    MessageCompression.isWorthwhile(payload.span)
  }

  @Test(
    "text is worth compressing, random octets are not",
    arguments: [31, 32, 40, 100, 500, 511, 512, 513, 1_400, 16_384, 64_512])
  func tellsText(count: Int) {
    var random = SeededGenerator()
    let isLong = count >= 32
    let line = Array(
      "2026-11-22 17:44:06 gateway-07 sshd[811]: Connection closed by 10.0.0.7\n".utf8)
    let text = (0..<count).map { line[$0 % line.count] }
    #expect(Self.isWorthwhile(text) == isLong)
    let zeros = [UInt8](repeating: 0, count: count)
    #expect(Self.isWorthwhile(zeros) == isLong)
    var worthwhileCount = 0
    for _ in 0..<200 where Self.isWorthwhile(random.bytes(count)) {
      worthwhileCount += 1
    }
    #expect(worthwhileCount <= 1, "SEED=\(seed)")
    // What is random but has only so many values can be made shorter, once there is enough of it.
    if count >= 500 {
      let digits = random.bytes(count).map { 0x30 + $0 % 16 }
      #expect(Self.isWorthwhile(digits), "SEED=\(seed)")
    }
  }
}
