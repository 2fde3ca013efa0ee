import Foundation

/// A path in the temporary directory, removed with what is there when the owner goes.
final class TemporaryDirectory {
  let path = NSTemporaryDirectory() + "tunneld-test-" + UUID().uuidString

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
