import Basics

/// The secrets that no line may show, nor a part of them that would help anybody.
///
/// Whoever was sent a secret may say back any piece of it, and what he says is cut where a message has its limits. So what
/// is looked for is not the secret but every piece of it that is long enough.
@safe struct Concealment {
  /// Octets of a secret that ordinary text may have in it by chance.
  static let byteCountMin = 4
  /// Octets of a piece that is never shown, whatever the secret's length.
  static let pieceByteCountMax = 12

  /// As text, whose octets are shared with whoever uses the secret: there is no second copy.
  private var secrets: [String] = []
  /// Where a text could have a piece of a secret at all.
  private var pairs = PairFilter()

  /// A secret shorter than `byteCountMin` is disregarded.
  mutating func add(_ secret: String) {
    if secret.utf8.count < Self.byteCountMin { return }
    secrets.append(secret)
    let stride = Self.stride(ofSecretOf: secret.utf8.count)
    var secret = secret
    secret.withUTF8 { octets in
      let octets = unsafe octets.span
      var place = 0
      while place + 1 < octets.count {
        pairs.insert(octets[place], octets[place + 1])
        place += stride
      }
    }
  }

  /// What is no secret any more.
  mutating func remove(_ secret: String) { secrets.removeAll { $0.isSame(as: secret) } }

  /// How long a piece of a secret is that is never shown: twelve octets, of a short secret half of it, but not fewer
  /// than six, and of a very short one all.
  static func pieceByteCount(ofSecretOf byteCount: Int) -> Int {
    byteCount < 8 ? byteCount : min(pieceByteCountMax, max(6, (byteCount + 1) / 2))
  }

  /// Any piece that is long enough has one of the secret's pairs of octets at place 0, n, 2n … in it.
  private static func stride(ofSecretOf byteCount: Int) -> Int {
    pieceByteCount(ofSecretOf: byteCount) - 1
  }

  /// The text with asterisks in the place of each such piece.
  func applied(to text: [UInt8]) -> [UInt8] {
    let isHidden = hidden(in: text.span)
    if isHidden.isEmpty { return text }
    var shown: [UInt8] = []
    for index in 0..<text.count {
      if !isHidden[index] {
        shown.append(text[index])
      } else if index == 0 || !isHidden[index - 1] {
        shown += "***".octets
      }
    }
    return shown
  }

  /// Which octets are; of none when none is.
  private func hidden(in text: Span<UInt8>) -> [Bool] {
    var isHidden: [Bool] = []
    var index = 0
    while index + 1 < text.count {
      if pairs.mayContain(text[index], text[index + 1]) {
        for secret in secrets {
          var secret = secret
          secret.withUTF8 { Self.hide(unsafe $0.span, in: text, at: index, &isHidden) }
        }
      }
      index += 1
    }
    return isHidden
  }

  /// Where the text has one of those pairs, it is followed to both sides.
  private static func hide(
    _ secret: Span<UInt8>, in text: Span<UInt8>, at index: Int, _ isHidden: inout [Bool]
  ) {
    let pieceByteCount = pieceByteCount(ofSecretOf: secret.count)
    var place = 0
    while place + 1 < secret.count {
      if text[index] == secret[place] && text[index + 1] == secret[place + 1] {
        var start = 0
        while start < min(index, place) && text[index - start - 1] == secret[place - start - 1] {
          start += 1
        }
        var end = 2
        while index + end < text.count && place + end < secret.count
          && text[index + end] == secret[place + end]
        {
          end += 1
        }
        if start + end >= pieceByteCount {
          if isHidden.isEmpty { isHidden = [Bool](repeating: false, count: text.count) }
          for hidden in (index - start)..<(index + end) { isHidden[hidden] = true }
        }
      }
      place += stride(ofSecretOf: secret.count)
    }
  }
}

/// A set of pairs of octets that may say yes wrongly, never no: every line is asked at each of its octets.
struct PairFilter {
  /// 2,048 bits, of which a token of 600 octets sets 55.
  private var bits = [UInt64](repeating: 0, count: 32)

  mutating func insert(_ first: UInt8, _ second: UInt8) {
    let hash = Self.hash(first, second)
    bits[hash >> 6] |= 1 << UInt64(hash & 63)
  }

  @inline(__always) func mayContain(_ first: UInt8, _ second: UInt8) -> Bool {
    let hash = Self.hash(first, second)
    return bits[hash >> 6] >> UInt64(hash & 63) & 1 == 1
  }

  @inline(__always) private static func hash(_ first: UInt8, _ second: UInt8) -> Int {
    (Int(first) << 4 ^ Int(second)) & 2047
  }
}
