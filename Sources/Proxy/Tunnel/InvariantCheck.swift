/// Collects what is wrong with one part of the program, and keeps the first.
package struct InvariantCheck {
  private let part: String
  package private(set) var first: String?

  package init(_ part: String) { self.part = part }

  package mutating func unless(_ isRight: Bool, _ fault: @autoclosure () -> String) {
    if !isRight && first == nil { first = "\(part): \(fault())" }
  }

  /// What is wrong with a part of the part.
  package mutating func take(_ fault: String?) { first = first ?? fault }
}
