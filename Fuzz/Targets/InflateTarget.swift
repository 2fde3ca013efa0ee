import Basics
import WebSocket

extension FuzzTarget {
  /// Octet 0: window, context, and whether the rest is a compressed payload from the peer or messages of our own.
  /// Octet 1: room and pieces.
  static let inflate = FuzzTarget(name: "inflate", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    let windowBits = 8 + Int(choices & 7)
    let keepsContext = choices & 8 != 0
    let cuts = Restorer.Cuts(choices: input.octet())
    if choices & 16 == 0 {
      try expectRestored(windowBits, keepsContext, payloads(&input), cuts)
    } else {
      try expectOwnRestored(windowBits, keepsContext, &input, cuts)
    }
  }

  /// Each message begins with its length.
  private static func payloads(_ input: inout FuzzInput) -> [[UInt8]] {
    var payloads: [[UInt8]] = []
    while !input.isEmpty && payloads.count < 3 { payloads.append(input.octets(Int(input.octet()))) }
    return payloads + [input.remaining()]
  }

  /// In whatever pieces it comes, and however much room there is: it is the same message, or the same fault.
  private static func expectRestored(
    _ windowBits: Int, _ keepsContext: Bool, _ payloads: [[UInt8]], _ cuts: Restorer.Cuts
  ) throws(Finding) {
    let whole = try Restorer(windowBits, keepsContext, Restorer.Cuts.none)
    let pieces = try Restorer(windowBits, keepsContext, cuts)
    for payload in payloads {
      let one = try whole.restore(payload)
      let other = try pieces.restore(payload)
      // Of what is too long and then corrupt, the cuts decide which comes first. What stands in front of a fault
      // is restored whatever the cuts.
      if one.isTooLong || other.isTooLong { return }
      // A sender may not refer to what is farther back than its window, and zlib finds that out only where it no
      // longer has the octets: that depends on the room. The largest window is as far as anything can refer.
      let isAtFault = one.fault != nil || other.fault != nil
      if isAtFault && windowBits < PermessageDeflate.windowBitsMax { return }
      try require(one == other, "in pieces it is another message, or another fault")
      if isAtFault { return }
    }
  }

  private static func expectOwnRestored(
    _ windowBits: Int, _ keepsContext: Bool, _ input: inout FuzzInput, _ cuts: Restorer.Cuts
  ) throws(Finding) {
    let memoryLevel = 1 + input.number(below: 9)
    guard
      let deflater = Deflater(
        windowBits: windowBits, memoryLevel: memoryLevel, keepsContext: keepsContext)
    else { throw Finding("no deflater") }
    let restorer = try Restorer(windowBits, keepsContext, cuts)
    for message in payloads(&input) {
      // Now and then a message is taken back, and nothing may refer to it.
      var queue = ByteQueue()
      if message.first == 0x5a {
        _ = deflater.compress(message.span, endsMessage: false, into: &queue)
        deflater.forget()
        queue.release()
      }
      let middle = message.count / 3
      let isWhole =
        deflater.compress(message.span.extracting(..<middle), endsMessage: false, into: &queue)
        && deflater.compress(message.span.extracting(middle...), endsMessage: true, into: &queue)
      try require(isWhole, "not compressed, though there is room")
      var payload: [UInt8] = []
      queue.withReadable { for index in 0..<$0.count { payload.append($0[index]) } }
      try require(
        payload.count <= message.count + message.count / 20 + 16, "a message that grew much")
      let restored = try restorer.restore(payload)
      try require(restored.fault == nil, "our own payload is \(restored.fault?.reason ?? "")")
      try require(restored.message == message, "restored, a message is another")
    }
  }
}

/// Restores messages as a receiver does.
private final class Restorer {
  /// Octets of input and room for output, at a time.
  struct Cuts {
    var pieceByteCount: Int
    var roomByteCount: Int

    static let none = Cuts(pieceByteCount: .max, roomByteCount: 4_096)

    init(pieceByteCount: Int, roomByteCount: Int) {
      self.pieceByteCount = pieceByteCount
      self.roomByteCount = roomByteCount
    }

    init(choices: UInt8) {
      pieceByteCount = 1 + Int(choices & 15)
      roomByteCount = 1 + Int(choices >> 4) * 17
    }
  }

  struct Restored: Equatable {
    var message: [UInt8] = []
    var fault: Inflater.Violation?
    /// There was more than the target cares for.
    var isTooLong = false
  }

  private static let byteCountMax = 8_192

  private let inflater: Inflater
  private let cuts: Cuts

  init(_ windowBits: Int, _ keepsContext: Bool, _ cuts: Cuts) throws(Finding) {
    guard let inflater = Inflater(windowBits: windowBits, keepsContext: keepsContext) else {
      throw Finding("no inflater")
    }
    self.inflater = inflater
    self.cuts = cuts
  }

  func restore(_ payload: [UInt8]) throws(Finding) -> Restored {
    var restored = Restored()
    do throws(Inflater.Violation) {
      try restore(payload, &restored)
    } catch {
      restored.fault = error
    }
    if restored.message.count > Self.byteCountMax { return Restored(isTooLong: true) }
    return restored
  }

  private func restore(
    _ payload: [UInt8], _ restored: inout Restored
  ) throws(Inflater.Violation) {
    var room = [UInt8](repeating: 0xaa, count: cuts.roomByteCount)
    var used = 0
    while used < payload.count || inflater.mayHaveMore {
      let end = used + min(cuts.pieceByteCount, payload.count - used)
      var span = room.mutableSpan
      let step = try inflater.inflate(payload.span.extracting(used..<end), into: &span)
      used += step.usedByteCount
      restored.message += room[..<step.madeByteCount]
      if restored.message.count > Self.byteCountMax { return }
      // It must get on, or its owner waits for ever.
      if step.usedByteCount == 0 && step.madeByteCount == 0 && !inflater.mayHaveMore
        && used < end
      {
        restored.fault = .noMemory
        return
      }
    }
    var roundCount = 0
    while roundCount <= Self.byteCountMax {
      var span = room.mutableSpan
      let step = try inflater.finish(into: &span)
      restored.message += room[..<step.madeByteCount]
      if step.isDone || restored.message.count > Self.byteCountMax { return }
      roundCount += 1
    }
    restored.fault = .noMemory
  }
}
