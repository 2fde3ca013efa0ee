import Basics
import Reactor
import Simulator

@testable import Proxy
@testable import Tunnel
@testable import WebSocket

/// A link between a stream whose other end is the test's and a handler that notes everything.
final class LinkHarness: TunnelLinkHandler {
  let world: QuietWorld
  let far: FarEnd
  let link: TunnelLink
  let role: WebSocketRole
  private let allowsCompression: Bool
  /// Encodings of the messages shown, in order.
  private(set) var messages: [[UInt8]] = []
  private(set) var ends: [TunnelLink.End] = []
  private(set) var roomCount = 0
  /// What the handler does with a message: it takes it, or takes it and pauses, or does not take it.
  enum Disposition { case next, pause, hold }
  var disposition: (Message) -> Disposition = { _ in .next }

  init(
    _ role: WebSocketRole, limits: LinkLimits = LinkLimits(),
    compression: MessageCompression? = nil, early: [UInt8] = [], pingPeriod: Milliseconds? = nil,
    pacer: consuming Pacer = Pacer()
  ) throws {
    self.role = role
    allowsCompression = compression != nil
    world = QuietWorld()
    let (stream, far) = try world.secureConnection()
    self.far = far
    link = TunnelLink(
      network: world.network, stream: stream, role: role, limits: limits,
      compression: compression, early: early,
      heartbeat: pingPeriod.map {
        Heartbeat(period: $0, heldOffTimeMax: Milliseconds(10 * $0.count))
      }, pacer: pacer, log: Log.silent)
    link.handler = self
    link.start()
    world.settle()
  }

  func link(_ link: TunnelLink, received message: Message, in bytes: Span<UInt8>) -> Bool {
    let answer = disposition(message)
    if answer == .pause { link.pause() }
    if answer != .hold { messages.append(bytes.withUnsafeBufferPointer { Array($0) }) }
    return answer != .hold
  }

  func linkHasRoom(_ link: TunnelLink) { roomCount += 1 }

  func link(_ link: TunnelLink, ended end: TunnelLink.End) { ends.append(end) }

  /// The frames that the link sent, as its peer reads them.
  var sentFrames: [CollectedFrame] {
    var collector = FrameCollector(
      role: role == .client ? .server : .client, allowsCompression: allowsCompression)
    world.settle()
    collector.feed(far.received)
    let isWhole = collector.violation == nil && collector.faults.isEmpty
    return isWhole && collector.unusedCount == 0 ? collector.frames : []
  }

  /// The status code of the close frame that the link sent last.
  var sentCloseCode: CloseCode? {
    guard let frame = sentFrames.last, frame.opcode == .close, frame.payload.count >= 2 else {
      return nil
    }
    return CloseCode(rawValue: UInt16(frame.payload[0]) << 8 | UInt16(frame.payload[1]))
  }

  /// Lets frames arrive as the peer sends them.
  func arrive(_ frames: CollectedFrame...) {
    far.send(frames.flatMap { $0.octets(to: role) })
  }

  /// A DATA message with its length prefix.
  static func data(_ payload: [UInt8], connection: UInt32 = 1) -> [UInt8] {
    let header = MessageHeader(.data, streamID: 1, connectionID: connection)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax) + payload
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: payload.count)
    return Array(bytes[start...])
  }

  /// The messages in a byte stream, without their prefixes; nil when the last is not whole.
  static func split(_ bytes: [UInt8]) -> [[UInt8]]? {
    var messages: [[UInt8]] = []
    var index = 0
    while index + 2 <= bytes.count {
      let end = index + 2 + (Int(bytes[index]) << 8 | Int(bytes[index + 1]))
      if end > bytes.count { return nil }
      messages.append(Array(bytes[(index + 2)..<end]))
      index = end
    }
    return index == bytes.count ? messages : nil
  }
}
