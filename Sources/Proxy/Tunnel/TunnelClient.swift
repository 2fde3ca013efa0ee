import Basics

/// How the program comes by its WebSocket, keeps it, and gives up.
///
///     state               event               next                action
///     idle                start               resolving           resolve
///     resolving           resolved            connecting          connect
///     connecting          connected           tlsHandshake        startTLS            without a web proxy
///     connecting          connected           proxyConnect        askWebProxy         with one
///     connecting          connected           proxyTLSHandshake   startWebProxyTLS    with one over TLS
///     proxyTLSHandshake   secured             proxyConnect        askWebProxy
///     proxyConnect        proxyConnected      tlsHandshake        startTLS
///     tlsHandshake        secured             upgrading           upgrade
///     upgrading           upgraded            awaitingServiceIDs  begin
///     upgrading           refused             stopped             stop                the request must change
///     upgrading           postponed           backingOff          backOff, as for failed, and at least so long
///     awaitingServiceIDs  servicesAgreed      running             serve
///     awaitingServiceIDs  servicesMismatch    stopped             stop
///     running             lost(wasHealthy)    backingOff          backOff(0): at once
///     running             lost, not healthy   backingOff          backOff, or stop, as for failed
///     running             lost                stopped             stop, without reconnectsOnDataError
///     awaiting…, running  tunnelEnded         stopped             stop
///     awaiting…, running  replaced            stopped             stop
///     awaiting…, running  tokenRotated        stopped             stop
///     any but stopped     failed, lost        backingOff          backOff, or stop when retries are used up
///     backingOff          retryDue            resolving           resolve
///     any but stopping    cannotListen        stopped             stop
///     running             stopRequested       stopping            drain
///     any other           stopRequested       stopped             stop
///     stopping            drained, lost       stopped             stop
public enum TunnelClient: Equatable, Sendable {
  case idle
  case resolving(attempt: Int)
  case connecting(attempt: Int)
  case proxyTLSHandshake(attempt: Int)
  case proxyConnect(attempt: Int)
  case tlsHandshake(attempt: Int)
  case upgrading(attempt: Int)
  case awaitingServiceIDs(attempt: Int)
  case running(attempt: Int)
  case backingOff(attempt: Int)
  case stopping
  case stopped(StopReason)

  /// The way to the service.
  public enum Route: Sendable {
    case direct
    case webProxy
    /// A web proxy that is spoken to over TLS.
    case encryptedWebProxy
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
  }

  public enum Event: Equatable, Sendable {
    case start
    case resolved, connected, secured, proxyConnected, upgraded
    case refused
    /// The service asks to be left alone for so long.
    case postponed(Milliseconds)
    case servicesAgreed, servicesMismatch, cannotListen
    /// The current step failed.
    case failed
    /// The WebSocket was lost. A session that lived long enough to be healthy is begun again at once; one
    /// that ended as soon as it began counts as a failed attempt, or the service would be hammered.
    case lost(wasHealthy: Bool)
    case tunnelEnded, replaced, tokenRotated
    case retryDue
    case stopRequested, drained
  }

  public enum Action: Equatable, Sendable {
    case none
    case resolve
    case connect
    case startWebProxyTLS
    case askWebProxy
    case startTLS
    case upgrade
    /// The WebSocket is up: wait for SERVICE_IDS.
    case begin
    /// The services are known: listen, or wait for connections.
    case serve
    /// Drop what is left of the connection and wait before the next attempt.
    case backOff(Milliseconds)
    case drain
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

  /// - Parameter randomness: any 32 random bits, for the jitter; asked for only where they are needed.
  public mutating func handle(
    _ event: Event, route: Route, policy: RetryPolicy, randomness: @autoclosure () -> UInt32
  ) -> Action {
    switch (self, event) {
    case (.stopped, _): return .none
    case (.idle, .start):
      self = .resolving(attempt: 1)
      return .resolve
    case (.resolving(let attempt), .resolved):
      self = .connecting(attempt: attempt)
      return .connect
    case (.connecting(let attempt), .connected):
      switch route {
      case .direct:
        self = .tlsHandshake(attempt: attempt)
        return .startTLS
      case .webProxy:
        self = .proxyConnect(attempt: attempt)
        return .askWebProxy
      case .encryptedWebProxy:
        self = .proxyTLSHandshake(attempt: attempt)
        return .startWebProxyTLS
      }
    case (.proxyTLSHandshake(let attempt), .secured):
      self = .proxyConnect(attempt: attempt)
      return .askWebProxy
    case (.proxyConnect(let attempt), .proxyConnected):
      self = .tlsHandshake(attempt: attempt)
      return .startTLS
    case (.tlsHandshake(let attempt), .secured):
      self = .upgrading(attempt: attempt)
      return .upgrade
    case (.upgrading(let attempt), .upgraded):
      self = .awaitingServiceIDs(attempt: attempt)
      return .begin
    case (.upgrading, .refused): return stop(.refused)
    case (.awaitingServiceIDs(let attempt), .servicesAgreed):
      self = .running(attempt: attempt)
      return .serve
    case (.awaitingServiceIDs, .servicesMismatch): return stop(.servicesMismatch)
    case (.awaitingServiceIDs, .tunnelEnded), (.running, .tunnelEnded): return stop(.tunnelEnded)
    case (.awaitingServiceIDs, .replaced), (.running, .replaced): return stop(.replaced)
    case (.awaitingServiceIDs, .tokenRotated), (.running, .tokenRotated):
      return stop(.tokenRotated)
    case (.running, .lost) where !policy.reconnectsOnDataError: return stop(.retriesUsedUp)
    case (.running, .lost(wasHealthy: true)):
      self = .backingOff(attempt: 0)
      return .backOff(Milliseconds(0))
    case (.running, .stopRequested):
      self = .stopping
      return .drain
    case (.stopping, .drained), (.stopping, .lost), (.stopping, .tunnelEnded),
      (.stopping, .replaced), (.stopping, .tokenRotated), (_, .stopRequested):
      return stop(.requested)
    case (.running, .failed), (.stopping, _), (.idle, _): return .none
    case (_, .cannotListen): return stop(.cannotListen)
    case (.backingOff(let attempt), .retryDue):
      self = .resolving(attempt: attempt + 1)
      return .resolve
    case (_, .failed), (_, .lost):
      return backOff(policy) { policy.delay(afterFailures: $0, randomness: randomness()) }
    case (.upgrading, .postponed(let asked)):
      return backOff(policy) {
        policy.delay(asked: asked, afterFailures: $0, randomness: randomness())
      }
    default: return .none
    }
  }

  /// The number of the attempt under way, from 1 on; nil while there is none.
  private var attempt: Int? {
    switch self {
    case .resolving(let attempt), .connecting(let attempt), .proxyTLSHandshake(let attempt),
      .proxyConnect(let attempt), .tlsHandshake(let attempt), .upgrading(let attempt),
      .awaitingServiceIDs(let attempt), .running(let attempt):
      attempt
    case .idle, .backingOff, .stopping, .stopped: nil
    }
  }

  private mutating func backOff(
    _ policy: RetryPolicy, delay: (_ failures: Int) -> Milliseconds
  ) -> Action {
    guard let attempt else { return .none }
    if policy.retryCountMax >= 0 && attempt > policy.retryCountMax { return stop(.retriesUsedUp) }
    self = .backingOff(attempt: attempt)
    return .backOff(delay(attempt))
  }

  private mutating func stop(_ reason: StopReason) -> Action {
    self = .stopped(reason)
    return .stop(reason)
  }
}
