import Basics
import Reactor
import WebSocket

/// Takes WebSockets, whatever path they ask for, and echoes their messages.
final class EchoServer: ListenerHandler, EchoSocketHandler {
  /// Connections at a time; more are closed at once.
  private static let connectionCountMax = 64

  let network: any Network
  /// Offers of compression are accepted.
  private let compresses: Bool
  private var listener: (any Listener)?
  private var receptions: [EchoReception] = []
  private var sockets: [EchoSocket] = []

  init(network: any Network, compresses: Bool) {
    self.network = network
    self.compresses = compresses
  }

  /// What is made of a client's offers, and what it is answered.
  func compression(_ head: HeaderBlock) -> (halves: MessageCompression, answer: String)? {
    guard compresses,
      let choice = PermessageDeflate.choose(
        offers: head.value("sec-websocket-extensions"),
        windowBits: PermessageDeflate.windowBitsMax),
      let halves = MessageCompression(choice.agreed, role: .server, memoryLevel: 8)
    else { return nil }
    return (halves, choice.answer)
  }

  /// - Returns: where it listens.
  func listen(on address: SocketAddress) throws(SystemError) -> SocketAddress {
    let listener = try network.listen(on: address, backlog: 64, self)
    self.listener = listener
    return listener.address
  }

  func listener(_ listener: any Listener, paused error: SystemError) {}

  func listener(_ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress)
  {
    if receptions.count + sockets.count == Self.connectionCountMax {
      stream.close()
      return
    }
    let reception = EchoReception(server: self, stream: stream)
    receptions.append(reception)
    reception.start()
  }

  func receptionEnded(_ reception: EchoReception, socket: EchoSocket?) {
    receptions.removeAll { $0 === reception }
    guard let socket else { return }
    sockets.append(socket)
    socket.start()
  }

  func socketEnded(_ socket: EchoSocket, message: [UInt8]) { sockets.removeAll { $0 === socket } }
}

/// One client's opening handshake.
final class EchoReception: StreamHandler, TimerHandler {
  private static let requestByteCountMax = 16 * 1024
  private static let timeout = Milliseconds(10_000)

  /// Owns this reception until it is over.
  private let server: EchoServer
  private let stream: any ByteStream
  private var received: [UInt8] = []
  private var timer: TimerID?

  init(server: EchoServer, stream: any ByteStream) {
    self.server = server
    self.stream = stream
  }

  func start() {
    let network = server.network
    timer = network.schedule(at: network.now + Self.timeout, self, tag: 0)
    stream.handler = self
    stream.interest = .readable
  }

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { finish(nil) }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    finish(nil)
  }

  func streamReady(_ readiness: Readiness) {
    var buffer = [UInt8](repeating: 0, count: Self.requestByteCountMax)
    var region = buffer.mutableSpan
    switch stream.receive(into: &region) {
    case .bytes(let count):
      received += buffer[..<count]
      judge()
    case .wouldBlock: break
    case .endOfStream, .failed: finish(nil)
    }
  }

  private func judge() {
    let bytes = received
    switch ServerHandshake.parse(bytes.span, byteCountMax: Self.requestByteCountMax) {
    case .needMore: break
    case .refuse(let status, let reason):
      answer(ServerHandshake.refuse(status: status, reason: reason, fields: []))
      finish(nil)
    case .request(let request): accept(request)
    }
  }

  private func accept(_ request: ServerHandshake.Request) {
    let compression = server.compression(request.head)
    var fields = [HeaderBlock.Field("Server", "localproxy")]
    if let compression {
      fields.append(HeaderBlock.Field("Sec-WebSocket-Extensions", compression.answer))
    }
    answer(
      ServerHandshake.accept(
        Cryptography.webSocketAccept(key: request.key), subprotocol: nil, fields: fields))
    finish(
      EchoSocket(
        network: server.network, stream: stream, role: .server, isEcho: true,
        compression: compression?.halves, early: Array(received.dropFirst(request.head.byteCount)),
        handler: server))
  }

  /// The first bytes on a connection find room in the kernel.
  private func answer(_ bytes: [UInt8]) { _ = stream.send(bytes.span) }

  private func finish(_ socket: EchoSocket?) {
    if let timer { server.network.cancel(timer) }
    timer = nil
    if socket == nil { stream.close() }
    server.receptionEnded(self, socket: socket)
  }
}
