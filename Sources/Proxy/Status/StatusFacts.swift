import Basics
import Tunnel

/// What the status pages say, as values.
public final class StatusFacts {
  /// Connections that are listed one by one, at the most.
  public static let connectionCountMax = 64
  public static let gaugeCount = 7
  /// A gauge that is not known.
  public static let unknown: Int64 = -1

  public let report: SupervisorReport.Facts
  public let version: String
  public let tls: String
  public let role: String
  /// The last line of level error or fatal.
  public let lastError: String
  public var tally = Tally()
  /// Connections by the place of their state.
  public var states = InlineArray<5, Int64>(repeating: 0)
  /// Round trip, queue time, window, congested time, resident memory, processor's time, start; times in nanoseconds.
  public var gauges = InlineArray<7, Int64>(repeating: unknown)
  /// Connections one by one, in JSON.
  let connections = StatusText()
  private(set) var connectionCount = 0

  public init(
    _ report: SupervisorReport.Facts, version: String, tls: String, role: String, lastError: String
  ) {
    self.report = report
    self.version = version
    self.tls = tls
    self.role = role
    self.lastError = lastError
  }

  public var isUp: Bool { report.state == .running && report.isReady }

  /// - Parameter state: its place.
  public func add(
    service: String, peer: String, state: Int, traffic: Traffic, age: Nanoseconds
  ) {
    if connectionCount == Self.connectionCountMax { return }
    connections.add(connectionCount == 0 ? "{\"service\":" : ",{\"service\":", quoted: service)
    connections.add(",\"peer\":", quoted: peer)
    connections.add(",\"state\":", quoted: StatusText.states.octets.parted(at: .bar)[state].text)
    connections.add(",\"age_seconds\":", age.count / 1_000_000_000)
    connections.add(",\"sent_bytes\":", traffic.sentByteCount)
    connections.add(",\"received_bytes\":", traffic.receivedByteCount)
    connections.add("}")
    connectionCount += 1
  }

  /// A number of the table in `StatusText`, by line and value.
  func number(_ line: Int, _ place: Int) -> Int64 {
    switch line {
    case 0: isUp ? 1 : 0
    case 1: states[place]
    case 2: tally.watches[place].acceptedCount
    case 3: tally.watches[place].traffic.sentByteCount
    case 4: tally.watches[place].traffic.receivedByteCount
    case 5: tally.counts.numbers[place]
    case 6: tally.counts.numbers[Counted.resetByPeer.rawValue + place]
    case 7: tally.counts.numbers[Counted.againUnreachable.rawValue + place]
    default: gauges[line - 8]
    }
  }
}
