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

extension Collection<String> {
  public func hasSame(_ text: String) -> Bool { contains { $0.isSame(as: text) } }
}

extension [UInt8] {
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
