import Basics
import Reactor
import Tunnel
import WebSocket

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
  /// The newest stream of a service that was started towards the destination.
  private struct Stream {
    /// As the start named it; empty for none on the wire.
    let serviceID: [UInt8]
    let streamID: Int32
    /// Who started it; nil once it is over.
    var source: TunnelEnd?
  }

  let number: Int
  let services: [String]
  /// The source's, and the destination's.
  private(set) var tokens: [AccessToken] = []
  private(set) var source: TunnelEnd?
  private(set) var destination: TunnelEnd?
  /// Why nobody may connect any more, once the tunnel is over.
  private(set) var endReason: String?
  /// From the source, and from the destination.
  private var lines: [Line] = []
  /// By place; see `place`.
  private var streams: [Stream?]
  /// How many ends have connected, by role.
  private var sourceCount = 0
  private var destinationCount = 0
  /// The services, by index, that a source has ever started a stream of; and whether it ever started one
  /// without a service id.
  private var isStarted: [Bool]
  private var isStartedWithoutID = false
  /// See `ServiceOptions`.
  let tellsOfLosses: Bool

  init(
    number: Int, services: [String], pair: TunnelService.TokenPair, network: any Network,
    shape: LinkShape, tellsOfLosses: Bool = true, log: Log
  ) {
    self.tellsOfLosses = tellsOfLosses
    self.number = number
    self.services = services
    isStarted = services.map { _ in false }
    streams = [Stream?](repeating: nil, count: services.count + 1)
    tokens = [
      AccessToken(text: pair.source, role: .source, tunnel: self),
      AccessToken(text: pair.destination, role: .destination, tunnel: self),
    ]
    lines = [TunnelRole.source, .destination].map {
      Line(tunnel: self, role: $0, network: network, shape: shape, log: log)
    }
  }

  /// Puts another token in the place of an end's; returns the old one. Whoever is connected with that stays, until
  /// somebody comes with the new one.
  func replaceToken(of role: TunnelRole, by text: String) -> (old: AccessToken, new: AccessToken) {
    let new = AccessToken(text: text, role: role, tunnel: self)
    let place = role == .source ? 0 : 1
    let old = tokens[place]
    tokens[place] = new
    return (old, new)
  }

  // MARK: Ends

  func end(_ role: TunnelRole) -> TunnelEnd? { role == .source ? source : destination }
  func otherEnd(of role: TunnelRole) -> TunnelEnd? { role == .source ? destination : source }

  /// The way from the end of this role to the other one, and the way to it.
  func line(from role: TunnelRole) -> Line { lines[role == .source ? 0 : 1] }
  func line(to role: TunnelRole) -> Line { lines[role == .source ? 1 : 0] }

  func setEnd(_ role: TunnelRole, _ end: TunnelEnd?) {
    if role == .source { source = end } else { destination = end }
    if end == nil { return }
    if role == .source { sourceCount += 1 } else { destinationCount += 1 }
  }

  /// An end is gone, or a newer one has taken its place: what was on its way to it is nobody's, and the other end hears
  /// of it behind what it has sent.
  func left(_ end: TunnelEnd) {
    if self.end(end.role) === end { setEnd(end.role, nil) }
    line(to: end.role).receiverLeft()
    line(from: end.role).senderLeft(end)
    line(to: end.role).goOn()
  }

  /// Ends both connections, and refuses all later ones.
  func close(_ code: CloseCode, reason: String) {
    endReason = reason
    for line in lines { line.cut() }
    source?.close(code, reason: reason)
    destination?.close(code, reason: reason)
    source = nil
    destination = nil
    _ = endStreams()
  }

  func checkInvariants() -> String? {
    for line in lines { if let fault = line.checkInvariants() { return fault } }
    return source?.checkInvariants() ?? destination?.checkInvariants()
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

  /// Where the stream of a message's service is noted. The name of a tunnel's only service may be left out.
  private func place(of message: Message, in bytes: Span<UInt8>) -> Int {
    if services.count == 1 || message.serviceID.isEmpty {
      return services.count == 1 ? 0 : services.count
    }
    return serviceIndex(message.serviceID, in: bytes) ?? services.count
  }

  /// Notes what a message that arrives does to the streams.
  /// - Parameter end: who sent it.
  func note(_ message: Message, in bytes: Span<UInt8>, from end: TunnelEnd) {
    switch message.type {
    case .streamStart:
      streams[place(of: message, in: bytes)] = Stream(
        serviceID: Message.text(bytes, message.serviceID).octets, streamID: message.streamID,
        source: end)
    case .streamReset: endStream(message, in: bytes)
    case nil, .unknown, .data, .sessionReset, .serviceIDs, .connectionStart, .connectionReset: break
    }
  }

  /// The stream of a message is over.
  func endStream(_ message: Message, in bytes: Span<UInt8>) {
    let place = place(of: message, in: bytes)
    if streams[place]?.streamID == message.streamID { streams[place]?.source = nil }
  }

  /// Whether a message's stream stands between this source and the destination that is connected. A stream that is
  /// not known may be one of an earlier end once there was one, and then its data must not arrive.
  func isCurrent(_ message: Message, in bytes: Span<UInt8>, source: TunnelEnd?) -> Bool {
    guard let source else { return false }
    if let stream = streams[place(of: message, in: bytes)], stream.streamID == message.streamID {
      return stream.source === source
    }
    switch message.type {
    case .data: return sourceCount <= 1 && destinationCount <= 1
    case nil, .unknown, .streamStart, .streamReset, .sessionReset, .serviceIDs, .connectionStart,
      .connectionReset:
      return true
    }
  }

  /// Ends the streams that a source started; returns their resets.
  func endStreams(of source: TunnelEnd) -> [MessageHeader] {
    var resets: [MessageHeader] = []
    for (place, stream) in streams.enumerated() {
      guard let stream, stream.source === source else { continue }
      streams[place]?.source = nil
      // As in the protocol guides' examples, also of V3: without a connection id.
      resets.append(
        MessageHeader(.streamReset, streamID: stream.streamID, serviceID: stream.serviceID))
    }
    return resets
  }

  /// Ends all streams; returns the resets of those of the source that is connected.
  func endStreams() -> [MessageHeader] {
    let resets = source.map { endStreams(of: $0) } ?? []
    for place in streams.indices { streams[place]?.source = nil }
    return resets
  }
}
