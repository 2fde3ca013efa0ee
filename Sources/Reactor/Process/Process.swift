import CEpoll

/// The process's surroundings.
public enum Process {
  /// An environment variable's value; nil when it is not set or empty.
  public static func environment(_ name: String) -> String? {
    guard let value = unsafe cepoll_environment(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// Whether the command line asks for it, be it right or wrong in all else.
  /// - Parameter option: with its hyphens.
  public static func isAsked(for option: String, _ value: String) -> Bool {
    unsafe cepoll_is_asked_for(option, value) != 0
  }

  /// The name of the next variable of the environment that begins with `prefix`, up to 63 octets of it.
  public static func nextVariable(
    beginningWith prefix: String, from index: inout Int32
  ) -> String? {
    guard let name = unsafe cepoll_environment_name(&index, prefix) else { return nil }
    return unsafe String(cString: name)
  }

  /// Overwrites an environment variable's value in place, so that /proc does not show it either. It then counts as empty.
  public static func wipeEnvironment(_ name: String) { unsafe cepoll_wipe_environment(name) }

  /// Whether an environment variable's value, if it has one, is UTF-8: as text another would not be what it is.
  public static func isEnvironmentText(_ name: String) -> Bool {
    guard let value = unsafe cepoll_environment(name) else { return true }
    return unsafe String(validatingCString: value) != nil
  }

  /// "Linux 6.1.0 x86_64".
  public static var systemName: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      guard let base = text.baseAddress else { return "Linux" }
      unsafe cepoll_system_name(base, 256)
      return unsafe String(cString: base)
    }
  }

  /// When a process was started, which tells it from a later one of the same number; nil when there is none.
  public static func startTime(of process: Int32) -> Int64? {
    let time = cepoll_start_time(process)
    return time < 0 ? nil : time
  }

  /// Sends SIGTERM to a process that is no child of this one.
  public static func terminate(_ process: Int32) { _ = cepoll_kill(process, SIGTERM) }

  /// The same with SIGKILL.
  public static func kill(_ process: Int32) { _ = cepoll_kill(process, SIGKILL) }

  /// Fails when there is no such program: a path with a slash, or a name in PATH.
  public static func findProgram(_ name: String) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_find_program(name), "find")
  }

  /// The user whose rights the process has.
  public static var userID: UInt32 { cepoll_user_id() }

  /// Local time as 2026-11-22 17:44:06, for messages.
  static var date: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      guard let base = text.baseAddress else { return "" }
      var date = cepoll_date()
      unsafe cepoll_format_time(&date, base, 0)
      unsafe base[19] = 0
      return unsafe String(cString: base)
    }
  }

  /// Makes sure that descriptors 0 to 2 are taken, before anything else is opened, and that a write to a pipe
  /// without a reader is an error rather than the end (SIGPIPE).
  public static func prepareStandardStreams() { cepoll_prepare_standard_streams() }

  /// Gives the memory back that only the start needed: what is free in the heap, and the pages of the program and its
  /// libraries, of which those that are still used come back at once.
  public static func giveBackMemory() { cepoll_give_back_memory() }

  /// Whether memory is overwritten as it is given back to the heap, in the shipped programs: while secrets are on
  /// their way through it, and not while bytes are relayed.
  public static var wipesFreedMemory: Bool {
    get { cepoll_wipes_freed_memory() != 0 }
    set { cepoll_wipe_freed_memory(newValue ? 1 : 0) }
  }

  /// A crash leaves no file with all that was in memory.
  public static func forgoCoreDump() { cepoll_forgo_core_dump() }

  /// Ends the program with status 1 and a line on standard error, as when an allocation of Swift's fails.
  public static func endForWantOfMemory() -> Never { cepoll_out_of_memory() }

  /// malloc(3) for libraries that make something else of a failure: the program ends.
  public static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    unsafe cepoll_allocate(byteCount)
  }

  public static func exit(_ status: Int32) -> Never { cepoll_exit(status) }

  public static func fileExists(_ path: String) -> Bool { unsafe cepoll_exists(path) != 0 }

  /// Whether there is a regular file with something in it.
  public static func isWritten(_ path: String) -> Bool { unsafe cepoll_is_written(path) != 0 }

  /// Whether there is something, and no Unix domain socket.
  public static func isNoSocket(_ path: String) -> Bool { unsafe cepoll_is_no_socket(path) != 0 }

  /// Fails where there is no directory, or none that can be reached.
  public static func findDirectory(_ path: String) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_find_directory(path), "find")
  }

  public static func directoryExists(_ path: String) -> Bool {
    unsafe cepoll_find_directory(path) == 0
  }

  /// Whether it was started with a listening socket: for a service of this name, or for any with nil.
  public static func isSocketPassed(for service: String?) -> Bool {
    guard let service else { return cepoll_is_passed(nil) != 0 }
    return unsafe cepoll_is_passed(service) != 0
  }

  /// Fails where there is no named pipe to read from.
  public static func findPipe(_ path: String) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_find_pipe(path), "open")
  }

  /// Makes a directory; one that is there already is fine.
  public static func makeDirectory(_ path: String, mode: UInt32) throws(SystemError) {
    _ = try SystemError.check(unsafe cepoll_make_directory(path, mode), "mkdir")
  }

  /// Does something while no other process does the same with this directory. On a file system without locks several may.
  public static func withLocked<Failure>(
    directory: String, _ body: () throws(Failure) -> Void
  ) throws(Failure) {
    let lock = unsafe cepoll_lock_directory(directory)
    defer { if lock >= 0 { cepoll_close(lock) } }
    try body()
  }

  /// The absolute form of an existing path.
  public static func absolutePath(_ path: String) -> String {
    guard let absolute = unsafe cepoll_absolute_path(path) else { return path }
    defer { unsafe free(absolute) }
    return unsafe String(cString: absolute)
  }
}
