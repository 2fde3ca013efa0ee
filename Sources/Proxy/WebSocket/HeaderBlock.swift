import Basics

/// The head of an HTTP/1.1 request or answer: its first line, and its header fields (RFC 9112).
///
/// Read strictly. Refused as soon as they are seen: a bare carriage return or line feed, NUL and every other control
/// character but the tab. Refused with the whole head: folded lines, white space in front of a colon, a name that is
/// no token. Octets beyond ASCII (obs-text, RFC 9110 §5.5) may stand in a value and in the first line, and mean nothing.
public struct HeaderBlock {
  /// Header fields in one head; more is an error.
  public static let fieldCountMax = 100

  public struct Field: Equatable {
    /// In lower case, when it was read.
    public let name: String
    /// Without the white space around it.
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A head as it goes out: the start line, the fields in their order, and the empty line.
  public static func octets(_ startLine: String, _ fields: [Field]) -> [UInt8] {
    var text = startLine.octets
    for field in fields { text += "\r\n%: %".with(field.name, field.value).octets }
    return text + "\r\n\r\n".octets
  }

  public let startLine: String
  public let fields: [Field]
  /// Octets of the head, with the empty line that ends it.
  public let byteCount: Int

  public enum Outcome {
    case needMore
    case complete(HeaderBlock)
    case malformed(reason: String)
  }

  /// Reads a head from the front of `bytes`.
  /// - Parameter byteCountMax: longest head accepted, in octets.
  public static func parse(_ bytes: Span<UInt8>, byteCountMax: Int) -> Outcome {
    let end: Int
    switch findEnd(bytes, byteCountMax: byteCountMax) {
    case .needMore: return .needMore
    case .malformed(let reason): return .malformed(reason: reason)
    case .end(let index): end = index
    }
    var lines: [String] = []
    var start = 0
    for index in 0..<(end - 2) where bytes[index] == .lineFeed {
      lines.append(bytes.extracting(start..<(index - 1)).octets[...].text)
      start = index + 1
    }
    guard let startLine = lines.first, !startLine.isEmpty else {
      return .malformed(reason: "its first line is empty")
    }
    if lines.count - 1 > fieldCountMax {
      return .malformed(reason: "it has more than % header fields".with(fieldCountMax.decimal))
    }
    var fields: [Field] = []
    for line in lines.dropFirst() {
      guard let field = parseField(line) else {
        return .malformed(reason: "a header field is not of the form 'name: value'")
      }
      fields.append(field)
    }
    return .complete(HeaderBlock(startLine: startLine, fields: fields, byteCount: end))
  }

  /// The value of the field `name` (lower case); several of them are joined by ", " (RFC 9110 §5.3).
  public func value(_ name: String) -> String? {
    var joined: String?
    for field in fields where field.name.isSame(as: name) {
      joined = joined.map { $0 + ", " + field.value } ?? field.value
    }
    return joined
  }

  public func count(of name: String) -> Int { fields.count { $0.name.isSame(as: name) } }

  /// Whether the value of the field `name` is `text`.
  func says(_ text: String, in name: String) -> Bool { value(name)?.isSame(as: text) ?? false }

  /// Whether the field `name` is nothing but `token`, in any case.
  func hasOnlyToken(_ token: String, in name: String) -> Bool {
    guard let value = value(name) else { return false }
    return value.octets[...].lowercasedText.isSame(as: token)
  }

  /// Whether the comma-separated list in the field `name` has `token`, in any case.
  public func hasToken(_ token: String, in name: String) -> Bool {
    guard let value = value(name) else { return false }
    return HeaderBlock.list(value).contains { $0.octets[...].lowercasedText.isSame(as: token) }
  }

  /// The parts of a comma-separated list, without the white space around them and empty parts.
  public static func list(_ value: String) -> [String] {
    var list: [String] = []
    for part in value.octets.parted(at: .comma) {
      let text = part.trimmed.text
      if !text.isEmpty { list.append(text) }
    }
    return list
  }

  /// An answer's first line, `HTTP/1.1 101 Switching Protocols`; nil when it is none of HTTP/1.1 or HTTP/1.0.
  package var statusLine: (isHTTP10: Bool, status: Int, phrase: String)? {
    let octets = startLine.octets
    guard octets.count >= 12, octets[..<7].text.isSame(as: "HTTP/1."),
      octets[7] == UInt8(ascii: "0") || octets[7] == UInt8(ascii: "1"), octets[8] == .space,
      octets.count == 12 || octets[12] == .space
    else { return nil }
    var status = 0
    for digit in octets[9..<12] {
      guard let value = digit.decimalValue else { return nil }
      status = status * 10 + Int(value)
    }
    return status < 100 ? nil : (octets[7] == UInt8(ascii: "0"), status, octets.dropFirst(13).text)
  }

  /// How long the server asks to be left alone, if it does: in seconds or by a date (RFC 9110 §10.2.3), which is read by
  /// the server's own clock: a gateway's may be wrong.
  package var retryAfterSeconds: Int64? {
    guard let text = value("retry-after") else { return nil }
    var seconds = text.number
    if let due = HTTPDate(text), let date = value("date").flatMap({ HTTPDate($0) }) {
      seconds = max(0, due.seconds - date.seconds)
    }
    guard let seconds, seconds >= 0 else { return nil }
    return seconds
  }

  private enum End {
    case needMore
    /// Behind the empty line.
    case end(Int)
    case malformed(reason: String)
  }

  /// Looks for the empty line, and at each octet on the way there.
  private static func findEnd(_ bytes: Span<UInt8>, byteCountMax: Int) -> End {
    let countMax = min(bytes.count, byteCountMax)
    var lineStart = 0
    for index in 0..<countMax {
      let octet = bytes[index]
      let isBehindReturn = index > 0 && bytes[index - 1] == .carriageReturn
      if isBehindReturn != (octet == .lineFeed) {
        return .malformed(
          reason: isBehindReturn
            ? "its head has a bare carriage return" : "its head has a bare line feed")
      }
      if octet == .lineFeed {
        // The first line may not be empty, which is said elsewhere.
        if lineStart > 0 && index == lineStart + 1 { return .end(index + 1) }
        lineStart = index + 1
      } else if octet != .tab && octet != .carriageReturn && octet.isControl {
        return .malformed(reason: "its head has a control character in it")
      }
    }
    return bytes.count < byteCountMax
      ? .needMore : .malformed(reason: "its head is longer than % bytes".with(byteCountMax.decimal))
  }

  /// A folded line (it begins with white space) has no name and is refused with the others (RFC 9112 §5.2).
  private static func parseField(_ line: String) -> Field? {
    let octets = line.octets
    guard let colon = octets.firstIndex(of: .colon), colon > 0 else { return nil }
    for octet in octets[..<colon] where !isTokenOctet(octet) { return nil }
    return Field(octets[..<colon].lowercasedText, octets[(colon + 1)...].trimmed.text)
  }

  /// `tchar` of RFC 9110 §5.6.2: letters, digits and !#$%&'*+-.^_`|~
  static func isTokenOctet(_ octet: UInt8) -> Bool {
    octet.isLetterOrDigit || "!#$%&'*+-.^_`|~".has(octet)
  }
}
