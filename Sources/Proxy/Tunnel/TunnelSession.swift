/// One side of a tunnel's protocol (V3), from the first SERVICE_IDS on to the loss of the WebSocket.
///
/// It keeps the streams of the services and the connections inside of them, and says what to do about
/// each event; it moves no byte itself. The glue owns the sockets, one per connection slot.
///
///     event                           at a source                      at a destination
///     SERVICE_IDS                     servicesAgreed / mismatch        the same; none is missing
///     local connection accepted       STREAM_START or CONNECTION_START –
///     STREAM_START, CONNECTION_START  violation                        start (or reply with a reset)
///     DATA, CONNECTION_RESET          deliver, peerReset; stale ones are dropped
///     STREAM_RESET, SESSION_RESET     peerReset of all they concern
public struct TunnelSession {
  /// A service of the tunnel and the current stream in it.
  struct Service {
    /// Empty when the tunnel has no service ids; then none goes on the wire.
    let wireID: [UInt8]
    /// 0 before the first stream.
    var streamID: Int32 = 0
    /// Counts the streams; ids can come again, when the peer restarts or they wrap.
    var generation: UInt64 = 0
    /// A stream was started and not reset since.
    var isStreaming = false
    var nextConnectionID: UInt32 = 1
    /// Slots of the current stream's connections by their id.
    var slots: [UInt32: Int] = [:]
  }

  /// What the glue must know about one connection.
  public struct Slot {
    public let service: Int
    public let streamID: Int32
    public let connectionID: UInt32
    let streamGeneration: UInt64
    public var state: Connection
    /// The peer has sent data for it.
    var hasReceived = false
  }

  /// What a message from the peer asks the glue to do.
  public enum Action: Equatable {
    case none
    /// The services are known; act on `services` now.
    case servicesAgreed
    /// The tunnel's services and the mappings do not go together: the user's fault.
    case servicesMismatch(reason: String)
    /// Connect a new connection to the service's address (a destination).
    case start(slot: Int)
    /// All connections of the service are reset by the peer; then connect a new one.
    case restart(service: Int, slot: Int)
    case deliver(slot: Int)
    case peerReset(slot: Int)
    case serviceReset(service: Int)
    case sessionReset
    /// Send a CONNECTION_RESET for something that cannot be served.
    case reply(service: Int, streamID: Int32, connectionID: UInt32, reason: String)
    /// The same for a new stream: the service's old connections are reset by the peer all the same.
    case refuseRestart(service: Int, streamID: Int32, connectionID: UInt32, reason: String)
    /// Nothing to do, but worth a debug line.
    case dropped(reason: String)
    /// The peer broke the protocol: the WebSocket must be closed.
    case violation(reason: String)
  }

  /// Services a tunnel may have here; the service itself allows far fewer.
  public static let serviceCountMax = 128

  public let role: TunnelRole
  /// Connections that may exist at once, lingering and draining ones included.
  public let connectionCountMax: Int
  let mappings: [String?]
  private let lastStreamIDs: [String: Int32]
  var services: [Service] = []
  public private(set) var slots: [Slot?] = []
  private var freeSlots: [Int] = []
  public private(set) var areServicesAgreed = false
  /// Service names by index, "" for a tunnel without service ids.
  public private(set) var serviceNames: [String] = []
  /// Index into the mappings by service index; nil when a source has no mapping for it.
  public private(set) var mappingOfService: [Int?] = []

  /// - Parameter mappings: the service ids that the user mapped; nil for "the only one".
  /// - Parameter lastStreamIDs: where the streams of an earlier session ended, by service name.
  public init(
    role: TunnelRole, mappings: [String?], connectionCountMax: Int,
    lastStreamIDs: [String: Int32] = [:]
  ) {
    self.lastStreamIDs = lastStreamIDs
    self.role = role
    self.mappings = mappings
    self.connectionCountMax = connectionCountMax
  }

  /// The last stream of each service, for the session that follows this one.
  public var streamIDs: [String: Int32] {
    var streamIDs = lastStreamIDs
    for (index, name) in serviceNames.enumerated() { streamIDs[name] = services[index].streamID }
    return streamIDs
  }

  public var connectionCount: Int { slots.count - freeSlots.count }

  // MARK: Local events

  public enum OpenResult: Equatable {
    case full
    /// The peer must be told with a message of this type before anything else.
    case opened(slot: Int, MessageType)
  }

  /// A client connected to a source's port of the service.
  public mutating func open(service: Int) -> OpenResult {
    if connectionCount >= connectionCountMax { return .full }
    let type: MessageType
    if services[service].isStreaming {
      type = .connectionStart
    } else {
      type = .streamStart
      beginStream(
        service,
        streamID: services[service].streamID == Int32.max
          ? 1 : services[service].streamID + 1)
    }
    var connectionID = services[service].nextConnectionID
    while connectionID == 0 || services[service].slots[connectionID] != nil {
      connectionID &+= 1
    }
    services[service].nextConnectionID = connectionID &+ 1
    return .opened(
      slot: takeSlot(service: service, connectionID: connectionID, state: .open), type)
  }

  /// Applies an event to a connection's state.
  public mutating func handle(
    _ event: Connection.Event, slot: Int, hasPending: Bool
  ) -> Connection.Action {
    slots[slot]?.state.handle(event, role: role, hasPending: hasPending) ?? .none
  }

  /// Frees the slot of a closed connection.
  public mutating func release(slot: Int) {
    guard let connection = slots[slot] else { return }
    let service = connection.service
    if services[service].slots[connection.connectionID] == slot {
      services[service].slots[connection.connectionID] = nil
    }
    slots[slot] = nil
    freeSlots.append(slot)
  }

  /// The header of a message about a connection; nil for one of an older stream, of which the peer must
  /// not hear any more.
  public func header(_ type: MessageType, slot: Int) -> MessageHeader? {
    guard let connection = slots[slot] else { return nil }
    let service = services[connection.service]
    if service.generation != connection.streamGeneration || !service.isStreaming { return nil }
    return MessageHeader(
      type, streamID: connection.streamID, serviceID: service.wireID,
      connectionID: connection.connectionID)
  }

  /// The header of the reset that `Action.reply` asks for.
  public func resetHeader(service: Int, streamID: Int32, connectionID: UInt32) -> MessageHeader {
    MessageHeader(
      .connectionReset, streamID: streamID, serviceID: services[service].wireID,
      connectionID: connectionID)
  }

  // MARK: Messages from the peer

  /// - Parameter bytes: the message's own bytes, which `message` has ranges of.
  public mutating func handle(_ message: Message, in bytes: Span<UInt8>) -> Action {
    guard let type = message.type, type != .unknown else {
      return message.ignorable
        ? .dropped(reason: "a message of type \(message.rawType), ignorable")
        : .violation(reason: "a message of the unknown type \(message.rawType)")
    }
    switch type {
    case .serviceIDs: return agree(bytes)
    case .sessionReset:
      for service in services.indices { endStream(service) }
      return .sessionReset
    case .unknown, .data, .streamStart, .streamReset, .connectionStart, .connectionReset: break
    }
    if !areServicesAgreed { return .violation(reason: "a message before SERVICE_IDS") }
    if message.streamID == 0 { return .violation(reason: "a message with the stream id 0") }
    guard let service = serviceIndex(message.serviceID, in: bytes) else {
      let name = Message.text(bytes, message.serviceID)
      return .dropped(reason: "a message for the unknown service '\(name)'")
    }
    // "Not given" reads as the first connection.
    let connectionID = max(message.connectionID, 1)
    if type == .streamStart || type == .connectionStart {
      if role == .source { return .violation(reason: "a source cannot be asked to connect") }
      return type == .streamStart
        ? startStream(service, message.streamID, connectionID)
        : startConnection(service, message.streamID, connectionID)
    }
    if !services[service].isStreaming || services[service].streamID != message.streamID {
      return .dropped(reason: "a message of the stale stream \(message.streamID)")
    }
    if type == .streamReset {
      endStream(service)
      return .serviceReset(service: service)
    }
    guard let slot = services[service].slots[connectionID] else {
      return .dropped(reason: "a message of the unknown connection \(connectionID)")
    }
    if type == .data {
      if slots[slot]?.state.takesData == false {
        return .dropped(reason: "data for connection \(connectionID), which is over")
      }
      slots[slot]?.hasReceived = true
      return .deliver(slot: slot)
    }
    // The only connection was reset and nothing ever came for it: the destination may have restarted
    // and not know the stream, so the next connection begins a new one.
    if role == .source, slots[slot]?.hasReceived == false, services[service].slots.count == 1 {
      endStream(service)
    }
    return .peerReset(slot: slot)
  }

  private mutating func startStream(
    _ service: Int, _ streamID: Int32, _ connectionID: UInt32
  ) -> Action {
    let hadConnections = slots.contains { $0?.service == service }
    beginStream(service, streamID: streamID)
    // The old stream's connections still drain while the new one begins, which may take as many again.
    let countMax = hadConnections ? 2 * connectionCountMax : connectionCountMax
    if connectionCount >= countMax {
      return hadConnections
        ? .refuseRestart(
          service: service, streamID: streamID, connectionID: connectionID, reason: limitReason)
        : .reply(
          service: service, streamID: streamID, connectionID: connectionID, reason: limitReason)
    }
    let slot = takeSlot(service: service, connectionID: connectionID, state: .opening)
    return hadConnections ? .restart(service: service, slot: slot) : .start(slot: slot)
  }

  private mutating func startConnection(
    _ service: Int, _ streamID: Int32, _ connectionID: UInt32
  ) -> Action {
    if !services[service].isStreaming || services[service].streamID != streamID {
      // This end may have been restarted: the reset makes the source begin a new stream.
      return .reply(
        service: service, streamID: streamID, connectionID: connectionID,
        reason: "a connection in the unknown stream \(streamID)")
    }
    if services[service].slots[connectionID] != nil {
      return .reply(
        service: service, streamID: streamID, connectionID: connectionID,
        reason: "the connection id \(connectionID) is in use already")
    }
    if connectionCount >= connectionCountMax {
      return .reply(
        service: service, streamID: streamID, connectionID: connectionID, reason: limitReason)
    }
    return .start(slot: takeSlot(service: service, connectionID: connectionID, state: .opening))
  }

  private var limitReason: String {
    "\(connectionCountMax) connections are open, which is the limit"
  }

  // MARK: Services

  private mutating func agree(_ bytes: Span<UInt8>) -> Action {
    // A service that says it again, after the peer came back, changes nothing.
    if areServicesAgreed { return .dropped(reason: "a further SERVICE_IDS") }
    let names: [String]
    do throws(MessageError) {
      names = try Message.availableServiceIDs(bytes)
    } catch {
      return .violation(reason: "a SERVICE_IDS message that cannot be read: \(error.reason)")
    }
    if let reason = Self.fault(names) { return .violation(reason: reason) }
    if let reason = mismatch(names) { return .servicesMismatch(reason: reason) }
    serviceNames = names.isEmpty ? [""] : names
    services = serviceNames.map {
      Service(wireID: Array($0.utf8), streamID: lastStreamIDs[$0] ?? 0)
    }
    mappingOfService = serviceNames.map { name in
      mappings.firstIndex { $0 == nil || names.isEmpty || $0 == name }
    }
    areServicesAgreed = true
    return .servicesAgreed
  }

  /// What is wrong with the names themselves, which is the service's fault.
  private static func fault(_ names: [String]) -> String? {
    if names.count > serviceCountMax { return "more than \(serviceCountMax) services" }
    for (index, name) in names.enumerated() {
      if name.isEmpty || name.utf8.count > Message.serviceIDByteCountMax {
        return "a service name of \(name.utf8.count) bytes"
      }
      // What is not UTF-8 was replaced as it was read, and could not be sent as it came.
      if name.unicodeScalars.contains("\u{FFFD}") { return "a service name that is not UTF-8" }
      if names[..<index].contains(name) { return "the service name '\(name)' twice" }
    }
    return nil
  }

  /// Why the mappings do not fit the tunnel's services, in words for the user.
  private func mismatch(_ names: [String]) -> String? {
    let list = names.joined(separator: ", ")
    if names.isEmpty {
      return mappings.count > 1
        ? "the tunnel was opened without services, so it takes one mapping, not \(mappings.count)"
        : nil
    }
    for mapping in mappings {
      if let mapping, !names.contains(mapping) {
        return "the tunnel has no service '\(mapping)'; it has \(list)"
      }
      if mapping == nil && names.count > 1 {
        return "the tunnel has several services (\(list)), so each mapping needs its service's name"
      }
    }
    if role == .destination {
      for name in names where !mappings.contains(where: { $0 == nil || $0 == name }) {
        return "the tunnel's service '\(name)' has no mapping; add -d \(name)=host:port"
      }
    }
    return nil
  }

  private func serviceIndex(_ range: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    // A peer of the first protocol version names no service; with one service it is clear which.
    if range.isEmpty { return services.count == 1 ? 0 : nil }
    for index in services.indices where services[index].wireID.count == range.count {
      var isEqual = true
      for offset in 0..<range.count
      where services[index].wireID[offset] != bytes[range.lowerBound + offset] {
        isEqual = false
        break
      }
      if isEqual { return index }
    }
    return nil
  }

  // MARK: Streams and slots

  private mutating func beginStream(_ service: Int, streamID: Int32) {
    services[service].streamID = streamID
    services[service].generation += 1
    services[service].isStreaming = true
    services[service].nextConnectionID = 1
    services[service].slots.removeAll(keepingCapacity: true)
  }

  private mutating func endStream(_ service: Int) {
    services[service].isStreaming = false
    services[service].slots.removeAll(keepingCapacity: true)
  }

  private mutating func takeSlot(service: Int, connectionID: UInt32, state: Connection) -> Int {
    let connection = Slot(
      service: service, streamID: services[service].streamID, connectionID: connectionID,
      streamGeneration: services[service].generation, state: state)
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = connection
    } else {
      slot = slots.count
      slots.append(connection)
    }
    services[service].slots[connectionID] = slot
    return slot
  }
}
