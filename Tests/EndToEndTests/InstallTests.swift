import Foundation
import Testing

extension EndToEnd {
  /// `make install` and `make uninstall`.
  @Suite("Installing")
  struct Installing {
    /// Every file below the prefix, and whether it can be run.
    private static func expected() throws -> [String: Bool] {
      let packaging = "\(Linkage.packageRoot)/packaging"
      let pages = try FileManager.default.contentsOfDirectory(atPath: packaging)
        .filter { $0.hasSuffix(".1") }
      var files = ["bin/localproxy": true, "bin/tunneld": true]
      for program in ["localproxy", "tunneld"] {
        files["share/bash-completion/completions/\(program)"] = false
        files["share/zsh/site-functions/_\(program)"] = false
        files["share/fish/vendor_completions.d/\(program).fish"] = false
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

    @Test("Without a build nothing is installed, and one line says what to do")
    func needsBuild() throws {
      let scratch = try ScratchDirectory()
      let root = scratch.file("root")
      let process = try ChildProcess(
        "\(Linkage.packageRoot)/scripts/install", name: "install", in: scratch,
        environment: ["DESTDIR": root, "LOCALPROXY_BINARIES": scratch.file("none")])
      #expect(try process.waitForExit(within: 20) == .status(1))
      #expect(
        process.text(of: .error) == """
          There is no \(scratch.file("none"))/localproxy: 'make release' builds it; then run this again.

          """)
      #expect(!FileManager.default.fileExists(atPath: root))
    }
  }
}
