import Basics
import Foundation
import Testing

@testable import Status
@testable import Tunnel

@Suite("Status")
struct StatusTextTests {
  /// - Parameter number: by its place behind the first, which is there already.
  static func facts(
    _ services: [String], state: TunnelClient.State = .running, isReady: Bool = true,
    connectionCount: Int = 0, lastError: String = "", number: (Int) -> Int64 = { _ in 0 }
  ) -> StatusFacts {
    let tally = Tally()
    tally.begin(services)
    guard
      let facts = StatusFacts(
        SupervisorReport.Facts(state: state, isReady: isReady, connectionCount: connectionCount),
        tally, version: "0.1.0", tls: "OpenSSL", role: "source", lastError: lastError)
    else { fatalError("no memory for the texts") }
    facts.numbers += (0..<(5 + 3 * services.count + 18 + 7)).map { number($0 + 1) }
    return facts
  }

  private static func metrics(_ facts: StatusFacts) -> String {
    String(decoding: facts.metrics.octets, as: UTF8.self)
  }

  private static func json(_ facts: StatusFacts) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(facts.json.octets))
    return try #require(object as? [String: Any])
  }

  private static func connection(_ place: Int = 2, service: Int = 0) -> ConnectionStatus {
    ConnectionStatus(
      place: place, service: service, startedAt: Instant(nanoseconds: 1), sentByteCount: 2,
      receivedByteCount: 5_000_000_000)
  }

  private static func answer(
    _ request: StatusRequest, _ facts: StatusFacts, isHead: Bool = false
  ) -> (head: String, body: [UInt8]) {
    let octets = StatusAnswer.octets(request, isHead: isHead, facts)
    let end = Array("\r\n\r\n".utf8)
    let split = octets.indices.first { octets[$0...].starts(with: end) } ?? octets.count
    return (
      String(decoding: octets[..<split], as: UTF8.self), Array(octets[split...].dropFirst(4))
    )
  }

  @Test("each number stands at its name and label")
  func placesNumbers() throws {
    let facts = Self.facts(["SSH", "HTTP"]) { Int64($0) * 1_000_000_007 }
    let lines = Self.metrics(facts).split(separator: "\n").filter { !$0.hasPrefix("#") }
    func place(_ number: Int) -> String { "\(Int64(number) * 1_000_000_007)" }
    let reasons: [(String, [Counted: String])] = [
      (
        "connections_refused",
        [
          .refusedStopping: "stopping", .refusedFull: "full", .refusedUnanswered: "unanswered",
          .refusedTunnelDown: "tunnel_down", .refusedProtocol: "protocol",
        ]
      ),
      (
        "connections_reset",
        [
          .resetByPeer: "peer", .resetNotConnected: "not_connected", .resetLocally: "local",
          .resetTimedOut: "timed_out", .resetEvicted: "evicted", .resetTunnelLost: "tunnel_lost",
        ]
      ),
      (
        "reconnects",
        [
          .againUnreachable: "unreachable", .againRefused: "refused",
          .againNoServices: "no_services", .againClosed: "closed", .againViolation: "violation",
          .againLost: "lost", .againSilent: "silent",
        ]
      ),
    ]
    var expected = [
      "localproxy_build_info{version=\"0.1.0\",tls=\"OpenSSL\"} 1", "localproxy_tunnel_up 1",
      "localproxy_connections{state=\"waiting\"} \(place(1))",
      "localproxy_connections{state=\"connecting\"} \(place(2))",
      "localproxy_connections{state=\"open\"} \(place(3))",
      "localproxy_connections{state=\"half_closed\"} \(place(4))",
      "localproxy_connections{state=\"draining\"} \(place(5))",
      "localproxy_connections_accepted_total{service=\"SSH\"} \(place(6))",
      "localproxy_connections_accepted_total{service=\"HTTP\"} \(place(7))",
      "localproxy_sent_bytes_total{service=\"SSH\"} \(place(8))",
      "localproxy_sent_bytes_total{service=\"HTTP\"} \(place(9))",
      "localproxy_received_bytes_total{service=\"SSH\"} \(place(10))",
      "localproxy_received_bytes_total{service=\"HTTP\"} \(place(11))",
      "localproxy_round_trip_seconds 30.000000210", "localproxy_pacer_queue_seconds 31.000000217",
      "localproxy_pacer_window_bytes \(place(32))",
      "localproxy_congested_seconds_total 33.000000231",
      "process_resident_memory_bytes \(place(34))", "process_cpu_seconds_total 35.000000245",
      "process_start_time_seconds 36.000000252",
    ]
    for (name, labels) in reasons {
      for (counted, label) in labels {
        expected.append(
          "localproxy_\(name)_total{reason=\"\(label)\"} \(place(12 + counted.rawValue))")
      }
    }
    #expect(Set(lines.map(String.init)) == Set(expected))
    let numbers = try #require(try Self.json(facts)["metrics"] as? [String: Double])
    #expect(numbers.count == lines.count)
    for line in lines {
      let space = try #require(line.lastIndex(of: " "))
      let value = try #require(Double(line[space...].dropFirst()))
      #expect(numbers[String(line[..<space])] == value)
    }
  }

  @Test(
    "names that others chose stay one label, and one text of JSON",
    arguments: ["", "a\"b", "a\\b", "\\\"", "a\nb", "a} 1\nx{y=\"", "ä", "a\u{1}b", "a\u{202e}b"])
  func escapes(name: String) throws {
    let facts = Self.facts([name], connectionCount: 1, lastError: name)
    facts.add(Self.connection(), peer: name, now: Instant(nanoseconds: 2_000_000_000))
    let line = try #require(
      Self.metrics(facts).split(separator: "\n").first {
        $0.hasPrefix("localproxy_sent_bytes_total{")
      })
    let seen = name.printable
    let quoted = seen.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    #expect(line == "localproxy_sent_bytes_total{service=\"\(quoted)\"} 0")
    let state = try Self.json(facts)
    #expect(state["last_error"] as? String == seen)
    let open = try #require(state["open"] as? [[String: Any]])
    #expect(open.count == 1 && open[0]["service"] as? String == seen)
    #expect(open[0]["age_seconds"] as? Int == 1 && open[0]["state"] as? String == "open")
    let keys = try #require(state["metrics"] as? [String: Any]).keys
    #expect(keys.contains("localproxy_sent_bytes_total{service=\"\(quoted)\"}"))
  }

  @Test("the longest answers have a limit, and connections beyond it are counted")
  func isBounded() throws {
    let name = String(repeating: "\"", count: Message.serviceIDByteCountMax)
    let names = (0..<TunnelSession.serviceCountMax).map { String("\($0)\(name)".prefix(128)) }
    let facts = Self.facts(names, connectionCount: 1_000) { _ in .max }
    for service in 0..<1_000 {
      facts.add(
        Self.connection(4, service: service & 127), peer: name, now: Instant(nanoseconds: 1))
    }
    #expect(Self.metrics(facts).utf8.count < 160 << 10)
    #expect(facts.json.octets.count < 300 << 10)
    let state = try Self.json(facts)
    #expect((state["open"] as? [Any])?.count == StatusFacts.connectionCountMax)
    #expect(state["more"] as? Int == 1_000 - StatusFacts.connectionCountMax)
  }

  @Test("healthy is a tunnel that takes connections, and else the reason is one line")
  func tellsHealth() {
    let healthy = Self.answer(.health, Self.facts([], lastError: "old"))
    #expect(healthy.head.hasPrefix("HTTP/1.1 200 OK\r\n") && healthy.body == Array("ok\n".utf8))
    let cases: [(TunnelClient.State, Bool, String)] = [
      (.running, false, "connected, not listening yet"),
      (.dialing, false, "connecting"), (.awaitingServices, false, "connecting"),
      (.backingOff, true, "waiting to connect again"), (.stopping, true, "stopping"),
    ]
    for (state, isReady, words) in cases {
      let answer = Self.answer(
        .health, Self.facts([], state: state, isReady: isReady, lastError: "no route"))
      #expect(answer.head.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      #expect(String(decoding: answer.body, as: UTF8.self) == "\(words); last error: no route\n")
    }
  }

  @Test("each answer says its length and type, and what a page may do", arguments: [false, true])
  func answers(isHead: Bool) {
    let types: [(StatusRequest, String, String)] = [
      (.overview, "200 OK", "text/html; charset=utf-8"),
      (.metrics, "200 OK", "text/plain; version=0.0.4; charset=utf-8"),
      (.health, "200 OK", "text/plain; charset=utf-8"),
      (.state, "200 OK", "application/json; charset=utf-8"),
      (.malformed, "400 Bad Request", "text/plain; charset=utf-8"),
      (.foreign, "403 Forbidden", "text/plain; charset=utf-8"),
      (.otherMethod, "405 Method Not Allowed", "text/plain; charset=utf-8"),
      (.missing, "404 Not Found", "text/plain; charset=utf-8"),
    ]
    #expect(StatusAnswer.octets(.needMore, isHead: isHead, Self.facts([])).isEmpty)
    for (request, status, type) in types {
      let answer = Self.answer(request, Self.facts([]), isHead: isHead)
      let whole = Self.answer(request, Self.facts([]))
      let fields = answer.head.components(separatedBy: "\r\n")
      #expect(fields[0] == "HTTP/1.1 \(status)")
      #expect(fields.contains("Content-Type: \(type)"))
      #expect(fields.contains("Content-Length: \(whole.body.count)"))
      #expect(fields.contains("Connection: close"))
      #expect(!fields.contains { $0.hasPrefix("Content-Encoding") })
      #expect(fields.contains("Allow: GET, HEAD") == (request == .otherMethod))
      #expect(fields.contains { $0.hasPrefix("Content-Security-Policy: default-src 'none'; ") })
      #expect(answer.body.isEmpty == isHead)
    }
  }
}
