import Basics
import Reactor

/// Whoever waits for a connector.
protocol ConnectorHandler: AnyObject {
  func connector(_ connector: Connector, connected stream: any Stream)
  /// All addresses failed, as often as was allowed; `reason` is the last one's.
  func connector(_ connector: Connector, failed reason: String)
}

/// Reaches one endpoint: resolves it, tries each of its addresses, and begins again as often as it may.
///
///     resolving ─▶ connecting(address) ─▶ connected
///         ▲             │ next address, while one is left
///         └── waiting ◀─┘ retry, while one is left ─▶ failed
final class Connector: ResolveHandler, StreamHandler, TimerHandler {
  private let network: any Network
  private let target: LocalAddress
  private let local: SocketAddress?
  private let settings: Settings
  private var retriesLeft: Int
  private var addresses: [SocketAddress] = []
  private var next = 0
  private var lastReason = ""
  private var resolveID: ResolveID?
  private var stream: (any Stream)?
  private var timer: TimerID?
  private var handler: (any ConnectorHandler)?
  /// Whatever the handler wants to recognise it by.
  let tag: Int

  init(
    network: any Network, target: LocalAddress, from local: SocketAddress?, settings: Settings,
    tag: Int, handler: any ConnectorHandler
  ) {
    self.network = network
    self.target = target
    self.local = local
    self.settings = settings
    self.tag = tag
    self.handler = handler
    retriesLeft = settings.connectionRetryCount < 0 ? .max : settings.connectionRetryCount
  }

  func start() {
    guard case .network(let endpoint) = target else { return }
    resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
  }

  func cancel() {
    handler = nil
    dropAttempt()
    if let resolveID { network.cancelResolve(resolveID) }
    resolveID = nil
  }

  func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    self.addresses = addresses
    next = 0
    tryNext()
  }

  func resolveFailed(reason: String) {
    resolveID = nil
    addresses = []
    next = 0
    lastReason = "\(target.description) has no address: \(reason)"
    tryNext()
  }

  private func tryNext() {
    while next < addresses.count {
      let address = addresses[next]
      next += 1
      do {
        stream = try network.connect(to: address, from: local, self)
        timer = network.schedule(at: network.now + settings.connectTimeout, self, tag: 0)
        return
      } catch {
        lastReason = "\(address.description): \(error.reason)"
      }
    }
    if retriesLeft == 0 {
      let owner = handler
      handler = nil
      owner?.connector(self, failed: lastReason)
      return
    }
    retriesLeft -= 1
    timer = network.schedule(at: network.now + settings.connectionRetryDelay, self, tag: 1)
  }

  private func dropAttempt() {
    if let timer { network.cancel(timer) }
    timer = nil
    stream?.close()
    stream = nil
  }

  func streamOpened() {
    guard let stream else { return }
    if let timer { network.cancel(timer) }
    timer = nil
    self.stream = nil
    let owner = handler
    handler = nil
    owner?.connector(self, connected: stream)
  }

  func streamReady(_ readiness: Readiness) {}

  func streamFailed(_ failure: StreamFailure) {
    lastReason = "\(addresses[next - 1].description): \(failure.reason)"
    dropAttempt()
    tryNext()
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    if tag == 1 {
      start()
      return
    }
    lastReason = "\(addresses[next - 1].description): no answer in time"
    dropAttempt()
    tryNext()
  }
}
