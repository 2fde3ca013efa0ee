import Basics
import Simulator
import Testing

@testable import Reactor
@testable import Tunnel
@testable import TunnelService
@testable import WebSocket

/// A TunnelService on loopback with its own certificate authority, in the test's own reactor.
final class Hall {
  let reactor: Reactor
  let service: TunnelService
  let address: SocketAddress
  let trust: TLSContext
  private let directory = TemporaryDirectory()

  init(_ options: ServiceOptions = ServiceOptions()) throws {
    let authority = try CertificateAuthority(state: directory.path)
    reactor = try Reactor()
    let tls = try TLSContext(
      serverCertificate: authority.serverCertificate, key: authority.serverKey)
    service = TunnelService(network: reactor, tls: tls, options: options, log: Log.silent)
    let any = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    address = try service.listen(on: any)
    trust = try TLSContext(clientTrusting: authority.directory, verifiesPeer: true)
  }

  /// Turns the loop until `isDone`; fails the test after ten seconds.
  func run(
    until isDone: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let deadline = reactor.now + Milliseconds(10_000)
    while !isDone() {
      if reactor.now > deadline {
        Issue.record("not reached within 10 s", sourceLocation: sourceLocation)
        throw CancellationError()
      }
      try reactor.turn(waitMax: Milliseconds(20))
    }
  }

  /// - Parameter host: the client's own address; nil for what the system takes.
  func client(from host: String? = nil) throws -> RawClient {
    let client = RawClient(reactor: reactor, trust: trust)
    let local = try host.map { try #require(SocketAddress(numeric: $0, port: 0)) }
    client.transport = try reactor.connect(to: address, from: local, client)
    try run(until: { client.isSecure || client.hasEnded })
    return client
  }

  /// A client that is through the opening handshake.
  func connected(
    _ role: TunnelRole, token: String, clientToken: String? = nil, subprotocol: String = "3.0",
    from host: String? = nil
  ) throws -> RawClient {
    let client = try client(from: host)
    var extra = "access-token: \(token)\r\n"
    if let clientToken { extra += "client-token: \(clientToken)\r\n" }
    client.send(RawClient.request(role.localProxyMode, extra, subprotocol: subprotocol))
    try run(until: { client.head != nil || client.hasEnded })
    let statusLine = client.head?.startLine ?? "none"
    #expect(statusLine == "HTTP/1.1 101 Switching Protocols")
    return client
  }
}

/// A proxy's side of the wire with nothing in between: the test writes octets, and reads them.
final class RawClient: StreamHandler {
  private let reactor: Reactor
  private let trust: TLSContext
  var transport: (any ByteStream)?
  private var stream: (any ByteStream)?
  private(set) var isSecure = false
  private(set) var hasEnded = false
  private(set) var received: [UInt8] = []

  init(reactor: Reactor, trust: TLSContext) {
    self.reactor = reactor
    self.trust = trust
  }

  static func request(_ mode: String, _ extra: String, subprotocol: String = "3.0") -> [UInt8] {
    Array(
      ("GET /tunnel?local-proxy-mode=\(mode) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + "Sec-WebSocket-Protocol: aws.iot.securetunneling-\(subprotocol)\r\n\(extra)\r\n").utf8)
  }

  func send(_ bytes: [UInt8]) {
    let copy = bytes
    _ = stream?.send(copy.span)
  }

  /// Sends a frame as a client must, masked.
  func send(_ opcode: Opcode, _ payload: [UInt8], isMasked: Bool = true) {
    let key = isMasked ? MaskingKey(1, 2, 3, 4) : nil
    let header = FrameHeader(opcode: opcode, payloadLength: payload.count, maskingKey: key)
    var frame = [UInt8](repeating: 0, count: header.byteCount) + payload
    var span = frame.mutableSpan
    _ = header.write(into: &span, endingAt: header.byteCount)
    key?.apply(to: &span, from: header.byteCount, byteCount: payload.count)
    send(frame)
  }

  /// Sends a tunnel message in a frame of its own.
  func send(_ header: MessageHeader, payload: [UInt8] = []) {
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    send(.binary, Array(bytes[start...]))
  }

  /// The answer's head, once it is here.
  var head: HeaderBlock? {
    let copy = received
    guard case .complete(let head) = HeaderBlock.parse(copy.span, byteCountMax: 16_384) else {
      return nil
    }
    return head
  }

  enum Event: Equatable {
    case message(MessageType?, streamID: Int32, serviceID: String, connectionID: UInt32, [UInt8])
    case control(Opcode, [UInt8])
  }

  /// What came behind the handshake, taken apart.
  var events: [Event] {
    guard let head else { return [] }
    var events: [Event] = []
    var stream: [UInt8] = []
    var raw = Array(received.dropFirst(head.byteCount))
    var parser = FrameParser(role: .client, payloadLengthMax: Message.framePayloadLengthMax)
    loop: while true {
      switch parser.next(raw.span) {
      case .needMore: break loop
      case .frame(_, let count): raw.removeFirst(count)
      case .payload(let count, _, _):
        stream += raw.prefix(count)
        raw.removeFirst(count)
      case .control(let header, let count):
        events.append(.control(header.opcode, Array(raw[count..<(count + header.payloadLength)])))
        raw.removeFirst(count + header.payloadLength)
      case .violation(let violation):
        Issue.record("the service broke the framing: \(violation.reason)")
        break loop
      }
      while stream.count >= 2, stream.count >= 2 + Int(stream[0]) << 8 + Int(stream[1]) {
        let length = Int(stream[0]) << 8 + Int(stream[1])
        let body = Array(stream[2..<(2 + length)])
        stream.removeFirst(2 + length)
        guard let message = try? Message.parse(body.span) else {
          Issue.record("the service sent an unreadable message")
          continue
        }
        events.append(
          .message(
            message.type, streamID: message.streamID,
            serviceID: Message.text(body.span, message.serviceID),
            connectionID: message.connectionID, Array(body[message.payload])))
      }
    }
    return events
  }

  /// The body of a refusal, as far as it is here.
  var body: String {
    String(decoding: received.dropFirst(head?.byteCount ?? received.count), as: UTF8.self)
  }

  /// The status code of the close frame that came, if one did.
  var closeCode: UInt16? {
    for case .control(.close, let payload) in events where payload.count >= 2 {
      return UInt16(payload[0]) << 8 | UInt16(payload[1])
    }
    return nil
  }

  /// The reason beside it.
  var closeReason: String? {
    for case .control(.close, let payload) in events where payload.count >= 2 {
      return String(decoding: payload[2...], as: UTF8.self)
    }
    return nil
  }

  func close() {
    stream?.close()
    stream = nil
  }

  func streamOpened() {
    if let transport, stream == nil {
      stream = try? trust.start(over: transport, serverName: "localhost", on: reactor, self)
      return
    }
    isSecure = true
    stream?.interest = .readable
  }

  func streamFailed(_ failure: StreamFailure) { hasEnded = true }

  func streamReady(_ readiness: Readiness) {
    var buffer = ByteQueue()
    buffer.reserve(65_536)
    guard let stream else { return }
    switch buffer.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      buffer.withReadable { bytes in
        for index in 0..<bytes.count { received.append(bytes[index]) }
      }
    case .wouldBlock: break
    case .endOfStream, .failed:
      hasEnded = true
      close()
    }
  }
}
