import Basics
import Reactor

/// One option of a program: help, parsing and documentation all come from this.
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
}

/// An option that the command line gives.
public struct GivenOption {
  /// Its place in the table.
  public let index: Int
  public let longName: String
  /// "" for a flag.
  public let argument: String
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

  /// Reads the process's command line: the options' arguments in their order ("" for a flag). Whatever is
  /// wrong, all secrets are hidden from `ps` first.
  /// - Parameters:
  ///   - isSecret: whether the option's arguments are to be hidden.
  ///   - takeCommand: what becomes of the words behind `--`; nil for a program that runs none.
  public func read(
    isSecret: (Int) -> Bool = { _ in false }, takeCommand: (([String]) -> Void)? = nil
  ) throws(UsageError) -> [GivenOption] {
    var reader = ArgumentReader(
      options.map {
        ArgumentSyntax(
          longName: $0.longName, shortName: $0.shortName, takesArgument: $0.argument != nil,
          isOtherName: $0.help.isEmpty)
      })
    var found: [GivenOption] = []
    var failure: UsageError?
    while true {
      var mistake = ""
      switch reader.next() {
      case .option(let index, let argument):
        if isSecret(index) { reader.hideArgument() }
        if argument.utf8.first != .equals {
          found.append(
            GivenOption(index: index, longName: options[index].longName, argument: argument))
          continue
        }
        mistake = "the argument of --% begins with '='; leave that out".with(
          options[index].longName)
      case .optionNotText(let index):
        if isSecret(index) { reader.hideArgument() }
        mistake = "--% is not UTF-8 text".with(options[index].longName)
      case .command:
        if let failure { throw failure }
        guard let takeCommand, let words = reader.words(), !words.isEmpty else {
          throw UsageError(
            takeCommand == nil
              ? "% runs no command, as stands behind '--'"
              : "behind '--' there is no command of UTF-8 text",
            with: program)
        }
        takeCommand(words)
        return found
      case .end:
        if let failure { throw failure }
        return found
      case .operand(let text):
        // A token that lost its '-t' is a secret too.
        let octets = text.octets
        let start = octets.beginning(8).text + (octets.count > 8 ? "…" : "")
        // Of "general punctuation", where documents have dashes.
        let isDash = octets.starts(with: [0xe2, 0x80])
        let reason =
          isDash
          ? "options begin with '-', not with a dash"
          : octets.contains(.equals)
            ? "no option takes it; mappings are joined by a comma"
            : takeCommand == nil
              ? "no option takes it" : "no option takes it; a command stands behind '--'"
        mistake = "unexpected argument '%': %".with(start, reason)
      case .unknown(let text):
        // What stands behind '=' may be a secret with a misspelt name.
        mistake = mistakeInName(text.octets[...].beforeFirst(.equals))
      case .argumentMissing(let text): mistake = "option '%' needs an argument".with(text.excerpt)
      }
      failure = failure ?? UsageError(mistake)
    }
  }

  /// - Parameter name: as it was given, with its hyphens.
  private func mistakeInName(_ name: ArraySlice<UInt8>) -> String {
    var fitting = ""
    var count = 0
    for option in options {
      let longName = "--" + option.longName
      if longName.octets.prefix(name.count) != name { continue }
      if count > 0 { fitting += ", " }
      fitting += longName
      count += 1
    }
    let quoted = name.text.quoted
    if count == 0 { return noOption("unknown option '%'", name.text) }
    // getopt knows a name that fits one, so it is the value that the option does not take.
    return count == 1
      ? "option " + fitting.quoted + " takes no value"
      : "option " + quoted + " is ambiguous: " + fitting
  }

  /// The text about a name that no option has, and the one that was probably meant.
  func noOption(_ text: String, _ name: String) -> String {
    var nearest = NearestName("--" + name.octets.drop { $0 == .hyphen }.text)
    for option in options { nearest.consider("--" + option.longName) }
    let template = nearest.best.isEmpty ? text : text + "; the nearest is %"
    return template.with(name.excerpt, nearest.best)
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
