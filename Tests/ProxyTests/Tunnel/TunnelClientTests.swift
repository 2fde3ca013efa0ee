import Basics
import Testing

@testable import Tunnel

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

  /// A state's attempt is its second, so that one retry is left.
  private static var states: [TunnelClient] {
    [
      .idle, .resolving(attempt: 2), .connecting(attempt: 2), .proxyTLSHandshake(attempt: 2),
      .proxyConnect(attempt: 2), .tlsHandshake(attempt: 2),
      .upgrading(attempt: 2), .awaitingServiceIDs(attempt: 2), .running(attempt: 2),
      .backingOff(attempt: 2), .stopping, .stopped(.refused),
    ]
  }

  private static let events: [TunnelClient.Event] = [
    .start, .resolved, .connected, .secured, .proxyConnected, .upgraded, .tunnelEnded,
    .replaced, .tokenRotated, .postponed(Milliseconds(8_000)),
    .refused, .servicesAgreed, .servicesMismatch, .cannotListen, .failed,
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
    let underWay: [TunnelClient] = [
      .resolving(attempt: 2), .connecting(attempt: 2), .proxyTLSHandshake(attempt: 2),
      .proxyConnect(attempt: 2), .tlsHandshake(attempt: 2), .upgrading(attempt: 2),
      .awaitingServiceIDs(attempt: 2),
    ]
    let failing = underWay.flatMap { state in
      [
        Rule(state, .failed, backOff.0, backOff.1),
        Rule(state, .lost(wasHealthy: true), backOff.0, backOff.1),
        Rule(state, .lost(wasHealthy: false), backOff.0, backOff.1),
      ]
    }
    let stopping = (underWay + [.backingOff(attempt: 2)]).flatMap { state in
      [
        Rule(state, .stopRequested, requested.0, requested.1),
        Rule(state, .cannotListen, .stopped(.cannotListen), .stop(.cannotListen)),
      ]
    }
    return failing + stopping + [
      Rule(.idle, .start, .resolving(attempt: 1), .resolve),
      Rule(.idle, .stopRequested, requested.0, requested.1),

      Rule(.resolving(attempt: 2), .resolved, .connecting(attempt: 2), .connect),
      Rule(.connecting(attempt: 2), .connected, .tlsHandshake(attempt: 2), .startTLS),
      Rule(.proxyTLSHandshake(attempt: 2), .secured, .proxyConnect(attempt: 2), .askWebProxy),
      Rule(.proxyConnect(attempt: 2), .proxyConnected, .tlsHandshake(attempt: 2), .startTLS),
      Rule(.tlsHandshake(attempt: 2), .secured, .upgrading(attempt: 2), .upgrade),

      Rule(.upgrading(attempt: 2), .upgraded, .awaitingServiceIDs(attempt: 2), .begin),
      Rule(.upgrading(attempt: 2), .refused, .stopped(.refused), .stop(.refused)),
      Rule(
        .upgrading(attempt: 2), .postponed(Milliseconds(8_000)), .backingOff(attempt: 2),
        .backOff(Milliseconds(10_000))),

      Rule(.awaitingServiceIDs(attempt: 2), .servicesAgreed, .running(attempt: 2), .serve),
      Rule(
        .awaitingServiceIDs(attempt: 2), .servicesMismatch, .stopped(.servicesMismatch),
        .stop(.servicesMismatch)),
      Rule(
        .awaitingServiceIDs(attempt: 2), .tunnelEnded, .stopped(.tunnelEnded),
        .stop(.tunnelEnded)),

      Rule(
        .running(attempt: 2), .lost(wasHealthy: true), .backingOff(attempt: 0),
        .backOff(Milliseconds(0))),
      Rule(.running(attempt: 2), .lost(wasHealthy: false), backOff.0, backOff.1),
      Rule(.running(attempt: 2), .stopRequested, .stopping, .drain),
      Rule(.running(attempt: 2), .tunnelEnded, .stopped(.tunnelEnded), .stop(.tunnelEnded)),
      Rule(.running(attempt: 2), .replaced, .stopped(.replaced), .stop(.replaced)),
      Rule(.awaitingServiceIDs(attempt: 2), .replaced, .stopped(.replaced), .stop(.replaced)),
      Rule(.running(attempt: 2), .tokenRotated, .stopped(.tokenRotated), .stop(.tokenRotated)),
      Rule(
        .awaitingServiceIDs(attempt: 2), .tokenRotated, .stopped(.tokenRotated),
        .stop(.tokenRotated)),
      Rule(.running(attempt: 2), .cannotListen, .stopped(.cannotListen), .stop(.cannotListen)),

      Rule(.backingOff(attempt: 2), .retryDue, .resolving(attempt: 3), .resolve),

      Rule(.stopping, .drained, requested.0, requested.1),
      Rule(.stopping, .tunnelEnded, requested.0, requested.1),
      Rule(.stopping, .replaced, requested.0, requested.1),
      Rule(.stopping, .tokenRotated, requested.0, requested.1),
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
      let action = client.handle(event, route: .direct, policy: Self.policy, randomness: .max)
      #expect(client == rules.first?.next ?? state, "\(state)")
      #expect(action == rules.first?.action ?? TunnelClient.Action.none, "\(state)")
    }
  }

  @Test("the attempt after the last retry is the last")
  func usesUpRetries() {
    let states: [(TunnelClient, TunnelClient.Event)] = [
      (.resolving(attempt: 3), .failed),
      (.connecting(attempt: 3), .failed), (.proxyTLSHandshake(attempt: 3), .failed),
      (.proxyConnect(attempt: 3), .failed),
      (.tlsHandshake(attempt: 3), .failed), (.upgrading(attempt: 3), .failed),
      (.upgrading(attempt: 3), .postponed(Milliseconds(1))),
      (.awaitingServiceIDs(attempt: 3), .failed),
      (.running(attempt: 3), .lost(wasHealthy: false)),
    ]
    var patient = Self.policy
    patient.retryCountMax = -1
    for (state, event) in states {
      var client = state
      #expect(
        client.handle(event, route: .direct, policy: Self.policy, randomness: 0)
          == .stop(.retriesUsedUp))
      #expect(client == .stopped(.retriesUsedUp))
      client = state
      guard case .backOff = client.handle(event, route: .direct, policy: patient, randomness: 0)
      else {
        Issue.record("\(state) gave up")
        continue
      }
    }
  }

  @Test(
    "delays double up to the longest, and most of each is at random",
    arguments: [
      (1, 125, 1_000), (2, 250, 2_000), (3, 1_000, 3_000), (4, 1_000, 3_000),
      (1_000_000, 1_000, 3_000),
    ] as [(Int, Int64, Int64)])
  func doublesDelays(failures: Int, least: Int64, most: Int64) {
    let policy = Self.policy
    #expect(policy.delay(afterFailures: failures, randomness: 0) == Milliseconds(least))
    #expect(policy.delay(afterFailures: failures, randomness: .max) == Milliseconds(most))
    let middle = policy.delay(afterFailures: failures, randomness: .max / 2)
    #expect(middle > Milliseconds(least) && middle < Milliseconds(most))
  }

  @Test(
    "what the service asks for is waited for, with up to a quarter more, but never less than by itself",
    arguments: [(8_000, 8_000, 10_000), (0, 125, 1_000), (800, 800, 1_000)]
      as [(Int64, Int64, Int64)])
  func waitsAsAsked(asked: Int64, least: Int64, most: Int64) {
    for (randomness, expected) in [(0, least), (.max, most)] as [(UInt32, Int64)] {
      #expect(
        Self.policy.delay(asked: Milliseconds(asked), afterFailures: 1, randomness: randomness)
          == Milliseconds(expected))
    }
  }

  @Test("a tunnel that was up starts to count its attempts afresh")
  func countsAfresh() {
    var client = TunnelClient.running(attempt: 3)
    _ = client.handle(.lost(wasHealthy: true), route: .direct, policy: Self.policy, randomness: 0)
    #expect(
      client.handle(.retryDue, route: .direct, policy: Self.policy, randomness: 0) == .resolve)
    #expect(client == .resolving(attempt: 1))
  }

  @Test(
    "a web proxy is asked on the way, over TLS if that is how it is spoken to",
    arguments: [
      (.webProxy, .askWebProxy, .proxyConnect(attempt: 1)),
      (.encryptedWebProxy, .startWebProxyTLS, .proxyTLSHandshake(attempt: 1)),
      (.direct, .startTLS, .tlsHandshake(attempt: 1)),
    ] as [(TunnelClient.Route, TunnelClient.Action, TunnelClient)])
  func takesRoute(route: TunnelClient.Route, action: TunnelClient.Action, next: TunnelClient) {
    var client = TunnelClient.connecting(attempt: 1)
    #expect(
      client.handle(.connected, route: route, policy: Self.policy, randomness: 0) == action)
    #expect(client == next)
  }

  @Test(
    "without reconnect_on_data_error the loss of a tunnel is the end", arguments: [true, false])
  func doesNotReconnect(wasHealthy: Bool) {
    var policy = Self.policy
    policy.reconnectsOnDataError = false
    var client = TunnelClient.running(attempt: 1)
    let action = client.handle(
      .lost(wasHealthy: wasHealthy), route: .direct, policy: policy, randomness: 0)
    #expect(action == .stop(.retriesUsedUp))
  }
}
