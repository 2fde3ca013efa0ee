import Basics

@testable import Proxy
@testable import Reactor

/// A network whose time stands still until the test moves it, and whose connections and listeners are the test's.
final class ScriptedNetwork: Network {
  /// A connection that was asked for.
  struct Attempt {
    let address: String
    let local: String?
    let time: Int64
    let stream: ScriptedStream
    let handler: any StreamHandler
  }

  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  private var timers = TimerHeap()
  private(set) var attempts: [Attempt] = []
  private(set) var listeners: [ScriptedListener] = []
  /// What stands for TLS; without one there is none.
  var tlsStream: ScriptedStream?
  /// Whom TLS was begun with.
  private(set) var serverNames: [String] = []
  /// Errors that `connect` and `listen` throw, by address.
  var errors: [String: SystemError] = [:]
  /// What names stand for; one that is not here has no address.
  var names: [String: [String]] = [:]
  /// The port that was last given to who asked for any.
  private(set) var freePort: UInt16 = 40_000
  private(set) var questionCount = 0
  private(set) var cancelledQuestionCount = 0
  private var questions: [(serial: UInt64, name: String, port: UInt16, any ResolveHandler)] = []

  var timerCount: Int { timers.count }
  /// Milliseconds since the start.
  var time: Int64 { (now.nanoseconds - 1_000_000_000) / 1_000_000 }
  /// Connections on their way or open.
  var openAddresses: [String] { attempts.filter { !$0.stream.isClosed }.map(\.address) }
  var listeningAddresses: [String] {
    listeners.filter { !$0.isClosed }.map(\.address.description)
  }

  /// Lets time pass, and fires what becomes due on the way at its own time.
  func advance(_ milliseconds: Int64) {
    let end = now + Milliseconds(milliseconds)
    answer()
    while let deadline = timers.nextDeadline, deadline <= end {
      if now < deadline { now = deadline }
      while let due = timers.popDue(now: now, serialBound: timers.serialBound) {
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
  func open(_ address: String) {
    attempts.last { $0.address == address && !$0.stream.isClosed }?.handler.streamOpened()
  }

  /// The last attempt at an address fails.
  func refuse(_ address: String, _ code: Int32) {
    let attempt = attempts.last { $0.address == address && !$0.stream.isClosed }
    attempt?.stream.close()
    attempt?.handler.streamFailed(.system(SystemError(code, "connect")))
  }

  // MARK: Network

  func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    timers.schedule(at: deadline, handler: handler, tag: tag)
  }

  func cancel(_ timer: TimerID) { timers.cancel(timer) }

  func whenTurnEnds(_ handler: any TurnHandler) {}

  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    questionCount += 1
    questions.append((UInt64(questionCount), name, port, handler))
    return ResolveID(serial: UInt64(questionCount))
  }

  func cancelResolve(_ id: ResolveID) {
    cancelledQuestionCount += 1
    questions.removeAll { $0.serial == id.serial }
  }

  func listen(
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

  func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any Stream {
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

  func startTLS(
    over stream: any Stream, context: TLSContext, serverName: String?, _ handler: any StreamHandler
  ) throws(TLSError) -> any Stream {
    serverNames.append(serverName ?? "")
    guard let tlsStream else { throw .library(reason: "this scripted network has no TLS") }
    tlsStream.handler = handler
    return tlsStream
  }
}

/// A listening socket whose clients are the test's.
final class ScriptedListener: Listener {
  var isAccepting = true
  let address: SocketAddress
  let keepalive: Keepalive?
  private(set) var isClosed = false

  init(_ address: SocketAddress, _ keepalive: Keepalive?) {
    self.address = address
    self.keepalive = keepalive
  }

  func close() { isClosed = true }
}
