import Basics

/// How a log's lines are written.
public enum LogFormat: Int, Sendable {
  /// For people: `[2026-11-22 17:44:06.673382] (PID) [info] text`; where standard error is the journal, `<6>[info] text`.
  case text
  /// A JSON object in each line.
  case json
  /// An entry of systemd's journal, with fields of its own.
  case journal

  /// The names, in the cases' order.
  public static let names = "text|json|journal"

  public var name: String { Self.names.part(rawValue) }

  public init?(_ name: String) {
    guard let place = name.place(in: Self.names) else { return nil }
    self.init(rawValue: place)
  }
}

/// A line as names and values: an object of JSON, or an entry of the journal in its native protocol, which has a line for
/// each. It grows up to a limit: what does not fit of a text gives way to `…`.
struct LogRecord {
  /// Octets from which on texts are cut; names, numbers and what is left of the texts then take a few hundred more.
  private static let byteCountMax = 3_800

  let isJournal: Bool
  private(set) var octets: [UInt8]
  /// What the journal has in front of names that are not its own.
  var prefix = ""

  /// - Parameter head: what stands in front of an object.
  init(isJournal: Bool, head: String) {
    self.isJournal = isJournal
    octets = isJournal ? [] : (head + "{").octets
  }

  /// - Parameter value: of one line of what can be seen; "" for none.
  @inline(never) mutating func add(_ name: String, _ value: String, isNumber: Bool = false) {
    if value.isEmpty { return }
    let value = shortened(value.octets)
    if isJournal {
      for octet in (prefix + name).octets {
        octets.append(octet.isLowercaseLetter ? octet & 0xdf : octet)
      }
      octets.append(.equals)
      octets += value
      octets.append(.lineFeed)
      return
    }
    if octets.last != .openingBrace { octets.append(.comma) }
    octets.append(quoted: name.octets[...])
    octets.append(.colon)
    if isNumber { octets += value } else { octets.append(quoted: value[...]) }
  }

  /// A text that takes half of what is left at the most, as it is written.
  private func shortened(_ value: [UInt8]) -> [UInt8] {
    var rest = (Self.byteCountMax - octets.count) / 2
    var count = 0
    while count < value.count && rest > 0 {
      rest -= value[count] == .quote || value[count] == .backslash ? 2 : 1
      count += 1
    }
    return value.shortened(count)
  }
}
