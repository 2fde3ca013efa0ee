import Reactor

/// One option of a program: help, parsing and documentation all come from this.
public struct OptionDescription: Sendable {
  public let longName: String
  public let shortName: Unicode.Scalar?
  /// What stands for the argument in the help; nil when the option takes none.
  public let argument: String?
  public let help: String

  public init(_ longName: String, _ shortName: Unicode.Scalar?, _ argument: String?, _ help: String) {
    self.longName = longName
    self.shortName = shortName
    self.argument = argument
    self.help = help
  }
}

/// What the user did wrong on the command line or in the environment; the message names the thing, the
/// reason and the remedy.
public struct UsageError: Error, Equatable {
  /// One line, whatever the user typed.
  public let message: String

  public init(_ message: String) {
    let printable = message.utf8.map { $0 < 0x20 || $0 == 0x7f ? 0x3f : $0 }
    self.message = String(decoding: printable, as: UTF8.self)
  }
}

/// A program's options.
public struct OptionTable: Sendable {
  /// Columns that the option's names take in the help, and those of the whole line.
  private static let nameColumns = 34
  private static let lineColumns = 100

  public let program: String
  public let usage: [String]
  public let summary: String
  public let options: [OptionDescription]
  public let epilogue: [String]

  public init(
    program: String, usage: [String], summary: String, options: [OptionDescription],
    epilogue: [String]
  ) {
    self.program = program
    self.usage = usage
    self.summary = summary
    self.options = options
    self.epilogue = epilogue
  }

  /// Reads the process's command line: the options' arguments in their order ("" for a flag).
  /// - Parameter secrets: long names of options whose arguments are hidden from `ps`.
  public func read(
    secrets: [String]
  ) throws(UsageError) -> [(option: OptionDescription, argument: String)] {
    var reader = ArgumentReader(
      options.map {
        ArgumentSyntax(
          longName: $0.longName, shortName: $0.shortName, takesArgument: $0.argument != nil)
      })
    var found: [(option: OptionDescription, argument: String)] = []
    while true {
      switch reader.next() {
      case .end: return found
      case .option(let index, let argument):
        if secrets.contains(options[index].longName) { reader.hideArgument() }
        found.append((options[index], argument))
      case .unknown(let text):
        // What stands behind '=' may be a secret with a misspelt name.
        let name = String(decoding: text.utf8.prefix { $0 != 0x3d }, as: UTF8.self)
        throw UsageError("unknown option '\(name)'")
      case .argumentMissing(let text): throw UsageError("option '\(text)' needs an argument")
      case .operand(let text): throw UsageError("unexpected argument '\(text)'")
      }
    }
  }

  public var helpText: String {
    var text = ""
    for (index, line) in usage.enumerated() {
      text += (index == 0 ? "Usage: " : "       ") + line + "\n"
    }
    text += "\n\(summary)\n\nOptions:\n"
    for option in options {
      let short = option.shortName.map { "-\($0), " } ?? "    "
      var name = "  \(short)--\(option.longName)"
      if let argument = option.argument { name += " \(argument)" }
      text += name
      var column = name.utf8.count
      if column + 2 > Self.nameColumns {
        text += "\n"
        column = 0
      }
      text += Self.spaces(Self.nameColumns - column)
      column = Self.nameColumns
      for word in option.help.utf8.split(separator: 0x20) {
        if column + word.count + 1 > Self.lineColumns {
          text += "\n" + Self.spaces(Self.nameColumns)
          column = Self.nameColumns
        } else if column > Self.nameColumns {
          text += " "
          column += 1
        }
        text += String(decoding: Array(word), as: UTF8.self)
        column += word.count
      }
      text += "\n"
    }
    for line in epilogue { text += line + "\n" }
    return text
  }

  private static func spaces(_ count: Int) -> String {
    String(repeating: " ", count: max(count, 0))
  }
}
