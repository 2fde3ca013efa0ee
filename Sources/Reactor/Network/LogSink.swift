import Basics

/// Where a log's lines go, and the clocks that they are written by.
public protocol LogSink: AnyObject {
  /// On a clock that goes on, for the limits on lines of one kind.
  var now: Instant { get }
  /// The time of day, local, as 2026-11-22 17:44:06.673382.
  var timeOfDay: String { get }
  /// The time of day as RFC 3339 has it, in UTC: 2026-11-22T17:44:06.673382Z.
  var timeStamp: String { get }
  var processID: Int32 { get }
  /// It notes time and process by itself, and reads a level in front of a line, as sd-daemon(3) has it.
  var isJournal: Bool { get }
  /// A person looks at it, and has nothing against colours (`NO_COLOR`).
  var hasColors: Bool { get }
  /// Offers bytes once, and returns how many were taken: none when it is full, broken or closed. It waits for nobody.
  func offer(_ bytes: [UInt8]) -> Int
  /// Waits until there may be room, or so long. For the last words alone.
  func waitForRoom(_ time: Milliseconds)
}

extension LogSink {
  public var timeStamp: String { timeOfDay }
  public var isJournal: Bool { false }
  public var hasColors: Bool { false }
  public func waitForRoom(_ time: Milliseconds) {}
}
