/// Bytes that say where they are: any loss, doubling or mix-up shows.
struct Pattern {
  /// A prime, so that no buffer size divides it.
  private static let period = 65_521
  private let table: [UInt8]

  init(_ salt: UInt8) {
    table = (0..<(Self.period + 64 * 1024)).map { index in
      let index = index % Self.period
      return UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) ^ salt
    }
  }

  func bytes(at index: Int, count: Int) -> ArraySlice<UInt8> {
    let start = index % Self.period
    return table[start..<(start + count)]
  }

  func matches(_ found: ArraySlice<UInt8>, at index: Int) -> Bool {
    found.elementsEqual(bytes(at: index, count: found.count))
  }
}
