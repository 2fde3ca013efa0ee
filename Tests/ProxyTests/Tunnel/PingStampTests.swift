import Basics
import Testing

@testable import Tunnel

@Suite("Ping stamp")
struct PingStampTests {
  private static let sent = Instant(nanoseconds: 5_000_000_000)

  @Test("comes back as it went", arguments: [0, 1, 0x0102_0304_0506_0708, Int64.max])
  func roundTrips(byteCount: Int64) {
    let stamp = PingStamp(sentAt: Self.sent, sentByteCount: byteCount)
    #expect(stamp.payload.count == PingStamp.byteCount)
    #expect(PingStamp(payload: stamp.payload, now: Self.sent) == stamp)
  }

  @Test("a payload that is none of ours is not taken for one")
  func refusesOthers() {
    let payload = PingStamp(sentAt: Self.sent, sentByteCount: 7).payload
    #expect(PingStamp(payload: payload, now: Instant(nanoseconds: 1)) == nil, "from the future")
    #expect(PingStamp(payload: Array(payload.dropLast()), now: Self.sent) == nil)
    #expect(PingStamp(payload: [], now: Self.sent) == nil)
    #expect(PingStamp(payload: [UInt8](repeating: 0xff, count: 16), now: Self.sent) == nil)
  }
}
