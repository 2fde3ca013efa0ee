import Foundation

/// One end of a tunnel played by the test, message by message: an older proxy, or one that misbehaves. TLS is
/// done by `openssl s_client`; WebSocket and messages are written by hand.
final class RawPeer {
  private let process: ChildProcess
  private let input: FileHandle
  private let output: FileHandle
  /// What came and has not been looked at: octets of the WebSocket, and of messages out of its frames.
  private var octets: [UInt8] = []
  private var stream: [UInt8] = []
  private let mode: String
  /// A source's streams begin at random; here they count from 1.
  private var streamIDBase: Int32 = 0
  /// The ids of streams as they stand on the wire, in the order of their coming.
  private(set) var wireStreamIDs: [Int32] = []

  /// Connected and upgraded when this returns.
  /// - Parameters:
  ///   - mode: `source` or `destination`.
  ///   - version: of the subprotocol, 1 to 3.
  init(
    _ tunneld: Tunneld, token: String, mode: String, version: Int, in scratch: ScratchDirectory
  ) throws {
    // A peer that died must not take the tests along.
    signal(SIGPIPE, SIG_IGN)
    self.mode = mode
    let pipe = Pipe()
    closeOnExec(pipe.fileHandleForReading.fileDescriptor)
    closeOnExec(pipe.fileHandleForWriting.fileDescriptor)
    input = pipe.fileHandleForWriting
    process = try ChildProcess(
      "openssl",
      ["s_client", "-quiet", "-connect", "127.0.0.1:\(tunneld.port)", "-servername", "localhost"],
      name: "raw-\(mode)", in: scratch, input: dup(pipe.fileHandleForReading.fileDescriptor))
    guard let output = FileHandle(forReadingAtPath: process.outputPath) else {
      throw Failure.system(process.outputPath)
    }
    self.output = output
    let fields = [
      "GET /tunnel?local-proxy-mode=\(mode) HTTP/1.1", "Host: localhost", "Upgrade: websocket",
      "Connection: Upgrade", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: aws.iot.securetunneling-\(version).0", "access-token: \(token)",
    ]
    try write(Array((fields.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    let head = try eventually(within: 20, "the answer to the raw peer\n\(process.tail)") {
      try readHead()
    }
    guard head.hasPrefix("HTTP/1.1 101 ") else { throw Failure("the raw peer got \(head)") }
  }

  private func readHead() throws -> String? {
    octets += try output.readToEnd() ?? Data()
    guard let end = octets.indices.first(where: { octets[$0...].starts(with: "\r\n\r\n".utf8) })
    else { return nil }
    defer { octets.removeFirst(end + 4) }
    return String(decoding: octets[..<end], as: UTF8.self)
  }

  // MARK: Messages

  /// Each message goes in a frame of its own.
  func send(_ messages: RawMessage...) throws {
    for message in messages {
      var message = message
      if let streamID = message.streamID { message.streamID = streamID &+ streamIDBase }
      let payload = message.encoded
      let key: [UInt8] = [0x5a, 0xa5, 0x3c, 0xc3]
      var frame: [UInt8] = [0x82]
      if payload.count < 126 {
        frame.append(0x80 | UInt8(payload.count))
      } else {
        frame += [0xfe, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
      }
      frame += key
      frame += payload.enumerated().map { $1 ^ key[$0 % 4] }
      try write(frame)
    }
  }

  /// The next message, waited for.
  func next(within seconds: Double = 20) throws -> RawMessage {
    try eventually(within: seconds, "a message for the raw peer\n\(process.tail)") {
      try takeMessage()
    }
  }

  /// Fails unless the next message is this one.
  func expect(_ expected: RawMessage) throws {
    let message = try next()
    if message != expected { throw Failure("the raw peer got \(message); expected: \(expected)") }
  }

  /// Fails if a message comes within so long.
  func expectSilence(for seconds: Double) throws {
    let deadline = Deadline(seconds: seconds)
    while !deadline.hasPassed {
      if let message = try takeMessage() { throw Failure("the raw peer got \(message)") }
      usleep(10_000)
    }
  }

  /// The connection ends without a word.
  func vanish() { process.send(SIGKILL) }

  private func takeMessage() throws -> RawMessage? {
    octets += try output.readToEnd() ?? Data()
    while let payload = try takeFrame() { stream += payload }
    guard stream.count >= 2 else { return nil }
    let end = 2 + Int(stream[0]) << 8 + Int(stream[1])
    guard stream.count >= end else { return nil }
    defer { stream.removeFirst(end) }
    return counted(try RawMessage(decoding: Array(stream[2..<end])))
  }

  private func counted(_ message: RawMessage) -> RawMessage {
    guard mode == "destination", let streamID = message.streamID else { return message }
    if message.kind == .streamStart { wireStreamIDs.append(streamID) }
    if streamIDBase == 0 { streamIDBase = streamID &- 1 }
    var message = message
    message.streamID = streamID &- streamIDBase
    return message
  }

  /// The payload of the next whole binary frame; empty for a ping or pong.
  private func takeFrame() throws -> [UInt8]? {
    guard octets.count >= 2 else { return nil }
    let length = Int(octets[1])
    let headerByteCount = length < 126 ? 2 : length == 126 ? 4 : 10
    guard octets.count >= headerByteCount else { return nil }
    let byteCount =
      length < 126 ? length : octets[2..<headerByteCount].reduce(0) { $0 << 8 | Int($1) }
    guard octets.count >= headerByteCount + byteCount else { return nil }
    let payload = Array(octets[headerByteCount..<headerByteCount + byteCount])
    let opcode = octets[0] & 0x0f
    octets.removeFirst(headerByteCount + byteCount)
    switch opcode {
    case 0, 2: return payload
    case 9, 10: return []
    case 8:
      let reason = String(decoding: payload.dropFirst(2), as: UTF8.self)
      throw Failure("tunneld closed the raw peer: \(reason)")
    default: throw Failure("a frame with the opcode \(opcode)")
    }
  }

  private func write(_ bytes: [UInt8]) throws { try input.write(contentsOf: bytes) }
}
