/// How many lines of an event there may be that others can cause as often as they like: a burst of them, and then one a second.
/// Those that are left out are counted. Lines that a served connection has anyway, once each, are not among them: somebody
/// may have to account for all of them.
struct LogLimit {
  static let burst: Int64 = 10
  private static let nanosecondsPerLine: Int64 = 1_000_000_000

  private struct State {
    let event: UInt8
    /// When as many lines may follow each other again as ever: each line moves it by a second.
    var restedAt: Int64 = 0
    var leftOutCount = 0
  }

  /// Of each event that has come, one; so there are no more than events.
  private var states: [State] = []
  /// Lines of any event were left out that nothing was said about.
  private(set) var hasLeftOut = false

  private func place(_ event: UInt8) -> Int? { states.firstIndex { $0.event == event } }

  /// Whether a line may be written now, in nanoseconds on any clock that goes on; it is counted either way.
  mutating func admits(_ event: UInt8, now: Int64) -> Bool {
    if place(event) == nil { states.append(State(event: event)) }
    guard let place = place(event) else { return true }
    if take(place, now) { return true }
    states[place].leftOutCount += 1
    hasLeftOut = true
    return false
  }

  private mutating func take(_ place: Int, _ now: Int64) -> Bool {
    let restedAt = max(states[place].restedAt, now)
    if restedAt > now + (Self.burst - 1) * Self.nanosecondsPerLine { return false }
    states[place].restedAt = restedAt + Self.nanosecondsPerLine
    return true
  }

  /// How many lines of an event were left out since this was last asked.
  mutating func takeLeftOut(_ event: UInt8) -> Int {
    guard let place = place(event) else { return 0 }
    let count = states[place].leftOutCount
    states[place].leftOutCount = 0
    return count
  }

  /// How many lines were left out of an event that may have one now; nil when there is none.
  /// - Parameter now: nil for the end, when nothing is waited for.
  mutating func nextSummary(now: Int64?) -> (event: UInt8, count: Int)? {
    if !hasLeftOut { return nil }
    var isAnyLeft = false
    for place in states.indices where states[place].leftOutCount > 0 {
      // A further line says it as well, and more: that has a second to come.
      if let now, !take(place, now - Self.nanosecondsPerLine) {
        isAnyLeft = true
        continue
      }
      return (states[place].event, takeLeftOut(states[place].event))
    }
    hasLeftOut = isAnyLeft
    return nil
  }
}
