import Basics

/// What an answer says behind its head, as far as it is here: a refusal's words for whoever reads the log
/// (RFC 9112 §6, §7.1).
package struct ResponseBody {
  /// Octets of a body that are wanted.
  static let byteCountMax = 512
  /// Octets on the wire in which to look for them; chunks may be small, and have extensions.
  static let wireByteCountMax = 4 * 1024
  /// Octets of the line in front of a chunk.
  private static let chunkLineByteCountMax = 256

  private(set) var octets: [UInt8] = []
  /// No more of it comes, or is wanted, or can be told from something else.
  package private(set) var isWhole = false

  /// - Parameter bytes: what came behind the head.
  package init(status: Int, head: HeaderBlock, bytes: ArraySlice<UInt8>) {
    if status == 204 || status == 304 {
      isWhole = true
    } else if head.value("transfer-encoding") != nil {
      // Other codings than "chunked" cannot be read, and end with the connection.
      if head.hasOnlyToken("chunked", in: "transfer-encoding") {
        takeChunks(bytes)
      } else {
        isWhole = true
      }
    } else {
      let length = head.value("content-length")?.number.map { Int(clamping: $0) } ?? Int.max
      take(bytes.prefix(max(0, length)))
      isWhole = isWhole || octets.count == length
    }
    if bytes.count >= Self.wireByteCountMax { isWhole = true }
  }

  /// In one line, without the white space around it.
  package var text: String { octets[...].trimmed.text }

  private mutating func take(_ bytes: ArraySlice<UInt8>) {
    octets += bytes.prefix(Self.byteCountMax - octets.count)
    if octets.count == Self.byteCountMax { isWhole = true }
  }

  private mutating func takeChunks(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !isWhole {
      guard let end = rest.firstIndex(of: .lineFeed) else {
        isWhole = rest.count > Self.chunkLineByteCountMax
        return
      }
      guard let length = Self.chunkLength(rest[..<end]), length > 0 else {
        // The last chunk, or something that is none.
        isWhole = true
        return
      }
      rest = rest[(end + 1)...]
      take(rest.prefix(length))
      // Behind a chunk's octets stands an empty line.
      if rest.count < length + 2 { return }
      rest = rest.dropFirst(length + 2)
    }
  }

  /// The hexadecimal number that a chunk's first line begins with; nil when there is none, or an absurd one.
  private static func chunkLength(_ line: ArraySlice<UInt8>) -> Int? {
    let digits = line.trimmed.beforeFirst(.semicolon).trimmed
    guard (1...7).contains(digits.count) else { return nil }
    var length = 0
    for digit in digits {
      guard let value = digit.hexadecimalValue else { return nil }
      length = length << 4 | Int(value)
    }
    return length
  }
}
