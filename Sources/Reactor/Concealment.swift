/// The secrets that no line may show, nor a part of them that would help anybody.
///
/// A peer may say back any piece of what it was sent, and what it says is cut where a message has its limits. So what
/// is looked for is not the secret but every piece of it that is long enough.
@safe struct Concealment {
  /// Octets of a secret that ordinary text may have in it by chance.
  static let byteCountMin = 4
  /// Octets of a piece that is never shown, whatever the secret's length.
  static let pieceByteCountMax = 12

  /// As text, whose octets are shared with whoever uses the secret: there is no second copy.
  private var secrets: [String] = []

  /// A secret shorter than `byteCountMin` is disregarded.
  mutating func add(_ secret: String) {
    if secret.utf8.count >= Self.byteCountMin { secrets.append(secret) }
  }

  /// How long a piece of a secret is that is never shown: twelve octets, of a short secret half of it, but not fewer
  /// than six, and of a very short one all.
  static func pieceByteCount(ofSecretOf byteCount: Int) -> Int {
    byteCount < 8 ? byteCount : min(pieceByteCountMax, max(6, (byteCount + 1) / 2))
  }

  /// The text with asterisks in the place of each such piece.
  func applied(to text: [UInt8]) -> [UInt8] {
    var isHidden: [Bool] = []
    for secret in secrets {
      var secret = secret
      secret.withUTF8 { octets in
        Self.hide(unsafe octets.span, in: text, &isHidden)
      }
    }
    if isHidden.isEmpty { return text }
    var shown: [UInt8] = []
    for (index, octet) in text.enumerated() {
      if !isHidden[index] {
        shown.append(octet)
      } else if index == 0 || !isHidden[index - 1] {
        shown += [0x2a, 0x2a, 0x2a]
      }
    }
    return shown
  }

  /// Any piece that is long enough has one of the secret's octets number 0, n, 2n … in it: where the text has one of
  /// those, it is followed to both sides.
  private static func hide(_ secret: Span<UInt8>, in text: [UInt8], _ isHidden: inout [Bool]) {
    let pieceByteCount = pieceByteCount(ofSecretOf: secret.count)
    for index in text.indices {
      var place = 0
      while place < secret.count {
        if text[index] == secret[place] {
          var start = 0
          while start < min(index, place) && text[index - start - 1] == secret[place - start - 1] {
            start += 1
          }
          var end = 1
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
        place += pieceByteCount
      }
    }
  }
}
