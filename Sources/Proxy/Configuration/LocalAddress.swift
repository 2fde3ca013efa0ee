import Basics
import Reactor

/// Where the local side of a mapping is: a server that a destination connects to, or a place where a
/// source listens.
public enum LocalAddress: Equatable, Sendable {
  case network(Endpoint)
  /// A Unix domain socket, by its path.
  case unix(path: String)
  /// A source's one client: standard input and output.
  case standardStreams

  public var isStandard: Bool { if case .standardStreams = self { true } else { false } }

  /// What to say where its host has no address: in a mapping without a service it may be meant for one. "" for nothing.
  /// - Parameter service: the tunnel's, where that is known.
  package func hint(_ service: String = "") -> String {
    guard case .network(let endpoint) = self, !endpoint.host.isEmpty, !endpoint.host.has(.dot)
    else { return "" }
    return "% is taken for a host; a service is named %=%".with(
      endpoint.host, service.isEmpty ? endpoint.host : service, Int(endpoint.port).decimal)
  }

  @inline(never) public var description: String {
    switch self {
    case .network(let endpoint): endpoint.description
    case .unix(let path): path
    case .standardStreams: "standard input and output"
    }
  }
}
