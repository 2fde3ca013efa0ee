import CMemoryProbe
import Testing

/// Octets behind which an unmapped page begins: whoever reads one too many is ended by SIGSEGV, and the test run
/// with it.
enum PageEnd {
  static func lend<R>(
    _ bytes: some Collection<UInt8>, _ body: (inout MutableSpan<UInt8>) throws -> R
  ) throws -> R {
    let memory = try #require(memory_probe_map_at_page_end(bytes.count))
    defer { memory_probe_unmap_at_page_end(memory, bytes.count) }
    let buffer = UnsafeMutableBufferPointer(start: memory, count: bytes.count)
    _ = buffer.update(fromContentsOf: bytes)
    var span = buffer.mutableSpan
    return try body(&span)
  }

  /// Every prefix of a short input, and the last ones of a long one.
  static func prefixes(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    (max(0, bytes.count - 300)...bytes.count).map { bytes[..<$0] }
  }
}
