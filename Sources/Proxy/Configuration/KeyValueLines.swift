import Basics
import Reactor

/// The lines `key = value` of a file. Blank lines, lines that begin with `#` or `;`, and the carriage returns of
/// other systems say nothing.
package struct KeyValueLines {
  struct Line {
    let key: String
    let value: String
  }

  private let name: String
  private let hashEndsLine: Bool
  private var offset = 0
  private var number = 0

  /// - Parameters:
  ///   - name: the file's, for messages.
  ///   - hashEndsLine: `#` begins a comment anywhere in a line.
  init(name: String, hashEndsLine: Bool) {
    self.name = name
    self.hashEndsLine = hashEndsLine
  }

  /// File and line, as a message names them.
  var position: String { "%, line %".with(name, number.decimal) }

  @inline(never) func fault(_ reason: String) -> UsageError {
    UsageError("%: %", with: position, reason)
  }

  /// The next line that says something. The message for one that is malformed does not quote it: it may have a
  /// token in it.
  /// - Parameter bytes: the whole file, the same each time.
  mutating func next(in bytes: Span<UInt8>, _ mistakes: inout Mistakes) -> Line? {
    while offset < bytes.count {
      var line = take(from: bytes)[...]
      if hashEndsLine { line = line.beforeFirst(UInt8(ascii: "#")) }
      line = line.trimmed
      guard let first = line.first, !"#;".has(first), !isSection(line) else { continue }
      // What is decoded must be what the file has: paths are octets.
      let text = line.text
      guard text.octets[...] == line else {
        mistakes.add(fault("this is not UTF-8 text; save it as that"))
        continue
      }
      guard let equals = line.firstIndex(of: .equals), equals > line.startIndex,
        text.consists(of: { $0 >= .space || $0 == .tab })
      else {
        mistakes.add(
          fault("this is not KEY = VALUE: put '=' between the two, or '#' in front of a comment"))
        continue
      }
      return Line(key: line[..<equals].trimmed.text, value: line[(equals + 1)...].trimmed.text)
    }
    return nil
  }

  /// All lines of a file, with their places in it, for messages.
  /// - Parameter label: the option that names the file.
  package static func read(
    _ path: String, label: String
  ) throws(UsageError) -> [(key: String, value: String, position: String)] {
    let content = try File.read(path, of: label)
    var lines = KeyValueLines(name: path, hashEndsLine: true)
    var found: [(key: String, value: String, position: String)] = []
    var mistakes = Mistakes()
    while let line = lines.next(in: content.bytes.span, &mistakes) {
      found.append((line.key, line.value, lines.position))
    }
    try mistakes.end()
    return found
  }

  private mutating func take(from bytes: Span<UInt8>) -> [UInt8] {
    let start = offset
    while offset < bytes.count && bytes[offset] != .lineFeed { offset += 1 }
    let line = bytes.extracting(start..<offset).octets
    offset += 1
    number += 1
    return line
  }

  /// `[section]` of a file of mappings: what is in it counts as if it stood outside.
  private func isSection(_ line: ArraySlice<UInt8>) -> Bool {
    !hashEndsLine && line.first == .openingBracket && line.last == .closingBracket
  }
}
