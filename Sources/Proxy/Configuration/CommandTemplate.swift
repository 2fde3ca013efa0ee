import Basics
import Reactor
import Tunnel

/// The command behind `--`, in whose words `{port}` stands for the port of the tunnel's only service, and
/// `{port:SERVICE}` for that of another. Other braces are the command's own.
public struct CommandTemplate: Sendable {
  /// Octets of `port:SERVICE` at the most: what is longer is none.
  private static let nameByteCountMax = "port:".utf8.count + Message.serviceIDByteCountMax

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
    let octets = word.octets
    var done: [UInt8] = []
    var place = 0
    while place < octets.count {
      let octet = octets[place]
      place += 1
      if octet == .openingBrace {
        // Of a word with many braces each is looked at once.
        let end = min(place + Self.nameByteCountMax + 1, octets.count)
        let name = octets[place..<end].beforeFirst(.closingBrace)
        let key = name.beforeFirst(.colon)
        if name.endIndex < end && key.text.isSame(as: "port") {
          let service = key.count < name.count ? name.dropFirst(key.count + 1).text : nil
          done += Int(try port(service)).decimal.octets
          place = name.endIndex + 1
          continue
        }
      }
      done.append(octet)
    }
    return done[...].text
  }
}
