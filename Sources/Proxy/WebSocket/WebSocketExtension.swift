import Basics

/// One element of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).
public struct WebSocketExtension: Equatable, Sendable {
  public struct Parameter: Equatable, Sendable {
    public let name: String
    /// Without the quotes that it may have come in; nil when there is none.
    public let value: String?
  }

  public let name: String
  public let parameters: [Parameter]

  /// The extensions in a field's value, in order; nil when it does not have the grammar's form.
  public static func parseList(_ text: String) -> [WebSocketExtension]? {
    var scanner = Scanner(octets: text.octets)
    var list: [WebSocketExtension] = []
    repeat {
      // The list rule of HTTP allows empty elements (RFC 9110 §5.6.1).
      if scanner.isAtEnd || scanner.isAt(.comma) { continue }
      guard let name = scanner.token() else { return nil }
      var parameters: [Parameter] = []
      while scanner.take(.semicolon) {
        guard let name = scanner.token() else { return nil }
        var value: String?
        if scanner.take(.equals) {
          value = scanner.quotedToken() ?? scanner.token()
          if value == nil { return nil }
        }
        parameters.append(Parameter(name: name, value: value))
      }
      list.append(WebSocketExtension(name: name, parameters: parameters))
    } while scanner.take(.comma)
    return scanner.isAtEnd ? list : nil
  }

  /// Goes through the octets of a value; the white space around what it takes is taken as well.
  private struct Scanner {

    private let octets: [UInt8]
    private var index = 0

    init(octets: [UInt8]) {
      self.octets = octets
      skipBlanks()
    }

    var isAtEnd: Bool { index == octets.count }

    func isAt(_ octet: UInt8) -> Bool { index < octets.count && octets[index] == octet }

    mutating func take(_ octet: UInt8) -> Bool {
      if !isAt(octet) { return false }
      index += 1
      skipBlanks()
      return true
    }

    mutating func token() -> String? {
      let start = index
      while index < octets.count && HeaderBlock.isTokenOctet(octets[index]) { index += 1 }
      if index == start { return nil }
      let text = octets[start..<index].text
      skipBlanks()
      return text
    }

    /// What stands between quotes must be a token once it is unescaped. Nil takes nothing.
    mutating func quotedToken() -> String? {
      if !isAt(UInt8(ascii: "\"")) { return nil }
      var token: [UInt8] = []
      var end = index + 1
      while end < octets.count && octets[end] != UInt8(ascii: "\"") {
        if octets[end] == UInt8(ascii: "\\") { end += 1 }
        guard end < octets.count, HeaderBlock.isTokenOctet(octets[end]) else { return nil }
        token.append(octets[end])
        end += 1
      }
      if end == octets.count || token.isEmpty { return nil }
      index = end + 1
      skipBlanks()
      return token[...].text
    }

    private mutating func skipBlanks() {
      while isAt(.space) || isAt(.tab) { index += 1 }
    }
  }
}
