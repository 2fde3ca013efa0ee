import Basics
import CEpoll

/// Small files, read and written whole: configuration, not traffic. These calls block.
public enum File {
  /// What was read.
  public struct Content {
    /// Without the byte order mark that some editors put in front of UTF-8.
    public let bytes: [UInt8]
    /// Others than the file's owner and group may read it.
    public let isReadableByOthers: Bool
  }

  /// One thing in a directory.
  public struct Entry {
    public let name: String
    public let isDirectory: Bool
    /// False when `name` is not the entry's octets, for those are not UTF-8.
    public let isText: Bool
  }

  /// Reads a file; "File too large" when it has more bytes than `byteCountMax`. A pipe is read to its end, but
  /// one without a writer is an error, for it might never have one.
  /// - Parameters:
  ///   - path: nil for standard input.
  ///   - firstLineOnly: standard input is not waited for after its first line.
  public static func read(
    _ path: String?, byteCountMax: Int, firstLineOnly: Bool = false
  ) throws(SystemError) -> Content {
    var bytes = [UInt8](repeating: 0, count: byteCountMax + 1)
    var mode: UInt32 = 0
    let isLine: Int32 = firstLineOnly ? 1 : 0
    let count = unsafe bytes.withUnsafeMutableBytes { all in
      guard let path else {
        return unsafe cepoll_read_file(nil, all.baseAddress, all.count, isLine, &mode)
      }
      return unsafe path.withCString { path in
        unsafe cepoll_read_file(path, all.baseAddress, all.count, isLine, &mode)
      }
    }
    if count < 0 { throw SystemError(Int32(-count), "read") }
    if count > byteCountMax && !firstLineOnly { throw SystemError(EFBIG, "read") }
    bytes.removeLast(bytes.count - count)
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
    return Content(bytes: bytes, isReadableByOthers: mode & 0o004 != 0)
  }

  /// Makes a file, or replaces what is in it.
  public static func write(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let result = unsafe bytes.withUnsafeBytes { all in
      unsafe path.withCString { path in
        unsafe cepoll_write_file(path, all.baseAddress, all.count)
      }
    }
    _ = try SystemError.check(result, "write")
  }

  /// Makes a file of this mode in the place of what is there, all at once. A link is replaced, and not followed.
  public static func replace(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
    let result = unsafe bytes.withUnsafeBytes { all in
      unsafe path.withCString { path in
        unsafe cepoll_replace_file(path, mode, all.baseAddress, all.count)
      }
    }
    _ = try SystemError.check(result, "write")
  }

  public static func remove(_ path: String) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_remove_file(path), "unlink")
  }

  /// Takes permissions from a file that must be a regular one of this user, and no link.
  /// - Returns: the mode that it had.
  public static func restrict(_ path: String, forbidden: UInt32) throws(SystemError) -> UInt32 {
    UInt32(try SystemError.check(unsafe cepoll_restrict_file(path, forbidden), "chmod"))
  }

  /// Fails for a directory that is not fit for private files: a link, another user's, or one in which everybody may
  /// exchange them.
  public static func checkDirectory(_ path: String) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_check_directory(path), "open")
  }

  /// The regular files and directories in a directory, sorted by their names' bytes. Links to files count as
  /// files; links to directories do not count.
  /// - Parameter countMax: what is beyond is left out.
  public static func entries(
    of directory: String, countMax: Int
  ) throws(SystemError) -> [Entry] {
    var error: Int32 = 0
    guard let handle = unsafe cepoll_open_directory(directory, &error) else {
      throw SystemError(-error, "open")
    }
    defer { unsafe cepoll_close_directory(handle) }
    var entries: [Entry] = []
    while entries.count < countMax {
      var name: UnsafePointer<CChar>?
      let kind = unsafe cepoll_next_entry(handle, &name)
      guard kind != CEPOLL_ENTRY_NONE, let name = unsafe name else { break }
      let entry = Entry(
        name: unsafe String(cString: name), isDirectory: kind == CEPOLL_ENTRY_DIRECTORY,
        isText: unsafe String(validatingCString: name) != nil)
      // An insertion at its place, which halving finds, costs less code than a sort.
      var (place, end) = (0, entries.count)
      while place < end {
        let middle = (place + end) / 2
        if entry.name.octets.lexicographicallyPrecedes(entries[middle].name.octets) {
          end = middle
        } else {
          place = middle + 1
        }
      }
      entries.insert(entry, at: place)
    }
    return entries
  }
}
