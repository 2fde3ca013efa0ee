import Basics
import Configuration
import Reactor
import Tunnel
import WebSocket

/// How a `TunnelService` is to behave.
public struct ServiceOptions: Sendable {
  public var shape = LinkShape(bandwidth: 0, latency: Milliseconds(0))
  /// How long a tunnel lasts once it is opened; nil for ever.
  public var lifetime: Milliseconds?
  /// How long a client may take from its connection to the end of its request.
  var receptionTimeout = Milliseconds(10_000)
  public var faults = Faults()
  /// Whether permessage-deflate is accepted from proxies that offer it.
  public var acceptsCompression = false
  /// Whether an end hears that the other one has gone. Another service may not say so.
  public var tellsOfLosses = true

  public init() {}
}

/// The service's side of the tunnels: it knows the tokens, takes the proxies' connections, pairs them, and passes
/// their messages on.
public final class TunnelService: ListenerHandler, TimerHandler {
  /// Clients on their way to a WebSocket at once.
  static let receptionCountMax = 256
  /// Tunnels that are opened in all; a closed one is remembered, to say why its tokens are refused.
  static let tunnelCountMax = 10_000
  /// Of these, clients of one address: a crowd behind one router comes in, and others still do beside it.
  static let receptionCountPerAddressMax = 128

  let network: any Network
  let tls: any TLSCredentials
  let options: ServiceOptions
  let log: Log
  private var listener: (any Listener)?
  private(set) var tunnels: [Tunnel] = []
  private var tokens: [String: AccessToken] = [:]
  /// The oldest first.
  private var receptions: [Reception] = []
  /// Clients so far.
  private(set) var acceptedCount = 0
  private var receptionCounts: [ClientAddress: Int] = [:]

  public init(network: any Network, tls: any TLSCredentials, options: ServiceOptions, log: Log) {
    self.network = network
    self.tls = tls
    self.options = options
    self.log = log
  }

  /// Starts to listen; returns where.
  public func listen(on address: SocketAddress) throws(SystemError) -> SocketAddress {
    let listener = try network.listen(on: address, backlog: Settings.listenBacklog, self)
    self.listener = listener
    return listener.address
  }

  /// The tokens of a tunnel's two ends.
  public struct TokenPair {
    public let source: String
    public let destination: String
  }

  /// Opens a tunnel with these services, or (none) without service ids.
  public func openTunnel(services: [String]) throws(TLSError) -> TokenPair {
    if tunnels.count == Self.tunnelCountMax {
      throw .configuration(
        what: "no further tunnel",
        reason: "\(Self.tunnelCountMax) have been opened, which is the limit")
    }
    let pair = TokenPair(source: try makeToken(), destination: try makeToken())
    let tunnel = Tunnel(
      number: tunnels.count + 1, services: services, pair: pair, network: network,
      shape: options.shape, tellsOfLosses: options.tellsOfLosses, log: log)
    tunnels.append(tunnel)
    if let lifetime = options.lifetime {
      _ = network.schedule(at: network.now + lifetime, self, tag: tunnels.count - 1)
    }
    for token in tunnel.tokens { add(token) }
    return pair
  }

  private func add(_ token: AccessToken) {
    tokens[token.text] = token
    log.conceal(token.text)
  }

  /// Makes a new token for an end, and refuses the old one from now on, as the service's RotateTunnelAccessToken does.
  func rotateToken(of tunnel: Tunnel, _ role: TunnelRole) throws(TLSError) -> String {
    let (old, new) = tunnel.replaceToken(of: role, by: try makeToken())
    tokens[old.text] = nil
    log.forget(old.text)
    add(new)
    log.tokenRotated(tunnel: "\(tunnel.number)", end: role.localProxyMode)
    return new.text
  }

  /// The same of the first tunnel.
  package func rotateToken(_ role: TunnelRole) throws(TLSError) -> String {
    try rotateToken(of: tunnels[0], role)
  }

  /// Ends one connection of the first tunnel in good order.
  package func closeEnd(_ role: TunnelRole, reason: String) {
    guard let end = tunnels[0].end(role) else { return }
    end.close(.normal, reason: reason)
    tunnels[0].left(end)
  }

  /// 48 random octets, as the real tokens are: long, and in letters that a shell does not mind.
  private func makeToken() throws(TLSError) -> String {
    let text = Cryptography.base64(try network.random(48)).utf8.map { octet in
      octet == UInt8(ascii: "+") ? .hyphen : octet == .slash ? UInt8(ascii: "_") : octet
    }
    return String(decoding: text, as: UTF8.self)
  }

  func token(_ text: String) -> AccessToken? { tokens[text] }

  /// The tunnel of a number, from 1 on; nil when none was opened with it.
  func tunnel(_ number: Int64) -> Tunnel? {
    number >= 1 && number <= Int64(tunnels.count) ? tunnels[Int(number) - 1] : nil
  }

  // MARK: Ends of tunnels

  /// Ends the oldest tunnel that is still open, as the service's CloseTunnel does; false if there is none.
  public func closeOldestTunnel() -> Bool {
    guard let tunnel = tunnels.first(where: { $0.endReason == nil }) else { return false }
    close(tunnel)
    return true
  }

  func close(_ tunnel: Tunnel) { close(tunnel, reason: "tunnel closed") }

  public func timerFired(tag: Int, now: Instant) {
    if tunnels[tag].endReason == nil { close(tunnels[tag], reason: "tunnel expired") }
  }

  private func close(_ tunnel: Tunnel, reason: String) {
    log.tunnelClosed(tunnel: "\(tunnel.number)", reason: reason)
    tunnel.close(.normal, reason: reason)
  }

  public func stop() {
    listener?.close()
    listener = nil
    for tunnel in tunnels where tunnel.endReason == nil {
      tunnel.close(.goingAway, reason: "the service is stopping")
    }
  }

  // MARK: Clients

  public func listener(
    _ listener: any Listener, accepted socket: any ByteStream, from socketAddress: SocketAddress
  ) {
    acceptedCount += 1
    let address = ClientAddress(socketAddress)
    if !makeRoom(for: address, socketAddress) {
      socket.abort()
      return
    }
    let reception = Reception(service: self, socketAddress: socketAddress, address: address)
    receptions.append(reception)
    receptionCounts[address, default: 0] += 1
    reception.start(socket)
  }

  /// Lets go whom the newcomer displaces: the oldest of its own address when that has its share, else the oldest of the
  /// address that has the most. False when nobody has more than the newcomer's would have then.
  private func makeRoom(for address: ClientAddress, _ socketAddress: SocketAddress) -> Bool {
    let own = receptionCounts[address] ?? 0
    var yielding: ClientAddress?
    if own >= Self.receptionCountPerAddressMax {
      yielding = address
    } else if receptions.count >= Self.receptionCountMax {
      let most = receptionCounts.max { $0.value < $1.value }
      yielding = most.flatMap { $0.value > own + 1 ? $0.key : nil }
    } else {
      return true
    }
    let oldest = yielding.flatMap { address in receptions.first { $0.address == address } }
    let deed = oldest.map { "\($0.socketAddress.description) is let go" } ?? "turned away"
    log.clientTurnedAway(
      client: socketAddress.description, deed: deed, clients: receptions.count.decimal,
      ownClients: own.decimal)
    oldest?.letGo()
    return oldest != nil
  }

  public func listener(_ listener: any Listener, paused error: SystemError) {
    log.acceptingPaused(reason: error.reason)
  }

  func receptionEnded(_ reception: Reception) {
    guard let index = receptions.firstIndex(where: { $0 === reception }) else { return }
    receptions.remove(at: index)
    let count = receptionCounts[reception.address] ?? 0
    receptionCounts[reception.address] = count > 1 ? count - 1 : nil
  }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    if receptions.count > Self.receptionCountMax { return "the service: too many receptions" }
    if receptionCounts.values.reduce(0, +) != receptions.count {
      return "the service: receptions are miscounted"
    }
    for tunnel in tunnels { if let fault = tunnel.checkInvariants() { return fault } }
    return nil
  }
}
