import WebSocket

/// What a parser made of its input: data frames with their payload unmasked, and control frames.
struct CollectedFrame: Equatable, CustomStringConvertible {
  var fin = true
  var isCompressed = false
  var opcode: Opcode
  var payload: [UInt8] = []

  var description: String { "\(opcode) fin \(fin), \(payload.count) octets" }
}

/// Feeds a `FrameParser` as its owner does: shows it what is not used yet, and uses what it names.
struct FrameCollector {
  private var parser: FrameParser
  private let role: WebSocketRole
  private var buffer: [UInt8] = []
  private var used = 0
  private(set) var frames: [CollectedFrame] = []
  private(set) var violation: FrameViolation?
  /// A data frame began, and its payload is not all here.
  private(set) var isInsideFrame = false
  /// Payload octets that the parser handed out with a key unlike its header's, or beyond its length.
  private(set) var faults: [String] = []
  private var expectedKey: MaskingKey?
  private var expectedLength = 0

  init(
    role: WebSocketRole, payloadLengthMax: Int = 131_076, allowsCompression: Bool = false
  ) {
    self.role = role
    parser = FrameParser(
      role: role, payloadLengthMax: payloadLengthMax, allowsCompression: allowsCompression)
  }

  var unusedCount: Int { buffer.count - used }

  mutating func feed(_ bytes: some Sequence<UInt8>) {
    buffer += bytes
    while violation == nil {
      switch parser.next(buffer, from: used) {
      case .needMore: return
      case .frame(let header, let headerByteCount): begin(header, headerByteCount)
      case .payload(let byteCount, let key, let isLast): take(byteCount, key, isLast: isLast)
      case .control(let header, let headerByteCount):
        begin(header, headerByteCount)
        take(header.payloadLength, header.maskingKey, isLast: true)
      case .violation(let found): violation = found
      }
    }
    // A parser that failed says so for ever after, whatever comes.
    if parser.next(buffer, from: used) != violation.map({ .violation($0) }) {
      faults.append("the violation was forgotten")
    }
  }

  private mutating func begin(_ header: FrameHeader, _ headerByteCount: Int) {
    if isInsideFrame { faults.append("a frame inside of a frame") }
    if (header.maskingKey != nil) != (role == .server) { faults.append("masking key") }
    frames.append(
      CollectedFrame(
        fin: header.fin, isCompressed: header.isCompressed, opcode: header.opcode))
    isInsideFrame = true
    expectedKey = header.maskingKey
    expectedLength = header.payloadLength
    used += headerByteCount
  }

  private mutating func take(_ byteCount: Int, _ key: MaskingKey?, isLast: Bool) {
    if byteCount > unusedCount { faults.append("payload beyond the input") }
    var payload = Array(buffer[used..<(used + byteCount)])
    if let key {
      var span = payload.mutableSpan
      key.apply(to: &span, from: 0, byteCount: byteCount)
    }
    used += byteCount
    frames[frames.count - 1].payload += payload
    let isComplete = frames[frames.count - 1].payload.count == expectedLength
    if isComplete != isLast { faults.append("isLast is \(isLast) at the wrong place") }
    if isLast { isInsideFrame = false }
    // Half a megabyte of tests must not be quadratic.
    if used > 1 << 17 {
      buffer.removeFirst(used)
      used = 0
    }
  }
}

extension FrameParser {
  fileprivate mutating func next(_ bytes: [UInt8], from index: Int) -> Step {
    next(bytes.span.extracting(index...))
  }
}

extension CollectedFrame {
  static let exampleKey = MaskingKey(0x37, 0xfa, 0x21, 0x3d)

  /// The frame's octets, masked with `key` if there is one.
  func octets(key: MaskingKey?) -> [UInt8] {
    let header = FrameHeader(
      fin: fin, isCompressed: isCompressed, opcode: opcode, payloadLength: payload.count,
      maskingKey: key)
    var bytes = [UInt8](repeating: 0, count: header.byteCount) + payload
    var span = bytes.mutableSpan
    _ = header.write(into: &span, endingAt: header.byteCount)
    key?.apply(to: &span, from: header.byteCount, byteCount: payload.count)
    return bytes
  }

  /// As it comes to `role`: a server gets masked frames, a client gets them plain.
  func octets(to role: WebSocketRole) -> [UInt8] {
    octets(key: role == .server ? Self.exampleKey : nil)
  }
}
