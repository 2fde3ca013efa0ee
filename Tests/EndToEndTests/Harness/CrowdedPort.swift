import Foundation

/// A port at which as many clients wait as may wait. The kernel drops what one more sends to begin with, so that
/// connecting takes as long as the test likes.
final class CrowdedPort: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32
  private var crowd: [Int32] = []

  init() throws {
    // Made by hand for its short backlog.
    listener = try Server.bind(SocketAddress(port: 0, isIPv6: false), "a free port")
    port = try Server.boundPort(of: listener)
    let address = SocketAddress(port: port, isIPv6: false)
    guard listen(listener, 0) == 0 else { throw Failure.system("listening on port \(port)") }
    for _ in 0..<8 {
      let client = socket(
        AF_INET,
        Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
          | Int32(SOCK_NONBLOCK.rawValue), 0)
      crowd.append(client)
      _ = address.withPointer { connect(client, $0, $1) }
      var entry = pollfd(descriptor: client, events: Int16(POLLOUT))
      if poll(&entry, 1, 300) == 0 { return }
    }
    throw Failure("port \(port) does not fill up")
  }

  deinit {
    for client in crowd { Foundation.close(client) }
    Foundation.close(listener)
  }

  /// Lets the crowd in, and whoever comes then; each has `handler` on a thread of its own.
  func open(_ handler: @escaping Server.Handler) {
    let thread = Thread { [self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 { break }
        closeOnExec(descriptor)
        let socket = Socket(adopting: descriptor)
        _ = Background { try handler(socket) }
      }
    }
    thread.start()
    for client in crowd { Foundation.close(client) }
    crowd = []
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}
