import Basics
import Reactor
import Simulator
import Testing

@testable import Configuration
@testable import Proxy
@testable import Tunnel

/// A relay between a tunnel and local sockets whose other ends are the test's.
final class RelayHarness {
  let world: QuietWorld
  let tunnel: FarEnd
  let relay: Relay

  init(
    _ role: TunnelRole, settings: Settings = plain, in world: QuietWorld = QuietWorld(),
    services: [String] = ["A"], handler: (any RelayHandler)? = nil,
    log: Log = Log.silent
  ) throws {
    self.world = world
    let (stream, tunnel) = try world.secureConnection()
    self.tunnel = tunnel
    let link = TunnelLink(
      network: world.network, stream: stream, role: .client, early: [], log: log)
    var options = TunnelSession.Options(
      role: role, mappings: services, connectionCountMax: settings.activeConnectionCountMax)
    options.version = settings.protocolVersion
    options.negotiatesHalfClose = settings.halfClose == .negotiated
    relay = Relay(
      network: world.network, link: link, options: options,
      targets: services.map { _ in .network(Endpoint(host: "127.0.0.1", port: 9)) },
      localAddresses: [],
      streamIDs: .beforeFirst, settings: settings, log: log)
    link.start()
    arrive(MessageHeader.serviceIDs(services))
    relay.handler = handler
  }

  /// No message of it is marked.
  static let plain: Settings = {
    var settings = Settings()
    settings.halfClose = .linger
    return settings
  }()

  func accept(service: Int = 0) throws -> FarEnd {
    let peer = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    let (local, client) = world.connection()
    relay.accept(local, service: service, from: peer)
    world.settle()
    return client
  }

  func arrive(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = [],
    ignorable: Bool = false, writesIgnorable: Bool = false
  ) {
    arrive(
      Self.encode(
        type, stream: stream, connection: connection, payload, ignorable: ignorable,
        writesIgnorable: writesIgnorable))
  }

  static func encode(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = [],
    ignorable: Bool = false, writesIgnorable: Bool = false, service: String = "A"
  ) -> [UInt8] {
    let header = MessageHeader(
      type, streamID: stream, serviceID: Array(service.utf8), connectionID: connection,
      ignorable: ignorable, writesIgnorable: writesIgnorable)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return Array(bytes[start...])
  }

  /// Messages in one frame.
  func arrive(_ messages: [UInt8]) {
    tunnel.send(CollectedFrame(opcode: .binary, payload: messages).octets(to: .client))
  }

  struct Sent: Equatable {
    let type: MessageType?
    let streamID: Int32
    let connectionID: UInt32
    var ignorable = false
    /// `ignorable` was written as 0.
    var isMarked = false
    var payloadLength = 0
  }

  /// The messages that went into the tunnel.
  var sent: [Sent] {
    var collector = FrameCollector(role: .server)
    collector.feed(tunnel.received)
    let bytes = collector.frames.flatMap { $0.payload }
    return (LinkHarness.split(bytes) ?? []).compactMap { encoded in
      (try? Message.parse(encoded.span)).map {
        Sent(
          type: $0.type, streamID: $0.streamID, connectionID: $0.connectionID,
          ignorable: $0.ignorable, isMarked: $0.isIgnorableWritten && !$0.ignorable,
          payloadLength: $0.payload.count)
      }
    }
  }
}
