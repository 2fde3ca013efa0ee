import Foundation
import Glibc

/// The lines that a child process has printed, gathered by a thread.
final class Output: @unchecked Sendable {
  enum Found {
    case line(String)
    case closed
    case timeout
  }

  /// Guards both below, and tells of their changes.
  private let condition = NSCondition()
  private var lines: [String] = []
  private var isClosed = false

  func waitForLine(until deadline: Date, where matches: (String) -> Bool) -> Found {
    condition.withLock {
      while true {
        if let line = lines.first(where: matches) { return .line(line) }
        if isClosed { return .closed }
        if !condition.wait(until: deadline) { return .timeout }
      }
    }
  }

  var lastLine: String? {
    condition.withLock { lines.last }
  }

  func lineCount(where matches: (String) -> Bool) -> Int {
    condition.withLock { lines.count(where: matches) }
  }

  /// Reads until the last writer has closed, then closes the descriptor.
  func readLines(from descriptor: Int32) {
    guard let stream = fdopen(descriptor, "r") else { return }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    while getline(&buffer, &capacity, stream) > 0, let buffer {
      let line = String(cString: buffer).trimmingCharacters(in: .newlines)
      condition.withLock {
        // A chatty program must not fill the bench; the first lines are those that are waited for.
        if lines.count > 1000 { lines.removeSubrange(500..<900) }
        lines.append(line)
        condition.broadcast()
      }
    }
    free(buffer)
    fclose(stream)
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }
}
