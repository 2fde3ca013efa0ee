@testable import Tunnel

extension FuzzTarget {
  /// Four octets of options, then one operation after the other: clients, events, and messages of a peer that says
  /// what it likes.
  static let session = FuzzTarget(name: "session", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    var driver = SessionDriver(&input)
    while !input.isEmpty && !driver.isOver {
      try driver.step(&input)
      try driver.expectConsistent()
    }
  }
}

/// Does to a session what the relay does to it, and checks its tables behind every step.
private struct SessionDriver: ~Copyable {
  private static let names = ["SSH1", "HTTP", "\u{e9}"]

  private var session: TunnelSession
  /// The WebSocket is closed.
  private(set) var isOver = false

  init(_ input: inout FuzzInput) {
    let choices = input.octet()
    let names = Array(Self.names.prefix(input.number(below: 4)))
    var options = TunnelSession.Options(
      role: choices & 1 == 0 ? .source : .destination, mappings: names.isEmpty ? [nil] : names,
      connectionCountMax: 1 + input.number(below: 4))
    options.version = ProtocolVersion(rawValue: 1 + input.number(below: 3)) ?? .v3
    options.negotiatesHalfClose = choices & 2 != 0
    if choices & 4 != 0 {
      options.optionalMappings = options.mappings.compactMap { $0 }
      options.mappings = []
    }
    session = TunnelSession(options, streamIDs: StreamIDs(randomness: 0))
    // Without its services a session does nothing, so most begin with them.
    if choices & 0x38 == 0 { return }
    let list = names.isEmpty ? [""] : names
    if choices & 0x40 != 0 && names.isEmpty {
      isOver = session.agreeWithoutList() != .servicesAgreed
    } else {
      isOver = handle(Array(MessageHeader.serviceIDs(list).dropFirst(2))) != .servicesAgreed
    }
  }

  /// As the relay sends what the session has to say of itself.
  private mutating func takeAnswer() throws(Finding) {
    guard let answer = session.reply else { return }
    session.reply = nil
    let isSource = answer.type == .streamReset
    try require((session.role == .source) == isSource, "an answer of the other role")
    try expectReadable(answer)
  }

  mutating func step(_ input: inout FuzzInput) throws(Finding) {
    switch input.number(below: 8) {
    case 0, 1: try open(&input)
    case 2: try event(&input)
    case 3: try speak(&input)
    case 4: try receive(input.octets(input.number(below: 40)), &input)
    default: try receive(message(&input), &input)
    }
  }

  // MARK: What the local side does

  private mutating func open(_ input: inout FuzzInput) throws(Finding) {
    let service = input.number(below: 3)
    guard session.role == .source, session.services.indices.contains(service) else { return }
    if session.replaces(service: service) { try replace(service) }
    let before = session.connectionCount
    switch session.open(service: service) {
    case .full: try require(before >= session.connectionCountMax, "full, though there is room")
    case .opened(let slot, let type):
      try require(before < session.connectionCountMax, "opened, though it was full")
      try require(session.slots[slot]?.state == .open, "a client that is not open")
      try require(session.connectionCount == before + 1, "a client that does not count")
      guard let header = session.header(type, slot: slot) else {
        throw Finding("a client whose peer must not hear of it")
      }
      try expectReadable(header)
    }
  }

  /// As the relay makes place for a stream's next client.
  private mutating func replace(_ service: Int) throws(Finding) {
    for slot in session.slots.indices where session.slots[slot]?.service == service {
      guard session.resetHeader(slot: slot, isCut: true) != nil else { continue }
      _ = session.handle(.evicted, slot: slot, hasPending: false)
      session.release(slot: slot)
    }
  }

  private mutating func event(_ input: inout FuzzInput) throws(Finding) {
    let events = Connection.Event.allCases
    let event = events[input.number(below: events.count)]
    let choices = input.octet()
    guard let slot = slot(Int(choices >> 1)) else { return }
    try handle(event, slot, hasPending: choices & 1 == 1)
  }

  private mutating func handle(
    _ event: Connection.Event, _ slot: Int, hasPending: Bool
  ) throws(Finding) {
    let before = session.slots[slot]?.state
    let action = session.handle(event, slot: slot, hasPending: hasPending)
    let after = session.slots[slot]?.state
    switch action {
    case .close, .cut, .endPeerAndClose, .resetPeerAndClose, .resetPeerAndCut, .cutBoth:
      try require(after == .closed && before != .closed, "\(action), and not closed")
      let isTold = action != .close && action != .cut && action != .endPeerAndClose
      if isTold, let header = session.resetHeader(slot: slot, isCut: action == .cutBoth) {
        try expectReadable(header)
      }
      session.release(slot: slot)
    case .drain, .endPeerAndDrain, .resetPeerAndDrain:
      try require(after?.isDraining == true && hasPending, "\(action) without anything to drain")
    case .none, .relay, .relayAndEndLocal, .endLocal, .endPeer, .linger:
      try require(after != .closed || before == .closed, "closed without a word")
    }
  }

  /// What the relay may send about a connection.
  private mutating func speak(_ input: inout FuzzInput) throws(Finding) {
    guard let slot = slot(input.number(below: 128)) else { return }
    let choices = input.octet()
    guard let connection = session.slots[slot] else { return }
    let header =
      choices & 1 == 0
      ? session.header(.data, slot: slot, ignorable: choices & 2 != 0)
      : session.resetHeader(slot: slot, isCut: choices & 2 != 0)
    guard let header else { return }
    try require(header.streamID == connection.streamID, "a message of another stream")
    try require(
      header.connectionID == 0 || header.connectionID == connection.connectionID,
      "a message of another connection")
    try expectReadable(header)
  }

  private func slot(_ number: Int) -> Int? {
    let taken = session.slots.indices.filter { session.slots[$0] != nil }
    return taken.isEmpty ? nil : taken[number % taken.count]
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
      return Array(MessageHeader.serviceIDs(Array(Self.names.prefix(service))).dropFirst(2))
    }
    let header = MessageHeader(
      type, streamID: streamID,
      serviceID: service < Self.names.count ? Array(Self.names[service].utf8) : [],
      connectionID: connectionID, ignorable: service == 4 || choices & 0x20 != 0,
      writesIgnorable: choices & 0x10 != 0)
    let payload = input.octets(choices & 0x10 == 0 ? 0 : 3)
    return Self.encoded(header, payload)
  }

  private static func encoded(_ header: MessageHeader, _ payload: [UInt8]) -> [UInt8] {
    let end = MessageHeader.byteCountMax
    var bytes = [UInt8](repeating: 0, count: end) + payload
    var span = bytes.mutableSpan
    let start = header.write(into: &span, endingAt: end, payloadLength: payload.count)
    return Array(bytes[(start + Message.prefixByteCount)...])
  }

  private mutating func handle(_ bytes: [UInt8]) -> TunnelSession.Action? {
    guard let message = try? Message.parse(bytes.span) else { return nil }
    return session.handle(message, in: bytes.span)
  }

  private mutating func receive(_ bytes: [UInt8], _ input: inout FuzzInput) throws(Finding) {
    let before = session.slots.indices.map { session.slots[$0]?.state }
    guard let action = handle(bytes) else { return }
    let hasPending = input.flag()
    try takeAnswer()
    switch action {
    case .violation, .servicesMismatch: isOver = true
    case .servicesAgreed: try require(session.areServicesAgreed, "agreed, and not agreed")
    case .start(let slot), .restart(_, let slot):
      try require(session.role == .destination, "a source starts a connection")
      try require(
        !before.indices.contains(slot) || before[slot] == .some(nil), "a slot that was taken")
      try require(session.slots[slot]?.state == .opening, "a new connection is not opening")
      if case .restart(let service, _) = action { try reset(service, except: slot, hasPending) }
    case .deliver(let slot):
      try require(before[slot]?.takesData == true, "data for a connection that takes none")
    case .agreed(let service):
      try require(session.services[service].isNegotiated, "agreed with nobody")
      for slot in session.slots.indices where session.slots[slot]?.service == service {
        try handle(.agreed, slot, hasPending: hasPending)
      }
    case .peerEnded(let slot): try handle(.peerEnd, slot, hasPending: hasPending)
    case .peerReset(let slot, let isCut):
      try handle(isCut ? .peerCut : .peerReset, slot, hasPending: hasPending)
    case .serviceReset(let service, _), .streamUnknown(let service),
      .refuseRestart(let service, _, _, _):
      try reset(service, except: nil, hasPending)
    case .sessionReset:
      for service in session.services.indices { try reset(service, except: nil, hasPending) }
    case .full(let service, let streamID, let connectionID, let reason),
      .reply(let service, let streamID, let connectionID, let reason):
      try require(!reason.isEmpty, "refused without a reason")
      try expectReadable(
        session.resetHeader(service: service, streamID: streamID, connectionID: connectionID))
    case .dropped(let reason): try require(!reason.isEmpty, "dropped without a reason")
    }
  }

  private mutating func reset(
    _ service: Int, except: Int?, _ hasPending: Bool
  ) throws(Finding) {
    for slot in session.slots.indices where slot != except {
      guard session.slots[slot]?.service == service else { continue }
      try handle(.peerReset, slot, hasPending: hasPending)
      let state = session.slots[slot]?.state
      try require(state == nil || state?.isDraining == true, "a reset connection goes on")
    }
  }

  // MARK: What must hold

  private func expectReadable(_ header: MessageHeader) throws(Finding) {
    let bytes = Self.encoded(header, [])
    guard let message = try? Message.parse(bytes.span) else {
      throw Finding("a message of the session cannot be read")
    }
    try require(
      message.type == header.type && message.streamID == header.streamID
        && message.connectionID == header.connectionID && message.streamID != 0,
      "a message of the session reads as another")
  }

  func expectConsistent() throws(Finding) {
    let taken = session.slots.indices.filter { session.slots[$0] != nil }
    try require(taken.count == session.connectionCount, "the count is not that of the slots")
    let haveEnded = taken.contains { session.slots[$0]?.state == .localEnded }
    try require(haveEnded == session.mayLinger, "the count of ended ones is not that of the slots")
    let countMax = session.connectionCountMax * (session.role == .source ? 1 : 2)
    try require(taken.count <= countMax, "\(taken.count) connections, \(countMax) allowed")
    try require(session.slots.count <= countMax, "slots that are never used again")
    var counts = [Int](repeating: 0, count: session.services.count)
    for slot in taken {
      guard let connection = session.slots[slot] else { continue }
      let service = session.services[connection.service]
      try require(connection.connectionID != 0, "a connection with the id 0")
      try require(connection.streamGeneration <= service.generation, "a stream of the future")
      if connection.streamGeneration == service.generation && service.isStreaming {
        try require(
          service.slots[connection.connectionID] == slot, "a connection that nobody finds")
        counts[connection.service] += 1
      } else {
        try require(
          session.header(.data, slot: slot) == nil, "a message of a stream that is over")
      }
    }
    for (index, service) in session.services.enumerated() {
      try require(service.slots.count == counts[index], "an id that leads nowhere")
      try require(service.hasConnectionIDs || counts[index] <= 1, "two connections without ids")
    }
  }
}
