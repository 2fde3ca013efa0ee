import CEpoll

/// A numeric IPv4 or IPv6 endpoint.
public struct SocketAddress {
  var raw: cepoll_address

  init(raw: cepoll_address) { self.raw = raw }

  /// Reads a numeric address such as `127.0.0.1`, `::1` or `fe80::1%eth0`, without brackets; nil when
  /// `host` is a name.
  public init?(numeric host: String, port: UInt16) {
    var address = cepoll_address()
    let outcome = unsafe host.withCString { text in
      unsafe cepoll_address_parse(text, &address)
    }
    if outcome < 0 { return nil }
    address.port = port
    raw = address
  }

  public var port: UInt16 { raw.port }
  public var isIPv6: Bool { raw.family == 6 }

  func with(port: UInt16) -> SocketAddress {
    var copy = self
    copy.raw.port = port
    return copy
  }

  /// `127.0.0.1`, `::1`: without the port.
  public var host: String {
    var copy = raw
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      guard let base = text.baseAddress, unsafe cepoll_address_format(&copy, base, 64) == 0 else {
        return "?"
      }
      return unsafe String(cString: base)
    }
  }

  /// `127.0.0.1:5555`, `[::1]:5555`.
  public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
