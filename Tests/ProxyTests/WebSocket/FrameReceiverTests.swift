import Basics
import CMemoryProbe
import Simulator
import Testing
import WebSocket

/// What an owner of a `FrameReceiver` sees, with the payload put together by messages.
private enum Seen: Equatable {
  case message(Opcode, isCompressed: Bool, [UInt8], isWhole: Bool)
  case ping([UInt8])
  case pong([UInt8])
  case close(CloseFrame)
  case violation(FrameViolation)
}

/// Feeds a receiver as its owner does.
private struct Owner: ~Copyable {
  var receiver: FrameReceiver
  private(set) var seen: [Seen] = []
  /// Events that said how much payload there is, and said it wrong.
  private(set) var faults = 0
  private var known = 0
  private var isOver = false

  init(_ role: WebSocketRole, allowsCompression: Bool = false) {
    receiver = FrameReceiver(
      role: role, payloadLengthMax: 131_076,
      inflater: allowsCompression ? Inflater(windowBits: 15, keepsContext: true) : nil)
  }

  /// - Parameter usesPayload: takes the payload out as it comes, instead of leaving it at the queue's front.
  mutating func feed(_ bytes: [UInt8], usesPayload: Bool) {
    receiver.append(bytes)
    while !isOver {
      let event = receiver.next()
      switch event {
      case .needMore: return
      case .message(let opcode, let isCompressed):
        seen.append(.message(opcode, isCompressed: isCompressed, [], isWhole: false))
      case .payload(let byteCount, let endsMessage):
        take(byteCount, endsMessage: endsMessage, usesPayload: usesPayload)
      case .ping(let payload): seen.append(.ping(payload))
      case .pong(let payload): seen.append(.pong(payload))
      case .close(let frame):
        seen.append(.close(frame))
        isOver = true
      case .violation(let violation):
        seen.append(.violation(violation))
        if receiver.next() != event { faults += 1 }
        isOver = true
      }
    }
  }

  private mutating func take(_ byteCount: Int, endsMessage: Bool, usesPayload: Bool) {
    known += byteCount
    if receiver.payloadByteCount != known { faults += 1 }
    let added = receiver.withPayload { payload in
      (payload.count - byteCount..<payload.count).map { payload[$0] }
    }
    // The message is the newest but for the control frames between its fragments.
    let index = seen.lastIndex { if case .message = $0 { true } else { false } }
    guard let index, case .message(let opcode, let isCompressed, let payload, _) = seen[index]
    else {
      faults += 1
      return
    }
    seen[index] = .message(
      opcode, isCompressed: isCompressed, payload + added, isWhole: endsMessage)
    if usesPayload {
      receiver.consume(known)
      known = 0
    }
  }
}

@Suite("FrameReceiver")
struct FrameReceiverTests {
  private struct Case: Sendable {
    var frames: [CollectedFrame] = []
    var octets: [UInt8] = []
    let seen: [Seen]
    var allowsCompression = false
  }

  private static let long = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  private static let cases: [Case] = [
    Case(
      frames: [CollectedFrame(opcode: .binary, payload: long)],
      seen: [.message(.binary, isCompressed: false, long, isWhole: true)]),
    Case(
      frames: [CollectedFrame(opcode: .text), CollectedFrame(opcode: .binary, payload: [1])],
      seen: [
        .message(.text, isCompressed: false, [], isWhole: true),
        .message(.binary, isCompressed: false, [1], isWhole: true),
      ]),
    Case(
      frames: [
        CollectedFrame(fin: false, opcode: .text, payload: [1, 2]),
        CollectedFrame(opcode: .ping, payload: [9]),
        CollectedFrame(fin: false, opcode: .continuation),
        CollectedFrame(opcode: .pong), CollectedFrame(opcode: .continuation, payload: [3]),
        CollectedFrame(fin: false, opcode: .binary, payload: [4]),
        CollectedFrame(opcode: .close, payload: [0x03, 0xe8, 0x61]),
      ],
      seen: [
        .message(.text, isCompressed: false, [1, 2, 3], isWhole: true), .ping([9]), .pong([]),
        .message(.binary, isCompressed: false, [4], isWhole: false),
        .close(CloseFrame(.normal, reason: "a")),
      ]),
    Case(
      frames: [
        CollectedFrame(fin: false, opcode: .binary), CollectedFrame(opcode: .continuation),
      ],
      seen: [.message(.binary, isCompressed: false, [], isWhole: true)]),
    Case(
      frames: [
        CollectedFrame(
          fin: false, isCompressed: true, opcode: .text, payload: [0xf2, 0x48, 0xcd]),
        CollectedFrame(opcode: .ping, payload: [9]),
        CollectedFrame(fin: false, opcode: .continuation),
        CollectedFrame(opcode: .continuation, payload: [0xc9, 0xc9, 0x07, 0x00]),
        CollectedFrame(opcode: .text, payload: [3]),
        CollectedFrame(fin: false, opcode: .text), CollectedFrame(opcode: .continuation),
        // Refers to the first message, over those that were not compressed.
        CollectedFrame(
          isCompressed: true, opcode: .binary, payload: [0xf2, 0x00, 0x11, 0x00, 0x00]),
        CollectedFrame(isCompressed: true, opcode: .binary, payload: [0x00]),
        CollectedFrame(opcode: .binary, payload: long),
        CollectedFrame(opcode: .close, payload: [0x03, 0xe8]),
      ],
      seen: [
        .message(.text, isCompressed: true, Array("Hello".utf8), isWhole: true), .ping([9]),
        .message(.text, isCompressed: false, [3], isWhole: true),
        .message(.text, isCompressed: false, [], isWhole: true),
        .message(.binary, isCompressed: true, Array("Hello".utf8), isWhole: true),
        .message(.binary, isCompressed: true, [], isWhole: true),
        .message(.binary, isCompressed: false, long, isWhole: true),
        .close(CloseFrame(.normal)),
      ], allowsCompression: true),
    Case(
      frames: [CollectedFrame(isCompressed: true, opcode: .text, payload: [0x06, 0x00])],
      seen: [
        .message(.text, isCompressed: true, [], isWhole: false),
        .violation(.compression(.corrupt)),
      ], allowsCompression: true),
    Case(
      frames: [CollectedFrame(isCompressed: true, opcode: .text, payload: [0xec])],
      seen: [
        .message(.text, isCompressed: true, [], isWhole: false),
        .violation(.compression(.corrupt)),
      ], allowsCompression: true),
    // What stands in front of a fault is restored: here a stored block whose length is wrong.
    Case(
      frames: [
        CollectedFrame(
          isCompressed: true, opcode: .text,
          payload: [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x11, 0x22, 0x33, 0x44]),
        CollectedFrame(opcode: .text, payload: [3]),
      ],
      seen: [
        .message(.text, isCompressed: true, Array("Hello".utf8), isWhole: false),
        .violation(.compression(.corrupt)),
      ], allowsCompression: true),
    Case(
      frames: [
        CollectedFrame(opcode: .binary, payload: [1]),
        CollectedFrame(isCompressed: true, opcode: .text, payload: [1]),
      ],
      seen: [
        .message(.binary, isCompressed: false, [1], isWhole: true), .violation(.reservedBits),
      ]),
    Case(
      frames: [CollectedFrame(opcode: .close, payload: [0x03])], seen: [.violation(.closeLength)]),
    Case(
      frames: [CollectedFrame(opcode: .close, payload: [0x03, 0xe8, 0x80])],
      seen: [.violation(.closeReason)]),
  ]

  @Test(
    "messages, control frames and violations come out, however the octets come in",
    arguments: [WebSocketRole.client, .server], [1, 2, 7, 1_000_000])
  func receives(role: WebSocketRole, step: Int) {
    for example in Self.cases {
      for usesPayload in [true, false] {
        var owner = Owner(role, allowsCompression: example.allowsCompression)
        let octets = example.frames.flatMap { $0.octets(to: role) }
        for start in stride(from: 0, to: octets.count, by: step) {
          owner.feed(
            Array(octets[start..<min(start + step, octets.count)]), usesPayload: usesPayload)
        }
        #expect(owner.seen == example.seen && owner.faults == 0)
      }
    }
  }

  @Test("what is compressed comes in pieces, of which none is made before it is asked for")
  func restoresInPieces() throws {
    let deflater = try #require(Deflater(windowBits: 15, memoryLevel: 8, keepsContext: true))
    var bomb = ByteQueue()
    let zeros = [UInt8](repeating: 0, count: 10_000_000)
    #expect(deflater.compress(zeros.span, endsMessage: true, into: &bomb))
    let frame = CollectedFrame(
      isCompressed: true, opcode: .binary,
      payload: bomb.withReadable { $0.withUnsafeBufferPointer { Array($0) } })
    var receiver = FrameReceiver(
      role: .client, payloadLengthMax: 131_076,
      inflater: Inflater(windowBits: 15, keepsContext: true))
    receiver.append(frame.octets(to: .client))
    #expect(receiver.next() == .message(.binary, isCompressed: true))
    var total = 0
    while case .payload(let byteCount, let endsMessage) = receiver.next() {
      let isExact = receiver.payloadByteCount == byteCount
      #expect(isExact && byteCount <= FrameReceiver.restoredByteCountMax)
      total += byteCount
      receiver.consume(byteCount)
      #expect(endsMessage == (total == zeros.count))
    }
    #expect(total == zeros.count)
    let isEmpty = receiver.isEmpty
    #expect(isEmpty)
  }

  @Test("payload that is left at the front joins up with what follows")
  func joinsPayload() {
    var owner = Owner(.server)
    let frames = (0..<100).map { CollectedFrame(opcode: .binary, payload: [UInt8($0), 0xff]) }
    for frame in frames { owner.feed(frame.octets(to: .server), usesPayload: false) }
    let (byteCount, isEmpty) = (owner.receiver.payloadByteCount, owner.receiver.isEmpty)
    #expect(byteCount == 200 && !isEmpty)
    owner.receiver.withPayload { payload in
      for index in 0..<100 { #expect(payload[2 * index] == UInt8(index)) }
    }
    owner.receiver.consume(200)
    let isEmptyAgain = owner.receiver.isEmpty
    #expect(isEmptyAgain)
  }

  @Test("frames of any lengths join up, whenever their payload is used")
  func joinsFragments() {
    var random = SeededGenerator()
    for _ in 0..<60 {
      let lengths = [0...1, 0...9, 0...400].randomElement(using: &random) ?? 0...1
      var octets: [UInt8] = []
      var expected: [UInt8] = []
      for index in 0..<100 {
        let payload = random.bytes(Int.random(in: lengths, using: &random))
        expected += payload
        octets += CollectedFrame(
          fin: false, opcode: index == 0 ? .binary : .continuation, payload: payload
        ).octets(to: .server)
        if Int.random(in: 0..<9, using: &random) == 0 {
          octets += CollectedFrame(opcode: .ping, payload: Array(payload.prefix(125)))
            .octets(to: .server)
        }
      }
      var receiver = FrameReceiver(role: .server, payloadLengthMax: 400)
      var used: [UInt8] = []
      while !octets.isEmpty {
        let count = min(octets.count, Int.random(in: 1...600, using: &random))
        receiver.append(Array(octets.prefix(count)))
        octets.removeFirst(count)
        while true {
          let event = receiver.next()
          if event == .needMore { break }
          if case .violation = event {
            Issue.record("\(event), SEED=\(seed)")
            return
          }
          if Int.random(in: 0..<20, using: &random) > 0 { continue }
          let part = Int.random(in: 0...receiver.payloadByteCount, using: &random)
          receiver.withPayload { for index in 0..<part { used.append($0[index]) } }
          receiver.consume(part)
        }
      }
      receiver.withPayload { for index in 0..<$0.count { used.append($0[index]) } }
      receiver.consume(receiver.payloadByteCount)
      let isEmpty = receiver.isEmpty
      #expect(used == expected && isEmpty, "SEED=\(seed)")
    }
  }

  /// Processor time that a message of so many frames of one octet takes.
  private static func nanoseconds(frames count: Int) -> UInt64 {
    let first = CollectedFrame(fin: false, opcode: .binary, payload: [1]).octets(to: .server)
    let frame = CollectedFrame(fin: false, opcode: .continuation, payload: [1]).octets(to: .server)
    var receiver = FrameReceiver(role: .server, payloadLengthMax: 1)
    receiver.append(first)
    receiver.reserve(count * frame.count)
    for _ in 1..<count { receiver.append(frame) }
    let start = memory_probe_thread_nanoseconds()
    while receiver.next() != .needMore {}
    #expect(receiver.payloadByteCount == count)
    return memory_probe_thread_nanoseconds() - start
  }

  @Test("a message in frames of one octet takes time by its length, not by the square of that")
  func joinsInLinearTime() {
    let short = Self.nanoseconds(frames: 30_000)
    let long = Self.nanoseconds(frames: 240_000)
    #expect(long < 16 * short, "\(long) ns, \(short) ns")
  }
}
