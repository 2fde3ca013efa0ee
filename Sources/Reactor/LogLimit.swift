import Basics

/// Lines that clients, or whoever is at the tunnel's other end, can cause as often as they like. Those that a served
/// connection has anyway, once each, are not among them: somebody may have to account for all of them.
public enum LogKind: Int, CaseIterable, Sendable {
  // localproxy's.
  case clientRefused, connectionRefused, reset, streamLost, connectFailed, clientReplaced,
    clientWaits, placeTaken, readerReset, lingerOver
  case acceptingPaused
  // tunneld's.
  case receptionFailed, endAbsent, endConnected, endLeft
  // localproxy-agent's.
  case lineDropped, notificationRefused

  /// What stands for the lines that were left out.
  var name: String {
    switch self {
    case .clientRefused: "refused a client"
    case .connectionRefused: "refused a connection"
    case .reset: "the peer reset"
    case .streamLost: "the destination does not know the stream"
    case .connectFailed: "could not connect"
    case .clientReplaced: "a new client replaces"
    case .clientWaits: "waits for its end"
    case .placeTaken: "gives its place to"
    case .readerReset: "has taken nothing"
    case .lingerOver: "has ended its sending"
    case .acceptingPaused: "cannot accept"
    case .receptionFailed: "turned away or refused"
    case .endAbsent: "is connected no more"
    case .endConnected: "is connected"
    case .endLeft: "has left"
    case .lineDropped: "a line is dropped"
    case .notificationRefused: "a notification is refused"
    }
  }
}

/// How many lines of a kind there may be: a burst of them, and then one a second. Those that are left out are counted.
struct LogLimit {
  static let burst: Int64 = 10
  private static let nanosecondsPerLine: Int64 = 1_000_000_000

  private struct State {
    /// When as many lines may follow each other again as ever: each line moves it by a second.
    var restedAt: Int64 = 0
    var leftOutCount = 0
    var level = LogLevel.info
  }

  private var states = [State](repeating: State(), count: LogKind.allCases.count)
  /// Lines of any kind were left out that nothing was said about.
  private(set) var hasLeftOut = false

  /// Whether a line may be written now, in nanoseconds on any clock that goes on; it is counted either way.
  mutating func admits(_ kind: LogKind, _ level: LogLevel, now: Int64) -> Bool {
    if take(kind, now) { return true }
    states[kind.rawValue].leftOutCount += 1
    states[kind.rawValue].level = level
    hasLeftOut = true
    return false
  }

  private mutating func take(_ kind: LogKind, _ now: Int64) -> Bool {
    let restedAt = max(states[kind.rawValue].restedAt, now)
    if restedAt > now + (Self.burst - 1) * Self.nanosecondsPerLine { return false }
    states[kind.rawValue].restedAt = restedAt + Self.nanosecondsPerLine
    return true
  }

  /// How many lines of a kind were left out since this was last asked.
  mutating func takeLeftOut(_ kind: LogKind) -> Int {
    let count = states[kind.rawValue].leftOutCount
    states[kind.rawValue].leftOutCount = 0
    return count
  }

  /// A line that says what was left out of a kind that may have one now; nil when there is none.
  /// - Parameter now: nil for the end, when nothing is waited for.
  mutating func nextSummary(now: Int64?) -> (level: LogLevel, text: String)? {
    if !hasLeftOut { return nil }
    var isAnyLeft = false
    for kind in LogKind.allCases where states[kind.rawValue].leftOutCount > 0 {
      if let now, !take(kind, now) {
        isAnyLeft = true
        continue
      }
      let level = states[kind.rawValue].level
      return (
        level,
        "% more lines like '% …' were left out".with(takeLeftOut(kind).decimal, kind.name)
      )
    }
    hasLeftOut = isAnyLeft
    return nil
  }
}
