import Basics
import Proxy
import Reactor
import WebSocket

/// Whoever opened a WebSocket, or took one.
protocol EchoSocketHandler: AnyObject {
  /// It is over.
  /// - Parameter message: the newest whole message of one that does not echo.
  func socketEnded(_ socket: EchoSocket, message: [UInt8])
}

/// A WebSocket after its opening handshake that sends each message back, or keeps it; either role (RFC 6455).
///
/// What makes frames and takes them apart is what localproxy ships; here are only the messages, which the tunnel
/// has no use for, and the closing handshake.
///
///     state     on                            does                          next
///     open      a whole message               echo                          open
///     open      ping                          pong                          open
///     open      close                         answer it                     leaving
///     open      a violation                   close with its code           leaving
///     leaving   all is sent                   end its direction, or wait    leaving
///     leaving   end of stream, or time-out    close the connection          ended
final class EchoSocket: StreamHandler, TimerHandler {
  /// Longest message; a longer one is answered with 1009.
  static let messageByteCountMax = 16 * 1024 * 1024
  private static let receiveByteCountMin = 64 * 1024
  /// Bytes on their way out that stop the reading.
  private static let unsentByteCountMax = 1024 * 1024
  private static let leavingTimeout = Milliseconds(5_000)

  private enum State { case open, leaving, ended }

  private let network: any Network
  private let stream: any ByteStream
  private let role: WebSocketRole
  private let isEcho: Bool
  private let compression: MessageCompression?
  private var handler: (any EchoSocketHandler)?
  private var state = State.open
  private var inbound: FrameReceiver
  private var opcode = Opcode.binary
  /// The current message, as far as it is here.
  private var message = ByteQueue()
  private var validator = UTF8Validator()
  private var kept: [UInt8] = []
  private var outgoing = OutgoingFrame()
  private var maskingKeys = MaskingKeySource()
  private var unsent = ByteQueue()
  /// The server, and whoever found a violation, ends the connection; a client waits for that (§7.1.1).
  private var endsSending = false
  private var timer: TimerID?

  /// Takes over an open stream behind the opening handshake.
  /// - Parameter early: what came behind the handshake's last octet.
  init(
    network: any Network, stream: any ByteStream, role: WebSocketRole, isEcho: Bool,
    compression: MessageCompression?, early: [UInt8], handler: any EchoSocketHandler
  ) {
    self.network = network
    self.stream = stream
    self.role = role
    self.isEcho = isEcho
    self.compression = compression
    self.handler = handler
    inbound = FrameReceiver(
      role: role, payloadLengthMax: Self.messageByteCountMax, inflater: compression?.inflater)
    inbound.append(early)
  }

  func start() {
    stream.handler = self
    process()
    updateInterest()
  }

  // MARK: Receiving

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { end() }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    if readiness.contains(.readable) && state != .ended { receive() }
    // What was left when too much was on its way out.
    process()
    updateInterest()
  }

  private func receive() {
    inbound.reserve(Self.receiveByteCountMin)
    switch inbound.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count): if state == .open { inbound.advance(count) }
    case .wouldBlock: break
    case .endOfStream, .failed: end()
    }
  }

  private var isHeldOff: Bool { unsent.count >= Self.unsentByteCountMax }

  private func process() {
    while state == .open && !isHeldOff {
      switch inbound.next() {
      case .needMore: return
      case .message(let opcode, _):
        self.opcode = opcode
        validator = UTF8Validator()
        message.consume(message.count)
      case .payload(_, let endsMessage): takePayload(endsMessage: endsMessage)
      case .ping(let payload): send(.pong, payload)
      case .pong: break
      case .close(let frame): leave(frame.answer, endsSending: role == .server)
      case .violation(let violation): fail(violation.statusCode, violation.reason)
      }
    }
  }

  private func takePayload(endsMessage: Bool) {
    let byteCount = inbound.payloadByteCount
    if byteCount > Self.messageByteCountMax - message.count {
      fail(.messageTooBig, "a message is longer than \(Self.messageByteCountMax) bytes")
      return
    }
    let isText = opcode == .text
    if isText && !inbound.withPayload({ validator.take($0) })
      || isText && endsMessage
        && !validator.isComplete
    {
      fail(.invalidPayloadData, "a text message is not UTF-8")
      return
    }
    // Doubled when it grows: a message may come in many thousand pieces.
    if message.capacity < message.count + byteCount {
      message.reserve(max(byteCount, message.count))
    }
    inbound.withPayload { message.append($0) }
    inbound.consume(byteCount)
    if endsMessage { finishMessage() }
  }

  private func finishMessage() {
    if isEcho {
      message.withReadable { send(opcode, $0) }
    } else {
      kept = message.withReadable { bytes in bytes.indices.map { bytes[$0] } }
    }
  }

  // MARK: Sending

  private func send(_ opcode: Opcode, _ payload: [UInt8]) { send(opcode, payload.span) }

  private func send(_ opcode: Opcode, _ payload: Span<UInt8>) {
    outgoing.begin(payloadLengthMax: payload.count)
    outgoing.append(payload)
    var isCompressed = false
    if let compression, !opcode.isControl {
      // Whatever the message is, it may grow a little: more of the compressor is tested so.
      isCompressed = outgoing.compress(
        with: compression.deflater, byteCountMax: payload.count + payload.count / 8 + 64)
    }
    outgoing.seal(
      opcode, isCompressed: isCompressed,
      maskingKey: role == .client ? maskingKeys.next { try? network.randomize(&$0) } : nil)
    outgoing.withBytes { unsent.append($0) }
    flush()
  }

  private func flush() {
    while !unsent.isEmpty && state != .ended {
      switch unsent.withReadable({ stream.send($0) }) {
      case .accepted(let count): unsent.consume(count)
      case .wouldBlock: return
      case .failed:
        end()
        return
      }
    }
    if state == .leaving && endsSending {
      endsSending = false
      stream.finishSending()
    }
  }

  private func updateInterest() {
    if state == .ended { return }
    var wanted: Readiness = []
    if !isHeldOff || state == .leaving { wanted.insert(.readable) }
    if !unsent.isEmpty { wanted.insert(.writable) }
    stream.interest = wanted
  }

  // MARK: Ending

  private func fail(_ code: CloseCode, _ reason: String) {
    leave(CloseFrame(code, reason: reason), endsSending: true)
  }

  /// Sends the one close frame, and reads on without a look: closing with something unread would be a reset, which
  /// may overtake what was sent.
  private func leave(_ frame: CloseFrame, endsSending: Bool) {
    state = .leaving
    self.endsSending = endsSending
    timer = network.schedule(at: network.now + Self.leavingTimeout, self, tag: 0)
    send(.close, frame.payload)
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    end()
  }

  func end() {
    if state == .ended { return }
    state = .ended
    if let timer { network.cancel(timer) }
    timer = nil
    stream.close()
    let owner = handler
    handler = nil
    owner?.socketEnded(self, message: kept)
  }
}
