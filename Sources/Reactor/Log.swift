import CEpoll

/// How much is said: the reference's levels, 0 (nothing) to 6.
public enum LogLevel: Int, Comparable, Sendable {
  case off = 0
  case fatal, error, warning, info, debug, trace

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  var name: String {
    switch self {
    case .off: "off"
    case .fatal: "fatal"
    case .error: "error"
    case .warning: "warning"
    case .info: "info"
    case .debug: "debug"
    case .trace: "trace"
    }
  }
}

/// Lines on standard error: `[2026-11-22 17:44:06.673382] (PID) [info] text`.
///
/// A secret handed to `conceal` never gets out, at no level and in no text.
public final class Log {
  /// Bytes of a line at the most: a pipe that is ready takes 4,096 without blocking.
  private static let lineByteCountMax = 4_000

  public var level: LogLevel
  /// Lines that standard error would have blocked for; said with the next line that it takes.
  private var lostLineCount = 0
  /// The end of a line that a non-blocking standard error has not taken yet.
  private var rest: [UInt8] = []
  private var secrets: [[UInt8]] = []
  private let processID = cepoll_process_id()
  private let stream: StandardStream

  public convenience init(level: LogLevel) { self.init(level: level, stream: .error) }

  init(level: LogLevel, stream: StandardStream) {
    self.level = level
    self.stream = stream
  }

  /// Replaces `secret` by asterisks in every line from here on. Shorter than four bytes it could not be
  /// told from ordinary text and is ignored.
  public func conceal(_ secret: String) {
    if secret.utf8.count >= 4 { secrets.append(Array(secret.utf8)) }
  }

  @inline(__always) public func fatal(_ text: @autoclosure () -> String) {
    if level >= .fatal { write(.fatal, text()) }
  }

  @inline(__always) public func error(_ text: @autoclosure () -> String) {
    if level >= .error { write(.error, text()) }
  }

  @inline(__always) public func warning(_ text: @autoclosure () -> String) {
    if level >= .warning { write(.warning, text()) }
  }

  @inline(__always) public func info(_ text: @autoclosure () -> String) {
    if level >= .info { write(.info, text()) }
  }

  @inline(__always) public func debug(_ text: @autoclosure () -> String) {
    if level >= .debug { write(.debug, text()) }
  }

  @inline(__always) public func trace(_ text: @autoclosure () -> String) {
    if level >= .trace { write(.trace, text()) }
  }

  /// Not inlined and without a closure, or each call in the program would get a copy of it.
  @inline(never) private func write(_ level: LogLevel, _ text: String) {
    // Whoever reads the log may be slow or stuck; the loop goes on without the line.
    if !stream.isWritable || !goOn(with: []) {
      lostLineCount += 1
      return
    }
    if lostLineCount > 0 {
      let count = lostLineCount
      lostLineCount = 0
      _ = goOn(
        with: line(.warning, "\(count) log lines were lost: standard error did not take them"))
    }
    _ = goOn(with: line(level, text))
  }

  /// Writes what is left and then `line`; false when something is left again.
  private func goOn(with line: [UInt8]) -> Bool {
    rest += line
    if !rest.isEmpty { rest = stream.offer(rest) }
    return rest.isEmpty
  }

  private func line(_ level: LogLevel, _ text: String) -> [UInt8] {
    var line = Array("[\(Self.timestamp())] (\(processID)) [\(level.name)] ".utf8)
    line.append(
      contentsOf: Self.printable(concealed(Array(text.utf8))).prefix(Self.lineByteCountMax))
    line.append(0x0a)
    return line
  }

  private func concealed(_ text: [UInt8]) -> [UInt8] {
    var text = text
    for secret in secrets where text.count >= secret.count {
      var index = 0
      while index <= text.count - secret.count {
        if text[index..<(index + secret.count)] == secret[...] {
          text.replaceSubrange(index..<(index + secret.count), with: Array("***".utf8))
        }
        index += 1
      }
    }
    return text
  }

  /// A peer's text cannot begin a new line or move a terminal's cursor.
  private static func printable(_ text: [UInt8]) -> [UInt8] {
    text.map { $0 < 0x20 || $0 == 0x7f ? 0x3f : $0 }
  }

  private static func timestamp() -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      guard let base = text.baseAddress else { return "" }
      unsafe cepoll_format_time(base, 64)
      return unsafe String(cString: base)
    }
  }
}

/// Standard output and standard error, written without a buffer.
public struct StandardStream {
  public static var output: StandardStream { StandardStream(descriptor: 1) }
  public static var error: StandardStream { StandardStream(descriptor: 2) }

  let descriptor: Int32

  public func write(_ text: String) { write(Array(text.utf8)) }

  /// A log line can be written without blocking.
  var isWritable: Bool { cepoll_is_writable(descriptor) != 0 }

  /// Blocks until all is written, also when whoever shares the stream has made it non-blocking; what a closed
  /// pipe does not take is lost.
  public func write(_ bytes: [UInt8]) {
    _ = unsafe bytes.withUnsafeBytes { all in
      unsafe cepoll_write_whole(descriptor, all.baseAddress, all.count)
    }
  }

  /// Writes once, and returns what a non-blocking stream has not taken.
  func offer(_ bytes: [UInt8]) -> [UInt8] {
    let written = unsafe bytes.withUnsafeBytes { all in
      unsafe cepoll_write(descriptor, all.baseAddress, all.count)
    }
    if written == -Int(EAGAIN) { return bytes }
    // What a closed pipe does not take is lost.
    return written < 0 ? [] : Array(bytes.dropFirst(written))
  }
}
