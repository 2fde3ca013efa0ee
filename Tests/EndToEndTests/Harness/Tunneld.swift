import Foundation

/// The service's stand-in, started on a free port with its own state directory.
final class Tunneld: Sendable {
  /// The two access tokens of one tunnel.
  struct Tokens: Sendable {
    let source: String
    let destination: String
  }

  let process: ChildProcess
  let port: UInt16
  /// What localproxy's `-c` takes; empty when tunneld was given a certificate.
  let authorities: String
  let tunnels: [Tokens]

  /// - Parameter arguments: beside `-l`, `-D`, `--services` and `--open`.
  init(
    _ linkage: Linkage, services: [String], tunnelCount: Int = 1, arguments: [String] = [],
    in scratch: ScratchDirectory
  ) throws {
    let state = scratch.file("tunneld")
    var all = ["-l", "127.0.0.1:0", "-D", state, "--open", "\(tunnelCount)"] + arguments
    if !services.isEmpty { all += ["--services", services.joined(separator: ",")] }
    let process = try ChildProcess(linkage.program("tunneld"), all, name: "tunneld", in: scratch)
    let listening = try process.waitForLine(containing: "listening on 127.0.0.1:", in: .output)
    self.process = process
    try process.waitForLine(containing: "# tunnel \(tunnelCount)", in: .output)
    tunnels = try (1...tunnelCount).map { try Self.tokens(ofTunnel: $0, process) }
    port = try parsePort(in: listening, after: "127.0.0.1:")
    let parts = listening.components(separatedBy: ", certificate authority in ")
    authorities = parts.count == 2 ? parts[1] : ""
  }

  /// The two commands below the heading `# tunnel N: SERVICES`: the destination's, then the source's.
  private static func tokens(ofTunnel number: Int, _ process: ChildProcess) throws -> Tokens {
    try eventually(within: 10, "the commands of tunnel \(number)") {
      let lines = process.text(of: .output).split(separator: "\n", omittingEmptySubsequences: false)
        .dropLast()
      let title = "# tunnel \(number)"
      guard
        let heading = lines.firstIndex(where: { $0 == title || $0.hasPrefix("\(title):") }),
        lines.endIndex > heading + 2
      else { return nil }
      return Tokens(
        source: try token(in: lines[heading + 2], option: " -s "),
        destination: try token(in: lines[heading + 1], option: " -d "))
    }
  }

  private static func token(in line: Substring, option: String) throws -> String {
    let name = "AWSIOT_TUNNEL_ACCESS_TOKEN="
    guard line.hasPrefix(name), line.contains(option) else {
      throw Failure("tunneld printed `\(line)`, where a command with\(option)was expected")
    }
    return String(line.dropFirst(name.count).prefix { $0 != " " })
  }
}

/// The number that follows the last `text` in a log line.
func parsePort(in line: String, after text: String) throws -> UInt16 {
  let digits = line.components(separatedBy: text).last?.prefix { $0.isNumber } ?? ""
  guard let port = UInt16(digits) else { throw Failure("no port in `\(line)`") }
  return port
}
