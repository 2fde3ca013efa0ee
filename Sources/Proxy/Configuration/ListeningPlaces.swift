import Basics
import Reactor

/// The places where a source's services listen: no two can be the same. No name is looked up yet but localhost, which is
/// both loopback addresses; other names of one address are found out when listening.
struct ListeningPlaces {
  private let bindHost: String
  /// Mappings' numbers by what they would meet others in.
  private var holders = OctetIndex()

  /// - Parameter bindHost: where a mapping listens that names no host.
  init(bindHost: String) { self.bindHost = bindHost }

  /// Notes a mapping's place; returns the number of the one that meets it there, if one does.
  @inline(never) mutating func take(_ address: LocalAddress, _ number: Int) -> Int? {
    guard case .network(let endpoint) = address else {
      return take([address.description], met: [], number)
    }
    if endpoint.port == 0 { return nil }
    let given = host(endpoint)
    let name = given.octets[...].lowercasedText
    let hosts = name.isSame(as: "localhost") ? ["127.0.0.1", "::1"] : [given]
    for host in hosts {
      guard let numeric = SocketAddress(numeric: host, port: 0) else {
        return take(["% %".with(Int(endpoint.port).decimal, name)], met: [], number)
      }
      if let other = take(numeric, endpoint.port, number) { return other }
    }
    return nil
  }

  /// A family's wildcard meets every address of it, and each of those meets it; `::` is that of both.
  private mutating func take(_ address: SocketAddress, _ port: UInt16, _ number: Int) -> Int? {
    let port = Int(port).decimal
    let family = port + (address.isIPv6 ? " 6" : " 4")
    let (any, anyOfFamily) = (port + " any", family + " any")
    let (all, allOfFamily) = (port + " all", family + " all")
    if !address.isWildcard {
      let own = "% %".with(port, address.host)
      return take([own, any, anyOfFamily], met: [own, all, allOfFamily], number)
    }
    return address.isIPv6
      ? take([all, any, anyOfFamily], met: [all, any], number)
      : take([allOfFamily, any, anyOfFamily], met: [all, anyOfFamily], number)
  }

  /// - Parameter met: where another one would be in the way.
  private mutating func take(_ places: [String], met: [String], _ number: Int) -> Int? {
    for place in met.isEmpty ? places : met {
      if let other = holders[place.octets], other != number { return other }
    }
    for place in places { holders.insert(place.octets, number) }
    return nil
  }

  /// A place in words.
  @inline(never) func describe(_ address: LocalAddress) -> String {
    guard case .network(let endpoint) = address else { return address.description }
    return "port % of %".with(Int(endpoint.port).decimal, host(endpoint))
  }

  private func host(_ endpoint: Endpoint) -> String {
    endpoint.host.isEmpty ? bindHost : endpoint.host
  }
}
