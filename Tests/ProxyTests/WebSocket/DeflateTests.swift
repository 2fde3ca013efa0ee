import Basics
import Simulator
import Testing

@testable import WebSocket

@Suite("Deflater and Inflater")
struct DeflateTests {
  private static let limit = 1 << 20

  /// Compresses each message; nil when there was an error.
  private static func compress(_ messages: [[UInt8]], with deflater: Deflater) -> [[UInt8]]? {
    var compressed: [[UInt8]] = []
    for message in messages {
      var queue = ByteQueue()
      guard deflater.compress(message.span, endsMessage: true, into: &queue) else { return nil }
      compressed.append(queue.withReadable { $0.withUnsafeBufferPointer { Array($0) } })
    }
    return compressed
  }

  /// Restores one payload with room for `roomByteCount` octets at a time, the payload cut into pieces.
  private static func restore(
    _ payload: [UInt8], with inflater: Inflater, roomByteCount: Int = 1_000,
    pieceByteCount: Int = .max
  ) throws(Inflater.Violation) -> [UInt8] {
    var restored: [UInt8] = []
    var room = [UInt8](repeating: 0, count: roomByteCount)
    var used = 0
    while used < payload.count || inflater.mayHaveMore {
      let end = used + min(pieceByteCount, payload.count - used)
      var span = room.mutableSpan
      let step = try inflater.inflate(payload.span.extracting(used..<end), into: &span)
      used += step.usedByteCount
      restored += room.prefix(step.madeByteCount)
      if restored.count > limit { return restored }
    }
    while true {
      var span = room.mutableSpan
      let step = try inflater.finish(into: &span)
      restored += room.prefix(step.madeByteCount)
      if step.isDone { return restored }
    }
  }

  private static func text(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
    let words = [
      "GET ", "/index.html", " 200 ", "\r\n", "2026-11-22T17:44:06Z ", "gateway-", "=0.",
    ]
    var text: [UInt8] = []
    while text.count < count {
      text += (words.randomElement(using: &random) ?? "").utf8
      text += "\(Int.random(in: 0..<1_000, using: &random))".utf8
    }
    return Array(text.prefix(count))
  }

  // MARK: Round trips

  @Test(
    "what was compressed is restored, whatever the windows, the memory, the context and the cuts",
    arguments: 8...15, [true, false])
  func roundTrips(windowBits: Int, keepsContext: Bool) throws {
    var random = SeededGenerator()
    for memoryLevel in [1, 5, 9] {
      let deflater = try #require(
        Deflater(windowBits: windowBits, memoryLevel: memoryLevel, keepsContext: keepsContext))
      let inflater = try #require(Inflater(windowBits: windowBits, keepsContext: keepsContext))
      for round in 0..<20 {
        let count = [0, 1, 3, 300, 5_000, 70_000][round % 6]
        let message =
          round % 4 == 3 ? random.bytes(count) : Self.text(count, using: &random)
        let payload = try #require(Self.compress([message], with: deflater)).first ?? []
        // A frame may have 131,076 octets; what cannot be made shorter hardly grows.
        #expect(payload.count <= message.count + message.count / 20 + 16)
        let restored = try Self.restore(
          payload, with: inflater, roomByteCount: Int.random(in: 1...9_000, using: &random),
          pieceByteCount: Int.random(in: 1...3_000, using: &random))
        #expect(restored == message, "SEED=\(seed)")
      }
    }
  }

  @Test("a message may be compressed in parts")
  func compressesParts() throws {
    let deflater = try #require(Deflater(windowBits: 15, memoryLevel: 8, keepsContext: true))
    let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
    let parts: [[UInt8]] = [Array("Hello, ".utf8), [], Array("Hello".utf8), []]
    for _ in 0..<2 {
      var queue = ByteQueue()
      for (index, part) in parts.enumerated() {
        #expect(
          deflater.compress(part.span, endsMessage: index == parts.count - 1, into: &queue))
      }
      let payload = queue.withReadable { $0.withUnsafeBufferPointer { Array($0) } }
      #expect(try Self.restore(payload, with: inflater) == Array("Hello, Hello".utf8))
    }
  }

  @Test("a message refers to those before it only when the context is taken over")
  func takesContextOver() throws {
    var random = SeededGenerator()
    let message = random.bytes(300)
    for keepsContext in [true, false] {
      let deflater = try #require(
        Deflater(windowBits: 15, memoryLevel: 8, keepsContext: keepsContext))
      let payloads = try #require(Self.compress([message, message], with: deflater))
      #expect(payloads[0].count >= 300)
      #expect(keepsContext ? payloads[1].count < 20 : payloads[1] == payloads[0])
      // The second alone makes sense only without the first.
      let inflater = try #require(Inflater(windowBits: 15, keepsContext: keepsContext))
      if keepsContext {
        #expect(throws: Inflater.Violation.corrupt) {
          try Self.restore(payloads[1], with: inflater)
        }
      } else {
        #expect(try Self.restore(payloads[1], with: inflater) == message)
      }
    }
  }

  @Test("after a message that was not sent, nothing refers to it")
  func forgets() throws {
    let deflater = try #require(Deflater(windowBits: 15, memoryLevel: 8, keepsContext: true))
    let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
    let message = Array("a message that is sent, then one that is not".utf8)
    let first = try #require(Self.compress([message], with: deflater))[0]
    #expect(try Self.restore(first, with: inflater) == message)
    _ = Self.compress([Array("something else, which is not sent at all".utf8)], with: deflater)
    deflater.forget()
    for _ in 0..<2 {
      let payload = try #require(
        Self.compress([Array("something else, which is sent".utf8)], with: deflater))[0]
      #expect(
        try Self.restore(payload, with: inflater) == Array("something else, which is sent".utf8))
    }
  }

  @Test("with a window of 256 octets the compressor refers to nothing further back")
  func keepsSmallWindow() throws {
    var random = SeededGenerator()
    let message = random.bytes(400)
    // Refers back by 400 octets, which a window of 256 has not.
    let larger = try #require(Deflater(windowBits: 10, memoryLevel: 8, keepsContext: true))
    let far = try #require(Self.compress([message + message], with: larger))[0]
    let deflater = try #require(Deflater(windowBits: 8, memoryLevel: 8, keepsContext: true))
    let near = try #require(Self.compress([message + message], with: deflater))[0]
    #expect(far.count < 500 && near.count > 790)
    let runs = try #require(
      Self.compress([[UInt8](repeating: 7, count: 10_000)], with: deflater))[0]
    #expect(runs.count < 100)
  }

  // MARK: The RFC's examples (§7.2.3)

  private static let hello: [UInt8] = [0x48, 0x65, 0x6c, 0x6c, 0x6f]

  @Test(
    "the examples of RFC 7692 are read, and other ends of a payload",
    arguments: [
      // One block; the same without the window's content, then with it.
      ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], hello),
      ([0xf2, 0x00, 0x11, 0x00, 0x00], hello),
      // A block with no compression, a final block, two blocks.
      ([0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00], hello),
      ([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], hello),
      (
        [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], hello
      ),
      // An empty message, and what zlib makes of one after another.
      ([0x00], []), ([0x02, 0x00], []), ([], []),
      // Not one octet left out, nothing behind the final block, the window kept over a final block.
      ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff], hello),
      ([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], hello),
      ([0xf3, 0x00, 0x11, 0x00, 0x00], hello),
    ] as [([UInt8], [UInt8])])
  func readsExamples(payload: [UInt8], message: [UInt8]) throws {
    for roomByteCount in 1...6 {
      for pieceByteCount in [1, 2, 100] {
        let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00] as [UInt8]
        #expect(try Self.restore(first, with: inflater) == Self.hello)
        let restored = try Self.restore(
          payload, with: inflater, roomByteCount: roomByteCount, pieceByteCount: pieceByteCount)
        #expect(restored == message)
        // What follows is not affected.
        #expect(try Self.restore(first, with: inflater) == Self.hello)
      }
    }
  }

  @Test("an empty message is one octet (§7.2.3.6), also behind another empty one")
  func compressesNothing() throws {
    let deflater = try #require(Deflater(windowBits: 15, memoryLevel: 8, keepsContext: true))
    let payloads = try #require(
      Self.compress([[], [], Array("Hello".utf8), []], with: deflater))
    let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
    for (index, payload) in payloads.enumerated() {
      #expect(!payload.isEmpty && payload.count <= (index == 2 ? 8 : 2))
      #expect(try Self.restore(payload, with: inflater) == (index == 2 ? Self.hello : []))
    }
  }

  // MARK: Bad payloads and bombs

  @Test(
    "what DEFLATE does not make, and what is cut short, is refused",
    arguments: [
      // The reserved kind of block, a wrong complement of a length, a distance that goes too far back.
      [0x06, 0x00], [0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48], [0xf2, 0x00, 0x11, 0x00, 0x00],
      [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65], [0x00, 0x05, 0x00], [0xec],
      [0xf2, 0x48, 0xcd, 0xc9],
      // A final block with nothing behind it but half a header.
      [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x04],
    ] as [[UInt8]])
  func refuses(payload: [UInt8]) throws {
    for pieceByteCount in [1, 100] {
      let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
      #expect(throws: Inflater.Violation.corrupt) {
        try Self.restore(payload, with: inflater, pieceByteCount: pieceByteCount)
      }
    }
  }

  @Test("a payload with an octet too few or a bit changed never traps, and never gives too much")
  func survivesDamage() throws {
    var random = SeededGenerator()
    let deflater = try #require(Deflater(windowBits: 12, memoryLevel: 5, keepsContext: false))
    let message = Self.text(3_000, using: &random)
    let payload = try #require(Self.compress([message], with: deflater))[0]
    for _ in 0..<2_000 {
      var damaged = payload
      if Bool.random(using: &random) {
        damaged.removeLast(Int.random(in: 1...damaged.count, using: &random))
      }
      for _ in 0..<Int.random(in: 0...2, using: &random) where !damaged.isEmpty {
        let index = damaged.indices.randomElement(using: &random) ?? 0
        damaged[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      }
      let inflater = try #require(Inflater(windowBits: 12, keepsContext: false))
      if let restored = try? Self.restore(damaged, with: inflater), damaged.count < payload.count {
        #expect(restored.count <= Self.limit + 1_000, "SEED=\(seed)")
      }
    }
  }

  @Test("ten megabytes of zeros in ten kilobytes come by as much as there is room for at a time")
  func boundsBombs() throws {
    let deflater = try #require(Deflater(windowBits: 15, memoryLevel: 8, keepsContext: true))
    let zeros = [UInt8](repeating: 0, count: 10_000_000)
    let bomb = try #require(Self.compress([zeros], with: deflater))[0]
    #expect(bomb.count < 12_000)
    let inflater = try #require(Inflater(windowBits: 15, keepsContext: true))
    var room = [UInt8](repeating: 1, count: 4_096)
    var used = 0
    var total = 0
    var stepCount = 0
    while used < bomb.count || inflater.mayHaveMore {
      var span = room.mutableSpan
      let step = try inflater.inflate(bomb.span.extracting(used...), into: &span)
      #expect(step.madeByteCount <= 4_096)
      used += step.usedByteCount
      total += step.madeByteCount
      stepCount += 1
    }
    var span = room.mutableSpan
    let end = try inflater.finish(into: &span)
    #expect(end.isDone && total + end.madeByteCount == zeros.count)
    #expect(stepCount >= zeros.count / 4_096)
    // No room, no work.
    var nothing = [UInt8]()
    var empty = nothing.mutableSpan
    let step = try inflater.inflate(bomb.span, into: &empty)
    #expect(step == (0, 0))
  }
}
