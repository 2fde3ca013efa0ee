import Foundation
import Testing

/// The two ways the shipped programs are linked. `make test` makes both before the suite; for a bare
/// `swift test`, what is missing is made on first use.
enum Linkage: String, CaseIterable, CustomTestStringConvertible {
  case dynamic
  case `static`

  var testDescription: String { rawValue }

  /// Peak resident memory a proxy may reach, and what it may have when idle, from the project's promises.
  var residentKilobytesMax: Int { self == .dynamic ? 8_000 : 6_000 }
  var idleKilobytesMax: Int { self == .dynamic ? 7_000 : 5_000 }

  /// Where the program is; one that cannot be made fails the test and names the command to try by hand.
  func program(_ name: String) throws -> String {
    let path = "\(directory)/\(name)"
    if FileManager.default.isExecutableFile(atPath: path) { return path }
    let status = self == .dynamic ? Self.dynamicBuild : Self.staticBuild
    guard status == 0, FileManager.default.isExecutableFile(atPath: path) else {
      let command = self == .dynamic ? "make release" : "make release STATIC=1"
      throw Failure("\(path) is missing and cannot be built: see `\(command)`")
    }
    return path
  }

  /// The exit statuses of the builds, each run once, when it is first needed.
  private static let dynamicBuild = build(static: "")
  private static let staticBuild = build(static: "1")

  private static func build(static isStatic: String) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(packageRoot)/scripts/release")
    process.environment = ProcessInfo.processInfo.environment.merging(["STATIC": isStatic]) { $1 }
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }

  private var directory: String {
    let environment = ProcessInfo.processInfo.environment
    switch self {
    case .dynamic:
      return environment["LOCALPROXY_BINARIES"] ?? "\(Self.packageRoot)/.build-embedded/release"
    case .static:
      return environment["LOCALPROXY_STATIC_BINARIES"]
        ?? "\(Self.packageRoot)/.build-embedded-static/release"
    }
  }

  /// What `make release STATIC=1 TLS=trimmed` makes; it may not be there.
  static let trimmedProgram: String = {
    var names = utsname()
    uname(&names)
    let machine = withUnsafeBytes(of: &names.machine) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return "\(packageRoot)/.build-cross/\(machine)-trimmed/release/localproxy"
  }()

  /// The package this file belongs to: Tests/EndToEndTests/Harness/Binaries.swift is four levels down.
  static let packageRoot: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.path
  }()
}
