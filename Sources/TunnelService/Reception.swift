import Basics
import Configuration
import Proxy
import Reactor
import Tunnel
import WebSocket

/// One client from its TLS handshake to its WebSocket, or to its refusal.
///
///     tlsHandshake ─▶ request ─▶ accepted (the link belongs to a TunnelEnd then)
///          └──────────────┴────▶ refused, or timed out
final class Reception: StreamHandler, TimerHandler {
  /// Longest request, the service's own limit.
  static let requestByteCountMax = 4_096
  /// Of compression, what zlib takes by itself; the windows are as large as the client likes.
  private static let compressionMemoryLevel = 8
  private static let subprotocols = [
    "aws.iot.securetunneling-3.0", "aws.iot.securetunneling-2.0", "aws.iot.securetunneling-1.0",
  ]

  private let service: TunnelService
  let socketAddress: SocketAddress
  let address: ClientAddress
  private var transport: (any SecureStream)?
  private var received: [UInt8] = []
  private var timer: TimerID?
  private var isRefused = false

  init(service: TunnelService, socketAddress: SocketAddress, address: ClientAddress) {
    self.service = service
    self.socketAddress = socketAddress
    self.address = address
    // For all of it, so that no client gains by sending slowly.
    let deadline = service.network.now + service.options.receptionTimeout
    timer = service.network.schedule(at: deadline, self, tag: 0)
  }

  func start(_ socket: any ByteStream) {
    do throws(TLSError) {
      transport = try service.tls.start(over: socket, serverName: nil, on: service.network, self)
    } catch {
      service.log.receptionFailed(client: socketAddress.description, reason: error.reason)
      finish()
      socket.abort()
    }
  }

  func streamOpened() { transport?.interest = .readable }

  func streamFailed(_ failure: StreamFailure) {
    service.log.receptionEnded(client: socketAddress.description, reason: failure.reason)
    transport = nil
    finish()
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    service.log.receptionEnded(client: socketAddress.description, reason: "no request in time")
    finish()
  }

  func streamReady(_ readiness: Readiness) {
    guard let transport else { return }
    var buffer = ByteQueue()
    buffer.reserve(Self.requestByteCountMax)
    switch buffer.withWritable({ transport.receive(into: &$0) }) {
    case .bytes(let count):
      if isRefused { return }
      buffer.advance(count)
      buffer.withReadable { bytes in
        for index in 0..<bytes.count { received.append(bytes[index]) }
      }
      judge()
    case .wouldBlock: break
    case .endOfStream, .failed: finish()
    }
  }

  private func judge() {
    let bytes = received
    switch ServerHandshake.parse(bytes.span, byteCountMax: Self.requestByteCountMax) {
    case .needMore: break
    case .refuse(let status, let reason): refuse(status, reason)
    case .request(let request): admit(request)
    }
  }

  private func admit(_ request: ServerHandshake.Request) {
    if let status = service.options.faults[.refuse] {
      refuse(status, "refused on purpose, a fault")
      return
    }
    let role: TunnelRole
    switch request.target {
    case "/tunnel?local-proxy-mode=source": role = .source
    case "/tunnel?local-proxy-mode=destination": role = .destination
    default:
      refuse(400, "the path must be /tunnel?local-proxy-mode=source or =destination")
      return
    }
    let tokens = Self.accessTokens(request.head)
    guard tokens.count == 1, let text = tokens.first else {
      refuse(400, "the request must have one access token, not \(tokens.count)")
      return
    }
    let clientToken = request.head.value("client-token") ?? ""
    if !clientToken.isEmpty && !Configuration.isClientToken(clientToken) {
      refuse(400, "the client token must be 32 to 128 letters, digits and hyphens")
      return
    }
    guard let subprotocol = request.subprotocols.first(where: Self.subprotocols.contains) else {
      refuse(400, "the request offers no subprotocol of this service")
      return
    }
    guard let token = service.token(text), token.role == role else {
      refuse(403, "the access token is not valid for a \(role.localProxyMode)")
      return
    }
    let tunnel = unsafe token.tunnel
    if let reason = tunnel.endReason {
      refuse(403, "the access token is of no use any more: \(reason)")
      return
    }
    if !token.use(clientToken: clientToken) {
      refuse(400, "the access token has been used already")
      return
    }
    accept(request, tunnel, role, subprotocol)
  }

  private func accept(
    _ request: ServerHandshake.Request, _ tunnel: Tunnel, _ role: TunnelRole, _ subprotocol: String
  ) {
    guard let transport else { return }
    guard let channelID = try? service.network.randomUUID() else {
      refuse(503, "no random numbers are to be had")
      return
    }
    var fields = [HeaderBlock.Field("channel-id", channelID)]
    let compression = compression(request)
    if let compression {
      fields.append(HeaderBlock.Field("Sec-WebSocket-Extensions", compression.answer))
    }
    var answer = ServerHandshake.accept(
      Cryptography.webSocketAccept(key: request.key), subprotocol: subprotocol, fields: fields)
    // Two octets of text, in an unmasked frame.
    if service.options.faults[.textFrame] != nil { answer += [0x81, 2] + "hi".octets }
    guard case .accepted = transport.sendWhole(answer.span) else {
      finish()
      return
    }
    self.transport = nil
    finish()
    let link = TunnelLink(
      network: service.network, stream: transport, role: .server, compression: compression?.halves,
      early: Array(received.dropFirst(request.head.byteCount)), log: service.log)
    let end = TunnelEnd(
      tunnel: tunnel, role: role, socketAddress: socketAddress, service: service, link: link,
      transport: transport)
    let older = tunnel.end(role)
    tunnel.setEnd(role, end)
    older?.replace()
    service.log.endConnected(
      tunnel: "\(tunnel.number)", end: role.localProxyMode, client: socketAddress.description,
      subprotocol: subprotocol, session: channelID, compression: compression?.answer ?? "")
    end.start(sendsServiceIDs: subprotocol != "aws.iot.securetunneling-1.0")
  }

  /// What is made of the offers of compression; nil when there are none, or they are declined.
  private func compression(
    _ request: ServerHandshake.Request
  ) -> (halves: MessageCompression, answer: String)? {
    guard service.options.acceptsCompression,
      let choice = PermessageDeflate.choose(
        offers: request.head.value("sec-websocket-extensions"),
        windowBits: PermessageDeflate.windowBitsMax),
      let halves = MessageCompression(
        choice.agreed, role: .server, memoryLevel: Self.compressionMemoryLevel)
    else { return nil }
    return (halves, choice.answer)
  }

  private func refuse(_ status: Int, _ reason: String) {
    service.log.receptionRefused(
      client: socketAddress.description, status: status.decimal, reason: reason)
    isRefused = true
    let channelID = (try? service.network.randomUUID()) ?? "none"
    let answer = ServerHandshake.refuse(
      status: status, reason: reason, fields: [HeaderBlock.Field("channel-id", channelID)])
    // Nothing was sent before, so there is room; and if the transport has failed, it says so itself.
    _ = transport?.sendWhole(answer.span)
    // The client closes when it has read the answer; if it does not, the time-out does.
    transport?.finishSending()
  }

  /// Another client needs the place.
  func letGo() {
    transport?.abort()
    transport = nil
    finish()
  }

  private func finish() {
    if let timer { service.network.cancel(timer) }
    timer = nil
    transport?.close()
    transport = nil
    service.receptionEnded(self)
  }

  /// The tokens in the `access-token` fields and in the browsers' cookie.
  private static func accessTokens(_ head: HeaderBlock) -> [String] {
    var tokens: [String] = []
    for field in head.fields {
      if field.name == "access-token" { tokens.append(field.value) }
      if field.name == "cookie" {
        for pair in field.value.octets.parted(at: .semicolon) {
          let octets = pair.drop { $0 == .space }
          let name = "awsiot-tunnel-token=".octets
          if octets.starts(with: name) { tokens.append(octets.dropFirst(name.count).text) }
        }
      }
    }
    return tokens
  }
}
