import Basics
import Reactor

/// Whoever serves a source's clients.
protocol SourceListenersHandler: AnyObject {
  func accepted(_ stream: any Stream, service: Int, from peer: SocketAddress)
  /// The system has no descriptor or memory for a client.
  func needsDescriptors()
  /// A port could not be had; the reason is in the log.
  func cannotListen()
}

/// A source's listening ports, one per service. They outlive the WebSocket.
final class SourceListeners: ListenerHandler, ResolveHandler {
  private struct Service {
    let name: String
    let endpoint: Endpoint
    var listener: (any Listener)?
  }

  private let network: any Network
  private let configuration: Configuration
  private let log: Log
  private var handler: (any SourceListenersHandler)?
  private var services: [Service] = []
  /// The service whose host is being looked up.
  private var resolving: Int?
  private var resolveID: ResolveID?

  init(
    network: any Network, configuration: Configuration, log: Log,
    handler: any SourceListenersHandler
  ) {
    self.network = network
    self.configuration = configuration
    self.log = log
    self.handler = handler
  }

  /// Listens for each service of the tunnel; those that are listened for already stay as they are.
  func serve(_ names: [String], _ mappingOfService: [Int?]) {
    if services.map({ $0.name }) == names {
      for service in services { announce(service) }
      // One that could not be had while the tunnel was down is tried again.
      if resolving == nil { listenForNext() }
      return
    }
    closeListeners()
    services = names.indices.map { index in
      let mapping = mappingOfService[index].map { configuration.mappings[$0].address }
      var host = ""
      var port: UInt16 = 0
      if case .network(let endpoint) = mapping { (host, port) = (endpoint.host, endpoint.port) }
      return Service(
        name: names[index],
        endpoint: Endpoint(host: host.isEmpty ? configuration.bindHost : host, port: port),
        listener: nil)
    }
    listenForNext()
  }

  private func listenForNext() {
    guard let index = services.firstIndex(where: { $0.listener == nil }) else { return }
    resolving = index
    let endpoint = services[index].endpoint
    resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
  }

  func resolved(_ addresses: [SocketAddress]) {
    guard let index = resolving, handler != nil else { return }
    resolving = nil
    // `localhost` is both families; clients try IPv4 as well, so that is the one to take.
    let address = addresses.first { !$0.isIPv6 } ?? addresses[0]
    do {
      services[index].listener = try network.listen(
        on: address, backlog: Settings.listenBacklog, self)
    } catch {
      fail(index, "\(address.description): \(error.reason)")
      return
    }
    announce(services[index])
    listenForNext()
  }

  func resolveFailed(reason: String) {
    guard let index = resolving, handler != nil else { return }
    resolving = nil
    fail(index, "\(services[index].endpoint.host): \(reason)")
  }

  private func announce(_ service: Service) {
    guard let address = service.listener?.address else { return }
    let suffix = service.name.isEmpty ? "" : " for service \(service.name)"
    log.info("listening on \(address.description)\(suffix)")
  }

  private func fail(_ index: Int, _ reason: String) {
    let name = services[index].name
    let option = name.isEmpty ? "-s PORT" : "-s \(name)=PORT"
    log.fatal("cannot listen on \(reason); choose another port with \(option)")
    handler?.cannotListen()
  }

  func listener(
    _ listener: any Listener, accepted stream: any Stream, from peer: SocketAddress
  ) {
    guard let index = services.firstIndex(where: { $0.listener === listener }) else {
      stream.abort()
      return
    }
    handler?.accepted(stream, service: index, from: peer)
  }

  func listener(_ listener: any Listener, paused error: SystemError) {
    log.warning(
      "cannot accept clients on \(listener.address.description) for a moment: \(error.reason)")
    handler?.needsDescriptors()
  }

  private func closeListeners() {
    if resolving != nil, let resolveID { network.cancelResolve(resolveID) }
    resolving = nil
    for service in services { service.listener?.close() }
    services = []
  }

  func close() {
    handler = nil
    closeListeners()
  }
}
