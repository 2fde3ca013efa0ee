/// Text as octets, which is what the wire and the command line mean by it.
///
/// `==`, `switch`, `contains`, `hasPrefix` and hashing of strings take for equal what Unicode writes in two
/// ways, and bring 45 kB of tables and code to do so. The shipped localproxy is linked without them.
extension String {
  public var octets: [UInt8] { Array(utf8) }

  @inline(never) public func isSame(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }

  /// Octets of a value that a message repeats, at the most.
  public static let excerptByteCountMax = 80

  /// What a message repeats of a value of any length: its beginning, and an ellipsis when there is more.
  public var excerpt: String {
    let octets = octets
    if octets.count <= Self.excerptByteCountMax { return self }
    var end = Self.excerptByteCountMax
    // Not within a character.
    while end > 0 && octets[end] & 0xc0 == 0x80 { end -= 1 }
    return "\(octets[..<end].text)…"
  }

  /// The same in quotation marks.
  public var quoted: String { "'\(excerpt)'" }

  /// As one line that shows what it says: a question mark stands for each character that would move a terminal's
  /// cursor, end a line, turn the reading direction, or not be seen.
  public var printable: String {
    if utf8.allSatisfy({ (0x20...0x7e).contains($0) }) { return self }
    var octets: [UInt8] = []
    octets.reserveCapacity(utf8.count)
    for scalar in unicodeScalars {
      if scalar.isPlain { octets.append(contentsOf: scalar.utf8) } else { octets.append(0x3f) }
    }
    return octets[...].text
  }

  /// The place of this text in a list such as `"linger|negotiated"`.
  public func place(in choices: String) -> Int? {
    let octets = octets
    return choices.octets.parted(at: 0x7c).firstIndex { $0 == octets[...] }
  }

  /// A whole number in decimal digits, with '-' if it is negative.
  public var number: Int64? {
    var digits = octets[...]
    let isNegative = digits.first == 0x2d
    if isNegative { digits.removeFirst() }
    // What has more digits is out of every range.
    guard (1...18).contains(digits.count) else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = number * 10 + Int64(digit - 0x30)
    }
    return isNegative ? -number : number
  }
}

extension Unicode.Scalar {
  /// Neither a control (Cc), nor a format (Cf), nor a separator of lines (Zl, Zp), nor what is drawn as nothing at all.
  fileprivate var isPlain: Bool {
    switch value {
    case 0x20...0x7e: true
    case 0...0x9f, 0xad, 0x034f, 0x0600...0x0605, 0x061c, 0x06dd, 0x070f, 0x0890...0x0891, 0x08e2,
      0x115f...0x1160, 0x17b4...0x17b5, 0x180b...0x180f, 0x200b...0x200f, 0x2028...0x202e,
      0x2060...0x206f, 0x3164, 0xfe00...0xfe0f, 0xfeff, 0xffa0, 0xfff0...0xfffb, 0xfffe...0xffff,
      0x110bd, 0x110cd, 0x13430...0x1343f, 0x1bca0...0x1bca3, 0x1d173...0x1d17a,
      0xe0000...0xe0fff:
      false
    default: true
    }
  }
}

extension Collection<String> {
  public func hasSame(_ text: String) -> Bool { contains { $0.isSame(as: text) } }
}

extension [UInt8] {
  /// Whether `part` is somewhere in it.
  public func hasPart(_ part: String) -> Bool {
    let part = part.octets
    return indices.contains { self[$0...].starts(with: part) }
  }

  /// The parts between separators, empty ones too.
  public func parted(at separator: UInt8) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    for (index, octet) in enumerated() where octet == separator {
      parts.append(self[start..<index])
      start = index + 1
    }
    parts.append(self[start...])
    return parts
  }
}

extension ArraySlice<UInt8> {
  public var text: String { String(decoding: self, as: UTF8.self) }

  /// Without the white space at either end.
  public var trimmed: ArraySlice<UInt8> {
    var start = startIndex
    var end = endIndex
    while start < end && Self.isBlank(self[start]) { start += 1 }
    while start < end && Self.isBlank(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }

  private static func isBlank(_ octet: UInt8) -> Bool {
    octet == 0x20 || octet == 0x09 || octet == 0x0d || octet == 0x0a
  }

  /// The part in front of the first `octet`, or all.
  public func beforeFirst(_ octet: UInt8) -> ArraySlice<UInt8> {
    self[startIndex..<(firstIndex(of: octet) ?? endIndex)]
  }
}
