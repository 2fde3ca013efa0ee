import Foundation

/// A directory of its own for one test, gone with it.
final class ScratchDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/localproxy-e2e.XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure.system("mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}
