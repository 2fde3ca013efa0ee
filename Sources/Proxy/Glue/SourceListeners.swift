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
/// it listens on a name that has addresses of both families, as `localhost` has. Does what `SourceListenersCore` decides.
final class SourceListeners: ListenerHandler, ResolveHandler, TimerHandler {
  private final class Service {
    let name: String
    let address: LocalAddress
    /// How many sockets listen for it that the process was started with: there, and not at `address`.
    let passedCount: Int
    /// Where they do, else the path; of a name what was found.
    var places: [SocketAddress]
    /// Of two, IPv4's is the first.
    var listeners: [any Listener] = []

    init(_ name: String, _ address: LocalAddress, passed: [SocketAddress]) {
      self.name = name
      self.address = address
      passedCount = passed.count
      places = passed
    }

    func isSame(as other: Service) -> Bool {
      name.isSame(as: other.name) && passedCount == other.passedCount
        && address.description.isSame(as: other.address.description)
    }

    func close() {
      for listener in listeners { listener.close() }
      listeners = []
    }
  }

  private let network: any Network
  private let configuration: Configuration
  private let log: Log
  private var handler: (any SourceListenersHandler)?
  private var core = SourceListenersCore()
  private var services: [Service] = []
  /// The services that there were before.
  private var former: [Service] = []
  /// The look-up of a service's name.
  private var question: (id: ResolveID, service: Service)?
  private var timer = DeadlineTimer()
  /// What the log says of the last failure: a port, "" for a Unix socket, the address it is of, or the path, and why.
  private var fault = (port: "", host: "", reason: "", remedy: "")

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
    var others = ""
    for service in services {
      guard let address = service.listeners.first?.address, !address.isUnix else { continue }
      if name.map({ service.name.isSame(as: $0) }) ?? (services.count == 1) { return address.port }
      others += " {port:" + service.name + "}"
    }
    throw UsageError(
      "the command's {port%} is of no one service that listens on a port; these do:%",
      with: name.map { ":" + $0 } ?? "", others.isEmpty ? " none" : others)
  }

  /// False keeps clients waiting in the kernel, on ports that stay as they are.
  var isAccepting: Bool {
    get { core.isAccepting }
    set { tell(.acceptingChanged(newValue)) }
  }

  /// There is a socket for each service.
  var isListening: Bool { core.isListening }

  /// The same for the clients of one service.
  func hold(_ service: Int, _ isHeld: Bool) { tell(.held(service: service, isHeld)) }

  /// The tunnel is gone, and with it all who waited for a place in it.
  func holdNone() { tell(.tunnelLost) }

  /// Listens for each service of the tunnel; those that are listened for already stay as they are.
  /// - Parameter mappingOfService: for each service the index of its mapping among `mappings` and then
  ///   `directoryMappings`; nil for a free port.
  /// - Parameter isForGood: what cannot be had is tried for as long as it takes.
  func serve(_ names: [String], _ mappingOfService: [Int?], isForGood: Bool = false) {
    let mappings = configuration.allMappings
    former = services
    services = []
    var wanted: [SourceListenersCore.Service] = []
    for index in names.indices {
      var service = Service(
        names[index], place(mappingOfService[index].map { mappings[$0].address }),
        passed: network.passedAddresses(for: names.count == 1 ? nil : names[index]))
      let stays = index < former.count && former[index].isSame(as: service)
      if stays { service = former[index] }
      services.append(service)
      wanted.append(describe(service, stays))
    }
    let settings = configuration.settings
    tell(
      .served(
        wanted, retryCount: isForGood ? nil : settings.connectionRetryCountMax,
        retryDelay: settings.connectionRetryDelay))
    former = []
  }

  private func describe(_ service: Service, _ stays: Bool) -> SourceListenersCore.Service {
    var addressCount: Int? = service.passedCount
    var takesFreePort = false
    if service.passedCount == 0 {
      switch service.address {
      case .network(let endpoint): (addressCount, takesFreePort) = (nil, endpoint.port == 0)
      case .unix(let path):
        service.places = [SocketAddress(path: path)]
        addressCount = 1
      // That client needs no socket.
      case .standardStreams: break
      }
    }
    return .init(stays: stays, addressCount: addressCount, takesFreePort: takesFreePort)
  }

  /// Fills in what a mapping leaves out.
  private func place(_ address: LocalAddress?) -> LocalAddress {
    guard let address else {
      return .network(Endpoint(host: configuration.bindHost, port: 0))
    }
    guard case .network(let endpoint) = address, endpoint.host.isEmpty else { return address }
    return .network(Endpoint(host: configuration.bindHost, port: endpoint.port))
  }

  func close() {
    handler = nil
    tell(.closed)
  }

  // MARK: Facts and orders

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell(.deadlineCame)
  }

  func resolved(_ addresses: [SocketAddress]) {
    question?.service.places = addresses
    question = nil
    var isIPv6: [Bool] = []
    for address in addresses { isIPv6.append(address.isIPv6) }
    tell(.nameFound(isIPv6: isIPv6))
  }

  func resolveFailed(reason: String) {
    guard let service = question?.service else { return }
    question = nil
    let hint = configuration.mappings.first?.hint(service.name) ?? ""
    fault = (
      "", service.address.description, reason, hint.isEmpty ? remedy(forHostOf: service) : hint
    )
    tell(.nameFailed)
  }

  private func tell(_ event: SourceListenersCore.Event) {
    core.handle(event, now: network.now)
    var isOver = false
    var listens = false
    while let order = core.next() {
      switch order {
      case .resolve(let service): resolve(services[service])
      case .forgetQuestion:
        if let question { network.cancelResolve(question.id) }
        question = nil
      case .listen(let service, let address, let port):
        core.handle(listen(services[service], address, port), now: network.now)
      case .close(let service): services[service].close()
      case .closeFormer(let service): former[service].close()
      case .accept(let service, let accepts):
        for listener in services[service].listeners { listener.isAccepting = accepts }
      case .reportPlace(let service): announce(services[service])
      case .reportFailure(let service, let isLast): say(services[service].name, isLast)
      case .reportListening: listens = true
      case .reportEnd: isOver = true
      }
    }
    timer.set(core.deadline, on: network, self)
    // Whoever hears of it may close all.
    if listens { handler?.isListening() }
    if isOver {
      let owner = handler
      handler = nil
      owner?.cannotListen()
    }
  }

  private func resolve(_ service: Service) {
    guard case .network(let endpoint) = service.address else { return }
    question = (network.resolve(endpoint.host, port: endpoint.port, self), service)
  }

  /// Listens at an address; returns what came of it.
  private func listen(
    _ service: Service, _ address: Int, _ port: UInt16?
  ) -> SourceListenersCore.Event {
    var place = service.places[address]
    if let port { place = place.with(port: port) }
    do throws(SystemError) {
      let listener = try network.listen(
        on: place, backlog: Settings.listenBacklog, keepalive: configuration.settings.keepalive,
        self)
      service.listeners.append(listener)
      return .opened(port: listener.address.port)
    } catch {
      note(service, place, error)
      return .notOpened(
        error.isPlaceMissing ? .addressMissing : error.isAddressTaken ? .portTaken : .other)
    }
  }

  // MARK: Words

  /// A host that the mapping leaves out is `--local-bind-address`.
  private func remedy(forHostOf service: Service) -> String {
    guard case .network(let endpoint) = service.address,
      endpoint.host.isSame(as: configuration.bindHost)
    else { return "choose another host in its mapping" }
    return "choose one with --local-bind-address"
  }

  private func note(_ service: Service, _ address: SocketAddress, _ error: SystemError) {
    let (port, host) = Self.place(address)
    fault = (port, host, error.reason, "")
    if error.isAddressMissing {
      fault.reason = "it is not an address of this machine"
      fault.remedy = remedy(forHostOf: service)
    } else if address.isUnix {
      fault.remedy = error.remedyForPath
    } else if error.isForbidden && address.port < 1024 {
      fault.remedy = "a port below 1024 takes root or CAP_NET_BIND_SERVICE"
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

  /// Why the service cannot be had.
  /// - Parameter isLast: there is no further attempt, and that ends it all.
  private func say(_ service: String, _ isLast: Bool) {
    if isLast {
      log.listeningFailed(
        port: fault.port, host: fault.host, service: service, reason: fault.reason,
        advice: fault.remedy.isEmpty
          ? "choose another place with --source-listen-port" : fault.remedy)
    } else {
      log.listeningAgain(
        port: fault.port, host: fault.host, service: service, reason: fault.reason,
        advice: fault.remedy,
        delayMs: configuration.settings.connectionRetryDelay.count.decimal)
    }
  }

  // MARK: Clients

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    let service = services.firstIndex { $0.listeners.contains { $0 === listener } }
    guard let service else {
      stream.abort()
      return
    }
    // Text of each client's addresses only where somebody reads it.
    log.clientAccepted(
      port: Self.place(listener.address).port, host: Self.place(listener.address).host,
      client: peer.description)
    handler?.accepted(stream, service: service, from: peer)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {
    log.acceptingPaused(address: listener.address.description, reason: error.reason)
    handler?.needsDescriptors()
  }

  // MARK: Invariants

  var isClosed: Bool { core.isOver }
  /// Timers and questions that it knows of.
  var heldTimerCount: Int { timer.due == nil ? 0 : 1 }
  var heldQuestionCount: Int { question == nil ? 0 : 1 }

  func checkInvariants() -> String? {
    var faults = InvariantCheck("the listeners")
    faults.take(core.checkInvariants())
    faults.unless(timer.due == core.deadline, "the timer is not the core's")
    faults.unless((question != nil) == core.isResolving, "core and question disagree")
    faults.unless(!isClosed || handler == nil, "it is over, and nobody was told")
    let counts = core.socketCounts
    for (number, service) in services.enumerated() {
      if service.listeners.count != (number < counts.count ? counts[number] : 0) {
        faults.unless(false, "core and sockets disagree")
      } else if !service.listeners.isEmpty {
        faults.unless(
          service.listeners.allSatisfy { $0.isAccepting == core.accepts(number) },
          "clients of \(service.name) are accepted or not, wrongly")
      }
    }
    return faults.first
  }
}
