import Basics

/// What the user did wrong on the command line or in the environment; the message names the thing, the
/// reason and the remedy.
public struct UsageError: Error, Equatable {
  /// All that is wrong, each in one line, whatever the user typed.
  public let all: [String]
  public var message: String { all.first ?? "" }

  fileprivate init(all: [String]) { self.all = all }

  @inline(never) public init(_ message: String) { all = [message.printable] }

  /// - Parameter template: each `%` stands for one of the others.
  @inline(never) package init(
    _ template: String, with first: String, _ second: String = "", _ third: String = ""
  ) {
    self.init(template.with(first, second, third))
  }
}

/// What is found wrong on one way through something, to be said at once.
package struct Mistakes {
  /// Of further ones a line says that there are some.
  package static let countMax = 64
  private var found: [String] = []

  package init() {}

  @inline(never) package mutating func add(_ error: UsageError) {
    for message in error.all where found.count <= Self.countMax {
      found.append(found.count < Self.countMax ? message : "there are more; mend these first")
    }
  }

  /// Throws them, if there are any.
  @inline(never) package func end() throws(UsageError) {
    if !found.isEmpty { throw UsageError(all: found) }
  }
}
