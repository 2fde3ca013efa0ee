import Foundation

/// tunneld with a pipe as its standard input.
final class AskedTunneld {
  let process: ChildProcess
  private var input: FileHandle?

  init(_ arguments: [String] = [], in scratch: ScratchDirectory) throws {
    let pipe = Pipe()
    closeOnExec(pipe.fileHandleForWriting.fileDescriptor)
    input = pipe.fileHandleForWriting
    process = try ChildProcess(
      Linkage.dynamic.program("tunneld"),
      ["-l", "127.0.0.1:0", "-D", scratch.file("state"), "--services", "SSH1"] + arguments,
      name: "tunneld", in: scratch, input: dup(pipe.fileHandleForReading.fileDescriptor))
    try process.waitForLine(containing: "# commands are taken here: try 'help'", in: .output)
  }

  func ask(_ text: String) throws { try input?.write(contentsOf: Data(text.utf8)) }

  func end() throws {
    try input?.close()
    input = nil
  }

  /// The newest command with `option` that it has printed.
  func command(_ option: String, count: Int) throws -> String {
    try eventually(within: 20, "command \(count) with\(option)\n\(process.tail)") {
      let lines = process.text(of: .output).split(
        separator: "\n", omittingEmptySubsequences: false
      ).dropLast().filter { $0.hasPrefix("AWSIOT") && $0.contains(option) }
      return lines.count >= count ? lines.last.map(String.init) : nil
    }
  }
}
