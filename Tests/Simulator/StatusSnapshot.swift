import Basics
import Proxy
import Tunnel

/// What a program's status is to say at a moment, worked out here once more.
struct StatusSnapshot {
  private static let reasons: [(kind: String, reason: String, counted: Counted)] = [
    ("connections_refused", "stopping", .refusedStopping),
    ("connections_refused", "full", .refusedFull),
    ("connections_refused", "unanswered", .refusedUnanswered),
    ("connections_refused", "tunnel_down", .refusedTunnelDown),
    ("connections_refused", "protocol", .refusedProtocol),
    ("connections_reset", "peer", .resetByPeer),
    ("connections_reset", "not_connected", .resetNotConnected),
    ("connections_reset", "local", .resetLocally),
    ("connections_reset", "timed_out", .resetTimedOut),
    ("connections_reset", "evicted", .resetEvicted),
    ("connections_reset", "tunnel_lost", .resetTunnelLost),
    ("reconnects", "unreachable", .againUnreachable),
    ("reconnects", "refused", .againRefused),
    ("reconnects", "no_services", .againNoServices),
    ("reconnects", "closed", .againClosed),
    ("reconnects", "violation", .againViolation),
    ("reconnects", "lost", .againLost),
    ("reconnects", "silent", .againSilent),
  ]

  /// What only grows.
  private var totals: [String: Double] = [:]
  private var connections: [String: Double] = [:]
  /// Who is there, and how.
  private var states: [UInt64: Connection] = [:]

  init(_ proxy: LocalProxy, now: Instant) {
    let counts = proxy.counts
    for (kind, reason, counted) in Self.reasons {
      totals["localproxy_\(kind)_total{reason=\"\(reason)\"}"] = Double(counts.count(counted))
    }
    for (index, name) in counts.services.enumerated() {
      let (accepted, sent, received) = counts.traffic(ofService: index)
      for (kind, count) in [
        ("connections_accepted", accepted), ("sent_bytes", sent), ("received_bytes", received),
      ] {
        totals["localproxy_\(kind)_total{service=\"\(name)\"}"] = Double(count)
      }
    }
    totals["localproxy_congested_seconds_total"] = Double(proxy.congestedTime(now).count) / 1e9
    for state in ["waiting", "connecting", "open", "half_closed", "draining"] {
      connections[Self.name(of: state)] = 0
    }
    connections[Self.name(of: "waiting")] = Double(proxy.waitingClientCount)
    for fact in proxy.connectionFacts {
      states[fact.id] = fact.state
      connections[Self.name(of: Self.word(for: fact.state)), default: 0] += 1
    }
  }

  private static func name(of state: String) -> String {
    "localproxy_connections{state=\"\(state)\"}"
  }

  private static func word(for state: Connection) -> String {
    switch state {
    case .opening, .openingPeerEnded: "connecting"
    case .open: "open"
    case .localEnded, .peerEnded: "half_closed"
    case .draining, .closed: "draining"
    }
  }

  /// What is wrong with what somebody was told between this moment and a later one; nil when all is well.
  func fault(in numbers: [(name: Substring, number: Double)], before later: StatusSnapshot)
    -> String?
  {
    // Nobody has come, gone, or changed meanwhile.
    let isStill =
      states == later.states && connections == later.connections
      && totals.allSatisfy { $0.key.contains("bytes") || later.totals[$0.key] == $0.value }
    for (name, number) in numbers {
      let name = String(name)
      if let least = totals[name], let most = later.totals[name],
        number < least - 0.001 || most + 0.001 < number
      {
        return "is told \(number) of \(name), not \(least) to \(most)"
      }
      if isStill, let right = connections[name], right != number {
        return "is told \(number) of \(name), not \(right)"
      }
    }
    return nil
  }
}
