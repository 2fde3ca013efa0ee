import Basics
import Foundation
import Testing

@testable import Status
@testable import Tunnel

@Suite("Status")
struct StatusTextTests {
  private static func facts(
    _ services: [String] = ["SSH"], state: TunnelClient.State = .running, isReady: Bool = true,
    connectionCount: Int = 0, lastError: String = ""
  ) -> StatusFacts {
    let facts = StatusFacts(
      SupervisorReport.Facts(state: state, isReady: isReady, connectionCount: connectionCount),
      version: "0.1.0", tls: "OpenSSL", role: "source", lastError: lastError)
    facts.tally.services = services
    facts.tally.watches = services.map { _ in RelayCore.ServiceWatch() }
    return facts
  }

  private static func metrics(_ facts: StatusFacts) -> String {
    let text = StatusText()
    text.addMetrics(facts)
    return String(decoding: text.octets, as: UTF8.self)
  }

  private static func json(_ facts: StatusFacts) throws -> [String: Any] {
    let text = StatusText()
    text.addJSON(facts)
    let object = try JSONSerialization.jsonObject(with: Data(text.octets))
    return try #require(object as? [String: Any])
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
    let facts = Self.facts(["SSH", "HTTP"])
    facts.tally.watches[1].acceptedCount = 3
    facts.tally.watches[1].traffic.sentByteCount = 5_000_000_000
    facts.tally.watches[0].traffic.receivedByteCount = 7
    facts.states[3] = 11
    facts.tally.counts.add(.refusedProtocol, 13)
    facts.tally.counts.add(.resetByPeer, 17)
    facts.tally.counts.add(.resetTunnelLost, 19)
    facts.tally.counts.add(.againUnreachable, 23)
    facts.tally.counts.add(.againSilent, 29)
    facts.gauges[0] = 1_002_000_003
    facts.gauges[6] = 1_700_000_000_500_000_000
    let lines = Self.metrics(facts).split(separator: "\n").filter { !$0.hasPrefix("#") }
    for line in [
      "localproxy_build_info{version=\"0.1.0\",tls=\"OpenSSL\"} 1", "localproxy_tunnel_up 1",
      "localproxy_connections{state=\"half_closed\"} 11",
      "localproxy_connections_accepted_total{service=\"HTTP\"} 3",
      "localproxy_sent_bytes_total{service=\"HTTP\"} 5000000000",
      "localproxy_sent_bytes_total{service=\"SSH\"} 0",
      "localproxy_received_bytes_total{service=\"SSH\"} 7",
      "localproxy_connections_refused_total{reason=\"protocol\"} 13",
      "localproxy_connections_reset_total{reason=\"peer\"} 17",
      "localproxy_connections_reset_total{reason=\"tunnel_lost\"} 19",
      "localproxy_reconnects_total{reason=\"unreachable\"} 23",
      "localproxy_reconnects_total{reason=\"silent\"} 29",
      "localproxy_round_trip_seconds 1.002000003",
      "process_start_time_seconds 1700000000.500000000",
    ] { #expect(lines.contains(Substring(line)), "\(line)") }
    #expect(!lines.contains { $0.hasPrefix("localproxy_pacer") }, "what is not known is left out")
    let numbers = try #require(try Self.json(facts)["metrics"] as? [String: Double])
    #expect(numbers.count == lines.count)
    for line in lines {
      let space = try #require(line.lastIndex(of: " "))
      let value = try #require(Double(line[space...].dropFirst()))
      #expect(numbers[String(line[..<space])] == value)
    }
  }

  @Test("every reason and every state has one name")
  func namesAll() throws {
    let values = StatusText.table.split(separator: "\n").map { line in
      line.split(separator: " ")[3].split(separator: "|").map(String.init)
    }
    #expect(values[1].joined(separator: "|") == StatusText.states)
    #expect(values[5].count == Counted.resetByPeer.rawValue)
    #expect(
      values[6].count == Counted.againUnreachable.rawValue - Counted.resetByPeer.rawValue)
    #expect((values[5] + values[6] + values[7]).count == Counts().numbers.count)
    #expect(Counted.againSilent.rawValue + 1 == Counts().numbers.count)
    #expect(values.count == 8 + StatusFacts.gaugeCount)
  }

  @Test(
    "names that others chose stay one label, and one text of JSON",
    arguments: ["", "a\"b", "a\\b", "\\\"", "a\nb", "a} 1\nx{y=\"", "ä", "a\u{1}b", "a\u{202e}b"])
  func escapes(name: String) throws {
    let facts = Self.facts([name], connectionCount: 1, lastError: name)
    facts.add(
      service: name, peer: name, state: 2, traffic: Traffic(), age: Nanoseconds(1_999_999_999))
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
    let facts = Self.facts(names, connectionCount: 1_000)
    for _ in 0..<1_000 {
      facts.add(service: name, peer: name, state: 4, traffic: Traffic(), age: Nanoseconds(0))
    }
    #expect(Self.metrics(facts).utf8.count < 160 << 10)
    let text = StatusText()
    text.addJSON(facts)
    #expect(text.octets.count < 300 << 10)
    let state = try Self.json(facts)
    #expect((state["open"] as? [Any])?.count == StatusFacts.connectionCountMax)
    #expect(state["more"] as? Int == 1_000 - StatusFacts.connectionCountMax)
  }

  @Test("healthy is a tunnel that takes connections, and else the reason is one line")
  func tellsHealth() {
    let healthy = Self.answer(.health, Self.facts(lastError: "old"))
    #expect(healthy.head.hasPrefix("HTTP/1.1 200 OK\r\n") && healthy.body == Array("ok\n".utf8))
    let cases: [(TunnelClient.State, Bool, String)] = [
      (.running, false, "connected, not listening yet"),
      (.dialing, false, "connecting"), (.awaitingServices, false, "connecting"),
      (.backingOff, true, "waiting to connect again"), (.stopping, true, "stopping"),
    ]
    for (state, isReady, words) in cases {
      let answer = Self.answer(
        .health, Self.facts(state: state, isReady: isReady, lastError: "no route"))
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
    #expect(StatusAnswer.octets(.needMore, isHead: isHead, Self.facts()).isEmpty)
    for (request, status, type) in types {
      let answer = Self.answer(request, Self.facts(), isHead: isHead)
      let whole = Self.answer(request, Self.facts())
      let fields = answer.head.components(separatedBy: "\r\n")
      #expect(fields[0] == "HTTP/1.1 \(status)")
      #expect(fields.contains("Content-Type: \(type)"))
      #expect(fields.contains("Content-Length: \(whole.body.count)"))
      #expect(fields.contains("Connection: close"))
      #expect(fields.contains("Allow: GET, HEAD") == (request == .otherMethod))
      #expect(fields.contains { $0.hasPrefix("Content-Security-Policy: default-src 'none'; ") })
      #expect(answer.body.isEmpty == isHead)
    }
  }
}
