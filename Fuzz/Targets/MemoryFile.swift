import Glibc

/// A file without a directory: what reads files by their paths can be given octets.
@safe final class MemoryFile: Sendable {
  private let descriptor: Int32
  let path: String

  init() throws(Finding) {
    var template = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
    descriptor = unsafe template.withUnsafeMutableBufferPointer { name in
      guard let name = name.baseAddress else { return -1 }
      let descriptor = unsafe mkstemp(name)
      if descriptor >= 0 { unsafe unlink(name) }
      return descriptor
    }
    if descriptor < 0 { throw Finding("no file can be made in /dev/shm") }
    path = "/proc/self/fd/\(descriptor)"
  }

  deinit { close(descriptor) }

  func replace(_ bytes: [UInt8]) throws(Finding) {
    let count = unsafe bytes.withUnsafeBytes { all in
      unsafe ftruncate(descriptor, 0) == 0 ? pwrite(descriptor, all.baseAddress, all.count, 0) : -1
    }
    if count != bytes.count { throw Finding("a file in memory took \(count) bytes") }
  }
}
