import Foundation
import Glibc

/// Where the programs under measurement are; builds those that are missing.
struct Programs {
  let localproxy: String
  let tunneld: String
  let floor: String

  init(_ options: Options) throws {
    let root = Self.packageRoot()
    let folder = options.usesStatic ? ".build-embedded-static" : ".build-embedded"
    let release = (root ?? ".") + "/\(folder)/release"
    localproxy = options.localproxy ?? release + "/localproxy"
    tunneld = options.tunneld ?? release + "/tunneld"
    let needsOurs = options.only != "floor"
    if needsOurs, !Self.isProgram(localproxy) || !Self.isProgram(tunneld) {
      let isDefault = options.localproxy == nil || options.tunneld == nil
      if isDefault, let root {
        Progress.say("building what is missing: make release")
        try Self.run("make", ["-C", root, "release"] + (options.usesStatic ? ["STATIC=1"] : []))
      }
      for path in [localproxy, tunneld] where !Self.isProgram(path) {
        throw Failure("no program at \(path)")
      }
    }
    if let baseline = options.baseline, !Self.isProgram(baseline) {
      throw Failure("no program at \(baseline)")
    }
    floor = try Self.sibling("FloorRelay", root: root)
  }

  /// `swift run ProxyBench` builds only what ProxyBench links, so another of the package's programs may have to be
  /// built: by the same build system, into the same place.
  static func sibling(_ name: String, root: String?) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = URL(fileURLWithPath: own).deletingLastPathComponent()
    let program = folder.appendingPathComponent(name).path
    if !isProgram(program), let root {
      // …/SCRATCH/TRIPLE/CONFIGURATION/ProxyBench
      let configuration = folder.lastPathComponent
      let scratch = folder.deletingLastPathComponent().deletingLastPathComponent().path
      Progress.say("building what is missing: \(name)")
      try run(
        "swift",
        [
          "build", "--package-path", root, "--scratch-path", scratch, "-c", configuration,
          "--product", name,
        ])
    }
    guard isProgram(program) else { throw Failure("no \(name) beside \(own)") }
    return program
  }

  static func packageRoot() -> String? {
    var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    while true {
      let manifest = folder.appendingPathComponent("Package.swift").path
      if FileManager.default.fileExists(atPath: manifest) { return folder.path }
      guard folder.path != "/" else { return nil }
      folder.deleteLastPathComponent()
    }
  }

  static func isProgram(_ path: String) -> Bool {
    access(path, X_OK) == 0
  }

  /// Runs a command to its end.
  static func run(
    _ command: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws {
    let child = try Child(
      name: command, path: "/usr/bin/env", arguments: [command] + arguments,
      environment: environment)
    let start = Clock.now()
    while child.ending == nil {
      guard Clock.seconds(since: start) < 1800 else {
        throw Failure("\(command) \(arguments.joined(separator: " ")): not done within 30 minutes")
      }
      Clock.sleep(seconds: 0.1)
    }
    guard child.ending == "exited with status 0" else {
      throw Failure("\(command) \(child.ending ?? ""): \(child.lastLine)")
    }
  }

  /// The first line that a program prints and ends with.
  static func firstLine(of path: String, _ arguments: [String]) -> String? {
    guard let child = try? Child(name: path, path: path, arguments: arguments) else { return nil }
    return try? child.waitForLine("a line", seconds: 5) { !$0.isEmpty }
  }

  /// Size of a stripped copy, in kB (10^3 bytes).
  static func strippedKilobytes(_ path: String) throws -> Double {
    let copy = try Guardian.shared.temporaryDirectory() + "/stripped"
    let manager = FileManager.default
    try? manager.removeItem(atPath: copy)
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    try manager.copyItem(atPath: file, toPath: copy)
    // Without binutils the size is the unstripped one, which is never too small.
    try? run("strip", [copy])
    let size = try manager.attributesOfItem(atPath: copy)[.size] as? Int ?? 0
    return Double(size) / 1e3
  }
}
