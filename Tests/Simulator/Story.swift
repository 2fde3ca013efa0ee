import Basics

/// What happened, for whoever replays a seed: simulated time, who, what. Nothing is kept unless somebody asked.
public final class Story {
  public var isKept: Bool
  public private(set) var lines: [String] = []

  public init(isKept: Bool) { self.isKept = isKept }

  public func add(_ now: Instant, _ who: String, _ what: @autoclosure () -> String) {
    if !isKept { return }
    let microseconds = now.nanoseconds / 1_000
    let whole = String(microseconds / 1_000_000)
    let part = String(1_000_000 + microseconds % 1_000_000).dropFirst()
    let blanks = String(repeating: " ", count: max(1, 14 - who.count))
    lines.append("\(whole).\(part)  \(who)\(blanks)\(what())")
  }
}
