import Foundation

@testable import Reactor

/// A log whose lines the test reads.
final class LogRecorder {
  let log: Log
  private let file: UnsafeMutablePointer<FILE>?

  init(_ level: LogLevel = .info) {
    file = tmpfile()
    log = Log(level: level, stream: StandardStream(descriptor: file.map { fileno($0) } ?? -1))
  }

  deinit { if let file { fclose(file) } }

  var lines: [String] {
    guard let file else { return [] }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = pread(fileno(file), &bytes, bytes.count, 0)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
      .map(String.init)
  }

  func lines(with text: String) -> [String] { lines.filter { $0.contains(text) } }
}
