import Basics
import Reactor

/// The hosts that are reached without a web proxy: what `no_proxy` lists, by comma or white space.
///
///     *                       everything
///     example.com             that name, and every name that ends in .example.com; so do
///     .example.com            and *.example.com
///     192.0.2.1  ::1  [::1]   an address, however it is written
///     10.0.0.0/8  fd00::/8    the addresses of a network
///     example.com:8443        the same for one port alone, as each of the above
enum ProxyExemptions {
  /// What leads to this machine itself: to a web proxy on another one these would be that one's own.
  static let loopback = "localhost,127.0.0.0/8,::1"

  static func contain(_ endpoint: Endpoint, in list: String) -> Bool {
    let host = name(endpoint.host)
    let address = octets(ofAddress: endpoint.host)
    let port = Int(endpoint.port)
    var entry: [UInt8] = []
    var text = list.octets
    text.append(.comma)
    for octet in text {
      if octet != .comma && octet != .space && octet != .tab {
        entry.append(octet)
        continue
      }
      if covers(entry, host: host, address: address, port: port) { return true }
      entry = []
    }
    return false
  }

  private static func covers(
    _ entry: [UInt8], host: [UInt8], address: [UInt8], port: Int
  ) -> Bool {
    var end = entry.count
    // A port stands behind a name, an IPv4 address, or a bracket; IPv6 addresses have more colons than one.
    if let colon = entry.lastIndex(of: .colon),
      colon == entry.firstIndex(of: .colon) || entry[colon - 1] == .closingBracket
    {
      if number(entry, from: colon + 1) != port { return false }
      end = colon
    }
    let text = entry[..<end].text
    if text.isSame(as: "*") { return true }
    return address.isEmpty ? isName(host, in: name(text)) : isAddress(address, in: text)
  }

  /// In lower case, without the dot that may end a complete name.
  private static func name(_ text: String) -> [UInt8] {
    var octets = text.octets[...].lowercasedText.octets
    if octets.last == .dot { octets.removeLast() }
    return octets
  }

  private static func isName(_ host: [UInt8], in entry: [UInt8]) -> Bool {
    var start = 0
    if entry.first == UInt8(ascii: "*") { start = 1 }
    if entry.count > start && entry[start] == .dot {
      start += 1
    } else if start == 1 {
      return false
    }
    let offset = host.count - (entry.count - start)
    if offset < 0 || start == entry.count { return false }
    for index in start..<entry.count where entry[index] != host[offset + index - start] {
      return false
    }
    return offset == 0 || host[offset - 1] == .dot
  }

  private static func isAddress(_ address: [UInt8], in entry: String) -> Bool {
    var text: [UInt8] = []
    var bitCount = address.count * 8
    let entry = entry.octets
    for (index, octet) in entry.enumerated() where !"[]".has(octet) {
      if octet == .slash {
        let length = number(entry, from: index + 1)
        if length < 0 || length > bitCount { return false }
        bitCount = length
        break
      }
      text.append(octet)
    }
    let network = octets(ofAddress: text[...].text)
    if network.count != address.count { return false }
    for index in 0..<bitCount {
      let bit = UInt8(0x80) >> UInt8(index & 7)
      if (address[index >> 3] ^ network[index >> 3]) & bit != 0 { return false }
    }
    return true
  }

  /// The decimal number, up to that of the last port, that fills the rest of `text`; -1 for anything else.
  private static func number(_ text: [UInt8], from start: Int) -> Int {
    var number = start < text.count ? 0 : -1
    for index in start..<text.count where number >= 0 {
      let digit = Int(text[index]) - Int(UInt8(ascii: "0"))
      number = number * 10 + digit
      if digit < 0 || digit > 9 || number > 65_535 { number = -1 }
    }
    return number
  }

  /// The four or sixteen octets of a numeric address; none for anything else.
  private static func octets(ofAddress host: String) -> [UInt8] {
    SocketAddress(numeric: host, port: 0)?.octets ?? []
  }
}
