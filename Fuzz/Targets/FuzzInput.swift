/// An input read from its front as choices; behind its end all of them are 0.
struct FuzzInput {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func flag() -> Bool { octet() & 1 == 1 }

  /// A number below `bound`, which is 256 at the most.
  mutating func number(below bound: Int) -> Int { Int(octet()) % bound }

  mutating func word() -> UInt32 {
    (0..<4).reduce(0) { word, _ in word << 8 | UInt32(octet()) }
  }

  mutating func octets(_ count: Int) -> [UInt8] {
    let taken = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken
  }

  mutating func remaining() -> [UInt8] { octets(rest.count) }
}

/// Where an input is cut into pieces: one octet each, or lengths that follow from the input itself.
enum Cuts {
  /// Where the pieces end.
  static func ends(_ bytes: [UInt8], isByteByByte: Bool) -> [Int] {
    if isByteByByte { return Array(1..<(bytes.count + 1)) }
    var ends: [Int] = []
    ends.reserveCapacity(bytes.count / 4)
    var start = 0
    // Any mixture will do, as long as the same input is always cut in the same places.
    var state = UInt32(truncatingIfNeeded: bytes.count) &* 0x9e37_79b9 | 1
    while start < bytes.count {
      state = (state ^ UInt32(bytes[start])) &* 0x85eb_ca6b
      start = min(start + 1 + Int(state >> 24) % (state & 0x100 == 0 ? 5 : 150), bytes.count)
      ends.append(start)
    }
    return ends
  }

  static func pieces(_ bytes: [UInt8], isByteByByte: Bool) -> [ArraySlice<UInt8>] {
    var start = 0
    return ends(bytes, isByteByByte: isByteByByte).map { end in
      defer { start = end }
      return bytes[start..<end]
    }
  }
}
