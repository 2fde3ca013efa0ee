import Basics
import Reactor

extension Endpoint {
  /// Of the tunnel service, when none is given.
  private static let servicePort: UInt16 = 443

  /// The service's endpoint out of `host`, `host:port` or `[v6]:port`, in lower case but for an
  /// interface's name; port 443 by default.
  package static func parseService(_ text: String) throws(UsageError) -> Endpoint {
    let octets = text.octets
    let name = octets[...].beforeFirst(.percent)
    let endpoint = try parse(
      name.lowercasedText + octets[name.endIndex...].text, defaultPort: servicePort)
    if endpoint.port == 0 { throw UsageError("its port cannot be 0; leave it out for 443") }
    return endpoint
  }
}
