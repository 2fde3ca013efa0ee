import Foundation
import Testing

extension EndToEnd {
  /// How the shipped programs are linked, as readelf (elf(5)) tells it.
  @Suite("Hardening")
  struct Hardening {
    struct Case: CustomTestStringConvertible {
      let linkage: Linkage
      let program: String

      static let all = Linkage.allCases.flatMap { linkage in
        ["localproxy", "tunneld", "localproxy-agent"].map { Case(linkage: linkage, program: $0) }
      }

      var testDescription: String { "\(linkage.rawValue), \(program)" }
    }

    /// The lines of readelf's answer, in words.
    private static func readelf(_ path: String) throws -> [[String]] {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        "readelf", ["--wide", "--file-header", "--program-headers", "--dynamic", path],
        name: "readelf", in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(0))
      return process.text(of: .output).split(separator: "\n").map { line in
        line.split(separator: " ").map(String.init)
      }
    }

    @Test(
      "No library is looked for beside the program, and nothing stays writable that need not",
      arguments: Case.all)
    func links(case: Case) throws {
      let lines = try Self.readelf(`case`.linkage.program(`case`.program))
      // A shared object that says it is a program: it is loaded at any address.
      #expect(lines.contains { $0.starts(with: ["Type:", "DYN"]) })
      let dynamic = lines.filter { $0.count > 2 && $0[0].hasPrefix("0x") && $0[1].hasPrefix("(") }
      let values = { (tag: String) in
        dynamic.filter { $0[1] == "(\(tag))" }.map { Array($0.dropFirst(2)) }
      }
      #expect(values("FLAGS_1").contains { $0.contains("PIE") && $0.contains("NOW") })
      #expect(values("FLAGS").contains { $0.contains("BIND_NOW") })
      // And no relocations in what is not writable, whose pages Process.giveBackMemory drops.
      for tag in ["RPATH", "RUNPATH", "TEXTREL"] { #expect(values(tag).isEmpty, "\(tag)") }
      #expect(!values("FLAGS").contains { $0.contains("TEXTREL") })
      #expect(values("NEEDED").isEmpty == (`case`.linkage == .static))

      let segments = { (type: String) in lines.filter { $0.first == type && $0.count > 6 } }
      #expect(segments("GNU_RELRO").count == 1)
      // Between the sizes and the alignment stand the flags: R, RW, R E.
      let flags = { (segment: [String]) in segment[6..<(segment.count - 1)].joined() }
      #expect(segments("GNU_STACK").map(flags) == ["RW"])
      #expect(segments("LOAD").map(flags).allSatisfy { !($0.contains("W") && $0.contains("E")) })
      #expect(segments("LOAD").contains { flags($0) == "RE" })
    }

    @Test("A library beside the program is not loaded")
    func ignoresNeighbour() throws {
      let scratch = try ScratchDirectory()
      let program = scratch.file("localproxy")
      try FileManager.default.copyItem(
        atPath: Linkage.dynamic.program("localproxy"), toPath: program)
      // One that the loader would refuse to go on with.
      try Data("not a library".utf8).write(to: URL(fileURLWithPath: scratch.file("libz.so.1")))
      let process = try ChildProcess(program, ["--version"], name: "localproxy", in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(0))
      #expect(process.text(of: .output).hasPrefix("localproxy "))
    }
  }
}
