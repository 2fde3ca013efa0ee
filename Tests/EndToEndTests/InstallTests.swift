import Foundation
import Testing

extension EndToEnd {
  /// `make install` and `make uninstall`, and how `make release` refuses what it cannot build.
  @Suite("Installing")
  struct Installing {
    /// Every file below the prefix, and whether it can be run.
    private static func expected() throws -> [String: Bool] {
      let packaging = "\(Linkage.packageRoot)/packaging"
      let pages = try FileManager.default.contentsOfDirectory(atPath: packaging)
        .filter { $0.hasSuffix(".1") }
      var files: [String: Bool] = [:]
      for program in ["localproxy", "tunneld", "localproxy-agent"] {
        files["bin/\(program)"] = true
        files["share/bash-completion/completions/\(program)"] = false
        files["share/zsh/site-functions/_\(program)"] = false
        files["share/fish/vendor_completions.d/\(program).fish"] = false
      }
      for unit in [
        "localproxy@.service", "localproxy@.socket", "localproxy-agent@.service",
        "localproxy-agent@.socket", "localproxy-mqtt@.service",
      ] { files["lib/systemd/system/\(unit)"] = false }
      for name in ["localproxy", "localproxy-agent", "localproxy-mqtt"] {
        files["share/doc/localproxy/\(name)@.env"] = false
      }
      for page in pages { files["share/man/man1/\(page)"] = false }
      return files
    }

    private static func make(
      _ target: String, in scratch: ScratchDirectory, _ variables: [String]
    ) throws -> ChildProcess {
      var environment: [String: String] = [:]
      for linkage in Linkage.allCases {
        let directory = URL(fileURLWithPath: try linkage.program("localproxy"))
          .deletingLastPathComponent().path
        let name = linkage == .dynamic ? "LOCALPROXY_BINARIES" : "LOCALPROXY_STATIC_BINARIES"
        environment[name] = directory
      }
      return try ChildProcess(
        "make", ["--silent", "-C", Linkage.packageRoot, target] + variables, name: target,
        in: scratch, environment: environment)
    }

    /// Paths below `directory`, and whether each can be run.
    private static func files(below directory: String) throws -> [String: Bool] {
      var found: [String: Bool] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(
          atPath: "\(directory)/\(path)", isDirectory: &isDirectory)
        if isDirectory.boolValue { continue }
        found[path] = FileManager.default.isExecutableFile(atPath: "\(directory)/\(path)")
      }
      return found
    }

    @Test(
      "What is installed is all there, where it belongs, and can be removed again",
      arguments: Linkage.allCases, ["/usr/local", "/opt/a prefix"])
    func installs(linkage: Linkage, prefix: String) throws {
      let scratch = try ScratchDirectory()
      let root = scratch.file("root directory")
      var variables = ["DESTDIR=\(root)", "STATIC=\(linkage == .static ? "1" : "")"]
      if prefix != "/usr/local" { variables.append("PREFIX=\(prefix)") }

      let install = try Self.make("install", in: scratch, variables)
      #expect(try install.waitForExit(within: 20) == .status(0), "\(install.tail)")
      let expected = try Self.expected()
      #expect(try Self.files(below: root + prefix) == expected)
      // It says what it has written.
      #expect(
        Set(install.text(of: .output).split(separator: "\n").map(String.init))
          == Set(expected.keys.map { "\(root)\(prefix)/\($0)" }))
      let installed = "\(root)\(prefix)/bin/localproxy"
      #expect(
        FileManager.default.contentsEqual(
          atPath: installed, andPath: try linkage.program("localproxy")))

      let uninstall = try Self.make("uninstall", in: scratch, variables)
      #expect(try uninstall.waitForExit(within: 20) == .status(0), "\(uninstall.tail)")
      #expect(try Self.files(below: root).isEmpty)
    }

    @Test(
      "Without a build nothing is installed, and one line says what to do",
      arguments: [
        ("LOCALPROXY_BINARIES", [:], "make release"),
        ("LOCALPROXY_STATIC_BINARIES", ["STATIC": "1"], "make release STATIC=1"),
        (
          "LOCALPROXY_STATIC_BINARIES", ["STATIC": "1", "TLS": "trimmed"],
          "make release STATIC=1 TLS=trimmed"
        ),
      ] as [(String, [String: String], String)])
    func needsBuild(place: String, variables: [String: String], command: String) throws {
      let scratch = try ScratchDirectory()
      let root = scratch.file("root")
      let process = try ChildProcess(
        "\(Linkage.packageRoot)/scripts/install", name: "install", in: scratch,
        environment: variables.merging(
          ["DESTDIR": root, place: scratch.file("none")]) { $1 })
      #expect(try process.waitForExit(within: 20) == .status(1))
      #expect(
        process.text(of: .error) == """
          There is no \(scratch.file("none"))/localproxy: '\(command)' builds it; then run this again.

          """)
      #expect(!FileManager.default.fileExists(atPath: root))
    }

    @Test(
      "What cannot be built is refused before anything is built, with what can",
      arguments: [
        (["TLS": "other"], "there is no TLS=other; there is trimmed"),
        (["TLS": "trimmed"], "TLS=trimmed is for static programs: give STATIC=1 or TARGET besides"),
        (
          ["TARGET": "vax"], "there is no TARGET=vax; there are x86_64, aarch64, armv7 and riscv64"
        ),
      ])
    func refusesBuild(variables: [String: String], reason: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        "\(Linkage.packageRoot)/scripts/release", name: "release", in: scratch,
        environment: variables)
      #expect(try process.waitForExit(within: 20) == .status(2))
      #expect(process.text(of: .error) == "scripts/release: \(reason)\n")
    }
  }
}
