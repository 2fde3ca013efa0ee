import Foundation

/// A service manager's socket, which hears what its services say (sd_notify(3)).
final class NotifyListener: @unchecked Sendable {
  /// What `NOTIFY_SOCKET` is to be.
  let name: String
  private let descriptor: Int32

  /// - Parameter name: an absolute path, or `@` and an abstract name.
  init(_ name: String) throws {
    self.name = name
    descriptor = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure.system("socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
    if name.hasPrefix("@") { address.sun_path.0 = 0 }
    let length = MemoryLayout<sa_family_t>.size + name.utf8.count
    let outcome = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(length))
      }
    }
    guard outcome == 0 else { throw Failure.system("binding \(name)") }
  }

  deinit { close(descriptor) }

  /// The next message; nil when none comes in time.
  func next(within seconds: Double) -> String? {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&wanted, 1, Deadline(seconds: seconds).millisecondsLeft) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// Passes messages over until one has `part`.
  @discardableResult
  func wait(for part: String, within seconds: Double = 20) throws -> String {
    let deadline = Deadline(seconds: seconds)
    var passed: [String] = []
    while let message = next(within: Double(deadline.millisecondsLeft) / 1_000) {
      if message.contains(part) { return message }
      passed.append(message)
    }
    throw Failure("no message with \(part) within \(seconds) s, but \(passed)")
  }

  /// What has come by now.
  func takeAll() -> [String] {
    var messages: [String] = []
    while let message = next(within: 0) { messages.append(message) }
    return messages
  }
}
