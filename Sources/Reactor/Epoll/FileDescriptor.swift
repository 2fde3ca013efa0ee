import CEpoll

/// Sole owner of a file descriptor: closed exactly once, when the owner goes.
public struct FileDescriptor: ~Copyable {
  let raw: Int32

  init(_ raw: Int32) { self.raw = raw }

  deinit { _ = cepoll_close(raw) }
}
