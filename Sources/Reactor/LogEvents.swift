import Basics

/// The events of a program, of which each line of its log is one: its list in `events.txt`, which `scripts/log-events` has put
/// into the program. `docs/logging.md` shows all of them.
///
/// An event has a number, its place in the list; a level; a name, which stays as it is; and a text with marks in it:
///
///     {name}   a field
///     {name#}  a field that is a whole number
///     {-name}  a field that the text does not show
///     […]      left out when all fields in it are empty
///     […|…]    the second part then
public struct LogEvents: Sendable {
  /// What every list begins with: lines about lines.
  static let linesLost: UInt8 = 0
  static let linesLeftOut: UInt8 = 1

  private let lines: [ArraySlice<UInt8>]

  /// - Parameter list: a line for each: the level's digit, `*` for one of which there may be very many or a space, the
  ///   name, a space, the text.
  public init(_ list: [UInt8]) { lines = list.parted(at: .lineFeed) }

  func level(_ event: UInt8) -> UInt8 { head(event, 0) & 15 }

  /// Others can cause it as often as they like: see `LogLimit`.
  func isLimited(_ event: UInt8) -> Bool { head(event, 1) == UInt8(ascii: "*") }

  func name(_ event: UInt8) -> ArraySlice<UInt8> { rest(event).beforeFirst(.space) }

  func text(_ event: UInt8) -> ArraySlice<UInt8> {
    let rest = rest(event)
    return rest.dropFirst(rest.beforeFirst(.space).count + 1)
  }

  private func line(_ event: UInt8) -> ArraySlice<UInt8> {
    Int(event) < lines.count ? lines[Int(event)] : []
  }

  private func head(_ event: UInt8, _ place: Int) -> UInt8 {
    let line = line(event)
    return line.count > place ? line[line.startIndex + place] : 0
  }

  private func rest(_ event: UInt8) -> ArraySlice<UInt8> { line(event).dropFirst(2) }
}

/// A text with marks, of which the fields make a message.
struct LogTemplate {
  private let text: ArraySlice<UInt8>
  private let fields: [String]
  private var place: Int
  private var fieldIndex = 0
  private(set) var message: [UInt8] = []

  /// - Parameter fields: in the order of the marks; "" for none.
  init(_ text: ArraySlice<UInt8>, _ fields: [String]) {
    self.text = text
    self.fields = fields
    place = text.startIndex
    message.reserveCapacity(2 * text.count)
  }

  /// Makes the message.
  /// - Parameter record: gets the fields besides.
  mutating func fill(_ record: inout LogRecord?) {
    // Of the clause in brackets.
    var start = 0
    var isFilled = false
    while true {
      takePlain()
      if place >= text.endIndex { return }
      let mark = text[place]
      place += 1
      switch mark {
      case .openingBrace:
        if takeField(&record) { isFilled = true }
      case .openingBracket:
        start = message.count
        isFilled = false
      case .bar where isFilled: _ = take(to: .closingBracket)
      case .bar:
        message.removeLast(message.count - start)
        isFilled = true
      default:
        if !isFilled { message.removeLast(message.count - start) }
      }
    }
  }

  private mutating func takePlain() {
    let start = place
    while place < text.endIndex && !Self.isMark(text[place]) { place += 1 }
    message += text[start..<place]
  }

  private static func isMark(_ octet: UInt8) -> Bool {
    octet == .openingBrace || octet == .openingBracket || octet == .bar || octet == .closingBracket
  }

  /// Whether there is a field here that is not empty and the text shows.
  private mutating func takeField(_ record: inout LogRecord?) -> Bool {
    let mark = take(to: .closingBrace)
    let field = fieldIndex < fields.count ? fields[fieldIndex] : ""
    fieldIndex += 1
    if field.isEmpty { return false }
    let isShown = mark.first != .hyphen
    if isShown { message.append(field) }
    let isNumber = mark.last == .hash
    record?.add(
      mark.dropFirst(isShown ? 0 : 1).dropLast(isNumber ? 1 : 0).text, field, isNumber: isNumber)
    return isShown
  }

  /// What stands in front of an octet, which is passed.
  private mutating func take(to octet: UInt8) -> ArraySlice<UInt8> {
    let taken = text[place...].beforeFirst(octet)
    place = taken.endIndex + 1
    return taken
  }
}
