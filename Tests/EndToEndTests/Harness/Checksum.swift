import Foundation

/// SHA-256 by `sha256sum`, fed as the bytes come.
final class Checksum {
  private let process: ChildProcess
  private let pipe: Int32

  init(name: String, in scratch: ScratchDirectory) throws {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else { throw Failure.system("pipe") }
    ends.forEach(closeOnExec)
    pipe = ends[1]
    process = try ChildProcess("sha256sum", name: name, in: scratch, input: ends[0])
  }

  func add(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(pipe, rest.base, rest.count)
      guard count > 0 else { throw Failure.system("writing to sha256sum") }
      rest = rest.dropFirst(count)
    }
  }

  /// Ends the input and gives the digest in hexadecimal.
  func finish() throws -> String {
    close(pipe)
    try process.waitForExit(within: 60)
    return String(process.text(of: .output).prefix(64))
  }
}

/// A file of random bytes, and its digest.
struct RandomFile: Sendable {
  private let path: String
  private let byteCount: Int
  private let digest: String
  private let scratch: ScratchDirectory

  init(_ name: String, byteCount: Int, in scratch: ScratchDirectory) throws {
    self.byteCount = byteCount
    self.scratch = scratch
    path = scratch.file(name)
    let script = "head -c \(byteCount) /dev/urandom | tee \(path) | sha256sum"
    let process = try ChildProcess("sh", ["-c", script], name: "make-\(name)", in: scratch)
    guard try process.waitForExit(within: 60) == .status(0) else {
      throw Failure("making \(path): \(process.tail)")
    }
    digest = String(process.text(of: .output).prefix(64))
  }

  func send(over socket: Socket) throws {
    guard let file = FileHandle(forReadingAtPath: path) else { throw Failure.system(path) }
    while let block = try file.read(upToCount: 256 << 10), !block.isEmpty {
      try block.withUnsafeBytes(socket.send)
    }
  }

  /// Fails unless the file's bytes are the next that a connection brings.
  func checkArrival(over socket: Socket, name: String) throws {
    let checksum = try Checksum(name: name, in: scratch)
    try socket.receive(byteCount) { try checksum.add($0) }
    let arrived = try checksum.finish()
    guard arrived == digest else { throw Failure("\(name): \(arrived), not \(digest)") }
  }
}
