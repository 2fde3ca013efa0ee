import Tunnel

extension StreamIDs {
  /// The next one is 1.
  static let beforeFirst = StreamIDs(randomness: 0)
}

extension TunnelSession {
  /// A session whose services are agreed: the mappings are those of all services.
  static func agreed(
    _ role: TunnelRole, services: [String] = ["SSH1"], connectionCountMax: Int = 8,
    version: ProtocolVersion = .v3, negotiatesHalfClose: Bool = false,
    streamIDs: StreamIDs = .beforeFirst
  ) -> TunnelSession {
    var options = Options(
      role: role, mappings: services.isEmpty ? [nil] : services,
      connectionCountMax: connectionCountMax)
    options.version = version
    options.negotiatesHalfClose = negotiatesHalfClose
    var session = TunnelSession(options, streamIDs: streamIDs)
    _ = session.receiveServiceIDs(services)
    return session
  }

  /// Handles SERVICE_IDS as the service sends it.
  mutating func receiveServiceIDs(_ names: [String]) -> Action {
    receive(Array(MessageHeader.serviceIDs(names).dropFirst(Message.prefixByteCount)))
  }

  /// Handles a message, given as the peer's codec would write it.
  mutating func receive(
    _ type: MessageType, stream streamID: Int32 = 1, connection connectionID: UInt32 = 1,
    service: String = "SSH1", payload: [UInt8] = [], ignorable: Bool = false,
    writesIgnorable: Bool = false
  ) -> Action {
    let header = MessageHeader(
      type, streamID: streamID, serviceID: Array(service.utf8), connectionID: connectionID,
      ignorable: ignorable, writesIgnorable: writesIgnorable)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return receive(Array(bytes[(start + Message.prefixByteCount)...]))
  }

  /// Handles a message's encoding, without its length prefix.
  mutating func receive(_ bytes: [UInt8]) -> Action {
    guard let message = try? Message.parse(bytes.span) else {
      return .violation(reason: "the test's message cannot be read")
    }
    return handle(message, in: bytes.span)
  }

  /// Brings a source's or a destination's session to a stream with so many connections, ids from 1 on.
  mutating func openStream(_ streamID: Int32 = 1, connections: Int = 1, service: String = "SSH1") {
    for connectionID in 1...UInt32(connections) {
      switch role {
      case .source:
        _ = open(service: serviceNames.firstIndex(of: service) ?? 0)
      case .destination:
        _ = receive(
          connectionID == 1 ? .streamStart : .connectionStart, stream: streamID,
          connection: connectionID, service: service)
      }
    }
  }
}

extension TunnelSession.Action {
  /// The kind of action, without the words that are for people only.
  var kind: Kind {
    switch self {
    case .servicesAgreed: .servicesAgreed
    case .servicesMismatch: .servicesMismatch
    case .start(let slot): .start(slot)
    case .restart(let service, let slot): .restart(service, slot)
    case .deliver(let slot): .deliver(slot)
    case .agreed(let service): .agreed(service)
    case .peerEnded(let slot): .peerEnded(slot)
    case .peerReset(let slot, false): .peerReset(slot)
    case .peerReset(let slot, true): .peerCut(slot)
    case .serviceReset(let service, false): .serviceReset(service)
    case .serviceReset(let service, true): .serviceCut(service)
    case .sessionReset: .sessionReset
    case .streamUnknown(let service): .streamUnknown(service)
    case .full(let service, let streamID, let connectionID, _):
      .full(service, streamID, connectionID)
    case .reply(let service, let streamID, let connectionID, _):
      .reply(service, streamID, connectionID)
    case .refuseRestart(let service, let streamID, let connectionID, _):
      .refuseRestart(service, streamID, connectionID)
    case .dropped: .dropped
    case .violation: .violation
    }
  }

  enum Kind: Equatable, Sendable {
    case servicesAgreed, servicesMismatch
    case start(Int)
    case restart(Int, Int)
    case deliver(Int)
    case agreed(Int)
    case peerEnded(Int)
    case peerReset(Int)
    case peerCut(Int)
    case serviceReset(Int)
    case serviceCut(Int)
    case streamUnknown(Int)
    case sessionReset
    case full(Int, Int32, UInt32)
    case reply(Int, Int32, UInt32)
    case refuseRestart(Int, Int32, UInt32)
    case dropped, violation
  }

  /// What a person is told; nil for an action that says nothing.
  var reason: String? {
    switch self {
    case .servicesMismatch(let reason), .full(_, _, _, let reason), .reply(_, _, _, let reason),
      .refuseRestart(_, _, _, let reason), .dropped(let reason), .violation(let reason):
      reason
    case .servicesAgreed, .start, .restart, .deliver, .agreed, .peerEnded, .peerReset,
      .serviceReset, .sessionReset, .streamUnknown:
      nil
    }
  }
}
