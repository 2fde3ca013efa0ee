import Basics
import Reactor

/// Something that the service does wrong on purpose, so that one can see how a proxy copes.
public enum Fault: Int, CaseIterable, Sendable {
  case noServiceIDs, textFrame, close, dropAfter, silentAfter, refuse

  private struct Row {
    let name: String
    /// What stands for the value; nil when there is none.
    let argument: String?
    let range: ClosedRange<Int>
    let meaning: String
  }

  private static let secondsMax = 86_400

  private var row: Row {
    switch self {
    case .noServiceIDs:
      Row(name: "no-service-ids", argument: nil, range: 0...0, meaning: "never sends the services")
    case .textFrame:
      Row(name: "text-frame", argument: nil, range: 0...0, meaning: "begins with a text frame")
    case .close:
      Row(
        name: "close", argument: "CODE", range: 0...65_535,
        meaning: "closes each WebSocket at once with that code")
    case .dropAfter:
      Row(
        name: "drop-after", argument: "SECONDS", range: 0...Self.secondsMax,
        meaning: "cuts each connection so long after its handshake")
    case .silentAfter:
      Row(
        name: "silent-after", argument: "SECONDS", range: 0...Self.secondsMax,
        meaning: "neither reads nor writes from then on, but keeps it open")
    case .refuse:
      Row(
        name: "refuse", argument: "STATUS", range: 300...599,
        meaning: "answers every handshake with that HTTP status")
    }
  }

  /// `drop-after=SECONDS`
  fileprivate var form: String { row.argument.map { "\(row.name)=\($0)" } ?? row.name }

  /// All of them, for the help.
  static var helpText: String {
    allCases.map { "\($0.form) \($0.row.meaning)" }.joined(separator: "; ")
  }

  /// The value in `text` behind the name, if the name is this fault's.
  fileprivate func value(in text: String) throws(UsageError) -> Int? {
    let (name, value) = text.cut(at: .equals) ?? (text, nil)
    if name != row.name { return nil }
    if row.argument == nil && value == nil { return 0 }
    guard row.argument != nil, let value, let number = Int(value), row.range.contains(number) else {
      let range = " from \(row.range.lowerBound) to \(row.range.upperBound)"
      throw UsageError(
        "--fault '\(text)' must be \(form)\(row.argument.map { ", \($0) being a number\(range)" } ?? "")"
      )
    }
    return number
  }
}

/// The faults that were asked for.
public struct Faults: Sendable {
  /// By fault; 0 for one that takes no value.
  private var values: [Int?] = Fault.allCases.map { _ in nil }

  public init() {}

  public subscript(fault: Fault) -> Int? {
    get { values[fault.rawValue] }
    set { values[fault.rawValue] = newValue }
  }

  /// Reads `drop-after=3,no-service-ids`.
  static func parse(_ text: String) throws(UsageError) -> Faults {
    var faults = Faults()
    for part in text.octets.parted(at: .comma).map({ $0.text }) {
      var isKnown = false
      for fault in Fault.allCases {
        guard let value = try fault.value(in: part) else { continue }
        faults[fault] = value
        isKnown = true
      }
      if !isKnown {
        let forms = Fault.allCases.map { $0.form }.joined(separator: ", ")
        throw UsageError("--fault '\(part)' is none of \(forms)")
      }
    }
    return faults
  }
}
