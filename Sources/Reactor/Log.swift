import Basics

/// How much is said: the reference's levels, 0 (nothing) to 6.
public enum LogLevel: Int, Comparable, Sendable {
  case off = 0
  case fatal, error, warning, info, debug, trace

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  public var name: String {
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

  /// syslog(3)'s number of it.
  var priority: Int {
    switch self {
    case .off, .fatal: 2
    case .error: 3
    case .warning: 4
    case .info: 6
    case .debug, .trace: 7
    }
  }
}

/// Lines, for standard error: `[2026-11-22 17:44:06.673382] (PID) [info] text`; for the journal `<6>[info] text`.
///
/// A secret handed to `conceal` never gets out, at no level and in no text, nor does a piece of it (`Concealment`).
/// Whatever others say, a line is one line of characters that can be seen.
public final class Log {
  /// Bytes of a line's text at the most: with what stands before it, a pipe takes it whole or not at all.
  private static let lineByteCountMax = 4_000

  public var level: LogLevel
  /// Lines of which standard error took nothing; said with the next line that it takes.
  private var lostLineCount = 0
  /// The end of a line that standard error has not taken yet. It comes before anything else, or never.
  private var rest: [UInt8] = []
  private var concealment = Concealment()
  private var limit = LogLimit()
  /// Lines of the kind of the next one that were left out before it.
  private var leftOutCount = 0
  private let sink: any LogSink
  /// The last line of level error or fatal, without what must not get out; "" for none.
  public private(set) var lastError = ""

  public init(level: LogLevel, sink: any LogSink) {
    self.level = level
    self.sink = sink
  }

  /// Replaces `secret` by asterisks in every line from here on. Shorter than four bytes it could not be
  /// told from ordinary text and is ignored.
  public func conceal(_ secret: String) { concealment.add(secret) }

  /// Forgets a secret that opens nothing any more.
  public func forget(_ secret: String) { concealment.remove(secret) }

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

  /// A line of which there may be very many: see `LogLimit`.
  @inline(__always) public func error(_ kind: LogKind, _ text: @autoclosure () -> String) {
    if level >= .error && admits(kind, .error) { write(.error, text()) }
  }

  @inline(__always) public func warning(_ kind: LogKind, _ text: @autoclosure () -> String) {
    if level >= .warning && admits(kind, .warning) { write(.warning, text()) }
  }

  @inline(__always) public func info(_ kind: LogKind, _ text: @autoclosure () -> String) {
    if level >= .info && admits(kind, .info) { write(.info, text()) }
  }

  @inline(never) private func admits(_ kind: LogKind, _ level: LogLevel) -> Bool {
    if !limit.admits(kind, level, now: sink.now.nanoseconds) { return false }
    leftOutCount = limit.takeLeftOut(kind)
    return true
  }

  @inline(__always) public func debug(_ text: @autoclosure () -> String) {
    if level >= .debug { write(.debug, text()) }
  }

  @inline(__always) public func trace(_ text: @autoclosure () -> String) {
    if level >= .trace { write(.trace, text()) }
  }

  /// Not inlined and without a closure, or each call in the program would get a copy of it.
  @inline(never) private func write(_ level: LogLevel, _ text: String) {
    var text = text
    if leftOutCount > 0 { text += " (% more like it were left out)".with(leftOutCount.decimal) }
    leftOutCount = 0
    if level <= .error { lastError = shown(text) }
    if limit.hasLeftOut { saySummaries(now: sink.now.nanoseconds) }
    offer(level, text)
  }

  /// Whoever reads the log may be slow or stuck; the loop goes on without the line.
  private func offer(_ level: LogLevel, _ text: String) {
    if !finishLine() || !sayLost() || !put(line(level, text)) { lostLineCount += 1 }
  }

  private func saySummaries(now: Int64?) {
    while let summary = limit.nextSummary(now: now) { offer(summary.level, summary.text) }
  }

  /// Says what is still to be said, as far as standard error takes it.
  public func finish() {
    saySummaries(now: nil)
    if finishLine() { _ = sayLost() }
  }

  /// False when standard error does not take all that is left of the last line.
  private func finishLine() -> Bool {
    if !rest.isEmpty { rest.removeFirst(sink.offer(rest)) }
    return rest.isEmpty
  }

  /// False when the next line cannot follow yet.
  private func sayLost() -> Bool {
    if lostLineCount == 0 { return true }
    let text = "% log lines were lost: standard error did not take them".with(
      lostLineCount.decimal)
    if !put(line(.warning, text)) { return false }
    lostLineCount = 0
    return rest.isEmpty
  }

  /// Writes a line, or its beginning; false when nothing of it was taken.
  private func put(_ line: [UInt8]) -> Bool {
    let count = sink.offer(line)
    if count == 0 { return false }
    rest = Array(line.dropFirst(count))
    return true
  }

  private func line(_ level: LogLevel, _ text: String) -> [UInt8] {
    let head =
      sink.isJournal
      ? "<%>[%] ".with(level.priority.decimal, level.name)
      : "[%] (%) [%] ".with(sink.timeOfDay, Int(sink.processID).decimal, level.name)
    var line = head.octets
    line += shown(text).octets
    line.append(.lineFeed)
    return line
  }

  /// Where a piece of a secret stood, the rest of a character may be left, which becomes a replacement character.
  private func shown(_ text: String) -> String {
    concealment.applied(to: text).printable.octets.beginning(Self.lineByteCountMax).text
  }
}
