import Basics
import Configuration
import Reactor

/// Whoever waits for a connector.
protocol ConnectorHandler: AnyObject {
  func connector(_ connector: Connector, connected stream: any ByteStream)
  /// All addresses failed, and will be tried again after a while.
  func connector(_ connector: Connector, waits reason: String)
  /// All addresses failed, as often as was allowed; `reason` is the last round's.
  func connector(_ connector: Connector, failed reason: String)
}

/// Reaches a server: resolves its name, lets its addresses race, and begins again as often as it may.
///
///     resolving ─▶ racing ─▶ connected
///         ▲           │
///         └─ waiting ◀┘ retry, while one is left ─▶ failed
final class Connector: ResolveHandler, AddressRaceHandler, TimerHandler {
  private let network: any Network
  private let target: LocalAddress
  private let locals: [SocketAddress]
  private let keepalive: Keepalive?
  private let connectTimeout: Milliseconds
  private let retryDelay: Milliseconds
  /// It gives up some day.
  let isBounded: Bool
  private var retriesLeft: Int
  private var resolveID: ResolveID?
  private var race: AddressRace?
  private var timer: TimerID?
  private var handler: (any ConnectorHandler)?
  /// Whatever the handler wants to recognise it by.
  let tag: Int

  init(
    network: any Network, target: LocalAddress, from locals: [SocketAddress], settings: Settings,
    tag: Int, handler: any ConnectorHandler
  ) {
    self.network = network
    self.target = target
    self.locals = locals
    keepalive = settings.keepalive
    self.tag = tag
    self.handler = handler
    connectTimeout = settings.connectTimeout
    retryDelay = settings.connectionRetryDelay
    isBounded = settings.connectionRetryCount >= 0
    retriesLeft = isBounded ? settings.connectionRetryCount : .max
  }

  func start() {
    switch target {
    case .network(let endpoint):
      resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
    case .unix(let path): begin([SocketAddress(path: path)])
    // No destination has that.
    case .standardStreams: begin([])
    }
  }

  func cancel() {
    handler = nil
    race?.cancel()
    race = nil
    if let timer { network.cancel(timer) }
    timer = nil
    if let resolveID { network.cancelResolve(resolveID) }
    resolveID = nil
  }

  /// Timers and questions that it knows of. For tests.
  var heldTimerCount: Int { (timer == nil ? 0 : 1) + (race?.heldTimerCount ?? 0) }
  var heldQuestionCount: Int { resolveID == nil ? 0 : 1 }

  func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    begin(addresses)
  }

  func resolveFailed(reason: String) {
    resolveID = nil
    retry("%: its name has no address: %".with(target.description, reason))
  }

  private func begin(_ addresses: [SocketAddress]) {
    let race = AddressRace(
      network: network, name: target.description, addresses: addresses, from: locals,
      timeout: connectTimeout, handler: self)
    self.race = race
    race.start()
  }

  func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress) {
    self.race = nil
    if let keepalive { stream.keepAlive(keepalive) }
    let owner = handler
    handler = nil
    owner?.connector(self, connected: stream)
  }

  func race(_ race: AddressRace, lost reason: String) {
    self.race = nil
    retry(reason)
  }

  private func retry(_ reason: String) {
    if retriesLeft == 0 {
      let owner = handler
      handler = nil
      owner?.connector(self, failed: reason)
      return
    }
    retriesLeft -= 1
    handler?.connector(self, waits: reason)
    timer = network.schedule(at: network.now + retryDelay, self, tag: 0)
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    start()
  }
}
