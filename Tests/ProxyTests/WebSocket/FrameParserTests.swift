import Simulator
import Testing
import WebSocket

/// Input octets and what a parser of a role must make of them.
struct FrameCase: Sendable, CustomTestStringConvertible {
  let name: String
  let role: WebSocketRole
  let octets: [UInt8]
  var frames: [CollectedFrame] = []
  var violation: FrameViolation?

  var testDescription: String { "\(name), as \(role)" }

  /// The same frames for both roles, written by this project's own writer.
  static func both(_ name: String, _ frames: [CollectedFrame]) -> [FrameCase] {
    [WebSocketRole.client, .server].map { role in
      let octets = frames.flatMap { $0.octets(to: role) }
      return FrameCase(name: name, role: role, octets: octets, frames: frames)
    }
  }
}

@Suite("FrameParser")
struct FrameParserTests {
  private static let hello = Array("Hello".utf8)

  /// RFC 6455 §5.7, octet for octet; those that it gives for one role only are completed by `ownCases`.
  private static let examples: [FrameCase] = [
    FrameCase(
      name: "unmasked text", role: .client, octets: [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
      frames: [CollectedFrame(opcode: .text, payload: hello)]),
    FrameCase(
      name: "masked text", role: .server,
      octets: [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
      frames: [CollectedFrame(opcode: .text, payload: hello)]),
    FrameCase(
      name: "fragmented text", role: .client,
      octets: [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f],
      frames: [
        CollectedFrame(fin: false, opcode: .text, payload: Array("Hel".utf8)),
        CollectedFrame(opcode: .continuation, payload: Array("lo".utf8)),
      ]),
    FrameCase(
      name: "ping", role: .client, octets: [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
      frames: [CollectedFrame(opcode: .ping, payload: hello)]),
    FrameCase(
      name: "masked pong", role: .server,
      octets: [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
      frames: [CollectedFrame(opcode: .pong, payload: hello)]),
    FrameCase(
      name: "256 octets", role: .client, octets: [0x82, 0x7e, 0x01, 0x00] + pattern(256),
      frames: [CollectedFrame(opcode: .binary, payload: pattern(256))]),
    FrameCase(
      name: "64 KiB", role: .client,
      octets: [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0] + pattern(65_536),
      frames: [CollectedFrame(opcode: .binary, payload: pattern(65_536))]),
  ]

  private static let ownCases: [[FrameCase]] = [
    FrameCase.both("text", [CollectedFrame(opcode: .text, payload: hello)]),
    FrameCase.both("empty frame", [CollectedFrame(opcode: .binary)]),
    FrameCase.both("empty ping", [CollectedFrame(opcode: .ping)]),
    FrameCase.both("close", [CollectedFrame(opcode: .close, payload: [0x03, 0xe8])]),
    FrameCase.both("longest ping", [CollectedFrame(opcode: .ping, payload: pattern(125))]),
    FrameCase.both(
      "control frames between fragments",
      [
        CollectedFrame(fin: false, opcode: .binary, payload: pattern(3)),
        CollectedFrame(opcode: .ping, payload: hello),
        CollectedFrame(fin: false, opcode: .continuation, payload: pattern(130)),
        CollectedFrame(opcode: .pong),
        CollectedFrame(fin: false, opcode: .continuation),
        CollectedFrame(opcode: .continuation, payload: pattern(1)),
        CollectedFrame(opcode: .binary, payload: pattern(2)),
      ]),
  ]

  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ $0 >> 8) }
  }

  static let cases = examples + ownCases.flatMap { $0 }

  @Test("frames are read whole", arguments: cases)
  func readsWhole(_ example: FrameCase) {
    var collector = FrameCollector(role: example.role)
    collector.feed(example.octets)
    #expect(collector.frames == example.frames)
    #expect(collector.violation == nil && collector.faults.isEmpty)
    #expect(collector.unusedCount == 0 && !collector.isInsideFrame)
  }

  @Test("frames are read byte by byte", arguments: cases)
  func readsByteByByte(_ example: FrameCase) {
    var collector = FrameCollector(role: example.role)
    for octet in example.octets { collector.feed(CollectionOfOne(octet)) }
    #expect(collector.frames == example.frames)
    #expect(collector.violation == nil && collector.faults.isEmpty)
    #expect(collector.unusedCount == 0 && !collector.isInsideFrame)
  }

  @Test("what follows a frame is left alone until it is a frame", arguments: cases)
  func leavesTrailingBytes(_ example: FrameCase) {
    let next = CollectedFrame(opcode: .binary, payload: [7, 7, 7]).octets(to: example.role)
    var collector = FrameCollector(role: example.role)
    collector.feed(example.octets + next.prefix(1))
    #expect(collector.frames == example.frames && collector.unusedCount == 1)
    collector.feed(next.dropFirst(1))
    #expect(collector.frames.last == CollectedFrame(opcode: .binary, payload: [7, 7, 7]))
    #expect(collector.frames.count == example.frames.count + 1)
    #expect(collector.violation == nil && collector.faults.isEmpty)
  }

  @Test("a writer's frames are those of the RFC's examples", arguments: examples)
  func writesExamples(_ example: FrameCase) {
    #expect(example.frames.flatMap { $0.octets(to: example.role) } == example.octets)
  }

  @Test(
    "payloads of every length form arrive, up to the longest allowed",
    arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 131_076], [WebSocketRole.client, .server])
  func readsLengthForms(length: Int, role: WebSocketRole) {
    let frame = CollectedFrame(opcode: .binary, payload: Self.pattern(length))
    var collector = FrameCollector(role: role)
    collector.feed(frame.octets(to: role))
    #expect(collector.frames == [frame] && collector.violation == nil)
  }

  @Test("a stream of frames may be cut anywhere", arguments: [WebSocketRole.client, .server])
  func readsAnyCut(role: WebSocketRole) {
    var random = SeededGenerator()
    for _ in 0..<60 {
      let frames = Self.randomFrames(using: &random)
      let octets = frames.flatMap { frame in
        frame.octets(key: role == .server ? MaskingKey(word: random.next()) : nil)
      }
      var collector = FrameCollector(role: role)
      var index = 0
      while index < octets.count {
        let largest = Bool.random(using: &random) ? 4 : 3_000
        let end = min(index + Int.random(in: 1...largest, using: &random), octets.count)
        collector.feed(octets[index..<end])
        index = end
      }
      #expect(collector.frames == frames, "SEED=\(seed)")
      #expect(collector.violation == nil && collector.faults.isEmpty, "SEED=\(seed)")
    }
  }

  private static func randomFrames(using random: inout SeededGenerator) -> [CollectedFrame] {
    var frames: [CollectedFrame] = []
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let fragmentCount = Int.random(in: 1...3, using: &random)
      for fragment in 0..<fragmentCount {
        if Int.random(in: 0..<3, using: &random) == 0 {
          let opcode = [Opcode.ping, .pong, .close].randomElement(using: &random) ?? .ping
          let payload = random.bytes(Int.random(in: 0...125, using: &random))
          frames.append(CollectedFrame(opcode: opcode, payload: payload))
        }
        let lengths = [0...5, 120...130, 0...3_000, 65_530...65_540]
        let length = Int.random(in: lengths.randomElement(using: &random) ?? 0...5, using: &random)
        let first = Bool.random(using: &random) ? Opcode.binary : .text
        frames.append(
          CollectedFrame(
            fin: fragment == fragmentCount - 1, opcode: fragment == 0 ? first : .continuation,
            payload: random.bytes(length)))
      }
    }
    return frames
  }
}

extension MaskingKey {
  init(word: UInt64) { self.init(word: UInt32(truncatingIfNeeded: word)) }
}
