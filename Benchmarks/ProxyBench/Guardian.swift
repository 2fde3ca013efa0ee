import Foundation
import Glibc

/// Sees to it that nothing outlives the bench: no child process, no temporary directory, on every
/// way out that a program can catch.
final class Guardian: @unchecked Sendable {
  static let shared = Guardian()

  private let lock = NSLock()
  private var processIDs: Set<pid_t> = []
  private var directory: String?

  /// Catches SIGINT, SIGTERM and SIGHUP on a thread of its own. To be called before any other
  /// thread starts, for they inherit the mask.
  func start() {
    signal(SIGPIPE, SIG_IGN)
    var caught = Self.caughtSignals
    pthread_sigmask(SIG_BLOCK, &caught, nil)
    atexit { Guardian.shared.clear() }
    Thread.detachNewThread {
      var signals = Self.caughtSignals
      var number: Int32 = 0
      sigwait(&signals, &number)
      Guardian.shared.clear()
      _exit(128 + number)
    }
  }

  func watch(_ processID: pid_t) {
    lock.withLock { _ = processIDs.insert(processID) }
  }

  func forget(_ processID: pid_t) {
    lock.withLock { _ = processIDs.remove(processID) }
  }

  /// A directory of this run, made when first asked for.
  func temporaryDirectory() throws -> String {
    try lock.withLock {
      if let directory { return directory }
      let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
      var template = Array("\(parent)/proxybench.XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { throw Failure("cannot make a directory in \(parent)") }
      let made = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      directory = made
      return made
    }
  }

  /// The signals that must reach the bench but not stay blocked in its children.
  static var caughtSignals: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
    return set
  }

  private func clear() {
    let (victims, made) = lock.withLock { (processIDs, directory) }
    for processID in victims { kill(processID, SIGKILL) }
    for processID in victims { waitpid(processID, nil, 0) }
    if let made { try? FileManager.default.removeItem(atPath: made) }
  }
}
