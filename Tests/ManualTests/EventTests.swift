import Foundation
import Proxy
import Reactor
import Testing

/// The programs' events, beside their lists. docs/logging.md is `ManualTests`'.
@Suite("Events")
struct EventTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let lists = [
    "Sources/Reactor", "Sources/Proxy/Glue", "Sources/Agent", "Sources/TunnelService",
  ]
  private static let generated = [
    "Sources/Reactor/CommonEvents.swift", "Sources/Proxy/Glue/ProxyEvents.swift",
    "Sources/Agent/AgentEvents.swift", "Sources/TunnelService/ServiceEvents.swift",
  ]

  @Test("the programs have the lists that are there (scripts/log-events)")
  func isUpToDate() throws {
    let files = FileManager.default
    let copy = files.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)")
    defer { try? files.removeItem(at: copy) }
    for path in ["scripts/log-events", "scripts/packed"] + Self.lists.map({ $0 + "/events.txt" }) {
      let place = copy.appendingPathComponent(path)
      try files.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: Self.root.appendingPathComponent(path), to: place)
    }
    let script = Process()
    script.executableURL = copy.appendingPathComponent("scripts/log-events")
    try script.run()
    script.waitUntilExit()
    #expect(script.terminationStatus == 0)
    for path in Self.generated {
      let (old, new) = (Self.root.appendingPathComponent(path), copy.appendingPathComponent(path))
      // gzip's versions pack differently; what is packed is compared below.
      let texts = try [old, new].map { url in
        try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
          .filter { !$0.contains(#/^ +[0-9]+, /#) }
      }
      #expect(texts[0] == texts[1], "\(path) is out of date")
    }
  }

  /// The lines of a list: level with its marks, name, text.
  private static func events(_ folder: String) throws -> [[Substring]] {
    let url = root.appendingPathComponent(folder + "/events.txt")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: " ", maxSplits: 2) }
  }

  @Test("what localproxy unpacks is its list")
  func unpacks() throws {
    let levels = ["fatal", "error", "warning", "info", "debug", "trace"]
    let events = try Self.events("Sources/Reactor") + Self.events("Sources/Proxy/Glue")
    let lines = try events.map { event in
      let level = try #require(levels.firstIndex { event[0].hasPrefix($0) })
      return "\(level + 1)\(event[0].hasSuffix("*") ? "*" : " ")\(event[1]) \(event[2])"
    }
    #expect(LogEvents.proxyList == Array(lines.joined(separator: "\n").utf8))
  }

  @Test(
    "names are of one kind, none stands twice, none of a field's is another's, and all are used")
  func namesAreStable() throws {
    let common = try Self.events("Sources/Reactor")
    for folder in Self.lists.dropFirst() {
      let events = try common + Self.events(folder)
      let names = events.map { String($0[1]) }
      #expect(Set(names).count == names.count)
      for event in events {
        #expect(event[1].wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil, "\(event[1])")
        let fields = event[2].matches(of: /\{-?([a-z_]+)#?\}/).map { String($0.1) }
        #expect(Set(fields).count == fields.count, "\(event[1])")
        let taken: Set = ["time", "pid", "level", "event", "message", "priority", "left_out"]
        #expect(taken.isDisjoint(with: fields), "\(event[1])")
        // Marks are in pairs, and no clause is in another.
        let brackets = event[2].filter { "[|]".contains($0) }
        #expect(brackets.matches(of: /\[\|?\]/).map { $0.0.count }.reduce(0, +) == brackets.count)
      }
    }
    var sources = ""
    let folder = Self.root.appendingPathComponent("Sources")
    let files = try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    for case let file as URL in files
    where file.pathExtension == "swift" && !Self.generated.contains(where: file.path.hasSuffix) {
      sources += try String(contentsOf: file, encoding: .utf8)
    }
    for path in Self.generated {
      let text = try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
      for method in text.matches(of: /func (\w+)\(/) {
        #expect(sources.contains("log.\(method.1)("), "\(path): \(method.1)")
      }
    }
  }
}
