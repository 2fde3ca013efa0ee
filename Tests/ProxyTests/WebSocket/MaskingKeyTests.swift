import Testing

@testable import WebSocket

@Suite("MaskingKey")
struct MaskingKeyTests {
  private static let octets: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
  private let key = MaskingKey(0x37, 0xfa, 0x21, 0x3d)

  /// RFC 6455 §5.3 as it stands there: octet i of the payload meets octet i modulo 4 of the key.
  private func masked(_ bytes: [UInt8], from offset: Int, byteCount: Int) -> [UInt8] {
    var result = bytes
    for index in 0..<byteCount { result[offset + index] ^= Self.octets[index % 4] }
    return result
  }

  @Test("masking equals the byte-wise rule and touches nothing else", arguments: 0...16)
  func equalsByteWiseRule(offset: Int) {
    for length in 0...200 {
      let bytes = (0..<(offset + length + 5)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
      var copy = bytes
      var span = copy.mutableSpan
      key.apply(to: &span, from: offset, byteCount: length)
      #expect(copy == masked(bytes, from: offset, byteCount: length), "length \(length)")
      span = copy.mutableSpan
      key.apply(to: &span, from: offset, byteCount: length)
      #expect(copy == bytes, "masking twice gives back what was, length \(length)")
    }
  }

  @Test("a payload may be masked in two parts, the second with the advanced key", arguments: 0...20)
  func advances(byteCount: Int) {
    let bytes = (0..<90).map { UInt8(truncatingIfNeeded: $0 &* 11) }
    var copy = bytes
    var span = copy.mutableSpan
    key.apply(to: &span, from: 0, byteCount: byteCount)
    key.advanced(by: byteCount).apply(to: &span, from: byteCount, byteCount: 90 - byteCount)
    #expect(copy == masked(bytes, from: 0, byteCount: 90))
  }

  @Test("an advanced key begins with the octet at that place", arguments: 0...9)
  func advancedOctets(byteCount: Int) {
    let advanced = key.advanced(by: byteCount)
    for index in 0..<8 {
      #expect(advanced.octet(index) == Self.octets[(index + byteCount) % 4])
    }
    #expect(advanced.advanced(by: 3) == key.advanced(by: byteCount + 3))
  }

  @Test("a word is the four octets as they lie in memory")
  func wordIsMemoryOrder() {
    let word = Self.octets.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    #expect(MaskingKey(word: word) == key)
  }
}
