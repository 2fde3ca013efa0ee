/// A host and a port: of the service, of a web proxy, of a server, or of a place to listen.
public struct Endpoint: Equatable, Sendable {
  public let host: String
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// The host as it stands in front of a port: IPv6 in brackets.
  public var bracketedHost: String { host.utf8.contains(0x3a) ? "[\(host)]" : host }
  public var description: String { "\(bracketedHost):\(port)" }
}

/// Where the local side of a mapping is: a server that a destination connects to, or a place where a
/// source listens.
public enum LocalAddress: Equatable, Sendable {
  case network(Endpoint)
  /// A Unix domain socket, by its path.
  case unix(path: String)

  public var description: String {
    switch self {
    case .network(let endpoint): endpoint.description
    case .unix(let path): path
    }
  }
}
