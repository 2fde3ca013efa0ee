import Basics

/// What the user did wrong on the command line or in the environment; the message names the thing, the
/// reason and the remedy.
public struct UsageError: Error, Equatable {
  /// One line, whatever the user typed.
  public let message: String
  /// All that is wrong, each in a line: that one, and others that were found beside it.
  public var all: [String]

  @inline(never) public init(_ message: String) {
    self.message = message.printable
    all = [self.message]
  }

  /// - Parameter template: each `%` stands for one of the others.
  @inline(never) package init(
    _ template: String, with first: String, _ second: String = "", _ third: String = ""
  ) {
    self.init(template.with(first, second, third))
  }
}
