import Basics
import Configuration
import Reactor
import Tunnel

/// Whoever serves a source's clients.
protocol SourceListenersHandler: AnyObject {
  func accepted(_ stream: any ByteStream, service: Int, from peer: SocketAddress)
  /// The system has no descriptor or memory for a client.
  func needsDescriptors()
  /// There is a socket for each service now.
  func isListening()
  /// A port could not be had; the reason is in the log.
  func cannotListen()
}

/// A source's listening sockets, which outlive the WebSocket: one for each service, or two with one port number where
/// it listens on a name that has addresses of both families, as `localhost` has.
///
/// Services whose socket cannot be had do not hold up the others; they are tried again together, as often as
/// `connectionRetryCount` allows.
final class SourceListeners: ListenerHandler, ResolveHandler, TimerHandler {
  /// Free ports that are tried before one is free in both families.
  static let portAttemptCountMax = 16

  private struct Service {
    let name: String
    let address: LocalAddress
    /// Where sockets listen for it that the process was started with: there, and not at `address`.
    let passed: [SocketAddress]
    /// None as long as they cannot be had; of two, IPv4's is the first.
    var listeners: [any Listener] = []
    /// One of its clients waits for a place, and the others in the kernel.
    var isHeld = false

    func isSame(as other: Service) -> Bool {
      name.isSame(as: other.name) && passed.count == other.passed.count
        && address.description.isSame(as: other.address.description)
    }

    mutating func close() {
      for listener in listeners { listener.close() }
      listeners = []
    }
  }

  private let network: any Network
  private let configuration: Configuration
  private let log: Log
  private var handler: (any SourceListenersHandler)?
  private var services: [Service] = []
  /// The service whose socket is being opened; the count of services when none is.
  private var current = 0
  private var retriesLeft = 0
  private var resolveID: ResolveID?
  private var timer: TimerID?

  init(
    network: any Network, configuration: Configuration, log: Log,
    handler: any SourceListenersHandler
  ) {
    self.network = network
    self.configuration = configuration
    self.log = log
    self.handler = handler
  }

  /// Where a service listens.
  /// - Parameter name: nil for the only one.
  func port(of name: String?) throws(UsageError) -> UInt16 {
    for service in services where name.map({ service.name.isSame(as: $0) }) ?? (services.count == 1)
    {
      if let address = service.listeners.first?.address, !address.isUnix { return address.port }
    }
    throw UsageError(
      "the command's {port%} is of no one service that listens on a port",
      with: name.map { ":" + $0 } ?? "")
  }

  /// False keeps clients waiting in the kernel, on ports that stay as they are.
  var isAccepting = true {
    didSet { for service in services.indices { updateAccepting(service) } }
  }

  /// There is a socket for each service.
  var isListening: Bool { !services.isEmpty && services.allSatisfy { !$0.listeners.isEmpty } }

  /// The same for the clients of one service.
  func hold(_ service: Int, _ isHeld: Bool) {
    if !services.indices.contains(service) { return }
    services[service].isHeld = isHeld
    updateAccepting(service)
  }

  /// The tunnel is gone, and with it all who waited for a place in it.
  func holdNone() { for service in services.indices { hold(service, false) } }

  private func updateAccepting(_ service: Int) {
    for listener in services[service].listeners {
      listener.isAccepting = isAccepting && !services[service].isHeld
    }
  }

  /// Listens for each service of the tunnel; those that are listened for already stay as they are.
  /// - Parameter mappingOfService: for each service the index of its mapping among `mappings` and then
  ///   `directoryMappings`; nil for a free port.
  /// - Parameter isForGood: what cannot be had is tried for as long as it takes.
  func serve(_ names: [String], _ mappingOfService: [Int?], isForGood: Bool = false) {
    let mappings = configuration.allMappings
    var wanted: [Service] = []
    var keptCount = 0
    for index in names.indices {
      var service = Service(
        name: names[index], address: place(mappingOfService[index].map { mappings[$0].address }),
        passed: network.passedAddresses(for: names.count == 1 ? nil : names[index]))
      // What stays where it is keeps its socket, and with it a port that was free.
      if index < services.count && services[index].isSame(as: service) {
        service = services[index]
        services[index].listeners = []
        announce(service)
        keptCount += 1
      }
      wanted.append(service)
    }
    let isSame = keptCount == names.count && keptCount == services.count
    let isTrying = timer != nil || current < services.count
    // One that could not be had while the tunnel was down is tried again, unless it is being tried.
    if isSame && isTrying {
      services = wanted
      return
    }
    closeListeners()
    services = wanted
    let count = configuration.settings.connectionRetryCount
    retriesLeft = count < 0 || isForGood ? .max : count
    listenForNext()
  }

  /// Fills in what a mapping leaves out.
  private func place(_ address: LocalAddress?) -> LocalAddress {
    guard let address else {
      return .network(Endpoint(host: configuration.bindHost, port: 0))
    }
    guard case .network(let endpoint) = address, endpoint.host.isEmpty else { return address }
    return .network(Endpoint(host: configuration.bindHost, port: endpoint.port))
  }

  /// Goes on with the first service from `current` on that has no socket.
  private func listenForNext() {
    while handler != nil && current < services.count {
      if !services[current].passed.isEmpty && services[current].listeners.isEmpty {
        listen(on: services[current].passed)
      } else if services[current].listeners.isEmpty {
        switch services[current].address {
        case .network(let endpoint):
          resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
          return
        case .unix(let path): listen(on: [SocketAddress(path: path)])
        // That client needs no socket.
        case .standardStreams: break
        }
      }
      current += 1
    }
    if isListening { handler?.isListening() }
    if handler == nil || isListening { return }
    retriesLeft -= 1
    timer = network.schedule(
      at: network.now + configuration.settings.connectionRetryDelay, self, tag: 0)
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    current = 0
    listenForNext()
  }

  func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    // The first of each family.
    var places: [SocketAddress] = []
    for isIPv6 in [false, true] {
      if let first = addresses.first(where: { $0.isIPv6 == isIPv6 }) { places.append(first) }
    }
    listen(on: places)
    current += 1
    listenForNext()
  }

  func resolveFailed(reason: String) {
    resolveID = nil
    fail("", services[current].address.description, reason)
    current += 1
    listenForNext()
  }

  /// Listens on each of the addresses with one port number for all, or on none. One that this machine has not is left
  /// out, as long as it has another.
  private func listen(
    on addresses: [SocketAddress], attemptsLeft: Int = SourceListeners.portAttemptCountMax
  ) {
    var missing: SystemError?
    for address in addresses {
      var place = address
      if place.port == 0, let first = services[current].listeners.first {
        place = address.with(port: first.address.port)
      }
      do throws(SystemError) {
        let listener = try network.listen(
          on: place, backlog: Settings.listenBacklog, keepalive: configuration.settings.keepalive,
          self)
        listener.isAccepting = isAccepting && !services[current].isHeld
        services[current].listeners.append(listener)
      } catch {
        missing = error
        if error.isPlaceMissing { continue }
        services[current].close()
        // The port was free in the first family, and is taken in the second.
        if error.isAddressTaken && address.port == 0 && attemptsLeft > 1 {
          listen(on: addresses, attemptsLeft: attemptsLeft - 1)
        } else {
          fail(place, error)
        }
        return
      }
    }
    if let missing, services[current].listeners.isEmpty {
      fail(addresses[0], missing)
    } else {
      announce(services[current])
    }
  }

  private func fail(_ address: SocketAddress, _ error: SystemError) {
    let (port, host) = Self.place(address)
    if error.isAddressMissing {
      fail(
        port, host, "it is not an address of this machine",
        remedy: "choose one with --local-bind-address")
    } else if error.isForbidden && !address.isUnix && address.port < 1024 {
      fail(
        port, host, error.reason, remedy: "a port below 1024 takes root or CAP_NET_BIND_SERVICE")
    } else {
      fail(port, host, error.reason)
    }
  }

  /// For the log: a port, "" for a Unix socket, and the address it is of, or the path.
  private static func place(_ address: SocketAddress) -> (port: String, host: String) {
    address.isUnix ? ("", address.path) : (Int(address.port).decimal, address.host)
  }

  private func announce(_ service: Service) {
    guard let address = service.listeners.first?.address else { return }
    let (port, host) = Self.place(address)
    let other = service.listeners.count < 2 ? "" : service.listeners[1].address.host
    log.listening(port: port, host: host, service: service.name, otherHost: other)
  }

  /// Says what becomes of the current service; the last failure ends it all.
  private func fail(
    _ port: String, _ host: String, _ reason: String, remedy: String = ""
  ) {
    let service = services[current].name
    if retriesLeft > 0 {
      log.listeningAgain(
        port: port, host: host, service: service,
        reason: reason, advice: remedy,
        delayMs: configuration.settings.connectionRetryDelay.count.decimal)
      return
    }
    let last = remedy.isEmpty ? "choose another place with --source-listen-port" : remedy
    log.listeningFailed(
      port: port, host: host, service: service, reason: reason, advice: last)
    let owner = handler
    close()
    owner?.cannotListen()
  }

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    guard
      let index = services.firstIndex(where: { $0.listeners.contains { $0 === listener } })
    else {
      stream.abort()
      return
    }
    let (port, host) = Self.place(listener.address)
    log.clientAccepted(port: port, host: host, client: peer.description)
    handler?.accepted(stream, service: index, from: peer)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {
    log.acceptingPaused(address: listener.address.description, reason: error.reason)
    handler?.needsDescriptors()
  }

  private func closeListeners() {
    if let resolveID { network.cancelResolve(resolveID) }
    resolveID = nil
    if let timer { network.cancel(timer) }
    timer = nil
    for index in services.indices { services[index].close() }
    services = []
    current = 0
  }

  func close() {
    handler = nil
    closeListeners()
  }

  // MARK: Invariants

  var isClosed: Bool { handler == nil }
  /// Timers and questions that it knows of.
  var heldTimerCount: Int { timer == nil ? 0 : 1 }
  var heldQuestionCount: Int { resolveID == nil ? 0 : 1 }

  func checkInvariants() -> String? {
    var faults = InvariantCheck("the listeners")
    if handler == nil {
      faults.unless(resolveID == nil && timer == nil && services.isEmpty, "not closed")
      return faults.first
    }
    faults.unless(
      services.allSatisfy { !$0.listeners.isEmpty } || resolveID != nil || timer != nil,
      "a service without a socket, and nobody tries again")
    for service in services {
      faults.unless(
        service.listeners.allSatisfy { $0.isAccepting == (isAccepting && !service.isHeld) },
        "clients of \(service.name) are accepted or not, wrongly")
    }
    return faults.first
  }
}
