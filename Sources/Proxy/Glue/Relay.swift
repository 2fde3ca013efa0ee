import Basics
import Configuration
import Reactor
import Tunnel
import WebSocket

/// Whoever holds the relay: the program's own life goes on without it.
protocol RelayHandler: AnyObject {
  /// SERVICE_IDS came and fits the mappings; `relay.session` has the services.
  func relayAgreed(_ relay: Relay)
  func relay(_ relay: Relay, mismatch reason: String)
  func relay(_ relay: Relay, ended end: TunnelLink.End)
  /// No connection is left, after `drain`.
  func relayDrained(_ relay: Relay)
  /// A client of the service waits for a place, so that the others are to wait in the kernel; or none waits any more.
  func relay(_ relay: Relay, holdsClients: Bool, ofService service: Int)
}

/// One WebSocket's worth of relaying: the session, its link, and the local sockets.
///
/// Connections that have something for the tunnel stand in a queue that shares the bytes evenly, and
/// send one frame a turn, as long as the link has room. Bytes from the tunnel go to the local sockets at once; when one
/// of these takes no more than `connectionPendingMax` bytes, or all together more than
/// `tunnelPendingMax`, the link is paused until it does.
final class Relay: TunnelLinkHandler, ConnectorHandler {
  /// Payload of one frame: what the settings allow. Where a long one would keep others waiting, the link's pacer knows.
  let payloadLengthMax: Int
  /// Frames sent in one go before the other events get their turn.
  static let framesPerTurnMax = 16
  /// Replies that wait for room; with more the link is not read.
  static let replyCountMax = 64
  /// Sockets being closed at once that are read to their end; more are closed as they are.
  private static let farewellCountMax = 256
  /// After so many connections at once the memory that they had is given back to the system.
  private static let crowdCountMin = 64

  let network: any Network
  let link: TunnelLink
  let settings: Settings
  let log: Log
  var session: TunnelSession
  /// Server of each mapping (a destination), and the addresses to connect from.
  private let targets: [LocalAddress]
  private let localAddresses: [SocketAddress]
  /// By the session's slots.
  var connections: [LocalConnection?] = []
  var queue = FairQueue()
  var pendingByteCount = 0
  var congestedCount = 0
  var isOverPending = false
  var isLinkPaused = false
  /// When the link was last paused for a reader's sake.
  var pausedAt: Instant?
  var isServing = false
  /// The link is over, and with it everything here.
  var isOver = false
  /// What goes out before all else: resets for connections that have no slot, and answers to a source's marks.
  var replies: [MessageHeader] = []
  private(set) var farewellCount = 0
  /// Connections at once since there was none.
  private var connectionCountPeak = 0
  /// Clients that wait for a place, one of each service.
  var waitingClients: [WaitingClient] = []
  /// By service.
  var watches: [ServiceWatch] = []
  var placeTimer: TimerID?
  var patienceTimer: TimerID?
  /// When a connection that is gone now last moved a byte.
  private(set) var lastProgressOfGone: Instant?
  /// Connections that are still being connected.
  var connectingCount = 0
  var silenceTimer: TimerID?
  /// When the first message with a mark went out; nil when none did, or when a message came since.
  private(set) var firstMarkAt: Instant?
  private var hasMarked = false
  var isDraining: Bool { session.isStopping }
  var sweepTimer: (id: TimerID, due: Instant)?
  var handler: (any RelayHandler)?

  /// - Parameter streamIDs: those of an earlier session, lest bytes of it that are still on their way meet a stream
  ///   of the same number.
  init(
    network: any Network, link: TunnelLink, options: TunnelSession.Options,
    targets: [LocalAddress], localAddresses: [SocketAddress], streamIDs: StreamIDs,
    settings: Settings, log: Log
  ) {
    self.network = network
    self.link = link
    self.targets = targets
    self.localAddresses = localAddresses
    self.settings = settings
    self.log = log
    session = TunnelSession(options, streamIDs: streamIDs)
    payloadLengthMax = settings.dataPayloadLengthMax
    link.handler = self
  }

  var now: Instant { network.now }
  var connectionCount: Int { session.connectionCount }

  func serviceLabel(_ service: Int) -> String {
    let name = session.serviceNames[service]
    return name.isEmpty ? "the tunnel" : "service \(name)"
  }

  /// The WebSocket is of the first protocol version: there is one service, without a name.
  func agreeWithoutList() { act(session.agreeWithoutList()) }

  /// Says where a destination's services go.
  func announceTargets() {
    for service in session.serviceNames.indices {
      guard let mapping = session.mappingOfService[service] else { continue }
      log.info("ready: \(serviceLabel(service)) goes to \(targets[mapping].description)")
    }
  }

  /// Something went into the tunnel.
  var hasSent: Bool { link.sentByteCount > 0 }

  // MARK: The link's events

  func link(
    _ link: TunnelLink, received message: Message, in bytes: Span<UInt8>
  ) -> TunnelLink.Disposition {
    // Whatever it is, it may have to be answered.
    if replies.count >= Self.replyCountMax {
      isLinkPaused = true
      return .hold
    }
    var action = session.handle(message, in: bytes)
    firstMarkAt = nil
    if case .full(let service, _, _, _) = action, !isDraining, evictConnecting(for: service) {
      action = session.handle(message, in: bytes)
    }
    if let reply = session.reply {
      session.reply = nil
      replies.append(reply)
      if reply.type == .data { noteMark() }
      serve()
    }
    if case .deliver(let slot) = action {
      connections[slot]?.deliver(bytes.extracting(message.payload), now: now)
    } else {
      act(action)
    }
    if let advice = session.advice {
      session.advice = nil
      log.warning(advice.text)
    }
    if mustPause && !isLinkPaused {
      isLinkPaused = true
      pausedAt = now
      scheduleSweep()
    }
    return isLinkPaused ? .pause : .next
  }

  /// Does what the session says.
  private func act(_ action: TunnelSession.Action) {
    switch action {
    case .deliver: break
    case .start(let slot): connect(slot)
    case .restart(let service, let slot):
      endByPeer(.peerCut, except: slot) { $0.service == service }
      connect(slot)
    case .agreed(let service): endByPeer(.agreed, except: nil) { $0.service == service }
    case .peerEnded(let slot): handle(.peerEnd, slot)
    case .peerReset(let slot, let isCut):
      sayReset(slot, isCut: isCut)
      handle(isCut ? .peerCut : .peerReset, slot)
    case .serviceReset(let service, let isCut):
      sayStreamReset(service, isCut: isCut)
      endByPeer(isCut ? .peerCut : .peerReset, except: nil) { $0.service == service }
    case .streamUnknown(let service): streamLost(service)
    case .sessionReset:
      log.info(.reset, "the service reset the session")
      endByPeer(.peerCut, except: nil) { _ in true }
    case .full(let service, let streamID, let connectionID, let reason),
      .reply(let service, let streamID, let connectionID, let reason):
      refuse(service, streamID, connectionID, reason)
    case .refuseRestart(let service, let streamID, let connectionID, let reason):
      endByPeer(.peerCut, except: nil) { $0.service == service }
      refuse(service, streamID, connectionID, reason)
    case .dropped(let reason): log.debug("dropped \(reason)")
    case .servicesAgreed:
      watches = session.serviceNames.map { _ in ServiceWatch() }
      handler?.relayAgreed(self)
    case .servicesMismatch(let reason): handler?.relay(self, mismatch: reason)
    case .violation(let reason): link.violate(reason)
    }
  }

  /// Queues a reset for a connection that never was.
  private func refuse(
    _ service: Int, _ streamID: Int32, _ connectionID: UInt32, _ reason: String
  ) {
    log.warning(.connectionRefused, "refused a connection of \(serviceLabel(service)): \(reason)")
    replies.append(
      session.resetHeader(service: service, streamID: streamID, connectionID: connectionID))
    serve()
  }

  /// The first of them may be more than the service takes; the program remembers that.
  func noteMark() {
    if hasMarked || !session.options.negotiatesHalfClose { return }
    hasMarked = true
    firstMarkAt = now
  }

  func linkHasRoom(_ link: TunnelLink) {
    serve()
    resumeIfPossible()
  }

  func link(_ link: TunnelLink, ended end: TunnelLink.End) {
    let owner = handler
    shutDown()
    owner?.relay(self, ended: end)
  }

  private func endByPeer(
    _ event: Connection.Event, except: Int?, where isMeant: (LocalConnection) -> Bool
  ) {
    for case let connection? in connections where connection.slot != except && isMeant(connection) {
      handle(event, connection)
    }
  }

  private func streamLost(_ service: Int) {
    log.warning(
      .streamLost,
      "\(serviceLabel(service)): the destination does not know the stream any more, as after a restart; its "
        + "connections are reset, and the next client begins a new one")
    endByPeer(.peerCut, except: nil) { $0.service == service }
  }

  // MARK: Destination

  private func connect(_ slot: Int) {
    if isOver { return }
    guard let state = session.slots[slot] else { return }
    guard let mapping = session.mappingOfService[state.service] else { return }
    let target = targets[mapping]
    let connection = insert(slot: slot, service: state.service, peer: .server(target))
    log.debug(
      "Received service id: \(session.serviceNames[state.service]), stream id: \(state.streamID), "
        + "connection id: \(state.connectionID): connecting to \(target.description)")
    let connector = Connector(
      network: network, target: target, from: localAddresses, settings: settings, tag: slot,
      handler: self)
    connection.connector = connector
    connectingCount += 1
    connector.start()
  }

  func connector(_ connector: Connector, connected stream: any ByteStream) {
    guard let connection = connections[connector.tag], connection.connector === connector else {
      stream.close()
      return
    }
    log.info(
      "Connected to \(connection.peer.description) for \(serviceLabel(connection.service))")
    handle(.connected, connection, attaching: stream)
  }

  func connector(_ connector: Connector, waits reason: String) {
    log.warning(
      .connectFailed,
      "could not connect to \(reason); trying again in \(settings.connectionRetryDelay.count) ms")
  }

  func connector(_ connector: Connector, failed reason: String) {
    guard let connection = connections[connector.tag], connection.connector === connector else {
      return
    }
    log.error(
      .connectFailed,
      "\(serviceLabel(connection.service)): could not connect to \(reason); "
        + "this connection is reset")
    handle(.connectFailed, connection)
  }

  // MARK: Connections

  func insert(slot: Int, service: Int, peer: LocalPeer) -> LocalConnection {
    let connection = LocalConnection(
      relay: self, slot: slot, service: service, peer: peer, now: now)
    while connections.count <= slot { connections.append(nil) }
    connections[slot] = connection
    connectionCountPeak = max(connectionCountPeak, connectionCount)
    return connection
  }

  /// Whether it still is the one in its slot; one that is over may stand in a queue or on the stack.
  func isCurrent(_ connection: LocalConnection) -> Bool {
    connection.slot < connections.count && connections[connection.slot] === connection
  }

  /// Closes a local socket with the patience it needs.
  /// - Parameter isCut: it is to look like the loss that it is.
  func bidFarewell(_ stream: any ByteStream, isCut: Bool) {
    if farewellCount >= Self.farewellCountMax {
      if isCut { stream.abort() } else { stream.close() }
      return
    }
    farewellCount += 1
    Farewell(network: network, stream: stream, isCut: isCut) { self.farewellCount -= 1 }.start()
  }

  func localEnded(_ connection: LocalConnection) { handle(.localEnd, connection) }

  func localClosed(_ connection: LocalConnection) {
    log.debug("connection \(connection.slot): closed by its client or server")
    handle(.localClose, connection)
  }

  func localFailed(_ connection: LocalConnection, reason: String) {
    log.debug("connection \(connection.slot): \(reason)")
    handle(.localFailure, connection)
  }

  func localDrained(_ connection: LocalConnection) { handle(.drained, connection) }

  private func handle(_ event: Connection.Event, _ slot: Int) {
    if let connection = connections[slot] { handle(event, connection) }
  }

  /// Runs an event through the connection's state machine and does what it says.
  /// - Parameter stream: of a connection that is made, which must be in place before the action.
  func handle(
    _ event: Connection.Event, _ connection: LocalConnection,
    attaching stream: (any ByteStream)? = nil
  ) {
    if !isCurrent(connection) { return }
    let hasPending = !connection.pending.isEmpty
    let action = session.handle(event, slot: connection.slot, hasPending: hasPending)
    if let stream { connection.attach(stream) }
    switch action {
    case .none: break
    case .relay: connection.startReading()
    case .relayAndEndLocal:
      connection.startReading()
      connection.endLocal()
    case .endLocal: connection.endLocal()
    case .endPeer, .linger, .drain, .endPeerAndDrain, .resetPeerAndDrain:
      connection.stopReading()
      connection.mustEndPeer = action == .endPeer || action == .endPeerAndDrain
      connection.mustReset = action == .resetPeerAndDrain
      if connection.mustEndPeer || connection.mustReset { enqueue(connection) }
      scheduleSweep()
    case .close: finish(connection, .inOrder)
    case .cut:
      // Whoever did not take all of it in time must not take what it has for the whole.
      if event == .expired && hasPending {
        log.warning(
          .readerReset,
          "\(connection.peer.description) took nothing for \(settings.halfCloseLinger.count) ms after the "
            + "peer's end; \(connection.pending.count) bytes are lost, and it is reset")
      }
      finish(connection, hasPending ? .reset : .resetBehindSent)
    case .endPeerAndClose:
      connection.mustEndPeer = true
      finish(connection, .inOrder)
    case .resetPeerAndClose:
      connection.mustReset = true
      finish(connection, .inOrder)
    case .resetPeerAndCut:
      log.info(
        .lingerOver,
        "\(connection.peer.description) has ended its sending, and its answer did not come or go on in time; "
          + "it is reset")
      connection.mustReset = true
      finish(connection, .resetBehindSent)
    case .cutBoth:
      connection.mustReset = true
      connection.isCut = true
      finish(connection, .reset)
    }
    serve()
  }

  private func finish(_ connection: LocalConnection, _ ending: LocalConnection.Ending) {
    let what = connection.stream == nil ? "Gave up connecting to" : "Disconnected from"
    log.info("\(what): \(connection.peer.description) (\(serviceLabel(connection.service)))")
    connection.close(ending)
    // Of a connection that the peer has not heard of it need not hear, but of a stream it must: others are in it.
    if connection.startToSend == .connectionStart || connection.isPeerTold {
      connection.startToSend = nil
      connection.mustReset = false
      connection.mustEndPeer = false
    }
    if connection.mustReset || connection.mustEndPeer {
      enqueue(connection)
    } else {
      release(connection)
    }
  }

  func release(_ connection: LocalConnection) {
    if !isCurrent(connection) { return }
    let wasAnswered = session.slots[connection.slot]?.hasReceived == true
    connections[connection.slot] = nil
    session.release(slot: connection.slot)
    lastProgressOfGone = max(lastProgressOfGone ?? connection.lastProgress, connection.lastProgress)
    placeCame(wasAnswered: wasAnswered)
    if connectionCount > 0 { return }
    if connectionCountPeak >= Self.crowdCountMin { network.giveBackMemory() }
    connectionCountPeak = 0
    if isDraining { handler?.relayDrained(self) }
  }

  // MARK: The end

  /// Takes no new connection at either role, and says when the last is gone.
  func drain() {
    session.isStopping = true
    refuseWaiting()
    if connectionCount == 0 { handler?.relayDrained(self) }
  }

  /// Bytes of messages that went through so far, both ways together.
  var movedByteCount: Int { link.receivedByteCount + link.sentByteCount }

  /// Something still waits for a local socket or for the link.
  var hasUnsent: Bool { pendingByteCount > 0 || !queue.isEmpty || !link.hasRoom }

  /// One line on the connections that are open at the end of a drain.
  /// - Parameter isQuiet: nothing was moving any more.
  func sayWhatIsCut(isQuiet: Bool) {
    if connectionCount == 0 { return }
    var what = "connections that are cut now: \(connectionCount)"
    if pendingByteCount > 0 { what += ", with \(pendingByteCount) bytes that nobody took" }
    if isQuiet {
      log.info("stopping: \(what); nothing moved in them any more")
    } else {
      log.warning(
        "stopping: \(what); bytes still moved when drain_timeout_ms, "
          + "\(settings.drainTimeout.count) ms, was nearly over")
    }
  }

  /// Closes the WebSocket in good order; `relay(_:ended: .completed)` follows, within `timeout`.
  func close(within timeout: Milliseconds) { link.close(.normal, reason: "", within: timeout) }

  /// Drops everything but the clients that wait, whom the caller may take; the handler hears nothing more. Local
  /// sockets are reset, lest a client takes the loss of the tunnel for the end of its data.
  func shutDown() {
    isOver = true
    handler = nil
    link.abandon()
    for timer in [sweepTimer?.id, silenceTimer, placeTimer, patienceTimer] {
      if let timer { network.cancel(timer) }
    }
    sweepTimer = nil
    silenceTimer = nil
    placeTimer = nil
    patienceTimer = nil
    queue.removeAll()
    for case let connection? in connections { connection.close(.reset) }
    connections.removeAll()
  }

  // MARK: Invariants

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  func checkInvariants() -> String? {
    var faults = InvariantCheck("the relay")
    if isOver { return nil }
    var (count, pending, congested, connecting) = (0, 0, 0, 0)
    for case let connection? in connections {
      count += 1
      pending += connection.pending.count
      congested += connection.isCongested ? 1 : 0
      connecting += connection.connector == nil ? 0 : 1
      faults.unless(
        session.slots[connection.slot]?.service == connection.service,
        "connection \(connection.slot) is not the session's")
      faults.take(connection.checkInvariants())
    }
    let messageMax = Message.byteCountMax
    faults.unless(pending == pendingByteCount, "\(pendingByteCount) pending, not \(pending)")
    faults.unless(congested == congestedCount, "\(congestedCount) congested, not \(congested)")
    faults.unless(
      connecting == connectingCount, "\(connectingCount) connecting, not \(connecting)")
    faults.unless(
      count == session.connectionCount,
      "\(count) connections, but \(session.connectionCount) in the session")
    faults.unless(
      pending <= settings.tunnelPendingMax + messageMax, "\(pending) bytes pending in all")
    faults.unless(
      connections.count <= 2 * settings.activeConnectionCountMax, "\(connections.count) places")
    faults.unless(replies.count <= Self.replyCountMax + 1, "\(replies.count) replies")
    faults.unless(farewellCount <= Self.farewellCountMax, "\(farewellCount) farewells")
    let mayPause = mustPause || replies.count >= Self.replyCountMax
    faults.unless(!mustPause || isLinkPaused, "the tunnel is read although it must not be")
    faults.unless(!isLinkPaused || mayPause || link.wantsRoom, "a pause without a reason")
    faults.unless(
      !link.isOpen || isLinkPaused == link.isPaused, "relay and link disagree about the pause")
    faults.unless(
      !link.isOpen || queue.isEmpty && replies.isEmpty || link.wantsRoom,
      "somebody waits for room that nobody will tell of")
    faults.unless(!mustPause || sweepTimer != nil, "nobody looks after a stall")
    faults.unless(
      waitingClients.isEmpty || patienceTimer != nil || placeTimer != nil,
      "a client waits for ever")
    faults.unless(
      waitingClients.count <= session.serviceNames.count, "\(waitingClients.count) clients wait")
    faults.take(session.checkInvariants())
    faults.take(link.checkInvariants())
    return faults.first
  }
}
