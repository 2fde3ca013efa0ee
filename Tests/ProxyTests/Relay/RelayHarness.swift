import Basics
import Reactor
import Testing

@testable import Proxy

/// A relay between a scripted tunnel and scripted local sockets.
final class RelayHarness {
  let tunnel = ScriptedStream()
  let network: Reactor
  let relay: Relay

  /// - Parameter scripted: whose time counts; by default the system's does.
  init(
    _ role: TunnelRole, settings: Settings = Settings(), scripted: ScriptedNetwork? = nil
  ) throws {
    network = try Reactor()
    let network: any Network = scripted ?? self.network
    let link = TunnelLink(
      network: network, stream: tunnel, role: .client, early: [], log: Log(level: .off))
    var options = TunnelSession.Options(
      role: role, mappings: ["A"], connectionCountMax: settings.activeConnectionCountMax)
    options.version = settings.protocolVersion
    options.negotiatesHalfClose = settings.halfClose == .negotiated
    relay = Relay(
      network: network, link: link, options: options,
      targets: [.network(Endpoint(host: "127.0.0.1", port: 9))], localAddress: nil,
      lastStreamIDs: StreamIDs(), settings: settings, log: Log(level: .off))
    link.start(nil)
    arrive(MessageHeader.serviceIDs(["A"]))
  }

  func accept() throws -> ScriptedStream {
    let local = ScriptedStream()
    let peer = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    relay.accept(local, service: 0, from: peer)
    return local
  }

  func arrive(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = [],
    ignorable: Bool = false
  ) {
    arrive(
      Self.encode(
        type, stream: stream, connection: connection, payload, ignorable: ignorable))
  }

  static func encode(
    _ type: MessageType, stream: Int32, connection: UInt32, _ payload: [UInt8] = [],
    ignorable: Bool = false
  ) -> [UInt8] {
    let header = MessageHeader(
      type, streamID: stream, serviceID: Array("A".utf8), connectionID: connection,
      ignorable: ignorable)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return Array(bytes[start...])
  }

  /// Messages in one frame.
  func arrive(_ messages: [UInt8]) {
    tunnel.arrive(CollectedFrame(opcode: .binary, payload: messages).octets(to: .client))
  }

  struct Sent: Equatable {
    let type: MessageType?
    let streamID: Int32
    let connectionID: UInt32
    var ignorable = false
    var payloadLength = 0
  }

  /// The messages that went into the tunnel.
  var sent: [Sent] {
    var collector = FrameCollector(role: .server)
    collector.feed(tunnel.outbox)
    let bytes = collector.frames.flatMap { $0.payload }
    return (LinkHarness.split(bytes) ?? []).compactMap { encoded in
      (try? Message.parse(encoded.span)).map {
        Sent(
          type: $0.type, streamID: $0.streamID, connectionID: $0.connectionID,
          ignorable: $0.ignorable, payloadLength: $0.payload.count)
      }
    }
  }

  /// The tunnel takes nothing until `becomeWritable`.
  func fill() { tunnel.unsentByteCount = 1 << 20 }
}
