import Basics
import Reactor

/// The command behind `--`, in whose words `{port}` stands for the port of the tunnel's only service, and
/// `{port:SERVICE}` for that of another. Other braces are the command's own.
public struct CommandTemplate: Sendable {
  public let words: [String]

  package init(_ words: [String]) { self.words = words }

  /// The words with the ports in them.
  /// - Parameter port: of the service of this name; nil asks for the only one.
  public func filled(
    _ port: (String?) throws(UsageError) -> UInt16
  ) throws(UsageError) -> [String] {
    var filled: [String] = []
    for word in words { filled.append(try Self.fill(word, port)) }
    return filled
  }

  private static func fill(
    _ word: String, _ port: (String?) throws(UsageError) -> UInt16
  ) throws(UsageError) -> String {
    var done = ""
    var rest = word
    while let (front, back) = rest.cut(at: UInt8(ascii: "{")) {
      done += front
      rest = back
      let (name, after) = back.cut(at: UInt8(ascii: "}")) ?? ("", back)
      let (key, service) = name.cut(at: .colon) ?? (name, nil)
      if key.isSame(as: "port") {
        done += Int(try port(service)).decimal
        rest = after
      } else {
        done += "{"
      }
    }
    return done + rest
  }
}
