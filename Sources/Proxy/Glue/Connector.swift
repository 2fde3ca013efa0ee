import Basics
import Configuration
import Reactor
import Tunnel

/// Whoever waits for a connector.
protocol ConnectorHandler: AnyObject {
  func connector(_ connector: Connector, connected stream: any ByteStream)
  /// All addresses failed, and will be tried again after a while.
  func connector(_ connector: Connector, waits reason: String)
  /// All addresses failed, as often as was allowed; `reason` is the last round's.
  func connector(_ connector: Connector, failed reason: String)
}

/// Reaches a server: does what `ConnectorCore` decides, with the name's addresses and their race.
final class Connector: ResolveHandler, AddressRaceHandler, TimerHandler {
  private let network: any Network
  private let target: LocalAddress
  private let locals: [SocketAddress]
  private let keepalive: Keepalive?
  private let connectTimeout: Milliseconds
  private var core: ConnectorCore
  /// Of a name those that were found last.
  private var addresses: [SocketAddress] = []
  private var resolveID: ResolveID?
  private var race: AddressRace?
  /// What the race has won.
  private var stream: (any ByteStream)?
  private var timer = DeadlineTimer()
  private var handler: (any ConnectorHandler)?
  /// Whatever the handler wants to recognise it by.
  let tag: Int
  /// The service that the user's mapping does not name, so that its host may be meant for that; nil for none.
  private let unnamedService: String?

  init(
    network: any Network, target: LocalAddress, from locals: [SocketAddress], settings: Settings,
    tag: Int, unnamedService: String? = nil, handler: any ConnectorHandler
  ) {
    self.network = network
    self.target = target
    self.locals = locals
    keepalive = settings.keepalive
    connectTimeout = settings.connectTimeout
    self.tag = tag
    self.unnamedService = unnamedService
    self.handler = handler
    var isHost = false
    switch target {
    case .network: isHost = true
    case .unix(let path): addresses = [SocketAddress(path: path)]
    // No destination has that.
    case .standardStreams: break
    }
    core = ConnectorCore(
      isNamed: isHost, retryCount: settings.connectionRetryCountMax,
      retryDelay: settings.connectionRetryDelay)
  }

  func start() { tell(.started) }

  func cancel() {
    handler = nil
    tell(.cancelled)
  }

  func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    self.addresses = addresses
    tell(.nameFound)
  }

  func resolveFailed(reason: String) {
    resolveID = nil
    let hint = unnamedService.map { target.hint($0) } ?? ""
    tell(
      .failed(
        reason: "%: its name has no address: %; %".with(
          target.description, reason,
          hint.isEmpty ? "correct its mapping, or this machine's DNS" : hint)))
  }

  func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress) {
    self.race = nil
    if let keepalive { stream.keepAlive(keepalive) }
    self.stream = stream
    tell(.won)
  }

  func race(_ race: AddressRace, lost reason: String) {
    self.race = nil
    tell(.failed(reason: reason))
  }

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell(.deadlineCame)
  }

  /// The core has one order at the most; whoever is told of it may let go of this.
  private func tell(_ event: ConnectorCore.Event) {
    core.handle(event, now: network.now)
    let order = core.next()
    timer.set(core.deadline, on: network, self)
    switch order {
    case .resolve:
      guard case .network(let endpoint) = target else { return }
      resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
    case .race:
      let race = AddressRace(
        network: network, name: target.description, addresses: addresses, from: locals,
        timeout: connectTimeout, handler: self)
      self.race = race
      race.start()
    case .stop:
      race?.cancel()
      race = nil
      if let resolveID { network.cancelResolve(resolveID) }
      resolveID = nil
    case .reportWait(let reason): handler?.connector(self, waits: reason)
    case .reportFailure(let reason): takeHandler()?.connector(self, failed: reason)
    case .handOver:
      guard let stream else { return }
      self.stream = nil
      takeHandler()?.connector(self, connected: stream)
    case nil: break
    }
  }

  private func takeHandler() -> (any ConnectorHandler)? {
    defer { handler = nil }
    return handler
  }

  // MARK: Invariants

  /// Timers and questions that it knows of.
  var heldTimerCount: Int { (timer.due == nil ? 0 : 1) + (race?.heldTimerCount ?? 0) }
  var heldQuestionCount: Int { resolveID == nil ? 0 : 1 }

  func checkInvariants() -> String? {
    var faults = InvariantCheck("the way to \(target.description)")
    faults.take(core.checkInvariants())
    faults.unless(timer.due == core.deadline, "the timer is not the core's")
    var (asks, races) = (false, false)
    switch core.state {
    case .resolving: asks = true
    case .racing: races = true
    case .idle, .waiting, .over: break
    }
    faults.unless((resolveID != nil) == asks, "a question that nobody asks, or none that is asked")
    faults.unless((race != nil) == races, "a race that nobody waits for, or none that is run")
    return faults.first
  }
}
