import Basics
import Reactor

/// A service of the tunnel, and where its bytes go to (`-d`) or come from (`-s`).
public struct Mapping: Equatable, Sendable {
  /// Nil for "the tunnel's only service, whatever its name".
  public let serviceID: String?
  /// An empty host is the default: a source's `--local-bind-address`, localhost for a destination.
  public let address: LocalAddress

  /// Bytes of a Unix socket's path, at the most: those of `sun_path`, without the terminator.
  static let pathByteCountMax = 107

  /// Nil for a Unix domain socket.
  var endpoint: Endpoint? {
    if case .network(let endpoint) = address { endpoint } else { nil }
  }

  /// Reads `5555`, `SSH1=5555,HTTP1=8080`, `host:22`, `SSH1=[::1]:22`, `SSH1=/run/ssh.sock`. As in the
  /// reference, empty parts say nothing, a service's first mapping counts, and a mapping without a service
  /// stands alone.
  /// - Parameter bindHost: where a source listens when a mapping names no host.
  static func parse(
    _ given: OptionValue, role: TunnelRole, bindHost: String, warnings: inout Warnings
  ) throws(UsageError) -> [Mapping] {
    var mappings: [Mapping] = []
    let parts = given.text.octets.parted(at: 0x2c)
    for part in parts where !part.trimmed.isEmpty {
      let mapping: Mapping
      do throws(UsageError) {
        mapping = try parsePart(part, role: role)
        if mapping.serviceID == nil && parts.count > 1 {
          throw UsageError("beside others a mapping needs its service: SERVICE=PORT")
        }
        if role == .source { try checkPlace(mapping, mappings, bindHost) }
      } catch {
        throw UsageError("\(given.label) \(part.text.quoted): \(error.message)")
      }
      if mapping.isKnown(in: mappings) {
        warnings.add(
          "\(given.label) \(part.text.quoted) is ignored: its service has a mapping already")
      } else {
        mappings.append(mapping)
      }
    }
    if mappings.isEmpty { throw given.fault("has no mapping in it; give PORT or SERVICE=PORT") }
    return mappings
  }

  /// Whether one of `others` is for the same service.
  func isKnown(in others: [Mapping]) -> Bool {
    let name = serviceID?.octets
    return others.contains { $0.serviceID?.octets == name }
  }

  /// Two services cannot listen at one place. No name is looked up yet but localhost, which a source takes for
  /// 127.0.0.1; other names of one address are found out when listening.
  private static func checkPlace(
    _ mapping: Mapping, _ others: [Mapping], _ bindHost: String
  ) throws(UsageError) {
    for other in others
    where !mapping.isKnown(in: [other]) && mapping.meets(other, bindHost: bindHost) {
      var place = mapping.address.description
      if let endpoint = mapping.endpoint {
        place = "port \(endpoint.port) of \(endpoint.host.isEmpty ? bindHost : endpoint.host)"
      }
      let services = "\(other.serviceID ?? "") and \(mapping.serviceID ?? "")"
      throw UsageError("\(services) cannot both listen on \(place)")
    }
  }

  /// Whether both listen at one place.
  private func meets(_ other: Mapping, bindHost: String) -> Bool {
    guard let own = endpoint, let others = other.endpoint else {
      return address.description.isSame(as: other.address.description)
    }
    if own.port != others.port || own.port == 0 { return false }
    let host = Self.listeningHost(own, bindHost)
    let otherHost = Self.listeningHost(others, bindHost)
    if host.isSame(as: otherHost) { return true }
    guard let address = SocketAddress(numeric: host, port: 0),
      let other = SocketAddress(numeric: otherHost, port: 0), address.isIPv6 == other.isIPv6
    else { return false }
    return address.host.isSame(as: other.host) || address.isWildcard || other.isWildcard
  }

  private static func listeningHost(_ endpoint: Endpoint, _ bindHost: String) -> String {
    let given = endpoint.host.isEmpty ? bindHost : endpoint.host
    let host = HeaderBlock.lowercased(given.octets)
    return host.isSame(as: "localhost") ? "127.0.0.1" : host
  }

  private static func parsePart(
    _ part: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> Mapping {
    let equals = part.firstIndex(of: 0x3d)
    // A '/' in front of the '=' is no service's: all of it is a path.
    guard let equals, !part[..<equals].contains(0x2f) else {
      return Mapping(serviceID: nil, address: try address(part.trimmed, role: role))
    }
    return try pair(
      service: part[..<equals].trimmed, address: afterEquals(part[equals...]),
      role: role)
  }

  /// As in the reference, several `=` count as one.
  private static func afterEquals(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = rest
    while rest.first == 0x3d { rest.removeFirst() }
    return rest.trimmed
  }

  /// A mapping with a service, as a file has it as well.
  static func pair(
    service: ArraySlice<UInt8>, address text: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> Mapping {
    if service.isEmpty || service.count > Message.serviceIDByteCountMax {
      throw UsageError("a service id has 1 to \(Message.serviceIDByteCountMax) bytes")
    }
    return Mapping(serviceID: service.text, address: try address(text, role: role))
  }

  /// What has a '/' in it is the path of a Unix socket.
  private static func address(
    _ text: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> LocalAddress {
    if text.contains(0x2f) {
      if text.count > pathByteCountMax || text.contains(0) {
        throw UsageError("a socket's path has \(pathByteCountMax) bytes at the most")
      }
      return .unix(path: text.text)
    }
    let endpoint = try Endpoint.parse(text.text, defaultPort: nil)
    if role == .source { return .network(endpoint) }
    if endpoint.port == 0 { throw UsageError("port 0 is not possible here") }
    return .network(
      endpoint.host.isEmpty ? Endpoint(host: "localhost", port: endpoint.port) : endpoint)
  }
}
