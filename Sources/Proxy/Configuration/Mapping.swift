import Reactor

/// A service of the tunnel, and where its bytes go to (`-d`) or come from (`-s`).
public struct Mapping: Equatable, Sendable {
  /// Nil for "the tunnel's only service, whatever its name".
  public let serviceID: String?
  /// An empty host is the default: a source's `--local-bind-address`, localhost for a destination.
  public let address: LocalAddress

  /// Nil for a Unix domain socket.
  var endpoint: Endpoint? {
    if case .network(let endpoint) = address { endpoint } else { nil }
  }

  /// Reads `5555`, `SSH1=5555,HTTP1=8080`, `host:22`, `SSH1=[::1]:22`.
  /// - Parameters:
  ///   - option: the option's name, for the message.
  ///   - portZeroAllowed: 0 means "a free port", which only a source can use.
  public static func parse(
    _ text: String, option: String, portZeroAllowed: Bool
  ) throws(UsageError) -> [Mapping] {
    var mappings: [Mapping] = []
    for part in text.utf8.split(separator: 0x2c, omittingEmptySubsequences: false) {
      let part = String(decoding: Array(part), as: UTF8.self)
      if part.isEmpty {
        throw UsageError("\(option) '\(text)': a mapping is empty; write SERVICE=PORT,SERVICE=PORT")
      }
      let mapping = try parsePart(part, option: option, portZeroAllowed: portZeroAllowed)
      if mappings.contains(where: { $0.serviceID == mapping.serviceID }) {
        let name = mapping.serviceID.map { "service '\($0)'" } ?? "a mapping without a service"
        throw UsageError("\(option) '\(text)': \(name) is given twice")
      }
      mappings.append(mapping)
    }
    if mappings.count > 1 && mappings.contains(where: { $0.serviceID == nil }) {
      throw UsageError(
        "\(option) '\(text)': with several mappings each needs its service: SERVICE=PORT")
    }
    return mappings
  }

  /// Two services cannot listen on one port.
  static func checkPorts(
    _ mappings: [Mapping], text: String, option: String
  ) throws(UsageError) {
    for (index, mapping) in mappings.enumerated() {
      guard let endpoint = mapping.endpoint, endpoint.port != 0 else { continue }
      if mappings[..<index].contains(where: { $0.endpoint == endpoint }) {
        throw UsageError("\(option) '\(text)': port \(endpoint.port) is given twice")
      }
    }
  }

  private static func parsePart(
    _ part: String, option: String, portZeroAllowed: Bool
  ) throws(UsageError) -> Mapping {
    let octets = Array(part.utf8)
    var serviceID: String?
    var rest = octets[...]
    if let equals = octets.firstIndex(of: 0x3d) {
      let name = String(decoding: octets[..<equals], as: UTF8.self)
      if name.isEmpty || name.utf8.count > Message.serviceIDByteCountMax {
        throw UsageError(
          "\(option) '\(part)': a service id has 1 to \(Message.serviceIDByteCountMax) bytes")
      }
      serviceID = name
      rest = octets[(equals + 1)...]
    }
    let address = String(decoding: rest, as: UTF8.self)
    do throws(UsageError) {
      let endpoint = try Endpoint.parse(address, defaultPort: nil)
      if endpoint.port == 0 && !portZeroAllowed { throw UsageError("port 0 is not possible here") }
      return Mapping(serviceID: serviceID, address: .network(endpoint))
    } catch {
      throw UsageError("\(option) '\(part)': \(error.message)")
    }
  }
}

extension Endpoint {
  /// Reads `host:port`, `[v6]:port` or `port` for the option that the message is to name.
  public static func parse(_ text: String, option: String) throws(UsageError) -> Endpoint {
    do throws(UsageError) {
      return try parse(text, defaultPort: nil)
    } catch {
      throw UsageError("\(option) '\(text)': \(error.message)")
    }
  }

  /// Reads `host:port`, `[v6]:port`, `port`, or `host` alone when there is a default port.
  static func parse(_ text: String, defaultPort: UInt16?) throws(UsageError) -> Endpoint {
    let octets = Array(text.utf8)
    if octets.first == 0x5b {
      guard let close = octets.firstIndex(of: 0x5d) else {
        throw UsageError("'[' without ']'")
      }
      let host = String(decoding: octets[1..<close], as: UTF8.self)
      if SocketAddress(numeric: host, port: 0) == nil {
        throw UsageError("'\(host)' is not an IPv6 address")
      }
      let rest = octets[(close + 1)...]
      if rest.isEmpty, let defaultPort { return Endpoint(host: host, port: defaultPort) }
      if rest.first != 0x3a { throw UsageError("after ']' there must be ':PORT'") }
      return Endpoint(host: host, port: try port(Array(rest.dropFirst())))
    }
    guard let colon = octets.lastIndex(of: 0x3a) else {
      if let defaultPort { return Endpoint(host: try host(octets), port: defaultPort) }
      return Endpoint(host: "", port: try port(octets))
    }
    if octets[..<colon].contains(0x3a) {
      throw UsageError("an IPv6 address stands in brackets: [\(text)]:PORT")
    }
    if colon == 0 { throw UsageError("there is no host in front of ':'") }
    return Endpoint(
      host: try host(Array(octets[..<colon])),
      port: try port(Array(octets[(colon + 1)...])))
  }

  /// A name or an IPv4 address: letters, digits, dots, hyphens and underscores.
  private static func host(_ octets: [UInt8]) throws(UsageError) -> String {
    let text = String(decoding: octets, as: UTF8.self)
    let isName = octets.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
    }
    if !isName { throw UsageError("'\(text)' is not a host name") }
    return text
  }

  private static func port(_ octets: [UInt8]) throws(UsageError) -> UInt16 {
    let text = String(decoding: octets, as: UTF8.self)
    let isDecimal = !octets.isEmpty && octets.allSatisfy { (0x30...0x39).contains($0) }
    guard isDecimal, let port = UInt16(text) else {
      throw UsageError("'\(text)' is not a port (0 to 65535)")
    }
    return port
  }
}
