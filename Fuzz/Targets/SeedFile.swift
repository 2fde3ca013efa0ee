/// Inputs as lines of text: printable ASCII as it is, other octets and the backslash as `\xNN`. Empty lines and those
/// that begin with `#` say nothing.
enum SeedFile {
  static func read(_ text: [UInt8]) -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    for line in text.split(separator: 0x0a) where line.first != 0x23 {
      var seed: [UInt8] = []
      var rest = line
      while let octet = rest.popFirst() {
        let digits = rest.dropFirst().prefix(2)
        guard octet == 0x5c, rest.first == 0x78, digits.count == 2,
          let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        else {
          seed.append(octet)
          continue
        }
        seed.append(value)
        rest = rest.dropFirst(3)
      }
      seeds.append(seed)
    }
    return seeds
  }
}
