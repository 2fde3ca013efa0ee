import Foundation

/// The tables of docs/logging.md, out of the lists of events that `scripts/log-events` puts into the programs.
enum EventTables {
  static let path = "docs/logging.md"

  /// Name of the part of the document, and the list.
  private static let lists = [
    ("events", "Sources/Reactor/events.txt"),
    ("events of localproxy", "Sources/Proxy/Glue/events.txt"),
    ("events of localproxy-agent", "Sources/Agent/events.txt"),
    ("events of tunneld", "Sources/TunnelService/events.txt"),
  ]

  static func insert(into document: String, root: String) throws -> String {
    var parts: [(String, String)] = []
    for (name, path) in lists {
      parts.append((name, table(try String(contentsOfFile: root + "/" + path, encoding: .utf8))))
    }
    return Tables.insert(parts, into: document)
  }

  /// A table for each group of events; what is above a group is its heading, where there are several.
  private static func table(_ list: String) -> String {
    var text = ""
    for group in list.components(separatedBy: "\n\n") {
      let lines = group.split(separator: "\n")
      let events = lines.filter { !$0.hasPrefix("#") }
      if events.isEmpty { continue }
      let comments = lines.filter { $0.hasPrefix("#") }
      if list.contains("\n\n"), let heading = comments.first {
        text += "### \(heading.dropFirst(2).drop { $0 == " " })".trimmingSuffix(".") + "\n\n"
      }
      text += "| event | level | fields | text |\n| --- | --- | --- | --- |\n"
      for event in events { text += row(event) }
      text += "\n"
    }
    return text
  }

  private static func row(_ event: Substring) -> String {
    let words = event.split(separator: " ", maxSplits: 2)
    let level = words[0].replacing("+", with: "").replacing("*", with: "\\*")
    let fields = words[2].matches(of: /\{-?([a-z_]+)(#?)\}/).map { "`\($0.1)`\($0.2)" }
    let text = words[2].replacing(/\{-[a-z_]+#?\}/, with: "").replacing("#}", with: "}")
      .replacing("|", with: "\\|")
    return
      "| `\(words[1])` | \(level) | \(fields.isEmpty ? "–" : fields.joined(separator: " ")) | `\(text)` |\n"
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
