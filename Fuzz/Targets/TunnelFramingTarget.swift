import Basics
import Reactor
import Simulator

@testable import Proxy
@testable import Tunnel
@testable import WebSocket

extension FuzzTarget {
  /// Octet 0: role, how the stream is cut, and what the input is: octets of the peer, or messages that a sound peer
  /// cuts into frames. Octet 1: when the handler pauses.
  static let tunnelFraming = FuzzTarget(name: "tunnel-framing", inputByteCountMax: 2_048) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    let pauses = input.octet()
    let role: WebSocketRole = choices & 1 == 0 ? .client : .server
    var stream: [UInt8]
    var sent: [[UInt8]]?
    if choices & 2 == 0 {
      stream = input.remaining()
    } else {
      (stream, sent) = SoundPeer.stream(&input, to: role)
    }
    let whole = try LinkLog.run(role, [stream[...]], pauses: 0)
    let pieces = try LinkLog.run(
      role, Cuts.pieces(stream, isByteByByte: choices & 4 != 0), pauses: pauses)
    try require(pieces.messages == whole.messages, "messages in pieces are other messages")
    try require(pieces.end == whole.end, "'\(pieces.end)' in pieces, '\(whole.end)' whole")
    try require(pieces.answers == whole.answers, "other answers to pieces")
    if let sent {
      try require(whole.messages == sent, "messages were lost, or changed")
      try require(whole.end.isEmpty, "a sound peer is told: \(whole.end)")
    }
  }
}

/// Messages, their length prefixes and bodies, in frames that begin and end anywhere.
private enum SoundPeer {
  static func stream(
    _ input: inout FuzzInput, to role: WebSocketRole
  ) -> (stream: [UInt8], sent: [[UInt8]]) {
    var sent: [[UInt8]] = []
    var messages: [UInt8] = []
    for _ in 0..<input.number(below: 8) {
      let header = MessageHeader(
        .data, streamID: Int32(1 + input.number(below: 3)), connectionID: UInt32(input.octet()))
      let payload = input.octets(input.number(below: 200))
      let end = MessageHeader.byteCountMax
      var bytes = [UInt8](repeating: 0, count: end) + payload
      var span = bytes.mutableSpan
      let start = header.write(into: &span, endingAt: end, payloadLength: payload.count)
      messages += bytes[start...]
      sent.append(Array(bytes[(start + Message.prefixByteCount)...]))
    }
    var stream: [UInt8] = []
    var isContinuation = false
    var index = 0
    while index < messages.count || isContinuation {
      let choices = input.octet()
      if choices & 3 == 3 {
        stream += frame(true, choices & 4 == 0 ? .ping : .pong, input.octets(5), role, choices)
      }
      // The input ends some time, and with it what is not a last fragment.
      let fin = choices & 0x80 == 0
      let length = min(messages.count - index, input.isEmpty ? .max : input.number(below: 256))
      let payload = Array(messages[index..<(index + length)])
      stream += frame(fin, isContinuation ? .continuation : .binary, payload, role, choices)
      isContinuation = !fin
      index += length
    }
    return (stream, sent)
  }

  private static func frame(
    _ fin: Bool, _ opcode: Opcode, _ payload: [UInt8], _ role: WebSocketRole, _ key: UInt8
  ) -> [UInt8] {
    let maskingKey = role == .server ? MaskingKey(key, 0x55, ~key, 0) : nil
    let header = FrameHeader(
      fin: fin, opcode: opcode, payloadLength: payload.count, maskingKey: maskingKey)
    var bytes = [UInt8](repeating: 0, count: header.byteCount) + payload
    var span = bytes.mutableSpan
    _ = header.write(into: &span, endingAt: header.byteCount)
    maskingKey?.apply(to: &span, from: header.byteCount, byteCount: payload.count)
    return bytes
  }
}

/// What a link stands on here: a time that stands still, and a stream whose other end is the target. The simulator is too
/// much for the Embedded program that replays the inputs, and for many thousand links a second.
private final class StillGround: Network, SecureStream {
  private var inbox: [UInt8] = []
  /// All that was sent.
  private(set) var outbox: [UInt8] = []
  private(set) var isClosed = false

  var isRead: Bool { inbox.isEmpty }

  /// Tells the handler of octets, and of those before them, as long as it is interested and there are some.
  func arrive(_ octets: ArraySlice<UInt8>) {
    inbox += octets
    while !inbox.isEmpty, interest.contains(.readable), let handler {
      handler.streamReady(.readable)
    }
  }

  // MARK: SecureStream

  var handler: (any StreamHandler)?
  var interest: Readiness = []
  let isPeerClosed = false
  let transportState = TransportState()
  let hasRoom = true
  let unsentByteCount = 0

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    let count = min(region.count, inbox.count)
    if count == 0 { return .wouldBlock }
    for index in 0..<count { region[index] = inbox[index] }
    inbox.removeFirst(count)
    return .bytes(count)
  }

  func sendWhole(_ bytes: Span<UInt8>) -> WholeSendResult {
    unsafe bytes.withUnsafeBufferPointer { unsafe outbox += $0 }
    return .accepted
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    _ = sendWhole(bytes)
    return .accepted(bytes.count)
  }

  func keepQueueShort(byteCount: Int) {}
  func setUserTimeout(_ timeout: Milliseconds) {}
  func keepAlive(_ keepalive: Keepalive) {}
  func finishSending() {}
  func abort() { close() }
  func close() {
    isClosed = true
    handler = nil
  }

  // MARK: Network

  let now = Instant(nanoseconds: 0)
  var wipesFreedMemory = false
  private static let isNone = SystemError(0, "nothing but a stream")

  func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    TimerID(place: 0, serial: 0)
  }
  func cancel(_ timer: TimerID) {}
  func whenTurnEnds(_ handler: any TurnHandler) {}
  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    ResolveID(serial: 0)
  }
  func cancelResolve(_ id: ResolveID) {}
  func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener { throw Self.isNone }
  func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any ByteStream { throw Self.isNone }
  func takeStandardConnection(
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) -> any ByteStream { throw Self.isNone }
  func makeClientTLS(
    trusting extraDirectory: String?, verifiesPeer: Bool
  ) throws(TLSError) -> any TLSCredentials { throw .library(reason: "no TLS") }
  func randomize(_ octets: inout [UInt8]) throws(TLSError) {
    for index in octets.indices { octets[index] = UInt8(truncatingIfNeeded: 0x5a &+ index) }
  }
  func giveBackMemory() {}
}

/// What a link made of a stream.
private final class LinkLog: TunnelLinkHandler {
  private(set) var messages: [[UInt8]] = []
  /// Why it ended; empty when it did not.
  private(set) var end = ""
  /// Opcodes and payloads of the frames that it sent.
  private(set) var answers: [[UInt8]] = []
  /// Each bit: whether one of the next eight messages is held up, and then whether it was taken all the same.
  private var pauses: UInt8
  private var isHeld = false

  private init(pauses: UInt8) { self.pauses = pauses }

  static func run(
    _ role: WebSocketRole, _ pieces: [ArraySlice<UInt8>], pauses: UInt8
  ) throws(Finding) -> LinkLog {
    let ground = StillGround()
    let log = LinkLog(pauses: pauses)
    // A short queue is quickly made; it grows by what a message needs.
    var limits = LinkLimits()
    limits.inboundByteCountMax = 0
    let link = TunnelLink(
      network: ground, stream: ground, role: role, limits: limits, early: [], log: .silent)
    link.handler = log
    link.start()
    for piece in pieces {
      ground.arrive(piece)
      while link.isPaused {
        link.resume()
        ground.arrive([])
      }
    }
    try require(ground.isClosed == !log.end.isEmpty, "ended, and not closed")
    try require(ground.isClosed || ground.isRead, "octets that nobody reads")
    link.abandon()
    try log.readAnswers(ground.outbox, role)
    return log
  }

  func link(_ link: TunnelLink, received message: Message, in bytes: Span<UInt8>) -> Bool {
    let isHeldUp = pauses & 1 == 1 && !isHeld
    isHeld = isHeldUp && pauses & 2 == 0
    if isHeld { return false }
    pauses = pauses >> 1 | pauses << 7
    unsafe bytes.withUnsafeBufferPointer { unsafe messages.append(Array($0)) }
    if isHeldUp { link.pause() }
    return true
  }

  func linkHasRoom(_ link: TunnelLink) {}

  func link(_ link: TunnelLink, ended end: TunnelLink.End) {
    switch end {
    case .closed(let code, let reason): self.end = "closed \(code.rawValue) \(reason)"
    case .completed: self.end = "completed"
    case .violation(let reason): self.end = "violation: \(reason)"
    case .failed(let failure): self.end = "failed: \(failure.reason)"
    case .silent: self.end = "silent"
    }
  }

  /// As the peer reads them.
  private func readAnswers(_ octets: [UInt8], _ role: WebSocketRole) throws(Finding) {
    var parser = FrameParser(
      role: role == .client ? .server : .client, payloadLengthMax: Message.framePayloadLengthMax)
    var index = 0
    while index < octets.count {
      guard
        case .control(let header, let headerByteCount) = parser.next(
          octets.span.extracting(index...))
      else { throw Finding("the link sent something that is no control frame") }
      let start = index + headerByteCount
      index = start + header.payloadLength
      var payload = Array(octets[start..<index])
      var span = payload.mutableSpan
      header.maskingKey?.apply(to: &span, from: 0, byteCount: header.payloadLength)
      answers.append([header.opcode.rawValue] + payload)
    }
  }
}
