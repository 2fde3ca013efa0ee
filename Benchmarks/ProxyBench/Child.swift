import Foundation
import Glibc

/// One process under measurement: its output lines, its CPU time and memory, and its end.
final class Child: @unchecked Sendable {
  /// What it is called in messages: hub, source or destination.
  let name: String
  let processID: pid_t
  /// Whose figures are asked for: its own, or those of a process that it has made.
  private var measuredID: pid_t
  let startTime: UInt64

  private let output = Output()
  private let lock = NSLock()
  /// What waitpid said; guarded by the lock.
  private var status: Int32?

  init(
    name: String, path: String, arguments: [String], environment: [String: String] = [:]
  ) throws {
    self.name = name
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure("cannot make a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    startTime = Clock.now()
    let spawned = Self.spawn(path, arguments, environment, output: ends[1])
    close(ends[1])
    guard let spawned else {
      close(ends[0])
      throw Failure("cannot run \(path)")
    }
    processID = spawned
    measuredID = spawned
    Guardian.shared.watch(spawned)
    // The thread holds the output, not the child, so that a child let go of is stopped.
    Thread.detachNewThread { [output, descriptor = ends[0]] in output.readLines(from: descriptor) }
  }

  deinit {
    stop()
  }

  // MARK: Output

  /// The first line, past or to come, for which `matches` holds.
  func waitForLine(
    _ what: String, seconds: Double, where matches: (String) -> Bool
  ) throws -> String {
    switch output.waitForLine(until: Date(timeIntervalSinceNow: seconds), where: matches) {
    case .line(let line): return line
    case .closed: throw Failure("\(name) ended before its \(what): \(lastLine)")
    case .timeout: throw Failure("\(name): no \(what) within \(Int(seconds)) s: \(lastLine)")
    }
  }

  var lastLine: String {
    output.lastLine ?? "no output"
  }

  func lineCount(where matches: (String) -> Bool) -> Int {
    output.lineCount(where: matches)
  }

  // MARK: Figures

  /// From now on the figures are those of the process that it has made, or of that one's.
  func measureChild() throws {
    while let text = try? String(
      contentsOfFile: "/proc/\(measuredID)/task/\(measuredID)/children", encoding: .utf8),
      let child = text.split(separator: " ").compactMap({ pid_t($0) }).last
    { measuredID = child }
    guard measuredID != processID else { throw Failure("\(name) has made no process") }
  }

  func cpuSeconds() throws -> Double {
    guard ending == nil, let time = Clock.cpuTime(of: measuredID) else {
      throw Failure("\(name) \(ending ?? "is gone")")
    }
    return Double(time) / 1e9
  }

  /// A line of /proc/PID/status or smaps_rollup, which say KiB, in MB (10^6 bytes).
  func megabytes(_ field: String, in file: String = "status") throws -> Double {
    try number(field, in: file) * 1024 / 1e6
  }

  /// The number of such a line.
  func number(_ field: String, in file: String = "status") throws -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(measuredID)/\(file)", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix(field + ":") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, let number = Double(words[1]) { return number }
    }
    throw Failure("\(name) \(ending ?? "does not show \(field)")")
  }

  /// Lets VmHWM begin again at the present size. Without the right to do so the peak is that of the
  /// whole life, which is never too low.
  func resetPeak() {
    guard let file = fopen("/proc/\(measuredID)/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  // MARK: The end

  /// How it ended, or nil while it runs.
  var ending: String? {
    guard let status = reap() else { return nil }
    let signalNumber = status & 0x7f
    if signalNumber == 0 { return "exited with status \((status >> 8) & 0xff)" }
    return "was killed by signal \(signalNumber)"
  }

  func terminate() {
    if reap() == nil { kill(processID, SIGTERM) }
  }

  /// SIGTERM, seven seconds (localproxy drains for five), then SIGKILL.
  func stop() {
    terminate()
    let start = Clock.now()
    while reap() == nil, Clock.seconds(since: start) < 7 { usleep(2000) }
    if reap() == nil {
      kill(processID, SIGKILL)
      while reap() == nil { usleep(2000) }
    }
  }

  private func reap() -> Int32? {
    lock.withLock {
      if status == nil {
        var value: Int32 = 0
        if waitpid(processID, &value, WNOHANG) == processID {
          status = value
          Guardian.shared.forget(processID)
        }
      }
      return status
    }
  }

  private static func spawn(
    _ path: String, _ arguments: [String], _ environment: [String: String], output: Int32
  ) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var defaults = Guardian.caughtSignals
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argumentPointers = ([path] + arguments).map { strdup($0) } + [nil]
    var environmentPointers = merged.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    var processID: pid_t = 0
    let result = posix_spawn(
      &processID, path, &actions, &attributes, &argumentPointers, &environmentPointers)
    return result == 0 ? processID : nil
  }
}
