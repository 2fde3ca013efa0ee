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
  /// The number of connections has changed.
  func relayCounted(_ relay: Relay)
  /// No connection is left, after `drain`.
  func relayDrained(_ relay: Relay)
  /// A client of the service waits for a place, so that the others are to wait in the kernel; or none waits any more.
  func relay(_ relay: Relay, holdsClients: Bool, ofService service: Int)
}

/// One WebSocket's worth of relaying: does what `RelayCore` says, with the link and the local sockets.
///
/// Whatever happens is told to the core (`tell`), and then all that the core wants is done (`run`).
final class Relay: TunnelLinkHandler, ConnectorHandler, TimerHandler, LocalSockets {
  /// Sockets being closed at once that are read to their end; more are closed as they are.
  private static let farewellCountMax = 256

  /// A client that was accepted, and its socket, until it has a place.
  struct Client {
    let id: UInt64
    let stream: any ByteStream
    let service: Int
    let peer: SocketAddress
  }

  let network: any Network
  let link: TunnelLink
  let settings: Settings
  let log: Log
  private(set) var core: RelayCore
  /// Server of each mapping (a destination), and the addresses to connect from.
  var targets: [LocalAddress]
  private let localAddresses: [SocketAddress]
  /// By the session's slots.
  private(set) var sockets: [LocalSocket?] = []
  private var clients: [Client] = []
  private var lastClientID: UInt64 = 0
  private(set) var farewellCount = 0
  /// Why the last connection was cut.
  var lastReset = "the destination has cut it, and its own log says why"
  private var timer = DeadlineTimer()
  /// The log has how many are cut.
  var hasSaidWhatIsCut = false
  /// Connections that the handler knows of.
  private(set) var countedConnections = 0
  /// The link is over, and with it everything here.
  private var isOver = false
  var handler: (any RelayHandler)?

  /// - Parameter streamIDs: those of an earlier session, lest bytes of it that are still on their way meet a stream
  ///   of the same number.
  init(
    network: any Network, link: TunnelLink, options: TunnelSession.Options,
    targets: [LocalAddress], localAddresses: [SocketAddress], streamIDs: StreamIDs,
    tally: Tally = Tally(), settings: Settings, log: Log
  ) {
    self.network = network
    self.link = link
    self.targets = targets
    self.localAddresses = localAddresses
    self.settings = settings
    self.log = log
    core = RelayCore(RelayCore.Options(options, settings), streamIDs: streamIDs, tally: tally)
    link.handler = self
  }

  var now: Instant { network.now }
  var connectionCount: Int { core.connectionCount }

  /// "" for that of a tunnel whose service has no name.
  @inline(never) func name(ofService service: Int) -> String { core.session.serviceNames[service] }

  /// The WebSocket is of the first protocol version: there is one service, without a name.
  func agreeWithoutList() {
    core.agreeWithoutList(now: now)
    run()
  }

  /// Says where a destination's services go.
  func announceTargets() {
    for service in core.session.serviceNames.indices {
      guard let mapping = core.session.mappingOfService[service] else { continue }
      log.serviceTarget(service: name(ofService: service), server: targets[mapping].description)
    }
  }

  /// Something went into the tunnel.
  var hasSent: Bool { link.sentByteCount > 0 }

  // MARK: Facts and orders

  func tell(_ event: RelayCore.Event) { core.handle(event, now: now, self) }

  /// Does all there is to do: first what the core orders, then, while the tunnel has room, whose turn it is to send.
  /// - Parameter isGoingOn: for one more of the messages that came in one read, which have their turns together.
  func run(isGoingOn: Bool = false) {
    if !isGoingOn { core.beginTurns() }
    while !isOver {
      if let order = core.next() {
        perform(order)
      } else if core.hasTurn && link.hasRoom {
        switch core.nextToSend(now: now, frameByteCountMax: link.pacedByteCountMax) {
        case .message(let header): link.send(header)
        case .received(let slot, let header, let byteCountMax):
          sockets[slot]?.receive(header, byteCountMax: byteCountMax, over: link)
        case nil: break
        }
      } else {
        break
      }
    }
    if isOver { return }
    if core.wantsRoom { link.wantsRoom = true }
    timer.set(core.deadline, on: network, self)
    if core.readsTunnel { link.resume() } else { link.pause() }
    if core.connectionCount != countedConnections { count() }
  }

  @inline(never) private func count() {
    countedConnections = core.connectionCount
    handler?.relayCounted(self)
  }

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell(.deadlineCame)
    run()
  }

  private func perform(_ order: RelayCore.Order) {
    switch order {
    case .connect(let slot): connect(slot)
    case .admit(let client, let slot): admit(client, slot)
    case .refuse(let client, let service, let refusal): refuse(client, service, refusal)
    case .holdClients(let service, let holds):
      handler?.relay(self, holdsClients: holds, ofService: service)
    case .watch(let slot): sockets[slot]?.updateInterest()
    case .finishSending(let slot): sockets[slot]?.finishSending()
    case .close(let slot, let ending): close(slot, ending)
    case .giveBackMemory: network.giveBackMemory()
    case .servicesAgreed: handler?.relayAgreed(self)
    case .servicesMismatch(let reason): handler?.relay(self, mismatch: reason)
    case .violate(let reason): link.violate(reason)
    case .drained: handler?.relayDrained(self)
    case .report(let report): say(report)
    }
  }

  func isPeerClosed(slot: Int) -> Bool { sockets[slot]?.stream?.isPeerClosed ?? true }

  func unacknowledgedByteCount(slot: Int) -> Int {
    sockets[slot]?.stream?.transportState.unacknowledgedByteCount ?? 0
  }

  // MARK: The link's events

  func link(_ link: TunnelLink, received message: Message, in bytes: Span<UInt8>) -> Bool {
    core.handle(message, in: bytes, now: now, self)
    if let slot = core.takeDelivery() {
      sockets[slot]?.deliver(bytes.extracting(message.payload))
    }
    run(isGoingOn: true)
    return true
  }

  func linkHasRoom(_ link: TunnelLink) { run() }

  func link(_ link: TunnelLink, ended end: TunnelLink.End) {
    let owner = handler
    shutDown()
    owner?.relay(self, ended: end)
  }

  // MARK: Connections

  private func insert(_ slot: Int, _ service: Int, _ peer: LocalPeer) -> LocalSocket {
    let socket = LocalSocket(relay: self, slot: slot, service: service, peer: peer)
    while sockets.count <= slot { sockets.append(nil) }
    sockets[slot] = socket
    return socket
  }

  private func connect(_ slot: Int) {
    guard let connection = core.session.slots[slot],
      let mapping = core.session.mappingOfService[connection.service]
    else { return }
    let target = targets[mapping]
    let socket = insert(slot, connection.service, .server(target))
    log.startReceived(
      service: name(ofService: connection.service), stream: Int(connection.streamID).decimal,
      connection: connection.connectionID.decimal, server: target.description, slot: slot.decimal)
    socket.connect(
      by: Connector(
        network: network, target: target, from: localAddresses, settings: settings, tag: slot,
        unnamedService: core.session.options.mappings.contains { $0 == nil }
          ? name(ofService: connection.service) : nil, handler: self))
  }

  func connector(_ connector: Connector, connected stream: any ByteStream) {
    guard let socket = sockets[connector.tag], socket.connector === connector else {
      stream.close()
      return
    }
    log.serverConnected(
      server: socket.peer.description, service: name(ofService: socket.service),
      slot: socket.slot.decimal)
    tell(.connected(slot: socket.slot))
    socket.attach(stream)
    run()
  }

  func connector(_ connector: Connector, waits reason: String) {
    log.serverRetried(reason: reason, delayMs: settings.connectionRetryDelay.count.decimal)
  }

  func connector(_ connector: Connector, failed reason: String) {
    guard let socket = sockets[connector.tag], socket.connector === connector else { return }
    log.serverFailed(
      service: name(ofService: socket.service), reason: reason, slot: socket.slot.decimal)
    tell(.connectFailed(slot: socket.slot))
    run()
  }

  /// - Parameter runs: else whoever calls goes on by itself.
  func failed(_ socket: LocalSocket, _ failure: StreamFailure, runs: Bool = true) {
    lastReset = failure.reason
    log.connectionFailed(slot: socket.slot.decimal, reason: lastReset)
    tell(.failed(slot: socket.slot))
    if runs { run() }
  }

  private func close(_ slot: Int, _ ending: RelayCore.Ending) {
    guard let socket = sockets[slot] else { return }
    sayEnd(of: socket)
    sockets[slot] = nil
    socket.close(ending)
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

  // MARK: Clients

  /// A client came to the service's port.
  func accept(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {
    adopt(stream, service: service, from: peer)
    run()
  }

  /// The same from inside of `relayAgreed`, where `run` goes on by itself.
  func adopt(_ stream: any ByteStream, service: Int, from peer: SocketAddress) {
    lastClientID += 1
    clients.append(Client(id: lastClientID, stream: stream, service: service, peer: peer))
    tell(.accepted(client: lastClientID, service: service))
  }

  func client(_ id: UInt64) -> Client? { clients.first { $0.id == id } }

  private func take(_ id: UInt64) -> Client? {
    clients.firstIndex { $0.id == id }.map { clients.remove(at: $0) }
  }

  private func admit(_ id: UInt64, _ slot: Int) {
    guard let client = take(id) else { return }
    sayStart(slot)
    insert(slot, client.service, .client(client.peer)).attach(client.stream)
  }

  private func refuse(_ id: UInt64, _ service: Int, _ refusal: RelayCore.Refusal) {
    guard let client = take(id) else { return }
    say(refusal, client)
    client.stream.abort()
  }

  /// The clients that wait, who wait here no longer.
  func takeClients() -> [Client] {
    let taken = clients
    clients = []
    return taken
  }

  /// The system has no descriptor left for a client: give back that of one who only lingers.
  func makeRoom() {
    tell(.descriptorsRanOut)
    run()
  }

  // MARK: The end

  /// Takes no new connection at either role, and says when the last is gone.
  func drain() {
    tell(.stopRequested)
    run()
  }

  /// Bytes of messages that went through so far, both ways together.
  var movedByteCount: Int64 { link.receivedByteCount + link.sentByteCount }

  /// Something still waits for a local socket or for the link.
  var hasUnsent: Bool { core.pendingByteCount > 0 || core.wantsRoom || !link.hasRoom }

  /// Closes the WebSocket in good order; `relay(_:ended: .completed)` follows, within `timeout`.
  func close(within timeout: Milliseconds) { link.close(.normal, reason: "", within: timeout) }

  /// Drops everything but the clients that wait, whom the caller may take; the handler hears nothing more. Local
  /// sockets are reset, lest a client takes the loss of the tunnel for the end of its data.
  func shutDown() {
    isOver = true
    handler = nil
    link.abandon()
    timer.set(nil, on: network, self)
    sayWhatIsLost()
    for case let socket? in sockets {
      sayEnd(of: socket)
      socket.close(.reset)
    }
    sockets.removeAll()
  }

  // MARK: Invariants

  /// See `LocalProxy`.
  var stalledReaders: [(id: ObjectIdentifier, waitingByteCount: Int)] {
    if isOver { return [] }
    return sockets.compactMap { socket in
      guard let socket, core.isStalled(socket.slot) else { return nil }
      let waiting = socket.pending.count + unacknowledgedByteCount(slot: socket.slot)
      return (ObjectIdentifier(socket), waiting)
    }
  }

  /// Timers and questions that some part of it knows of; farewells have theirs besides.
  var heldTimerCount: Int {
    (timer.due == nil ? 0 : 1) + link.heldTimerCount
      + sockets.reduce(0) { $0 + ($1?.connector?.heldTimerCount ?? 0) }
  }
  var heldQuestionCount: Int {
    sockets.reduce(0) { $0 + ($1?.connector?.heldQuestionCount ?? 0) }
  }

  /// The first thing that is not as it must be between two events; nil when all is well. For tests.
  func checkInvariants() -> String? {
    if isOver { return nil }
    var faults = InvariantCheck("the relay's sockets")
    for case let socket? in sockets { faults.take(socket.checkInvariants()) }
    faults.unless(
      clients.map { $0.id }.sorted() == core.waitingClientIDs.sorted(), "not the clients that wait")
    faults.unless(farewellCount <= Self.farewellCountMax, "\(farewellCount) farewells")
    faults.unless(timer.due == core.deadline, "the timer is not the core's")
    faults.unless(
      !link.isOpen || link.isPaused != core.readsTunnel, "relay and link disagree about the pause")
    faults.unless(
      !link.isOpen || !core.wantsRoom || link.wantsRoom,
      "somebody waits for room that nobody will tell of")
    faults.take(core.checkInvariants())
    faults.take(link.checkInvariants())
    return faults.first
  }
}

extension RelayCore.Options {
  init(_ session: TunnelSession.Options, _ settings: Settings) {
    self.init(session)
    payloadLengthMax = settings.dataPayloadLengthMax
    connectionPendingMax = settings.connectionPendingMax
    tunnelPendingMax = settings.tunnelPendingMax
    halfCloseLinger = settings.halfCloseLinger
    silentLinger = settings.silentLinger
    stallTimeout = settings.stallTimeout
    loneStallTimeout = settings.loneStallTimeout
    replacesClients = settings.secondClient == .replace
    givesUpConnecting = settings.connectionRetryCount >= 0
  }
}
