import Basics

/// What the system knows of the local sockets, by slot: the core asks where a decision depends on it. Asking changes
/// nothing.
package protocol LocalSockets: AnyObject {
  /// The socket's other side is gone for good: it takes nothing more. True where there is no socket.
  func isPeerClosed(slot: Int) -> Bool
  /// Bytes that the socket's other side has not acknowledged.
  func unacknowledgedByteCount(slot: Int) -> Int
}

/// One WebSocket's worth of relaying, as a value that decides: who sends next, when the tunnel is not read, which client
/// waits for a place, who is reset because it stalls, when the last connection has gone.
///
///     facts ─ handle ─▶ RelayCore ─ next, nextToSend ─▶ orders ─▶ sockets and link ─ what came of them ─▶ handle
///
/// Facts go in, in the past tense. Orders come out one at a time: those of `next` until there is none, and then, as long
/// as the tunnel has room, those of `nextToSend`. An order that moves bytes says from where, to where, and how many at the
/// most; the bytes stay where they lie. If nothing happens until `deadline`, `Event.deadlineCame` is due.
///
/// Connections that have something for the tunnel stand in a queue that shares the bytes evenly, and send one frame a
/// turn. What the peer sends goes to the local sockets at once; what they do not take waits (`BackPressure`).
///
/// What is asked for each message is inlined, as the compiler copies the whole core to lend it to a function that only
/// reads.
package struct RelayCore: ~Copyable {
  /// Messages without a payload that wait for room; with so many the tunnel is not read.
  package static let replyCountMax = 64
  /// A message, or a client, adds so many of them at the most: SESSION_RESET one for each service.
  static let repliesPerEventMax = TunnelSession.serviceCountMax
  /// Frames sent in one go before the other events get their turn.
  package static let framesPerTurnMax = 16
  /// After so many connections at once the memory that they had is given back to the system.
  private static let crowdCountMin = 64

  package struct Options {
    package var session: TunnelSession.Options
    /// Payload of one frame. Where a long one would keep others waiting, the link's pacer knows.
    package var payloadLengthMax = Message.payloadLengthMax
    /// Bytes that may wait for one local socket, and for all together, while the tunnel is read.
    package var connectionPendingMax = 256 * 1024
    package var tunnelPendingMax = 4 * 1024 * 1024
    /// How long a connection may linger after the first end of a direction, and while nothing has come for it.
    package var halfCloseLinger = Milliseconds(30_000)
    package var silentLinger = Milliseconds(3_000)
    /// How long a reader may take nothing while the tunnel is not read for its sake: beside others, and alone.
    package var stallTimeout = Milliseconds(10_000)
    package var loneStallTimeout = Milliseconds(40_000)
    /// The next client of a service that has one connection at a time takes the place of the one that is there.
    package var replacesClients = false
    /// Connecting to a server comes to an end some day.
    package var givesUpConnecting = true

    package init(_ session: TunnelSession.Options) { self.session = session }
  }

  package enum Event {
    /// A client came to a source's port; whoever feeds the core knows it by the number.
    case accepted(client: UInt64, service: Int)
    /// The system has no descriptor for a client.
    case descriptorsRanOut
    /// What became of `connect`. After the first the slot has its socket.
    case connected(slot: Int)
    case connectFailed(slot: Int)
    /// The socket has something to be received, or has failed.
    case readable(slot: Int)
    /// What came of `Sending.received`. `isFull`: as many bytes as were allowed.
    case received(slot: Int, byteCount: Int, isFull: Bool)
    /// The local side has ended its direction in good order.
    case ended(slot: Int)
    case failed(slot: Int)
    /// The socket took bytes of those that the peer sent, and so many wait for it now.
    case taken(slot: Int, byteCount: Int, pendingByteCount: Int)
    case stopRequested
    case deadlineCame
  }

  /// How a local socket ends.
  package enum Ending {
    /// At once; its other side has ended its direction already, so nothing unread can be left.
    case close
    /// As an application's close, once the system has delivered what was sent.
    case closeBehindSent
    /// As a loss, once the system has delivered what was sent.
    case resetBehindSent
    /// As a loss, at once.
    case reset
  }

  package enum Order {
    /// Reach the server of the slot's service; `connected` or `connectFailed` follows.
    case connect(slot: Int)
    /// The client's socket is the slot's from now on.
    case admit(client: UInt64, slot: Int)
    case refuse(client: UInt64, service: Int, Refusal)
    /// Accept no further client of the service, or accept them again.
    case holdClients(service: Int, Bool)
    /// Whether the core `watches` the slot's socket may have changed.
    case watch(slot: Int)
    /// End the direction to the local side.
    case finishSending(slot: Int)
    /// End the socket, or what is left of connecting, and forget what waits for it.
    case close(slot: Int, Ending)
    case giveBackMemory
    /// The services are known: see `session`.
    case servicesAgreed
    indirect case servicesMismatch(reason: String)
    /// The peer broke the protocol: the WebSocket must be closed.
    indirect case violate(reason: String)
    /// No connection is left, after `stopRequested`; again when somebody was refused since.
    case drained
    indirect case report(Report)
  }

  /// Something for the tunnel.
  package enum Sending {
    case message(MessageHeader)
    /// Receive once from the slot's socket into a DATA message with this header, at most so many bytes, and send it;
    /// `received`, `ended` or `failed` follows, or nothing where nothing has come.
    case received(slot: Int, MessageHeader, byteCountMax: Int)
  }

  /// Why a client finds no place.
  package enum Refusal {
    case stopping
    case full
    /// And nothing has come for any of the service's connections.
    case fullWithoutAnswer
  }

  /// Something to be said in the log.
  package enum Report {
    case advice(TunnelSession.Advice)
    case dropped(reason: String)
    case refused(service: Int, reason: String)
    case sessionReset
    case streamReset(service: Int, isCut: Bool, isWithoutAnswer: Bool)
    case streamUnknown(service: Int)
    /// A source's connection is over before anything came for it.
    case resetBeforeAnswer(slot: Int)
    case localClosed(slot: Int)
    case lingerOver(slot: Int)
    /// It did not take all in time after the peer's end.
    case readerTooSlow(slot: Int, pendingByteCount: Int)
    case readerStalls(slot: Int, patience: Milliseconds)
    case replaced(slot: Int)
    case placeTaken(slot: Int, by: Int)
    case clientWaits(client: UInt64, service: Int)
    case silence(service: Int)
  }

  /// The relay's part of a connection; the session has the other.
  struct Member {
    /// Of this connection alone, as slots come again; 0 where there is none.
    var id: UInt64 = 0
    var service = 0
    var startedAt: Instant
    /// When a byte last moved in either direction.
    var lastProgress: Instant
    /// When the local side last took a byte of those that wait for it, or the first of them came.
    var lastTaken: Instant
    /// A byte has moved in some direction.
    var hasMoved = false
    /// What was not acknowledged when it was last asked for.
    var unacknowledgedByteCount = 0
    /// At a destination that has not reached its server yet.
    var isConnecting = false
    var share = BackPressure.Share()
    // What it has moved.
    var sentByteCount: Int64 = 0
    var receivedByteCount: Int64 = 0

    var isReading = false
    /// The local side ended its direction: nothing unread can be left.
    var hasEnded = false
    /// The peer ended its direction: so does the socket's, once nothing is pending.
    var mustEndLocal = false

    var account = FairQueue.Account()
    var isQueued = false
    // What its turn is for, in this order.
    var startToSend: MessageType?
    var isReadable = false
    /// Say that the local side has ended its direction.
    var mustEndPeer = false
    var mustReset = false
    /// Nobody has closed it in good order.
    var isCut = false
    /// Its reset is among the replies.
    var isPeerTold = false

    init(now: Instant) {
      startedAt = now
      lastProgress = now
      lastTaken = now
    }
  }

  let options: Options
  package internal(set) var session: TunnelSession
  /// By the session's slots.
  var members: [Member] = []
  private var lastID: UInt64 = 0
  var backPressure: BackPressure
  /// Connections that are still being connected.
  var connectingCount = 0
  /// Connections at once since there was none.
  private var connectionCountPeak = 0
  /// When a connection that is gone now last moved a byte.
  var lastProgressOfGone: Instant?
  /// Of all relays.
  package let tally: Tally

  private var orders: [Order] = []
  private var orderIndex = 0
  private var delivery: Int?
  /// What goes out before all else: resets for connections that have no slot, and answers to a source's marks.
  var replies: [MessageHeader] = []
  var queue = FairQueue()
  var turnsLeft = 0
  /// Whose turn goes on, after its first message.
  var current: FairQueue.Ticket?

  /// Clients that wait for a place, one of each service.
  var waitingClients: [(client: UInt64, service: Int)] = []
  var watches: [ServiceWatch] = []

  // When to look again: at what lingers, drains or stalls; at a place that came; at those who wait; at silence.
  var sweepAt: Instant?
  var placeAt: Instant?
  var patienceAt: Instant?
  var silenceAt: Instant?

  /// When the first message with a mark went out; nil when none did, or when a message came since.
  package private(set) var firstMarkAt: Instant?
  private var hasMarked = false

  /// - Parameter streamIDs: those of an earlier session, lest bytes of it that are still on their way meet a stream
  ///   of the same number.
  package init(_ options: consuming Options, streamIDs: StreamIDs, tally: Tally = Tally()) {
    session = TunnelSession(options.session, streamIDs: streamIDs)
    backPressure = BackPressure(
      connectionMark: options.connectionPendingMax, tunnelMark: options.tunnelPendingMax)
    self.options = options
    self.tally = tally
  }

  // MARK: What there is to do

  /// Nil when there is nothing to do but to send.
  package mutating func next() -> Order? {
    if orderIndex == orders.count {
      if orderIndex > 0 {
        orders.removeAll(keepingCapacity: true)
        orderIndex = 0
      }
      return nil
    }
    orderIndex += 1
    return orders[orderIndex - 1]
  }

  @inline(never) mutating func order(_ order: Order) { orders.append(order) }

  @inline(never) mutating func report(_ report: Report) { orders.append(.report(report)) }

  /// The same of a connection, unless it is over here and only waits to tell the peer: nobody is left to be named.
  @inline(never) mutating func report(_ report: Report, of slot: Int) {
    if session.slots[slot]?.state != .closed { self.report(report) }
  }

  /// The slot whose socket is to be given the payload of the message that was just handled, before all other orders.
  package mutating func takeDelivery() -> Int? {
    let slot = delivery
    delivery = nil
    return slot
  }

  /// When to say `deadlineCame` if nothing else happens.
  @inline(__always) package var deadline: Instant? {
    .earliest(.earliest(sweepAt, placeAt), .earliest(patienceAt, silenceAt))
  }

  /// The tunnel may be read.
  @inline(__always) package var readsTunnel: Bool {
    !backPressure.mustPause && replies.count < Self.replyCountMax
  }

  /// The slot's socket is to be asked for bytes as soon as it has some.
  @inline(__always) package func watches(slot: Int) -> Bool {
    members[slot].isReading && !members[slot].isReadable && !members[slot].hasEnded
  }

  /// How a client's connection is to be made known to the peer.
  package func startToSend(slot: Int) -> MessageType? { members[slot].startToSend }

  package var pendingByteCount: Int { backPressure.pendingByteCount }
  package func pendingByteCount(slot: Int) -> Int { members[slot].share.pendingByteCount }
  package var waitingClientIDs: [UInt64] { waitingClients.map { $0.client } }
  package var connectionCount: Int { session.connectionCount }
  var isDraining: Bool { session.isStopping }

  // MARK: Facts

  package mutating func handle(
    _ event: Event, now: Instant, _ sockets: some LocalSockets
  ) {
    switch event {
    case .accepted(let client, let service): accept(client, service, now, sockets)
    case .descriptorsRanOut: _ = evictLingering(now, sockets)
    case .connected(let slot): connected(slot, now)
    case .connectFailed(let slot):
      if isTaken(slot) { handle(.connectFailed, slot, now) }
    case .readable(let slot):
      if isTaken(slot) && members[slot].isReading {
        members[slot].isReadable = true
        enqueue(slot)
      }
    case .received(let slot, let byteCount, let isFull):
      received(slot, byteCount, isFull: isFull, now)
    case .ended(let slot): ended(slot, now, sockets)
    case .failed(let slot):
      if isTaken(slot) { handle(.localFailure, slot, now) }
    case .taken(let slot, let byteCount, let pendingByteCount):
      taken(slot, byteCount, pendingByteCount, now)
    case .stopRequested:
      session.isStopping = true
      refuseWaiting()
      noteDrained()
    case .deadlineCame: deadlineCame(now, sockets)
    }
  }

  /// The WebSocket is of the first protocol version: there is one service, without a name.
  package mutating func agreeWithoutList(now: Instant) { act(session.agreeWithoutList(), now) }

  /// A message came. Only while `readsTunnel`.
  /// - Parameter bytes: the message's own bytes, which it has ranges of.
  package mutating func handle(
    _ message: Message, in bytes: Span<UInt8>, now: Instant, _ sockets: some LocalSockets
  ) {
    var action = session.handle(message, in: bytes)
    firstMarkAt = nil
    if case .full(let service, _, _, _) = action, !isDraining, evictConnecting(for: service, now) {
      action = session.handle(message, in: bytes)
    }
    if let reply = session.reply {
      session.reply = nil
      replies.append(reply)
      if reply.type == .data { noteMark(now) }
    }
    if case .deliver(let slot) = action {
      delivery = slot
      members[slot].receivedByteCount += Int64(message.payload.count)
      tally.add(.received, message.payload.count, ofService: members[slot].service)
    } else {
      act(action, now)
    }
    if let advice = session.advice {
      session.advice = nil
      report(.advice(advice))
    }
  }

  /// The first of them may be more than the service takes; the program remembers that.
  mutating func noteMark(_ now: Instant) {
    if hasMarked || !session.options.negotiatesHalfClose { return }
    hasMarked = true
    firstMarkAt = now
  }

  /// Does what the session says.
  private mutating func act(_ action: TunnelSession.Action, _ now: Instant) {
    switch action {
    case .deliver: break
    case .start(let slot): connect(slot, now)
    case .restart(let service, let slot):
      endAll(.peerCut, of: service, except: slot, now)
      connect(slot, now)
    case .agreed(let service): endAll(.agreed, of: service, now)
    case .peerEnded(let slot): handle(.peerEnd, slot, now)
    case .peerReset(let slot, let isCut):
      let isNegotiated = session.slots[slot]?.isNegotiated == true
      if session.role == .source && session.slots[slot]?.hasReceived == false
        && (isCut || !isNegotiated)
      {
        report(.resetBeforeAnswer(slot: slot), of: slot)
      }
      handle(isCut ? .peerCut : .peerReset, slot, now)
    case .serviceReset(let service, let isCut):
      report(
        .streamReset(
          service: service, isCut: isCut,
          isWithoutAnswer: isCut && session.isWithoutAnswer(service: service)))
      endAll(isCut ? .peerCut : .peerReset, of: service, now)
    case .streamUnknown(let service):
      report(.streamUnknown(service: service))
      endAll(.peerCut, of: service, now)
    case .sessionReset(let resets):
      report(.sessionReset)
      replies += resets
      for service in session.serviceNames.indices { endAll(.peerCut, of: service, now) }
    case .full(let service, let streamID, let connectionID, let reason),
      .refuseRestart(let service, let streamID, let connectionID, let reason):
      tally.add(isDraining ? .refusedStopping : .refusedFull)
      refuse(service, streamID, connectionID, reason)
      // Behind that, as a drain may be over with them.
      if case .refuseRestart = action { endAll(.peerCut, of: service, now) }
    case .reply(let service, let streamID, let connectionID, let reason):
      tally.add(.refusedProtocol)
      refuse(service, streamID, connectionID, reason)
    case .dropped(let reason): report(.dropped(reason: reason))
    case .servicesAgreed:
      watches = Array(repeating: ServiceWatch(), count: session.serviceNames.count)
      tally.begin(session.serviceNames)
      order(.servicesAgreed)
    case .servicesMismatch(let reason): order(.servicesMismatch(reason: reason))
    case .violation(let reason): order(.violate(reason: reason))
    }
  }

  /// Queues a reset for a connection that never was.
  private mutating func refuse(
    _ service: Int, _ streamID: Int32, _ connectionID: UInt32, _ reason: String
  ) {
    report(.refused(service: service, reason: reason))
    replies.append(
      session.resetHeader(service: service, streamID: streamID, connectionID: connectionID))
  }

  private mutating func endAll(
    _ event: Connection.Event, of service: Int, except: Int = -1, _ now: Instant
  ) {
    for slot in members.indices
    where slot != except && members[slot].id > 0 && members[slot].service == service {
      handle(event, slot, now)
    }
  }

  // MARK: Connections

  func isTaken(_ slot: Int) -> Bool { slot < members.count && members[slot].id > 0 }

  mutating func insert(_ slot: Int, _ service: Int, _ now: Instant) {
    lastID += 1
    var member = Member(now: now)
    while members.count <= slot { members.append(member) }
    // While the tunnel takes nothing, nobody calls up the tickets of clients that come and go.
    if members[slot].isQueued { queue.remove(slot) }
    member.id = lastID
    member.service = service
    members[slot] = member
    tally.add(.accepted, 1, ofService: service)
    connectionCountPeak = max(connectionCountPeak, connectionCount)
  }

  private mutating func connect(_ slot: Int, _ now: Instant) {
    guard let service = session.slots[slot]?.service else { return }
    insert(slot, service, now)
    members[slot].isConnecting = true
    connectingCount += 1
    order(.connect(slot: slot))
  }

  private mutating func connected(_ slot: Int, _ now: Instant) {
    if !isTaken(slot) || !members[slot].isConnecting { return }
    endConnecting(slot)
    handle(.connected, slot, now)
  }

  private mutating func endConnecting(_ slot: Int) {
    if members[slot].isConnecting { connectingCount -= 1 }
    members[slot].isConnecting = false
  }

  private mutating func received(_ slot: Int, _ byteCount: Int, isFull: Bool, _ now: Instant) {
    if !isTaken(slot) { return }
    members[slot].lastProgress = now
    members[slot].hasMoved = true
    members[slot].account.charge(byteCount)
    members[slot].sentByteCount += Int64(byteCount)
    tally.add(.sent, byteCount, ofService: members[slot].service)
    if !isFull { return }
    // There is probably more; ask for the next turn instead of asking the kernel.
    members[slot].isReadable = true
    enqueue(slot)
  }

  private mutating func ended(_ slot: Int, _ now: Instant, _ sockets: some LocalSockets) {
    if !isTaken(slot) { return }
    members[slot].hasEnded = true
    if members[slot].mustEndLocal || !sockets.isPeerClosed(slot: slot) {
      handle(.localEnd, slot, now)
    } else {
      report(.localClosed(slot: slot))
      handle(.localClose, slot, now)
    }
  }

  private mutating func taken(
    _ slot: Int, _ byteCount: Int, _ pendingByteCount: Int, _ now: Instant
  ) {
    if !isTaken(slot) { return }
    if byteCount > 0 { noteTaken(slot, now) }
    let before = members[slot].share.pendingByteCount
    if before == 0 && pendingByteCount == 0 { return }
    if before == 0 { members[slot].lastTaken = now }
    backPressure.update(&members[slot].share, pendingByteCount: pendingByteCount, now)
    if backPressure.mustPause { scheduleSweep(now) }
    if pendingByteCount > 0 { return }
    if members[slot].mustEndLocal { order(.finishSending(slot: slot)) }
    handle(.drained, slot, now)
  }

  mutating func noteTaken(_ slot: Int, _ now: Instant) {
    members[slot].lastProgress = now
    members[slot].lastTaken = now
    members[slot].hasMoved = true
  }

  /// Runs an event through the connection's state machine and does what it says.
  mutating func handle(_ event: Connection.Event, _ slot: Int, _ now: Instant) {
    let pendingByteCount = members[slot].share.pendingByteCount
    let hasPending = pendingByteCount > 0
    let action = session.handle(event, slot: slot, hasPending: hasPending)
    // A peer for which it is over is owed nothing.
    if event == .peerReset || event == .peerCut { members[slot].mustEndPeer = false }
    switch action {
    case .none: break
    case .relay: startReading(slot)
    case .relayAndEndLocal:
      startReading(slot)
      endLocal(slot)
    case .endLocal: endLocal(slot)
    case .endPeer, .linger, .drain, .endPeerAndDrain, .resetPeerAndDrain:
      stopReading(slot)
      // An end that still waits for room is owed to a peer that ends its own direction meanwhile.
      members[slot].mustEndPeer =
        action == .endPeer || action == .endPeerAndDrain
        || event == .peerEnd && members[slot].mustEndPeer
      members[slot].mustReset = action == .resetPeerAndDrain
      if members[slot].mustEndPeer || members[slot].mustReset { enqueue(slot) }
      scheduleSweep(now)
    case .close: finish(slot, .closeBehindSent, now)
    case .cut:
      // Whoever did not take all of it in time must not take what it has for the whole.
      if event == .expired && hasPending {
        report(.readerTooSlow(slot: slot, pendingByteCount: pendingByteCount))
      }
      tally.add(Counted(cutBy: event))
      finish(slot, hasPending ? .reset : .resetBehindSent, now)
    case .endPeerAndClose:
      members[slot].mustEndPeer = true
      finish(slot, .closeBehindSent, now)
    case .resetPeerAndClose:
      members[slot].mustReset = true
      finish(slot, .closeBehindSent, now)
    case .resetPeerAndCut:
      report(.lingerOver(slot: slot))
      tally.add(Counted(cutBy: event))
      members[slot].mustReset = true
      finish(slot, .resetBehindSent, now)
    case .cutBoth:
      members[slot].mustReset = true
      members[slot].isCut = true
      tally.add(Counted(cutBy: event))
      finish(slot, .reset, now)
    }
  }

  mutating func startReading(_ slot: Int) {
    members[slot].isReading = true
    order(.watch(slot: slot))
  }

  mutating func stopReading(_ slot: Int) {
    members[slot].isReading = false
    members[slot].isReadable = false
    order(.watch(slot: slot))
  }

  /// The peer sends no more: ends the direction to the local side behind what is pending.
  private mutating func endLocal(_ slot: Int) {
    members[slot].mustEndLocal = true
    if members[slot].share.pendingByteCount == 0 { order(.finishSending(slot: slot)) }
  }

  private mutating func finish(_ slot: Int, _ ending: Ending, _ now: Instant) {
    let isCloseEnough = ending == .closeBehindSent && members[slot].hasEnded
    order(.close(slot: slot, isCloseEnough ? .close : ending))
    endConnecting(slot)
    members[slot].isReading = false
    members[slot].isReadable = false
    backPressure.update(&members[slot].share, pendingByteCount: 0, now)
    // Of a connection that the peer has not heard of it need not hear, but of a stream it must: others are in it.
    if members[slot].startToSend == .connectionStart || members[slot].isPeerTold {
      members[slot].startToSend = nil
      members[slot].mustReset = false
      members[slot].mustEndPeer = false
    }
    if members[slot].mustReset || members[slot].mustEndPeer {
      enqueue(slot)
    } else {
      release(slot, now)
    }
  }

  mutating func release(_ slot: Int, _ now: Instant) {
    let wasAnswered = session.slots[slot]?.hasReceived == true
    let lastProgress = members[slot].lastProgress
    members[slot].id = 0
    session.release(slot: slot)
    lastProgressOfGone = max(lastProgressOfGone ?? lastProgress, lastProgress)
    placeCame(wasAnswered: wasAnswered, now)
    if connectionCount > 0 { return }
    if connectionCountPeak >= Self.crowdCountMin { order(.giveBackMemory) }
    connectionCountPeak = 0
    noteDrained()
  }

  /// Nobody is left, and those who were refused are told.
  @inline(never) mutating func noteDrained() {
    if isDraining && connectionCount == 0 && replies.isEmpty { order(.drained) }
  }

  // MARK: Time

  private mutating func deadlineCame(_ now: Instant, _ sockets: some LocalSockets) {
    if Self.isDue(&sweepAt, now) { sweep(now, sockets) }
    let isPlaceDue = Self.isDue(&placeAt, now)
    let isPatienceDue = Self.isDue(&patienceAt, now)
    if isPlaceDue || isPatienceDue { admit(now, sockets) }
    if Self.isDue(&silenceAt, now) { noteSilence(now) }
  }

  private static func isDue(_ deadline: inout Instant?, _ now: Instant) -> Bool {
    guard let due = deadline, due <= now else { return false }
    deadline = nil
    return true
  }
}
