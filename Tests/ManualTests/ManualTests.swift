import Configuration
import Foundation
import Testing

@testable import ManualPages

@Suite("Manual")
struct ManualTests {
  /// Tests/ManualTests/ManualTests.swift is three levels below the package's folder.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func read(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test("what is checked in is what make docs writes, byte for byte")
  func isUpToDate() throws {
    for (path, text) in try Manual.files(root: Self.root.path) {
      #expect(try Self.read(path) == text, "\(path) is out of date: make docs")
    }
  }

  @Test("every option, variable and status has a text, and no text is left over")
  func hasTexts() {
    for option in Option.allCases {
      #expect((option.manualText == nil) == option.description.help.isEmpty)
    }
    #expect(Set(Option.variables.map(\.name)) == Set(VariableText.options.keys))
    #expect(VariableText.others.map(\.name) == Option.otherVariables)
    #expect(ExitStatus.all.map(\.status.rawValue) == Array(0...8))
    for (status, text) in ExitStatus.all {
      #expect(Option.table.helpText.contains("\n  \(status.rawValue)  \(text)\n"))
    }
  }

  @Test("what the command line reads of an option is what its text says")
  func syntaxFits() {
    for option in Option.allCases {
      let (read, said) = (option.syntax, option.description.syntax)
      #expect(read.takesArgument == said.takesArgument && read.isOtherName == said.isOtherName)
    }
  }

  @Test(
    "the help that ships is what the tables say: every option but other names, within a terminal's width"
  )
  func printsHelp() throws {
    let text = try #require(Option.helpText)
    #expect(text == Option.table.helpText)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for option in Option.table.options {
      let short = option.shortName.map { "-\($0), " } ?? "    "
      let isThere = lines.contains { ($0 + " ").hasPrefix("  \(short)--\(option.longName) ") }
      #expect(isThere == !option.help.isEmpty, "\(option.longName)")
    }
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(text.hasPrefix("Usage: localproxy") && text.hasSuffix("\n"))
    for variable in Option.variables { #expect(text.contains(variable.name)) }
  }

  @Test(
    "page and document name every option, setting and variable",
    arguments: ["packaging/localproxy.1", Manual.configurationPath])
  func namesAll(path: String) throws {
    let text = try Self.read(path).replacing("\\-", with: "-")
    for option in Option.table.options {
      #expect(text.contains("--\(option.longName)"), "\(option.longName)")
    }
    for setting in Setting.allCases { #expect(text.contains(setting.key), "\(setting.key)") }
    for name in Option.variables.map(\.name) + VariableText.others.map(\.name) {
      #expect(text.contains(name), "\(name)")
    }
  }

  @Test("the table's columns stay columns")
  func escapesBars() throws {
    let lines = try Self.read(Manual.configurationPath).split(separator: "\n")
    var columnCount = 0
    for line in lines {
      let count = line.replacing("\\|", with: "").filter { $0 == "|" }.count
      if !line.hasPrefix("|") { columnCount = 0 } else if columnCount == 0 { columnCount = count }
      #expect(count == columnCount || !line.hasPrefix("|"), "\(line)")
    }
  }

  @Test("what the page on the architecture names as file.function is there")
  func namesFunctions() throws {
    let text = try Self.read(Manual.architecturePath)
    let begin = try #require(text.firstRange(of: "## Four ways"))
    let end = try #require(text.firstRange(of: "*Compressed.*"))
    var sources: [String: String] = [:]
    let folder = Self.root.appendingPathComponent("Sources")
    let files = try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      let name = file.deletingPathExtension().lastPathComponent
      sources[name, default: ""] += try String(contentsOf: file, encoding: .utf8)
    }
    var count = 0
    for match in text[begin.lowerBound..<end.lowerBound].matches(of: /`([A-Z]\w+)\.([a-z]\w+)`/) {
      let (file, function) = (String(match.1), String(match.2))
      count += 1
      #expect(
        sources[file]?.contains("func \(function)(") == true, "\(file).swift has no \(function)")
    }
    #expect(count > 40)
  }
}
