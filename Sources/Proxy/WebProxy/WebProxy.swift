import Basics
import Reactor

/// A web proxy on the way to the service, as an environment variable names it.
public struct WebProxy: Equatable, Sendable {
  /// Longest value of the variable, in octets.
  public static let valueByteCountMax = 2_048
  /// The port of a value without one.
  public static let defaultPort: UInt16 = 3_128

  public let endpoint: Endpoint
  /// The connection to the web proxy itself is encrypted.
  public let usesTLS: Bool
  /// The value of the request's `Proxy-Authorization`; empty for none. It is as secret as the password.
  public let authorization: String
  /// What of it no message may show: user name and password in Base64, and the password.
  package let secrets: [String]
  /// The environment variable that names it, for messages.
  public let variable: String
  /// For messages and logs: without user name and password.
  public let description: String

  /// The web proxy to be used for `endpoint`: that of `https_proxy`, or else `HTTPS_PROXY`, unless `no_proxy`,
  /// or else `NO_PROXY`, exempts the endpoint. An empty variable is as good as none. An endpoint on loopback takes
  /// only a web proxy that is there, too: any other would look for the endpoint on its own machine.
  /// - Parameter environment: the value of a variable.
  public static func select(
    for endpoint: Endpoint, environment: (String) -> String?
  ) throws(UsageError) -> WebProxy? {
    guard let (variable, text) = given(in: environment) else { return nil }
    var exempt = environment("no_proxy") ?? ""
    if exempt.isEmpty { exempt = environment("NO_PROXY") ?? "" }
    if ProxyExemptions.contain(endpoint, in: exempt) { return nil }
    if !ProxyExemptions.contain(endpoint, in: ProxyExemptions.loopback) {
      return try parse(text, variable: variable)
    }
    guard let proxy = try? parse(text, variable: variable),
      ProxyExemptions.contain(proxy.endpoint, in: ProxyExemptions.loopback)
    else { return nil }
    return proxy
  }

  /// The variable that names one, for this service or not, and its value; nil for none. An empty one says nothing.
  package static func given(in environment: (String) -> String?) -> (
    variable: String, text: String
  )? {
    for variable in ["https_proxy", "HTTPS_PROXY"] {
      if let text = environment(variable), !text.isEmpty { return (variable, text) }
    }
    return nil
  }

  /// Reads `http://user:password@host:port/`. Without a scheme it is http, without a port 3128; user name and
  /// password may be percent-encoded, and must be where they contain `%`. No message shows any of the value
  /// but a scheme, for whatever else is misplaced may be the password.
  public static func parse(_ text: String, variable: String) throws(UsageError) -> WebProxy {
    do throws(Fault) {
      return try WebProxy(text.octets, variable)
    } catch {
      throw UsageError(
        "%: %; it must be http://[USER:PASSWORD@]HOST[:PORT] or https://…".with(
          variable, error.reason))
    }
  }

  private struct Fault: Error {
    let reason: String
  }

  private init(_ text: [UInt8], _ variable: String) throws(Fault) {
    if text.count > Self.valueByteCountMax { throw Fault(reason: "the value is too long") }
    var scheme = "http"
    var start = 0
    if let colon = text.firstIndex(of: .colon), colon + 2 < text.count, text[colon + 1] == .slash,
      text[colon + 2] == .slash
    {
      scheme = text[..<colon].lowercasedText
      start = colon + 3
      if !scheme.isSame(as: "http") && !scheme.isSame(as: "https") {
        throw Fault(reason: "the scheme % is not supported".with(scheme.quoted))
      }
    }
    // The last one, so that a password with an '@' or a '/' in it works unencoded.
    var credentials: [UInt8] = []
    if let at = text.lastIndex(of: .at), at >= start {
      credentials = try Self.credentials(text, start, at)
      start = at + 1
    }
    // Nothing that may stand behind the port matters.
    var end = start
    while end < text.count && !"/?#".has(text[end]) { end += 1 }
    guard
      let endpoint = try? Endpoint.parse(
        text[start..<end].text, defaultPort: Self.defaultPort),
      !endpoint.host.isEmpty, endpoint.port != 0
    else { throw Fault(reason: "its host or port is missing or wrong") }
    self.endpoint = endpoint
    self.variable = variable
    usesTLS = scheme.isSame(as: "https")
    if credentials.count > 1 {
      let encoded = Cryptography.base64(credentials)
      authorization = "Basic " + encoded
      let password = credentials[((credentials.firstIndex(of: .colon) ?? 0) + 1)...]
      // Too short a password could not be told from ordinary text, but behind its user name it can.
      let isShort = password.count < 4
      secrets =
        password.isEmpty ? [encoded] : [encoded, (isShort ? credentials[...] : password).text]
    } else {
      authorization = ""
      secrets = []
    }
    description = "the web proxy %://% (%)".with(scheme, endpoint.description, variable)
  }

  /// User name, colon and password, decoded, as RFC 7617 wants them: without control characters, and without
  /// a colon in the user name.
  private static func credentials(
    _ text: [UInt8], _ start: Int, _ end: Int
  ) throws(Fault) -> [UInt8] {
    var octets: [UInt8] = []
    var hasColon = false
    var index = start
    while index < end {
      var octet = text[index]
      index += 1
      if octet == .colon {
        hasColon = true
      } else if octet == .percent {
        // What is no digit is as wrong as a control character.
        octet = 0
        if index + 1 < end, let high = text[index].hexadecimalValue,
          let low = text[index + 1].hexadecimalValue
        {
          octet = high << 4 | low
        }
        index += 2
        if octet == .colon && !hasColon { octet = 0 }
      }
      if octet.isControl {
        throw Fault(reason: "its user name or password is not encoded as in a URL")
      }
      octets.append(octet)
    }
    if !hasColon { octets.append(.colon) }
    return octets
  }
}
