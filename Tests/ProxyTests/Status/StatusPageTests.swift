import Foundation
import Testing

@testable import Status

@Suite("StatusPage")
struct StatusPageTests {
  private static func page() throws -> [UInt8] { try source("page.html") }

  private static func source(_ name: String) throws -> [UInt8] {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    let path = root + "/Sources/Proxy/Status/" + name
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// What a program makes of its input.
  private static func run(_ program: [String], _ input: [UInt8]) throws -> [UInt8] {
    let process = Process()
    let (to, from) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = program
    // Other tests change this process's, and Foundation would read it meanwhile.
    process.environment = ["PATH": "/usr/bin:/bin"]
    process.standardInput = to
    process.standardOutput = from
    try process.run()
    // It fits into the pipe.
    try to.fileHandleForWriting.write(contentsOf: Data(input))
    try to.fileHandleForWriting.close()
    let output = try from.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Array(output)
  }

  @Test("what is served is page.html and texts.txt, packed (scripts/status-page)")
  func isUpToDate() throws {
    let texts = String(decoding: try Self.source("texts.txt"), as: UTF8.self)
    let facts = StatusTextTests.facts([])
    let served = facts.texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
    #expect(served == texts.replacing("sha256-HASH", with: try Self.hash()))
    #expect(facts.texts.count == 21)
    #expect(try Array(facts.page) == Self.page())
  }

  /// Of the page's script, of which there is one.
  private static func hash() throws -> String {
    let parts = String(decoding: try page(), as: UTF8.self).components(separatedBy: "<script>")
    #expect(parts.count == 2)
    let script = try #require(parts.last?.components(separatedBy: "</script>").first)
    let hash = try run(["openssl", "dgst", "-sha256", "-binary"], Array(script.utf8))
    return "sha256-" + Data(hash).base64EncodedString()
  }

  @Test("the page names nothing from elsewhere")
  func isAlone() throws {
    let text = String(decoding: try Self.page(), as: UTF8.self)
    for foreign in ["http:", "https:", "//", "src=", "href=", "@import", "url("] {
      #expect(!text.contains(foreign), "\(foreign)")
    }
  }
}
