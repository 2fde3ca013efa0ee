import Basics
import Configuration
import Reactor
import Status

/// Whoever knows what the status pages say.
protocol StatusSource: AnyObject {
  /// Nil when there is no memory for them.
  var statusFacts: StatusFacts? { get }
  /// A place could not be had; the reason is in the log.
  func statusCannotListen()
}

/// Serves the status pages (`--status`): a request, its answer, and the end of the connection.
///
/// A client has a time for all that, and there are few places for them: who comes takes that of the oldest, for an honest
/// one is through in a few milliseconds. Without clients there is a listening socket and nothing else.
final class StatusServer: ListenerHandler, ResolveHandler, TurnHandler {
  /// Clients at once.
  static let clientCountMax = 8
  /// From a client's coming to the last byte of its answer.
  static let clientTimeout = Milliseconds(5_000)

  let network: any Network
  private let place: LocalAddress
  /// What it is called: see `StatusRequest`.
  let hosts: String
  private let log: Log
  private(set) var source: (any StatusSource)?
  private var listener: (any Listener)?
  private var clients = InlineArray<8, StatusClient?>(repeating: nil)
  private var nextClient = 0
  private var resolveID: ResolveID?

  init(network: any Network, place: LocalAddress, log: Log, source: any StatusSource) {
    self.network = network
    self.place = place
    self.log = log
    self.source = source
    var hosts = ""
    if case .network(let endpoint) = place {
      hosts = "localhost|" + endpoint.host.octets[...].lowercasedText
    }
    self.hosts = hosts
  }

  func start() {
    switch place {
    case .network(let endpoint):
      resolveID = network.resolve(endpoint.host, port: endpoint.port, self)
    case .unix, .standardStreams: network.whenTurnEnds(self)
    }
  }

  /// Nobody can be told of a failure before.
  func turnEnded() {
    if case .unix(let path) = place { listen(on: SocketAddress(path: path, isPrivate: true)) }
  }

  /// Of localhost, IPv4's.
  func resolved(_ addresses: [SocketAddress]) {
    resolveID = nil
    listen(on: addresses.first { !$0.isIPv6 } ?? addresses[0])
  }

  func resolveFailed(reason: String) {
    resolveID = nil
    fail(reason)
  }

  private func listen(on address: SocketAddress) {
    do throws(SystemError) {
      let listener = try network.listen(on: address, backlog: Int32(Self.clientCountMax), self)
      self.listener = listener
      log.statusServed(address: listener.address.description)
    } catch {
      fail(error.reason)
    }
  }

  private func fail(_ reason: String) {
    log.statusFailed(place: place.description, reason: reason)
    source?.statusCannotListen()
  }

  func listener(
    _ listener: any Listener, accepted stream: any ByteStream, from peer: SocketAddress
  ) {
    clients[nextClient]?.abort()
    let client = StatusClient(stream, of: self, at: nextClient)
    clients[nextClient] = client
    nextClient = (nextClient + 1) % Self.clientCountMax
    client.start()
  }

  /// Somebody else's connections may have taken the last descriptor; the next client is in no hurry.
  func listener(_ listener: any Listener, paused error: SystemError) {}

  func forget(_ client: StatusClient) {
    if clients[client.place] === client { clients[client.place] = nil }
  }

  func close() {
    source = nil
    if let resolveID { network.cancelResolve(resolveID) }
    resolveID = nil
    listener?.close()
    for index in clients.indices { clients[index]?.abort() }
  }

  // MARK: Invariants

  var heldTimerCount: Int {
    clients.indices.reduce(0) { $0 + (clients[$1]?.heldTimerCount ?? 0) }
  }
  var heldQuestionCount: Int { resolveID == nil ? 0 : 1 }
}

/// One client of the status server.
final class StatusClient: StreamHandler, TimerHandler {
  private let stream: any ByteStream
  private let server: StatusServer
  /// Among the server's.
  let place: Int
  private var request: [UInt8] = []
  /// What is still to be sent.
  private var answer = ByteQueue()
  private var timer = DeadlineTimer()

  init(_ stream: any ByteStream, of server: StatusServer, at place: Int) {
    self.stream = stream
    self.server = server
    self.place = place
  }

  var heldTimerCount: Int { timer.due == nil ? 0 : 1 }

  func start() {
    stream.handler = self
    stream.interest = .readable
    timer.set(server.network.now + StatusServer.clientTimeout, on: server.network, self)
  }

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    abort()
  }

  func streamOpened() {}

  func streamFailed(_ failure: StreamFailure) { abort() }

  func streamReady(_ readiness: Readiness) {
    if answer.isEmpty { receive() }
    if !answer.isEmpty { send() }
  }

  private func receive() {
    var buffer = ByteQueue()
    buffer.reserve(StatusRequest.byteCountMax - request.count)
    switch buffer.withWritable({ stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      request += buffer.withReadable { $0.octets }
      let request = request
      var isHead = false
      let parsed = StatusRequest.parse(request.span, hosts: server.hosts, isHead: &isHead)
      if parsed == .needMore { return }
      guard let facts = server.source?.statusFacts else {
        abort()
        return
      }
      let octets = StatusAnswer.octets(parsed, isHead: isHead, facts)
      answer.append(octets.span)
    case .wouldBlock: break
    case .endOfStream, .failed: abort()
    }
  }

  private func send() {
    switch answer.withReadable({ stream.send($0) }) {
    case .accepted(let count): answer.consume(count)
    case .wouldBlock: break
    case .failed:
      abort()
      return
    }
    stream.interest = .writable
    if !answer.isEmpty { return }
    // A close with something unread would discard what is on its way.
    timer.set(nil, on: server.network, self)
    Farewell(network: server.network, stream: stream, isCut: false) { self.server.forget(self) }
      .start()
  }

  func abort() {
    server.forget(self)
    timer.set(nil, on: server.network, self)
    stream.abort()
  }
}
