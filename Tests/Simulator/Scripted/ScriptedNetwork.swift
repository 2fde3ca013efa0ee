import Basics
import Reactor

/// A network whose time stands still until the test moves it, and whose connections and listeners are the test's.
public final class ScriptedNetwork: Network {
  public init() {}

  /// A connection that was asked for.
  public struct Attempt {
    public let address: String
    public let local: String?
    public let time: Int64
    public let stream: ScriptedStream
    public let handler: any StreamHandler
  }

  public private(set) var now = Instant(nanoseconds: 1_000_000_000)
  private var timers = TimerHeap()
  public private(set) var attempts: [Attempt] = []
  public private(set) var listeners: [ScriptedListener] = []
  /// What stands for TLS; without one there is none.
  public var tlsStream: ScriptedStream?
  /// Whom TLS was begun with.
  public private(set) var serverNames: [String] = []
  /// Errors that `connect` and `listen` throw, by address.
  public var errors: [String: SystemError] = [:]
  /// What names stand for; one that is not here has no address.
  public var names: [String: [String]] = [:]
  /// Sockets that the process was started with: what each is called, and where it listens.
  public var passed: [(name: String, address: SocketAddress)] = []
  /// The port that was last given to who asked for any.
  public private(set) var freePort: UInt16 = 40_000
  public private(set) var questionCount = 0
  public private(set) var cancelledQuestionCount = 0
  private var questions: [(serial: UInt64, name: String, port: UInt16, any ResolveHandler)] = []

  /// Timers that have fired.
  public private(set) var firedCount = 0

  public var timerCount: Int { timers.count }
  /// Milliseconds since the start.
  public var time: Int64 { (now.nanoseconds - 1_000_000_000) / 1_000_000 }
  /// Connections on their way or open.
  public var openAddresses: [String] { attempts.filter { !$0.stream.isClosed }.map { $0.address } }
  public var listeningAddresses: [String] {
    listeners.filter { !$0.isClosed }.map { $0.address.description }
  }

  /// Lets time pass, and fires what becomes due on the way at its own time.
  public func advance(_ milliseconds: Int64) {
    let end = now + Milliseconds(milliseconds)
    answer()
    while let deadline = timers.nextDeadline, deadline <= end {
      if now < deadline { now = deadline }
      while let due = timers.popDue(now: now, serialBound: timers.serialBound) {
        firedCount += 1
        precondition(firedCount < 100_000, "a timer that sets itself again for now, without end")
        due.handler.timerFired(tag: due.tag, now: now)
      }
      answer()
    }
    now = end
  }

  private func answer() {
    while !questions.isEmpty {
      let (_, name, port, handler) = questions.removeFirst()
      let hosts = SocketAddress(numeric: name, port: port) == nil ? names[name] ?? [] : [name]
      let addresses = hosts.compactMap { SocketAddress(numeric: $0, port: port) }
      if addresses.isEmpty {
        handler.resolveFailed(reason: "unknown name")
      } else {
        handler.resolved(addresses)
      }
    }
  }

  /// The last attempt at an address opens.
  public func open(_ address: String) {
    attempts.last { $0.address == address && !$0.stream.isClosed }?.handler.streamOpened()
  }

  /// The last attempt at an address fails.
  public func refuse(_ address: String, _ code: Int32) {
    let attempt = attempts.last { $0.address == address && !$0.stream.isClosed }
    attempt?.stream.close()
    attempt?.handler.streamFailed(.system(SystemError(code, "connect")))
  }

  // MARK: Network

  public func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    timers.schedule(at: deadline, handler: handler, tag: tag)
  }

  public func cancel(_ timer: TimerID) { timers.cancel(timer) }

  public func whenTurnEnds(_ handler: any TurnHandler) {}

  public func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    questionCount += 1
    questions.append((UInt64(questionCount), name, port, handler))
    return ResolveID(serial: UInt64(questionCount))
  }

  public func cancelResolve(_ id: ResolveID) {
    cancelledQuestionCount += 1
    questions.removeAll { $0.serial == id.serial }
  }

  public var passedSocketCount: Int { passed.count }

  public func passedAddresses(for service: String?) -> [SocketAddress] {
    passed.filter { service == nil || $0.name == service }.map { $0.address }
  }

  public func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?,
    _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener {
    if let error = errors[address.description] { throw error }
    let isAnyPort = address.port == 0 && !address.isUnix
    if isAnyPort { freePort += 1 }
    let listener = ScriptedListener(
      isAnyPort ? address.with(port: freePort) : address, keepalive)
    listeners.append(listener)
    return listener
  }

  /// What stands for standard input and output.
  public let standardStream = ScriptedStream()
  public private(set) var standardOwner: (any StandardConnectionHandler)?

  public func takeStandardConnection(
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) -> any ByteStream {
    standardOwner = owner
    return standardStream
  }

  public func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any ByteStream {
    let stream = ScriptedStream()
    attempts.append(
      Attempt(
        address: address.description, local: local?.host, time: time, stream: stream,
        handler: handler))
    if let error = errors[address.description] {
      stream.close()
      throw error
    }
    stream.handler = handler
    return stream
  }

  public func makeClientTLS(
    trusting extraDirectory: String?, verifiesPeer: Bool
  ) throws(TLSError) -> any TLSCredentials { ScriptedCredentials(self) }

  fileprivate func startTLS(
    _ serverName: String?, _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream {
    serverNames.append(serverName ?? "")
    guard let tlsStream else { throw .library(reason: "this scripted network has no TLS") }
    tlsStream.handler = handler
    return tlsStream
  }

  private var entropy = SeededGenerator(seed: 1)

  public func randomize(_ octets: inout [UInt8]) throws(TLSError) {
    for index in octets.indices { octets[index] = UInt8(truncatingIfNeeded: entropy.next()) }
  }

  public func giveBackMemory() {}
  public var wipesFreedMemory = false
}

/// The TLS of a scripted network: `tlsStream`.
public final class ScriptedCredentials: TLSCredentials {
  private let network: ScriptedNetwork
  public let trustSource = "a script"
  public let trustWarning = ""

  public init(_ network: ScriptedNetwork) { self.network = network }

  public func renewed() throws(TLSError) -> any TLSCredentials { self }

  public func start(
    over transport: any ByteStream, serverName: String?, on network: any Network,
    _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream {
    try self.network.startTLS(serverName, handler)
  }
}

/// A listening socket whose clients are the test's.
public final class ScriptedListener: Listener {
  public var isAccepting = true
  public let address: SocketAddress
  public let keepalive: Keepalive?
  public private(set) var isClosed = false

  init(_ address: SocketAddress, _ keepalive: Keepalive?) {
    self.address = address
    self.keepalive = keepalive
  }

  public func close() { isClosed = true }
}
