/// A tunnel message as it stands on the wire, read and written without any of the product's code. A field that
/// is absent is not the same as one that is empty or zero.
struct RawMessage: Equatable, CustomStringConvertible {
  enum Kind: UInt64 {
    case data = 1
    case streamStart, streamReset, sessionReset, serviceIDs, connectionStart, connectionReset
  }

  var kind: Kind
  var streamID: Int32?
  /// Nil when the field is absent.
  var isIgnorable: Bool?
  var payload: [UInt8]?
  var serviceID: String?
  var connectionID: UInt32?
  var availableServiceIDs: [String] = []

  init(
    _ kind: Kind, _ streamID: Int32? = nil, _ text: String? = nil, service: String? = nil,
    connection: UInt32? = nil
  ) {
    self.kind = kind
    self.streamID = streamID
    payload = text.map { Array($0.utf8) }
    serviceID = service
    connectionID = connection
  }

  static func services(_ names: [String]) -> RawMessage {
    var message = RawMessage(.serviceIDs)
    message.availableServiceIDs = names
    return message
  }

  /// The same with `ignorable` set.
  var ignorable: RawMessage { writing(ignorable: true) }

  /// The same with `ignorable` written as 0.
  var marked: RawMessage { writing(ignorable: false) }

  private func writing(ignorable: Bool) -> RawMessage {
    var copy = self
    copy.isIgnorable = ignorable
    return copy
  }

  var description: String {
    var words = ["\(kind)"]
    if let streamID { words.append("stream \(streamID)") }
    if let isIgnorable { words.append(isIgnorable ? "ignorable" : "marked") }
    if let serviceID { words.append("service '\(serviceID)'") }
    if let connectionID { words.append("connection \(connectionID)") }
    if let payload { words.append("'\(String(decoding: payload.prefix(80), as: UTF8.self))'") }
    if !availableServiceIDs.isEmpty { words.append("\(availableServiceIDs)") }
    return words.joined(separator: ", ")
  }

  // MARK: Writing

  /// With the length prefix in front.
  var encoded: [UInt8] {
    var body: [UInt8] = []
    Self.append(1, varint: kind.rawValue, to: &body)
    if let streamID {
      Self.append(2, varint: UInt64(bitPattern: Int64(streamID)), to: &body)
    }
    if let isIgnorable { Self.append(3, varint: isIgnorable ? 1 : 0, to: &body) }
    if let payload { Self.append(4, bytes: payload, to: &body) }
    if let serviceID { Self.append(5, bytes: Array(serviceID.utf8), to: &body) }
    for name in availableServiceIDs { Self.append(6, bytes: Array(name.utf8), to: &body) }
    if let connectionID { Self.append(7, varint: UInt64(connectionID), to: &body) }
    return [UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
  }

  private static func append(_ tag: UInt8, varint value: UInt64, to body: inout [UInt8]) {
    body.append(tag << 3)
    append(varint: value, to: &body)
  }

  private static func append(_ tag: UInt8, bytes: [UInt8], to body: inout [UInt8]) {
    body.append(tag << 3 | 2)
    append(varint: UInt64(bytes.count), to: &body)
    body += bytes
  }

  private static func append(varint value: UInt64, to body: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      body.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    body.append(UInt8(rest))
  }

  // MARK: Reading

  /// - Parameter body: without the length prefix.
  init(decoding body: [UInt8]) throws {
    var position = 0
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard position < body.count else { throw Failure("a message is cut short") }
        let byte = body[position]
        position += 1
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      throw Failure("a number in a message has no end")
    }
    func bytes() throws -> [UInt8] {
      let count = Int(try varint())
      guard position + count <= body.count else { throw Failure("a message is cut short") }
      defer { position += count }
      return Array(body[position..<position + count])
    }
    func text() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

    self.init(.data)
    var hasKind = false
    while position < body.count {
      switch try varint() {
      case 1 << 3:
        let number = try varint()
        guard let kind = Kind(rawValue: number) else { throw Failure("message type \(number)") }
        self.kind = kind
        hasKind = true
      case 2 << 3: streamID = Int32(truncatingIfNeeded: try varint())
      case 3 << 3: isIgnorable = try varint() != 0
      case 4 << 3 | 2: payload = try bytes()
      case 5 << 3 | 2: serviceID = try text()
      case 6 << 3 | 2: availableServiceIDs.append(try text())
      case 7 << 3: connectionID = UInt32(truncatingIfNeeded: try varint())
      case let key: throw Failure("a message has the field \(key >> 3) of wire type \(key & 7)")
      }
    }
    if !hasKind { throw Failure("a message without a type") }
  }
}
