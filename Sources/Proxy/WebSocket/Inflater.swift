import Basics
import CZlib

/// The receiving half of permessage-deflate: restores messages' payloads (RFC 7692 §7.2.2).
///
/// It never makes more than there is room for, so what a small input can grow to is the caller's to bound:
///
///     inflate(payload) until all of it is used ─▶ finish until it says so ─▶ the next message
///
/// What stands in front of a fault is restored like any other; the fault is thrown when nothing is left of it,
/// and for ever after.
@safe public final class Inflater {
  /// Why a payload could not be restored.
  public enum Violation: Error, Equatable {
    /// It is not what DEFLATE makes (RFC 1951), refers to what is not there, or is cut short.
    case corrupt
    /// No memory for the window.
    case noMemory

    public var statusCode: CloseCode { self == .noMemory ? .internalError : .invalidPayloadData }

    public var reason: String {
      switch self {
      case .corrupt: "a compressed message is corrupt or cut short"
      case .noMemory: "no memory to decompress a message"
      }
    }
  }

  /// What the sender left out of each message.
  private static let end: [UInt8] = [0x00, 0x00, 0xff, 0xff]

  private let stream: UnsafeMutablePointer<z_stream>
  private let keepsContext: Bool
  /// How much of `end` has been used.
  private var endOffset = 0
  /// All so far is whole blocks, up to the last bit. No payload ends so before `end` is put behind it, but the
  /// empty one and that of a sender that left out nothing, or ended with a final block; those need no `end`.
  private var isBetweenBlocks = true
  /// The room was used up.
  private var isRoomUsedUp = false
  private var violation: Violation?

  /// There may be more to be made without further input, or a fault to be thrown.
  public var mayHaveMore: Bool { isRoomUsedUp || violation != nil }

  /// - Parameters:
  ///   - windowBits: base-2 logarithm of how far the sender may refer back, 8 to 15.
  ///   - keepsContext: whether messages may refer to those before them.
  /// - Returns: nil when there is no memory.
  public init?(windowBits: Int, keepsContext: Bool) {
    self.keepsContext = keepsContext
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let result = unsafe inflateInit2_(
      stream, -Int32(clamping: windowBits), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    if result != Z_OK {
      unsafe stream.deallocate()
      return nil
    }
  }

  /// What the program itself was packed with: DEFLATE's format alone.
  /// - Returns: nil when there is no memory.
  public static func unpack(_ packed: [UInt8], byteCount: Int) -> [UInt8]? {
    var octets = [UInt8](repeating: 0, count: byteCount)
    var room = octets.mutableSpan
    let inflater = Inflater(windowBits: 15, keepsContext: false)
    let made = try? inflater?.inflate(packed.span, into: &room).madeByteCount
    return made == byteCount ? octets : nil
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Restores what `input` has, as far as `output` has room.
  /// - Returns: octets used of the input and made of the output.
  public func inflate(
    _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) throws(Violation) -> (usedByteCount: Int, madeByteCount: Int) {
    var used = 0
    var made = 0
    while violation == nil && made < output.count && (used < input.count || isRoomUsedUp) {
      let step = step(input, from: used, into: &output, from: made)
      used += step.used
      made += step.made
    }
    if let violation, made == 0 { throw violation }
    return (used, made)
  }

  /// Ends the message whose payload was used up.
  /// - Parameter start: octets at the front of `output` that are not to be written.
  /// - Returns: octets made, and whether that was all; if not, call again with more room, or to learn of a fault.
  public func finish(
    into output: inout MutableSpan<UInt8>, from start: Int = 0
  ) throws(Violation) -> (madeByteCount: Int, isDone: Bool) {
    let end = Self.end
    var made = 0
    while violation == nil && !isBetweenBlocks {
      if start + made == output.count { return (made, false) }
      let step = step(end.span, from: endOffset, into: &output, from: start + made)
      endOffset += step.used
      made += step.made
      if endOffset == end.count && !mayHaveMore && !isBetweenBlocks { violation = .corrupt }
    }
    if let violation {
      if start + made == 0 { throw violation }
      return (made, false)
    }
    endOffset = 0
    isRoomUsedUp = false
    if !keepsContext { unsafe inflateReset(stream) }
    return (made, true)
  }

  private func step(
    _ input: Span<UInt8>, from inputOffset: Int, into output: inout MutableSpan<UInt8>,
    from outputOffset: Int
  ) -> (used: Int, made: Int) {
    let result = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe stream.pointee.next_in = input.baseAddress.map {
          unsafe UnsafeMutablePointer(mutating: $0 + inputOffset)
        }
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count - inputOffset)
        unsafe stream.pointee.next_out = output.baseAddress.map { unsafe $0 + outputOffset }
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count - outputOffset)
        return unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
      }
    }
    let used = unsafe input.count - inputOffset - Int(stream.pointee.avail_in)
    let made = unsafe output.count - outputOffset - Int(stream.pointee.avail_out)
    switch result {
    case Z_OK, Z_BUF_ERROR:
      isRoomUsedUp = unsafe stream.pointee.avail_out == 0
      // Between two blocks (128), not in the final one (64), and with no bits over (zlib.h on inflate). A call
      // that had nothing to do says nothing about that.
      if used + made > 0 { isBetweenBlocks = unsafe stream.pointee.data_type == 128 }
    case Z_STREAM_END:
      // A final block does not end the message (§7.2.3.4), nor does it take the window away.
      unsafe inflateResetKeep(stream)
      isRoomUsedUp = false
      isBetweenBlocks = true
    case Z_MEM_ERROR: violation = .noMemory
    default: violation = .corrupt
    }
    return (used, made)
  }
}
