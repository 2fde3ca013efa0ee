import Basics

/// The head of an HTTP/1.1 request or answer: its first line, and its header fields (RFC 9112).
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
    guard let end = endOfHead(bytes, byteCountMax: byteCountMax) else {
      return bytes.count >= byteCountMax
        ? .malformed(reason: "its head is longer than \(byteCountMax) bytes") : .needMore
    }
    var lines: [String] = []
    var line: [UInt8] = []
    for index in 0..<(end - 2) {
      let octet = bytes[index]
      if octet == 0x0a && line.last == 0x0d {
        line.removeLast()
        if line.contains(0x0d) { return .malformed(reason: "its head has a bare carriage return") }
        lines.append(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
        continue
      }
      if octet != 0x09 && octet != 0x0d && (octet < 0x20 || octet == 0x7f) {
        return .malformed(reason: "its head has a control character in it")
      }
      line.append(octet)
    }
    guard let startLine = lines.first, !startLine.isEmpty else {
      return .malformed(reason: "its first line is empty")
    }
    if lines.count - 1 > fieldCountMax {
      return .malformed(reason: "it has more than \(fieldCountMax) header fields")
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
    return HeaderBlock.lowercased(value.octets[...]).isSame(as: token)
  }

  /// Whether the comma-separated list in the field `name` has `token`, in any case.
  public func hasToken(_ token: String, in name: String) -> Bool {
    guard let value = value(name) else { return false }
    return HeaderBlock.list(value).contains {
      HeaderBlock.lowercased($0.octets[...]).isSame(as: token)
    }
  }

  /// The parts of a comma-separated list, without the white space around them and empty parts.
  public static func list(_ value: String) -> [String] {
    value.octets.parted(at: 0x2c).map { $0.trimmed.text }.filter { !$0.isEmpty }
  }

  /// An answer's first line, `HTTP/1.1 101 Switching Protocols`; nil when it is none of HTTP/1.1 or HTTP/1.0.
  var statusLine: (isHTTP10: Bool, status: Int, phrase: String)? {
    let octets = startLine.octets
    guard octets.count >= 12, octets[..<7].text.isSame(as: "HTTP/1."),
      octets[7] == 0x30 || octets[7] == 0x31, octets[8] == 0x20,
      octets.count == 12 || octets[12] == 0x20
    else { return nil }
    var status = 0
    for digit in octets[9..<12] {
      guard (0x30...0x39).contains(digit) else { return nil }
      status = status * 10 + Int(digit - 0x30)
    }
    return status < 100 ? nil : (octets[7] == 0x30, status, octets.dropFirst(13).text)
  }

  /// ASCII letters in lower case; all that HTTP compares without case is ASCII.
  static func lowercased(_ octets: some Sequence<UInt8>) -> String {
    octets.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }[...].text
  }

  private static func endOfHead(_ bytes: Span<UInt8>, byteCountMax: Int) -> Int? {
    let limit = min(bytes.count, byteCountMax)
    if limit < 4 { return nil }
    for index in 3..<limit
    where bytes[index] == 0x0a && bytes[index - 1] == 0x0d && bytes[index - 2] == 0x0a
      && bytes[index - 3] == 0x0d
    {
      return index + 1
    }
    return nil
  }

  /// A folded line (it begins with white space) has no name and is refused with the others (RFC 9112 §5.2).
  private static func parseField(_ line: String) -> Field? {
    let octets = line.octets
    guard let colon = octets.firstIndex(of: 0x3a), colon > 0 else { return nil }
    for octet in octets[..<colon] where octet <= 0x20 || octet >= 0x7f { return nil }
    return Field(lowercased(octets[..<colon]), octets[(colon + 1)...].trimmed.text)
  }
}
