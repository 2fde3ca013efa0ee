import Basics
import Proxy
import Reactor

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

  public init() {}
}

/// The service's side of the tunnels: it knows the tokens, takes the proxies' connections, pairs and relays.
public final class TunnelService: ListenerHandler, TimerHandler {
  /// Clients on their way to a WebSocket at once; more are turned away.
  static let receptionCountMax = 256

  let network: any Network
  let tls: TLSContext
  let options: ServiceOptions
  let log: Log
  private var listener: (any Listener)?
  private var tunnels: [Tunnel] = []
  private var tokens: [String: AccessToken] = [:]
  private var receptions: [Reception] = []

  public init(network: any Network, tls: TLSContext, options: ServiceOptions, log: Log) {
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
    let pair = TokenPair(source: try Self.makeToken(), destination: try Self.makeToken())
    let tunnel = Tunnel(
      number: tunnels.count + 1, services: services, pair: pair, network: network,
      shape: options.shape, log: log)
    tunnels.append(tunnel)
    if let lifetime = options.lifetime {
      _ = network.schedule(at: network.now + lifetime, self, tag: tunnels.count - 1)
    }
    for token in tunnel.tokens {
      tokens[token.text] = token
      log.conceal(token.text)
    }
    return pair
  }

  /// 48 random octets, as the real tokens are: long, and in letters that a shell does not mind.
  private static func makeToken() throws(TLSError) -> String {
    let text = Cryptography.base64(try Cryptography.random(48)).utf8.map { octet in
      octet == 0x2b ? 0x2d : octet == 0x2f ? 0x5f : octet
    }
    return String(decoding: text, as: UTF8.self)
  }

  func token(_ text: String) -> AccessToken? { tokens[text] }

  // MARK: Ends of tunnels

  /// Ends the oldest tunnel that is still open, as the service's CloseTunnel does; false if there is none.
  public func closeOldestTunnel() -> Bool {
    guard let tunnel = tunnels.first(where: { $0.endReason == nil }) else { return false }
    close(tunnel, reason: "tunnel closed")
    return true
  }

  public func timerFired(tag: Int, now: Instant) {
    if tunnels[tag].endReason == nil { close(tunnels[tag], reason: "tunnel expired") }
  }

  private func close(_ tunnel: Tunnel, reason: String) {
    log.info("tunnel \(tunnel.number): \(reason)")
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
    _ listener: any Listener, accepted stream: any Stream, from peer: SocketAddress
  ) {
    if receptions.count >= Self.receptionCountMax {
      log.warning("\(peer.description): turned away, \(receptions.count) others are being received")
      stream.abort()
      return
    }
    let reception = Reception(service: self, peer: peer)
    receptions.append(reception)
    reception.start(stream)
  }

  public func listener(_ listener: any Listener, paused error: SystemError) {
    log.warning("cannot accept connections for a moment: \(error.reason)")
  }

  func receptionEnded(_ reception: Reception) { receptions.removeAll { $0 === reception } }
}
