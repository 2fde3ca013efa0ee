import Basics
import CMemoryProbe
import Testing
import WebSocket

@Suite(
  "Allocations of frames",
  .enabled(if: memory_probe_counts_allocations(), "allocations can be counted with glibc alone"))
struct FrameAllocationTests {
  /// Allocations of `count` frames, each written (header and mask) into a queue and read (parsed and unmasked) out of
  /// it again; nil when what was read is not what was written.
  private static func allocationCount(
    frames count: Int, payloadLength: Int, role: WebSocketRole
  ) -> UInt64? {
    var queue = ByteQueue()
    queue.reserve(FrameHeader.byteCountMax + payloadLength)
    var parser = FrameParser(role: role, payloadLengthMax: payloadLength)
    var isSound = true
    let before = memory_probe_allocation_count()
    for number in 0..<count {
      let key = role == .server ? MaskingKey(word: UInt32(truncatingIfNeeded: number)) : nil
      isSound =
        Self.write(&queue, payloadLength, key, UInt8(truncatingIfNeeded: number))
        && Self.read(&queue, &parser, payloadLength, UInt8(truncatingIfNeeded: number)) && isSound
    }
    let after = memory_probe_allocation_count()
    return isSound ? after - before : nil
  }

  private static func write(
    _ queue: inout ByteQueue, _ payloadLength: Int, _ key: MaskingKey?, _ octet: UInt8
  ) -> Bool {
    let header = FrameHeader(opcode: .binary, payloadLength: payloadLength, maskingKey: key)
    let start = header.byteCount
    queue.restart(headroom: 0)
    queue.withWritable { bytes in
      _ = header.write(into: &bytes, endingAt: start)
      for index in 0..<payloadLength { bytes[start + index] = octet }
      key?.apply(to: &bytes, from: start, byteCount: payloadLength)
    }
    queue.advance(start + payloadLength)
    return true
  }

  private static func read(
    _ queue: inout ByteQueue, _ parser: inout FrameParser, _ payloadLength: Int, _ octet: UInt8
  ) -> Bool {
    guard
      case .frame(let header, let headerByteCount) = queue.withReadable({ parser.next($0) }),
      header.payloadLength == payloadLength
    else { return false }
    queue.consume(headerByteCount)
    guard
      case .payload(payloadLength, let key, isLast: true) = queue.withReadable({
        parser.next($0)
      })
    else { return false }
    queue.withReadableMutable { key?.apply(to: &$0, from: 0, byteCount: payloadLength) }
    let isSound = queue.withReadable { $0[0] == octet && $0[payloadLength - 1] == octet }
    queue.consume(payloadLength)
    return isSound
  }

  @Test(
    "10,000 frames are written and read without one allocation",
    arguments: [16, 1_000], [WebSocketRole.client, .server])
  func allocatesNothing(payloadLength: Int, role: WebSocketRole) {
    // What the runtime makes on the way to the first frame stays.
    #expect(Self.allocationCount(frames: 1, payloadLength: payloadLength, role: role) != nil)
    #expect(Self.allocationCount(frames: 10_000, payloadLength: payloadLength, role: role) == 0)
  }

  @Test("an allocation is counted")
  func countsAllocations() {
    let before = memory_probe_allocation_count()
    let bytes = [UInt8](repeating: 1, count: 5_000 + Int(before & 1))
    #expect(memory_probe_allocation_count() > before)
    #expect(bytes.count >= 5_000)
  }
}
