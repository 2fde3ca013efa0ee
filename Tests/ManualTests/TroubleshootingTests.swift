import Foundation
import Testing

/// docs/troubleshooting.md and the man pages quote the programs' lines; those may change.
@Suite("Troubleshooting")
struct TroubleshootingTests {
  /// Tests/ManualTests/TroubleshootingTests.swift is three levels below the package's folder.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// What the C library says.
  private static let systemTexts = ["Address already in use", "Connection refused"]

  /// All of Sources, with each text that goes over several lines in one.
  private static func sources() throws -> String {
    let directory = root.appendingPathComponent("Sources")
    var text = ""
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path)
    where path.hasSuffix(".swift") || path.hasSuffix(".c") {
      text += try String(contentsOf: directory.appendingPathComponent(path), encoding: .utf8)
    }
    return text.replacing(/"\s*\+\s*"/, with: "").replacing(/\\\n\s*/, with: "")
  }

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// What is quoted in the first column.
  private static func quotedByThePage() throws -> [String] {
    try text("docs/troubleshooting.md").split(separator: "\n").filter { $0.hasPrefix("|") }
      .flatMap { row in
        row.dropFirst().prefix { $0 != "|" }.matches(of: /`([^`]+)`/).map { String($0.1) }
      }
  }

  /// What stands in bold below DIAGNOSTICS.
  private static func quotedByTheManual(of program: String) throws -> [String] {
    let page = try text("packaging/\(program).1")
    let section = page.split(separator: ".SH ").first { $0.hasPrefix("DIAGNOSTICS") } ?? ""
    return section.matches(of: /\n\\fB([^\n]+)\\fR/).map {
      String($0.1).replacing("\\(aq", with: "'").replacing("\\-", with: "-")
        .replacing("\\[u2026]", with: "…")
    }
  }

  /// A line's parts that do not differ from case to case.
  private static func pieces(of line: String) -> [String] {
    line.split(separator: #/…|[0-9]+|'|/run/|: |localhost|the source's/#).map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " .,;:()"))
    }.filter { $0.count > 6 }
  }

  @Test("each line that the page and the manual quote is made of what the sources say")
  func quotes() throws {
    let sources = try Self.sources()
    let manual = try Self.quotedByTheManual(of: "localproxy")
    #expect(manual.count > 7)
    let lines = try Self.quotedByThePage() + manual
    #expect(lines.count > 30)
    for line in lines {
      for piece in Self.pieces(of: line) { Self.check(piece, of: line, sources) }
    }
  }

  private static func check(_ piece: String, of line: String, _ sources: String) {
    if !systemTexts.contains(piece) {
      // A line may be put together from two texts.
      let isThere =
        sources.contains(piece)
        || piece.indices.contains { index in
          piece[index] == " " && sources.contains(piece[..<index])
            && sources.contains(piece[index...].dropFirst())
        }
      #expect(isThere, "'\(piece)' of '\(line)'")
    }
  }
}
