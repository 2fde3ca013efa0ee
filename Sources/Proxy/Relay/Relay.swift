import Basics
import Reactor

/// Whoever holds the relay: the program's own life goes on without it.
protocol RelayHandler: AnyObject {
  /// SERVICE_IDS came and fits the mappings; `relay.session` has the services.
  func relayAgreed(_ relay: Relay)
  func relay(_ relay: Relay, mismatch reason: String)
  func relay(_ relay: Relay, ended end: TunnelLink.End)
  /// No connection is left, after `drain`.
  func relayDrained(_ relay: Relay)
  /// A source has no place for another client, or has again.
  func relay(_ relay: Relay, isFull: Bool)
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
  /// Refusals that wait for room; with more the link is not read.
  static let refusalCountMax = 64
  /// A destination that resets a connection later than this has tried to connect, so it knows the stream.
  private static let refusalDelayMax = Milliseconds(2_000)
  /// Sockets being closed at once that are read to their end; more are closed as they are.
  private static let farewellCountMax = 256
  /// After so many connections at once the memory that they had is given back to the system.
  private static let crowdCountMin = 64

  let network: any Network
  let link: TunnelLink
  let settings: Settings
  let log: Log
  var session: TunnelSession
  /// Server of each mapping (a destination), and the address to connect from.
  private let targets: [LocalAddress]
  private let localAddress: SocketAddress?
  /// By the session's slots.
  var connections: [LocalConnection?] = []
  var queue = FairQueue()
  var pendingByteCount = 0
  var congestedCount = 0
  var isOverPending = false
  var isLinkPaused = false
  /// When the link was last paused for a reader's sake.
  var pausedAt = Instant(nanoseconds: 0)
  var isServing = false
  /// The link is over, and with it everything here.
  var isOver = false
  /// Resets for connections that never were.
  var refusals: [MessageHeader] = []
  private var farewellCount = 0
  /// Connections at once since there was none.
  private var connectionCountPeak = 0
  /// The client that waits for a place; nil when none does.
  var waitingClient: WaitingClient?
  var placeTimer: TimerID?
  /// One has waited in vain, and no place became free since: no other need wait.
  var isPatienceOver = false
  var isDraining = false
  private var endsQuietly = false
  var sweepTimer: TimerID?
  var sweepAt = Instant(nanoseconds: 0)
  var handler: (any RelayHandler)?

  /// - Parameter lastStreamIDs: of an earlier session's services, by name; streams go on from there, lest bytes
  ///   of the old session that are still on their way meet a stream of the same number.
  init(
    network: any Network, link: TunnelLink, options: TunnelSession.Options,
    targets: [LocalAddress], localAddress: SocketAddress?, lastStreamIDs: StreamIDs,
    settings: Settings, log: Log
  ) {
    self.network = network
    self.link = link
    self.targets = targets
    self.localAddress = localAddress
    self.settings = settings
    self.log = log
    session = TunnelSession(options, lastStreamIDs: lastStreamIDs)
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
    let action = session.handle(message, in: bytes)
    if case .deliver(let slot) = action {
      connections[slot]?.deliver(bytes.extracting(message.payload), now: now)
    } else if !act(action) {
      return .hold
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

  /// Does what the session says; false when the message has to wait.
  @discardableResult private func act(_ action: TunnelSession.Action) -> Bool {
    switch action {
    case .deliver: break
    case .start(let slot): connect(slot)
    case .restart(let service, let slot):
      resetByPeer(except: slot) { $0.service == service }
      connect(slot)
    case .agreed(let slot): handle(.agreed, slot)
    case .peerEnded(let slot): handle(.peerEnd, slot)
    case .peerReset(let slot): peerReset(slot)
    case .serviceReset(let service):
      log.info("\(serviceLabel(service)): the peer reset the stream")
      resetByPeer(except: nil) { $0.service == service }
    case .streamUnknown(let service): streamLost(service)
    case .sessionReset:
      log.info("the service reset the session")
      resetByPeer(except: nil) { _ in true }
    case .reply(let service, let streamID, let connectionID, let reason):
      return refuse(service, streamID, connectionID, reason)
    case .refuseRestart(let service, let streamID, let connectionID, let reason):
      resetByPeer(except: nil) { $0.service == service }
      return refuse(service, streamID, connectionID, reason)
    case .dropped(let reason): log.debug("dropped \(reason)")
    case .servicesAgreed: handler?.relayAgreed(self)
    case .servicesMismatch(let reason): handler?.relay(self, mismatch: reason)
    case .violation(let reason): link.violate(reason)
    }
    return true
  }

  /// Queues a reset for a connection that never was; false when too many wait already.
  private func refuse(
    _ service: Int, _ streamID: Int32, _ connectionID: UInt32, _ reason: String
  ) -> Bool {
    if refusals.count >= Self.refusalCountMax {
      isLinkPaused = true
      return false
    }
    log.warning("refused a connection of \(serviceLabel(service)): \(reason)")
    refusals.append(
      session.resetHeader(service: service, streamID: streamID, connectionID: connectionID))
    serve()
    return true
  }

  func linkHasRoom(_ link: TunnelLink) {
    serve()
    resumeIfPossible()
  }

  func link(_ link: TunnelLink, ended end: TunnelLink.End) {
    let owner = handler
    shutDown(isOrderly: endsQuietly)
    owner?.relay(self, ended: end)
  }

  private func resetByPeer(except: Int?, where isMeant: (LocalConnection) -> Bool) {
    for case let connection? in connections where connection.slot != except && isMeant(connection) {
      handle(.peerReset, connection)
    }
  }

  /// The peer reset one connection; a source may find that its whole stream is gone.
  private func peerReset(_ slot: Int) {
    guard let connection = connections[slot] else { return }
    let isLost =
      now < connection.startedAt + Self.refusalDelayMax && session.refusedAtOnce(slot: slot)
    handle(.peerReset, connection)
    if isLost { streamLost(connection.service) }
  }

  private func streamLost(_ service: Int) {
    log.warning(
      "\(serviceLabel(service)): the destination does not know the stream any more, as after a restart; its "
        + "connections are reset, and the next client begins a new one")
    resetByPeer(except: nil) { $0.service == service }
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
      network: network, target: target, from: localAddress, settings: settings, tag: slot,
      handler: self)
    connection.connector = connector
    connector.start()
  }

  func connector(_ connector: Connector, connected stream: any Stream) {
    guard let connection = connections[connector.tag], connection.connector === connector else {
      stream.close()
      return
    }
    log.info("Connected to \(connection.peer.description) for \(serviceLabel(connection.service))")
    connection.mustAnswer = session.slots[connection.slot]?.isNegotiated == true
    if connection.mustAnswer { enqueue(connection) }
    handle(.connected, connection) { connection.attach(stream) }
  }

  func connector(_ connector: Connector, waits reason: String) {
    log.warning(
      "could not connect to \(reason); trying again in \(settings.connectionRetryDelay.count) ms")
  }

  func connector(_ connector: Connector, failed reason: String) {
    guard let connection = connections[connector.tag], connection.connector === connector else {
      return
    }
    log.error(
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
  func bidFarewell(_ stream: any Stream) {
    if farewellCount >= Self.farewellCountMax {
      stream.close()
      return
    }
    farewellCount += 1
    _ = Farewell(network: network, stream: stream) { self.farewellCount -= 1 }
  }

  func localEnded(_ connection: LocalConnection) { handle(.localEnd, connection) }

  func localFailed(_ connection: LocalConnection, reason: String) {
    log.debug("connection \(connection.slot): \(reason)")
    handle(.localFailure, connection)
  }

  func localDrained(_ connection: LocalConnection) { handle(.drained, connection) }

  private func handle(_ event: Connection.Event, _ slot: Int) {
    if let connection = connections[slot] { handle(event, connection) }
  }

  /// Runs an event through the connection's state machine and does what it says.
  /// - Parameter prepare: called between the two, for what must be in place before the action.
  func handle(
    _ event: Connection.Event, _ connection: LocalConnection, prepare: () -> Void = {}
  ) {
    if !isCurrent(connection) { return }
    let hasPending = !connection.pending.isEmpty
    let action = session.handle(event, slot: connection.slot, hasPending: hasPending)
    prepare()
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
    case .close:
      // Whoever did not take all of it in time must not take what it has for the whole.
      let isCut = event == .expired && hasPending
      if isCut {
        log.warning(
          "\(connection.peer.description) took nothing for \(settings.halfCloseLinger.count) ms after the "
            + "peer's end; \(connection.pending.count) bytes are lost, and it is reset")
      }
      finish(connection, abruptly: isCut)
    case .endPeerAndClose:
      connection.mustEndPeer = true
      finish(connection, abruptly: false)
    case .resetPeerAndClose:
      connection.mustReset = true
      finish(connection, abruptly: event == .expired || event == .localFailure)
    }
    serve()
  }

  private func finish(_ connection: LocalConnection, abruptly: Bool) {
    log.info(
      "Disconnected from: \(connection.peer.description) (\(serviceLabel(connection.service)))")
    connection.close(abruptly: abruptly)
    // A peer that has not heard of the connection yet still must: what was started is reset.
    if connection.mustReset || connection.mustEndPeer {
      enqueue(connection)
    } else {
      release(connection)
    }
  }

  func release(_ connection: LocalConnection) {
    if !isCurrent(connection) { return }
    connections[connection.slot] = nil
    session.release(slot: connection.slot)
    placeCame()
    if connectionCount > 0 { return }
    if connectionCountPeak >= Self.crowdCountMin { Process.giveBackMemory() }
    connectionCountPeak = 0
    if isDraining { handler?.relayDrained(self) }
  }

  // MARK: The end

  /// Takes no new connection, and says when the last is gone.
  func drain() {
    isDraining = true
    refuseWaiting()
    if connectionCount == 0 { handler?.relayDrained(self) }
  }

  /// Bytes of messages that went through so far, both ways together.
  var movedByteCount: Int { link.receivedByteCount + link.sentByteCount }

  /// Something still waits for a local socket or for the link.
  var hasUnsent: Bool { pendingByteCount > 0 || !queue.isEmpty || !link.hasRoom }

  /// Closes the WebSocket in good order; `relay(_:ended: .completed)` follows.
  /// - Parameter isQuiet: nothing was moving any more, so that sockets may end as if their data had.
  func close(isQuiet: Bool) {
    endsQuietly = isQuiet
    link.close(.normal, reason: "")
  }

  /// Drops everything; the handler hears nothing more.
  /// - Parameter isOrderly: all was sent that could be, so sockets with nothing pending end like that; else
  ///   they are reset, lest a client takes the loss of the tunnel for the end of its data.
  func shutDown(isOrderly: Bool) {
    isOver = true
    handler = nil
    link.abandon()
    if let sweepTimer { network.cancel(sweepTimer) }
    sweepTimer = nil
    takeWaiting()?.stream.abort()
    queue.removeAll()
    for case let connection? in connections {
      connection.close(abruptly: !isOrderly || !connection.pending.isEmpty)
    }
    connections.removeAll()
  }
}
