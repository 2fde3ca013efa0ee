import Basics
import Reactor
import Tunnel

/// A service of the tunnel, and where its bytes go to (`-d`) or come from (`-s`).
public struct Mapping: Equatable, Sendable {
  /// Nil for "the tunnel's only service, whatever its name".
  public let serviceID: String?
  /// An empty host is the default: a source's `--local-bind-address`, localhost for a destination.
  public let address: LocalAddress

  /// Bytes of a Unix socket's path, at the most: those of `sun_path`, without the terminator.
  static let pathByteCountMax = 107

  package init(serviceID: String?, address: LocalAddress) {
    self.serviceID = serviceID
    self.address = address
  }

  /// Nil for a Unix domain socket.
  package var endpoint: Endpoint? {
    if case .network(let endpoint) = address { endpoint } else { nil }
  }

  /// See `LocalAddress`.
  package func hint(_ service: String = "") -> String {
    serviceID == nil ? address.hint(service) : ""
  }

  /// Reads `5555`, `SSH1=5555,HTTP1=8080`, `host:22`, `SSH1=[::1]:22`, `SSH1=/run/ssh.sock`. As in the
  /// reference, empty parts say nothing, and a mapping without a service stands alone.
  /// - Parameter places: those of a source, to which these are added.
  static func parse(
    _ given: OptionValue, role: TunnelRole, _ places: inout ListeningPlaces
  ) throws(UsageError) -> [Mapping] {
    var mappings: [Mapping] = []
    var services = OctetIndex()
    let parts = given.text.octets.parted(at: .comma)
    var mistakes = Mistakes()
    for (number, part) in parts.enumerated() where !part.trimmed.isEmpty {
      do throws(UsageError) {
        let mapping = try parsePart(part, role: role)
        if mapping.serviceID == nil && parts.count > 1 {
          throw UsageError("beside others a mapping needs its service: SERVICE=PORT")
        }
        let service = mapping.serviceID ?? ""
        if let first = services[service.octets] {
          throw UsageError(
            "% is given twice, at first as '%'; leave one out", with: service,
            parts[first].trimmed.text.excerpt)
        }
        services.insert(service.octets, number)
        if role == .source, let other = places.take(mapping.address, mappings.count) {
          throw UsageError(
            "% and % cannot both listen on %; move one of them",
            with: mappings[other].serviceID ?? "", service,
            places.describe(mapping.address))
        }
        mappings.append(mapping)
      } catch {
        mistakes.add(UsageError("% '%': %", with: given.label, part.text.excerpt, error.message))
      }
    }
    try mistakes.end()
    if mappings.isEmpty { throw given.fault("has no mapping in it; give PORT or SERVICE=PORT") }
    if mappings.count > 1 && mappings.contains(where: { $0.address.isStandard }) {
      throw given.fault(
        "has '-' beside others; its one connection ends the program, so give it alone")
    }
    return mappings
  }

  /// The same for a destination, for who has other options.
  package static func parseDestinations(
    _ text: String, label: String
  ) throws(UsageError) -> [Mapping] {
    let value = OptionValue(text: text, label: label, layer: .commandLine, isSecret: false)
    var places = ListeningPlaces(bindHost: "")
    return try parse(value, role: .destination, &places)
  }

  private static func parsePart(
    _ part: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> Mapping {
    let equals = part.firstIndex(of: .equals)
    // A '/' in front of the '=' is no service's: all of it is a path.
    guard let equals, !part[..<equals].contains(.slash) else {
      return Mapping(serviceID: nil, address: try address(part.trimmed, role: role))
    }
    return try pair(
      service: part[..<equals].trimmed, address: afterEquals(part[equals...]),
      role: role)
  }

  /// As in the reference, several `=` count as one.
  private static func afterEquals(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = rest
    while rest.first == .equals { rest.removeFirst() }
    return rest.trimmed
  }

  /// A mapping with a service, as a file has it as well.
  static func pair(
    service: ArraySlice<UInt8>, address text: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> Mapping {
    if service.isEmpty || service.count > Message.serviceIDByteCountMax {
      throw UsageError(
        "a service id has 1 to % bytes", with: Message.serviceIDByteCountMax.decimal)
    }
    return Mapping(serviceID: service.text, address: try address(text, role: role))
  }

  /// Reads a place to listen: `[HOST:]PORT`, or a socket's path.
  static func place(_ given: OptionValue) throws(UsageError) -> LocalAddress {
    let octets = given.text.octets[...]
    if octets.contains(.slash) { return try address(octets, role: .source) }
    let endpoint = try Endpoint.parse(given.text, option: given.label)
    return .network(
      endpoint.host.isEmpty ? Endpoint(host: "localhost", port: endpoint.port) : endpoint)
  }

  /// Whether a '/' is that of a URL, or stands behind a port as in 22/tcp, rather than in a socket's path.
  private static func isPlace(_ text: ArraySlice<UInt8>) -> Bool {
    let start = text.beforeFirst(.slash)
    return start.last == .colon || (try? Endpoint.parse(start.text, defaultPort: nil)) != nil
  }

  /// Whether an address stands for standard input and output.
  static func isStandard(_ text: ArraySlice<UInt8>) -> Bool {
    text.count == 1 && text.first == .hyphen
  }

  /// What has a '/' in it is the path of a Unix socket.
  private static func address(
    _ text: ArraySlice<UInt8>, role: TunnelRole
  ) throws(UsageError) -> LocalAddress {
    if isStandard(text) {
      if role == .source { return .standardStreams }
      throw UsageError(
        "standard input and output are for a source alone (-s); give the server's port")
    }
    if let slash = text.firstIndex(of: .slash), slash > text.startIndex,
      text[slash - 1] == .colon, text[slash...].dropFirst().first != .slash
    {
      throw UsageError("a service's socket is SERVICE=PATH, as SSH=/run/ssh.sock")
    }
    if text.contains(.slash) && !isPlace(text) {
      if text.count > pathByteCountMax || text.contains(0) {
        throw UsageError(
          "a socket's path has % bytes at the most; choose a shorter one",
          with: pathByteCountMax.decimal)
      }
      return .unix(path: text.text)
    }
    if !text.contains(.colon) && text.text.number == nil {
      throw UsageError(
        "'%' is not a port; give PORT, HOST:PORT or SERVICE=PORT[,…]", with: text.text.excerpt)
    }
    let endpoint = try Endpoint.parse(text.text, defaultPort: nil)
    if role == .source { return .network(endpoint) }
    if endpoint.port == 0 { throw UsageError("port 0 is not possible here; give the server's") }
    return .network(
      endpoint.host.isEmpty ? Endpoint(host: "localhost", port: endpoint.port) : endpoint)
  }
}
