/// The key that a client's frames are XORed with (RFC 6455 §5.3).
///
/// `word` holds the key's four octets in memory order, so that it can be XORed with memory as it lies.
public struct MaskingKey: Equatable, Sendable {
  var word: UInt32

  public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
    word =
      (UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16 | UInt32(fourth) << 24)
      .littleEndian
  }

  /// Any four octets in memory order.
  public init(word: UInt32) { self.word = word }

  func octet(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: word.littleEndian >> (8 * UInt32(index & 3)))
  }

  /// The key as it applies from `byteCount` octets further on.
  func advanced(by byteCount: Int) -> MaskingKey {
    let shift = UInt32(byteCount & 3) * 8
    if shift == 0 { return self }
    let little = word.littleEndian
    return MaskingKey(word: (little >> shift | little << (32 - shift)).littleEndian)
  }

  /// Masks, or unmasks, `byteCount` octets of `bytes` from `offset` on, in place.
  public func apply(to bytes: inout MutableSpan<UInt8>, from offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= bytes.count)
    unsafe bytes.withUnsafeMutableBytes { all in
      guard let base = all.baseAddress else { return }
      let wide = SIMD16<UInt32>(repeating: word)
      var index = offset
      let end = offset + byteCount
      while index &+ 64 <= end {
        let block = unsafe base.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt32>.self)
        unsafe base.storeBytes(of: block ^ wide, toByteOffset: index, as: SIMD16<UInt32>.self)
        index &+= 64
      }
      while index &+ 4 <= end {
        let block = unsafe base.loadUnaligned(fromByteOffset: index, as: UInt32.self)
        unsafe base.storeBytes(of: block ^ word, toByteOffset: index, as: UInt32.self)
        index &+= 4
      }
      // Whole words only so far: the key's phase here is that of its first octet.
      var phase = 0
      while index < end {
        unsafe all[index] ^= octet(phase)
        index &+= 1
        phase &+= 1
      }
    }
  }
}

/// Unpredictable masking keys (RFC 6455 §5.3), fetched by the page rather than one by one.
public struct MaskingKeySource {
  private static let octetCount = 1_024

  private var octets: [UInt8] = []
  private var used = 0

  public init() {}

  /// - Parameter randomize: puts random octets in the place of all of its argument.
  public mutating func next(_ randomize: (inout [UInt8]) -> Void) -> MaskingKey {
    if octets.isEmpty {
      octets = [UInt8](repeating: 0, count: Self.octetCount)
      used = Self.octetCount
    }
    if used == Self.octetCount {
      randomize(&octets)
      used = 0
    }
    defer { used += 4 }
    return MaskingKey(octets[used], octets[used + 1], octets[used + 2], octets[used + 3])
  }
}
