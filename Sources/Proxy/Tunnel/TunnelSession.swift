import Basics

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
///
/// *Marks.* Two ends of this program tell each other more than the protocol can say, by the field `ignorable`, which
/// receivers disregard on types that they know:
///
///     STREAM_START, `ignorable` written as 0   a source: I know the marks
///     empty DATA, `ignorable` 1, as a          a destination: so do I, in this stream
///     stream's first message
///     the same later                           this direction has ended
///     CONNECTION_RESET or STREAM_RESET,        the application has closed the connection in good order;
///     `ignorable` written as 0                 without it, where marks are known, it was cut
///     CONNECTION_RESET, `ignorable` 1          a destination: I do not know the stream
///
/// The first means nothing to anybody else: proto3 lets everyone write a field's default, and a service that writes
/// messages anew merely loses it. A destination says nothing unusual before it has seen that.
public struct TunnelSession: ~Copyable {
  /// A service of the tunnel and the current stream in it.
  struct Service {
    /// Empty when the tunnel has no service ids.
    let id: [UInt8]
    /// 0 before the first stream.
    var streamID: Int32 = 0
    /// Counts the streams; ids can come again, when the peer restarts.
    var generation: UInt64 = 0
    /// A stream was started and not reset since.
    var isStreaming = false
    /// Whether the current stream's messages name the service and the connection.
    var hasServiceID = true
    var hasConnectionIDs = true
    /// A message of the current stream has come.
    var hasReceived = false
    /// A message of any of its streams has come.
    var isAnswered = false
    /// Both ends of the current stream know the marks.
    var isNegotiated = false
    var nextConnectionID: UInt32 = 1
    /// Slots of the current stream's connections.
    var slots = ConnectionTable()
    /// Connections of all its streams, and those of them for which data came.
    var connectionCount = 0
    var answeredCount = 0
  }

  /// Services a tunnel may have here; the service itself allows far fewer.
  public static let serviceCountMax = 128

  package let options: Options
  /// What new streams of a source are like; it goes down when the destination turns out to be older.
  package internal(set) var version: ProtocolVersion
  /// Of the streams that a source begins.
  public private(set) var streamIDs: StreamIDs
  var services: [Service] = []
  public private(set) var slots = ConnectionSlots()
  public internal(set) var areServicesAgreed = false
  /// Service names by index, "" for a tunnel without service ids.
  public internal(set) var serviceNames: [String] = []
  /// Index into the mappings by service index; nil when a source has no mapping for it.
  public internal(set) var mappingOfService: [Int?] = []
  /// Something the user should know; whoever says it takes it away. It comes once.
  public var advice: Advice?
  /// What is to go out before anything else, by whoever takes it away: a destination's word that it knows the marks, or
  /// a source's that it is done with a stream.
  public var reply: MessageHeader?
  /// No connection begins any more.
  public var isStopping = false
  private var hasAdvised = false

  /// - Parameter streamIDs: those of the session before, from which a source's go on.
  public init(_ options: Options, streamIDs: StreamIDs) {
    self.options = options
    self.streamIDs = streamIDs
    version = options.version
  }

  public var role: TunnelRole { options.role }
  public var connectionCountMax: Int { options.connectionCountMax }

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
      beginStream(service, streamID: streamIDs.next())
      services[service].hasServiceID = version > .v1
      services[service].hasConnectionIDs = version > .v2
    }
    var connectionID = services[service].nextConnectionID
    let idMax = UInt32(StreamIDs.idMax)
    while connectionID > idMax || services[service].slots[connectionID] != nil {
      connectionID = connectionID > idMax ? 1 : connectionID + 1
    }
    services[service].nextConnectionID = connectionID + 1
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

  /// Whether nothing at all has come back for the service, whose clients may wait for ever.
  public func isUnanswered(service: Int) -> Bool {
    services[service].generation > 0 && !services[service].isAnswered
  }

  public func connectionCount(of service: Int) -> Int { services[service].connectionCount }

  /// It has connections, and nothing has come for any of them.
  public func isWithoutAnswer(service: Int) -> Bool {
    services[service].connectionCount > 0 && services[service].answeredCount == 0
  }

  /// Its connections are told apart, and end one by one; without ids a stream ends with its only one.
  public func hasConnectionIDs(service: Int) -> Bool { services[service].hasConnectionIDs }

  /// Frees the slot of a closed connection.
  public mutating func release(slot: Int) {
    guard let connection = slots[slot] else { return }
    let service = connection.service
    if services[service].slots[connection.connectionID] == slot {
      services[service].slots[connection.connectionID] = nil
    }
    services[service].connectionCount -= 1
    if connection.hasReceived { services[service].answeredCount -= 1 }
    slots.release(slot)
  }

  /// The header of a message about a connection; nil for one of an older stream, of which the peer must
  /// not hear any more.
  /// - Parameter ignorable: for an empty DATA, which then speaks of an end.
  public func header(_ type: MessageType, slot: Int, ignorable: Bool = false) -> MessageHeader? {
    guard let connection = slots[slot] else { return nil }
    let service = services[connection.service]
    if service.generation != connection.streamGeneration || !service.isStreaming { return nil }
    return MessageHeader(
      type, streamID: connection.streamID, serviceID: service.hasServiceID ? service.id : [],
      connectionID: service.hasConnectionIDs ? connection.connectionID : 0, ignorable: ignorable,
      writesIgnorable: type == .streamStart && options.negotiatesHalfClose)
  }

  /// The header of the message that resets a connection. Where the stream has that one alone, it is the
  /// stream's reset, and the stream is over with it.
  /// - Parameter isCut: nobody has closed the connection. What is not cut is marked, where the other end knows the
  ///   marks or was told that this one does.
  public mutating func resetHeader(slot: Int, isCut: Bool) -> MessageHeader? {
    guard var header = header(.connectionReset, slot: slot), let service = slots[slot]?.service
    else { return nil }
    let isMarked = role == .source ? options.negotiatesHalfClose : services[service].isNegotiated
    header.writesIgnorable = isMarked && !isCut
    if header.connectionID == 0 {
      header.type = .streamReset
      endStream(service)
    }
    return header
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
    let type = message.type ?? .unknown
    do throws(Misplacement) {
      switch type {
      case .unknown:
        let reason = "a message of the unknown type %".with(Int(message.rawType).decimal)
        return message.ignorable ? .dropped(reason: reason) : .violation(reason: reason)
      case .serviceIDs: return agree(bytes)
      case .sessionReset:
        var resets: [MessageHeader] = []
        for service in services.indices {
          if let reset = resetStream(service) { resets.append(reset) }
        }
        return .sessionReset(resets)
      case .streamStart, .connectionStart:
        let service = try service(of: message, bytes)
        if role == .source { return .violation(reason: "a source cannot be asked to connect") }
        return type == .streamStart
          ? startStream(service, message) : startConnection(service, message)
      case .data, .streamReset, .connectionReset:
        return try handle(message, type, ofStreamOf: try service(of: message, bytes))
      }
    } catch {
      return answer(error, message, bytes)
    }
  }

  /// Why a message does not come to its stream or connection.
  private enum Misplacement: Error {
    case beforeServices, withoutStream, ofUnknownService, ofStaleStream, ofUnknownConnection
  }

  private mutating func answer(
    _ misplacement: Misplacement, _ message: Message, _ bytes: Span<UInt8>
  ) -> Action {
    switch misplacement {
    case .beforeServices: return .violation(reason: "a message before SERVICE_IDS")
    case .withoutStream: return .violation(reason: "a message with the stream id 0")
    case .ofUnknownService:
      if message.serviceID.isEmpty {
        advise(role == .source ? .olderDestination(.v1) : .olderSource)
      }
      let name = Message.text(bytes, message.serviceID)
      return .dropped(reason: "a message for the unknown service '%'".with(name))
    case .ofStaleStream:
      return .dropped(reason: "a message of the stale stream %".with(Int(message.streamID).decimal))
    case .ofUnknownConnection:
      let id = max(message.connectionID, 1)
      return .dropped(reason: "a message of the unknown connection %".with(id.decimal))
    }
  }

  private mutating func service(
    of message: Message, _ bytes: Span<UInt8>
  ) throws(Misplacement) -> Int {
    if !areServicesAgreed { throw .beforeServices }
    if message.streamID == 0 { throw .withoutStream }
    guard let service = serviceIndex(message.serviceID, in: bytes) else { throw .ofUnknownService }
    return service
  }

  /// A message that belongs to what was started before.
  private mutating func handle(
    _ message: Message, _ type: MessageType, ofStreamOf service: Int
  ) throws(Misplacement) -> Action {
    if !isCurrent(message.streamID, service: service) { throw .ofStaleStream }
    if !services[service].hasReceived {
      services[service].hasReceived = true
      services[service].isAnswered = true
      if type == .data && isAgreement(message) { return agreeOnMarks(service) }
    }
    if type == .streamReset {
      let isCut = isCut(message, service)
      endStream(service)
      return .serviceReset(service: service, isCut: isCut)
    }
    // "Not given" reads as the first connection.
    let connectionID = max(message.connectionID, 1)
    guard let slot = services[service].slots[connectionID] else { throw .ofUnknownConnection }
    if type == .connectionReset { return connectionReset(message, service, slot) }
    if slots[slot]?.state.takesData == false {
      return .dropped(
        reason: "data for connection %, which is over".with(connectionID.decimal))
    }
    return received(message, slot)
  }

  private mutating func connectionReset(
    _ message: Message, _ service: Int, _ slot: Int
  ) -> Action {
    let isCut = isCut(message, service)
    if role == .source && slots[slot]?.hasReceived == false {
      if message.ignorable {
        endStream(service)
        return .streamUnknown(service: service)
      }
      // The only connection was reset and nothing ever came for it: the destination may have restarted and not know
      // the stream. A new one costs nobody anything; beside others that would be a guess at their cost, and a
      // destination of this program says it by the mark. One that does know the stream must hear that it is over: the
      // reference loses a start that comes before. Without a service's name that could be taken for another's.
      if !services[service].isNegotiated && services[service].slots.count == 1
        && !services[service].id.isEmpty
      {
        reply = MessageHeader(
          .streamReset, streamID: message.streamID, serviceID: services[service].id)
        endStream(service)
      }
    }
    return .peerReset(slot: slot, isCut: isCut)
  }

  /// Whether a reset says that a connection was cut, and not that an application has closed it. Where the other end
  /// does not know the marks there is one kind of reset for both, and it is taken for an end: CONNECTION_RESET in
  /// streams with connection ids, STREAM_RESET in others. But one of a stream that was never answered mostly means
  /// that there is no destination, or that it did not reach its server.
  private func isCut(_ message: Message, _ service: Int) -> Bool {
    if services[service].isNegotiated { return !message.isIgnorableWritten || message.ignorable }
    if message.type != .streamReset { return false }
    if services[service].hasConnectionIDs { return true }
    guard role == .source, let slot = services[service].slots[1] else { return false }
    return slots[slot]?.hasReceived == false
  }

  /// A stream's first message, when it says that the destination knows the marks.
  private func isAgreement(_ message: Message) -> Bool {
    role == .source && options.negotiatesHalfClose && message.ignorable && message.payload.isEmpty
  }

  private mutating func agreeOnMarks(_ service: Int) -> Action {
    services[service].isNegotiated = true
    for slot in slots.indices where slots[slot]?.service == service {
      if slots[slot]?.streamGeneration == services[service].generation {
        slots[slot]?.isNegotiated = true
      }
    }
    return .agreed(service: service)
  }

  private mutating func received(_ message: Message, _ slot: Int) -> Action {
    if slots[slot]?.hasReceived == false {
      slots[slot]?.hasReceived = true
      if let service = slots[slot]?.service { services[service].answeredCount += 1 }
      if role == .source { judgeDestination(message, slot) }
    }
    if message.ignorable && message.payload.isEmpty && slots[slot]?.isNegotiated == true {
      return .peerEnded(slot: slot)
    }
    return .deliver(slot: slot)
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
    let isRepeated =
      services[service].isNegotiated && isCurrent(message.streamID, service: service)
    beginStream(service, streamID: message.streamID)
    services[service].hasServiceID = !message.serviceID.isEmpty
    services[service].hasConnectionIDs = message.connectionID != 0
    if message.connectionID != 0 && version < .v3 { advise(.newerSource) }
    if options.negotiatesHalfClose && message.isIgnorableWritten && !message.ignorable {
      services[service].isNegotiated = true
      // A second answer would be taken for an end. One that waits is this message's, which is handled again.
      if !isRepeated || reply != nil {
        reply = MessageHeader(
          .data, streamID: message.streamID,
          serviceID: services[service].hasServiceID ? services[service].id : [],
          connectionID: message.connectionID, ignorable: true)
      }
    }
    // The old stream's connections still drain while the new one begins, which may take as many again.
    if isStopping || !(hadConnections ? connectionCount < 2 * connectionCountMax : hasPlace) {
      if message.connectionID == 0 { endStream(service) }
      let reason = isStopping ? Self.stoppingReason : limitReason
      return hadConnections
        ? .refuseRestart(
          service: service, streamID: message.streamID, connectionID: message.connectionID,
          reason: reason)
        : .full(
          service: service, streamID: message.streamID, connectionID: message.connectionID,
          reason: reason)
    }
    let slot = takeSlot(
      service: service, connectionID: max(message.connectionID, 1), state: .opening)
    return hadConnections ? .restart(service: service, slot: slot) : .start(slot: slot)
  }

  private mutating func startConnection(_ service: Int, _ message: Message) -> Action {
    let connectionID = max(message.connectionID, 1)
    var fault: String?
    if !isCurrent(message.streamID, service: service) {
      // This end may have been restarted: the reset makes the source begin a new stream.
      fault = "a connection in the unknown stream %".with(Int(message.streamID).decimal)
    } else if !services[service].hasConnectionIDs && services[service].slots.count > 0 {
      // What would be said about one of them could be about the other.
      fault = "a further connection in a stream that began without connection ids"
    } else if services[service].slots[connectionID] != nil {
      fault = "the connection id % is in use already".with(connectionID.decimal)
    } else if isStopping || !hasPlace {
      return .full(
        service: service, streamID: message.streamID, connectionID: connectionID,
        reason: isStopping ? Self.stoppingReason : limitReason)
    }
    if let fault {
      return .reply(
        service: service, streamID: message.streamID, connectionID: connectionID, reason: fault)
    }
    return .start(
      slot: takeSlot(service: service, connectionID: connectionID, state: .opening))
  }

  /// Those that are over for the source, and only drain here, do not count, up to as many again.
  private var hasPlace: Bool {
    connectionCount < 2 * connectionCountMax
      && connectionCount - slots.drainingCount < connectionCountMax
  }

  private static var stoppingReason: String { "this end is stopping" }

  private var limitReason: String {
    "% connections are open, which is the limit".with(connectionCountMax.decimal)
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
    services[service].hasReceived = false
    services[service].isNegotiated = false
    services[service].slots.removeAll()
  }

  /// No message of the stream counts any more, either way.
  mutating func endStream(_ service: Int) {
    services[service].isStreaming = false
    services[service].slots.removeAll()
  }

  /// Ends a stream that the service has reset together with all others.
  /// - Returns: what the destination must hear of it, if anything. It may have been reset before the stream's start came
  ///   to it, and would keep connections then that nobody else knows of. When something has come back, it knew the stream.
  private mutating func resetStream(_ service: Int) -> MessageHeader? {
    let (isStreaming, hasReceived) = (services[service].isStreaming, services[service].hasReceived)
    endStream(service)
    if role == .destination || !isStreaming || hasReceived { return nil }
    return MessageHeader(
      .streamReset, streamID: services[service].streamID,
      serviceID: services[service].hasServiceID ? services[service].id : [])
  }

  private mutating func takeSlot(service: Int, connectionID: UInt32, state: Connection) -> Int {
    var connection = ConnectionSlot(
      service: service, streamID: services[service].streamID, connectionID: connectionID,
      streamGeneration: services[service].generation, state: state)
    connection.isNegotiated = services[service].isNegotiated
    let slot = slots.take(connection)
    services[service].connectionCount += 1
    services[service].slots[connectionID] = slot
    return slot
  }
}

extension TunnelSession {
  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var (draining, lingering) = (0, 0)
    for index in services.indices {
      let service = services[index]
      var (count, answered) = (0, 0)
      for slot in slots.indices {
        guard let connection = slots[slot], connection.service == index else { continue }
        count += 1
        answered += connection.hasReceived ? 1 : 0
        if connection.state.isDraining { draining += 1 }
        if connection.state == .localEnded { lingering += 1 }
      }
      if count != service.connectionCount {
        return
          "the session: service \(index) has \(service.connectionCount) connections, not \(count)"
      }
      if answered != service.answeredCount {
        return
          "the session: \(service.answeredCount) of service \(index) were answered, not \(answered)"
      }
      if service.slots.count > count { return "the session: an id of a connection that is gone" }
      for entry in service.slots.entries where entry.slot >= 0 {
        let connection = slots[Int(entry.slot)]
        if connection?.service != index || connection?.connectionID != entry.connectionID
          || connection?.streamGeneration != service.generation
        {
          return "the session: id \(entry.connectionID) of service \(index) is another's"
        }
      }
      if !service.isStreaming && service.slots.count > 0 {
        return "the session: connections in a stream that is over"
      }
    }
    if draining != slots.drainingCount || lingering != slots.localEndedCount {
      return "the session: \(slots.drainingCount) drain and \(slots.localEndedCount) linger, not "
        + "\(draining) and \(lingering)"
    }
    let max = role == .source ? connectionCountMax : 2 * connectionCountMax
    return slots.count > max ? "the session: \(slots.count) connections" : nil
  }
}
