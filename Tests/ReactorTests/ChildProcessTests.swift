import Basics
import Foundation
import Synchronization
import Testing

@testable import Reactor

@Suite("Child processes")
struct ChildProcessTests {
  /// A loop with children on a thread of its own, for SIGCHLD stays blocked where it was blocked.
  @safe private final class Nursery: ChildHandler {
    let reactor: Reactor
    let children: ChildProcesses
    private(set) var ends: [(child: Int32, end: ChildEnd)] = []

    init() throws {
      reactor = try Reactor()
      children = try ChildProcesses(reactor: reactor)
    }

    func childEnded(_ child: ChildProcess, _ end: ChildEnd) { ends.append((child.id, end)) }

    func start(_ command: Command) throws -> ChildProcess { try children.start(command, self) }

    /// In a process of many threads any of them may get SIGCHLD, and ignore it; so this one gets it besides.
    func wait(for count: Int) throws {
      let deadline = reactor.now + Milliseconds(20_000)
      while ends.count < count && reactor.now < deadline {
        unsafe pthread_kill(pthread_self(), SIGCHLD)
        try reactor.turn(waitMax: Milliseconds(20))
      }
    }
  }

  private struct Directory: ~Copyable {
    let path: String
    init() {
      path = NSTemporaryDirectory() + "/children-" + UUID().uuidString
      try? FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Runs `body` on a thread of its own.
  private static func alone<Result: Sendable>(
    _ body: @Sendable @escaping () throws -> Result
  ) throws -> Result {
    let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let result = Swift.Result { try body() }
      outcome.withLock { $0 = result }
      isDone.signal()
    }
    #expect(isDone.wait(timeout: .now() + 60) == .success)
    return try #require(outcome.withLock { $0 }).get()
  }

  /// What a script leaves in `$OUT`, and how it ended.
  private static func run(
    _ script: String, _ adapt: @Sendable @escaping (inout Command) -> Void = { _ in }
  ) throws -> (text: String, end: ChildEnd?) {
    let directory = Directory()
    let path = directory.path + "/out"
    let end = try alone {
      let nursery = try Nursery()
      var command = Command(["sh", "-c", "exec >'\(path)'\n" + script])
      adapt(&command)
      let child = try nursery.start(command)
      try nursery.wait(for: 1)
      #expect(nursery.ends.count == 1)
      #expect(nursery.ends.first?.child == child.id)
      #expect(child.hasEnded)
      return nursery.ends.first?.end
    }
    return (try String(contentsOfFile: path, encoding: .utf8), end)
  }

  @Test(
    "the end of a child is told with its status or signal",
    arguments: [
      ("exit 0", ChildEnd.exited(0)), ("exit 3", .exited(3)), ("exit 255", .exited(255)),
      ("kill -9 $$", .killed(9)), ("kill -15 $$", .killed(15)),
    ])
  func tellsEnds(script: String, end: ChildEnd) throws {
    #expect(try Self.run(script).end == end)
  }

  @Test(
    "a program that cannot be started is an error at once",
    arguments: [
      ("/no/such/program", ENOENT), ("no-such-program-in-path", ENOENT), ("/etc", EACCES),
      ("/etc/passwd", EACCES), ("a\0b", EINVAL),
    ])
  func failsToStart(program: String, code: Int32) throws {
    let found = try Self.alone { () -> SystemError? in
      let nursery = try Nursery()
      do { _ = try nursery.start(Command([program])) } catch { return error as? SystemError }
      return nil
    }
    #expect(found?.code == code)
  }

  @Test("nothing is no program")
  func needsWords() throws {
    let found = try Self.alone { () -> SystemError? in
      do { _ = try Nursery().start(Command([])) } catch { return error as? SystemError }
      return nil
    }
    #expect(found?.code == EINVAL)
  }

  @Test("given octets stand on the standard input, then its end", arguments: [0, 1, 4_096])
  func givesInput(count: Int) throws {
    let text = String(repeating: "x", count: count)
    let found = try Self.run("cat") { $0.input = .octets(Array(text.utf8)) }
    #expect(found.text == text)
    #expect(found.end == .exited(0))
  }

  @Test("more octets than a pipe takes at once are refused")
  func limitsInput() throws {
    let found = try Self.alone { () -> SystemError? in
      let nursery = try Nursery()
      var command = Command(["cat"])
      command.input = .octets([UInt8](repeating: 0, count: Command.inputByteCountMax + 1))
      do { _ = try nursery.start(command) } catch { return error as? SystemError }
      return nil
    }
    #expect(found?.code == EMSGSIZE)
  }

  @Test("no input is /dev/null")
  func givesNothing() throws {
    #expect(try Self.run("readlink /proc/$$/fd/0") { $0.input = .nothing }.text == "/dev/null\n")
  }

  @Test("a given environment is all of it")
  func givesEnvironment() throws {
    let found = try Self.run("/usr/bin/env") {
      $0.environment = ["PATH=/bin:/usr/bin", "A=one two", "B="]
    }
    // The shell adds its directory.
    let lines = Set(
      found.text.split(separator: "\n").filter { !$0.hasPrefix("PWD=") && !$0.hasPrefix("_=") })
    #expect(lines.subtracting(["OLDPWD="]) == ["PATH=/bin:/usr/bin", "A=one two", "B="])
  }

  @Test("no descriptor but the standard ones is inherited, whoever opened it")
  func inheritsNoDescriptor() throws {
    let other = fcntl(2, F_DUPFD, 200)
    defer { close(other) }
    try #require(other >= 200)
    // ls has the directory itself open as 3.
    let found = try Self.run("exec ls /proc/self/fd")
    #expect(found.text.split(separator: "\n") == ["0", "1", "2", "3"])
  }

  @Test("signals and the limit of core dumps are for a child as they were at the start")
  func restoresSignals() throws {
    var before = rlimit()
    unsafe getrlimit(__rlimit_resource_t(4), &before)
    let found = try Self.run("ulimit -c; exec grep -E '^Sig(Blk|Ign)' /proc/self/status") { _ in
      var set = sigset_t()
      unsafe sigemptyset(&set)
      for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { unsafe sigaddset(&set, number) }
      unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
      signal(SIGPIPE, SIG_IGN)
      Process.forgoCoreDump()
    }
    let lines = found.text.split(separator: "\n").map(String.init)
    try #require(lines.count == 3)
    for line in lines.dropFirst() {
      let mask = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
      for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD] {
        #expect(mask & (1 << UInt64(number - 1)) == 0, "\(line) has \(number)")
      }
    }
    if before.rlim_cur == rlim_t(bitPattern: -1) {
      #expect(lines[0] == "unlimited")
    } else {
      // In blocks of 512 octets.
      #expect(lines[0] == "\(before.rlim_cur / 512)")
    }
  }

  @Test("a child is ended by a signal, and by force when it does not listen")
  func sendsSignals() throws {
    let ends = try Self.alone {
      let nursery = try Nursery()
      try nursery.start(Command(["sleep", "60"])).signal(.terminate)
      try nursery.wait(for: 1)
      let deaf = try nursery.start(Command(["sh", "-c", "trap '' TERM; exec sleep 60"]))
      deaf.kill()
      try nursery.wait(for: 2)
      deaf.signal(.terminate)
      return nursery.ends.map(\.end)
    }
    #expect(ends == [.killed(SIGTERM), .killed(SIGKILL)])
  }

  @Test("a session of its own")
  func startsSession() throws {
    let script = "echo $(cut -d' ' -f6 /proc/$$/stat) $$"
    let apart = try Self.run(script) { $0.isApart = true }.text.split { $0.isWhitespace }
    let beside = try Self.run(script).text.split { $0.isWhitespace }
    #expect(apart[0] == apart[1])
    #expect(beside[0] != beside[1])
  }

  @Test("a child ends with its parent when that was asked for", arguments: [true, false])
  func endsWithParent(ends: Bool) throws {
    // For the kernel the thread that forked is the parent.
    let id = try Self.alone {
      var command = Command(["sleep", "60"])
      command.endsWithParent = ends
      return try Nursery().start(command).id
    }
    var status: Int32 = 0
    if ends {
      #expect(unsafe waitpid(id, &status, 0) == id)
      #expect(status & 0x7f == SIGTERM)
    } else {
      usleep(300_000)
      #expect(unsafe waitpid(id, &status, WNOHANG) == 0)
      kill(id, SIGKILL)
      #expect(unsafe waitpid(id, &status, 0) == id)
    }
  }

  @Test("the ends of many children are told once each, also when nobody has kept them")
  func tellsManyEnds() throws {
    let ends = try Self.alone {
      let nursery = try Nursery()
      for status in 0..<40 { _ = try nursery.start(Command(["sh", "-c", "exit \(status)"])) }
      try nursery.wait(for: 40)
      try nursery.wait(for: 40)
      return nursery.ends.map(\.end)
    }
    #expect(ends.count == 40)
    for status in 0..<40 { #expect(ends.contains(.exited(Int32(status)))) }
  }
}
