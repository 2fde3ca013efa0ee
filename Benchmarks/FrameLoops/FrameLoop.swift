import Basics
import CMemoryProbe
import WebSocket

/// Frames written and read in memory, over and over: the protocol's own cost, without a socket and without TLS.
///
/// The buffer holds as many frames as fit. Masking is its own inverse, so the same octets can be masked or unmasked
/// again and again, and no copy is in the way of the measurement.
public struct FrameLoop: ~Copyable {
  /// What is done to each frame.
  public enum Work: CaseIterable, Sendable {
    /// Its header is written, and its payload masked where it lies, as a client does.
    case write
    /// It is parsed and its payload unmasked where it lies, as a server does.
    case read
    /// It is received by a `FrameReceiver`, as the product does: copied in, its header taken out, its payload used.
    case receive
  }

  /// What a number of frames took.
  public struct Cost: Sendable {
    public let frameCount: Int
    /// Of the processor, not of the clock: other work on the machine does not count.
    public let nanoseconds: UInt64
    /// Nil where allocations cannot be counted.
    public let allocationCount: UInt64?

    public init(frameCount: Int, nanoseconds: UInt64, allocationCount: UInt64?) {
      self.frameCount = frameCount
      self.nanoseconds = nanoseconds
      self.allocationCount = allocationCount
    }
  }

  /// Octets of the payloads that are measured.
  public static let payloadLengths = [65_536, 16]

  private static let bufferByteCount = 256 * 1024
  /// One round of one work.
  private static let nanosecondsMin: UInt64 = 300_000_000

  private let header: FrameHeader
  private let frameByteCount: Int
  private let frameCount: Int
  private var buffer = ByteQueue()
  private var receiver: FrameReceiver

  /// - Parameter payloadLength: octets of each frame's payload, 1 to 131,072.
  public init(payloadLength: Int) {
    header = FrameHeader(
      opcode: .binary, payloadLength: payloadLength,
      maskingKey: MaskingKey(0x37, 0xfa, 0x21, 0x3d))
    frameByteCount = header.byteCount + payloadLength
    frameCount = Self.bufferByteCount / frameByteCount
    receiver = FrameReceiver(role: .server, payloadLengthMax: payloadLength)
    buffer.append([UInt8](repeating: 0x5a, count: frameCount * frameByteCount))
    writeAll()
  }

  /// Octets of payload in one frame.
  public var payloadLength: Int { header.payloadLength }

  /// Works for a while. Nil when a frame did not come out as it went in.
  public mutating func run(_ work: Work) -> Cost? {
    // What is made on the way to the first frame is not made again.
    if !once(work) { return nil }
    let allocationsBefore = memory_probe_allocation_count()
    let start = memory_probe_thread_nanoseconds()
    var roundCount = 0
    var isSound = true
    var now = start
    repeat {
      isSound = once(work) && isSound
      roundCount += 1
      now = memory_probe_thread_nanoseconds()
    } while now - start < Self.nanosecondsMin
    let allocationCount = memory_probe_allocation_count() - allocationsBefore
    if !isSound { return nil }
    return Cost(
      frameCount: roundCount * frameCount, nanoseconds: now - start,
      allocationCount: memory_probe_counts_allocations() ? allocationCount : nil)
  }

  private mutating func once(_ work: Work) -> Bool {
    switch work {
    case .write:
      writeAll()
      return true
    case .read: return readAll()
    case .receive: return receiveAll()
    }
  }

  private mutating func writeAll() {
    let header = header
    let headerByteCount = header.byteCount
    let frameByteCount = frameByteCount
    let frameCount = frameCount
    buffer.withReadableMutable { bytes in
      var payloadStart = headerByteCount
      for _ in 0..<frameCount {
        _ = header.write(into: &bytes, endingAt: payloadStart)
        header.maskingKey?.apply(
          to: &bytes, from: payloadStart, byteCount: header.payloadLength)
        payloadStart += frameByteCount
      }
    }
  }

  private mutating func readAll() -> Bool {
    let expectedCount = frameCount
    let payloadLength = header.payloadLength
    let foundCount = buffer.withReadableMutable { bytes in
      var parser = FrameParser(role: .server, payloadLengthMax: payloadLength)
      var index = 0
      var foundCount = 0
      while index < bytes.count {
        switch parser.next(bytes.span.extracting(index...)) {
        case .frame(_, let headerByteCount): index += headerByteCount
        case .payload(let byteCount, let maskingKey, let isLast):
          maskingKey?.apply(to: &bytes, from: index, byteCount: byteCount)
          index += byteCount
          if isLast { foundCount += 1 }
        case .needMore, .control, .violation: return -1
        }
      }
      return foundCount
    }
    return foundCount == expectedCount
  }

  private mutating func receiveAll() -> Bool {
    let byteCount = frameCount * frameByteCount
    receiver.reserve(byteCount)
    Self.copy(buffer, into: &receiver)
    receiver.advance(byteCount)
    var foundCount = 0
    while true {
      switch receiver.next() {
      case .needMore: return foundCount == frameCount && receiver.isEmpty
      case .message: break
      case .payload(let byteCount, let endsMessage):
        receiver.consume(byteCount)
        if endsMessage { foundCount += 1 }
      case .ping, .pong, .close, .violation: return false
      }
    }
  }

  private static func copy(_ buffer: borrowing ByteQueue, into receiver: inout FrameReceiver) {
    buffer.withReadable { from in
      receiver.withWritable { to in
        unsafe from.withUnsafeBytes { from in
          unsafe to.withUnsafeMutableBytes { to in unsafe to.copyMemory(from: from) }
        }
      }
    }
  }
}
