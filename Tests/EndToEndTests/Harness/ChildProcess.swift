import Foundation

/// A program under test. Its output goes to files, so that nothing it writes can block it, and whatever
/// happens it is killed and reaped with this object.
final class ChildProcess: @unchecked Sendable {
  enum Exit: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  enum Stream {
    case output
    case error
  }

  let name: String
  let processID: pid_t
  let outputPath: String
  let errorPath: String

  private let lock = NSLock()
  /// Set once the process has been reaped; from then on its id may belong to another process.
  private var exit: Exit?

  /// Starts a program found by path or in PATH, with a clean environment but for what is given.
  /// - Parameters:
  ///   - input: a descriptor for its standard input, closed here; none means an empty one.
  ///   - output: a descriptor for its standard output, closed here, in the place of the file.
  ///   - error: a descriptor for its standard error, in the place of the file.
  ///   - passed: descriptors that are to be its 3, 4, ….
  init(
    _ program: String, _ arguments: [String] = [], name: String, in scratch: ScratchDirectory,
    environment: [String: String] = [:], input: Int32? = nil, output: Int32? = nil,
    error: Int32? = nil, passed: [Int32] = []
  ) throws {
    self.name = name
    outputPath = scratch.file("\(name).out")
    errorPath = scratch.file("\(name).err")
    var variables = ["LC_ALL": "C"]
    for kept in ["PATH", "HOME", "TMPDIR"] {
      variables[kept] = ProcessInfo.processInfo.environment[kept]
    }
    variables.merge(environment) { $1 }
    processID = try Self.spawn(
      program, arguments, variables.map { "\($0)=\($1)" }, input, output, outputPath, errorPath,
      error, passed)
  }

  deinit {
    guard exit == nil else { return }
    kill(processID, SIGKILL)
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
  }

  // MARK: Its life

  var isRunning: Bool { poll() == nil }

  func send(_ signal: Int32) {
    lock.withLock { if exit == nil { _ = kill(processID, signal) } }
  }

  @discardableResult
  func waitForExit(within seconds: Double) throws -> Exit {
    try eventually(within: seconds, "the end of \(name)") { poll() }
  }

  private func poll() -> Exit? {
    lock.withLock {
      var status: Int32 = 0
      if exit == nil && waitpid(processID, &status, WNOHANG) == processID {
        let signal = status & 0x7f
        exit = signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
      }
      return exit
    }
  }

  // MARK: Its output

  func text(of stream: Stream) -> String {
    let path = stream == .output ? outputPath : errorPath
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Waits until a whole line contains every one of `parts`; the process may end meanwhile only if it
  /// wrote that line.
  @discardableResult
  func waitForLine(
    containing parts: String..., in stream: Stream = .error, within seconds: Double = 20
  ) throws -> String {
    try eventually(within: seconds, "a line of \(name) containing \(parts)\n\(tail)") {
      let ended = !isRunning
      let lines = text(of: stream).split(separator: "\n", omittingEmptySubsequences: false)
      let line = lines.dropLast().first { line in parts.allSatisfy(line.contains) }
      if line == nil && ended {
        throw Failure("\(name) ended without a line with \(parts)\n\(tail)")
      }
      return line.map(String.init)
    }
  }

  /// The end of what it wrote, for a failure's report.
  var tail: String {
    let lines = (text(of: .output) + text(of: .error)).split(separator: "\n").suffix(15)
    let state = poll().map { "ended: \($0)" } ?? "running"
    return (["--- \(name) (\(state))"] + lines.map(String.init)).joined(separator: "\n")
  }

  // MARK: What the kernel says of it

  /// Largest resident memory so far.
  func residentPeakKilobytes() throws -> Int { try status("VmHWM") }

  func residentKilobytes() throws -> Int { try status("VmRSS") }

  private func status(_ field: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
    guard let number = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first,
      let kilobytes = Int(number)
    else { throw Failure("no \(field) for \(name)") }
    return kilobytes
  }

  func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/fd").count
  }

  // MARK: Starting

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String], _ input: Int32?,
    _ output: Int32?,
    _ outputPath: String, _ errorPath: String, _ error: Int32?, _ passed: [Int32]
  ) throws -> pid_t {
    // Out of the way of the numbers that they are to have.
    let passed = passed.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
    defer {
      if let input { close(input) }
      if let output { close(output) }
      for descriptor in passed { close(descriptor) }
    }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    let writing = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, writing, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, writing, 0o600)
    if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
    if let error { posix_spawn_file_actions_adddup2(&actions, error, 2) }
    for (index, descriptor) in passed.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, 3 + Int32(index))
    }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

    var processID: pid_t = 0
    let result = withCStrings([program] + arguments) { argv in
      withCStrings(environment) { envp in
        posix_spawnp(&processID, program, &actions, &attributes, argv, envp)
      }
    }
    guard result == 0 else {
      throw Failure("starting \(program): \(String(cString: strerror(result)))")
    }
    return processID
  }
}

/// Keeps a descriptor from the children: a connection one of them inherited would outlive its close here.
func closeOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

/// Lends a NULL-terminated vector of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}
