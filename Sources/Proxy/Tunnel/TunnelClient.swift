import Basics

/// How the program comes by its WebSocket, keeps it, and gives up.
///
/// Facts go in by `handle`, orders come out of `next`, and when nothing happens until `deadline`, that is a fact, too.
/// `retry` stands for `backOff`, or for `stop` when no retry is left.
///
///     state             event             next              orders
///     idle              start             dialing           dial
///     idle              stopRequested     stopped           stop
///     dialing           opened            awaitingServices  -
///     dialing           failed            backingOff        retry
///     dialing           postponed         backingOff        retry
///     dialing           refused           stopped           stop
///     dialing           cannotListen      stopped           stop
///     dialing           stopRequested     stopped           stop
///     dialing           connectionOver    stopped           stop
///     dialing           tokenRenewed      dialing           dial
///     awaitingServices  servicesAgreed    running           serve
///     awaitingServices  servicesMismatch  stopped           stop
///     awaitingServices  lost              backingOff        retry
///     awaitingServices  ended             stopped           stop
///     awaitingServices  cannotListen      stopped           stop
///     awaitingServices  stopRequested     stopped           stop
///     awaitingServices  connectionOver    stopped           stop
///     awaitingServices  tokenRenewed      dialing           dial
///     awaitingServices  deadlineCame      backingOff        dropSession retry
///     running           lost              backingOff        holdClients retry
///     running           ended             stopped           stop
///     running           cannotListen      stopped           stop
///     running           stopRequested     stopping          drain
///     running           connectionOver    stopping          drain
///     running           tokenRenewed      dialing           holdClients dial
///     backingOff        cannotListen      stopped           stop
///     backingOff        stopRequested     stopped           stop
///     backingOff        connectionOver    stopped           stop
///     backingOff        deadlineCame      dialing           dial
///     stopping          connectionsGone   stopping          closeSession
///     stopping          observed          stopping          -
///     stopping          sessionClosed     stopped           stop
///     stopping          lost              stopped           stop
///     stopping          ended             stopped           stop
///     stopping          stopRequested     stopped           stop
///     stopping          deadlineCame      stopping          observe
///
///     state             ignores
///     idle              opened failed refused postponed servicesAgreed servicesMismatch cannotListen lost ended
///                       connectionOver tokenRenewed connectionsGone observed sessionClosed deadlineCame
///     dialing           start servicesAgreed servicesMismatch lost ended connectionsGone observed sessionClosed
///                       deadlineCame
///     awaitingServices  start opened failed refused postponed connectionsGone observed sessionClosed
///     running           start opened failed refused postponed servicesAgreed servicesMismatch connectionsGone
///                       observed sessionClosed deadlineCame
///     backingOff        start opened failed refused postponed servicesAgreed servicesMismatch lost ended
///                       tokenRenewed connectionsGone observed sessionClosed
///     stopping          start opened failed refused postponed servicesAgreed servicesMismatch cannotListen
///                       connectionOver tokenRenewed
///     stopped           start opened failed refused postponed servicesAgreed servicesMismatch cannotListen lost
///                       ended stopRequested connectionOver tokenRenewed connectionsGone observed sessionClosed
///                       deadlineCame
///
/// Two orders stand beside the table: `avoidMarks` with a loss that is put down to the first mark, and `refuseClients` in
/// whatever state clients have waited for too long. One that serves a single connection (`servesOne`) stops at `lost`
/// while it runs, and at `ended` with another reason.
public struct TunnelClient {
  public enum State: CaseIterable, Sendable {
    case idle, dialing
    /// The WebSocket is up; SERVICE_IDS has not come yet.
    case awaitingServices
    case running, backingOff
    /// Connections may go on for a while; then the WebSocket is closed.
    case stopping
    case stopped
  }

  public enum StopReason: Equatable, Sendable {
    /// A signal asked for it.
    case requested
    /// The service ended the tunnel: closed, or expired.
    case tunnelEnded
    /// Another connection with the same tokens has taken this one's place.
    case replaced
    /// The access token is worth nothing any more; another one has come in its place.
    case tokenRotated
    /// The service's answer is final: the request itself must change.
    case refused
    case retriesUsedUp
    case servicesMismatch
    case cannotListen
    /// The one connection that this was for ended in good order, or did not.
    case connectionEnded, connectionCut
  }

  /// What is to be known of a WebSocket that was lost.
  public struct Loss: Sendable {
    /// Something went into the tunnel.
    public let hasSent: Bool
    /// When the first message with a mark went out, if nothing came since.
    public let firstMarkAt: Instant?

    public init(hasSent: Bool, firstMarkAt: Instant?) {
      self.hasSent = hasSent
      self.firstMarkAt = firstMarkAt
    }
  }

  public enum Event: Sendable {
    case start
    /// What became of `dial`.
    case opened, failed, refused
    /// The service asks to be left alone for so long.
    case postponed(Milliseconds)
    case servicesAgreed, servicesMismatch, cannotListen
    /// The WebSocket is gone.
    case lost(Loss)
    /// The service has closed it for good.
    case ended(StopReason)
    case stopRequested
    /// The one connection is over, of a program that serves a single one.
    case connectionOver(isCut: Bool)
    /// There is another access token, in the place of one that was refused, or rotated while the WebSocket was up.
    case tokenRenewed
    /// No connection is left, after `drain`.
    case connectionsGone
    /// What came of `observe`: bytes that went through so far, and whether some still wait.
    case observed(movedByteCount: Int64, hasUnsent: Bool)
    /// Our own close is over.
    case sessionClosed
    case deadlineCame
  }

  public enum Order: Equatable, Sendable {
    case dial
    /// Take or refuse connections: the services are known. Clients that wait come first.
    case serve
    /// Let clients wait in the kernel: most outages are over before one minds.
    case holdClients
    /// The outage lasts: refuse the clients that wait, and those that come.
    case refuseClients
    /// The service sent no list of services in time.
    case dropSession
    /// The next attempt is made after so long.
    case backOff(Milliseconds)
    /// The service does not take messages with marks, as it seems: send none any more.
    case avoidMarks
    /// Take no new connection, and say `connectionsGone` when the last is.
    case drain
    /// Say `observed`.
    case observe
    /// Close the WebSocket. `isQuiet`: nothing moved any more, or nobody is left.
    case closeSession(within: Milliseconds, isQuiet: Bool)
    case stop(StopReason)
  }

  /// How often and how long between attempts.
  public struct RetryPolicy: Sendable {
    /// Delay after the first failure, doubled with each further one.
    public var delay = Milliseconds(2_500)
    public var delayMax = Milliseconds(60_000)
    /// Attempts in a row that may fail; -1 for any number.
    public var retryCountMax = -1
    /// Whether a WebSocket that was lost while it served is made anew.
    public var reconnectsOnDataError = true

    public init() {}

    /// The delay before the attempt after `failures` in a row. It is spread widely while it doubles, so that ten
    /// thousand gateways which lost their service in the same second do not come back in the same second.
    func delay(afterFailures failures: Int, randomness: UInt32) -> Milliseconds {
      let doublings = min(max(failures - 1, 0), 20)
      let longest = max(delay.count, delayMax.count)
      let full = min(delay.count << Int64(doublings), longest)
      let least = full < longest ? full / 8 : full / 3
      return Milliseconds(least + Int64(randomness) * (full - least) / Int64(UInt32.max))
    }

    /// What the service asks for, and up to a quarter more.
    func delay(asked: Milliseconds, afterFailures failures: Int, randomness: UInt32) -> Milliseconds
    {
      let spread = Int64(randomness) * (asked.count / 4) / Int64(UInt32.max)
      return max(
        delay(afterFailures: failures, randomness: randomness), Milliseconds(asked.count + spread))
    }
  }

  /// A session that lasted so long was healthy.
  private static let healthyAfter = Milliseconds(2_000)
  /// Sessions in a row that were too short for that and are begun again at once all the same.
  private static let promptReturnCountMax = 3
  /// How long clients wait for a tunnel that was lost, before they are refused.
  private static let clientPatience = Milliseconds(10_000)
  private static let drainTick = Milliseconds(100)
  /// Ticks without a byte in either direction after which there is nothing left to drain.
  private static let quietTicksMax = 15
  /// So long.
  package static var quietTime: Milliseconds {
    Milliseconds(drainTick.count * Int64(quietTicksMax))
  }
  /// Of the time for draining, so much at the most is for the closing of the WebSocket.
  private static let closingTimeMax = Milliseconds(500)
  /// A WebSocket that ends so soon after the first message with a mark ended because of it.
  private static let markSuspicion = Milliseconds(5_000)

  private var policy: RetryPolicy
  private var servicesTimeout: Milliseconds
  private var drainTimeout: Milliseconds
  private let servesOne: Bool
  /// What `stopping` ends with.
  private var reasonToStop = StopReason.requested
  public private(set) var state = State.idle
  private var orders: [Order] = []
  /// The number of the attempt under way, from 1 on; 0 before one that costs no retry.
  package private(set) var attempt = 0
  private var sessionStart: Instant?
  private var promptReturnCount = 0
  /// The service does not take messages with marks, as it seems.
  public private(set) var avoidsMarks = false
  /// Clients have been served before.
  private var hasServed = false
  /// When the tunnel was lost that is not back.
  package private(set) var lostAt: Instant?

  /// When the current state has lasted long enough, and when the clients have.
  private var stateEnd: Instant?
  private var patienceEnd: Instant?

  private var drainEnd: Instant?
  private var quietTicks = 0
  private var drainedByteCount: Int64 = 0

  /// - Parameters:
  ///   - servicesTimeout: how long the service may take to send SERVICE_IDS.
  ///   - drainTimeout: how long what is pending may take to go out after `stopRequested`.
  ///   - servesOne: it is for one connection, which a loss of the tunnel cuts.
  public init(
    policy: RetryPolicy, servicesTimeout: Milliseconds, drainTimeout: Milliseconds,
    servesOne: Bool = false
  ) {
    self.policy = policy
    self.servicesTimeout = servicesTimeout
    self.drainTimeout = drainTimeout
    self.servesOne = servesOne
  }

  /// These hold for what begins from now on; see `init`.
  public mutating func use(
    policy: RetryPolicy, servicesTimeout: Milliseconds, drainTimeout: Milliseconds
  ) {
    self.policy = policy
    self.servicesTimeout = servicesTimeout
    self.drainTimeout = drainTimeout
  }

  public mutating func next() -> Order? { orders.isEmpty ? nil : orders.removeFirst() }

  /// When to say `deadlineCame` if nothing else happens.
  public var deadline: Instant? {
    guard let stateEnd, let patienceEnd else { return stateEnd ?? patienceEnd }
    return min(stateEnd, patienceEnd)
  }

  /// - Parameter randomness: any 32 random bits, for the jitter; asked for only where they are needed.
  public mutating func handle(
    _ event: Event, now: Instant, randomness: @autoclosure () -> UInt32
  ) {
    if case .deadlineCame = event {
      if let end = patienceEnd, end <= now {
        patienceEnd = nil
        orders.append(.refuseClients)
      }
      guard let end = stateEnd, end <= now else { return }
      stateEnd = nil
    }
    switch state {
    case .idle: handleIdle(event)
    case .dialing: handleDialing(event, now, randomness)
    case .awaitingServices: handleAwaitingServices(event, now, randomness)
    case .running: handleRunning(event, now, randomness)
    case .backingOff: handleBackingOff(event)
    case .stopping: handleStopping(event, now)
    case .stopped: break
    }
  }

  private mutating func handleIdle(_ event: Event) {
    switch event {
    case .start: dial()
    case .stopRequested: stop(.requested)
    case .opened, .failed, .refused, .postponed, .servicesAgreed, .servicesMismatch,
      .cannotListen, .lost, .ended, .connectionOver, .tokenRenewed, .connectionsGone, .observed,
      .sessionClosed, .deadlineCame:
      break
    }
  }

  private mutating func handleDialing(
    _ event: Event, _ now: Instant, _ randomness: () -> UInt32
  ) {
    switch event {
    case .opened:
      state = .awaitingServices
      sessionStart = now
      stateEnd = now + servicesTimeout
    case .failed: retry(asked: nil, now, randomness)
    case .postponed(let asked): retry(asked: asked, now, randomness)
    case .refused: stop(.refused)
    case .cannotListen: stop(.cannotListen)
    case .stopRequested: stop(.requested)
    case .connectionOver(let isCut): stop(isCut ? .connectionCut : .connectionEnded)
    case .tokenRenewed: dial()
    case .start, .servicesAgreed, .servicesMismatch, .lost, .ended, .connectionsGone, .observed,
      .sessionClosed, .deadlineCame:
      break
    }
  }

  private mutating func handleAwaitingServices(
    _ event: Event, _ now: Instant, _ randomness: () -> UInt32
  ) {
    switch event {
    case .servicesAgreed:
      state = .running
      stateEnd = nil
      patienceEnd = nil
      lostAt = nil
      hasServed = true
      orders.append(.serve)
    case .servicesMismatch: stop(.servicesMismatch)
    case .lost(let loss):
      _ = judge(loss, now)
      retry(asked: nil, now, randomness)
    case .deadlineCame:
      orders.append(.dropSession)
      promptReturnCount += 1
      retry(asked: nil, now, randomness)
    case .ended(let reason): stop(reason)
    case .cannotListen: stop(.cannotListen)
    case .stopRequested: stop(.requested)
    case .connectionOver(let isCut): stop(isCut ? .connectionCut : .connectionEnded)
    case .tokenRenewed:
      stateEnd = nil
      dial()
    case .start, .opened, .failed, .refused, .postponed, .connectionsGone, .observed,
      .sessionClosed:
      break
    }
  }

  private mutating func handleRunning(
    _ event: Event, _ now: Instant, _ randomness: () -> UInt32
  ) {
    switch event {
    case .lost(let loss):
      if servesOne {
        stop(.connectionCut)
        return
      }
      let isPrompt = judge(loss, now)
      if !policy.reconnectsOnDataError {
        stop(.retriesUsedUp)
      } else if isPrompt {
        attempt = 0
        backOff(Milliseconds(0), now)
      } else {
        retry(asked: nil, now, randomness)
      }
    case .ended(let reason):
      // Had the one connection ended before, this would be `stopping`.
      stop(servesOne && reason == .tunnelEnded ? .connectionCut : reason)
    case .cannotListen: stop(.cannotListen)
    case .stopRequested: drain(.requested, now)
    case .connectionOver(let isCut): drain(isCut ? .connectionCut : .connectionEnded, now)
    case .tokenRenewed:
      noteOutage(now)
      attempt = 0
      dial()
    case .start, .opened, .failed, .refused, .postponed, .servicesAgreed, .servicesMismatch,
      .connectionsGone, .observed, .sessionClosed, .deadlineCame:
      break
    }
  }

  private mutating func handleBackingOff(_ event: Event) {
    switch event {
    case .deadlineCame: dial()
    case .cannotListen: stop(.cannotListen)
    case .stopRequested: stop(.requested)
    case .connectionOver(let isCut): stop(isCut ? .connectionCut : .connectionEnded)
    case .start, .opened, .failed, .refused, .postponed, .servicesAgreed, .servicesMismatch,
      .lost, .ended, .tokenRenewed, .connectionsGone, .observed, .sessionClosed:
      break
    }
  }

  private mutating func handleStopping(_ event: Event, _ now: Instant) {
    switch event {
    case .connectionsGone: closeSession(now, isQuiet: true)
    case .observed(let byteCount, let hasUnsent): judgeDrain(byteCount, hasUnsent, now)
    case .deadlineCame: orders.append(.observe)
    case .sessionClosed, .lost, .ended, .stopRequested: stop(reasonToStop)
    case .start, .opened, .failed, .refused, .postponed, .servicesAgreed, .servicesMismatch,
      .cannotListen, .connectionOver, .tokenRenewed:
      break
    }
  }

  // MARK: Attempts

  private mutating func dial() {
    attempt += 1
    state = .dialing
    orders.append(.dial)
  }

  private mutating func retry(
    asked: Milliseconds?, _ now: Instant, _ randomness: () -> UInt32
  ) {
    if policy.retryCountMax >= 0 && attempt > policy.retryCountMax {
      stop(.retriesUsedUp)
      return
    }
    let randomness = randomness()
    backOff(
      asked.map { policy.delay(asked: $0, afterFailures: attempt, randomness: randomness) }
        ?? policy.delay(afterFailures: attempt, randomness: randomness), now)
  }

  private mutating func backOff(_ delay: Milliseconds, _ now: Instant) {
    state = .backingOff
    stateEnd = now + delay
    orders.append(.backOff(delay))
  }

  /// What a loss means for those who wait, and for the marks.
  /// - Returns: the next attempt is made at once. A session that lived long enough to be healthy is begun again; so is a
  ///   short one that sent something, but not over and over, or the service would be hammered.
  private mutating func judge(_ loss: Loss, _ now: Instant) -> Bool {
    if let markedAt = loss.firstMarkAt, now < markedAt + Self.markSuspicion, !avoidsMarks {
      avoidsMarks = true
      orders.append(.avoidMarks)
    }
    noteOutage(now)
    let wasHealthy = sessionStart.map { $0 + Self.healthyAfter < now } ?? false
    promptReturnCount = wasHealthy ? 0 : promptReturnCount + 1
    return wasHealthy || loss.hasSent && promptReturnCount <= Self.promptReturnCountMax
  }

  private mutating func noteOutage(_ now: Instant) {
    if !hasServed || lostAt != nil { return }
    lostAt = now
    patienceEnd = now + Self.clientPatience
    orders.append(.holdClients)
  }

  // MARK: The end

  private mutating func drain(_ reason: StopReason, _ now: Instant) {
    state = .stopping
    reasonToStop = reason
    drainEnd = now + drainTimeout
    stateEnd = now + Self.drainTick
    orders.append(.drain)
  }

  /// Open connections may go on for a while; once nothing moves, or time is up, the WebSocket closes.
  private mutating func judgeDrain(_ byteCount: Int64, _ hasUnsent: Bool, _ now: Instant) {
    guard let drainEnd else { return }
    quietTicks = byteCount == drainedByteCount && !hasUnsent ? quietTicks + 1 : 0
    drainedByteCount = byteCount
    let rest = drainEnd.millisecondsRoundedUp(since: now)
    let closingTime = min(Self.closingTimeMax, Milliseconds(drainTimeout.count / 2))
    if quietTicks >= Self.quietTicksMax || rest <= closingTime {
      closeSession(now, isQuiet: quietTicks >= Self.quietTicksMax)
    } else {
      stateEnd = now + min(Self.drainTick, rest)
    }
  }

  private mutating func closeSession(_ now: Instant, isQuiet: Bool) {
    stateEnd = nil
    let rest = drainEnd?.millisecondsRoundedUp(since: now) ?? Milliseconds(0)
    orders.append(.closeSession(within: rest, isQuiet: isQuiet))
  }

  private mutating func stop(_ reason: StopReason) {
    state = .stopped
    stateEnd = nil
    patienceEnd = nil
    orders.append(.stop(reason))
  }
}
