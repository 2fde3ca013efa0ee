import Basics
import Reactor

/// One direction of one application's connection: its bytes depend on nothing but its id, and begin with it. So
/// whoever receives them knows whose they are, and whether they are right.
final class Flow {
  let id: UInt64
  /// The application that sends.
  let sender: Talker
  /// The one that receives, once it is known.
  var receiver: Talker?
  /// Bytes that the system has taken from the sender.
  var sentByteCount = 0
  /// The sender has ended this direction in good order, behind these bytes.
  var hasEnded = false
  private var ahead: [UInt8] = []
  private var aheadStart = 0

  init(id: UInt64, sender: Talker) {
    self.id = id
    self.sender = sender
  }

  /// Eight bytes of the stream from a multiple of eight on.
  @inline(__always) static func word(_ id: UInt64, _ index: Int) -> UInt64 {
    if index == 0 { return id }
    // Of a quarter of the entropy, for the compression; or only every now and then, and in between it looks as if.
    if id & mixedMark != 0 && index & 512 != 0 {
      return noise(id, index) & 0xffff_ffff_ffff_ff00 | 0x60
    }
    if id & plainMark != 0 {
      return noise(id, index) & 0x0303_0303_0303_0303 | 0x6060_6060_6060_6060
    }
    return noise(id, index)
  }

  static let plainMark: UInt64 = 1 << 62
  static let mixedMark: UInt64 = 1 << 61

  @inline(__always) private static func noise(_ id: UInt64, _ index: Int) -> UInt64 {
    var mixed = id ^ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    return mixed ^ (mixed >> 27)
  }

  /// The next bytes to be sent. They are made ahead, as a socket often takes a few of many.
  func next(_ count: Int) -> ArraySlice<UInt8> {
    if sentByteCount + count > aheadStart + ahead.count {
      aheadStart = sentByteCount
      ahead = bytes(from: aheadStart, 3 * count)
    }
    let start = sentByteCount - aheadStart
    return ahead[start..<(start + count)]
  }

  private func bytes(from start: Int, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { bytes, initializedCount in
      var word: UInt64 = 0
      for index in 0..<count {
        let offset = start + index
        if index == 0 || offset & 7 == 0 {
          word = Self.word(id, offset >> 3) << (8 * UInt64(offset & 7))
        }
        bytes[index] = UInt8(word >> 56)
        word <<= 8
      }
      initializedCount = count
    }
  }
}

/// What was sent and what has arrived, of all connections of applications.
final class Ledger {
  let world: World
  private var flows: [UInt64: Flow] = [:]
  private(set) var talkers: [Talker] = []
  /// An end in good order is to mean that the application at the other end has made it.
  var isStrict = true
  /// Streams without connection ids have one reset for all that there is.
  var hasOneReset = false
  /// The bytes can be compressed; and only in parts.
  var isPlain = false
  var isMixed = false
  /// Bytes that were compared.
  private(set) var comparedByteCount = 0
  private(set) var flowCount = 0

  init(_ world: World) { self.world = world }

  func add(_ talker: Talker) { talkers.append(talker) }

  func makeFlow(_ sender: Talker) -> Flow {
    flowCount += 1
    // Seen as bytes it must not look like anything else.
    var id = world.random.next() | 1 << 63 | Flow.plainMark | Flow.mixedMark
    if !isPlain { id &= ~Flow.plainMark }
    if !isPlain || !isMixed { id &= ~Flow.mixedMark }
    let flow = Flow(id: id, sender: sender)
    flows[flow.id] = flow
    return flow
  }

  /// Compares what came with what was sent.
  func received(_ bytes: Span<UInt8>, by talker: Talker) {
    comparedByteCount += bytes.count
    var index = 0
    while index < bytes.count && talker.receivedByteCount < 8 {
      talker.idSoFar = talker.idSoFar << 8 | UInt64(bytes[index])
      talker.receivedByteCount += 1
      index += 1
      if talker.receivedByteCount == 8 && !identify(talker) { return }
    }
    let flow = talker.idSoFar
    var offset = talker.receivedByteCount
    var word: UInt64 = 0
    var isWordKnown = false
    while index < bytes.count {
      if offset & 7 == 0 || !isWordKnown {
        word = Flow.word(flow, offset >> 3) << (8 * UInt64(offset & 7))
        isWordKnown = true
      }
      if bytes[index] != UInt8(truncatingIfNeeded: word >> 56) {
        talker.receivedByteCount = offset
        world.fail(
          talker.name,
          "wrong byte at \(offset) of the flow of \(talker.incoming?.sender.name ?? "?")")
        return
      }
      word <<= 8
      offset += 1
      index += 1
    }
    talker.receivedByteCount = offset
    if let flow = talker.incoming, talker.receivedByteCount > flow.sentByteCount {
      world.fail(talker.name, "more bytes than \(flow.sender.name) has sent")
    }
  }

  private func identify(_ talker: Talker) -> Bool {
    guard let flow = flows[talker.idSoFar] else {
      world.fail(talker.name, "bytes that nobody sent: \(talker.idSoFar)")
      return false
    }
    if let other = flow.receiver {
      world.fail(talker.name, "the bytes of \(flow.sender.name), which \(other.name) has as well")
      return false
    }
    if flow.sender.isClient == talker.isClient || flow.sender.service != talker.service {
      world.fail(talker.name, "the bytes of \(flow.sender.name), who is not at the other end")
      return false
    }
    if let opposite = flow.sender.incoming, opposite.sender !== talker {
      world.fail(
        talker.name,
        "the bytes of \(flow.sender.name), which has those of \(opposite.sender.name)")
      return false
    }
    flow.receiver = talker
    talker.incoming = flow
    return true
  }

  /// The receiver has seen an end in good order.
  func ended(_ talker: Talker) {
    // In V1 and V2 a reset that cannot say what it is is no end before the first byte.
    if talker.isClient && talker.incoming == nil
      && (isStrict || hasOneReset && talker.receivedByteCount == 0)
    {
      judgeEmptyEnd(talker)
    }
    // Where ends are not told, one's own is the other's.
    guard let flow = talker.incoming, isStrict || flow.sender.isCutOff && !talker.flow.hasEnded
    else { return }
    if flow.hasEnded && flow.sentByteCount == talker.receivedByteCount { return }
    world.fail(
      talker.name,
      "an end in good order after \(talker.receivedByteCount) bytes, but \(flow.sender.name) "
        + (flow.hasEnded
          ? "has ended after \(flow.sentByteCount)"
          : "has not ended after \(flow.sentByteCount)"))
  }

  /// Who sees an end before the first byte has a server that has ended without one.
  private func judgeEmptyEnd(_ client: Talker) {
    let server = client.flow.receiver
    let isMade = talkers.contains {
      !$0.isClient && $0.service == client.service && $0.flow.sentByteCount < 8
        && $0.flow.hasEnded && (server == nil || $0 === server)
    }
    if !isMade { world.fail(client.name, "an end in good order, which no server has made") }
  }

  func forget() {
    for talker in talkers { talker.forget() }
    talkers = []
    flows = [:]
  }
}
