import Basics
import CEpoll

/// A numeric IPv4 or IPv6 endpoint, or a Unix domain socket.
public struct SocketAddress {
  /// All zero for a Unix domain socket.
  var raw: cepoll_address
  /// Empty for IPv4 and IPv6.
  public let path: String
  /// Who listens there on a Unix domain socket takes clients of this user alone, and root's.
  let isPrivate: Bool

  init(raw: cepoll_address) {
    self.raw = raw
    path = ""
    isPrivate = false
  }

  /// The Unix domain socket at `path`, which is taken as it is; 107 bytes are the most that Linux knows.
  public init(path: String, isPrivate: Bool = false) {
    raw = cepoll_address()
    self.path = path
    self.isPrivate = isPrivate
  }

  /// Where a socket listens that the process was started with.
  /// - Parameter name: that of LISTEN_FDNAMES that it must have; nil for any.
  init?(passed index: Int, name: String?) {
    var raw = cepoll_address()
    let path = unsafe withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(CEPOLL_PATH_MAX)
    ) { path -> String? in
      guard let base = path.baseAddress, unsafe cepoll_passed(Int32(index), name, &raw, base) != 0
      else { return nil }
      return unsafe String(cString: base)
    }
    guard let path else { return nil }
    self.raw = raw
    self.path = path
    isPrivate = false
  }

  /// Reads a numeric address such as `127.0.0.1`, `::1` or `fe80::1%eth0`, without brackets; nil when
  /// `host` is a name, or this machine has no such interface. `::ffff:127.0.0.1` is 127.0.0.1.
  public init?(numeric host: String, port: UInt16) {
    var address = cepoll_address()
    if Self.parse(host, &address) < 0 { return nil }
    address.port = port
    self.init(raw: address)
  }

  /// Whether `host` is an IPv6 address with an interface behind its `%` that this machine has not.
  public static func hasUnknownInterface(_ host: String) -> Bool {
    var address = cepoll_address()
    return parse(host, &address) == -ENODEV
  }

  private static func parse(_ host: String, _ address: inout cepoll_address) -> Int32 {
    // C would take what is in front of it for all.
    if host.has(0) { return -EINVAL }
    return unsafe host.withCString { unsafe cepoll_address_parse($0, &address) }
  }

  public var port: UInt16 { raw.port }
  public var isIPv6: Bool { raw.family == 6 }
  public var isUnix: Bool { raw.family == 0 }

  /// The four or sixteen octets of the address, in network order; none for a Unix domain socket.
  public var octets: [UInt8] {
    let host = raw.host
    let all = unsafe withUnsafeBytes(of: host) { bytes in unsafe Array(bytes) }
    return Array(all.prefix(isUnix ? 0 : isIPv6 ? 16 : 4))
  }

  /// Whether this is 0.0.0.0 or ::, every address of its family.
  public var isWildcard: Bool {
    for octet in octets where octet != 0 { return false }
    return !isUnix
  }

  /// Whether who listens here has the other address too: `::` is every address of both families.
  public func covers(_ other: SocketAddress) -> Bool {
    if isWildcard { return isIPv6 || !other.isIPv6 }
    return host.isSame(as: other.host)
  }

  /// Whether somebody on this machine listens here, or on every address; nil when the kernel does not tell.
  public var isListenedOn: Bool? {
    let answer = unsafe withUnsafePointer(to: raw) { unsafe cepoll_is_listened_on($0) }
    return answer < 0 ? nil : answer > 0
  }

  /// A socket of the address's family, neither bound nor connected.
  func makeSocket() throws(SystemError) -> FileDescriptor {
    FileDescriptor(try SystemError.check(cepoll_socket(Int32(raw.family)), "socket"))
  }

  /// The socket that listens here already, once more.
  func passedSocket() throws(SystemError) -> FileDescriptor {
    FileDescriptor(try SystemError.check(cepoll_duplicate(raw.passed), "dup"))
  }

  public func with(port: UInt16) -> SocketAddress {
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

  /// `127.0.0.1:5555`, `[::1]:5555`, `/run/ssh.sock`.
  @inline(never) public var description: String {
    if isUnix { return path }
    return Endpoint.text(host, isIPv6: isIPv6, port)
  }
}
