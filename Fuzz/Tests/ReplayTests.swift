import Foundation
import Testing

@Suite("Fuzz targets")
struct ReplayTests {
  /// One input, with where it comes from.
  struct Input: CustomTestStringConvertible {
    let target: FuzzTarget
    let source: String
    let bytes: [UInt8]
    var testDescription: String { "\(target.name), \(source)" }
  }

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()

  static func seeds(_ target: FuzzTarget) throws -> [Input] {
    let file = folder.appending(path: "seeds/\(target.name).txt")
    return SeedFile.read(Array(try Data(contentsOf: file))).enumerated().map { index, bytes in
      Input(target: target, source: "seed \(index + 1)", bytes: bytes)
    }
  }

  /// What libFuzzer wrote down when something was wrong; a folder that is not there has nothing in it.
  static func regressions(_ target: FuzzTarget) throws -> [Input] {
    let path = folder.appending(path: "regressions/\(target.name)").path
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { name in
      let file = URL(filePath: path).appending(path: name)
      return Input(target: target, source: name, bytes: Array(try Data(contentsOf: file)))
    }
  }

  @Test("every target takes its seeds", arguments: FuzzTarget.all)
  func takesSeeds(target: FuzzTarget) throws {
    let seeds = try Self.seeds(target)
    #expect(!seeds.isEmpty)
    for seed in seeds { expectSound(seed) }
  }

  @Test("what failed once fails no more", arguments: FuzzTarget.all)
  func takesRegressions(target: FuzzTarget) throws {
    for regression in try Self.regressions(target) { expectSound(regression) }
  }

  @Test("every target takes what is left of its seeds when they are cut", arguments: FuzzTarget.all)
  func takesCutSeeds(target: FuzzTarget) throws {
    for seed in try Self.seeds(target) {
      for count in Set([0, 1, 2, seed.bytes.count / 2, max(0, seed.bytes.count - 1)]) {
        let bytes = Array(seed.bytes.prefix(count))
        let source = "\(seed.source), \(count) octets"
        expectSound(Input(target: target, source: source, bytes: bytes))
      }
    }
  }

  @Test("a number of more than 32 bits is no trap", arguments: BoundsCheck.all)
  func keepsBounds(check: BoundsCheck) {
    do throws(Finding) {
      try check.body()
    } catch {
      Issue.record("\(check.name): \(error)")
    }
  }

  @Test("no folder of regressions belongs to nobody")
  func regressionsHaveTargets() throws {
    let path = Self.folder.appending(path: "regressions").path
    guard FileManager.default.fileExists(atPath: path) else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where !name.hasPrefix(".") {
      #expect(FuzzTarget.named(name) != nil, "\(name)")
    }
  }

  private func expectSound(_ input: Input) {
    do throws(Finding) {
      try input.target.check(input.bytes)
    } catch {
      Issue.record("\(input.testDescription): \(error)")
    }
  }
}

@Suite("Seed file")
struct SeedFileTests {
  @Test(
    "a line is an input, in which \\xNN is an octet",
    arguments: [
      ("", []), ("\n\n", []), ("# comment\n", []), ("abc", [[0x61, 0x62, 0x63]]),
      ("\\x00\\xff\\x5c\n\\x23", [[0, 0xff, 0x5c], [0x23]]), ("\\x0", [[0x5c, 0x78, 0x30]]),
    ] as [(String, [[UInt8]])])
  func reads(text: String, seeds: [[UInt8]]) {
    #expect(SeedFile.read(Array(text.utf8)) == seeds)
  }
}
