import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy
@testable import Tunnel

@Suite("TunnelLink's pacing")
struct TunnelLinkPacingTests {
  private static var header: MessageHeader {
    MessageHeader(
      .streamStart, streamID: 1, serviceID: Array("SSH1".utf8), connectionID: 1)
  }

  @Test("with a limit a message waits for its time, and the link wakes for it once")
  func waitsForItsTime() throws {
    // One message of about 20 bytes takes a fifth of a second.
    let harness = try LinkHarness(.client, pacer: Pacer(limit: 100))
    while harness.link.hasRoom { harness.link.send(Self.header) }
    let sentCount = harness.sentFrames.count
    #expect(sentCount >= 1)
    harness.link.wantsRoom = true
    // Asked for room that the transport has, epoll would not let the loop sleep.
    #expect(!harness.far.interest.contains(.writable))
    harness.world.settle()
    let callCount = harness.world.callCount
    harness.world.advance(20_000)
    #expect(harness.roomCount == 1 && harness.link.hasRoom)
    #expect(harness.world.callCount == callCount + 1)
    harness.link.abandon()
  }

  @Test("what is sent before anything is read keeps to the limit, too")
  func pacesFromTheStart() throws {
    let world = QuietWorld()
    let link = TunnelLink(
      network: world.network, stream: try world.secureConnection().near, role: .client, early: [],
      pacer: Pacer(limit: 100), log: Log.silent)
    while link.hasRoom && link.sentByteCount < 1_000 { link.send(Self.header) }
    #expect(link.sentByteCount < 100)
    link.abandon()
  }

  @Test("a limit's time is kept also after more was on the way than may be")
  func waitsAfterWindow() throws {
    let harness = try LinkHarness(.client, pacer: Pacer(limit: 4_000_000))
    while harness.link.hasRoom { harness.link.send(Self.header) }
    harness.link.wantsRoom = true
    // Without a pong it would go on in a second.
    let pings = harness.sentFrames.filter { $0.opcode == .ping }
    for ping in pings { harness.arrive(CollectedFrame(opcode: .pong, payload: ping.payload)) }
    while harness.link.hasRoom { harness.link.send(Self.header) }
    harness.link.wantsRoom = true
    let roomCount = harness.roomCount
    harness.world.advance(20)
    #expect(harness.roomCount == roomCount + 1)
    harness.link.abandon()
  }

  @Test("without one, pings tell what may be on the way: they carry what went before them")
  func pings() throws {
    let harness = try LinkHarness(.client, pacer: Pacer(limit: 0))
    var messageCount = 0
    while harness.link.hasRoom && messageCount < 10_000 {
      harness.link.send(Self.header)
      messageCount += 1
    }
    #expect(messageCount < 10_000)
    let pings = harness.sentFrames.filter { $0.opcode == .ping }
    #expect(!pings.isEmpty && pings.count * 20 < messageCount)
    let stamps = pings.compactMap { PingStamp(payload: $0.payload, now: harness.world.now) }
    #expect(stamps.count == pings.count)
    #expect(stamps.last?.sentByteCount == harness.link.sentByteCount)
    harness.link.wantsRoom = true
    #expect(harness.roomCount == 0)
    for ping in pings { harness.arrive(CollectedFrame(opcode: .pong, payload: ping.payload)) }
    #expect(harness.roomCount == 1 && harness.link.hasRoom)
    harness.link.abandon()
  }

  @Test("while nothing is read, and no pong seen, nothing is held back")
  func goesOnWhilePaused() throws {
    let harness = try LinkHarness(.client, pacer: Pacer(limit: 0))
    harness.disposition = { _ in .pause }
    harness.arrive(CollectedFrame(opcode: .binary, payload: LinkHarness.data([7])))
    for _ in 0..<2_000 where harness.link.hasRoom { harness.link.send(Self.header) }
    #expect(harness.link.hasRoom)
    harness.link.abandon()
  }

  @Test("a link without a pacer sends as fast as it can, and no pings")
  func unpaced() throws {
    let harness = try LinkHarness(.server)
    for _ in 0..<2_000 where harness.link.hasRoom { harness.link.send(Self.header) }
    #expect(harness.link.hasRoom && harness.sentFrames.count == 2_000)
    #expect(harness.link.pacedByteCountMax == .max)
    harness.link.abandon()
  }
}
