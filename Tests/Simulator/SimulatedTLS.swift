import Basics
import Reactor
import Tunnel

/// What stands for a trust store or an identity: nothing but a place for faults.
public final class SimulatedTLSCredentials: TLSCredentials {
  private let world: World
  /// What a service does to the frames that it sends; nil for nothing.
  public var meddler: Meddler?
  /// Whose they are; a client that means somebody else does not shake hands. "" for anybody's.
  var name = ""
  /// A failure has left something wrong in the library: no handshake with these succeeds any more.
  var isSpoiled = false

  public init(_ world: World) { self.world = world }

  public let trustSource = "the simulator"
  public let trustWarning = ""

  public func renewed() throws(TLSError) -> any TLSCredentials {
    if world.happens(.tlsMemory) { throw .library(reason: "the simulator's library") }
    return SimulatedTLSCredentials(world)
  }

  public func start(
    over transport: any ByteStream, serverName: String?, on network: any Network,
    _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream {
    if world.happens(.tlsMemory) || world.happens(.tlsSpoiled) {
      isSpoiled = true
      throw .library(reason: "the simulator's library")
    }
    return SimulatedTLSStream(
      world: world, network: network, transport: transport, credentials: self,
      serverName: serverName, handler: handler)
  }
}

/// TLS without its secrets: records with a type and a length around the same bytes.
///
/// As in the real one, a small `sendWhole` goes out at the turn's end, and what was received and not taken is told
/// again each turn.
final class SimulatedTLSStream: SecureStream, StreamHandler, TurnHandler {
  private enum RecordType: UInt8 {
    case hello = 1
    case answer, finished, data, closing, padding
  }
  private enum State { case handshaking, open, closed }

  static let roomMark = 16 * 1024
  private static let flushMark = 16 * 1024
  private static let recordByteCountMax = 16 * 1024

  private let world: World
  private let network: any Network
  private let transport: any ByteStream
  private let isClient: Bool
  private var meddler: Meddler? { credentials.meddler }
  private let credentials: SimulatedTLSCredentials
  /// Whom a client means.
  private let serverName: String?
  private var state = State.handshaking
  private var inbound = ByteQueue()
  private var plain = ByteQueue()
  private var outbound = ByteQueue()
  private var isHandshakeDone = false
  private var hasHead = false
  private var isEnded = false
  private var isBlocked = false
  private var hasFinished = false
  private var failure: StreamFailure?
  private var turnEndRequested = false
  private let wire: WireWatch
  var handler: (any StreamHandler)?

  var interest: Readiness = [] {
    didSet {
      if interest == oldValue || state != .open { return }
      updateTransportInterest()
      requestTurnEndIfNeeded()
    }
  }

  init(
    world: World, network: any Network, transport: any ByteStream,
    credentials: SimulatedTLSCredentials, serverName: String?, handler: any StreamHandler
  ) {
    self.world = world
    self.network = network
    self.transport = transport
    self.credentials = credentials
    self.serverName = serverName
    isClient = serverName != nil
    self.handler = handler
    wire = WireWatch(world, isClient: isClient)
    wire.limits = (network as? SimulatedNetwork)?.wireLimits
    if let network = network as? SimulatedNetwork {
      wire.tellsOfLosses = network.tellsOfLosses
      wire.noteStream = { [weak network] in network?.noteStream($0) ?? true }
    }
    wire.shape = (network as? SimulatedNetwork)?.shape
    transport.handler = self
    transport.interest = .readable
    if isClient { put(.hello, []) }
    requestTurnEnd()
  }

  var hasRoom: Bool { outbound.count < Self.roomMark }
  var unsentByteCount: Int { outbound.count }
  var isPeerClosed: Bool { transport.isPeerClosed }
  var transportState: TransportState { transport.transportState }

  private func put(_ type: RecordType, _ bytes: [UInt8]) { put(type, bytes.span) }

  private func put(_ type: RecordType, _ bytes: Span<UInt8>) {
    var start = 0
    repeat {
      let count = min(bytes.count - start, Self.recordByteCountMax)
      outbound.append([type.rawValue, UInt8(count >> 8), UInt8(count & 255)])
      outbound.append(bytes.extracting(start..<(start + count)))
      start += count
    } while start < bytes.count
  }

  // MARK: ByteStream

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if state != .open { return state == .closed ? .endOfStream : .wouldBlock }
    if region.count == 0 { return .wouldBlock }
    // As often as the transport has something, a few times.
    for _ in 0..<3 where plain.count < region.count {
      if !pull() { break }
    }
    if plain.isEmpty {
      if failure != nil || isEnded { wire.link?.isBroken = true }
      if let failure { return .failed(failure) }
      return isEnded ? .endOfStream : .wouldBlock
    }
    let count = min(region.count, plain.count)
    plain.withReadable { bytes in
      wire.receivedRequest(bytes)
      for index in 0..<count { region[index] = bytes[index] }
      wire.link?.received(bytes.extracting(0..<count))
    }
    plain.consume(count)
    requestTurnEndIfNeeded()
    return .bytes(count)
  }

  /// One receive from the transport; false when that has no more.
  private func pull() -> Bool {
    if failure != nil || isEnded { return false }
    inbound.reserve(64 * 1024)
    switch inbound.withWritable(atMost: 64 * 1024, { transport.receive(into: &$0) }) {
    case .bytes(let count):
      inbound.advance(count)
      takeRecords()
      return true
    case .wouldBlock: return false
    case .endOfStream:
      failure = .unexpectedEnd
      return false
    case .failed(let reason):
      failure = reason
      return false
    }
  }

  private func takeRecords() {
    while inbound.count >= 3 && failure == nil && !isEnded {
      let (type, count) = inbound.withReadable { ($0[0], Int($0[1]) << 8 | Int($0[2])) }
      if inbound.count < 3 + count { return }
      if world.happens(.recordBroken) {
        failure = .tls(.handshake(reason: "the simulator broke a record"))
        return
      }
      switch RecordType(rawValue: type) {
      case .hello where !isClient && state == .handshaking:
        put(.answer, Array(credentials.name.utf8))
      case .answer where isClient && state == .handshaking:
        let name = inbound.withReadable { record in
          String(decoding: (3..<(3 + count)).map { record[$0] }, as: UTF8.self)
        }
        if !name.isEmpty && name != serverName {
          failure = .tls(.handshake(reason: "this is \(name), not \(serverName ?? "")"))
          return
        }
        put(.finished, [])
        isHandshakeDone = true
      case .finished where !isClient && state == .handshaking: isHandshakeDone = true
      case .data:
        inbound.withReadable { record in
          let content = record.extracting(3..<(3 + count))
          noteHead(content)
          plain.append(content)
        }
      case .closing: isEnded = true
      case .padding: break
      case .hello, .answer, .finished, nil:
        failure = .tls(.handshake(reason: "the simulator met an unexpected record"))
      }
      inbound.consume(3 + count)
    }
  }

  /// The proxy's request, or the service's answer, comes first, whole.
  private func noteHead(_ bytes: Span<UInt8>) {
    if hasHead { return }
    hasHead = true
    if isClient {
      guard let network = network as? SimulatedNetwork else { return }
      let answer = SimulatedNetwork.Answer(bytes)
      network.answer = answer
      if answer?.status == 101 {
        network.linkStream = self
        if answer?.isWrong != true {
          wire.answered(to: network, compresses: answer?.hasExtensions == true)
        }
        judgeSocket(network)
      }
    } else {
      meddler?.isToSource = WireWatch.begins(bytes, with: "GET /tunnel?local-proxy-mode=source")
    }
  }

  /// What its program is to have asked the system for.
  private func judgeSocket(_ network: SimulatedNetwork) {
    guard let settings = network.wireLimits?.settings, let socket else { return }
    if socket.userTimeout != settings.userTimeout {
      world.fail(network.name, "asks for a user time-out of \(socket.userTimeout?.count ?? 0) ms")
    }
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    switch sendWhole(bytes) {
    case .accepted: .accepted(bytes.count)
    case .noRoom: .wouldBlock
    case .failed(let failure): .failed(failure)
    }
  }

  func sendWhole(_ bytes: Span<UInt8>) -> WholeSendResult {
    if state != .open || hasFinished { return .failed(.unexpectedEnd) }
    if !hasRoom {
      // Whoever sends a frame has asked before.
      if wire.isOpen { world.fail("a link", "sends a frame without room") }
      return .noRoom
    }
    if bytes.count == 0 { return .accepted }
    wire.sent(bytes, by: network as? SimulatedNetwork)
    if let link = wire.link, socket?.shortQueueByteCount != link.queueByteCountMax {
      world.fail(
        "a link", "lets \(socket?.shortQueueByteCount ?? -1) bytes wait in the system")
    }
    if let meddler {
      for piece in meddler.pieces(of: bytes) { put(.data, piece) }
      if let late = meddler.takeLateWords() { putLate(late.words, late.delay) }
    } else {
      put(.data, bytes)
    }
    if outbound.count >= Self.flushMark {
      if let failure = flush() {
        wire.link?.isBroken = true
        return .failed(failure)
      }
    } else {
      requestTurnEnd()
    }
    return .accepted
  }

  /// Sends what a meddler has held back.
  private func putLate(_ words: [UInt8], _ delay: Milliseconds) {
    world.after(delay) { [weak self] in
      guard let self, self.state == .open else { return }
      (self.network as? SimulatedNetwork)?.start()
      self.put(.data, words)
      self.requestTurnEnd()
    }
  }

  /// Sends a frame that its owner knows nothing of, to an open WebSocket.
  func slip(_ frame: [UInt8]) {
    if state != .open || hasFinished || !wire.isOpen { return }
    putKept()
    put(.data, frame)
    requestTurnEnd()
  }

  /// Has so many bytes wait for the system, three at least, which the peer does not show.
  func pad(_ byteCount: Int) {
    var left = byteCount
    while left > 0 {
      let count = min(left, Self.recordByteCountMax)
      put(.padding, [UInt8](repeating: 0, count: max(0, count - 3)))
      left -= count
    }
    requestTurnEnd()
  }

  /// The meddler joins frames of one turn alone.
  private func putKept() {
    for piece in meddler?.takeKept() ?? [] { put(.data, piece) }
  }

  /// The socket under all of it.
  var socket: KernelSocket? {
    (transport as? SimulatedTLSStream)?.socket ?? (transport as? SimulatedStream)?.socket
  }

  func keepQueueShort(byteCount: Int) { transport.keepQueueShort(byteCount: byteCount) }
  func setUserTimeout(_ timeout: Milliseconds) { transport.setUserTimeout(timeout) }
  func keepAlive(_ keepalive: Keepalive) { transport.keepAlive(keepalive) }

  func finishSending() {
    if state != .open || hasFinished || meddler?.holdsEnd == true { return }
    hasFinished = true
    putKept()
    put(.closing, [])
    requestTurnEnd()
  }

  func close() {
    if state == .closed { return }
    if state == .open && !hasFinished {
      putKept()
      put(.closing, [])
    }
    _ = flush()
    if !outbound.isEmpty { wire.link?.isCutShort = true }
    state = .closed
    handler = nil
    transport.close()
  }

  func abort() {
    if state == .closed { return }
    state = .closed
    handler = nil
    transport.abort()
  }

  // MARK: The transport's events

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { fail(failure) }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) && isBlocked {
      isBlocked = false
      if let failure = flush() {
        fail(failure)
        return
      }
    }
    if state == .handshaking {
      if readiness.contains(.readable) { shakeHands() }
      return
    }
    notify(readable: readiness.contains(.readable))
  }

  private func shakeHands() {
    while state == .handshaking && !isHandshakeDone && pull() {}
    if let failure, !isHandshakeDone {
      _ = flush()
      fail(failure)
      return
    }
    if let failure = flush() {
      fail(failure)
      return
    }
    if !isHandshakeDone { return }
    if isClient && world.happens(.tlsSpoiled) { credentials.isSpoiled = true }
    if isClient && credentials.isSpoiled {
      fail(.tls(.handshake(reason: "the simulator's library is spoiled")))
      return
    }
    if world.happens(.handshakeFails) {
      fail(.tls(.handshake(reason: "the simulator refused the handshake")))
      return
    }
    state = .open
    updateTransportInterest()
    requestTurnEndIfNeeded()
    handler?.streamOpened()
  }

  func turnEnded() {
    turnEndRequested = false
    if state == .closed { return }
    if !hasFinished { putKept() }
    if let failure = flush() {
      fail(failure)
      return
    }
    if state == .open { notify(readable: hasBuffered) }
  }

  /// There is something that the system does not know of.
  private var hasBuffered: Bool { !plain.isEmpty || isEnded || failure != nil }

  private var isWritable: Bool { hasFinished ? outbound.isEmpty : hasRoom }

  private func requestTurnEndIfNeeded() {
    if hasBuffered && interest.contains(.readable) || isWritable && interest.contains(.writable) {
      requestTurnEnd()
    }
  }

  private func notify(readable: Bool) {
    var readiness: Readiness = []
    if readable && interest.contains(.readable) { readiness.insert(.readable) }
    if interest.contains(.writable) && isWritable { readiness.insert(.writable) }
    wire.link?.called()
    if !readiness.isEmpty { handler?.streamReady(readiness) }
    if state == .open { requestTurnEndIfNeeded() }
  }

  private func requestTurnEnd() {
    if turnEndRequested { return }
    turnEndRequested = true
    network.whenTurnEnds(self)
  }

  private func updateTransportInterest() {
    var wanted: Readiness = []
    if state == .handshaking || interest.contains(.readable) && failure == nil && !isEnded {
      wanted.insert(.readable)
    }
    if isBlocked { wanted.insert(.writable) }
    transport.interest = wanted
  }

  private func flush() -> StreamFailure? {
    while !outbound.isEmpty && !isBlocked {
      switch outbound.withReadable({ transport.send($0) }) {
      case .accepted(let count):
        isBlocked = count < outbound.count
        outbound.consume(count)
      case .wouldBlock: isBlocked = true
      case .failed(let failure): return failure
      }
    }
    if hasFinished && outbound.isEmpty { transport.finishSending() }
    updateTransportInterest()
    return nil
  }

  private func fail(_ failure: StreamFailure) {
    if state == .closed { return }
    let owner = handler
    state = .closed
    handler = nil
    wire.link?.isBroken = true
    transport.close()
    owner?.streamFailed(failure)
  }
}

/// What a service or somebody on its way does to the frames that it sends to a proxy: cuts them up, joins them, leaves
/// pongs out, and slips messages in that nobody sent.
///
/// It sees one frame at a time, unmasked, as the link hands it to its stream.
public final class Meddler {
  private let world: World
  /// Messages, with their length prefix, that may be slipped in between others.
  public var strayMessages: () -> [[UInt8]] = { [] }
  public var isCompressing = false
  /// A refusal says when to come again.
  var asksForRest = false
  /// Then, of seconds; nil for a few of them.
  var restSeconds: Int?
  /// How long behind its head a refusal's words come; nil for at once.
  var wordsDelay: Milliseconds?
  private var lateWords: [UInt8] = []
  /// A destination gets what one of the second protocol version makes of it: connections alone, and their ids, it
  /// does not know, nor marks.
  var isForOlderDestination = false
  var isToSource = false
  private var isHandshakeOver = false
  /// Of an answer that is cut short, no end follows.
  private(set) var holdsEnd = false
  /// What was held back, to be joined with the next frame.
  private var kept: [UInt8] = []

  public init(_ world: World) { self.world = world }

  /// What goes out for a frame, perhaps nothing yet.
  func pieces(of bytes: Span<UInt8>) -> [[UInt8]] {
    var frame = [UInt8]()
    frame.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { frame.append(bytes[index]) }
    // The answer to the upgrade comes first.
    if !isHandshakeOver {
      isHandshakeOver = true
      return [answer(frame)]
    }
    let opcode = frame[0] & 0x0f
    if opcode == 0xa && world.happens(.pongLost) { return [] }
    if opcode != 2 || isCompressing { return takeKept() + [frame] }
    var payload = kept + Self.payload(frame)
    kept = []
    if isForOlderDestination && !isToSource {
      let translated = Self.older(payload)
      return translated.isEmpty ? [] : Self.frames(translated)
    }
    if world.happens(.fieldsReordered) { payload = reordered(payload) }
    // Two messages in one frame, whose length its 16 bits can say.
    if payload.count < 30_000 && world.happens(.framesMerged) {
      kept = payload
      return []
    }
    var pieces: [[UInt8]] = []
    if world.happens(.strayMessage) {
      let strays = strayMessages()
      if !strays.isEmpty { pieces.append(Self.frame(world.random.pick(strays))) }
    }
    if world.happens(.garbage) {
      // With a length that is right: with another one nobody could know where the next message begins.
      let count = world.random.number(1...40)
      pieces.append(Self.frame([0, UInt8(count)] + world.random.bytes(count)))
    }
    return pieces + (world.happens(.frameSplit) ? split(payload) : Self.frames(payload))
  }

  /// The answer to the upgrade: perhaps another comes before it, or something in it is wrong.
  private func answer(_ answer: [UInt8]) -> [UInt8] {
    let status = "HTTP/1.1 xxx ".utf8.count
    guard answer.count > status, let end = answer.firstIndex(of: 10) else { return answer }
    if answer[9] >= 0x34 {
      let refusal = asksForRest ? askedForRest(answer, behind: end) : answer
      if wordsDelay != nil { return head(of: refusal) }
      // Of the words that say why some may be missing, or on their way for ever.
      if !world.happens(.answerWrong) { return refusal }
      holdsEnd = world.random.chance(5_000)
      return Array(refusal.dropLast(3))
    }
    if world.happens(.answerWrong) { return wrong(answer) }
    let interim = world.happens(.interimAnswer) ? "HTTP/1.1 100 Continue\r\n\r\n" : ""
    return Array(interim.utf8) + answer
  }

  /// The rest is held back, and the end with it.
  private func head(of answer: [UInt8]) -> [UInt8] {
    let end = answer.indices.first { answer[$0...].starts(with: [13, 10, 13, 10]) }
    let count = min((end ?? 0) + 4 + 3, answer.count)
    lateWords = Array(answer[count...])
    holdsEnd = true
    return Array(answer[..<count])
  }

  /// What was held back of a refusal, and for how long.
  func takeLateWords() -> (words: [UInt8], delay: Milliseconds)? {
    guard let wordsDelay, !lateWords.isEmpty else { return nil }
    defer { lateWords = [] }
    return (lateWords, wordsDelay)
  }

  /// An answer that refuses, and says when to come again: in seconds, or by a date.
  private func askedForRest(_ answer: [UInt8], behind end: Int) -> [UInt8] {
    let seconds = restSeconds ?? world.random.number(1...30)
    var field = "Retry-After: \(seconds)\r\n"
    if seconds < 60 && world.random.chance(3_000) {
      let date = "Mon, 30 Nov 2026 10:00:"
      field = "Date: \(date)00 GMT\r\nRetry-After: \(date)\(seconds / 10)\(seconds % 10) GMT\r\n"
    }
    return Array(answer[...end]) + Array(field.utf8) + Array(answer[(end + 1)...])
  }

  /// One that must not be taken for the beginning of a WebSocket.
  private func wrong(_ answer: [UInt8]) -> [UInt8] {
    let lines = String(decoding: answer, as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    let name = world.random.pick(["Sec-WebSocket-Accept: ", "Sec-WebSocket-Protocol: "])
    let text = lines.map { $0.hasPrefix(name) ? name + "aws.iot.securetunneling-9.0" : String($0) }
    return Array(text.joined(separator: "\r\n").utf8)
  }

  /// What was held back and finds nothing to be joined with.
  func takeKept() -> [[UInt8]] {
    let payload = kept
    kept = []
    return payload.isEmpty ? [] : [Self.frame(payload)]
  }

  private static func payload(_ frame: [UInt8]) -> [UInt8] {
    Array(frame[(frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10)...])
  }

  /// One frame, or two where one could not say its length in 16 bits.
  private static func frames(_ payload: [UInt8]) -> [[UInt8]] {
    if payload.count <= 65_535 { return [frame(payload)] }
    return [frame(Array(payload[..<65_535])), frame(Array(payload[65_535...]))]
  }

  /// The fields of the first message in another order; proto3 leaves it to the sender. A list keeps its own.
  private func reordered(_ payload: [UInt8]) -> [UInt8] {
    let end = Message.prefixByteCount + (Int(payload[0]) << 8 | Int(payload[1]))
    guard end <= payload.count,
      var fields = Self.fields(payload[Message.prefixByteCount..<end]),
      Set(fields.map { $0.first ?? 0 }).count == fields.count
    else { return payload }
    for index in fields.indices.reversed() {
      fields.swapAt(index, world.random.number(0...index))
    }
    return Array(payload[..<Message.prefixByteCount] + fields.joined() + payload[end...])
  }

  /// A message without what came with the third protocol version; nothing for one of a type that did.
  private static func older(_ payload: [UInt8]) -> [UInt8] {
    let types: Set<[UInt8]> = [
      [0x08, UInt8(MessageType.connectionStart.rawValue)],
      [0x08, UInt8(MessageType.connectionReset.rawValue)],
    ]
    guard let fields = fields(payload[Message.prefixByteCount...]) else { return payload }
    if fields.contains(where: { types.contains($0) }) { return [] }
    // `ignorable` and `connection_id`.
    let message = Array(fields.filter { $0.first != 0x18 && $0.first != 0x38 }.joined())
    return [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
  }

  /// Each with its tag; nil for what cannot be read.
  private static func fields(_ message: ArraySlice<UInt8>) -> [[UInt8]]? {
    var fields: [[UInt8]] = []
    var rest = message
    while let tag = rest.first {
      var field: [UInt8] = [tag]
      rest.removeFirst()
      var number = 0
      var shift = 0
      while let octet = rest.first {
        field.append(octet)
        rest.removeFirst()
        number |= Int(octet & 0x7f) << shift
        shift += 7
        if octet < 0x80 || shift > 28 { break }
      }
      if tag & 7 == 2 {
        if number > rest.count { return nil }
        field += rest.prefix(number)
        rest.removeFirst(number)
      } else if tag & 7 != 0 {
        return nil
      }
      fields.append(field)
    }
    return fields
  }

  /// A whole binary frame.
  static func frame(_ payload: [UInt8], opcode: UInt8 = 0x82) -> [UInt8] {
    if payload.count < 126 { return [opcode, UInt8(payload.count)] + payload }
    return [opcode, 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
  }

  private var ping: [UInt8] {
    let payload = world.random.bytes(5)
    world.pingPayloads.insert(payload)
    return Self.frame(payload, opcode: 0x89)
  }

  /// The same in several frames, with perhaps a ping in between.
  private func split(_ payload: [UInt8]) -> [[UInt8]] {
    if payload.count < 2 || payload.count > 65_535 { return Self.frames(payload) }
    let place = world.random.number(1...(payload.count - 1))
    return [
      Self.frame(Array(payload[..<place]), opcode: 0x02),
      world.random.chance(3_000) ? ping : [],
      Self.frame(Array(payload[place...]), opcode: 0x80),
    ].filter { !$0.isEmpty }
  }
}
