import Glibc

/// The bytes of every bulk transfer: a block of noise, again and again, so that they do not
/// compress and a receiver can tell each byte by its place.
final class Pattern: @unchecked Sendable {
  static let shared = Pattern()

  /// How much a send or a receive of the bench's own ends moves at once.
  static let pieceSize = 256 * 1024
  private let blockSize = 4 * Pattern.pieceSize
  private let block: UnsafeMutableRawBufferPointer

  private init() {
    block = .allocate(byteCount: blockSize, alignment: 64)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    for index in 0..<blockSize / 8 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      block.storeBytes(of: state, toByteOffset: index * 8, as: UInt64.self)
    }
  }

  func send(_ byteCount: Int, to stream: Stream) throws {
    var offset = 0
    while offset < byteCount {
      let piece = piece(at: offset, atMost: byteCount - offset)
      try stream.send(piece)
      offset += piece.count
    }
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

  private func piece(at offset: Int, atMost count: Int) -> UnsafeRawBufferPointer {
    let start = offset % blockSize
    let end = min(start + min(count, Self.pieceSize), blockSize)
    return UnsafeRawBufferPointer(rebasing: block[start..<end])
  }
}
