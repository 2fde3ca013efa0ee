import Basics

/// How the program comes by its WebSocket, keeps it, and gives up.
///
///     state               event               next              action
///     idle                start               resolving         resolve
///     resolving           resolved            connecting        connect(0)
///     connecting          connected           tlsHandshake      startTLS
///     connecting          failed              connecting        connect(next), while one is left
///     tlsHandshake        secured             upgrading         upgrade
///     upgrading           upgraded            awaitingServiceIDs  begin
///     upgrading           refused (4xx)       stopped           stop
///     awaitingServiceIDs  servicesAgreed      running           serve
///     awaitingServiceIDs  servicesMismatch    stopped           stop
///     running             lost(wasHealthy)    backingOff        backOff(0): at once
///     running             lost, not healthy   backingOff        backOff, or stop, as for failed
///     any but stopped     failed, timedOut    backingOff        backOff, or stop when retries are used up
///     backingOff          retryDue            resolving         resolve
///     running             stopRequested       stopping          drain
///     any other           stopRequested       stopped           stop
///     stopping            drained, lost       stopped           stop
public enum TunnelClient: Equatable {
  case idle
  case resolving(attempt: Int)
  case connecting(attempt: Int, address: Int, addressCount: Int)
  case tlsHandshake(attempt: Int)
  case upgrading(attempt: Int)
  case awaitingServiceIDs(attempt: Int)
  case running(attempt: Int)
  case backingOff(attempt: Int)
  case stopping
  case stopped(StopReason)

  public enum StopReason: Equatable, Sendable {
    /// A signal asked for it.
    case requested
    /// The service answered 4xx: the request itself must change.
    case refused
    case retriesUsedUp
    case servicesMismatch
    case cannotListen
  }

  public enum Event: Equatable, Sendable {
    case start
    case resolved(addressCount: Int)
    case connected, secured, upgraded
    case refused
    case servicesAgreed, servicesMismatch, cannotListen
    /// The current step failed.
    case failed
    /// The WebSocket was lost. A session that lived long enough to be healthy is begun again at once; one
    /// that ended as soon as it began counts as a failed attempt, or the service would be hammered.
    case lost(wasHealthy: Bool)
    case retryDue
    case stopRequested, drained
  }

  public enum Action: Equatable, Sendable {
    case none
    case resolve
    case connect(address: Int)
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
    /// Whether a session that an error ended is begun again; the program ends otherwise.
    public var reconnectsOnDataError = true

    public init() {}

    /// The delay before the attempt after `failures` in a row, spread over its upper half, so that a
    /// thousand gateways do not come back in the same second.
    func delay(afterFailures failures: Int, randomness: UInt32) -> Milliseconds {
      let doublings = min(max(failures - 1, 0), 20)
      let full = min(delay.count << Int64(doublings), delayMax.count)
      let half = full / 2
      return Milliseconds(half + Int64(randomness) * (full - half) / Int64(UInt32.max))
    }
  }

  /// - Parameter randomness: any 32 random bits, for the jitter.
  public mutating func handle(
    _ event: Event, policy: RetryPolicy, randomness: UInt32
  ) -> Action {
    switch (self, event) {
    case (.stopped, _): return .none
    case (.idle, .start):
      self = .resolving(attempt: 1)
      return .resolve
    case (.resolving(let attempt), .resolved(let addressCount)) where addressCount > 0:
      self = .connecting(attempt: attempt, address: 0, addressCount: addressCount)
      return .connect(address: 0)
    case (.connecting(let attempt, _, _), .connected):
      self = .tlsHandshake(attempt: attempt)
      return .startTLS
    case (.connecting(let attempt, let address, let addressCount), .failed)
    where address + 1 < addressCount:
      self = .connecting(attempt: attempt, address: address + 1, addressCount: addressCount)
      return .connect(address: address + 1)
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
    case (.running, .cannotListen): return stop(.cannotListen)
    case (.running, .lost(wasHealthy: true)):
      self = .backingOff(attempt: 0)
      return .backOff(Milliseconds(0))
    case (.running, .stopRequested):
      self = .stopping
      return .drain
    case (.stopping, .drained), (.stopping, .lost), (_, .stopRequested):
      return stop(.requested)
    case (.resolving(let attempt), .failed), (.connecting(let attempt, _, _), .failed),
      (.tlsHandshake(let attempt), .failed), (.upgrading(let attempt), .failed),
      (.awaitingServiceIDs(let attempt), .failed), (.awaitingServiceIDs(let attempt), .lost),
      (.running(let attempt), .lost):
      if policy.retryCountMax >= 0 && attempt > policy.retryCountMax { return stop(.retriesUsedUp) }
      self = .backingOff(attempt: attempt)
      return .backOff(policy.delay(afterFailures: attempt, randomness: randomness))
    case (.backingOff(let attempt), .retryDue):
      self = .resolving(attempt: attempt + 1)
      return .resolve
    default: return .none
    }
  }

  private mutating func stop(_ reason: StopReason) -> Action {
    self = .stopped(reason)
    return .stop(reason)
  }
}
