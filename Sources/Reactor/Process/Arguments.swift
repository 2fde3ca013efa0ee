import CEpoll

/// What getopt_long(3) needs to know of one option.
public struct ArgumentSyntax {
  public let longName: String
  public let shortName: Unicode.Scalar?
  public let takesArgument: Bool
  /// Another name of the option before it, which is the one that is then reported.
  public let isOtherName: Bool

  public init(
    longName: String, shortName: Unicode.Scalar?, takesArgument: Bool, isOtherName: Bool
  ) {
    self.longName = longName
    self.shortName = shortName
    self.takesArgument = takesArgument
    self.isOtherName = isOtherName
  }
}

/// The process's command line, read by the platform's getopt_long: abbreviations, `-v6`, `--opt=value`.
@safe public struct ArgumentReader {
  public enum Step: Equatable {
    /// The option at this index of the table, with its argument if it takes one.
    case option(Int, argument: String)
    /// The argument of the option at this index is not UTF-8: text would not be what was given.
    case optionNotText(Int)
    /// It fits no option or several, or is a flag with a value.
    case unknown(String)
    case argumentMissing(String)
    case operand(String)
    /// There is a `--`, with `words` behind it. It is the last step.
    case command
    case end
  }

  private let table: [ArgumentSyntax]
  private var lastArgument: UnsafePointer<CChar>?

  public init(_ table: [ArgumentSyntax]) {
    var code: Int32 = 0
    for (index, syntax) in table.enumerated() {
      if !syntax.isOtherName { code = Self.code(index, syntax) }
      _ = unsafe cepoll_declare_option(syntax.longName, syntax.takesArgument ? 1 : 0, code)
    }
    self.table = table
  }

  /// The next option of the process's own command line.
  public mutating func next() -> Step {
    var argument: UnsafePointer<CChar>?
    let code = unsafe cepoll_next_option(&argument)
    unsafe lastArgument = argument
    var text = ""
    if let argument = unsafe argument { text = unsafe String(cString: argument) }
    switch Int(code) {
    case CEPOLL_OPTIONS_END: return .end
    case CEPOLL_OPTION_UNKNOWN: return .unknown(text)
    case CEPOLL_OPTION_ARGUMENT_MISSING: return .argumentMissing(text)
    case CEPOLL_OPTION_OPERAND: return .operand(text)
    case CEPOLL_OPTION_COMMAND: return .command
    default: break
    }
    for (index, syntax) in table.enumerated() where Self.code(index, syntax) == code {
      if let argument = unsafe argument, unsafe String(validatingCString: argument) == nil {
        return .optionNotText(index)
      }
      return .option(index, argument: text)
    }
    return .unknown(text)
  }

  /// What stands behind `--`; nil when it is not UTF-8. Only to be asked for once.
  public func words() -> [String]? {
    var words: [String]? = []
    while let word = unsafe cepoll_next_word() {
      if let text = unsafe String(validatingCString: word) {
        words?.append(text)
      } else {
        words = nil
      }
    }
    return words
  }

  /// Overwrites the argument just read, so that `ps` does not show it.
  public func hideArgument() {
    if let argument = unsafe lastArgument {
      unsafe cepoll_hide_argument(UnsafeMutablePointer(mutating: argument))
    }
  }

  /// The short letter, or a number that no letter has.
  private static func code(_ index: Int, _ syntax: ArgumentSyntax) -> Int32 {
    if let letter = syntax.shortName, letter.isASCII { return Int32(letter.value) }
    return Int32(256 + index)
  }
}
