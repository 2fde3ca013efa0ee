import Basics
import CEpoll

/// A program to start, and what it gets of this one.
public struct Command {
  /// What the program finds on its standard input.
  public enum Input {
    /// This process's own.
    case inherited
    /// /dev/null.
    case nothing
    /// These, and then the end: a pipe that is never in argv, in an environment or on a disk.
    case octets([UInt8])
  }

  /// Of `Input.octets`: what every pipe takes at once, so that nobody waits for the child to read it.
  public static let inputByteCountMax = Int(CEPOLL_CHILD_INPUT_MAX)

  /// The program, which is looked for in PATH unless it has a slash, and its arguments.
  public var words: [String]
  /// `NAME=value` each. Nil is this process's environment, without what a service manager has said to it alone:
  /// NOTIFY_SOCKET, WATCHDOG_… and LISTEN_….
  public var environment: [String]?
  public var input = Input.inherited
  /// In a session of its own: it has no terminal, and what is typed there does not reach it.
  public var isApart = false
  /// It gets SIGTERM when this process ends, however it ends.
  public var endsWithParent = false

  public init(_ words: [String]) { self.words = words }
}

/// How a child has ended.
public enum ChildEnd: Equatable, Sendable {
  /// -1 when somebody else has taken the status.
  case exited(Int32)
  /// By the signal of this number.
  case killed(Int32)
}

/// Whoever started a child and wants to know of its end.
public protocol ChildHandler: AnyObject {
  /// From the loop, once. The process is reaped; its number may be another's from now on.
  func childEnded(_ child: ChildProcess, _ end: ChildEnd)
}

/// A program that this one has started. Dropping it does not end it, and its end is reported all the same.
public final class ChildProcess {
  public let id: Int32
  fileprivate let handler: any ChildHandler
  public fileprivate(set) var hasEnded = false

  fileprivate init(id: Int32, handler: any ChildHandler) {
    self.id = id
    self.handler = handler
  }

  /// Sends a signal; one that has ended gets none.
  public func signal(_ signal: Signal) { send(signal.number) }

  /// Ends it at once.
  public func kill() { send(SIGKILL) }

  private func send(_ number: Int32) {
    // Until it is reaped the number is this child's.
    if !hasEnded { _ = cepoll_kill(id, number) }
  }
}

/// Starts programs, and reports their ends as events of the loop.
///
/// A child has this program's directory, environment and standard output and error, and the input that its `Command`
/// says; no other descriptor. What this program changed for itself is for the child as it was: signals that were blocked
/// or ignored are not, and the limit of core dumps is the one of the start. The end comes by SIGCHLD (signalfd), which
/// every kernel has, so one object of this class serves a whole program; SIGCHLD says that somebody has ended, and each
/// child that runs is asked. The handler is held until it has been told. Whoever starts a child decides how many there
/// may be.
public final class ChildProcesses: EventHandler {
  private let descriptor: FileDescriptor
  private var running: [ChildProcess] = []

  /// Blocks SIGCHLD for the process.
  public init(reactor: Reactor) throws(SystemError) {
    let raw = try SystemError.check(cepoll_child_signal(), "signalfd")
    descriptor = FileDescriptor(raw)
    _ = try reactor.register(raw, interest: .readable, self)
  }

  /// Starts a program. The error says why it could not be: it is not there, or there are too many processes.
  public func start(
    _ command: Command, _ handler: any ChildHandler
  ) throws(SystemError) -> ChildProcess {
    if command.words.isEmpty { throw SystemError(EINVAL, "start") }
    let words = try Self.joined(command.words)
    let variables = try Self.joined(command.environment ?? [])
    var octets: [UInt8] = []
    if case .octets(let given) = command.input { octets = given }
    let result = unsafe words.withUnsafeBytes { words in
      unsafe variables.withUnsafeBytes { variables in
        unsafe octets.withUnsafeBytes { octets in
          var raw = unsafe cepoll_command()
          unsafe raw.words = words.baseAddress?.assumingMemoryBound(to: CChar.self)
          unsafe raw.word_count = Int32(command.words.count)
          unsafe raw.variables = variables.baseAddress?.assumingMemoryBound(to: CChar.self)
          unsafe raw.variable_count = Int32(command.environment?.count ?? -1)
          switch command.input {
          case .inherited: unsafe raw.input = CEPOLL_INPUT_INHERITED
          case .nothing: unsafe raw.input = CEPOLL_INPUT_NOTHING
          case .octets: unsafe raw.input = CEPOLL_INPUT_OCTETS
          }
          if let base = octets.baseAddress { unsafe raw.octets = UnsafeRawPointer(base) }
          unsafe raw.octet_count = octets.count
          unsafe raw.is_apart = command.isApart ? 1 : 0
          unsafe raw.ends_with_parent = command.endsWithParent ? 1 : 0
          return unsafe cepoll_spawn(&raw)
        }
      }
    }
    let child = ChildProcess(id: try SystemError.check(result, "start"), handler: handler)
    running.append(child)
    return child
  }

  /// Each text with a zero behind it. One that has a zero itself would be two.
  private static func joined(_ texts: [String]) throws(SystemError) -> [UInt8] {
    var octets: [UInt8] = []
    for text in texts {
      if text.octets.contains(0) { throw SystemError(EINVAL, "start") }
      octets += text.octets
      octets.append(0)
    }
    return octets
  }

  func handle(_ readiness: Readiness) {
    while cepoll_read_signal(descriptor.raw) > 0 {}
    // From the last to the first, so that who starts another one from `childEnded` does not move those to come.
    var index = running.count
    while index > 0 {
      index -= 1
      var end = cepoll_end()
      if unsafe cepoll_reap(running[index].id, &end) == 0 { continue }
      let child = running.remove(at: index)
      child.hasEnded = true
      child.handler.childEnded(
        child, end.is_signal != 0 ? .killed(end.number) : .exited(end.number))
    }
  }
}
