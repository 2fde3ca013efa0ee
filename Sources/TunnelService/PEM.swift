import COpenSSL
import Reactor

/// Keys and certificates as text, in memory: OpenSSL writes and reads it there, `File` on the disk.
@safe final class PEM {
  /// Of a file, at the most.
  static let byteCountMax = 256 * 1024

  let bio: OpaquePointer

  init(_ bytes: [UInt8]) throws(TLSError) {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .library(reason: "no memory") }
    unsafe self.bio = bio
    if bytes.isEmpty { return }
    let count = unsafe bytes.withUnsafeBufferPointer {
      unsafe BIO_write(bio, $0.baseAddress, Int32($0.count))
    }
    if count != bytes.count { throw .library(reason: "no memory") }
  }

  static func read(_ path: String) throws(TLSError) -> PEM {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File.read(path, byteCountMax: byteCountMax).bytes
    } catch {
      throw .configuration(what: path, reason: error.reason)
    }
    return try PEM(bytes)
  }

  deinit { unsafe BIO_free(bio) }

  /// Takes out what is in it.
  func content() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(unsafe BIO_ctrl_pending(bio)))
    let count = unsafe bytes.withUnsafeMutableBufferPointer {
      unsafe BIO_read(bio, $0.baseAddress, Int32($0.count))
    }
    bytes.removeLast(bytes.count - max(0, Int(count)))
    return bytes
  }
}
