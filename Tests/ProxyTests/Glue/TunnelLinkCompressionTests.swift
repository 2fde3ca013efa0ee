import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy
@testable import Tunnel
@testable import WebSocket

@Suite("TunnelLink with compression")
struct TunnelLinkCompressionTests {
  private static let roles: [WebSocketRole] = [.client, .server]

  private static func agreed(keepsContext: Bool = true) -> PermessageDeflate {
    var agreed = PermessageDeflate()
    agreed.clientNoContextTakeover = !keepsContext
    agreed.serverNoContextTakeover = !keepsContext
    return agreed
  }

  private static func compression(
    _ role: WebSocketRole, keepsContext: Bool = true
  ) throws -> MessageCompression {
    try #require(
      MessageCompression(agreed(keepsContext: keepsContext), role: role, memoryLevel: 8))
  }

  /// The peer's half: makes the frames of a message.
  private struct Peer {
    let compression: MessageCompression

    init(of role: WebSocketRole, keepsContext: Bool = true) throws {
      compression = try TunnelLinkCompressionTests.compression(
        role == .client ? .server : .client, keepsContext: keepsContext)
    }

    func payload(_ bytes: [UInt8]) throws -> [UInt8] {
      var queue = ByteQueue()
      #expect(compression.deflater.compress(bytes.span, endsMessage: true, into: &queue))
      return queue.withReadable { $0.withUnsafeBufferPointer { Array($0) } }
    }

    func frame(_ bytes: [UInt8]) throws -> CollectedFrame {
      CollectedFrame(isCompressed: true, opcode: .binary, payload: try payload(bytes))
    }

    func restored(_ frame: CollectedFrame) throws -> [UInt8] {
      if !frame.isCompressed { return frame.payload }
      var restored: [UInt8] = []
      var room = [UInt8](repeating: 0, count: 200_000)
      var span = room.mutableSpan
      let step = try compression.inflater.inflate(frame.payload.span, into: &span)
      let end = try compression.inflater.finish(into: &span, from: step.madeByteCount)
      #expect(step.usedByteCount == frame.payload.count && end.isDone)
      restored += room.prefix(step.madeByteCount + end.madeByteCount)
      return restored
    }
  }

  private static func text(_ count: Int) -> [UInt8] {
    let line = Array(
      "2026-11-22 17:44:06 gateway-07 sshd[811]: Connection closed by 10.0.0.7\n".utf8)
    return (0..<count).map { line[$0 % line.count] }
  }

  // MARK: Receiving

  @Test(
    "messages are one stream of bytes, compressed or not, however frames and segments cut it",
    arguments: roles, [true, false])
  func reassembles(role: WebSocketRole, keepsContext: Bool) throws {
    var random = SeededGenerator()
    for round in 0..<20 {
      let peer = try Peer(of: role, keepsContext: keepsContext)
      let harness = try LinkHarness(
        role, compression: Self.compression(role, keepsContext: keepsContext))
      let pauses = round % 3 == 0
      if pauses { harness.disposition = { _ in .pause } }
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let lengths = [0...3, 0...300, 64_500...64_512].randomElement(using: &random) ?? 0...3
        let count = Int.random(in: lengths, using: &random)
        bytes += LinkHarness.data(
          Bool.random(using: &random) ? random.bytes(count) : Self.text(count))
      }
      let messages = LinkHarness.split(bytes)
      var octets: [UInt8] = []
      while !bytes.isEmpty {
        let count = min(bytes.count, Int.random(in: 0...90_000, using: &random))
        let part = Array(bytes.prefix(count))
        bytes.removeFirst(count)
        let isCompressed = Bool.random(using: &random)
        var payload = isCompressed ? try peer.payload(part) : part
        // In one to three frames.
        for index in 0..<3 {
          let isLast = index == 2 || Bool.random(using: &random)
          let taken = isLast ? payload.count : Int.random(in: 0...payload.count, using: &random)
          octets += CollectedFrame(
            fin: isLast, isCompressed: isCompressed && index == 0,
            opcode: index == 0 ? .binary : .continuation, payload: Array(payload.prefix(taken))
          ).octets(to: role)
          payload.removeFirst(taken)
          if isLast { break }
          octets += CollectedFrame(opcode: .ping, payload: [7]).octets(to: role)
        }
      }
      var index = 0
      while index < octets.count {
        let end = min(index + Int.random(in: 1...70_000, using: &random), octets.count)
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

  @Test("a message that its handler holds is shown again, and nothing is read meanwhile")
  func holds() throws {
    let peer = try Peer(of: .client)
    let harness = try LinkHarness(.client, compression: Self.compression(.client))
    var refusals = 2
    harness.disposition = { _ in
      refusals -= 1
      return refusals < 0 ? .next : .hold
    }
    let bytes = LinkHarness.data(Self.text(1_000)) + LinkHarness.data([2])
    harness.arrive(try peer.frame(bytes))
    for _ in 0..<2 {
      #expect(harness.messages.isEmpty && !harness.far.interest.contains(.readable))
      harness.link.resume()
    }
    #expect(harness.messages == LinkHarness.split(bytes))
    #expect(harness.far.interest.contains(.readable))
  }

  @Test("a bomb is restored in pieces, with the loop's other events in between")
  func restsInBombs() throws {
    let peer = try Peer(of: .client)
    let harness = try LinkHarness(.client, compression: Self.compression(.client))
    let message = LinkHarness.data([UInt8](repeating: 0, count: 64_000))
    let frame = try peer.frame(Array((0..<160).map { _ in message }.joined()))
    #expect(frame.payload.count < 20_000)
    var (turnCount, seenCount) = (0, 0)
    harness.world.network.afterTurn = { [unowned harness] in
      let count = harness.messages.count
      if count == seenCount { return }
      seenCount = count
      turnCount += 1
      // A megabyte a turn; what comes next is not read before.
      #expect(count <= (turnCount + 1) * (1 << 20) / 64_000)
      #expect(count == 160 || !harness.far.interest.contains(.readable))
    }
    harness.arrive(frame)
    #expect(harness.messages.count == 160 && turnCount >= 9)
    #expect(harness.far.interest.contains(.readable) && harness.ends.isEmpty)
  }

  @Test("a bomb without an end stops at the handler that takes no more")
  func pausesInBombs() throws {
    let peer = try Peer(of: .server)
    let harness = try LinkHarness(.server, compression: Self.compression(.server))
    harness.disposition = { _ in .pause }
    let message = LinkHarness.data([UInt8](repeating: 0, count: 64_000))
    harness.arrive(try peer.frame(Array((0..<200).map { _ in message }.joined())))
    for count in 1...5 {
      #expect(harness.messages.count == count && !harness.far.interest.contains(.readable))
      harness.link.resume()
    }
  }

  @Test("a link that ends while it rests does nothing more")
  func endsAtRest() throws {
    let peer = try Peer(of: .client)
    let harness = try LinkHarness(.client, compression: Self.compression(.client))
    let message = LinkHarness.data([UInt8](repeating: 0, count: 64_000))
    var count = 0
    harness.world.network.afterTurn = { [unowned harness] in
      if count > 0 || harness.messages.isEmpty { return }
      count = harness.messages.count
      #expect(count < 40 && !harness.link.core.receives)
      harness.link.abandon()
    }
    harness.arrive(try peer.frame(Array((0..<40).map { _ in message }.joined())))
    harness.world.advance(15)
    #expect(count > 0 && harness.messages.count == count)
  }

  @Test(
    "what cannot be restored is a violation with code 1007", arguments: roles,
    [[0x06, 0x00], [0xec], [0xf2, 0x00, 0x11, 0x00, 0x00]] as [[UInt8]])
  func refusesCorrupt(role: WebSocketRole, payload: [UInt8]) throws {
    let harness = try LinkHarness(role, compression: Self.compression(role))
    harness.arrive(CollectedFrame(isCompressed: true, opcode: .binary, payload: payload))
    #expect(harness.sentCloseCode == .invalidPayloadData)
    guard case .violation(let reason)? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(reason.contains("compressed"))
  }

  @Test("messages in front of what cannot be restored are shown", arguments: roles)
  func showsMessagesBeforeCorruption(role: WebSocketRole) throws {
    let harness = try LinkHarness(role, compression: Self.compression(role))
    let bytes = LinkHarness.data(Self.text(5_000)) + LinkHarness.data([1])
    // The stored block at the end is empty; with these octets its length is wrong.
    let payload = try Peer(of: role).payload(bytes) + [0x11, 0x22, 0x33, 0x44]
    harness.arrive(CollectedFrame(isCompressed: true, opcode: .binary, payload: payload))
    #expect(harness.messages == LinkHarness.split(bytes))
    #expect(harness.sentCloseCode == .invalidPayloadData && harness.ends.count == 1)
  }

  @Test("a compressed frame is a violation where nothing was agreed on", arguments: roles)
  func refusesWithoutAgreement(role: WebSocketRole) throws {
    let harness = try LinkHarness(role)
    harness.arrive(try Peer(of: role).frame(LinkHarness.data([1])))
    #expect(harness.sentCloseCode == .protocolError && harness.messages.isEmpty)
  }

  // MARK: Sending

  @Test(
    "messages go out compressed, one frame each, and the peer restores them", arguments: roles,
    [true, false])
  func sends(role: WebSocketRole, keepsContext: Bool) throws {
    var random = SeededGenerator()
    let harness = try LinkHarness(
      role, compression: Self.compression(role, keepsContext: keepsContext))
    let peer = try Peer(of: role, keepsContext: keepsContext)
    var sent: [[UInt8]] = []
    for _ in 0..<60 {
      let count = [0, 1, 31, 200, 5_000, 64_512].randomElement(using: &random) ?? 0
      let isText = Bool.random(using: &random)
      let bytes = LinkHarness.data(isText ? Self.text(count) : random.bytes(count))
      harness.link.send(encoded: bytes.span)
      sent.append(bytes)
    }
    let frames = harness.sentFrames
    #expect(frames.count == sent.count && harness.ends.isEmpty)
    for (frame, bytes) in zip(frames, sent) {
      let excess = frame.isCompressed && keepsContext ? TunnelLink.compressionExcessMax : 0
      #expect(frame.fin && frame.payload.count <= bytes.count + excess, "SEED=\(seed)")
      #expect(try peer.restored(frame) == bytes, "SEED=\(seed)")
    }
  }

  @Test("what counts as on the way is what the path carries, not what it stands for")
  func countsCompressed() throws {
    let harness = try LinkHarness(
      .client, compression: Self.compression(.client), pacer: Pacer(limit: 0))
    let bytes = LinkHarness.data([UInt8](repeating: 0, count: 50_000))
    while harness.link.hasRoom && harness.sentFrames.count < 1_000 {
      harness.link.send(encoded: bytes.span)
    }
    let frames = harness.sentFrames
    let ping = try #require(frames.last { $0.opcode == .ping })
    let stamp = try #require(PingStamp(payload: ping.payload, now: harness.world.now))
    let carried = frames.filter { $0.opcode == .binary }.reduce(0) { $0 + $1.payload.count }
    #expect(stamp.sentByteCount == carried && carried < frames.count * 1_000)
    harness.link.abandon()
  }

  @Test("text shrinks severalfold, random octets and short messages go out as they are")
  func decides() throws {
    var random = SeededGenerator()
    let harness = try LinkHarness(.client, compression: Self.compression(.client))
    let noise = LinkHarness.data(random.bytes(20_000))
    for bytes in [LinkHarness.data(Self.text(20_000)), noise, LinkHarness.data([1, 2, 3])] {
      harness.link.send(encoded: bytes.span)
    }
    harness.link.send(MessageHeader(.data, streamID: 1))
    let frames = harness.sentFrames
    #expect(frames.map(\.isCompressed) == [true, false, false, false])
    #expect(frames[0].payload.count < 1_000 && frames[1].payload == noise)
  }

  @Test("a short message is compressed for those behind it to refer to")
  func buildsContext() throws {
    let harness = try LinkHarness(.client, compression: Self.compression(.client))
    for number in 0..<10 {
      let line = "line \(number) of those that a person types into a terminal\n"
      harness.link.send(encoded: LinkHarness.data(Array(line.utf8)).span)
    }
    let frames = harness.sentFrames
    #expect(frames.map(\.isCompressed) == [Bool](repeating: true, count: 10))
    #expect(frames.dropFirst().allSatisfy { $0.payload.count < 20 })
  }

  @Test(
    "what looks compressible and is not grows within its limits, or goes out as it was and nothing refers to it",
    arguments: [(true, 131_076), (false, 131_076), (true, 1_040), (true, 1_045), (true, 1_050)])
  func takesBack(keepsContext: Bool, frameByteCountMax: Int) throws {
    var random = SeededGenerator()
    var limits = LinkLimits()
    limits.framePayloadLengthMax = frameByteCountMax
    let harness = try LinkHarness(
      .client, limits: limits,
      compression: Self.compression(.client, keepsContext: keepsContext))
    let peer = try Peer(of: .client, keepsContext: keepsContext)
    // The sample takes every other octet, where there are zeros at times; the others are random.
    var deceptive = random.bytes(1_024)
    for index in stride(from: 0, to: 1_024, by: 8) { deceptive[index] = deceptive[0] }
    let messages = [Self.text(500), deceptive, Self.text(500), deceptive, Self.text(300)]
    for message in messages { harness.link.send(encoded: LinkHarness.data(message).span) }
    let frames = harness.sentFrames
    #expect(frames.count == 5)
    for (frame, message) in zip(frames, messages) {
      #expect(frame.payload.count <= frameByteCountMax)
      #expect(try peer.restored(frame) == LinkHarness.data(message), "SEED=\(seed)")
    }
  }

  @Test("what is relayed and forwarded is compressed as well, and control frames never are")
  func relays() throws {
    let harness = try LinkHarness(.server, compression: Self.compression(.server))
    let peer = try Peer(of: .server)
    let (source, server) = harness.world.connection()
    server.send(Self.text(3_000))
    let result = harness.link.relay(
      from: source, header: MessageHeader(.data, streamID: 1, connectionID: 1),
      payloadLengthMax: .max)
    guard case .bytes(3_000) = result else {
      Issue.record("\(result)")
      return
    }
    let message = Array(LinkHarness.data(Self.text(2_000)).dropFirst(2))
    harness.link.forward(message.span)
    harness.link.close(.normal, reason: String(repeating: "over and ", count: 12))
    let frames = harness.sentFrames
    #expect(frames.map(\.isCompressed) == [true, true, false])
    #expect(try peer.restored(frames[0]) == LinkHarness.data(Self.text(3_000)))
    #expect(try peer.restored(frames[1]) == LinkHarness.data(Self.text(2_000)))
  }
}
