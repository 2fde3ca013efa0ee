import Basics
import Reactor
import Testing

@testable import Simulator

/// The simulator's world with one machine, in which nothing goes wrong and nothing takes time: the test moves the clock,
/// and has the other end of each connection.
final class QuietWorld {
  /// A connection that the program has asked for. It waits until the test opens or refuses it.
  struct Attempt {
    let address: String
    let local: String?
    /// Milliseconds since the start.
    let time: Int64
    /// Nil where the system had an error at once.
    fileprivate(set) var socket: KernelSocket?

    var stream: (any ByteStream)? { socket?.stream }
    var keepalive: Keepalive? { socket?.keepalive }
    fileprivate var isOpen: Bool { socket.map { $0.state != .closed } ?? false }
  }

  private let world = World(seed: 1)
  private let machine: Machine
  /// The program's way to the world.
  let network: SimulatedNetwork
  /// The test's.
  private let farNetwork: SimulatedNetwork
  private(set) var attempts: [Attempt] = []
  /// Places that were listened on.
  private(set) var listenCount = 0
  /// What the system says to who connects there, or listens.
  var errors: [String: SystemError] = [:]
  /// The program's calls so far: timers that fired, events, answers.
  var callCount: Int { network.callSerial }
  var timerCount: Int { network.timerCount }
  var now: Instant { network.now }
  var time: Int64 { now.nanoseconds / 1_000_000 }

  init() {
    world.turnTimeMax = 0
    world.nameTime = Milliseconds(0)
    world.bufferByteCounts = 1 << 20...1 << 20
    machine = world.machine("here")
    world.path(machine, machine).delay = 0
    network = SimulatedNetwork(world, machine, "the program")
    network.forbidsDropping = true
    farNetwork = SimulatedNetwork(world, machine, "the test")
    world.connecting = { [unowned self] address, local throws(SystemError) in
      attempts.append(Attempt(address: address.description, local: local?.host, time: time))
      if let error = errors[address.description] { throw error }
    }
    world.listening = { [unowned self] address throws(SystemError) in
      if let error = errors[address.description] { throw error }
      listenCount += 1
    }
    world.holding = { [unowned self] socket in
      attempts[attempts.count - 1].socket = socket
      return true
    }
    network.start()
  }

  deinit {
    network.kill()
    farNetwork.kill()
    world.end()
  }

  /// Trusts all, and everybody trusts it.
  var credentials: any TLSCredentials { SimulatedTLSCredentials(world) }

  /// What names stand for; one that is not here has no address.
  var names: [String: [String]] {
    get { world.names }
    set { world.names = newValue }
  }

  /// Bytes that each socket of a connection made from now on has room for, each way.
  var bufferByteCount: Int {
    get { world.bufferByteCounts.lowerBound }
    set { world.bufferByteCounts = newValue...newValue }
  }

  /// Nothing arrives any more, and nothing is acknowledged.
  func halt() { world.halt(world.path(machine, machine), until: .never) }

  // MARK: Time

  /// Lets time pass; what becomes due on the way happens at its own time.
  func advance(_ milliseconds: Int64) {
    run(until: world.now + Milliseconds(milliseconds))
    // Whoever calls the program from outside of a turn finds the time that it is.
    network.start()
  }

  /// Lets happen what happens at once.
  func settle() { run(until: world.now) }

  private func run(until end: Instant) {
    world.run(until: end)
    if let failure = world.failure { Issue.record("\(failure)") }
  }

  // MARK: Places

  /// Addresses of connections on their way or open.
  var openAddresses: [String] { attempts.filter { $0.isOpen }.map { $0.address } }
  var listeners: [any Listener] { machine.listeners }
  var listeningAddresses: [String] { listeners.map { $0.address.description } }
  var listeningKeepalives: [Keepalive?] { machine.listeners.map { $0.keepalive } }

  private func lastAttempt(at address: String) -> KernelSocket? {
    attempts.last { $0.address == address && $0.isOpen }?.socket
  }

  /// The last attempt at an address opens.
  /// - Parameter name: of a server who speaks TLS; nil for one who does not.
  @discardableResult
  func open(_ address: String, tls name: String? = nil) throws -> FarEnd {
    let socket = try #require(lastAttempt(at: address), "connections: \(openAddresses)")
    let far = FarEnd(self, of: socket, farNetwork.accept(socket))
    if let name { try far.startTLS(as: name) }
    settle()
    return far
  }

  /// The socket of the last attempt at an address takes so many bytes before it is full.
  func limit(_ address: String, to roomLeft: Int?) { lastAttempt(at: address)?.roomLeft = roomLeft }

  /// The last attempt at an address fails.
  func refuse(_ address: String, _ code: Int32) {
    lastAttempt(at: address)?.failConnecting(code)
    settle()
  }

  // MARK: Connections

  /// A connection that is open.
  func connection() -> (near: SimulatedStream, far: FarEnd) {
    let (near, far) = network.openConnection(with: farNetwork)
    return (near, FarEnd(self, of: near.socket, far))
  }

  /// The same below TLS.
  func secureConnection() throws -> (near: any SecureStream, far: FarEnd) {
    let (near, far) = connection()
    try far.startTLS()
    let secure = try credentials.start(over: near, serverName: "", on: network, far)
    settle()
    far.near = secure
    return (secure, far)
  }

  /// Puts TLS over the test's end of a connection.
  func startTLS(
    over stream: any ByteStream, named name: String, _ handler: any StreamHandler
  ) throws -> any SecureStream {
    let credentials = SimulatedTLSCredentials(world)
    credentials.name = name
    return try credentials.start(over: stream, serverName: nil, on: farNetwork, handler)
  }
}
