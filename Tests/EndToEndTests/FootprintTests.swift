import Figures
import Foundation
import Testing

extension EndToEnd {
  /// What the shipped program takes, held to its budgets (`FootprintBudget`). Memory is `MemoryTests`'; times are nobody's.
  @Suite("Footprint")
  struct Footprint {
    /// The builds that there are: that with the trimmed OpenSSL takes minutes, and `make e2e TLS=trimmed` makes it.
    static let builds = FootprintBudget.Build.allCases.filter { build in
      build != .trimmed || FileManager.default.isExecutableFile(atPath: Linkage.trimmedProgram)
    }

    private static func program(_ build: FootprintBudget.Build) throws -> String {
      switch build {
      case .dynamic: try Linkage.dynamic.program("localproxy")
      case .static: try Linkage.static.program("localproxy")
      case .trimmed: Linkage.trimmedProgram
      }
    }

    private static func budget(
      _ build: FootprintBudget.Build, in scratch: ScratchDirectory
    ) throws -> FootprintBudget {
      let process = try ChildProcess(
        program(build), ["--version"], name: "version", in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(0))
      let version = try #require(
        process.text(of: .output).firstMatch(of: /OpenSSL ([0-9.]+)/)?.1)
      return FootprintBudget(build, openSSL: String(version))
    }

    @Test("The file is as small as is promised", arguments: builds)
    func size(build: FootprintBudget.Build) throws {
      let program = try Self.program(build)
      let attributes = try FileManager.default.attributesOfItem(atPath: program)
      let budget = try Self.budget(build, in: ScratchDirectory())
      #expect(attributes[.size] as? Int ?? .max <= budget.size)
    }

    @Test("A start is few system calls", arguments: builds)
    func calls(build: FootprintBudget.Build) throws {
      let scratch = try ScratchDirectory()
      let budget = try Self.budget(build, in: scratch)
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      // What comes in two parts rather than one takes two calls, so the least of some starts counts.
      var counts: [Int] = []
      for attempt in 1...8 where counts.allSatisfy({ $0 > budget.calls }) {
        let trace = scratch.file("trace-\(attempt)")
        // With -D the process is the program, and the tracer its child.
        let process = try ChildProcess(
          "strace",
          [
            "-D", "-o", trace, Self.program(build), "-e", "localhost:\(tunneld.port)",
            "-c", tunneld.authorities, "-s", "SSH1=0", "-b", "127.0.0.1",
          ], name: "traced-\(attempt)", in: scratch,
          environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": tunneld.tunnels[0].source])
        try process.waitForLine(containing: LocalProxy.listening)
        let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        let listen = try #require(calls.firstIndex { $0.hasPrefix("listen(") })
        // The exec is before the program.
        counts.append(
          calls[..<listen].count { !$0.hasPrefix("execve(") && !$0.hasPrefix("---") } + 1)
        process.send(SIGTERM)
        #expect(try process.waitForExit(within: 20) == .status(0))
      }
      #expect((counts.min() ?? .max) <= budget.calls, "\(counts)")
    }
  }
}
