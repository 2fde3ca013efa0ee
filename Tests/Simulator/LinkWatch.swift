import Basics
import Configuration
import Proxy
import Reactor
import Tunnel

/// What a proxy's link promises over time, seen at its stream: each byte that it is given, each frame that it sends.
///
/// The limit, the window and the round trips are worked out here once more, from the settings alone. A turn has one
/// time, so most of them are exact.
final class LinkWatch {
  private static let slack = Milliseconds(250)
  /// A pacer's.
  private static let burst: Int64 = 15_000_000
  private static let usedThousandths: Int64 = 995
  private static let frameTimeAtLimit = 0.030
  private static let patience = Milliseconds(5_000)
  private static let queueTimeMax: Int64 = 400_000_000
  private static let unusedWindowMax: Int64 = 64 * 1_024
  private static let fullByteCountMin: Int64 = 2 * 1_024
  /// A message's header.
  private static let headerByteCountMax = 300
  /// Of connections, each time that they are given.
  private static let turnCount = 16

  private struct Pong {
    let sentAt: Instant
    let at: Instant
    let turn: Int
  }

  private let world: World
  private unowned let network: SimulatedNetwork
  private let settings: Settings
  let isSource: Bool
  let startedAt: Instant
  /// What the service's close frame has said, and the program's own.
  private(set) var closeCode: Int?
  private(set) var ownCloseCode: Int?
  private(set) var closedAt: Instant?
  /// The stream has said that it is over, or broken.
  var isBroken = false
  /// The service has sent something, its list of services perhaps.
  private(set) var hasMessages = false
  /// How many frames of messages it was given.
  private(set) var receivedFrameCount = 0
  private(set) var heardAt: Instant?
  /// The stream was closed with something that had not gone out.
  var isCutShort = false
  /// When the first message with a mark went out.
  private(set) var markedAt: Instant?
  private var markedFrameCount = 0
  private var frames = FrameSkimmer()
  /// Of pings, by what they carried.
  private var pinged: Set<[UInt8]> = []
  private var pingedByteCount: Int64 = 0
  private var pingedAt: Instant
  private var hadRoom = false
  private var pong: Pong?
  private var pongedAt: Instant?
  private var newestPongAt = Instant(nanoseconds: .min)
  /// Of pongs that the program has seen.
  private var roundTrips: (least: Int64, most: Int64) = (.max, 0)
  private var queueTime: Int64?
  private var windowByteCount: Int64 = 0
  private var wasPaused = false
  private var resumedAt = Instant(nanoseconds: .min)
  private(set) var sentByteCount: Int64 = 0
  private var arrivedByteCount: Int64 = 0
  private var inFlightByteCountMax: Int64 = 0
  /// When the next message may go, in nanoseconds.
  private var readyAt = Int64.min / 2
  /// Since when something waits while it is not read; and how often in a row the window grew over a queue.
  private var waitsSince: Instant?
  private var growthCount = 0
  private var leastQueueTime = Int64.max
  private var maskingKey: UInt32?
  /// Each key, and the one before it.
  private var keyPairs: Set<UInt64> = []
  /// Bytes that it was given in one call.
  private var callByteCount = 0
  /// Of the call that is under way: receives, and turns that connections had.
  private var call = (serial: 0, receiveCount: 0, turnCount: 0)
  /// Of a frame of messages, since somebody has asked for it last.
  private(set) var longestFrameByteCount = 0
  /// The longest of that time.
  private(set) var recentRoundTripMax = Nanoseconds(0)
  /// Of the newest ping that was not answered.
  private var owedPong: [UInt8]?

  init(_ world: World, _ network: SimulatedNetwork, _ settings: Settings, isSource: Bool) {
    self.world = world
    self.network = network
    self.settings = settings
    self.isSource = isSource
    startedAt = network.now
    pingedAt = network.now
  }

  private var now: Instant { network.now }
  /// Of pongs that it was given, in seconds.
  var longestRoundTrip: Double { Double(roundTrips.most) / 1e9 }
  var shortestRoundTrip: Double { roundTrips.most == 0 ? 0 : Double(roundTrips.least) / 1e9 }
  var queueByteCountMax: Int { settings.kernelQueueByteCountMax }

  private func fail(_ what: String) {
    world.fail("the link of the \(isSource ? "source" : "destination")", what)
  }

  // MARK: What it sends

  func sentPing(_ payload: [UInt8]) {
    pingedAt = now
    if payload.count != PingStamp.byteCount { return }
    if let stamp = PingStamp(payload: payload, now: now) {
      pinged.insert(payload)
      pingedByteCount = stamp.sentByteCount
      if settings.isPacingAdaptive && stamp.sentByteCount != sentByteCount {
        fail("a ping says that \(stamp.sentByteCount) bytes went before it, not \(sentByteCount)")
      }
    }
    spend(payload.count)
  }

  func sentClose(_ payload: [UInt8]) {
    closedAt = now
    if payload.count > 125 { fail("sends a close frame of \(payload.count) bytes") }
    let code = payload.count < 2 ? 1_005 : Int(payload[0]) << 8 | Int(payload[1])
    ownCloseCode = code
    if !Self.isAllowed(code) { fail("closes with the code \(code)") }
    if isUndisturbed && Self.isAccusation(code) {
      fail("closes with the code \(code), although the service has kept to the protocol")
    }
    // It may have found something wrong in front of the service's.
    let isViolation = [1_002, 1_003, 1_007, 1_009, 1_011].contains(code)
    if let closeCode, closeCode != code, Self.isAllowed(closeCode), !isViolation {
      fail("answers the code \(closeCode) with \(code)")
    }
  }

  /// In a close frame; or there is none in it.
  private static func isAllowed(_ code: Int) -> Bool {
    switch code {
    case 1_000...1_003, 1_005, 1_007...1_014, 3_000...4_999: true
    default: false
    }
  }

  func sentPong(_ payload: [UInt8]) { if owedPong == payload { owedPong = nil } }

  func marked() {
    if markedAt != nil { return }
    markedAt = now
    markedFrameCount = receivedFrameCount
  }

  /// At least one whole message has come since, and was looked at.
  var isMarkAnswered: Bool {
    markedAt != nil && receivedFrameCount >= markedFrameCount + 2 && !wasPaused
      && world.faultCounts[FaultKind.frameSplit.rawValue] == 0
  }

  func sentFrame(maskedWith key: UInt32) {
    // Without random numbers it has one for all.
    if let maskingKey, world.faultCounts[FaultKind.entropyFails.rawValue] == 0 {
      if maskingKey == key { fail("masks two frames with one key") }
      let pair = UInt64(maskingKey) << 32 | UInt64(key)
      if !keyPairs.insert(pair).inserted { fail("masks frames with keys that it has had before") }
    }
    maskingKey = key
  }

  /// A frame of messages with so much payload.
  func sentMessages(_ byteCount: Int) {
    judgeLimit(byteCount)
    judgeWindow()
    sentByteCount += Int64(byteCount)
    longestFrameByteCount = max(longestFrameByteCount, byteCount)
    inFlightByteCountMax = max(inFlightByteCountMax, sentByteCount - arrivedByteCount)
  }

  func forgetRecent() {
    longestFrameByteCount = 0
    recentRoundTripMax = Nanoseconds(0)
  }

  /// Something of a connection's went out. They have their turns for each call and each receive, be it one message that
  /// came or many, and then it is the other events' turn.
  func sentData() {
    noteCall()
    call.turnCount += 1
    if call.turnCount > Self.turnCount * (call.receiveCount + 3) {
      fail("gives \(call.turnCount) turns in one call, with \(call.receiveCount) receives")
    }
  }

  private func noteCall() {
    if call.serial != network.callSerial { call = (network.callSerial, 0, 0) }
  }

  /// The service has kept to the protocol, for all that was done to its messages.
  var isUndisturbed: Bool {
    let kinds: [FaultKind] = [.garbage, .strayMessage, .serviceFault]
    return kinds.allSatisfy { world.faultCounts[$0.rawValue] == 0 }
  }

  private static func isAccusation(_ code: Int) -> Bool {
    [1_002, 1_003, 1_007, 1_009].contains(code)
  }

  private func judgeLimit(_ byteCount: Int) {
    if settings.bandwidthLimit == 0 { return }
    let time = now.nanoseconds
    if time < readyAt {
      fail(
        "sends \(readyAt - time) ns sooner than a limit of \(settings.bandwidthLimit) allows")
    }
    let frameMax = max(Int(Double(settings.bandwidthLimit) * Self.frameTimeAtLimit), 1_024)
    if byteCount > frameMax + Self.headerByteCountMax {
      fail("sends a frame of \(byteCount) bytes at a limit of \(settings.bandwidthLimit)")
    }
    readyAt = max(readyAt, time - Self.burst)
    spend(byteCount)
  }

  /// All that a frame has on the wire: its header, and those of TLS's records.
  private func spend(_ byteCount: Int) {
    if settings.bandwidthLimit == 0 { return }
    let wire = byteCount + 14 + (byteCount / 16_384 + 1) * 22
    let rate = max(settings.bandwidthLimit * Self.usedThousandths / 1_000, 1)
    readyAt += Int64(wire) * 1_000_000_000 / rate
  }

  /// No more is on the way than the window, while the service answers and its answers are read.
  private func judgeWindow() {
    guard settings.isPacingAdaptive, windowByteCount > 0, !wasPaused, let pongedAt else { return }
    let since = max(pongedAt, resumedAt)
    if since + Self.patience <= now || since + Self.slack > now && resumedAt > pongedAt { return }
    let inFlight = sentByteCount - arrivedByteCount
    if inFlight >= 6 * windowByteCount {
      fail("has \(inFlight) bytes on the way, with a window of \(windowByteCount)")
    }
  }

  // MARK: What it is given

  /// The stream tells it that there is something.
  func called() { callByteCount = 0 }

  func received(_ bytes: Span<UInt8>) {
    let limit = settings.linkReadByteCountMax
    if callByteCount > limit { fail("takes more than \(limit) bytes in one go") }
    callByteCount += bytes.count
    heardAt = world.now
    noteCall()
    call.receiveCount += 1
    frames.take(bytes) { opcode, payload in
      switch opcode {
      case 0x0, 0x2:
        hasMessages = true
        receivedFrameCount += 1
      case 0x8:
        owedPong = nil
        if closeCode == nil {
          let code = payload.count < 2 ? 1_005 : Int(payload[0]) << 8 | Int(payload[1])
          closeCode = code
          if isUndisturbed && Self.isAccusation(code) {
            fail("is closed with the code \(code), as one that breaks the protocol")
          }
        }
      case 0x9: owedPong = payload
      case 0xa: note(pong: payload)
      default: break
      }
    }
  }

  private func note(pong payload: [UInt8]) {
    guard pinged.contains(payload), let stamp = PingStamp(payload: payload, now: now) else {
      return
    }
    pong = Pong(sentAt: stamp.sentAt, at: now, turn: network.turnCount)
    pongedAt = now
    newestPongAt = max(newestPongAt, stamp.sentAt)
    arrivedByteCount = max(arrivedByteCount, stamp.sentByteCount)
    let roundTrip = now.nanoseconds - stamp.sentAt.nanoseconds
    roundTrips = (min(roundTrips.least, roundTrip), max(roundTrips.most, roundTrip))
    recentRoundTripMax = max(recentRoundTripMax, Nanoseconds(roundTrip))
  }

  // MARK: After a turn

  func look(at proxy: LocalProxy, hasRoom: Bool) {
    defer { hadRoom = hasRoom }
    guard let status = proxy.linkStatus, proxy.isLinkOpen else { return }
    let isPaused = proxy.isLinkPaused
    if !isPaused && !wasPaused {
      judgeRoundTrip(status.roundTrip)
      if owedPong != nil && hadRoom && hasRoom && !settings.offersCompression {
        fail("does not answer a ping")
      }
    }
    if wasPaused && !isPaused { resumedAt = now }
    judgeQueue(status.queueTime)
    judgeGrowth(status.windowByteCount ?? 0)
    judgeWaiting(proxy, isPaused: isPaused, hasRoom: hasRoom && hadRoom)
    wasPaused = isPaused
    // One that was never full has not grown far.
    if inFlightByteCountMax < Self.fullByteCountMin && windowByteCount > 2 * Self.unusedWindowMax {
      fail("has a window of \(windowByteCount), and never had more than some bytes on the way")
    }
    let period = settings.pingPeriod
    if hadRoom && hasRoom && pingedAt + period + Self.slack < now {
      fail("sends no ping for more than \(period.count) ms")
    }
  }

  /// A window does not grow while each ping tells of a queue.
  private func judgeGrowth(_ byteCount: Int64) {
    defer { windowByteCount = byteCount }
    if let queueTime { leastQueueTime = min(leastQueueTime, queueTime) }
    if byteCount == windowByteCount { return }
    let isOverQueue = byteCount > windowByteCount && leastQueueTime > Self.queueTimeMax
    growthCount = isOverQueue && leastQueueTime < .max ? growthCount + 1 : 0
    leastQueueTime = queueTime ?? .max
    if growthCount == 3 { fail("lets its window grow although pings queue for a long time") }
  }

  /// Whoever has something to send waits for a pong that will come, and is read.
  private func judgeWaiting(_ proxy: LocalProxy, isPaused: Bool, hasRoom: Bool) {
    let isFree = settings.isPacingAdaptive && settings.bandwidthLimit == 0 && hasRoom
    let inFlight = sentByteCount - arrivedByteCount
    let isPausedForLong = isPaused && wasPaused
    let isStuck =
      isFree && proxy.isWaitingForRoom
      && (isPausedForLong || !isPaused && !wasPaused && inFlight == 0)
    waitsSince = isStuck ? waitsSince ?? now : nil
    if let waitsSince, waitsSince + Self.slack < now {
      fail(
        isPaused
          ? "sends nothing, for the sake of pongs that it does not read"
          : "sends nothing, although nothing is on the way")
    }
    if settings.isPacingAdaptive && hasRoom && windowByteCount > 0 && inFlight >= windowByteCount
      && pingedByteCount <= arrivedByteCount
    {
      fail("has a window on the way, and no ping behind it")
    }
  }

  /// What it tells of round trips is that of the last pong. More may have to come out of a compressed message before.
  private func judgeRoundTrip(_ told: Int64?) {
    guard let pong, pong.turn == network.turnCount, !settings.offersCompression else { return }
    let roundTrip = pong.at.nanoseconds - pong.sentAt.nanoseconds
    if told != roundTrip { fail("says that a ping took \(told ?? -1) ns, not \(roundTrip)") }
  }

  /// Pings that waited in its own buffers, and those that did not queue, tell nothing of a queue.
  private func judgeQueue(_ told: Int64?) {
    if let told, told != queueTime {
      if newestPongAt < resumedAt { fail("measures the queue by a pong that waited for itself") }
      if told > roundTrips.most - roundTrips.least + 1_000_000 {
        fail("says that a ping queued for \(told) ns, of \(roundTrips.most) at the most")
      }
    }
    queueTime = told
  }
}

/// Finds the frames in what a WebSocket's client gets behind the answer's head; the payload only of control frames.
struct FrameSkimmer {
  private enum State {
    case head(matched: Int)
    case header([UInt8])
    case payload(left: Int)
    case control(opcode: UInt8, length: Int, [UInt8])
    /// It is no answer that opens a WebSocket.
    case off
  }

  private var state = State.head(matched: 0)
  private var status: [UInt8] = []

  mutating func take(_ bytes: Span<UInt8>, _ found: (UInt8, [UInt8]) -> Void) {
    var index = 0
    while index < bytes.count {
      switch state {
      case .off: return
      case .head(let matched):
        takeHead(bytes[index], matched)
        index += 1
      case .header(var header):
        header.append(bytes[index])
        index += 1
        takeHeader(header, found)
      case .payload(let left):
        let taken = min(left, bytes.count - index)
        index += taken
        state = taken == left ? .header([]) : .payload(left: left - taken)
      case .control(let opcode, let length, var payload):
        payload.append(bytes[index])
        index += 1
        if payload.count == length {
          state = .header([])
          found(opcode, payload)
        } else {
          state = .control(opcode: opcode, length: length, payload)
        }
      }
    }
  }

  private mutating func takeHead(_ octet: UInt8, _ matched: Int) {
    if status.count < 12 { status.append(octet) }
    let end: [UInt8] = [13, 10, 13, 10]
    let now = octet == end[matched] ? matched + 1 : octet == 13 ? 1 : 0
    if now < end.count {
      state = .head(matched: now)
    } else if status.suffix(3).elementsEqual("101".utf8) {
      state = .header([])
    } else {
      // Another answer may follow one that announces it.
      state = status.count > 9 && status[9] == 0x31 ? .head(matched: 0) : .off
      status = []
    }
  }

  private mutating func takeHeader(_ header: [UInt8], _ found: (UInt8, [UInt8]) -> Void) {
    state = .header(header)
    if header.count < 2 { return }
    let short = Int(header[1] & 0x7f)
    let lengthByteCount = short < 126 ? 0 : short == 126 ? 2 : 8
    if header.count < 2 + lengthByteCount { return }
    let length =
      lengthByteCount == 0 ? short : header[2...].reduce(0) { ($0 & 0xff_ffff) << 8 | Int($1) }
    let opcode = header[0] & 0x0f
    if opcode < 8 {
      found(opcode, [])
      state = length == 0 ? .header([]) : .payload(left: length)
    } else if length == 0 {
      state = .header([])
      found(opcode, [])
    } else {
      state = .control(opcode: opcode, length: length, [])
    }
  }
}
