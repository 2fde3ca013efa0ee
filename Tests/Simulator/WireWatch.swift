import Basics
import Configuration
import Tunnel
import TunnelService

/// What a program was told of the messages that it may send.
struct WireLimits {
  let framePayloadLengthMax: Int
  let payloadLengthMax: Int
  /// Of the streams that a source begins.
  let version: ProtocolVersion
  let settings: Settings

  init(_ configuration: Configuration) {
    settings = configuration.settings
    framePayloadLengthMax = settings.framePayloadLengthMax
    payloadLengthMax = settings.payloadLengthMax
    version = min(settings.protocolVersion, configuration.destinationVersion)
  }
}

/// What one end of a WebSocket sends, frame by frame, as its link hands it to its stream.
final class WireWatch {
  private struct ConnectionKey: Hashable {
    let streamID: Int32
    let connectionID: UInt32
  }

  private let world: World
  private let isClient: Bool
  var limits: WireLimits?
  /// Notes a stream that the program begins; false when it has begun one of that number before, whatever the session.
  var noteStream: (Int32) -> Bool = { _ in true }
  /// Of a service whose links are slow on purpose, and what it is ahead of that.
  var shape: LinkShape?
  private var aheadByteCount = 0.0
  private var aheadAt: Instant
  /// Of a proxy's WebSocket.
  private(set) var link: LinkWatch?
  /// Nil until it is known; false for what is not a WebSocket, as what goes to a web proxy.
  private var isWebSocket: Bool?
  private var isSource = false
  private var hasClosed = false
  /// Compressed messages cannot be seen.
  private var isBlind = false
  /// That was agreed on.
  private var isCompressing = false
  /// Messages in this turn of the world.
  private var turn = 0
  private var frameCount = 0
  /// A source's streams by service, and all that there were.
  private var streams: [String: Int32] = [:]
  private var streamIDs: Set<Int32> = []
  /// A source's connections, and those that this end has reset.
  private var started: Set<ConnectionKey> = []
  private var reset: Set<ConnectionKey> = []
  /// The service ends the streams of whoever has gone.
  var tellsOfLosses = true
  /// What the service has passed on to a destination: the numbers of the streams that were begun there.
  private var isToDestination = false
  private var isToSource = false
  /// When it became a WebSocket.
  private var openedAt = Instant.never
  private var passedStreamIDs: Set<Int32> = []
  /// How often this end has said that its direction ends, or that it knows the marks.
  private var markCounts: [ConnectionKey: Int] = [:]

  init(_ world: World, isClient: Bool) {
    self.world = world
    self.isClient = isClient
    aheadAt = world.now
  }

  /// Behind the handshake, and before the close frame.
  var isOpen: Bool { isWebSocket == true && !hasClosed }

  /// - Parameter callCount: of the program, in this turn.
  func sent(_ bytes: Span<UInt8>, by network: SimulatedNetwork?) {
    guard let isWebSocket else {
      self.isWebSocket = Self.begins(bytes, with: isClient ? "GET /tunnel" : "HTTP/1.1 101")
      isSource = Self.begins(bytes, with: "GET /tunnel?local-proxy-mode=source")
      openedAt = world.now
      return
    }
    if !isWebSocket || bytes.count < 2 { return }
    judge(bytes)
    if let shape, shape.bandwidth > 0, bytes[0] & 0x0f == 2 { judgeRate(bytes.count, shape) }
    if !isClient && (isToDestination || isToSource) && tellsOfLosses && bytes[0] == 0x82 {
      judgePassed(payload(bytes))
    }
    if !isClient || bytes[0] & 0x0f != 2 { return }
    count(network?.callCount ?? 0)
    let payload = payload(bytes)
    link?.sentMessages(payload.count)
    if let limits, bytes.count - 14 > limits.framePayloadLengthMax {
      fail("sends a frame of \(bytes.count) bytes, more than it may")
    }
    if bytes[0] & 0x40 != 0 { isBlind = true }
    if !isBlind { judgeMessage(payload) }
    if isCompressing && bytes[0] & 0x40 == 0 && Self.isPlain(payload) {
      fail("does not compress a message that could be shorter")
    }
  }

  /// Nearly all of it is what applications send that can be compressed.
  private static func isPlain(_ payload: [UInt8]) -> Bool {
    payload.count > 1_000 && payload.count { $0 & 0xfc == 0x60 } > payload.count - 200
  }

  /// The service has answered: what the program was told then holds for the WebSocket.
  func answered(to network: SimulatedNetwork, compresses: Bool) {
    if isWebSocket != true { return }
    limits = network.wireLimits
    isCompressing = compresses
    guard let limits else { return }
    let link = LinkWatch(world, network, limits.settings, isSource: isSource)
    self.link = link
    network.link = link
  }

  /// What a service has received first.
  func receivedRequest(_ bytes: Span<UInt8>) {
    if isClient || isWebSocket != nil { return }
    isToDestination = Self.begins(bytes, with: "GET /tunnel?local-proxy-mode=destination")
    isToSource = Self.begins(bytes, with: "GET /tunnel?local-proxy-mode=source")
  }

  static func begins(_ bytes: Span<UInt8>, with text: String) -> Bool {
    text.utf8.enumerated().allSatisfy { index, octet in
      index < bytes.count && bytes[index] == octet
    }
  }

  private var who: String {
    isClient
      ? "the link of the \(isSource ? "source" : "destination")" : "a link of the service"
  }

  private func fail(_ what: String) { world.fail(who, what) }

  private func judge(_ bytes: Span<UInt8>) {
    if hasClosed { fail("sends something behind its close frame") }
    if (bytes[1] & 0x80 != 0) != isClient { fail("masks a frame or does not, wrongly") }
    if isClient { link?.sentFrame(maskedWith: key(bytes)) }
    switch bytes[0] & 0x0f {
    case 0x8:
      hasClosed = true
      link?.sentClose(payload(bytes))
    case 0x9:
      world.pingPayloads.insert(payload(bytes))
      link?.sentPing(payload(bytes))
    case 0xa:
      link?.sentPong(payload(bytes))
      if !world.pingPayloads.contains(payload(bytes)) { fail("sends a pong that answers no ping") }
    default: break
    }
  }

  /// A slow link lets no more through than its rate, but for what was on it while there was no room behind it.
  private func judgeRate(_ byteCount: Int, _ shape: LinkShape) {
    let rate = Double(shape.bandwidth)
    let seconds = Double(world.now.nanoseconds - aheadAt.nanoseconds) / 1e9
    aheadAt = world.now
    aheadByteCount = max(0, aheadByteCount - rate * seconds) + Double(byteCount)
    let onTheWay = rate * (Double(shape.latency.count) / 1_000 + 0.05) + 2 * 65_536
    if aheadByteCount > onTheWay {
      fail("\(Int(aheadByteCount)) bytes ahead of a link of \(shape.bandwidth) a second")
    }
  }

  /// Each call gives so many connections a turn, which may begin with a start; and replies go out besides.
  private func count(_ callCount: Int) {
    if turn != world.stepCount { frameCount = 0 }
    turn = world.stepCount
    frameCount += 1
    if frameCount > 2 * 16 * (callCount + 2) + 64 {
      fail("\(frameCount) frames in one turn, of \(callCount) calls")
    }
  }

  private func payloadStart(_ bytes: Span<UInt8>) -> Int {
    let start = bytes[1] & 0x7f == 126 ? 4 : bytes[1] & 0x7f == 127 ? 10 : 2
    return isClient ? start + 4 : start
  }

  private func key(_ bytes: Span<UInt8>) -> UInt32 {
    let start = payloadStart(bytes)
    return (start - 4..<start).reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
  }

  private func payload(_ bytes: Span<UInt8>) -> [UInt8] {
    let start = payloadStart(bytes)
    let count = max(0, bytes.count - start)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { payload, initializedCount in
      for index in 0..<count {
        let key = isClient ? bytes[start - 4 + index & 3] : 0
        unsafe payload[index] = bytes[start + index] ^ key
      }
      initializedCount = count
    }
  }

  // MARK: The service's messages

  /// A destination hears nothing of streams that began before it came, or were over by then; and a source gets no data of
  /// those that another one has begun, or itself before.
  private func judgePassed(_ bytes: [UInt8]) {
    let body = bytes.span.extracting(min(Message.prefixByteCount, bytes.count)..<bytes.count)
    guard let message = try? Message.parse(body) else { return }
    switch message.type {
    case .streamStart: passedStreamIDs.insert(message.streamID)
    case .data, .connectionStart, .connectionReset:
      if isToSource && message.type == .data
        && world.streamStarts[message.streamID] ?? openedAt < openedAt
      {
        fail("passes on data of a stream that its source has not begun")
      }
      if isToDestination && !passedStreamIDs.contains(message.streamID) {
        fail("passes on a message of a stream that its destination knows nothing of")
      }
    case .streamReset, .sessionReset, .serviceIDs, .unknown, nil: break
    }
  }

  // MARK: A proxy's messages

  private func judgeMessage(_ bytes: [UInt8]) {
    let message: Message
    let service: String
    do {
      let body = bytes.span.extracting(Message.prefixByteCount..<bytes.count)
      message = try Message.parse(body)
      service = Message.text(body, message.serviceID)
    } catch {
      fail("sends a message that cannot be read")
      return
    }
    if message.streamID == 0 { fail("sends the stream id 0") }
    if message.streamID > StreamIDs.idMax || message.connectionID > UInt32(StreamIDs.idMax) {
      fail("sends an id that an older client cannot answer with")
    }
    if let limits { judge(message, service, limits) }
    let key = ConnectionKey(
      streamID: message.streamID, connectionID: max(message.connectionID, 1))
    switch message.type {
    case .streamStart:
      let isNew = noteStream(message.streamID)
      world.streamStarts[message.streamID] = world.now
      if !streamIDs.insert(message.streamID).inserted || !isNew { fail("begins a stream twice") }
      streams[service] = message.streamID
      started.insert(key)
      if message.isIgnorableWritten && !message.ignorable {
        link?.marked()
        world.marked()
      }
    case .connectionStart:
      judgeStream(message, service)
      if !started.insert(key).inserted { fail("begins a connection twice") }
    case .data: judgeData(message, service, key)
    case .connectionReset:
      judgeStream(message, service)
      if !reset.insert(key).inserted && isSource { fail("resets a connection twice") }
    case .streamReset:
      // A stream may be over before its start went out.
      if streamIDs.contains(message.streamID) { judgeStream(message, service) }
      if isSource { streams[service] = nil }
    case .sessionReset, .serviceIDs: fail("sends a message that only the service may send")
    case nil, .unknown: fail("sends a message of the unknown type \(message.rawType)")
    }
  }

  /// What the program was told must hold of each message.
  private func judge(_ message: Message, _ service: String, _ limits: WireLimits) {
    if message.payload.count > limits.payloadLengthMax {
      fail("sends \(message.payload.count) bytes in one message, more than it may")
    }
    if !isSource { return }
    if limits.version < .v3 && message.connectionID > 0 {
      fail("names a connection to a destination that was said to be older")
    }
    if limits.version < .v2 && !service.isEmpty {
      fail("names a service to a destination that was said to be older")
    }
  }

  /// Nobody wants to hear of a stream that is over or was never begun.
  private func judgeStream(_ message: Message, _ service: String) {
    if isSource && streams[service] != message.streamID {
      fail("sends a message of type \(message.rawType) in a stream that is not its service's")
    }
  }

  private func judgeData(_ message: Message, _ service: String, _ key: ConnectionKey) {
    judgeStream(message, service)
    if isSource && !started.contains(key) { fail("sends data of a connection that never began") }
    if reset.contains(key) { fail("sends data of a connection that it has reset") }
    if !message.payload.isEmpty { link?.sentData() }
    // A destination's first one says that it knows the marks.
    let count = markCounts[key] ?? 0
    if count > (isSource ? 0 : 1) { fail("sends data behind its end") }
    if message.ignorable && message.payload.isEmpty {
      markCounts[key] = count + 1
      if !isSource && count == 0 { world.agreed() }
    }
  }
}
