import Basics

/// Names a token without telling anything of it.
public struct TokenTag: Sendable {
  public let text: String

  public init(_ text: String) { self.text = text }

  func isSame(as other: TokenTag) -> Bool { text.isSame(as: other.text) }
}

/// Names a tunnel: they are counted from 1 on.
public struct TunnelID: Equatable, Sendable {
  public let number: Int

  package init(number: Int) { self.number = number }
}

/// What a localproxy is started with.
public struct Launch: Sendable {
  public let token: [UInt8]
  public let tag: TokenTag
  public let region: String
  /// For -d.
  public let mappings: [String]
}

/// How a localproxy has ended.
public enum ProxyEnd: Sendable {
  case exited(Int32)
  case killed(Int32)
  /// Another agent had started it: nobody tells this one.
  case gone
}

/// Which localproxies run: one for each notification that is accepted.
///
/// Facts go in by `handle`, orders come out of `next`, and when nothing happens until `deadline`, that is a fact, too.
/// A notification names no tunnel. So a new token for a tunnel that is served is a tunnel more here, until the service has
/// told the old localproxy, which ends with status 3; and the places should be one more than the tunnels. It has no time
/// either: a token that is worth nothing any more is found out by its localproxy, which ends with status 3 as well, and
/// is remembered then.
public struct AgentCore {
  public struct Policy: Sendable {
    /// Tunnels at once.
    public var tunnelCountMax = 8
    /// Starts of a localproxy that fails, after the first, in a row.
    public var restartCountMax = 3
    /// Before the first of those; it is doubled for each further one.
    public var restartDelay = Milliseconds(2_000)
    /// One that has run for so long has not failed in a row.
    public var steadyAfter = Milliseconds(300_000)
    /// How long a localproxy may take to end, before it is killed.
    public var endPatience = Milliseconds(15_000)
    /// The localproxies go on without the agent.
    public var leavesChildren = false

    public init() {}
  }

  /// Tokens of tunnels that are over, which are known when they come again: the newest.
  public static let recentCountMax = 64

  public enum Event: Sendable {
    case notified(Notification, TokenTag)
    /// A localproxy that another agent has started runs.
    case adopted(TokenTag)
    case started(TunnelID)
    case startFailed(TunnelID, reason: String)
    case ended(TunnelID, ProxyEnd)
    /// No notification comes any more.
    case inputEnded
    case stopRequested
    case deadlineCame
  }

  public enum Order: Sendable {
    /// Say `started` or `startFailed`.
    case start(TunnelID, Launch)
    /// Ask it to end.
    case end(TunnelID)
    case kill(TunnelID)
    case report(Report)
    /// There is nothing more to do. So many localproxies go on alone.
    case finish(leaving: Int)
  }

  /// What somebody should know.
  public enum Report: Sendable {
    case accepted(TunnelID, Launch)
    case adopted(TunnelID)
    /// It runs already, or is over.
    case duplicate
    case full(max: Int)
    /// Nil: a tunnel whose services have no names.
    case serviceNotAllowed(String?)
    case regionNotAllowed
    case stopping
    case over(TunnelID, ProxyEnd)
    /// It would end in the same way again.
    case mistaken(TunnelID, ProxyEnd)
    case restarts(TunnelID, Failure, after: Milliseconds)
    case givenUp(TunnelID, Failure)
  }

  public enum Failure: Sendable {
    case ended(ProxyEnd)
    case notStarted(reason: String)
  }

  private enum State {
    /// The order is out.
    case starting
    case running(since: Instant)
    case backingOff(until: Instant)
    /// It was asked to end; nil: it was killed.
    case ending(patienceEnd: Instant?)
  }

  private struct Tunnel {
    let id: TunnelID
    let tag: TokenTag
    /// Nil when it cannot be started again: the token is given away then.
    var launch: Launch?
    var state: State
    var restartCount = 0
  }

  private let policy: Policy
  private let services: AllowedServices
  /// Nil for any.
  private let region: String?
  private var tunnels: [Tunnel] = []
  private var recent: [TokenTag] = []
  private var lastNumber = 0
  private var orders: [Order] = []
  private var isStopping = false
  private var inputHasEnded = false
  private var isFinished = false

  public init(policy: Policy, services: AllowedServices, region: String?) {
    self.policy = policy
    self.services = services
    self.region = region
  }

  public var tunnelCount: Int { tunnels.count }

  public mutating func next() -> Order? { orders.isEmpty ? nil : orders.removeFirst() }

  /// When to say `deadlineCame` if nothing else happens.
  public var deadline: Instant? {
    var deadline: Instant?
    for tunnel in tunnels {
      switch tunnel.state {
      case .backingOff(let until): deadline = Instant.earliest(deadline, until)
      case .ending(let patienceEnd): deadline = Instant.earliest(deadline, patienceEnd)
      case .starting, .running: break
      }
    }
    return deadline
  }

  public mutating func handle(_ event: Event, now: Instant) {
    if isFinished { return }
    switch event {
    case .notified(let notification, let tag): accept(notification, tag)
    case .adopted(let tag): adopt(tag, now)
    case .started(let id):
      guard let place = place(id), case .starting = tunnels[place].state else { return }
      if isStopping {
        end(place, now)
      } else {
        tunnels[place].state = .running(since: now)
      }
    case .startFailed(let id, let reason):
      guard let place = place(id), case .starting = tunnels[place].state else { return }
      retry(place, .notStarted(reason: reason), now)
    case .ended(let id, let end): ended(id, end, now)
    case .inputEnded: inputHasEnded = true
    case .stopRequested: stop(now)
    case .deadlineCame: deadlineCame(now)
    }
    finishIfDone()
  }

  // MARK: Notifications

  private mutating func accept(_ notification: Notification, _ tag: TokenTag) {
    let knows =
      tunnels.contains { $0.tag.isSame(as: tag) } || recent.contains { $0.isSame(as: tag) }
    if knows {
      orders.append(.report(.duplicate))
      return
    }
    if isStopping {
      orders.append(.report(.stopping))
      return
    }
    if let region, !region.isSame(as: notification.region) {
      orders.append(.report(.regionNotAllowed))
      return
    }
    switch services.mappings(for: notification.services) {
    case .unknown(let name): orders.append(.report(.serviceNotAllowed(name)))
    case .known(let mappings):
      if tunnels.count >= policy.tunnelCountMax {
        orders.append(.report(.full(max: policy.tunnelCountMax)))
        return
      }
      let launch = Launch(
        token: notification.token, tag: tag, region: notification.region, mappings: mappings)
      let id = nextID()
      tunnels.append(Tunnel(id: id, tag: tag, launch: launch, state: .starting))
      orders.append(.report(.accepted(id, launch)))
      start(tunnels.count - 1)
    }
  }

  /// It has its place whatever the limit says, for it runs.
  private mutating func adopt(_ tag: TokenTag, _ now: Instant) {
    let id = nextID()
    tunnels.append(Tunnel(id: id, tag: tag, launch: nil, state: .running(since: now)))
    orders.append(.report(.adopted(id)))
  }

  private mutating func nextID() -> TunnelID {
    lastNumber += 1
    return TunnelID(number: lastNumber)
  }

  private func place(_ id: TunnelID) -> Int? { tunnels.firstIndex { $0.id == id } }

  private mutating func start(_ place: Int) {
    guard let launch = tunnels[place].launch else { return }
    tunnels[place].state = .starting
    orders.append(.start(tunnels[place].id, launch))
    // After the last start nobody needs the token.
    if tunnels[place].restartCount >= policy.restartCountMax { tunnels[place].launch = nil }
  }

  // MARK: Ends

  private mutating func ended(_ id: TunnelID, _ end: ProxyEnd, _ now: Instant) {
    guard let place = place(id) else { return }
    switch tunnels[place].state {
    case .backingOff: return
    case .ending:
      leave(place, .over(id, end), remembers: false)
      return
    case .running(let since):
      if since + policy.steadyAfter < now && tunnels[place].launch != nil {
        tunnels[place].restartCount = 0
      }
    case .starting: break
    }
    switch end {
    // The tunnel is closed, the token is refused or rotated, or another one has it: with this token nothing comes.
    case .exited(0), .exited(3), .exited(7): leave(place, .over(id, end), remembers: true)
    // Wrong usage, no place to listen, other services than the tunnel's.
    case .exited(2), .exited(5), .exited(6): leave(place, .mistaken(id, end), remembers: false)
    case .gone: leave(place, .over(id, end), remembers: false)
    case .exited, .killed: retry(place, .ended(end), now)
    }
  }

  private mutating func retry(_ place: Int, _ failure: Failure, _ now: Instant) {
    let id = tunnels[place].id
    if tunnels[place].launch == nil || isStopping {
      leave(place, .givenUp(id, failure), remembers: false)
      return
    }
    let delay = Milliseconds(
      policy.restartDelay.count << Int64(min(tunnels[place].restartCount, 10)))
    tunnels[place].restartCount += 1
    tunnels[place].state = .backingOff(until: now + delay)
    orders.append(.report(.restarts(id, failure, after: delay)))
  }

  private mutating func leave(_ place: Int, _ report: Report, remembers: Bool) {
    let tunnel = tunnels.remove(at: place)
    orders.append(.report(report))
    if !remembers { return }
    if recent.count == Self.recentCountMax { recent.removeFirst() }
    recent.append(tunnel.tag)
  }

  // MARK: The end

  private mutating func stop(_ now: Instant) {
    if isStopping {
      for place in tunnels.indices {
        guard case .ending(.some) = tunnels[place].state else { continue }
        kill(place)
      }
      return
    }
    isStopping = true
    if policy.leavesChildren { return }
    var place = 0
    while place < tunnels.count {
      switch tunnels[place].state {
      case .running: end(place, now)
      case .backingOff:
        tunnels.remove(at: place)
        continue
      case .starting, .ending: break
      }
      place += 1
    }
  }

  private mutating func end(_ place: Int, _ now: Instant) {
    tunnels[place].launch = nil
    tunnels[place].state = .ending(patienceEnd: now + policy.endPatience)
    orders.append(.end(tunnels[place].id))
  }

  private mutating func kill(_ place: Int) {
    tunnels[place].state = .ending(patienceEnd: nil)
    orders.append(.kill(tunnels[place].id))
  }

  private mutating func deadlineCame(_ now: Instant) {
    for place in tunnels.indices {
      switch tunnels[place].state {
      case .backingOff(let until) where until <= now: start(place)
      case .ending(.some(let patienceEnd)) where patienceEnd <= now: kill(place)
      case .backingOff, .ending, .starting, .running: break
      }
    }
  }

  private mutating func finishIfDone() {
    let leaves = policy.leavesChildren && (isStopping || inputHasEnded)
    let mayFinish = leaves ? !isAnyStarting : (isStopping || inputHasEnded) && tunnels.isEmpty
    if !mayFinish { return }
    isFinished = true
    var leaving = 0
    for tunnel in tunnels { if case .running = tunnel.state { leaving += 1 } }
    tunnels = []
    orders.append(.finish(leaving: leaving))
  }

  private var isAnyStarting: Bool {
    tunnels.contains { if case .starting = $0.state { true } else { false } }
  }

  // MARK: Invariants

  /// What must hold between two events; `adoptedCount` is how many were adopted in all.
  package func checkInvariants(adoptedCount: Int = 0) {
    precondition(orders.isEmpty, "orders are left")
    precondition(tunnels.count <= policy.tunnelCountMax + adoptedCount, "more tunnels than places")
    precondition(recent.count <= Self.recentCountMax, "more is remembered than there is room for")
    precondition(!isFinished || tunnels.isEmpty, "finished with tunnels")
    for (place, tunnel) in tunnels.enumerated() {
      precondition(tunnel.id.number <= lastNumber, "a number of the future")
      for other in tunnels[..<place] {
        precondition(other.id.number != tunnel.id.number, "two tunnels of one number")
      }
      precondition(tunnel.restartCount <= policy.restartCountMax, "started too often")
      switch tunnel.state {
      case .starting: precondition(false, "a start is under way between two events")
      case .backingOff:
        precondition(tunnel.launch != nil, "it waits for a start without a token")
        precondition(!isStopping || policy.leavesChildren, "it waits for a start at the end")
      case .ending: precondition(tunnel.launch == nil, "a token that nobody needs")
      case .running: break
      }
    }
  }
}
