import Basics
import Tunnel

/// A slow link, simulated: so many bytes a second, and so long on the way.
public struct LinkShape: Sendable {
  /// Bytes a second in each direction; 0 for no limit.
  public var bandwidth: Int64
  public var latency: Milliseconds

  public init(bandwidth: Int64, latency: Milliseconds) {
    self.bandwidth = bandwidth
    self.latency = latency
  }

  public var isIdeal: Bool { bandwidth == 0 && latency.count == 0 }
}

/// One direction of a slow link: messages leave one after another at the link's rate and arrive a latency
/// later. It takes a message only while the sender's line is nearly free; so, as behind a real bottleneck,
/// what does not fit waits in the sender's socket buffers and not here.
struct Shaper {
  enum Content {
    case message([UInt8], from: TunnelEnd)
    /// An end has left; `resets` is what the other one is to hear of it, as far as that is known already.
    indirect case departure(of: TunnelEnd, resets: [MessageHeader])

    /// What goes over the link.
    fileprivate var byteCount: Int {
      if case .message(let bytes, _) = self { bytes.count } else { 0 }
    }

    /// What is kept in memory meanwhile.
    fileprivate var cost: Int { byteCount + Shaper.overheadByteCount }
  }

  struct Item {
    let content: Content
    let due: Instant
  }

  /// How far ahead of time a message is taken.
  private static let lookahead = Milliseconds(5)
  /// Memory of what is on the way at the most, for links without a rate.
  static let byteCountMax = 8 * 1024 * 1024
  /// What a message takes beside its own bytes: an array's header in a block of the heap, and a place in a queue
  /// whose memory may be twice what is in it.
  static let overheadByteCount = 128

  private let shape: LinkShape
  private var items = Fifo<Item>()
  private(set) var byteCount = 0
  /// When the line has sent all that it took; nil before the first message.
  private var freeAt: Instant?

  init(shape: LinkShape) { self.shape = shape }

  var next: Item? { items.first }

  /// All that may be on the way is; ask again when something has arrived.
  var isFull: Bool { byteCount >= Self.byteCountMax }

  /// Nil when the line is nearly free, or when it will be.
  func busyUntil(_ now: Instant) -> Instant? {
    guard let freeAt else { return nil }
    let welcomeAt = Instant(nanoseconds: freeAt.nanoseconds - Self.lookahead.count * 1_000_000)
    return now < welcomeAt ? welcomeAt : nil
  }

  mutating func append(_ content: Content, now: Instant) {
    let start = max(now, freeAt ?? now)
    let sending =
      shape.bandwidth == 0
      ? 0 : Int64(content.byteCount) * 1_000_000_000 / shape.bandwidth
    let end = Instant(nanoseconds: start.nanoseconds + sending)
    freeAt = end
    items.append(Item(content: content, due: end + shape.latency))
    byteCount += content.cost
  }

  mutating func popFirst() -> Content? {
    guard let item = items.popFirst() else { return nil }
    byteCount -= item.content.cost
    return item.content
  }

  mutating func removeAll() {
    items.removeAll()
    byteCount = 0
  }
}
