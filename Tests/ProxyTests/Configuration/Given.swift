import Foundation
import Reactor

@testable import Configuration

/// Options as if they stood on a command line.
func given(_ options: [Option: String]) -> OptionValues {
  var values = OptionValues()
  for (option, text) in options {
    let label = "--\(option.syntax.longName)"
    values.add(option, text, label: label, layer: .commandLine)
  }
  return values
}

/// One value of the command line.
func value(_ text: String, _ label: String = "--the-option") -> OptionValue {
  OptionValue(text: text, label: label, layer: .commandLine, isSecret: false)
}

/// Good values for a source, to be changed one at a time; nil leaves one out.
func configure(_ changes: [Option: String?] = [:]) throws -> Configuration {
  var options: [Option: String] = [
    .sourceListenPort: "SSH1=5555", .proxyEndpoint: "localhost:8443", .accessToken: "abc",
  ]
  for (option, text) in changes { options[option] = text }
  return try Configuration(given(options), machineID: "0123456789abcdef0123456789abcdef")
}

/// Whether an error is one line for the user that contains all of `parts`.
func isUsageError(_ error: any Error, naming parts: String...) -> Bool {
  guard let error = error as? UsageError else { return false }
  return parts.allSatisfy { error.message.contains($0) } && !error.message.utf8.contains(0x0a)
}

/// A directory of its own for one test, gone with it.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "localproxy-unit." + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders on the way to it, and returns its path.
  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    try write(name, Data(text.utf8), mode: mode)
  }

  @discardableResult
  func write(_ name: String, _ bytes: Data, mode: Int = 0o600) throws -> String {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: url)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    return url.path
  }
}
