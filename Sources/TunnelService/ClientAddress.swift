import Reactor

/// What counts as one client where clients share something out: an IPv4 address, or the first half of an IPv6 address,
/// for a host may have all that begins with it as its own. In the link-local network that half is everybody's.
struct ClientAddress: Hashable {
  private let high: UInt64
  private let low: UInt64

  init(_ address: SocketAddress) {
    let octets = address.octets
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    if octets.count == 16 && !octets.starts(with: mapped) {
      high = Self.number(octets[..<8])
      // So no IPv6 address is the same as an IPv4 one.
      low = octets.starts(with: [0xfe, 0x80]) ? Self.number(octets[8...]) : 1 << 63
    } else {
      high = 0
      low = Self.number(octets.suffix(4))
    }
  }

  private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
    octets.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
