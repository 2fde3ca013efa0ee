import Foundation

/// What went wrong in the harness or in what it watched, in a sentence for the person reading.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }

  /// The last failed system call, with its reason.
  static func system(_ call: String) -> Failure {
    Failure("\(call): \(String(cString: strerror(errno)))")
  }
}

/// A point in time after which a wait gives up. Every wait of the suite has one, so that it ends.
struct Deadline {
  private let end: ContinuousClock.Instant

  init(seconds: Double) { end = .now + .seconds(seconds) }

  var hasPassed: Bool { ContinuousClock.now >= end }

  /// Time left for `poll`: never negative, for that would mean "for ever".
  var millisecondsLeft: Int32 {
    let left = (end - .now) / .milliseconds(1)
    return Int32(max(0, min(left.rounded(.up), 1e6)))
  }
}

/// Looks again every few milliseconds until `condition` gives a value.
func eventually<Value>(
  within seconds: Double, _ what: @autoclosure () -> String, _ condition: () throws -> Value?
) throws -> Value {
  let deadline = Deadline(seconds: seconds)
  while true {
    if let value = try condition() { return value }
    if deadline.hasPassed { throw Failure("not within \(seconds) s: \(what())") }
    usleep(10_000)
  }
}

func eventually(
  within seconds: Double, _ what: @autoclosure () -> String, isTrue condition: () throws -> Bool
) throws {
  try eventually(within: seconds, what()) { try condition() ? () : nil }
}
