import Basics
import CEpoll
import COpenSSL

/// The few cryptographic functions that the handshakes need, from OpenSSL.
public enum Cryptography {
  /// What a WebSocket server must answer to a client's key: Base64 of SHA-1 (RFC 6455 §1.3).
  public static func webSocketAccept(key: String) -> String {
    let input = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").octets
    var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
    unsafe input.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { digest in
        // What it needs is there, or never will be: OpenSSL does not look for an algorithm twice.
        if unsafe SHA1(input.baseAddress, input.count, digest.baseAddress) == nil {
          Process.endForWantOfMemory()
        }
      }
    }
    return base64(digest)
  }

  public static func base64(_ bytes: [UInt8]) -> String {
    // Four characters for three octets, and the terminator that EVP_EncodeBlock writes.
    var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe text.withUnsafeMutableBufferPointer { text in
        unsafe EVP_EncodeBlock(text.baseAddress, bytes.baseAddress, Int32(bytes.count))
      }
    }
    return text[..<Int(count)].text
  }

  /// Makes what all of OpenSSL stands on, which it does not do twice: after a first time without memory it uses what
  /// is not there. So the program ends then.
  public static func prepare() {
    if unsafe OSSL_LIB_CTX_get0_global_default() == nil { Process.endForWantOfMemory() }
  }

  /// Unpredictable octets. OpenSSL seeds itself from the kernel; when even that fails, nothing can go on. Without memory
  /// the program ends.
  public static func random(_ count: Int) throws(TLSError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try randomize(&bytes)
    return bytes
  }

  /// Puts unpredictable octets in the place of all of `bytes`.
  public static func randomize(_ bytes: inout [UInt8]) throws(TLSError) {
    let result = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      unsafe RAND_bytes(bytes.baseAddress, Int32(bytes.count))
    }
    if result == 1 { return }
    // Its errors tell nothing of memory. When the kernel has some, it was that which OpenSSL's generator lacked, which
    // may then fail for ever.
    if cepoll_has_randomness() != 0 { Process.endForWantOfMemory() }
    throw TLSError.takeLibraryError()
  }

  /// A random (version 4) UUID, RFC 9562 §5.4, in its usual form.
  /// - Parameter octets: sixteen random ones.
  public static func uuid(random octets: [UInt8]) -> String { uuid(of: octets, version: 4) }

  /// A UUID (version 8, RFC 9562 §5.8) that is the same for the same text: the beginning of its SHA-256.
  public static func uuid(derivedFrom text: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    unsafe text.withUnsafeBufferPointer { text in
      unsafe digest.withUnsafeMutableBufferPointer { digest in
        // As with SHA-1.
        if unsafe SHA256(text.baseAddress, text.count, digest.baseAddress) == nil {
          Process.endForWantOfMemory()
        }
      }
    }
    return uuid(of: Array(digest[..<16]), version: 8)
  }

  private static func uuid(of octets: [UInt8], version: UInt8) -> String {
    var bytes = octets
    bytes[6] = bytes[6] & 0x0f | version << 4
    bytes[8] = bytes[8] & 0x3f | 0x80
    var text: [UInt8] = []
    let digits = "0123456789abcdef".octets
    for (index, byte) in bytes.enumerated() {
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(.hyphen) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text[...].text
  }

  /// "OpenSSL 3.0.19 27 Jan 2026".
  public static var libraryVersion: String {
    guard let text = unsafe OpenSSL_version(OPENSSL_VERSION) else { return "OpenSSL" }
    return unsafe String(cString: text)
  }
}
