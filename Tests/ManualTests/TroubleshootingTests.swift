import Foundation
import Testing

/// docs/troubleshooting.md quotes the program's lines; those may change.
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

  /// What is quoted in the first column, without the parts that differ from case to case.
  private static func quotedPieces() throws -> [(line: String, piece: String)] {
    let page = try String(
      contentsOf: root.appendingPathComponent("docs/troubleshooting.md"), encoding: .utf8)
    var pieces: [(line: String, piece: String)] = []
    for row in page.split(separator: "\n") where row.hasPrefix("|") {
      let cell = row.dropFirst().prefix { $0 != "|" }
      for match in cell.matches(of: /`([^`]+)`/) {
        for piece in match.1.split(separator: #/…|[0-9]+|'|/run/|: /#) {
          let words = piece.trimmingCharacters(in: CharacterSet(charactersIn: " .,;:()"))
          if words.count > 6 { pieces.append((String(match.1), words)) }
        }
      }
    }
    return pieces
  }

  @Test("each line that the page quotes is made of what the sources say")
  func quotes() throws {
    let sources = try Self.sources()
    let pieces = try Self.quotedPieces()
    #expect(pieces.count > 30)
    for (line, piece) in pieces where !Self.systemTexts.contains(piece) {
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
