import Configuration
import Foundation
import Testing

/// docs/operations.md and what goes with it, beside the program's own texts.
@Suite("Operations")
struct OperationsTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func read(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  private struct Metric: Equatable {
    let type: String
    let labels: [String]
    /// Of a label with few values, all of them.
    let values: [String]
  }

  /// What the program serves, by name.
  private static func metrics() throws -> [String: Metric] {
    let template = try read("Sources/Proxy/Status/texts.txt").components(separatedBy: "|")[3]
    var types: [String: String] = [:]
    var labels: [String: [String]] = [:]
    var values: [String: [String]] = [:]
    for line in template.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      if words[0] == "#" {
        if words[1] == "TYPE" { types[words[2]] = words[3] }
        continue
      }
      let name = String(line.drop { $0 == "^" }.prefix { $0 != "{" && $0 != " " })
      #expect(types[name] != nil, "\(name) has no type")
      labels[name] = line.matches(of: /([a-z]+)=/).map { String($0.1) }
      values[name, default: []] += line.matches(of: /="([a-z_]+)"/).map { String($0.1) }
    }
    var metrics: [String: Metric] = [:]
    for (name, type) in types {
      metrics[name] = Metric(type: type, labels: labels[name] ?? [], values: values[name] ?? [])
    }
    return metrics
  }

  @Test("the table of metrics names all of them, with type, unit, labels and what those can be")
  func tellsOfMetrics() throws {
    let metrics = try Self.metrics()
    #expect(metrics.count == 16)
    var told = 0
    for line in try Self.read("docs/operations.md").split(separator: "\n")
    where line.hasPrefix("| `localproxy_") || line.hasPrefix("| `process_") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let name = cells[0].replacing("`", with: "")
      let metric = try #require(metrics[name], "\(name)")
      told += 1
      #expect(cells[1] == metric.type, "\(name)")
      let unit =
        name.contains("_bytes") ? "bytes" : name.contains("_seconds") ? "seconds" : "–"
      #expect(cells[2] == unit, "\(name)")
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
      #expect(cells[3] == (labels.isEmpty ? "–" : labels), "\(name)")
      for value in metric.values { #expect(cells[4].contains("`\(value)`"), "\(name): \(value)") }
    }
    #expect(told == metrics.count)
  }

  @Test("the table of exit statuses has all of them")
  func tellsOfStatuses() throws {
    let page = try Self.read("docs/operations.md")
    for (status, _) in ExitStatus.all {
      #expect(page.contains("\n| \(status.rawValue)      | "), "\(status.rawValue)")
    }
  }

  @Test(
    "alerts and dashboard ask for metrics that there are",
    arguments: ["packaging/prometheus/localproxy.rules.yml", "packaging/grafana/localproxy.json"])
  func asksForWhatThereIs(path: String) throws {
    let metrics = try Self.metrics()
    let text = try Self.read(path)
    let names = text.matches(of: /\b(?:localproxy|process)_[a-z_]+/).map { String($0.0) }
    #expect(names.count > 6)
    for name in names { #expect(metrics[name] != nil, "\(name)") }
    for match in text.matches(of: /\{[^{}]*?(reason|state)=\\?"([a-z_]+)/) {
      let value = String(match.2)
      #expect(metrics.values.contains { $0.values.contains(value) }, "\(value)")
    }
    if path.hasSuffix(".json") {
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
      let panels = try #require((object as? [String: Any])?["panels"] as? [[String: Any]])
      #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
    }
  }
}
