import Basics

/// What a supervisor is told (sd_notify(3)), as a value that decides when it is told, and in what words:
///
///     READY=1      clients or connections are taken; from then on with each status
///     STOPPING=1   the program is to end; the same
///     STATUS=…     what it does, how many connections are open, and the last error: when that has changed, and once a
///                  second at the most, but with a mark that is new and at the end
///     WATCHDOG=1   twice in the supervisor's period, and with each status
public struct SupervisorReport {
  public struct Facts {
    public var state: TunnelClient.State
    /// It takes clients, or connections.
    public var isReady: Bool
    public var connectionCount: Int

    public init(state: TunnelClient.State, isReady: Bool, connectionCount: Int) {
      self.state = state
      self.isReady = isReady
      self.connectionCount = connectionCount
    }

    /// What it does, in words.
    package var words: String {
      switch state {
      case .idle, .dialing, .awaitingServices: "connecting"
      case .running: isReady ? "connected" : "connected, not listening yet"
      case .backingOff: "waiting to connect again"
      case .stopping: "stopping"
      case .stopped: "stopped"
      }
    }
  }

  private enum Mark {
    case none, ready, stopping

    var text: String {
      switch self {
      case .none: ""
      case .ready: "READY=1\n"
      case .stopping: "STOPPING=1\n"
      }
    }
  }

  /// Between two statuses.
  static let interval = Milliseconds(1_000)

  private var facts = Facts(state: .idle, isReady: false, connectionCount: 0)
  private var mark = Mark.none
  /// The last status and its mark; "" when they may not have arrived.
  private var said = ""
  private var saidAt: Instant
  private let watchdogInterval: Milliseconds?
  /// When to ask for `message`.
  public private(set) var deadline: Instant?

  public init(watchdogPeriod: Milliseconds?, now: Instant) {
    watchdogInterval = watchdogPeriod.map { Milliseconds(max(1, $0.count / 2)) }
    saidAt = now
    deadline = watchdogInterval.map { now + $0 }
  }

  /// These are the facts from now on.
  public mutating func handle(_ facts: Facts, now: Instant) {
    self.facts = facts
    var mark = facts.isReady ? .ready : self.mark
    if facts.state == .stopping || facts.state == .stopped { mark = .stopping }
    let isUrgent = mark != self.mark || facts.state == .stopped
    self.mark = mark
    wait(until: isUrgent ? now : max(now, saidAt + Self.interval))
  }

  private mutating func wait(until due: Instant) { deadline = min(deadline ?? due, due) }

  /// What is to be said at the deadline; "" for nothing.
  public mutating func message(now: Instant, lastError: String) -> String {
    deadline = watchdogInterval.map { now + $0 }
    let watchdog = watchdogInterval == nil ? "" : "WATCHDOG=1\n"
    let status = status(lastError)
    if status.isSame(as: said) { return watchdog }
    said = status
    saidAt = now
    return status + watchdog
  }

  /// The message was not sent.
  public mutating func lost(now: Instant) {
    said = ""
    wait(until: now + Self.interval)
  }

  private func status(_ lastError: String) -> String {
    let counts = facts.state == .stopping || facts.state == .running && facts.isReady
    let words =
      counts ? facts.words + "; connections: " + facts.connectionCount.decimal : facts.words
    return "%STATUS=%%\n".with(
      mark.text, words, lastError.isEmpty ? "" : "; last error: " + lastError)
  }
}
