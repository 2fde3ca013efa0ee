import Proxy
import Reactor

/// One end's right to connect.
final class AccessToken {
  let text: String
  let role: TunnelRole
  unowned(unsafe) let tunnel: Tunnel
  /// A handshake with this token succeeded.
  private var isUsed = false
  /// What the first successful handshake brought along; only the same may come again.
  private var clientToken = ""

  init(text: String, role: TunnelRole, tunnel: Tunnel) {
    self.text = text
    self.role = role
    unsafe self.tunnel = tunnel
  }

  /// Uses the token: once without a client token, as often as one likes with one and the same.
  func use(clientToken: String) -> Bool {
    if isUsed && (clientToken.isEmpty || clientToken != self.clientToken) { return false }
    isUsed = true
    self.clientToken = clientToken
    return true
  }
}

/// A source and a destination that belong together, and the services between them.
final class Tunnel {
  let number: Int
  let services: [String]
  private(set) var tokens: [AccessToken] = []
  var source: TunnelEnd?
  var destination: TunnelEnd?
  /// The current stream of each service, by the service's id ("" for none on the wire).
  private var streams: [(serviceID: String, streamID: Int32)] = []

  init(number: Int, services: [String], sourceToken: String, destinationToken: String) {
    self.number = number
    self.services = services
    tokens = [
      AccessToken(text: sourceToken, role: .source, tunnel: self),
      AccessToken(text: destinationToken, role: .destination, tunnel: self),
    ]
  }

  /// Whether the bytes of `range` are the name of one of the services.
  func hasService(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    for name in services where name.utf8.count == range.count {
      var isEqual = true
      for (offset, octet) in name.utf8.enumerated() where isEqual {
        isEqual = octet == bytes[range.lowerBound + offset]
      }
      if isEqual { return true }
    }
    return false
  }

  func end(_ role: TunnelRole) -> TunnelEnd? { role == .source ? source : destination }
  func otherEnd(of role: TunnelRole) -> TunnelEnd? { role == .source ? destination : source }

  func setEnd(_ role: TunnelRole, _ end: TunnelEnd?) {
    if role == .source { source = end } else { destination = end }
  }

  func streamStarted(_ serviceID: String, _ streamID: Int32) {
    streamEnded(serviceID)
    streams.append((serviceID, streamID))
  }

  func streamEnded(_ serviceID: String) { streams.removeAll { $0.serviceID == serviceID } }

  /// The streams that end because one side is gone.
  func takeStreams() -> [(serviceID: String, streamID: Int32)] {
    let taken = streams
    streams = []
    return taken
  }
}
