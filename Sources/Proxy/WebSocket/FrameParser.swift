/// Takes frames apart as their octets come in, without holding any of them (RFC 6455 §5).
///
///     state    octets         next     step
///     header   nothing        header   needMore
///     header   partOfHeader   header   needMore
///     header   dataHeader     payload  frame
///     header   partOfControl  header   needMore
///     header   control        header   control
///     header   violation      failed   violation
///     payload  nothing        payload  needMore
///     payload  part           payload  payload
///     payload  rest           header   payload, the last
///     failed   anything       failed   violation
///
/// `control` is a whole control frame, `rest` all that is missing of the payload, and more. Nothing is ignored: after a
/// violation each octet is one.
///
/// The caller shows it the octets not yet used, and uses up what each step names.
public struct FrameParser {
  public enum Step: Equatable {
    case needMore
    /// A data frame begins; its header takes `headerByteCount` octets.
    case frame(FrameHeader, headerByteCount: Int)
    /// The next octets are payload, to be unmasked with `maskingKey` if there is one.
    case payload(byteCount: Int, maskingKey: MaskingKey?, isLast: Bool)
    /// A whole control frame: the header, and as many payload octets as it says behind it.
    case control(FrameHeader, headerByteCount: Int)
    case violation(FrameViolation)
  }

  enum State {
    case header
    case payload(remaining: Int, maskingKey: MaskingKey?)
    case failed(FrameViolation)
  }

  private let role: WebSocketRole
  private let payloadLengthMax: Int
  private let allowsCompression: Bool
  private(set) var state = State.header
  /// A data message was begun and its last fragment has not come.
  private var isInsideMessage = false

  /// - Parameters:
  ///   - payloadLengthMax: longest payload of one frame, in octets; longer is a violation.
  ///   - allowsCompression: permessage-deflate was agreed on; the first frame of a message may say that the
  ///     message is compressed.
  public init(role: WebSocketRole, payloadLengthMax: Int, allowsCompression: Bool = false) {
    self.role = role
    self.payloadLengthMax = payloadLengthMax
    self.allowsCompression = allowsCompression
  }

  public mutating func next(_ bytes: Span<UInt8>) -> Step {
    switch state {
    case .header: return parseHeader(bytes)
    case .payload(let remaining, let maskingKey): return parsePayload(bytes, remaining, maskingKey)
    case .failed(let violation): return .violation(violation)
    }
  }

  private mutating func parsePayload(
    _ bytes: Span<UInt8>, _ remaining: Int, _ maskingKey: MaskingKey?
  ) -> Step {
    let taken = min(remaining, bytes.count)
    if taken == 0 && remaining > 0 { return .needMore }
    let isLast = taken == remaining
    state =
      isLast
      ? .header
      : .payload(remaining: remaining - taken, maskingKey: maskingKey?.advanced(by: taken))
    return .payload(byteCount: taken, maskingKey: maskingKey, isLast: isLast)
  }

  private mutating func parseHeader(_ bytes: Span<UInt8>) -> Step {
    if bytes.count < 2 { return .needMore }
    let first = bytes[0]
    let second = bytes[1]
    if first & 0x30 != 0 { return fail(.reservedBits) }
    guard let opcode = Opcode(rawValue: first & 0x0f) else { return fail(.reservedOpcode) }
    let isCompressed = first & FrameHeader.compressedBit != 0
    if isCompressed && !(allowsCompression && opcode.startsMessage) { return fail(.reservedBits) }
    let fin = first & 0x80 != 0
    let isMasked = second & 0x80 != 0
    if isMasked != (role == .server) { return fail(isMasked ? .masked : .notMasked) }
    let shortLength = Int(second & 0x7f)
    if opcode.isControl && (!fin || shortLength > FrameHeader.controlPayloadLengthMax) {
      return fail(fin ? .controlTooLong : .controlFragmented)
    }
    if !opcode.isControl && isInsideMessage != (opcode == .continuation) {
      return fail(isInsideMessage ? .messageInterrupted : .continuationWithoutStart)
    }
    let lengthOctets = shortLength < 126 ? 0 : shortLength == 126 ? 2 : 8
    let headerByteCount = 2 + lengthOctets + (isMasked ? 4 : 0)
    if bytes.count < 2 + lengthOctets { return .needMore }
    var payloadLength = shortLength
    if lengthOctets > 0 {
      var value: UInt64 = 0
      for index in 2..<(2 + lengthOctets) { value = value << 8 | UInt64(bytes[index]) }
      let isMinimal = lengthOctets == 2 ? value >= 126 : value > 0xffff
      if value >> 63 != 0 || !isMinimal { return fail(.lengthForm) }
      if value > UInt64(payloadLengthMax) { return fail(.tooLong) }
      payloadLength = Int(value)
    }
    if payloadLength > payloadLengthMax { return fail(.tooLong) }
    if bytes.count < headerByteCount { return .needMore }
    var maskingKey: MaskingKey?
    if isMasked {
      let at = 2 + lengthOctets
      maskingKey = MaskingKey(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
    }
    let header = FrameHeader(
      fin: fin, isCompressed: isCompressed, opcode: opcode, payloadLength: payloadLength,
      maskingKey: maskingKey)
    if opcode.isControl {
      if bytes.count < headerByteCount + payloadLength { return .needMore }
      return .control(header, headerByteCount: headerByteCount)
    }
    isInsideMessage = !fin
    state = .payload(remaining: payloadLength, maskingKey: maskingKey)
    return .frame(header, headerByteCount: headerByteCount)
  }

  private mutating func fail(_ violation: FrameViolation) -> Step {
    state = .failed(violation)
    return .violation(violation)
  }
}

/// How a peer broke the protocol of frames; each case names the close code that the RFC asks for.
public enum FrameViolation: Error, Equatable, Sendable {
  case reservedBits
  case reservedOpcode
  case masked
  case notMasked
  case controlTooLong
  case controlFragmented
  case messageInterrupted
  case continuationWithoutStart
  case lengthForm
  case tooLong
  case closeLength
  case closeCode
  case closeReason
  case compression(Inflater.Violation)

  public var statusCode: CloseCode {
    switch self {
    case .tooLong: .messageTooBig
    case .closeReason: .invalidPayloadData
    case .compression(let violation): violation.statusCode
    case .reservedBits, .reservedOpcode, .masked, .notMasked, .controlTooLong, .controlFragmented,
      .messageInterrupted, .continuationWithoutStart, .lengthForm, .closeLength, .closeCode:
      .protocolError
    }
  }

  public var reason: String {
    switch self {
    case .reservedBits: "a frame has reserved bits set"
    case .reservedOpcode: "a frame has a reserved opcode"
    case .masked: "a frame from the server is masked"
    case .notMasked: "a frame from the client is not masked"
    case .controlTooLong: "a control frame is longer than 125 octets"
    case .controlFragmented: "a control frame is fragmented"
    case .messageInterrupted: "a new message begins inside of a fragmented one"
    case .continuationWithoutStart: "a continuation frame continues nothing"
    case .lengthForm: "a payload length is not in its minimal form"
    case .tooLong: "a frame is longer than allowed"
    case .closeLength: "a close frame has half a status code"
    case .closeCode: "a close frame has a status code that may not be sent"
    case .closeReason: "a close frame's reason is not UTF-8"
    case .compression(let violation): violation.reason
    }
  }
}
