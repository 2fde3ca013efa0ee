import Foundation
import Testing

@testable import Status

@Suite("StatusPage")
struct StatusPageTests {
  private static func page() throws -> [UInt8] {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    return Array(
      try Data(contentsOf: URL(fileURLWithPath: root + "/Sources/Proxy/Status/page.html")))
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

  @Test("what is served is page.html, packed (scripts/status-page)")
  func isUpToDate() throws {
    #expect(try Self.run(["gzip", "-d"], StatusPage.octets) == Self.page())
  }

  @Test("the policy names the hash of the page's script, of which there is one")
  func hashesScript() throws {
    let text = String(decoding: try Self.page(), as: UTF8.self)
    let parts = text.components(separatedBy: "<script>")
    #expect(parts.count == 2)
    let script = try #require(parts.last?.components(separatedBy: "</script>").first)
    let hash = try Self.run(["openssl", "dgst", "-sha256", "-binary"], Array(script.utf8))
    #expect(StatusPage.scriptHash == "sha256-" + Data(hash).base64EncodedString())
  }

  @Test("the page names nothing from elsewhere")
  func isAlone() throws {
    let text = String(decoding: try Self.page(), as: UTF8.self)
    for foreign in ["http:", "https:", "//", "src=", "href=", "@import", "url("] {
      #expect(!text.contains(foreign), "\(foreign)")
    }
  }
}
