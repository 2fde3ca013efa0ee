import Basics
import Reactor

/// The places where a source's services listen: no two can be the same. No name is looked up yet but localhost, which a
/// source takes for 127.0.0.1; other names of one address are found out when listening.
struct ListeningPlaces {
  private let bindHost: String
  /// Mappings' numbers by what they would meet others in.
  private var holders = OctetIndex()

  /// - Parameter bindHost: where a mapping listens that names no host.
  init(bindHost: String) { self.bindHost = bindHost }

  /// Notes a mapping's place; returns the number of the one that meets it there, if one does.
  mutating func take(_ address: LocalAddress, _ number: Int) -> Int? {
    guard case .network(let endpoint) = address else {
      return note(address.description, number)
    }
    if endpoint.port == 0 { return nil }
    let given = host(endpoint)
    var host = HeaderBlock.lowercased(given.octets)
    if host.isSame(as: "localhost") { host = "127.0.0.1" }
    let port = endpoint.port
    guard let numeric = SocketAddress(numeric: host, port: 0) else {
      return note("\(port) \(host)", number)
    }
    // The wildcard meets every address of its family, and each of those meets it.
    let family = "\(port) \(numeric.isIPv6 ? 6 : 4)"
    if numeric.isWildcard {
      return note("\(family) one", number) ?? note("\(family) all", number)
    }
    if let other = holders["\(family) all".octets] { return other }
    holders.insert("\(family) one".octets, number)
    return note("\(family) \(numeric.host)", number)
  }

  private mutating func note(_ place: String, _ number: Int) -> Int? {
    holders.insert(place.octets, number) ? nil : holders[place.octets]
  }

  /// A place in words.
  func describe(_ address: LocalAddress) -> String {
    guard case .network(let endpoint) = address else { return address.description }
    return "port \(endpoint.port) of \(host(endpoint))"
  }

  private func host(_ endpoint: Endpoint) -> String {
    endpoint.host.isEmpty ? bindHost : endpoint.host
  }
}
