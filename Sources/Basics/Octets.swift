/// Text as octets, which is what the wire and the command line mean by it.
///
/// `==`, `switch`, `contains`, `hasPrefix` and hashing of strings take for equal what Unicode writes in two
/// ways, and bring 45 kB of tables and code to do so. The shipped localproxy is linked without them.
///
/// The general algorithms on a string's views (`utf8.split`, `allSatisfy`, `unicodeScalars`) bring the way through
/// strings of other systems each time, up to 2 kB. What is here does the same on octets, and stands in the program once:
/// what is called in many places stays a call, also where the compiler would take it apart.
extension String {
  @inline(never) public var octets: [UInt8] { Array(utf8) }

  @inline(never) public func isSame(as other: String) -> Bool {
    var other = other
    return withOctets { octets in
      other.withUTF8 { others in
        let others = unsafe others.span
        if octets.count != others.count { return false }
        for index in octets.indices where octets[index] != others[index] { return false }
        return true
      }
    }
  }

  @inline(never) public func has(_ octet: UInt8) -> Bool { !consists { $0 != octet } }

  /// Whether every octet is one of those.
  @inline(never) public func consists(of isMeant: (UInt8) -> Bool) -> Bool {
    withOctets { octets in
      for index in octets.indices where !isMeant(octets[index]) { return false }
      return true
    }
  }

  /// Not `utf8.span`: of a short text, which has no memory of its own, that leads to a place on the stack that the
  /// compiler (6.3) may use for something else meanwhile.
  private func withOctets(_ use: (Span<UInt8>) -> Bool) -> Bool {
    var text = self
    return text.withUTF8 { use(unsafe $0.span) }
  }

  /// The octets of each of its characters (Unicode's scalar values).
  public var characters: [ArraySlice<UInt8>] {
    let octets = octets
    var characters: [ArraySlice<UInt8>] = []
    var start = 0
    while start < octets.count {
      var end = start + 1
      while end < octets.count && octets[end] & 0xc0 == 0x80 { end += 1 }
      characters.append(octets[start..<end])
      start = end
    }
    return characters
  }

  /// Octets of a value that a message repeats, at the most.
  public static let excerptByteCountMax = 80

  /// What a message repeats of a value of any length: its beginning, and an ellipsis when there is more.
  public var excerpt: String {
    utf8.count <= Self.excerptByteCountMax
      ? self : octets.beginning(Self.excerptByteCountMax).text + "…"
  }

  /// The same in quotation marks.
  @inline(never) public var quoted: String { "'%'".with(excerpt) }

  /// This text with others in the places of its `%`, in their order. Where messages are many it is a third of the code
  /// that interpolation makes.
  @inline(never) public func with(
    _ first: String, _ second: String = "", _ third: String = ""
  ) -> String {
    var text = ""
    for (index, part) in octets.parted(at: .percent).enumerated() {
      if index > 0 { text += index == 1 ? first : index == 2 ? second : third }
      text += part.text
    }
    return text
  }

  /// What stands in front of the first `octet`, or of the last one, and what behind it; nil when there is none.
  @inline(never) public func cut(at octet: UInt8, last: Bool = false) -> (String, String)? {
    let octets = octets
    guard let place = last ? octets.lastIndex(of: octet) : octets.firstIndex(of: octet) else {
      return nil
    }
    return (octets[..<place].text, octets[(place + 1)...].text)
  }

  /// As one line that shows what it says: a question mark stands for each character that would move a terminal's
  /// cursor, end a line, turn the reading direction, or not be seen.
  public var printable: String {
    if consists(of: { $0 < 0x80 && !$0.isControl }) { return self }
    var shown: [UInt8] = []
    for character in characters {
      shown += Self.isPlain(character.scalar) ? character : "?".octets[...]
    }
    return shown[...].text
  }

  /// Neither a control (Cc), nor a format (Cf), nor a separator of lines (Zl, Zp), nor what is drawn as nothing at all.
  private static func isPlain(_ scalar: UInt32) -> Bool {
    switch scalar {
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

  /// The place of this text in a list such as `"linger|negotiated"`.
  @inline(never) public func place(in choices: String) -> Int? {
    let octets = octets
    return choices.octets.parted(at: UInt8(ascii: "|")).firstIndex { $0 == octets[...] }
  }

  /// What stands at a place of such a list; "" for nothing.
  @inline(never) public func part(_ place: Int) -> String {
    let parts = octets.parted(at: .bar)
    return parts.indices.contains(place) ? parts[place].text : ""
  }

  /// So many spaces.
  @inline(never) public static func spaces(_ count: Int) -> String {
    [UInt8](repeating: .space, count: Swift.max(count, 0))[...].text
  }

  /// A whole number in decimal digits, with '-' if it is negative.
  public var number: Int64? {
    var digits = octets[...]
    let isNegative = digits.first == .hyphen
    if isNegative { digits.removeFirst() }
    // What has more digits is out of every range.
    guard (1...18).contains(digits.count) else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard let value = digit.decimalValue else { return nil }
      number = number * 10 + Int64(value)
    }
    return isNegative ? -number : number
  }
}

extension Int64 {
  /// In decimal digits, once in the program rather than wherever it is interpolated.
  @inline(never) public var decimal: String { "\(self)" }
}

extension Int {
  public var decimal: String { Int64(self).decimal }
}

extension UInt32 {
  public var decimal: String { Int64(self).decimal }
}

extension Collection<String> {
  public func hasSame(_ text: String) -> Bool { contains { $0.isSame(as: text) } }
}

extension [String] {
  /// All of them, with a comma between two.
  @inline(never) public var listed: String {
    var list = ""
    for (index, text) in enumerated() {
      if index > 0 { list += ", " }
      list += text
    }
    return list
  }
}

extension [UInt8] {
  /// Adds a text's octets.
  @inline(never) public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { unsafe append(contentsOf: $0) }
  }

  /// Adds a text that has no controls in it, in quotation marks, as JSON and Prometheus' labels have it.
  @inline(never) public mutating func append(quoted text: ArraySlice<UInt8>) {
    append(.quote)
    for octet in text {
      if octet == .quote || octet == .backslash { append(.backslash) }
      append(octet)
    }
    append(.quote)
  }

  /// Whether `part` is somewhere in it.
  public func hasPart(_ part: String) -> Bool {
    let part = part.octets
    return indices.contains { self[$0...].starts(with: part) }
  }

  /// The parts between separators, empty ones too.
  @inline(never) public func parted(at separator: UInt8) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    for (index, octet) in enumerated() where octet == separator {
      parts.append(self[start..<index])
      start = index + 1
    }
    parts.append(self[start...])
    return parts
  }

  /// The first octets, so many at the most, without the beginning of a character that ends behind them.
  @inline(never) public func beginning(_ countMax: Int) -> ArraySlice<UInt8> {
    var end = Swift.min(count, countMax)
    while end > 0 && end < count && self[end] & 0xc0 == 0x80 { end -= 1 }
    return self[..<end]
  }

  /// All of it, or its beginning and an ellipsis.
  @inline(never) public func shortened(_ countMax: Int) -> [UInt8] {
    count <= countMax ? self : beginning(countMax) + "…".octets
  }
}

extension Span<UInt8> {
  /// A copy.
  @inline(never) public var octets: [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(count)
    for index in indices { octets.append(self[index]) }
    return octets
  }
}

extension ArraySlice<UInt8> {
  @inline(never) public var text: String { String(decoding: self, as: UTF8.self) }

  /// As text, ASCII letters in lower case.
  @inline(never) public var lowercasedText: String {
    var octets = self
    for index in octets.indices where octets[index].isUppercaseLetter {
      octets[index] |= 0x20
    }
    return octets.text
  }

  /// The scalar value of the one character that this is (RFC 3629 §3).
  public var scalar: UInt32 {
    var scalar = UInt32(first ?? 0)
    if count > 1 { scalar &= 0x7f >> UInt32(count) }
    for octet in dropFirst() { scalar = scalar << 6 | UInt32(octet & 0x3f) }
    return scalar
  }

  /// Without the white space at either end.
  @inline(never) public var trimmed: ArraySlice<UInt8> {
    var start = startIndex
    var end = endIndex
    while start < end && Self.isBlank(self[start]) { start += 1 }
    while start < end && Self.isBlank(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }

  private static func isBlank(_ octet: UInt8) -> Bool {
    octet == .space || octet == .tab || octet == .carriageReturn || octet == .lineFeed
  }

  /// The part behind the last `octet`, or all.
  @inline(never) public func afterLast(_ octet: UInt8) -> ArraySlice<UInt8> {
    self[(lastIndex(of: octet).map { $0 + 1 } ?? startIndex)...]
  }

  /// The part in front of the first `octet`, or all.
  @inline(never) public func beforeFirst(_ octet: UInt8) -> ArraySlice<UInt8> {
    self[startIndex..<(firstIndex(of: octet) ?? endIndex)]
  }
}
