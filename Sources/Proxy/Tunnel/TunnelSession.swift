/// One side of a tunnel's protocol (V1 to V3), from the first SERVICE_IDS on to the loss of the WebSocket.
///
/// It keeps the streams of the services and the connections inside of them, and says what to do about
/// each event; it moves no byte itself. The glue owns the sockets, one per connection slot.
///
///     event                           at a source                      at a destination
///     SERVICE_IDS                     servicesAgreed / mismatch        the same; none is missing
///     local connection accepted       STREAM_START or CONNECTION_START –
///     STREAM_START, CONNECTION_START  violation                        start (or reply with a reset)
///     DATA, CONNECTION_RESET          deliver, peerReset; stale ones are dropped
///     empty DATA, ignorable           agreed, then peerEnded, where that was asked for
///     STREAM_RESET, SESSION_RESET     peerReset of all they concern
///
/// A stream whose messages carry no connection ids has one connection: a source's next client replaces
/// it, and its end is a STREAM_RESET. A destination does as the source does, stream by stream.
public struct TunnelSession: ~Copyable {
  /// A service of the tunnel and the current stream in it.
  struct Service {
    /// Empty when the tunnel has no service ids.
    let id: [UInt8]
    /// 0 before the first stream.
    var streamID: Int32 = 0
    /// Counts the streams; ids can come again, when the peer restarts or they wrap.
    var generation: UInt64 = 0
    /// A stream was started and not reset since.
    var isStreaming = false
    /// Whether the current stream's messages name the service and the connection.
    var hasServiceID = true
    var hasConnectionIDs = true
    var nextConnectionID: UInt32 = 1
    /// Connections that were reset at once, one after the other, while nothing came for any.
    var refusalCount = 0
    /// Slots of the current stream's connections.
    var slots = ConnectionTable()
    /// Connections of all its streams.
    var connectionCount = 0
  }

  /// Connections reset at once and in a row, beside others that are silent, after which a source takes its
  /// stream for unknown to the destination.
  static let refusalCountMax = 3

  /// Services a tunnel may have here; the service itself allows far fewer.
  public static let serviceCountMax = 128

  let options: Options
  /// What new streams of a source are like; it goes down when the destination turns out to be older.
  var version: ProtocolVersion
  let lastStreamIDs: StreamIDs
  var services: [Service] = []
  public private(set) var slots = ConnectionSlots()
  public internal(set) var areServicesAgreed = false
  /// Service names by index, "" for a tunnel without service ids.
  public internal(set) var serviceNames: [String] = []
  /// Index into the mappings by service index; nil when a source has no mapping for it.
  public internal(set) var mappingOfService: [Int?] = []
  /// Something the user should know; whoever says it takes it away. It comes once.
  public var advice: Advice?
  private var hasAdvised = false

  /// - Parameter lastStreamIDs: where the streams of an earlier session ended, by service name.
  public init(_ options: Options, lastStreamIDs: StreamIDs = StreamIDs()) {
    self.options = options
    self.lastStreamIDs = lastStreamIDs
    version = options.version
  }

  public var role: TunnelRole { options.role }
  public var connectionCountMax: Int { options.connectionCountMax }

  /// The last stream of each service, for the session that follows this one.
  public var streamIDs: StreamIDs {
    var streamIDs = lastStreamIDs
    for (index, name) in serviceNames.enumerated() { streamIDs[name] = services[index].streamID }
    return streamIDs
  }

  public var connectionCount: Int { slots.count }

  /// Some connection may wait for an end that the peer cannot announce.
  public var mayLinger: Bool { slots.localEndedCount > 0 }

  // MARK: Local events

  public enum OpenResult: Equatable {
    case full
    /// The peer must be told with a message of this type before anything else.
    case opened(slot: Int, MessageType)
  }

  /// Whether the service's next client takes the place of the one that is there.
  public func replaces(service: Int) -> Bool {
    services[service].isStreaming && !services[service].hasConnectionIDs
  }

  /// A client connected to a source's port of the service. Where it `replaces` another, that one's stream
  /// must have been reset before.
  public mutating func open(service: Int) -> OpenResult {
    if connectionCount >= connectionCountMax { return .full }
    var type = MessageType.connectionStart
    // A stream that was begun before its destination turned out to be older takes no further connection.
    let isOutdated = version < .v3 && services[service].slots.count == 0
    if !services[service].isStreaming || !services[service].hasConnectionIDs || isOutdated {
      type = .streamStart
      let last = services[service].streamID
      beginStream(service, streamID: last == Int32.max ? 1 : last + 1)
      services[service].hasServiceID = version > .v1
      services[service].hasConnectionIDs = version > .v2
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
    let role = role
    let isNegotiated = slots[slot]?.isNegotiated == true
    return slots[slot]?.state.handle(
      event, role: role, hasPending: hasPending, isNegotiated: isNegotiated) ?? .none
  }

  /// The peer reset a source's connection as soon as it was started. A destination that was restarted does so
  /// with every connection of a stream that it does not know, and so does one whose server is down and which
  /// does not try again. What comes for the other connections tells them apart, and patience where nothing
  /// does: only clients that came one after the other count, not a crowd that met a limit together.
  /// - Returns: true when the stream counts as lost; it has ended, and its connections are to be reset.
  public mutating func refusedAtOnce(slot: Int) -> Bool {
    guard role == .source, let connection = slots[slot], !connection.hasReceived,
      services[connection.service].generation == connection.streamGeneration,
      services[connection.service].isStreaming,
      connection.refusalCountBefore == services[connection.service].refusalCount
    else { return false }
    services[connection.service].refusalCount += 1
    if services[connection.service].refusalCount < Self.refusalCountMax { return false }
    endStream(connection.service)
    return true
  }

  /// Frees the slot of a closed connection.
  public mutating func release(slot: Int) {
    guard let connection = slots[slot] else { return }
    let service = connection.service
    if services[service].slots[connection.connectionID] == slot {
      services[service].slots[connection.connectionID] = nil
    }
    services[service].connectionCount -= 1
    slots.release(slot)
  }

  /// The header of a message about a connection; nil for one of an older stream, of which the peer must
  /// not hear any more.
  /// - Parameter ignorable: for an empty DATA, which then speaks of an end.
  public func header(_ type: MessageType, slot: Int, ignorable: Bool = false) -> MessageHeader? {
    guard let connection = slots[slot] else { return nil }
    let service = services[connection.service]
    if service.generation != connection.streamGeneration || !service.isStreaming { return nil }
    let isStart = type == .streamStart || type == .connectionStart
    return MessageHeader(
      type, streamID: connection.streamID, serviceID: service.hasServiceID ? service.id : [],
      connectionID: service.hasConnectionIDs ? connection.connectionID : 0,
      ignorable: ignorable || isStart && options.negotiatesHalfClose)
  }

  /// The header of the message that resets a connection. Where the stream has that one alone, it is the
  /// stream's reset, and the stream is over with it.
  public mutating func resetHeader(slot: Int) -> MessageHeader? {
    guard let header = header(.connectionReset, slot: slot) else { return nil }
    if header.connectionID != 0 { return header }
    if let service = slots[slot]?.service { endStream(service) }
    return MessageHeader(.streamReset, streamID: header.streamID, serviceID: header.serviceID)
  }

  /// The header of the reset that `Action.reply` asks for. In a stream that is not known here it is marked, with
  /// the field that receivers disregard on types they know, so that a source of this program need not guess.
  public func resetHeader(
    service: Int, streamID: Int32, connectionID: UInt32
  ) -> MessageHeader {
    MessageHeader(
      connectionID == 0 ? .streamReset : .connectionReset, streamID: streamID,
      serviceID: services[service].hasServiceID ? services[service].id : [],
      connectionID: connectionID,
      ignorable: connectionID != 0 && !isCurrent(streamID, service: service))
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
      if message.serviceID.isEmpty {
        advise(role == .source ? .olderDestination(.v1) : .olderSource)
      }
      let name = Message.text(bytes, message.serviceID)
      return .dropped(reason: "a message for the unknown service '\(name)'")
    }
    if type == .streamStart || type == .connectionStart {
      if role == .source { return .violation(reason: "a source cannot be asked to connect") }
      return type == .streamStart
        ? startStream(service, message) : startConnection(service, message)
    }
    // "Not given" reads as the first connection.
    let connectionID = max(message.connectionID, 1)
    if !isCurrent(message.streamID, service: service) {
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
      return received(message, slot)
    }
    if role == .source && message.ignorable && slots[slot]?.hasReceived == false {
      endStream(service)
      return .streamUnknown(service: service)
    }
    // The only connection was reset and nothing ever came for it: the destination may have restarted
    // and not know the stream, so the next connection begins a new one.
    if role == .source, slots[slot]?.hasReceived == false, services[service].slots.count == 1 {
      endStream(service)
    }
    return .peerReset(slot: slot)
  }

  private mutating func received(_ message: Message, _ slot: Int) -> Action {
    let isFirst = slots[slot]?.hasReceived == false
    if isFirst { slots[slot]?.hasReceived = true }
    if let service = slots[slot]?.service { services[service].refusalCount = 0 }
    if isFirst && role == .source { judgeDestination(message, slot) }
    if !message.ignorable || !message.payload.isEmpty || !options.negotiatesHalfClose {
      return .deliver(slot: slot)
    }
    if slots[slot]?.isNegotiated == true { return .peerEnded(slot: slot) }
    // Only as the very first word is it the destination's answer.
    if role == .destination || !isFirst { return .deliver(slot: slot) }
    slots[slot]?.isNegotiated = true
    return .agreed(slot: slot)
  }

  /// A destination repeats what it understands of the ids that it was given.
  private mutating func judgeDestination(_ message: Message, _ slot: Int) {
    guard let service = slots[slot]?.service else { return }
    let lacksService = services[service].hasServiceID && !services[service].id.isEmpty
    if lacksService && message.serviceID.isEmpty {
      follow(.v1, service)
    } else if services[service].hasConnectionIDs && message.connectionID == 0 {
      follow(services[service].id.isEmpty ? nil : .v2, service)
    } else if !services[service].hasConnectionIDs && message.connectionID != 0 {
      advise(.newerDestination)
    }
  }

  /// Leaves the connection ids out from here on, lest an older destination meets messages it does not know. The
  /// service ids stay: the service closes a connection whose messages lose them, and V1 skips them.
  private mutating func follow(_ older: ProtocolVersion?, _ service: Int) {
    advise(.olderDestination(older))
    version = min(version, .v2)
    if services[service].slots.count == 1 { services[service].hasConnectionIDs = false }
  }

  private mutating func advise(_ advice: Advice) {
    if hasAdvised { return }
    hasAdvised = true
    self.advice = advice
  }

  private mutating func startStream(_ service: Int, _ message: Message) -> Action {
    let hadConnections = services[service].connectionCount > 0
    beginStream(service, streamID: message.streamID)
    services[service].hasServiceID = !message.serviceID.isEmpty
    services[service].hasConnectionIDs = message.connectionID != 0
    if message.connectionID != 0 && version < .v3 { advise(.newerSource) }
    // The old stream's connections still drain while the new one begins, which may take as many again.
    let countMax = hadConnections ? 2 * connectionCountMax : connectionCountMax
    if connectionCount >= countMax {
      if message.connectionID == 0 { endStream(service) }
      return hadConnections
        ? .refuseRestart(
          service: service, streamID: message.streamID, connectionID: message.connectionID,
          reason: limitReason)
        : .reply(
          service: service, streamID: message.streamID, connectionID: message.connectionID,
          reason: limitReason)
    }
    let slot = takeSlot(
      service: service, connectionID: max(message.connectionID, 1), state: .opening)
    slots[slot]?.isNegotiated = message.ignorable && options.negotiatesHalfClose
    return hadConnections ? .restart(service: service, slot: slot) : .start(slot: slot)
  }

  private mutating func startConnection(_ service: Int, _ message: Message) -> Action {
    let connectionID = max(message.connectionID, 1)
    var fault: String?
    if !isCurrent(message.streamID, service: service) {
      // This end may have been restarted: the reset makes the source begin a new stream.
      fault = "a connection in the unknown stream \(message.streamID)"
    } else if !services[service].hasConnectionIDs && services[service].slots.count > 0 {
      // What would be said about one of them could be about the other.
      fault = "a further connection in a stream that began without connection ids"
    } else if services[service].slots[connectionID] != nil {
      fault = "the connection id \(connectionID) is in use already"
    } else if !hasPlace {
      fault = limitReason
    }
    if let fault {
      return .reply(
        service: service, streamID: message.streamID, connectionID: connectionID, reason: fault)
    }
    let slot = takeSlot(service: service, connectionID: connectionID, state: .opening)
    slots[slot]?.isNegotiated = message.ignorable && options.negotiatesHalfClose
    return .start(slot: slot)
  }

  /// Those that are over for the source, and only drain here, do not count, up to as many again.
  private var hasPlace: Bool {
    connectionCount < 2 * connectionCountMax
      && connectionCount - slots.drainingCount < connectionCountMax
  }

  private var limitReason: String {
    "\(connectionCountMax) connections are open, which is the limit"
  }

  private func serviceIndex(_ range: Range<Int>, in bytes: Span<UInt8>) -> Int? {
    // A peer of the first protocol version names no service; with one service it is clear which. And an end of
    // that version does not know its one service's name.
    if range.isEmpty || services[0].id.isEmpty { return services.count == 1 ? 0 : nil }
    for index in services.indices where services[index].id.count == range.count {
      var isEqual = true
      for offset in 0..<range.count
      where services[index].id[offset] != bytes[range.lowerBound + offset] {
        isEqual = false
        break
      }
      if isEqual { return index }
    }
    return nil
  }

  // MARK: Streams and slots

  /// Inlined, as the compiler copies the whole session to lend it to a function that only reads.
  @inline(__always) private func isCurrent(_ streamID: Int32, service: Int) -> Bool {
    services[service].isStreaming && services[service].streamID == streamID
  }

  private mutating func beginStream(_ service: Int, streamID: Int32) {
    services[service].streamID = streamID
    services[service].generation += 1
    services[service].isStreaming = true
    services[service].nextConnectionID = 1
    services[service].refusalCount = 0
    services[service].slots.removeAll()
  }

  /// No message of the stream counts any more, either way.
  mutating func endStream(_ service: Int) {
    services[service].isStreaming = false
    services[service].slots.removeAll()
  }

  private mutating func takeSlot(service: Int, connectionID: UInt32, state: Connection) -> Int {
    var connection = ConnectionSlot(
      service: service, streamID: services[service].streamID, connectionID: connectionID,
      streamGeneration: services[service].generation, state: state)
    connection.refusalCountBefore = services[service].refusalCount
    let slot = slots.take(connection)
    services[service].connectionCount += 1
    services[service].slots[connectionID] = slot
    return slot
  }
}
