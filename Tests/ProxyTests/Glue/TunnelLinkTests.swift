import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy
@testable import Tunnel
@testable import WebSocket

@Suite("TunnelLink")
struct TunnelLinkTests {
  private static let roles: [WebSocketRole] = [.client, .server]

  // MARK: Receiving

  /// Messages of many lengths, and the same bytes cut into frames without regard to the messages.
  private static func randomTraffic(
    using random: inout SeededGenerator
  ) -> (messages: [[UInt8]], frames: [CollectedFrame]) {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let lengths = [0...3, 0...300, 64_500...64_512].randomElement(using: &random) ?? 0...3
      bytes += LinkHarness.data(random.bytes(Int.random(in: lengths, using: &random)))
    }
    let messages = LinkHarness.split(bytes) ?? []
    var frames: [CollectedFrame] = []
    while !bytes.isEmpty {
      let lengths = [0...3, 0...500, 60_000...131_076].randomElement(using: &random) ?? 0...3
      let count = min(bytes.count, Int.random(in: lengths, using: &random))
      frames.append(CollectedFrame(opcode: .binary, payload: Array(bytes.prefix(count))))
      bytes.removeFirst(count)
      if Int.random(in: 0..<4, using: &random) == 0 {
        frames.append(CollectedFrame(opcode: .pong, payload: [1, 2, 3]))
      }
    }
    return (messages, frames)
  }

  @Test("messages are one stream of bytes, however frames and segments cut it", arguments: roles)
  func reassembles(role: WebSocketRole) throws {
    var random = SeededGenerator()
    for round in 0..<30 {
      let (messages, frames) = Self.randomTraffic(using: &random)
      let harness = try LinkHarness(role)
      // Every third round the handler pauses the link at each message.
      let pauses = round % 3 == 0
      if pauses { harness.disposition = { _ in .pause } }
      let octets = frames.flatMap { $0.octets(to: role) }
      var index = 0
      while index < octets.count {
        let lengths = [1...3, 1...70_000].randomElement(using: &random) ?? 1...3
        let end = min(index + Int.random(in: lengths, using: &random), octets.count)
        harness.far.send(octets[index..<end])
        index = end
      }
      var paused = pauses
      while paused {
        let before = harness.messages.count
        harness.link.resume()
        harness.world.settle()
        paused = harness.messages.count > before
      }
      #expect(harness.messages == messages && harness.ends.isEmpty, "SEED=\(seed)")
    }
  }
  @Test("a message is read whose frames come byte by byte", arguments: roles)
  func readsByteByByte(role: WebSocketRole) throws {
    let bytes = LinkHarness.data([1, 2, 3]) + LinkHarness.data([]) + LinkHarness.data([4])
    // Each byte in a frame of its own: length prefixes are cut in half.
    let frames = bytes.map { CollectedFrame(opcode: .binary, payload: [$0]) }
    let harness = try LinkHarness(role)
    for octet in frames.flatMap({ $0.octets(to: role) }) {
      harness.far.send(CollectionOfOne(octet))
    }
    #expect(harness.messages == LinkHarness.split(bytes))
  }

  @Test("a message may come in the fragments of one WebSocket message", arguments: roles)
  func readsFragments(role: WebSocketRole) throws {
    let bytes = LinkHarness.data([1, 2, 3])
    let harness = try LinkHarness(role)
    harness.arrive(
      CollectedFrame(fin: false, opcode: .binary, payload: Array(bytes.prefix(1))),
      CollectedFrame(opcode: .ping),
      CollectedFrame(fin: false, opcode: .continuation, payload: Array(bytes[1..<4])),
      CollectedFrame(opcode: .continuation, payload: Array(bytes[4...])))
    #expect(harness.messages == LinkHarness.split(bytes))
  }

  @Test("what came behind the handshake is read first", arguments: roles)
  func readsEarlyBytes(role: WebSocketRole) throws {
    let first = LinkHarness.data([1])
    let frame = CollectedFrame(opcode: .binary, payload: first).octets(to: role)
    let harness = try LinkHarness(role, early: Array(frame.prefix(5)))
    #expect(harness.messages.isEmpty)
    harness.far.send(frame.dropFirst(5))
    #expect(harness.messages == LinkHarness.split(first))
    let whole = try LinkHarness(role, early: frame)
    whole.world.settle()
    #expect(whole.messages == LinkHarness.split(first))
  }

  @Test("a paused link reads nothing, and shows the next message when it goes on")
  func pauses() throws {
    let harness = try LinkHarness(.client)
    harness.disposition = { _ in .pause }
    let bytes = (0..<3).flatMap { LinkHarness.data([$0]) }
    harness.arrive(CollectedFrame(opcode: .binary, payload: bytes))
    for count in 1...3 {
      #expect(harness.messages.count == count && !harness.far.interest.contains(.readable))
      harness.link.resume()
    }
    #expect(harness.messages == LinkHarness.split(bytes))
    #expect(harness.far.interest.contains(.readable))
  }

  @Test("a close frame that came behind a pause ends our own close at once")
  func closesBehindPause() throws {
    let harness = try LinkHarness(.client)
    harness.disposition = { _ in .pause }
    harness.arrive(
      CollectedFrame(opcode: .binary, payload: LinkHarness.data([1])),
      CollectedFrame(opcode: .close, payload: CloseFrame(.goingAway).payload))
    #expect(harness.messages.count == 1 && harness.ends.isEmpty && harness.link.isOpen)
    harness.link.close(.normal, reason: "")
    harness.world.settle()
    guard case .completed = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(harness.sentCloseCode == .normal)
  }

  @Test("a message that is held is shown again")
  func holds() throws {
    let harness = try LinkHarness(.client)
    var refusals = 2
    harness.disposition = { _ in
      refusals -= 1
      return refusals < 0 ? .next : .hold
    }
    let bytes = LinkHarness.data([1]) + LinkHarness.data([2])
    harness.arrive(CollectedFrame(opcode: .binary, payload: bytes))
    #expect(harness.messages.isEmpty && !harness.far.interest.contains(.readable))
    harness.link.resume()
    #expect(harness.messages.isEmpty && !harness.far.interest.contains(.readable))
    harness.link.resume()
    #expect(harness.messages == LinkHarness.split(bytes))
  }

  // MARK: Sending

  @Test(
    "bytes go out in one frame with one message, up to the longest payload", arguments: roles,
    [1, 100, 64_512, 64_513])
  func relays(role: WebSocketRole, available: Int) throws {
    let harness = try LinkHarness(role)
    let (source, server) = harness.world.connection()
    let bytes = (0..<available).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    server.send(bytes)
    let header = MessageHeader(
      .data, streamID: -2, serviceID: Array("SSH1".utf8), connectionID: .max)
    let result = harness.link.relay(from: source, header: header, payloadLengthMax: .max)
    let count = min(available, Message.payloadLengthMax)
    guard case .bytes(count) = result else {
      Issue.record("\(result)")
      return
    }
    let frame = try #require(harness.sentFrames.first)
    #expect(harness.sentFrames.count == 1 && frame.opcode == .binary && frame.fin)
    #expect(frame.payload.count <= Message.framePayloadLengthMax)
    let messages = try #require(LinkHarness.split(frame.payload))
    #expect(messages.count == 1)
    let contents = try MessageContents(parsing: messages[0])
    #expect(contents.payload == Array(bytes.prefix(count)))
    #expect(contents.streamID == -2 && contents.connectionID == .max)
    #expect(contents.serviceID == Array("SSH1".utf8))
    // The rest stays where it is.
    if count < available {
      _ = harness.link.relay(from: source, header: header, payloadLengthMax: .max)
      #expect(harness.sentFrames.count == 2)
    }
  }

  @Test("a source that has nothing sends nothing")
  func relaysNothing() throws {
    let harness = try LinkHarness(.client)
    let header = MessageHeader(.data, streamID: 1)
    let (source, _) = harness.world.connection()
    let result = harness.link.relay(from: source, header: header, payloadLengthMax: 100)
    guard case .wouldBlock = result else {
      Issue.record("\(result)")
      return
    }
    #expect(harness.far.received.isEmpty)
  }

  @Test("each frame of a client has a masking key of its own")
  func changesMaskingKeys() throws {
    let harness = try LinkHarness(.client)
    for _ in 0..<600 { harness.link.send(MessageHeader(.data, streamID: 1)) }
    #expect(harness.sentFrames.count == 600)
    // Header, key and six bytes of message, which are the same in each frame.
    let keys = stride(from: 0, to: harness.far.received.count, by: 12).map {
      Array(harness.far.received[($0 + 2)..<($0 + 6)])
    }
    #expect(keys.count == 600 && Set(keys).count > 590)
  }

  @Test("there is no room above the stream's mark, and room is told once it is asked for")
  func tellsRoom() throws {
    let harness = try LinkHarness(.client)
    #expect(harness.link.hasRoom && !harness.far.interest.contains(.writable))
    harness.far.fill(FarEnd.roomMark)
    #expect(!harness.link.hasRoom)
    harness.link.wantsRoom = true
    #expect(harness.far.interest.contains(.writable))
    harness.far.roomLeft = nil
    #expect(harness.link.hasRoom && harness.roomCount == 1)
    harness.far.roomLeft = nil
    #expect(harness.roomCount == 1, "it was asked for once")
  }
}
