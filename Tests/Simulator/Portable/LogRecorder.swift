import Basics
import Reactor

/// A log whose lines the test reads.
public final class LogRecorder: LogSink {
  /// Lines, as standard error would get them.
  public private(set) var lines: [String] = []
  /// For the limits on lines of one kind.
  public var now = Instant(nanoseconds: 0)
  public let timeOfDay = "2026-11-22 17:44:06.673382"
  public let timeStamp = "2026-11-22T16:44:06.673382Z"
  public let processID: Int32 = 1
  public let isJournal: Bool
  public let hasColors: Bool
  private let level: LogLevel
  private let format: LogFormat
  private let events: LogEvents
  private var unfinished: [UInt8] = []

  public init(
    _ level: LogLevel = .info, format: LogFormat = .text, events: LogEvents,
    isJournal: Bool = false, hasColors: Bool = false
  ) {
    self.level = level
    self.format = format
    self.events = events
    self.isJournal = isJournal
    self.hasColors = hasColors
  }

  public private(set) lazy var log = Log(level: level, format: format, events: events, sink: self)

  public func offer(_ bytes: [UInt8]) -> Int {
    for octet in bytes {
      if octet == 0x0a {
        lines.append(String(decoding: unfinished, as: UTF8.self))
        unfinished = []
      } else {
        unfinished.append(octet)
      }
    }
    return bytes.count
  }

  public func lines(with text: String) -> [String] {
    lines.filter { line in
      let (line, text) = (Array(line.utf8), Array(text.utf8))
      return text.count <= line.count
        && (0...(line.count - text.count)).contains { line[$0...].starts(with: text) }
    }
  }
}

extension Log {
  /// Says nothing.
  public static var silent: Log {
    Log(level: .off, events: LogEvents([]), sink: LogRecorder(.off, events: LogEvents([])))
  }
}
