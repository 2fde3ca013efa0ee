import Basics
import Reactor

/// One option of a program: help and documentation come from this, and mostly parsing.
public struct OptionDescription: Sendable {
  public let longName: String
  public let shortName: Unicode.Scalar?
  /// What stands for the argument in the help; nil when the option takes none.
  public let argument: String?
  public let help: String

  public init(_ longName: String, _ shortName: Unicode.Scalar?, _ argument: String?, _ help: String)
  {
    self.longName = longName
    self.shortName = shortName
    self.argument = argument
    self.help = help
  }

  /// What the command line's reader needs; one without a help text is another name of the one before it.
  package var syntax: ArgumentSyntax {
    ArgumentSyntax(
      longName: longName, shortName: shortName, takesArgument: argument != nil,
      isOtherName: help.isEmpty)
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

  /// Reads the process's command line; see `OptionReader`.
  public func read() throws(UsageError) -> [GivenOption] {
    try OptionReader(program: program, options: options.map { $0.syntax }).read()
  }

  public var helpText: String {
    var text = ""
    for (index, line) in usage.enumerated() {
      text += (index == 0 ? "Usage: %\n" : "       %\n").with(line)
    }
    text += "\n%\n\nOptions:\n".with(summary)
    for option in options where !option.help.isEmpty {
      var name = "    "
      if let letter = option.shortName { name = "-%, ".with(String(Character(letter))) }
      name = "  %--%".with(name, option.longName)
      if let argument = option.argument { name = "% %".with(name, argument) }
      text += name
      var column = name.utf8.count
      if column + 2 > Self.nameColumns {
        text += "\n"
        column = 0
      }
      text += String.spaces(Self.nameColumns - column)
      column = Self.nameColumns
      for word in option.help.octets.parted(at: .space) {
        if column + word.count + 1 > Self.lineColumns {
          text += "\n" + String.spaces(Self.nameColumns)
          column = Self.nameColumns
        } else if column > Self.nameColumns {
          text += " "
          column += 1
        }
        text += word.text
        column += word.count
      }
      text += "\n"
    }
    for line in epilogue { text += line + "\n" }
    return text
  }
}
