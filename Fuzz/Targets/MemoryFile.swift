import CMemoryFile

/// A file without a directory: what reads files by their paths can be given octets.
@safe final class MemoryFile: Sendable {
  private let descriptor: Int32
  let path: String

  init() throws(Finding) {
    descriptor = memory_file_make()
    if descriptor < 0 { throw Finding("no file can be made in memory") }
    path = "/proc/self/fd/\(descriptor)"
  }

  deinit { memory_file_close(descriptor) }

  func replace(_ bytes: [UInt8]) throws(Finding) {
    let result = unsafe bytes.withUnsafeBytes { all in
      unsafe memory_file_replace(descriptor, all.baseAddress, all.count)
    }
    if result < 0 { throw Finding("a file in memory does not take \(bytes.count) bytes") }
  }
}
