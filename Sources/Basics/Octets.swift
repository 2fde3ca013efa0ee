/// Text as octets, which is what the wire and the command line mean by it.
///
/// `==`, `switch`, `contains`, `hasPrefix` and hashing of strings take for equal what Unicode writes in two
/// ways, and bring 45 kB of tables and code to do so. The shipped localproxy is linked without them.
extension String {
  public var octets: [UInt8] { Array(utf8) }

  @inline(never) public func isSame(as other: String) -> Bool { octets == other.octets }
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
}
