import Foundation
import Simulator
import Testing

/// Writes the tables of the tests down for the fuzzers: `make seeds`.
@Suite(
  "Seed corpora",
  .enabled(if: ProcessInfo.processInfo.environment["WRITE_SEEDS"] == "1", "only for 'make seeds'"))
struct SeedCorpora {
  @Test("frames")
  func writesFrames() throws {
    let cases = FrameParserTests.cases + FrameViolationTests.cases
    try write("frame-parser", cases.map { [$0.role == .client ? 4 : 5] + $0.octets })
  }

  @Test("handshakes")
  func writesHandshakes() throws {
    let answers = ClientHandshakeTests.cases.map { example in
      [example.offered.isEmpty ? 0 : 1] + example.octets
    }
    try write("handshake", answers + ServerHandshakeTests.cases.map { [3] + $0.octets })
  }

  @Test("requests to the status server")
  func writesStatusRequests() throws {
    let cases = StatusRequestTests.cases
    try write("status-request", cases.map { [$0.hosts.isEmpty ? 0 : 1] + Array($0.head.utf8) })
  }

  @Test("answers of web proxies")
  func writesConnectAnswers() throws {
    let cases = WebProxyHandshakeTests.cases
    try write("connect-answer", cases.map { [$0.isAuthorized ? 1 : 0] + $0.octets })
  }

  /// As Fuzz/Targets/SeedFile.swift reads it. What is long is only more of the same.
  private func write(_ name: String, _ seeds: [[UInt8]]) throws {
    var text = "# Written by 'make seeds' out of the tables of the tests.\n"
    for seed in seeds where seed.count <= 1_024 {
      for (index, octet) in seed.enumerated() {
        let isPlain = (0x20...0x7e).contains(octet) && octet != 0x5c && (index > 0 || octet != 0x23)
        text +=
          isPlain ? String(UnicodeScalar(octet)) : String(format: "\\x%02x", Int(octet))
      }
      text += "\n"
    }
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fuzz/seeds/\(name).txt").standardized
    try Data(text.utf8).write(to: file)
  }
}
