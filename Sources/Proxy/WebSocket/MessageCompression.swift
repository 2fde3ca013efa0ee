/// Both halves of permessage-deflate at one end of a WebSocket.
public struct MessageCompression {
  public let agreed: PermessageDeflate
  public let deflater: Deflater
  public let inflater: Inflater

  /// - Parameter memoryLevel: how much memory the search may take, 1 to 9 (zlib's memLevel).
  /// - Returns: nil when there is no memory.
  public init?(_ agreed: PermessageDeflate, role: WebSocketRole, memoryLevel: Int) {
    let client = (agreed.clientMaxWindowBits, !agreed.clientNoContextTakeover)
    let server = (agreed.serverMaxWindowBits, !agreed.serverNoContextTakeover)
    let (own, other) = role == .client ? (client, server) : (server, client)
    guard
      let deflater = Deflater(windowBits: own.0, memoryLevel: memoryLevel, keepsContext: own.1),
      let inflater = Inflater(windowBits: other.0, keepsContext: other.1)
    else { return nil }
    self.agreed = agreed
    self.deflater = deflater
    self.inflater = inflater
  }

  /// Whether a payload looks as if it could be made shorter: long enough, and some octets are more frequent in it
  /// than chance would have them.
  ///
  /// What is encrypted or compressed already, as ssh's traffic is, is not worth the time that zlib would take to
  /// find that out, nor the place in the window that it would take from what can be referred to. A message that
  /// is sent as it is does not touch either end's window (RFC 7692 §6).
  public static func isWorthwhile(_ payload: Span<UInt8>) -> Bool {
    if payload.count < byteCountMin { return false }
    let count = min(payload.count, sampleByteCountMax)
    let stride = payload.count / count
    var frequencies = InlineArray<256, Int>(repeating: 0)
    // Pairs of equal octets among all pairs of the sample; of random ones, one pair in 256 is.
    var equalPairCount = 0
    for index in 0..<count {
      let octet = Int(payload[index * stride])
      equalPairCount += frequencies[octet]
      frequencies[octet] += 1
    }
    let pairCount = count * (count - 1) / 2
    // Twice as many as by chance, and some more for the chance in small samples.
    return equalPairCount > pairCount / 128 + 8
  }

  /// Shorter payloads gain nothing that counts beside the headers of TLS and TCP.
  static let byteCountMin = 32
  private static let sampleByteCountMax = 512
}
