import Foundation
import Testing

/// The two ways the shipped programs are linked. Both are made before the suite: it never builds.
enum Linkage: String, CaseIterable, CustomTestStringConvertible {
  case dynamic
  case `static`

  var testDescription: String { rawValue }

  /// Peak resident memory a proxy may reach, from the project's promises.
  var residentKilobytesMax: Int { self == .dynamic ? 12 * 1024 : 8 * 1024 }

  /// Where the program is; a missing one fails the test and names the command that makes it.
  func program(_ name: String) throws -> String {
    let path = "\(directory)/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      let command = self == .dynamic ? "make release" : "make release STATIC=1"
      throw Failure("\(path) is missing: run `\(command)` first")
    }
    return path
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

  /// The package this file belongs to: Tests/EndToEndTests/Harness/Binaries.swift is four levels down.
  private static let packageRoot: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.path
  }()
}
