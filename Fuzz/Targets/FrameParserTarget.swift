import WebSocket

extension FuzzTarget {
  /// Octet 0: role, longest payload, compression, cuts. The rest is what comes from the peer.
  static let frameParser = FuzzTarget(name: "frame-parser", inputByteCountMax: 256) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    let role: WebSocketRole = choices & 1 == 0 ? .client : .server
    let payloadLengthMax = [125, 1_000, 131_076, Int.max][Int(choices >> 1 & 3)]
    let allowsCompression = choices & 8 != 0
    let stream = input.remaining()

    var whole = FrameLog(stream, role, payloadLengthMax, allowsCompression)
    try whole.show(stream.count)
    try whole.expectRewritten()
    var pieces = FrameLog(stream, role, payloadLengthMax, allowsCompression)
    for end in Cuts.ends(stream, isByteByByte: choices & 16 != 0) { try pieces.show(end) }
    try require(
      pieces.frames == whole.frames && pieces.violation == whole.violation,
      "frames that come in pieces are other frames")
    try require(pieces.usedCount == whole.usedCount, "pieces leave another rest")
  }
}

/// What a parser made of its input, and the rules that its steps must keep.
private struct FrameLog {
  struct Frame: Equatable {
    var header: FrameHeader
    var payload: [UInt8]
  }

  private let stream: [UInt8]
  /// Octets of the stream that have come.
  private var end = 0
  private let role: WebSocketRole
  private let payloadLengthMax: Int
  private let allowsCompression: Bool
  private var parser: FrameParser
  private var isInside = false
  private(set) var usedCount = 0
  private(set) var frames: [Frame] = []
  private(set) var violation: FrameViolation?

  init(
    _ stream: [UInt8], _ role: WebSocketRole, _ payloadLengthMax: Int, _ allowsCompression: Bool
  ) {
    self.stream = stream
    self.role = role
    self.payloadLengthMax = payloadLengthMax
    self.allowsCompression = allowsCompression
    parser = FrameParser(
      role: role, payloadLengthMax: payloadLengthMax, allowsCompression: allowsCompression)
  }

  /// Goes on with the octets up to `end`.
  mutating func show(_ end: Int) throws(Finding) {
    self.end = end
    while violation == nil {
      switch next() {
      case .needMore: return
      case .frame(let header, let headerByteCount):
        try begin(header, headerByteCount)
        try require(!header.opcode.isControl, "a control frame as a data frame")
      case .payload(let byteCount, let maskingKey, let isLast):
        try take(byteCount, maskingKey)
        let frame = frames[frames.count - 1]
        try require(
          isLast == (frame.payload.count == frame.header.payloadLength), "isLast is wrong")
        try require(byteCount > 0 || isLast, "a step without an octet")
        isInside = !isLast
      case .control(let header, let headerByteCount):
        try begin(header, headerByteCount)
        try require(header.opcode.isControl && header.fin, "no control frame")
        try take(header.payloadLength, header.maskingKey)
        isInside = false
      case .violation(let found): violation = found
      }
    }
    try require(
      violation.map { .violation($0) } == next(), "the violation was forgotten")
  }

  private mutating func next() -> FrameParser.Step {
    let bytes = stream
    return parser.next(bytes.span.extracting(usedCount..<end))
  }

  private mutating func begin(
    _ header: FrameHeader, _ headerByteCount: Int
  ) throws(Finding) {
    try require(!isInside, "a frame inside of a frame")
    try require((header.maskingKey != nil) == (role == .server), "masked by the wrong role")
    try require(
      !header.isCompressed
        || allowsCompression && (header.opcode == .text || header.opcode == .binary),
      "compressed, where nothing may be")
    try require(header.payloadLength <= payloadLengthMax, "a payload longer than allowed")
    try require(usedCount + headerByteCount <= end, "a header beyond the input")
    try require(header.byteCount == headerByteCount, "a header of another length")
    frames.append(Frame(header: header, payload: []))
    usedCount += headerByteCount
    isInside = true
  }

  private mutating func take(_ byteCount: Int, _ key: MaskingKey?) throws(Finding) {
    try require(isInside, "a payload outside of a frame")
    try require(usedCount + byteCount <= end, "a payload beyond the input")
    let last = frames.count - 1
    let start = frames[last].payload.count
    frames[last].payload += stream[usedCount..<(usedCount + byteCount)]
    if let key {
      var span = frames[last].payload.mutableSpan
      key.apply(to: &span, from: start, byteCount: byteCount)
    }
    usedCount += byteCount
  }

  /// There is one way to write a frame, so what was read gives the same octets again.
  func expectRewritten() throws(Finding) {
    var written: [UInt8] = []
    for frame in frames {
      let headerByteCount = frame.header.byteCount
      var bytes = [UInt8](repeating: 0, count: headerByteCount) + frame.payload
      var span = bytes.mutableSpan
      let start = frame.header.write(into: &span, endingAt: headerByteCount)
      try require(start == 0, "a header of another length than it says")
      frame.header.maskingKey?.apply(
        to: &span, from: headerByteCount, byteCount: frame.payload.count)
      written += bytes
    }
    try require(written[...] == stream[..<usedCount], "written again, the frames are other octets")
  }
}
