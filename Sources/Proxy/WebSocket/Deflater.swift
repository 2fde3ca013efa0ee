import Basics
import CZlib

/// The sending half of permessage-deflate: makes messages' payloads shorter (RFC 7692 §7.2.1).
///
/// Each message ends at a byte boundary with all of it in the output, so it can leave at once:
///
///     compress(part) … compress(last part, endsMessage: true) ─▶ true: send it
///                                                             └▶ false: forget()
@safe public final class Deflater {
  /// Octets made room for at a time.
  private static let pieceByteCount = 16 * 1024
  /// What zlib ends a message with, an empty stored block, and the protocol leaves out.
  private static let endByteCount = 4

  private let stream: UnsafeMutablePointer<z_stream>
  /// Messages may refer to those before them.
  public let keepsContext: Bool
  /// Octets that the current message has so far.
  private var messageByteCount = 0

  /// - Parameters:
  ///   - windowBits: base-2 logarithm of how far it may refer back. zlib has no such window of 256 octets: for
  ///     8 it takes the next one and refers back by one octet alone.
  ///   - memoryLevel: how much memory zlib takes for its search, in steps of a factor of two.
  ///   - keepsContext: whether messages may refer to those before them.
  /// - Returns: nil when there is no memory.
  public init?(windowBits: Int, memoryLevel: Int, keepsContext: Bool) {
    self.keepsContext = keepsContext
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let bits = Int32(clamping: max(windowBits, 9))
    let result = unsafe deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits, Int32(clamping: memoryLevel),
      windowBits < 9 ? Z_RLE : Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    if result != Z_OK {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses a part of a message and appends what comes of it to `output`.
  /// - Parameter byteCountMax: octets that may be appended, those of zlib's end included.
  /// - Returns: false when that would be more: the message must not be sent so, and `forget` be called.
  public func compress(
    _ bytes: Span<UInt8>, endsMessage: Bool, into output: inout ByteQueue, byteCountMax: Int = .max
  ) -> Bool {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      // zlib reads it and does not change it.
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
      unsafe stream.pointee.avail_in = UInt32(clamping: bytes.count)
      var left = byteCountMax
      while left > 0 {
        let room = min(Self.pieceByteCount, left)
        output.reserve(room)
        let count = step(endsMessage ? Z_SYNC_FLUSH : Z_NO_FLUSH, &output, room)
        output.advance(count)
        messageByteCount += count
        left -= count
        if count < room { break }
      }
      let isWhole = unsafe left > 0 && stream.pointee.avail_in == 0
      if isWhole && endsMessage { end(&output) }
      return isWhole
    }
  }

  /// - Returns: octets made; as many as there is room for means that there may be more.
  private func step(_ flush: Int32, _ output: inout ByteQueue, _ room: Int) -> Int {
    output.withWritable(atMost: room) { region in
      unsafe region.withUnsafeMutableBufferPointer { region in
        unsafe stream.pointee.next_out = region.baseAddress
        unsafe stream.pointee.avail_out = UInt32(clamping: region.count)
        // It can only say that there was nothing to do, which is so when an empty message follows another.
        unsafe deflate(stream, flush)
        return unsafe region.count - Int(stream.pointee.avail_out)
      }
    }
  }

  /// Leaves out the octets of the end; an empty message is one octet then (§7.2.3.6).
  private func end(_ output: inout ByteQueue) {
    if messageByteCount >= Self.endByteCount {
      output.removeLast(Self.endByteCount)
    } else {
      output.append([0])
    }
    messageByteCount = 0
    if !keepsContext { unsafe deflateReset(stream) }
  }

  /// What was compressed last will not be sent: nothing may refer to it.
  public func forget() {
    messageByteCount = 0
    unsafe deflateReset(stream)
  }
}
