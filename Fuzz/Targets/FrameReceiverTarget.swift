import WebSocket

extension FuzzTarget {
  /// Octet 0: role, compression, cuts, and whether payload is used as it comes. The rest is what comes from the peer.
  static let frameReceiver = FuzzTarget(name: "frame-receiver", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    let role: WebSocketRole = choices & 1 == 0 ? .client : .server
    let allowsCompression = choices & 2 != 0
    let stream = input.remaining()
    var whole = ReceiverLog(role, allowsCompression)
    try whole.feed(stream[...])
    var pieces = ReceiverLog(role, allowsCompression, keepsPayload: choices & 8 != 0)
    for piece in Cuts.pieces(stream, isByteByByte: choices & 4 != 0) { try pieces.feed(piece) }
    // Where a compressed message becomes too long depends on the pieces.
    if whole.isTooLong || pieces.isTooLong { return }
    try require(
      pieces.words == whole.words,
      "pieces are understood as something else: \(pieces.words), not \(whole.words)")
  }
}

/// What a receiver made of its input, told so that it does not matter in which pieces it came.
private struct ReceiverLog: ~Copyable {
  private static let messageByteCountMax = 32_768

  /// Text would take longer to make than the receiver takes to read.
  enum Word: Equatable {
    case message(Opcode, isCompressed: Bool)
    case payload([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(CloseFrame)
    case violation(FrameViolation)
  }

  private var receiver: FrameReceiver
  private(set) var words: [Word] = []
  /// A message has more octets than the target cares for.
  private(set) var isTooLong = false
  private var payload: [UInt8] = []
  private let keepsPayload: Bool
  /// Payload that is kept in the receiver.
  private var keptByteCount = 0
  private var isText = false
  private var isInside = false
  private var isOver = false
  private var validator = UTF8Validator()

  /// - Parameter keepsPayload: leaves the payload in the receiver up to its message's end.
  init(_ role: WebSocketRole, _ allowsCompression: Bool, keepsPayload: Bool = false) {
    self.keepsPayload = keepsPayload
    let inflater = allowsCompression ? Inflater(windowBits: 10, keepsContext: true) : nil
    receiver = FrameReceiver(role: role, payloadLengthMax: 500, inflater: inflater)
  }

  mutating func feed(_ bytes: ArraySlice<UInt8>) throws(Finding) {
    if isOver { return }
    receiver.append(Array(bytes))
    while !isOver {
      switch receiver.next() {
      case .needMore: return
      case .message(let opcode, let isCompressed):
        try require(!isInside, "a message inside of a message")
        words.append(.message(opcode, isCompressed: isCompressed))
        isInside = true
        isText = opcode == .text
        validator = UTF8Validator()
      case .payload(let byteCount, let endsMessage): try take(byteCount, endsMessage)
      case .ping(let payload): words.append(.ping(payload))
      case .pong(let payload): words.append(.pong(payload))
      case .close(let frame):
        words.append(.close(frame))
        try require(frame.payload.count <= 125, "a close frame that cannot be sent")
        let again = try? CloseFrame(payload: frame.payload.span)
        try require(again == frame, "a close frame that was written again is another")
        isOver = true
      case .violation(let violation):
        words.append(.violation(violation))
        try require(receiver.next() == .violation(violation), "the violation was forgotten")
        isOver = true
      }
    }
  }

  private mutating func take(_ byteCount: Int, _ endsMessage: Bool) throws(Finding) {
    try require(isInside, "payload outside of a message")
    let start = keptByteCount
    keptByteCount += byteCount
    try require(keptByteCount == receiver.payloadByteCount, "payload that was not announced")
    try require(byteCount > 0 || endsMessage, "payload without an octet")
    var fresh: [UInt8] = []
    receiver.withPayload { for index in start..<$0.count { fresh.append($0[index]) } }
    if endsMessage || !keepsPayload {
      // What was kept is what it was. Half of it now and half of it then is all the same.
      let isSame = receiver.withPayload { kept in
        (0..<start).allSatisfy { kept[$0] == payload[payload.count - start + $0] }
      }
      try require(isSame, "payload changed while it was kept")
      receiver.consume(keptByteCount / 2)
      receiver.consume(keptByteCount - keptByteCount / 2)
      keptByteCount = 0
    }
    payload += fresh
    if payload.count > Self.messageByteCountMax {
      isTooLong = true
      isOver = true
      return
    }
    if isText { _ = validator.take(fresh.span) }
    if !endsMessage { return }
    if isText {
      // The library's own reading of UTF-8 is the second opinion.
      try require(
        validator.isComplete == (String(validating: payload, as: UTF8.self) != nil),
        "two opinions on UTF-8: \(payload)")
    }
    words.append(.payload(payload))
    payload = []
    isInside = false
  }
}
