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
  /// The current stream of a service; "" is the service's id for none on the wire.
  struct Stream {
    let serviceID: String
    let streamID: Int32
  }

  let number: Int
  let services: [String]
  private(set) var tokens: [AccessToken] = []
  private(set) var source: TunnelEnd?
  private(set) var destination: TunnelEnd?
  /// Why nobody may connect any more, once the tunnel is over.
  private(set) var endReason: String?
  /// From the source, and from the destination.
  private var lines: [Line] = []
  private var streams: [Stream] = []
  /// The services, by index, that a source has ever started a stream of; and whether it ever started one
  /// without a service id.
  private var isStarted: [Bool]
  private var isStartedWithoutID = false

  init(
    number: Int, services: [String], pair: TunnelService.TokenPair, network: any Network,
    shape: LinkShape, log: Log
  ) {
    self.number = number
    self.services = services
    isStarted = services.map { _ in false }
    tokens = [
      AccessToken(text: pair.source, role: .source, tunnel: self),
      AccessToken(text: pair.destination, role: .destination, tunnel: self),
    ]
    lines = [TunnelRole.source, .destination].map {
      Line(tunnel: self, role: $0, network: network, shape: shape, log: log)
    }
  }

  // MARK: Ends

  func end(_ role: TunnelRole) -> TunnelEnd? { role == .source ? source : destination }
  func otherEnd(of role: TunnelRole) -> TunnelEnd? { role == .source ? destination : source }

  /// The way from the end of this role to the other one, and the way to it.
  func line(from role: TunnelRole) -> Line { lines[role == .source ? 0 : 1] }
  func line(to role: TunnelRole) -> Line { lines[role == .source ? 1 : 0] }

  func setEnd(_ role: TunnelRole, _ end: TunnelEnd?) {
    if role == .source { source = end } else { destination = end }
  }

  /// Ends both connections, and refuses all later ones.
  func close(_ code: CloseCode, reason: String) {
    endReason = reason
    for line in lines { line.cut() }
    source?.close(code, reason: reason)
    destination?.close(code, reason: reason)
    source = nil
    destination = nil
    streams = []
  }

  // MARK: Services and streams

  /// Which of the services the bytes of `range` are the name of.
  func serviceIndex(_ range: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    for (index, name) in services.enumerated() where name.utf8.count == range.count {
      var isEqual = true
      for (offset, octet) in name.utf8.enumerated() where isEqual {
        isEqual = octet == bytes[range.lowerBound + offset]
      }
      if isEqual { return index }
    }
    return nil
  }

  /// Notes a stream start that a source sent.
  /// - Parameter service: nil when it had no service id.
  func noteStart(of service: Int?) {
    if let service { isStarted[service] = true } else { isStartedWithoutID = true }
  }

  /// Whether the end of this role may send data of the service, or (nil) data without a service id. A
  /// destination that knows only the first protocol version leaves the id of the only service out.
  func isStarted(_ service: Int?, for role: TunnelRole) -> Bool {
    if let service { return isStarted[service] }
    return isStartedWithoutID
      || (role == .destination && services.count == 1 && isStarted[0])
  }

  func streamStarted(_ serviceID: String, _ streamID: Int32) {
    streamEnded(serviceID)
    streams.append(Stream(serviceID: serviceID, streamID: streamID))
  }

  func streamEnded(_ serviceID: String) { streams.removeAll { $0.serviceID == serviceID } }

  /// The streams that end because one side is gone.
  func takeStreams() -> [Stream] {
    let taken = streams
    streams = []
    return taken
  }
}
