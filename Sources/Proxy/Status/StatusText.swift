import Basics
import Tunnel

/// A text that grows: the facts in Prometheus' text format 0.0.4, or in JSON.
package final class StatusText {
  package private(set) var octets: [UInt8] = []

  package static let states = "waiting|connecting|open|half_closed|draining"

  /// What is measured, one family to a line: name, type, label, its values, meaning. `*` stands for the services, `-` for no
  /// label. Times are in seconds.
  package static let table = """
    localproxy_tunnel_up gauge - - 1 while the tunnel stands and a source listens, else 0.
    localproxy_connections gauge state waiting|connecting|open|half_closed|draining Connections that are there.
    localproxy_connections_accepted_total counter service * Connections that began.
    localproxy_sent_bytes_total counter service * Bytes from clients or servers into the tunnel.
    localproxy_received_bytes_total counter service * Bytes out of the tunnel to clients or servers.
    localproxy_connections_refused_total counter reason stopping|full|unanswered|tunnel_down|protocol Connections that did not begin.
    localproxy_connections_reset_total counter reason peer|not_connected|local|timed_out|evicted|tunnel_lost Connections that were cut.
    localproxy_reconnects_total counter reason unreachable|refused|no_services|closed|violation|lost|silent Further attempts to connect to the service.
    localproxy_round_trip_seconds gauge - - Time of the last ping to the service.
    localproxy_pacer_queue_seconds gauge - - Time that it queued.
    localproxy_pacer_window_bytes gauge - - Bytes that may be on the way to the service.
    localproxy_congested_seconds_total counter - - Time in which the tunnel was not read because of a slow reader.
    process_resident_memory_bytes gauge - - Resident memory.
    process_cpu_seconds_total counter - - Processor time.
    process_start_time_seconds gauge - - Start since 1970.
    """

  package init() {}

  // MARK: Pieces

  @inline(never) func add(_ text: String) { add(text.octets[...]) }

  @inline(never) func add(_ text: ArraySlice<UInt8>) { octets += text }

  @inline(never) func add(_ text: String, _ number: Int64) {
    add(text)
    add(number.decimal)
  }

  /// Quotes as JSON and Prometheus' labels have them. What is not seen, or could end a line, becomes a question mark.
  @inline(never) func add(_ text: String, quoted: String) {
    add(text)
    octets.append(.quote)
    for octet in quoted.printable.octets {
      if octet == .quote || octet == .backslash { octets.append(.backslash) }
      octets.append(octet)
    }
    octets.append(.quote)
  }

  /// With all nine digits behind the point.
  private func add(seconds nanoseconds: Int64) {
    add((nanoseconds / 1_000_000_000).decimal)
    let start = octets.count
    add((1_000_000_000 + nanoseconds % 1_000_000_000).decimal)
    octets[start] = .dot
  }

  // MARK: The whole

  package func addMetrics(_ facts: StatusFacts) {
    add("# HELP localproxy_build_info Versions of the program and of its TLS library.\n")
    add("# TYPE localproxy_build_info gauge\nlocalproxy_build_info{version=", quoted: facts.version)
    add(",tls=", quoted: facts.tls)
    add("} 1\n")
    for (line, text) in Self.table.octets.parted(at: .lineFeed).enumerated() {
      let parts = Array(text).parted(at: .space)
      add("# HELP ")
      add(parts[0])
      for word in parts[4...] {
        add(" ")
        add(word)
      }
      add("\n# TYPE ")
      add(parts[0])
      add(" ")
      add(parts[1])
      add("\n")
      let isTime = Array(parts[0]).hasPart("_seconds")
      let isOfServices = parts[3].first == UInt8(ascii: "*")
      let values = Array(parts[3]).parted(at: .bar)
      for place in 0..<(isOfServices ? facts.tally.services.count : values.count) {
        let number = facts.number(line, place)
        if number == StatusFacts.unknown { continue }
        add(parts[0])
        if parts[2].first != .hyphen {
          add("{")
          add(parts[2])
          add("=", quoted: isOfServices ? facts.tally.services[place] : values[place].text)
          add("}")
        }
        add(" ")
        if isTime { add(seconds: number) } else { add(number.decimal) }
        add("\n")
      }
    }
  }

  /// The metrics under their names with their labels, what it does, and the connections one by one.
  package func addJSON(_ facts: StatusFacts) {
    add("{\"role\":", quoted: facts.role)
    add(",\"state\":", quoted: facts.report.words)
    add(",\"last_error\":", quoted: facts.lastError)
    add(",\"metrics\"")
    let metrics = StatusText()
    metrics.addMetrics(facts)
    var separator = ":{"
    for line in metrics.octets.parted(at: .lineFeed) where line.first ?? .hash != .hash {
      guard let (name, number) = line.text.cut(at: .space, last: true) else { continue }
      add(separator, quoted: name)
      add(":")
      add(number)
      separator = ","
    }
    add("},\"open\":[")
    add(facts.connections.octets[...])
    add("],\"more\":", Int64(max(0, facts.report.connectionCount - facts.connectionCount)))
    add("}\n")
  }
}
