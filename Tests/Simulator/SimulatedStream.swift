import Basics
import Glibc
import Reactor

/// A program's descriptor of a connection.
final class SimulatedStream: ByteStream {
  private let network: SimulatedNetwork
  let socket: KernelSocket
  var handler: (any StreamHandler)?
  private(set) var isClosed = false
  private var isOpen: Bool
  /// Where its network has it among those that are watched; nil for one that is not.
  var watchPlace: Int?
  /// It may be ready, and is looked at in the next turn.
  var isCandidate = false
  /// The system has no memory to watch it; told at the turn's end.
  private var cannotBeWatched = false

  init(network: SimulatedNetwork, socket: KernelSocket, isOpen: Bool) {
    self.network = network
    self.socket = socket
    self.isOpen = isOpen
    network.descriptorCount += 1
    socket.stream = self
  }

  deinit {
    if !isClosed && network.forbidsDropping && !network.isDead {
      network.world.fail(network.name, "lets go of a connection without closing it: " + socket.text)
    }
    letGo(aborts: socket.abortsOnClose)
  }

  var interest: Readiness = [] {
    didSet {
      if isClosed || interest == oldValue || !isOpen { return }
      if interest.isEmpty { cannotBeWatched = false }
      if oldValue.isEmpty && network.world.happens(.registrationFails) { cannotBeWatched = true }
      network.watch(self, !interest.isEmpty)
    }
  }

  /// What the system reports of it; nil for nothing.
  var readiness: Readiness? {
    if isClosed { return nil }
    if !isOpen { return socket.isWritable || socket.state == .open ? .writable : nil }
    if cannotBeWatched { return [] }
    var found: Readiness = []
    if socket.isReadable { found.insert(.readable) }
    if socket.isWritable { found.insert(.writable) }
    let wanted = found.intersection(interest)
    return wanted.isEmpty ? nil : wanted
  }

  /// Starts to wait for the connection.
  func waitToOpen() { network.watch(self, true) }

  func dispatch(_ found: Readiness) {
    if isClosed { return }
    if !isOpen {
      finishConnecting()
      return
    }
    if cannotBeWatched {
      fail(SystemError(ENOMEM, "epoll_ctl"))
      return
    }
    handler?.streamReady(found.intersection(interest))
  }

  private func fail(_ error: SystemError) {
    let owner = handler
    abort()
    owner?.streamFailed(.system(error))
  }

  private func finishConnecting() {
    if let error = socket.takeError() {
      fail(error)
      return
    }
    guard socket.state == .open else { return }
    isOpen = true
    handler?.streamOpened()
    if !isClosed { network.watch(self, !interest.isEmpty) }
  }

  // MARK: ByteStream

  var isPeerClosed: Bool { isClosed || socket.isPeerClosed }

  var transportState: TransportState {
    var state = TransportState()
    if isClosed { return state }
    state.unacknowledgedByteCount = socket.unacknowledgedByteCount
    state.acknowledgedByteCount = socket.acknowledgedByteCount
    state.isHoldingOff = socket.isHoldingOff
    return state
  }

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if isClosed { return .endOfStream }
    if region.count == 0 { return .wouldBlock }
    let available = socket.receivedByteCount
    if available == 0 {
      if let error = socket.takeError() { return .failed(.system(error)) }
      return socket.isReadable ? .endOfStream : .wouldBlock
    }
    let world = network.world
    if world.happens(.receiveBlocks) { return .wouldBlock }
    var limit = available
    if world.happens(.receivePart) { limit = world.random.size(1...max(1, available)) }
    return .bytes(socket.receive(into: &region, atMost: limit))
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    if isClosed { return .failed(.unexpectedEnd) }
    if let error = socket.takeError() { return .failed(.system(error)) }
    if socket.isBroken { return .failed(.system(SystemError(EPIPE, "send"))) }
    if !isOpen || socket.state == .connecting { return .wouldBlock }
    let room = socket.roomForSending
    let world = network.world
    if room == 0 || world.happens(.sendBlocks) { return .wouldBlock }
    var count = min(room, bytes.count)
    if count == 0 { return .accepted(0) }
    if world.happens(.sendPart) { count = world.random.size(1...count) }
    socket.send(bytes.extracting(0..<count))
    return .accepted(count)
  }

  func keepQueueShort(byteCount: Int) { socket.shortQueueByteCount = byteCount }

  func setUserTimeout(_ timeout: Milliseconds) {
    socket.userTimeout = timeout
    socket.watchPatience()
  }

  func keepAlive(_ keepalive: Keepalive) {
    socket.keepalive = keepalive
    socket.watchPatience()
  }

  func finishSending() {
    if isClosed { return }
    socket.finishSending()
    noteChange()
  }

  /// It may be ready for something that it was not ready for.
  func noteChange() { network.noteChange(self) }

  func close() { letGo(aborts: false) }

  func abort() { letGo(aborts: true) }

  private func letGo(aborts: Bool) {
    if isClosed { return }
    isClosed = true
    network.watch(self, false)
    network.descriptorCount -= 1
    socket.close(aborts: aborts)
    handler = nil
  }

  /// The process is killed: the system closes it.
  func kill(vanishes: Bool) {
    if isClosed { return }
    if vanishes { socket.vanish() }
    letGo(aborts: socket.abortsOnClose)
  }
}

/// A program's descriptor of a listening socket.
final class SimulatedListener: Listener {
  private let network: SimulatedNetwork
  let machine: Machine
  let place: SocketAddress
  let keepalive: Keepalive?
  private let backlog: Int
  private var handler: (any ListenerHandler)?
  private var queue: [KernelSocket] = []
  private(set) var isClosed = false
  private var pausedUntil: Instant?

  init(
    network: SimulatedNetwork, place: SocketAddress, backlog: Int, keepalive: Keepalive?,
    handler: any ListenerHandler
  ) {
    self.network = network
    machine = network.machine
    self.place = place
    self.backlog = backlog
    self.keepalive = keepalive
    self.handler = handler
    network.descriptorCount += 1
    machine.listeners.append(self)
  }

  var address: SocketAddress { place }

  var isAccepting = true {
    didSet { if isAccepting && !isClosed { network.world.wake(network) } }
  }

  var hasRoom: Bool { queue.count <= backlog }

  func enqueue(_ socket: KernelSocket) {
    queue.append(socket)
    network.world.wake(network)
  }

  var isReady: Bool {
    if isClosed || !isAccepting || queue.isEmpty { return false }
    return pausedUntil.map { $0 <= network.world.now } ?? true
  }

  func dispatch() {
    var left = 64
    while left > 0 && isReady {
      left -= 1
      if network.world.happens(.acceptFails)
        || network.descriptorCount >= network.descriptorCountMax
      {
        let end = network.now + Milliseconds(200)
        pausedUntil = end
        network.world.at(end) { [weak self] in
          if let self { self.network.world.wake(self.network) }
        }
        handler?.listener(self, paused: SystemError(EMFILE, "accept"))
        return
      }
      let socket = queue.removeFirst()
      socket.adopt(by: network)
      socket.watchPatience()
      let stream = SimulatedStream(network: network, socket: socket, isOpen: true)
      network.streams.append(Weak(stream))
      network.acceptedCounts[place.port, default: 0] += 1
      network.noteCall()
      handler?.listener(self, accepted: stream, from: network.clientAddress(of: socket))
    }
  }

  func close() { letGo(vanishes: false) }

  func letGo(vanishes: Bool) {
    if isClosed { return }
    isClosed = true
    handler = nil
    machine.listeners.removeAll { $0 === self }
    network.forget(self)
    network.descriptorCount -= 1
    for socket in queue { if vanishes { socket.vanish() } else { socket.close(aborts: true) } }
    queue = []
  }
}

struct Weak<Object: AnyObject> {
  weak var object: Object?
  init(_ object: Object) { self.object = object }
}
