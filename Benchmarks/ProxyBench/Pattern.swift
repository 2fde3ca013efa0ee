import Glibc

/// The bytes of every bulk transfer: a block of noise, again and again, so that they do not
/// compress and a receiver can tell each byte by its place. Or, to be compressed, a block of text.
final class Pattern: @unchecked Sendable {
  static let shared = Pattern()
  /// Lines as a web server logs them. The block is far longer than any compressor's window.
  static let logText = Pattern(text: true)

  /// How much a send or a receive of the bench's own ends moves at once.
  static let pieceSize = 256 * 1024
  private let blockSize = 4 * Pattern.pieceSize
  private let block: UnsafeMutableRawBufferPointer

  private init(text: Bool = false) {
    block = .allocate(byteCount: blockSize, alignment: 64)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    if text {
      var bytes: [UInt8] = []
      while bytes.count < blockSize { bytes += Self.logLine(bytes.count, next(), next()).utf8 }
      block.copyBytes(from: bytes[..<blockSize])
    } else {
      for index in 0..<blockSize / 8 {
        block.storeBytes(of: next(), toByteOffset: index * 8, as: UInt64.self)
      }
    }
  }

  /// A line of an access log: time that goes on, clients and paths that come again, numbers at random.
  private static func logLine(_ place: Int, _ one: UInt64, _ other: UInt64) -> String {
    let paths = [
      "/", "/index.html", "/login", "/static/app.js", "/api/v1/devices", "/api/v1/telemetry",
      "/api/v1/devices/\(one >> 8 & 63)/shadow", "/api/v1/jobs?limit=\(one >> 16 & 127)",
    ]
    let second = place / 150
    let time = [second / 3600 % 24, second / 60 % 60, second % 60].map {
      $0 < 10 ? "0\($0)" : "\($0)"
    }
    return """
      10.\(one & 3).\(other & 15).\(one >> 24 & 255) - - \
      [22/Nov/2026:\(time.joined(separator: ":")) +0000] "GET \(paths[Int(other >> 4 & 7)]) \
      HTTP/1.1" \(one >> 32 & 31 == 0 ? 404 : 200) \(other >> 16 & 0x7fff) "-" \
      "Mozilla/5.0 (X11; Linux x86_64) gateway/\(other >> 8 & 7)" 0.\(one >> 40 & 1023)\n
      """
  }

  func send(_ byteCount: Int, to stream: Stream) throws {
    var offset = 0
    while offset < byteCount {
      let piece = piece(at: offset, atMost: byteCount - offset)
      try stream.send(piece)
      offset += piece.count
    }
  }

  /// Has the server take so many bytes, until it has everything.
  func upload(_ byteCount: Int, over stream: Stream) throws {
    try Request.upload.send(to: stream, count: byteCount)
    try send(byteCount, to: stream)
    guard try stream.receiveByte() == Request.ping.rawValue else {
      throw Failure("the connection ended before the server had everything")
    }
  }

  /// Has the server send so many bytes, and takes them.
  func download(_ byteCount: Int, over stream: Stream) throws {
    try Request.download.send(to: stream, count: byteCount)
    try receive(byteCount, from: stream)
  }

  /// Receives so many bytes. `pause` is called before each piece with the count so far, and with it
  /// every byte is compared as well.
  func receive(
    _ byteCount: Int, from stream: Stream, pause: ((Int) -> Void)? = nil
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while offset < byteCount {
      pause?(offset)
      let expected = piece(at: offset, atMost: byteCount - offset)
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<expected.count])
      let count = try stream.receive(into: room)
      guard count > 0 else {
        throw Failure("the transfer ended after \(offset) of \(byteCount) bytes")
      }
      if pause != nil, memcmp(room.baseAddress!, expected.baseAddress!, count) != 0 {
        throw Failure("wrong bytes between \(offset) and \(offset + count)")
      }
      offset += count
    }
  }

  /// Bytes that belong to a number: the block from another place on.
  func piece(of number: Int, at offset: Int, atMost count: Int) -> UnsafeRawBufferPointer {
    piece(at: number * 4_099 + offset, atMost: count)
  }

  private func piece(at offset: Int, atMost count: Int) -> UnsafeRawBufferPointer {
    let start = offset % blockSize
    let end = min(start + min(count, Self.pieceSize), blockSize)
    return UnsafeRawBufferPointer(rebasing: block[start..<end])
  }
}
