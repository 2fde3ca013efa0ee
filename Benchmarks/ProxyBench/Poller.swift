import CEpoll

/// epoll(7) for descriptors that are told apart by their numbers. What is reported once must be armed again,
/// so that another thread can have the descriptor meanwhile.
final class Poller: Sendable {
  private static let batchSize = 64
  private let descriptor: Int32

  init() throws {
    descriptor = cepoll_create()
    guard descriptor >= 0 else { throw Failure("cannot make an epoll set") }
  }

  deinit {
    cepoll_close(descriptor)
  }

  func add(_ watched: Int32, writes: Bool = false) {
    cepoll_add(descriptor, watched, Self.events(writes), UInt64(watched))
  }

  func arm(_ watched: Int32, writes: Bool = false) {
    cepoll_modify(descriptor, watched, Self.events(writes), UInt64(watched))
  }

  func remove(_ watched: Int32) {
    cepoll_remove(descriptor, watched)
  }

  /// The descriptors on which something can be done, or none when the time is over.
  func wait(seconds: Double? = nil) -> [Int32] {
    var events = [cepoll_event](repeating: cepoll_event(), count: Self.batchSize)
    let milliseconds = seconds.map { Int32(($0 * 1e3).rounded(.up)) } ?? -1
    let count = cepoll_wait(descriptor, &events, Int32(Self.batchSize), milliseconds)
    return events.prefix(Int(max(count, 0))).map { Int32($0.token) }
  }

  private static func events(_ writes: Bool) -> UInt32 {
    EPOLLIN.rawValue | EPOLLONESHOT.rawValue | (writes ? EPOLLOUT.rawValue : 0)
  }
}
