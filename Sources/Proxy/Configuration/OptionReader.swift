import Basics
import Reactor

/// An option that the command line gives.
public struct GivenOption {
  /// Its place in the table.
  public let index: Int
  public let longName: String
  /// "" for a flag.
  public let argument: String
}

/// Reads a program's command line.
struct OptionReader {
  let program: String
  let options: [ArgumentSyntax]

  /// Reads the process's command line: the options' arguments in their order ("" for a flag). Whatever is
  /// wrong, all secrets are hidden from `ps` first.
  /// - Parameters:
  ///   - isSecret: whether the option's arguments are to be hidden.
  ///   - mayBeEmpty: whether nothing is an argument of the option's, too.
  ///   - takeCommand: what becomes of the words behind `--`; nil for a program that runs none.
  func read(
    isSecret: (Int) -> Bool = { _ in false }, mayBeEmpty: (Int) -> Bool = { _ in false },
    takeCommand: (([String]) -> Void)? = nil
  ) throws(UsageError) -> [GivenOption] {
    var reader = ArgumentReader(options)
    var found: [GivenOption] = []
    var mistakes = Mistakes()
    // What stands behind a mistake may belong to it.
    var isBehindMistake = false
    while true {
      var mistake = ""
      let mayBeArgument = isBehindMistake
      isBehindMistake = false
      switch reader.next() {
      case .option(let index, let argument):
        if isSecret(index) { reader.hideArgument() }
        if argument.utf8.first != .equals {
          let longName = options[index].longName
          found.append(GivenOption(index: index, longName: longName, argument: argument))
          // Such as "$REGION" where nothing is in it.
          if argument.isEmpty && options[index].takesArgument && !mayBeEmpty(index) {
            mistakes.add(
              UsageError("--% is empty; give it a value, or leave it out", with: longName))
          }
          continue
        }
        mistake = "the argument of --% begins with '='; leave that out".with(
          options[index].longName)
      case .optionNotText(let index):
        if isSecret(index) { reader.hideArgument() }
        mistake = "--% is not UTF-8 text, as it must be".with(options[index].longName)
      case .command:
        try mistakes.end()
        guard let takeCommand, let words = reader.words(), !words.isEmpty else {
          throw UsageError(
            takeCommand == nil
              ? "% runs no command, as stands behind '--'; leave it out"
              : "behind '--' there is no command of UTF-8 text",
            with: program)
        }
        takeCommand(words)
        return found
      case .end:
        try mistakes.end()
        return found
      case .operand where mayBeArgument: continue
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
              ? "no option takes it; leave it out, or join a list by commas"
              : "no option takes it; a command stands behind '--'"
        mistake = "unexpected argument '%': %".with(start, reason)
      case .unknown(let text):
        // What stands behind '=' may be a secret with a misspelt name.
        mistake = mistakeInName(text.octets[...].beforeFirst(.equals))
      case .argumentMissing(let text): mistake = "option '%' needs an argument".with(text.excerpt)
      }
      mistakes.add(UsageError(mistake))
      isBehindMistake = true
    }
  }

  /// - Parameter name: as it was given, with its hyphens.
  private func mistakeInName(_ name: ArraySlice<UInt8>) -> String {
    var fitting = ""
    var count = 0
    for option in options where !option.isOtherName && name.last != .hyphen {
      let longName = "--" + option.longName
      let isMeant =
        name.count == 2
        ? name.last.map { UInt32($0) } == option.shortName?.value
        : longName.octets.prefix(name.count) == name
      if !isMeant { continue }
      if count > 0 { fitting += ", " }
      fitting += longName
      count += 1
    }
    let quoted = name.text.quoted
    if count == 0 { return noOption("unknown option '%'", name.text) }
    // getopt knows a name that fits one, so it is the value that the option does not take.
    return count == 1
      ? "option " + fitting.quoted + " takes no value; leave that out"
      : "option " + quoted + " is ambiguous: " + fitting
  }

  /// The text about a name that no option has, and the one that was probably meant.
  func noOption(_ text: String, _ name: String) -> String {
    var nearest = NearestName("--" + name.octets.drop { $0 == .hyphen }.text)
    for option in options where !option.isOtherName { nearest.consider("--" + option.longName) }
    let template = nearest.best.isEmpty ? text : text + "; the nearest is %"
    return template.with(name.excerpt, nearest.best)
  }
}
