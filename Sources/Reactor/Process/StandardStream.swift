import Basics
import CEpoll

/// Standard output and standard error, written without a buffer.
public struct StandardStream {
  public static var output: StandardStream { StandardStream(descriptor: 1) }
  public static var error: StandardStream { StandardStream(descriptor: 2) }

  let descriptor: Int32

  /// systemd's journal reads it.
  public var isJournal: Bool { cepoll_is_journal(descriptor) != 0 }

  public func write(_ text: String) { write(text.octets) }

  /// Begins a line that says what is wrong, as the journal has it.
  public func beginFault() { if isJournal { write("<3>") } }

  /// Blocks until all is written, also when whoever shares the stream has made it non-blocking; what a closed
  /// pipe does not take is lost.
  public func write(_ bytes: [UInt8]) { try? writeWhole(bytes) }

  /// The same; who has closed a pipe wants no more of it, and anything else is an error.
  public func writeWhole(_ bytes: [UInt8]) throws(SystemError) {
    let outcome = unsafe bytes.withUnsafeBytes { all in
      unsafe cepoll_write_whole(descriptor, all.baseAddress, all.count)
    }
    if outcome != -EPIPE { _ = try SystemError.check(outcome, "write") }
  }
}

/// A log's lines on standard error, as fast as that takes them.
public final class LogOutput: LogSink {
  public let processID = cepoll_process_id()
  public let isJournal: Bool
  public let hasColors: Bool
  private let log: cepoll_standard
  private var date = cepoll_date()

  public convenience init() { self.init(.error) }

  convenience init(_ stream: StandardStream) {
    self.init(
      cepoll_standard_error(stream.descriptor), isJournal: stream.isJournal,
      hasColors: cepoll_has_colors(stream.descriptor) != 0)
  }

  init(_ log: cepoll_standard, isJournal: Bool = false, hasColors: Bool = false) {
    self.log = log
    self.isJournal = isJournal
    self.hasColors = hasColors
  }

  deinit { cepoll_standard_close(log) }

  public var now: Instant { Instant(nanoseconds: cepoll_monotonic_nanoseconds()) }
  public var timeOfDay: String { time(isUTC: false) }
  public var timeStamp: String { time(isUTC: true) }

  private func time(isUTC: Bool) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      guard let base = text.baseAddress else { return "" }
      unsafe cepoll_format_time(&date, base, isUTC ? 1 : 0)
      return unsafe String(cString: base)
    }
  }

  public func offer(_ bytes: [UInt8]) -> Int {
    let written = unsafe bytes.withUnsafeBytes { all in
      unsafe cepoll_standard_write(log, all.baseAddress, all.count)
    }
    return max(0, written)
  }

  public func waitForRoom(_ time: Milliseconds) {
    cepoll_wait_writable(log.fd, Int32(clamping: time.count))
  }
}

/// systemd's journal, each of whose entries is one datagram (its native protocol). One that it does not take is lost.
public final class JournalOutput: LogSink {
  public static let path = "/run/systemd/journal/socket"

  public let processID = cepoll_process_id()
  // The journal notes it.
  public let timeOfDay = ""
  private let path: String
  private let descriptor = FileDescriptor(cepoll_notify_socket())

  /// - Parameter path: the socket's.
  /// - Throws: when there is no journal.
  public init(path: String = JournalOutput.path) throws(SystemError) {
    self.path = path
    // An entry without fields is none.
    let outcome = send([.lineFeed])
    if outcome < 0 { throw SystemError(-outcome, "send") }
  }

  public var now: Instant { Instant(nanoseconds: cepoll_monotonic_nanoseconds()) }

  public func offer(_ bytes: [UInt8]) -> Int { send(bytes) < 0 ? 0 : bytes.count }

  private func send(_ bytes: [UInt8]) -> Int32 {
    unsafe bytes.withUnsafeBytes { all in
      unsafe cepoll_notify(descriptor.raw, path, all.baseAddress, all.count)
    }
  }
}
