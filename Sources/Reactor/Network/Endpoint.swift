import Basics

/// A host and a port: of the service, of a web proxy, of a server, or of a place to listen.
public struct Endpoint: Equatable, Sendable {
  public let host: String
  public let port: UInt16

  /// Bytes of a host's name, at the most (RFC 1035 §2.3.4).
  package static let hostByteCountMax = 253

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// The host as it stands in front of a port: IPv6 in brackets.
  @inline(never) public var bracketedHost: String { host.has(.colon) ? "[%]".with(host) : host }
  @inline(never) public var description: String { Self.text(host, isIPv6: host.has(.colon), port) }

  /// Each connection's lines have several, so no other text is made on the way.
  @inline(never) static func text(_ host: String, isIPv6: Bool, _ port: UInt16) -> String {
    var text = isIPv6 ? "[" : ""
    text += host
    text += isIPv6 ? "]:" : ":"
    text += Int(port).decimal
    return text
  }

  /// As others are told of it: an IPv6 address without its interface, which means something on this machine alone
  /// (RFC 6874 §3).
  package var withoutInterface: Endpoint { Endpoint(host: Self.withoutInterface(host), port: port) }

  @inline(never) private static func withoutInterface(_ host: String) -> String {
    host.octets[...].beforeFirst(.percent).text
  }
}

extension Endpoint {
  /// Reads `host:port`, `[v6]:port` or `port` for the option that the message is to name.
  public static func parse(_ text: String, option: String) throws(UsageError) -> Endpoint {
    do throws(UsageError) {
      return try parse(text, defaultPort: nil)
    } catch {
      throw UsageError("% '%': %", with: option, text.excerpt, error.message)
    }
  }

  /// Reads `host:port`, `[v6]:port`, `port`, or `host` alone when there is a default port.
  package static func parse(_ text: String, defaultPort: UInt16?) throws(UsageError) -> Endpoint {
    let octets = text.octets
    if octets.contains(.slash) || octets.contains(.at) {
      throw UsageError("of a URL this takes '%' alone", with: withoutURL(text, defaultPort))
    }
    if octets.first == .openingBracket {
      guard let close = octets.firstIndex(of: .closingBracket) else {
        throw UsageError("'[' without ']'; it is [IPV6]:PORT")
      }
      let host = octets[1..<close].text
      if SocketAddress(numeric: host, port: 0) == nil {
        throw UsageError("'%' %", with: host.excerpt, reasonAgainst(host, "is not an IPv6 address"))
      }
      let rest = octets[(close + 1)...]
      if rest.isEmpty, let defaultPort { return Endpoint(host: host, port: defaultPort) }
      if rest.first != .colon { throw UsageError("after ']' there must be ':PORT'") }
      return Endpoint(host: host, port: try port(Array(rest.dropFirst())))
    }
    guard let colon = octets.lastIndex(of: .colon) else {
      if let defaultPort { return Endpoint(host: try host(octets), port: defaultPort) }
      if text.number == nil { throw UsageError("there is no port in it; give PORT or HOST:PORT") }
      return Endpoint(host: "", port: try port(octets))
    }
    if octets[..<colon].contains(.colon) { throw UsageError(mistakeInColons(text)) }
    if colon == 0 {
      throw UsageError("there is no host in front of ':'; leave that out, or give one")
    }
    return Endpoint(
      host: try host(Array(octets[..<colon])),
      port: try port(Array(octets[(colon + 1)...])))
  }

  /// Host and port of a URL, as they are to be given.
  private static func withoutURL(_ url: String, _ defaultPort: UInt16?) -> String {
    var text = url
    while let (front, back) = text.cut(at: .slash) {
      text = front.isEmpty || front.octets.last == .colon ? back : front
    }
    if let (_, host) = text.cut(at: .at, last: true) { text = host }
    if text.isEmpty { text = "HOST" }
    return defaultPort != nil || text.utf8.contains(.colon) ? text : text + ":PORT"
  }

  /// What is wrong with a text of several colons outside of brackets.
  private static func mistakeInColons(_ text: String) -> String {
    guard var (host, port) = text.cut(at: .colon, last: true),
      let (listening, server) = text.cut(at: .colon)
    else { return "" }
    var isAddress = SocketAddress(numeric: host, port: 0) != nil && port.number != nil
    if !isAddress && SocketAddress(numeric: text, port: 0) != nil {
      (host, port, isAddress) = (text, "PORT", true)
    }
    if isAddress { return "an IPv6 address stands in brackets: [%]:%".with(host, port) }
    return listening.number == nil || port.number == nil
      ? "there is more than one ':' in it; give HOST:PORT"
      : "in the place of ssh's PORT:HOST:PORT the source takes -s %, and the destination -d %".with(
        listening, server)
  }

  private static func host(_ octets: [UInt8]) throws(UsageError) -> String {
    let text = octets[...].text
    if !isName(octets) {
      throw UsageError(
        "'%' is not a host name, of letters, digits, '.', '-' and '_'", with: text.excerpt)
    }
    return text
  }

  /// Why `host` is not what it should be: `reason`, unless it is an address of an interface that is not there.
  private static func reasonAgainst(_ host: String, _ reason: String) -> String {
    SocketAddress.hasUnknownInterface(host)
      ? "has an interface behind its '%' that this machine has not" : reason
  }

  /// A name or an IPv4 address: letters, digits, dots, hyphens and underscores.
  private static func isName(_ octets: [UInt8]) -> Bool {
    for octet in octets where !octet.isLetterOrDigit && !"-._".has(octet) { return false }
    return (1...hostByteCountMax).contains(octets.count)
  }

  /// A name or an address without its brackets. The error is what the text "is" or "has" instead.
  package static func parseHost(_ text: String) throws(UsageError) -> String {
    let octets = text.octets
    if isName(octets) { return text }
    if (try? parse(text, defaultPort: nil)) != nil {
      throw UsageError("has a port, which has no place here; leave it out")
    }
    let isBracketed =
      octets.count > 2 && octets.first == .openingBracket && octets.last == .closingBracket
    let address = isBracketed ? octets[1..<(octets.count - 1)].text : text
    if SocketAddress(numeric: address, port: 0) != nil { return address }
    throw UsageError(reasonAgainst(address, "is neither a host name nor an address"))
  }

  private static func port(_ octets: [UInt8]) throws(UsageError) -> UInt16 {
    let text = octets[...].text
    guard let port = text.number, (0...65_535).contains(port), octets.first != .hyphen else {
      throw UsageError("'%' is not a port (0 to 65535)", with: text.excerpt)
    }
    return UInt16(port)
  }
}
