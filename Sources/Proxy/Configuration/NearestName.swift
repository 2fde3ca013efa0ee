import Basics

/// What a misspelt name was probably meant to be: of the names considered, the one with which it has most in common, by
/// the length of the longest common subsequence.
struct NearestName {
  /// Octets of a misspelt name that are looked at.
  static let byteCountMax = 64

  /// "" when little is in common with any.
  private(set) var best = ""
  private let text: [UInt8]
  /// Of the octets of both names, how many each has in common with the other: a third of all at the least.
  private var (shared, all) = (33, 100)

  @inline(never) init(_ text: String) {
    self.text = text.octets.prefix(Self.byteCountMax).lowercasedText.octets
  }

  mutating func consider(_ name: String) {
    let other = name.octets[...].lowercasedText.octets
    var row = [Int](repeating: 0, count: other.count + 1)
    for octet in text {
      var (corner, left) = (0, 0)
      for index in other.indices {
        let above = row[index + 1]
        left = octet == other[index] ? corner + 1 : max(above, left)
        row[index + 1] = left
        corner = above
      }
    }
    if row[other.count] * all > shared * (text.count + other.count) {
      (best, shared, all) = (name, row[other.count], text.count + other.count)
    }
  }
}
