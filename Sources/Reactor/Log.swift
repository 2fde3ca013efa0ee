import Basics

/// How much is said: the reference's levels, 0 (nothing) to 6.
public enum LogLevel: Int, Comparable, Sendable {
  case off = 0
  case fatal, error, warning, info, debug, trace

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  /// The names, in the cases' order.
  private static let names = "off|fatal|error|warning|info|debug|trace"

  public var name: String { Self.names.part(rawValue) }

  /// The name as a terminal shows it: red where something is lost, yellow where it may be, faint where it is detail.
  var coloredName: String {
    let color =
      switch self {
      case .off, .fatal, .error: "31"
      case .warning: "33"
      case .info: ""
      case .debug, .trace: "2"
      }
    return color.isEmpty ? name : "\u{1b}[%m%\u{1b}[0m".with(color, name)
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

/// Lines, for standard error: `[2026-11-22 17:44:06.673382] (PID) [info] text`, or in another format (`LogFormat`). Each is
/// an event of the program's list (`LogEvents`); scripts/log-events writes a method for each.
///
/// A secret handed to `conceal` never gets out, at no level and in no text, nor does a piece of it (`Concealment`).
/// Whatever others say, a line is one line of characters that can be seen.
public final class Log {
  /// Bytes of a line's text at the most: with what stands before it, a pipe takes it whole or not at all.
  private static let textByteCountMax = 4_000
  /// What stands before a text takes no more.
  private static let headByteCountMax = 64
  /// How often, and for how long each time, room for the last words is waited for.
  private static let farewellTryMax = 3
  private static let farewellTime = Milliseconds(100)

  public var level: LogLevel
  private let format: LogFormat
  private let events: LogEvents
  /// Lines of which standard error took nothing; said with the next line that it takes.
  private var lostLineCount = 0
  /// A line of level fatal that was lost: why the program ends.
  private var lastWords: [UInt8] = []
  /// The end of a line that standard error has not taken yet. It comes before anything else, or never.
  private var rest: [UInt8] = []
  private var concealment = Concealment()
  private var limit = LogLimit()
  private let sink: any LogSink
  /// The last line of level error or fatal, without what must not get out; "" for none.
  public private(set) var lastError = ""

  public init(level: LogLevel, format: LogFormat = .text, events: LogEvents, sink: any LogSink) {
    self.level = level
    self.format = format
    self.events = events
    self.sink = sink
  }

  /// Replaces `secret` by asterisks in every line from here on. Shorter than four bytes it could not be
  /// told from ordinary text and is ignored.
  public func conceal(_ secret: String) { concealment.add(secret) }

  /// Forgets a secret that opens nothing any more.
  public func forget(_ secret: String) { concealment.remove(secret) }

  // MARK: For the methods that scripts/log-events writes

  @inline(never) package func takes(_ event: UInt8) -> Bool {
    if level.rawValue < Int(events.level(event)) { return false }
    return !events.isLimited(event) || limit.admits(event, now: sink.now.nanoseconds)
  }

  // Each call in the program would make an array of its own.
  @inline(never) package func write(_ event: UInt8) { write(event, []) }

  @inline(never) package func write(_ event: UInt8, _ first: String) { write(event, [first]) }

  @inline(never) package func write(_ event: UInt8, _ first: String, _ second: String) {
    write(event, [first, second])
  }

  @inline(never) package func write(
    _ event: UInt8, _ first: String, _ second: String, _ third: String
  ) {
    write(event, [first, second, third])
  }

  @inline(never) package func write(
    _ event: UInt8, _ first: String, _ second: String, _ third: String, _ fourth: String,
    _ fifth: String = "", _ sixth: String = ""
  ) {
    write(event, [first, second, third, fourth, fifth, sixth])
  }

  /// Whoever reads the log may be slow or stuck; the loop goes on without the line.
  @inline(never) private func write(_ event: UInt8, _ fields: [String]) {
    let leftOutCount = limit.takeLeftOut(event)
    if limit.hasLeftOut { saySummaries(now: sink.now.nanoseconds) }
    let line = line(event, fields, leftOutCount: leftOutCount)
    if !offer(line) && events.level(event) == UInt8(LogLevel.fatal.rawValue) { lastWords = line }
  }

  private func offer(_ line: [UInt8]) -> Bool {
    let isTaken = finishLine() && sayLost() && put(line)
    if !isTaken { lostLineCount += 1 }
    return isTaken
  }

  private func saySummaries(now: Int64?) {
    while let summary = limit.nextSummary(now: now) {
      _ = offer(
        line(
          LogEvents.linesLeftOut, [summary.count.decimal, events.name(summary.event).text],
          level: events.level(summary.event)))
    }
  }

  /// Says what is still to be said, as far as standard error takes it. Only here its reader is waited for, for a moment:
  /// what was lost is told, and why the program ends.
  public func finish() {
    saySummaries(now: nil)
    for _ in 0..<Self.farewellTryMax {
      if !lastWords.isEmpty && finishLine() && put(lastWords) {
        lastWords = []
        lostLineCount -= 1
      }
      if finishLine() && sayLost() && lastWords.isEmpty { return }
      sink.waitForRoom(Self.farewellTime)
    }
  }

  /// False when standard error does not take all that is left of the last line.
  private func finishLine() -> Bool {
    if !rest.isEmpty { rest.removeFirst(sink.offer(rest)) }
    return rest.isEmpty
  }

  /// False when the next line cannot follow yet.
  private func sayLost() -> Bool {
    if lostLineCount == 0 { return true }
    if !put(line(LogEvents.linesLost, [lostLineCount.decimal])) { return false }
    lostLineCount = 0
    return rest.isEmpty
  }

  /// Writes a line, or its beginning; false when nothing of it was taken.
  private func put(_ line: [UInt8]) -> Bool {
    let count = sink.offer(line)
    if count == 0 { return false }
    rest = count < line.count ? Array(line[count...]) : []
    return true
  }

  // MARK: Formats

  /// - Parameters:
  ///   - leftOutCount: lines of the event that were left out before it.
  ///   - other: another level than the event's, of a line about lines.
  private func line(
    _ event: UInt8, _ fields: [String], leftOutCount: Int = 0, level other: UInt8? = nil
  ) -> [UInt8] {
    let level = LogLevel(rawValue: Int(other ?? events.level(event))) ?? .info
    var fields = fields
    var record = format == .text ? nil : beginRecord(level, event)
    if record != nil {
      for index in fields.indices { fields[index] = shown(fields[index].octets)[...].text }
    }
    var template = LogTemplate(events.text(event), fields)
    template.fill(&record)
    var message = template.message
    if leftOutCount > 0 {
      message.append(" (% more like it were left out)".with(leftOutCount.decimal))
    }
    message = shown(message)
    if level <= .error && other == nil { lastError = message[...].text }
    guard var record else { return text(level, message) }
    if leftOutCount > 0 { record.add("left_out", leftOutCount.decimal, isNumber: true) }
    record.prefix = ""
    record.add("message", message[...].text)
    return record.isJournal ? record.octets : record.octets + "}\n".octets
  }

  private func beginRecord(_ level: LogLevel, _ event: UInt8) -> LogRecord {
    var record = LogRecord(
      isJournal: format == .journal,
      head: sink.isJournal ? "<%>".with(level.priority.decimal) : "")
    if record.isJournal {
      record.add("priority", level.priority.decimal)
    } else {
      record.add("time", sink.timeStamp)
      record.add("pid", Int(sink.processID).decimal, isNumber: true)
      record.add("level", level.name)
    }
    record.prefix = "localproxy_"
    record.add("event", events.name(event).text)
    return record
  }

  // Many connections make many lines, so this one is put together without a text in between.
  private func text(_ level: LogLevel, _ message: [UInt8]) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(message.count + Self.headByteCountMax)
    if sink.isJournal {
      line.append("<%>[".with(level.priority.decimal))
      line.append(level.name)
    } else {
      line.append("[")
      line.append(sink.timeOfDay)
      line.append("] (")
      line.append(Int(sink.processID).decimal)
      line.append(") [")
      line.append(sink.hasColors ? level.coloredName : level.name)
    }
    line.append("] ")
    line += message
    line.append(.lineFeed)
    return line
  }

  /// Where a piece of a secret stood, the rest of a character may be left, which becomes a replacement character.
  private func shown(_ text: [UInt8]) -> [UInt8] {
    let text = concealment.applied(to: text)
    let isPlain = !text.contains { $0 >= 0x80 || $0.isControl }
    return (isPlain ? text : text[...].text.printable.octets).shortened(Self.textByteCountMax)
  }
}
