import Basics

@testable import Tunnel

extension FuzzTarget {
  /// Four octets of options, then one fact after the other: clients, sockets, time, room in the link, and messages of a
  /// peer that says what it likes.
  static let session = FuzzTarget(name: "session", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    var relay = try ModelRelay(&input)
    while !input.isEmpty && !relay.isOver { try relay.step(&input) }
    try relay.finish(&input)
  }
}

/// A local socket: what is here of it is what the core must know, or may ask.
private struct ModelSocket {
  let service: Int
  var isConnecting: Bool
  /// Its end of file has been received.
  var hasEnded = false
  var hasFinishedSending = false
  var isPeerClosed = false
  var unacknowledgedByteCount = 0
  var pendingByteCount = 0
}

private final class ModelSockets: LocalSockets {
  var all: [Int: ModelSocket] = [:]

  func isPeerClosed(slot: Int) -> Bool { all[slot]?.isPeerClosed ?? true }
  func unacknowledgedByteCount(slot: Int) -> Int { all[slot]?.unacknowledgedByteCount ?? 0 }
}

/// What a source has said of its streams so far.
private struct Wire {
  private struct Key: Hashable {
    let streamID: Int32
    let connectionID: UInt32
  }

  private var streams: [[UInt8]: Int32] = [:]
  private var streamIDs: Set<Int32> = []
  private var started: Set<Key> = []
  private var reset: Set<Key> = []

  func hasBegun(_ streamID: Int32) -> Bool { streamIDs.contains(streamID) }

  mutating func sent(_ header: MessageHeader) throws(Finding) {
    let key = Key(streamID: header.streamID, connectionID: max(header.connectionID, 1))
    let isCurrent = streams.values.contains(header.streamID)
    switch header.type {
    case .streamStart:
      try require(streamIDs.insert(header.streamID).inserted, "a stream is begun twice")
      streams[header.serviceID] = header.streamID
      started.insert(key)
    case .connectionStart:
      try require(isCurrent, "a connection is begun in a stream that is over")
      try require(started.insert(key).inserted, "a connection is begun twice")
    case .data:
      try require(isCurrent, "data for a stream that is over, or was not begun")
      // A stream whose ids were given up has the one connection, whatever its number was.
      if header.connectionID == 0 { return }
      try require(started.contains(key), "data for a connection that was not begun")
      try require(!reset.contains(key), "data behind a reset")
    case .connectionReset:
      try require(isCurrent, "a reset in a stream that is over, or was not begun")
      try require(reset.insert(key).inserted, "a connection is reset twice")
    case .streamReset:
      streams = streams.filter { $0.value != header.streamID }
    case .unknown, .sessionReset, .serviceIDs: throw Finding("a message that is the service's")
    }
  }
}

/// Does with a core what `Relay` does, with sockets and a link that are numbers.
private struct ModelRelay: ~Copyable {
  private static let names = ["SSH1", "HTTP", "\u{e9}"]
  private static let payloadLengthMax = 32
  private static let connectionPendingMax = 64
  private static let tunnelPendingMax = 96

  private var core: RelayCore
  private let sockets = ModelSockets()
  private var now = Instant(nanoseconds: 1_000_000_000_000)
  /// Frames that the link takes before it is full.
  private var room = 0
  /// The service of each client that has neither a place nor been refused.
  private var clients: [UInt64: Int] = [:]
  private var clientCount: UInt64 = 0
  /// Services whose clients wait in the kernel.
  private var heldServices: Set<Int> = []
  /// Nil once the peer has spoken of a stream that it cannot know yet: what such a peer hears need not make sense.
  private var wire: Wire? = Wire()
  private var isStopping = false
  private var isDrained = false
  /// The WebSocket is closed.
  private(set) var isOver = false

  init(_ input: inout FuzzInput) throws(Finding) {
    let choices = input.octet()
    let names = Array(Self.names.prefix(input.number(below: 4)))
    var session = TunnelSession.Options(
      role: choices & 1 == 0 ? .source : .destination,
      mappings: names.isEmpty ? [nil] : names.map { $0 },
      connectionCountMax: 1 + input.number(below: 4))
    session.version = ProtocolVersion(rawValue: 1 + input.number(below: 3)) ?? .v3
    session.negotiatesHalfClose = choices & 2 != 0
    if choices & 4 != 0 {
      session.optionalMappings = session.mappings.compactMap { $0 }
      session.mappings = []
    }
    var options = RelayCore.Options(session)
    options.payloadLengthMax = Self.payloadLengthMax
    options.connectionPendingMax = Self.connectionPendingMax
    options.tunnelPendingMax = Self.tunnelPendingMax
    options.replacesClients = choices & 0x80 != 0
    options.givesUpConnecting = choices & 0x40 == 0
    core = RelayCore(options, streamIDs: StreamIDs(randomness: 0))
    // Without its services a core does nothing, so most begin with them.
    if choices & 0x38 == 0 { return }
    if choices & 0x40 != 0 && names.isEmpty {
      core.agreeWithoutList(now: now)
      try run(&input)
    } else {
      let list = names.isEmpty ? [""] : names
      try receive(Array(MessageHeader.serviceIDs(list).dropFirst(Message.prefixByteCount)), &input)
    }
  }

  mutating func step(_ input: inout FuzzInput) throws(Finding) {
    switch input.number(below: 16) {
    case 0, 1: try accept(&input)
    case 2: try readable(&input)
    case 3: try socketChanged(&input)
    case 4: try receive(input.octets(input.number(below: 40)), &input)
    case 8:
      room = input.number(below: 40)
      try run(&input)
    case 9: try connectorEnded(&input)
    case 10: try flush(&input)
    case 11: try timePasses(&input)
    case 12: try programSays(&input)
    default: try receive(message(&input), &input)
    }
  }

  // MARK: Facts and orders

  private mutating func tell(
    _ event: RelayCore.Event, _ input: inout FuzzInput
  ) throws(Finding) {
    core.handle(event, now: now, sockets)
    try run(&input)
  }

  /// - Parameter isGoingOn: see `Relay`.
  private mutating func run(_ input: inout FuzzInput, isGoingOn: Bool = false) throws(Finding) {
    if !isGoingOn { core.beginTurns() }
    var count = 0
    while !isOver {
      count += 1
      try require(count < 10_000, "orders without end")
      if let order = core.next() {
        try perform(order)
      } else if core.hasTurn && room > 0 {
        try send(&input)
      } else {
        break
      }
    }
    if !isOver { try expectConsistent() }
  }

  private mutating func send(_ input: inout FuzzInput) throws(Finding) {
    let frameByteCountMax = 1 + input.number(below: 64)
    switch core.nextToSend(now: now, frameByteCountMax: frameByteCountMax) {
    case .message(let header):
      room -= 1
      try sent(header)
    case .received(let slot, let header, let byteCountMax):
      guard let socket = sockets.all[slot], !socket.isConnecting else {
        throw Finding("a slot receives that has no socket")
      }
      try require(!socket.hasEnded, "a socket receives behind its end")
      try require(
        (1...min(frameByteCountMax, Self.payloadLengthMax)).contains(byteCountMax),
        "\(byteCountMax) octets at the most")
      let connection = core.session.slots[slot]
      try require(
        header.type == .data && header.streamID == connection?.streamID
          && (header.connectionID == 0 || header.connectionID == connection?.connectionID),
        "data that is not the slot's")
      try receive(slot, header, byteCountMax, &input)
    case nil: break
    }
  }

  /// What the socket has is up to the input.
  private mutating func receive(
    _ slot: Int, _ header: MessageHeader, _ byteCountMax: Int, _ input: inout FuzzInput
  ) throws(Finding) {
    switch input.number(below: 8) {
    case 0, 1: break
    case 2: core.handle(.failed(slot: slot), now: now, sockets)
    case 3:
      sockets.all[slot]?.hasEnded = true
      core.handle(.ended(slot: slot), now: now, sockets)
    case let choice:
      room -= 1
      try sent(header)
      let byteCount = choice < 6 ? byteCountMax : 1 + input.number(below: byteCountMax)
      core.handle(
        .received(slot: slot, byteCount: byteCount, isFull: byteCount == byteCountMax), now: now,
        sockets)
    }
  }

  private mutating func perform(_ order: RelayCore.Order) throws(Finding) {
    switch order {
    case .connect(let slot):
      try require(core.session.role == .destination, "a source connects")
      guard let connection = core.session.slots[slot] else {
        throw Finding("a server is to be reached for nobody")
      }
      try insert(slot, connection.service, isConnecting: true)
    case .admit(let client, let slot):
      guard let service = clients.removeValue(forKey: client) else {
        throw Finding("a client is admitted that does not wait")
      }
      try require(core.session.role == .source, "a destination has clients")
      try insert(slot, service, isConnecting: false)
    case .refuse(let client, let service, let refusal):
      try require(clients.removeValue(forKey: client) == service, "a client is refused twice")
      try require((refusal == .stopping) == isStopping, "refused for another reason")
    case .holdClients(let service, let holds):
      try require(core.session.serviceNames.indices.contains(service), "clients of no service")
      try require(
        holds ? heldServices.insert(service).inserted : heldServices.remove(service) != nil,
        "clients of service \(service) are held or not already")
    case .watch(let slot): _ = try socket(slot, "watched")
    case .finishSending(let slot):
      let socket = try socket(slot, "finished")
      try require(!socket.hasFinishedSending, "a direction is ended twice")
      try require(socket.pendingByteCount == 0, "a direction is ended in front of its last bytes")
      sockets.all[slot]?.hasFinishedSending = true
    case .close(let slot, let ending):
      let socket = try socket(slot, "closed")
      try require(ending != .close || socket.hasEnded, "unread bytes may be lost")
      let looksWhole = ending == .close || ending == .closeBehindSent
      try require(
        !looksWhole || socket.pendingByteCount == 0 || socket.isPeerClosed,
        "an end in front of the last bytes")
      sockets.all[slot] = nil
    case .giveBackMemory, .servicesAgreed: break
    case .servicesMismatch(let reason), .violate(let reason):
      try require(!reason.isEmpty, "an end without a reason")
      isOver = true
    case .drained:
      // Again when somebody else was refused since.
      try require(isStopping, "drained, and not stopping")
      try require(sockets.all.isEmpty, "drained, with \(sockets.all.count) sockets")
      isDrained = true
    case .report(let report): try judge(report)
    }
  }

  private mutating func insert(
    _ slot: Int, _ service: Int, isConnecting: Bool
  ) throws(Finding) {
    try require(sockets.all[slot] == nil, "slot \(slot) is taken")
    sockets.all[slot] = ModelSocket(service: service, isConnecting: isConnecting)
  }

  private func socket(_ slot: Int, _ what: String) throws(Finding) -> ModelSocket {
    guard let socket = sockets.all[slot] else {
      throw Finding("slot \(slot) is \(what), which has no socket")
    }
    return socket
  }

  /// What is said names a socket, whose peer stands in the line, and a reason.
  private func judge(_ report: RelayCore.Report) throws(Finding) {
    switch report {
    case .advice, .sessionReset: break
    case .dropped(let reason), .refused(_, let reason):
      try require(!reason.isEmpty, "something is refused or dropped without a reason")
    case .streamReset(let service, _, _), .streamUnknown(let service), .silence(let service):
      try require(core.session.serviceNames.indices.contains(service), "no service")
    case .resetBeforeAnswer(let slot), .localClosed(let slot), .lingerOver(let slot),
      .readerTooSlow(let slot, _), .readerStalls(let slot, _), .replaced(let slot),
      .placeTaken(let slot, _):
      _ = try socket(slot, "spoken of in \(report)")
    case .clientWaits(let client, let service):
      try require(clients[client] == service, "a client that does not wait")
    }
  }

  private mutating func sent(_ header: MessageHeader) throws(Finding) {
    let bytes = Self.encoded(header, [])
    guard let message = try? Message.parse(bytes.span) else {
      throw Finding("a message of the core cannot be read")
    }
    try require(
      message.type == header.type && message.streamID == header.streamID
        && message.connectionID == header.connectionID && message.streamID != 0,
      "a message of the core reads as another")
    let serviceID = Array(bytes[message.serviceID])
    try require(
      serviceID.isEmpty || core.session.services.contains { $0.id == serviceID },
      "a message of no service")
    if core.session.role == .source { try wire?.sent(header) }
  }

  // MARK: What the local side does

  private mutating func accept(_ input: inout FuzzInput) throws(Finding) {
    let service = input.number(below: 3)
    guard core.session.role == .source, !isStopping,
      core.session.mappingOfService.indices.contains(service)
    else { return }
    clientCount += 1
    clients[clientCount] = service
    try tell(.accepted(client: clientCount, service: service), &input)
  }

  /// A slot that has a socket, if there is any.
  private func pick(_ input: inout FuzzInput, where isMeant: (ModelSocket) -> Bool) -> Int? {
    let slots = sockets.all.filter { isMeant($0.value) }.keys.sorted()
    let number = Int(input.octet())
    return slots.isEmpty ? nil : slots[number % slots.count]
  }

  private mutating func readable(_ input: inout FuzzInput) throws(Finding) {
    guard let slot = pick(&input, where: { !$0.isConnecting }), core.watches(slot: slot) else {
      return
    }
    try tell(.readable(slot: slot), &input)
  }

  private mutating func socketChanged(_ input: inout FuzzInput) throws(Finding) {
    guard let slot = pick(&input, where: { !$0.isConnecting }) else { return }
    switch input.number(below: 4) {
    case 0: try tell(.failed(slot: slot), &input)
    case 1: sockets.all[slot]?.isPeerClosed = true
    default: sockets.all[slot]?.unacknowledgedByteCount = input.number(below: 256)
    }
  }

  private mutating func connectorEnded(_ input: inout FuzzInput) throws(Finding) {
    guard let slot = pick(&input, where: { $0.isConnecting }) else { return }
    if input.number(below: 4) == 0 {
      try tell(.connectFailed(slot: slot), &input)
      return
    }
    core.handle(.connected(slot: slot), now: now, sockets)
    sockets.all[slot]?.isConnecting = false
    try flush(slot, input.number(below: 64), &input)
  }

  private mutating func flush(_ input: inout FuzzInput) throws(Finding) {
    guard let slot = pick(&input, where: { !$0.isConnecting && $0.pendingByteCount > 0 }) else {
      return
    }
    try flush(slot, 1 + input.number(below: 128), &input)
  }

  /// The socket takes so many bytes of those that wait.
  private mutating func flush(
    _ slot: Int, _ byteCount: Int, _ input: inout FuzzInput
  ) throws(Finding) {
    let pending = sockets.all[slot]?.pendingByteCount ?? 0
    let taken = min(byteCount, pending)
    sockets.all[slot]?.pendingByteCount = pending - taken
    if pending > 0 {
      core.handle(
        .taken(slot: slot, byteCount: taken, pendingByteCount: pending - taken), now: now, sockets)
    }
    try run(&input)
  }

  private mutating func timePasses(_ input: inout FuzzInput) throws(Finding) {
    now = now + Milliseconds(1 << Int64(input.number(below: 17)))
    var count = 0
    while !isOver, let deadline = core.deadline, deadline <= now {
      count += 1
      try require(count < 64, "a deadline that is due again and again")
      try tell(.deadlineCame, &input)
    }
  }

  private mutating func programSays(_ input: inout FuzzInput) throws(Finding) {
    switch input.number(below: 4) {
    case 0 where !isStopping:
      isStopping = true
      heldServices = []
      try tell(.stopRequested, &input)
    case 0: break
    default: try tell(.descriptorsRanOut, &input)
    }
  }

  // MARK: What the peer says

  private func message(_ input: inout FuzzInput) -> [UInt8] {
    let type = MessageType(rawValue: Int32(input.number(below: 8))) ?? .data
    let choices = input.octet()
    var streamID = Int32(choices & 3)
    if choices & 0x80 != 0 { streamID = Int32(bitPattern: input.word()) }
    let connectionID = choices & 0x40 != 0 ? input.word() : UInt32(choices >> 2 & 7)
    let service = input.number(below: 5)
    if type == .serviceIDs {
      let list = MessageHeader.serviceIDs(Array(Self.names.prefix(service)))
      return Array(list.dropFirst(Message.prefixByteCount))
    }
    let header = MessageHeader(
      type, streamID: streamID,
      serviceID: service < Self.names.count ? Array(Self.names[service].utf8) : [],
      connectionID: connectionID, ignorable: service == 4 || choices & 0x20 != 0,
      writesIgnorable: choices & 0x10 != 0)
    let payload = [UInt8](
      repeating: 7, count: choices & 0x10 == 0 ? 0 : input.number(below: 100))
    return Self.encoded(header, payload)
  }

  private static func encoded(_ header: MessageHeader, _ payload: [UInt8]) -> [UInt8] {
    let end = MessageHeader.byteCountMax
    var bytes = [UInt8](repeating: 0, count: end) + payload
    var span = bytes.mutableSpan
    let start = header.write(into: &span, endingAt: end, payloadLength: payload.count)
    return Array(bytes[(start + Message.prefixByteCount)...])
  }

  private mutating func receive(_ bytes: [UInt8], _ input: inout FuzzInput) throws(Finding) {
    guard core.readsTunnel, let message = try? Message.parse(bytes.span) else { return }
    if wire?.hasBegun(message.streamID) == false
      && core.session.services.contains(where: { $0.streamID == message.streamID })
    {
      wire = nil
    }
    core.handle(message, in: bytes.span, now: now, sockets)
    if let slot = core.takeDelivery() {
      try deliver(slot, message.payload.count, input.number(below: 128))
    }
    try run(&input, isGoingOn: true)
  }

  /// - Parameter room: octets that the socket takes at once.
  private mutating func deliver(_ slot: Int, _ byteCount: Int, _ room: Int) throws(Finding) {
    let socket = try socket(slot, "given data")
    try require(
      core.session.slots[slot]?.state.takesData == true, "data for a connection that takes none")
    let isFree = !socket.isConnecting && socket.pendingByteCount == 0
    let sent = isFree ? min(room, byteCount) : 0
    let pending = socket.pendingByteCount + byteCount - sent
    sockets.all[slot]?.pendingByteCount = pending
    core.handle(
      .taken(slot: slot, byteCount: sent, pendingByteCount: pending), now: now, sockets)
  }

  // MARK: What must hold

  /// When there are no orders left.
  private func expectConsistent() throws(Finding) {
    if let fault = core.checkInvariants() { throw Finding(fault) }
    if let deadline = core.deadline { try require(deadline >= now, "a deadline in the past") }
    try require(
      clients.keys.sorted() == core.waitingClientIDs.sorted(), "not the clients that wait")
    let waiting = Set(core.waitingClientIDs.compactMap { clients[$0] })
    try require(isStopping || heldServices == waiting, "clients are held for nobody, or not held")
    for (slot, socket) in sockets.all {
      try require(
        core.session.slots[slot]?.service == socket.service, "slot \(slot) is another's")
      try require(core.session.slots[slot]?.state != .closed, "slot \(slot) was not closed")
      try require(
        core.pendingByteCount(slot: slot) == socket.pendingByteCount,
        "the core does not know what waits for slot \(slot)")
    }
    let pending = sockets.all.values.map { $0.pendingByteCount }
    let isFull =
      pending.contains { $0 >= Self.connectionPendingMax }
      || pending.reduce(0, +) >= Self.tunnelPendingMax
    try require(!isFull || !core.readsTunnel, "the tunnel is read, though bytes wait")
  }

  /// With room everywhere nothing is left but what is open, or what ends by itself.
  mutating func finish(_ input: inout FuzzInput) throws(Finding) {
    if isOver { return }
    room = .max
    for slot in sockets.all.keys.sorted() where sockets.all[slot]?.isConnecting == true {
      core.handle(.connected(slot: slot), now: now, sockets)
      sockets.all[slot]?.isConnecting = false
    }
    try run(&input)
    for slot in sockets.all.keys.sorted() { try flush(slot, .max, &input) }
    for _ in 0..<8 { try run(&input) }
    try require(!core.wantsRoom, "something waits for room that is there")
    try require(core.readsTunnel, "the tunnel is not read, though nothing waits")
    try require(
      core.connectionCount == sockets.all.count,
      "\(core.connectionCount) connections, \(sockets.all.count) sockets")
    try require(!isStopping || isDrained == sockets.all.isEmpty, "drained, and nobody said so")
  }
}
