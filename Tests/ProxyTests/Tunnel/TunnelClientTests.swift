import Basics
import Testing

@testable import Proxy

@Suite("TunnelClient")
struct TunnelClientTests {
  /// One row of the table in `TunnelClient`'s header.
  struct Rule {
    let state: TunnelClient
    let event: TunnelClient.Event
    let next: TunnelClient
    let action: TunnelClient.Action

    init(
      _ state: TunnelClient, _ event: TunnelClient.Event, _ next: TunnelClient,
      _ action: TunnelClient.Action
    ) {
      self.state = state
      self.event = event
      self.next = next
      self.action = action
    }
  }

  /// Two retries, 1000 ms at first, no more than 3000; with full randomness a delay has its whole length.
  private static let policy: TunnelClient.RetryPolicy = {
    var policy = TunnelClient.RetryPolicy()
    policy.delay = Milliseconds(1_000)
    policy.delayMax = Milliseconds(3_000)
    policy.retryCountMax = 2
    return policy
  }()

  private static var connectingFirst: TunnelClient {
    .connecting(attempt: 2, address: 0, addressCount: 2)
  }
  private static var connectingLast: TunnelClient {
    .connecting(attempt: 2, address: 1, addressCount: 2)
  }

  /// A state's attempt is its second, so that one retry is left.
  private static var states: [TunnelClient] {
    [
      .idle, .resolving(attempt: 2), connectingFirst, connectingLast, .tlsHandshake(attempt: 2),
      .upgrading(attempt: 2), .awaitingServiceIDs(attempt: 2), .running(attempt: 2),
      .backingOff(attempt: 2), .stopping, .stopped(.refused),
    ]
  }

  private static let events: [TunnelClient.Event] = [
    .start, .resolved(addressCount: 2), .resolved(addressCount: 0), .connected, .secured,
    .upgraded, .refused, .servicesAgreed, .servicesMismatch, .cannotListen, .failed,
    .lost(wasHealthy: true), .lost(wasHealthy: false), .retryDue, .stopRequested, .drained,
  ]

  private static var backOff: (TunnelClient, TunnelClient.Action) {
    (.backingOff(attempt: 2), .backOff(Milliseconds(2_000)))
  }
  private static var requested: (TunnelClient, TunnelClient.Action) {
    (.stopped(.requested), .stop(.requested))
  }

  /// All that does something; every other pair leaves the state and asks for nothing.
  private static var rules: [Rule] {
    [
      Rule(.idle, .start, .resolving(attempt: 1), .resolve),
      Rule(.idle, .stopRequested, requested.0, requested.1),

      Rule(
        .resolving(attempt: 2), .resolved(addressCount: 2), connectingFirst, .connect(address: 0)),
      Rule(.resolving(attempt: 2), .failed, backOff.0, backOff.1),
      Rule(.resolving(attempt: 2), .stopRequested, requested.0, requested.1),

      Rule(connectingFirst, .connected, .tlsHandshake(attempt: 2), .startTLS),
      Rule(connectingFirst, .failed, connectingLast, .connect(address: 1)),
      Rule(connectingFirst, .stopRequested, requested.0, requested.1),
      Rule(connectingLast, .connected, .tlsHandshake(attempt: 2), .startTLS),
      Rule(connectingLast, .failed, backOff.0, backOff.1),
      Rule(connectingLast, .stopRequested, requested.0, requested.1),

      Rule(.tlsHandshake(attempt: 2), .secured, .upgrading(attempt: 2), .upgrade),
      Rule(.tlsHandshake(attempt: 2), .failed, backOff.0, backOff.1),
      Rule(.tlsHandshake(attempt: 2), .stopRequested, requested.0, requested.1),

      Rule(.upgrading(attempt: 2), .upgraded, .awaitingServiceIDs(attempt: 2), .begin),
      Rule(.upgrading(attempt: 2), .refused, .stopped(.refused), .stop(.refused)),
      Rule(.upgrading(attempt: 2), .failed, backOff.0, backOff.1),
      Rule(.upgrading(attempt: 2), .stopRequested, requested.0, requested.1),

      Rule(.awaitingServiceIDs(attempt: 2), .servicesAgreed, .running(attempt: 2), .serve),
      Rule(
        .awaitingServiceIDs(attempt: 2), .servicesMismatch, .stopped(.servicesMismatch),
        .stop(.servicesMismatch)),
      Rule(.awaitingServiceIDs(attempt: 2), .failed, backOff.0, backOff.1),
      Rule(.awaitingServiceIDs(attempt: 2), .lost(wasHealthy: true), backOff.0, backOff.1),
      Rule(.awaitingServiceIDs(attempt: 2), .lost(wasHealthy: false), backOff.0, backOff.1),
      Rule(.awaitingServiceIDs(attempt: 2), .stopRequested, requested.0, requested.1),

      Rule(
        .running(attempt: 2), .lost(wasHealthy: true), .backingOff(attempt: 0),
        .backOff(Milliseconds(0))),
      Rule(.running(attempt: 2), .lost(wasHealthy: false), backOff.0, backOff.1),
      Rule(.running(attempt: 2), .cannotListen, .stopped(.cannotListen), .stop(.cannotListen)),
      Rule(.running(attempt: 2), .stopRequested, .stopping, .drain),

      Rule(.backingOff(attempt: 2), .retryDue, .resolving(attempt: 3), .resolve),
      Rule(.backingOff(attempt: 2), .stopRequested, requested.0, requested.1),

      Rule(.stopping, .drained, requested.0, requested.1),
      Rule(.stopping, .lost(wasHealthy: true), requested.0, requested.1),
      Rule(.stopping, .lost(wasHealthy: false), requested.0, requested.1),
      Rule(.stopping, .stopRequested, requested.0, requested.1),
    ]
  }

  @Test("each event does in each state what the table says", arguments: events)
  func followsTable(event: TunnelClient.Event) {
    for state in Self.states {
      let rules = Self.rules.filter { $0.state == state && $0.event == event }
      #expect(rules.count <= 1)
      var client = state
      let action = client.handle(event, policy: Self.policy, randomness: .max)
      #expect(client == rules.first?.next ?? state, "\(state)")
      #expect(action == rules.first?.action ?? TunnelClient.Action.none, "\(state)")
    }
  }

  @Test("the attempt after the last retry is the last")
  func usesUpRetries() {
    let states: [(TunnelClient, TunnelClient.Event)] = [
      (.resolving(attempt: 3), .failed),
      (.connecting(attempt: 3, address: 1, addressCount: 2), .failed),
      (.tlsHandshake(attempt: 3), .failed), (.upgrading(attempt: 3), .failed),
      (.awaitingServiceIDs(attempt: 3), .failed),
      (.running(attempt: 3), .lost(wasHealthy: false)),
    ]
    var patient = Self.policy
    patient.retryCountMax = -1
    for (state, event) in states {
      var client = state
      #expect(client.handle(event, policy: Self.policy, randomness: 0) == .stop(.retriesUsedUp))
      #expect(client == .stopped(.retriesUsedUp))
      client = state
      guard case .backOff = client.handle(event, policy: patient, randomness: 0) else {
        Issue.record("\(state) gave up")
        continue
      }
    }
  }

  @Test(
    "delays double up to the longest, spread over their upper half",
    arguments: [
      (1, 500, 1_000), (2, 1_000, 2_000), (3, 1_500, 3_000), (4, 1_500, 3_000),
      (1_000_000, 1_500, 3_000),
    ] as [(Int, Int64, Int64)])
  func doublesDelays(failures: Int, least: Int64, most: Int64) {
    let policy = Self.policy
    #expect(policy.delay(afterFailures: failures, randomness: 0) == Milliseconds(least))
    #expect(policy.delay(afterFailures: failures, randomness: .max) == Milliseconds(most))
    let middle = policy.delay(afterFailures: failures, randomness: .max / 2)
    #expect(middle > Milliseconds(least) && middle < Milliseconds(most))
  }

  @Test("a tunnel that was up starts to count its attempts afresh")
  func countsAfresh() {
    var client = TunnelClient.running(attempt: 3)
    _ = client.handle(.lost(wasHealthy: true), policy: Self.policy, randomness: 0)
    #expect(client.handle(.retryDue, policy: Self.policy, randomness: 0) == .resolve)
    #expect(client == .resolving(attempt: 1))
  }
}
