import Basics
import Reactor

@testable import Configuration
@testable import Tunnel
@testable import WebSocket

/// Numbers that do not fit into 32 bits, in each place where one from outside meets an Int, and each sum that a long
/// tunnel takes beyond them. Where Int has 32 bits, Swift traps at a number that was forgotten.
struct BoundsCheck: Sendable {
  let name: String
  let body: @Sendable () throws(Finding) -> Void

  static let all: [BoundsCheck] = [
    BoundsCheck(name: "a refusal's length") { () throws(Finding) in
      for length in ["2147483648", "3000000000", "999999999999999999"] {
        let text = "HTTP/1.1 403 No\r\nContent-Length: \(length)\r\n\r\n".octets
        guard case .complete(let head) = HeaderBlock.parse(text.span, byteCountMax: 1_024) else {
          throw Finding("not a head")
        }
        let body = ResponseBody(status: 403, head: head, bytes: "expired".octets[...])
        try require(body.text == "expired" && !body.isWhole, "another body")
      }
    },
    BoundsCheck(name: "a frame's length") { () throws(Finding) in
      for octets in [[0, 0, 0, 0, 0x80, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 1]] as [[UInt8]] {
        try FuzzTarget.frameParser.check([0x82, 127] + octets)
        try FuzzTarget.frameReceiver.check([0, 0, 0x82, 127] + octets)
      }
    },
    BoundsCheck(name: "bytes through a pacer") { () throws(Finding) in
      try pace(Pacer(limit: 0), byteCount: 5_000_000_000)
    },
    BoundsCheck(name: "bytes to a service without pongs") { () throws(Finding) in
      var pacer = Pacer(limit: 0)
      let start = Instant(nanoseconds: 1)
      for _ in 0..<5 { pacer.sent(1_000_000_000, now: start) }
      let count = pacer.pinged()
      try require(count == 5_000_000_000, "\(count) bytes")
      pacer.ponged(PingStamp(sentAt: start, sentByteCount: count), now: start + Milliseconds(1))
      try require(pacer.window.inFlightByteCount == 0, "some are still on the way")
    },
    BoundsCheck(name: "bytes at the largest limit") { () throws(Finding) in
      try pace(Pacer(limit: 100_000_000_000), byteCount: 5_000_000_000)
    },
    BoundsCheck(name: "a ping's numbers") { () throws(Finding) in
      let now = Instant(nanoseconds: 1 << 62)
      for count in [1 << 31, 1 << 33, .max] as [Int64] {
        let stamp = PingStamp(sentAt: now, sentByteCount: count)
        try require(PingStamp(payload: stamp.payload, now: now) == stamp, "another stamp")
      }
    },
    BoundsCheck(name: "a bandwidth") { () throws(Finding) in
      var settings = Settings()
      try require(settings.set(.tunnelBandwidthLimit, "100000000000"), "not taken")
      try require(settings.bandwidthLimit == 100_000_000_000, "another one")
      for setting in Setting.allCases {
        for text in ["2147483648", "4294967296", "999999999999999999", "-2147483649"] {
          if settings.set(setting, text) {
            try require(settings.text(setting) == text, "\(setting.key) is another number")
          }
        }
      }
    },
    BoundsCheck(name: "a level of the log") { () throws(Finding) in
      try require(LogLevel.parse("4294967296") == nil, "a level")
    },
    BoundsCheck(name: "a connection's number") { () throws(Finding) in
      for id in [0x7fff_ffff, 0x8000_0000, 0xffff_ffff] as [UInt32] {
        for role in [.source, .destination] as [TunnelRole] { try handle(id, role) }
        try require(id.decimal == Int64(id).decimal, "in other digits")
      }
    },
    BoundsCheck(name: "names by their hashes") { () throws(Finding) in
      var index = OctetIndex()
      for number in 0..<1_000 { index.insert(number.decimal.octets, number) }
      for number in 0..<1_000 {
        try require(index[number.decimal.octets] == number, "\(number) is lost")
      }
    },
    BoundsCheck(name: "the loop's alarm") { () throws(Finding) in
      do throws(SystemError) {
        let reactor = try Reactor()
        let alarm = Alarm()
        _ = reactor.schedule(at: reactor.now + Milliseconds(1), alarm, tag: 0)
        for _ in 0..<1_000 where !alarm.hasFired { try reactor.turn(waitMax: Milliseconds(10)) }
        if !alarm.hasFired { throw SystemError.noBuffer }
      } catch {
        throw Finding("no alarm: \(error.reason)")
      }
    },
  ]

  /// Sends so much as fast as the pacer lets it, in frames of 16 MiB at the most. A ping is answered at once when the
  /// window is full, so that it grows, in as little time as there is, so that its rate is large.
  private static func pace(_ pacer: consuming Pacer, byteCount: Int64) throws(Finding) {
    var pacer = pacer
    var now = Instant(nanoseconds: 1)
    var left = byteCount
    var stepCount = 0
    while left > 0 {
      stepCount += 1
      try require(stepCount < 1_000_000, "it stands still")
      if let ready = pacer.readyAt(now) { now = ready }
      let frame = Int(min(left, Int64(min(pacer.frameByteCountMax, 16 * 1_024 * 1_024))))
      try require(frame > 0, "a frame of nothing")
      pacer.sent(frame, now: now)
      left -= Int64(frame)
      if !pacer.wantsPing { continue }
      let stamp = PingStamp(sentAt: now, sentByteCount: pacer.pinged())
      if !pacer.window.isFull { continue }
      now = Instant(nanoseconds: now.nanoseconds + 1)
      pacer.ponged(stamp, now: now)
    }
    try require(pacer.window.size > 1_024 * 1_024, "a window of \(pacer.window.size) bytes")
  }

  /// A connection of that number before it begins, in use, and when it is over, in a stream that is there.
  private static func handle(_ id: UInt32, _ role: TunnelRole) throws(Finding) {
    var session = TunnelSession(
      TunnelSession.Options(role: role, mappings: ["A"], connectionCountMax: 8),
      streamIDs: StreamIDs(randomness: 0))
    let services = Array(MessageHeader.serviceIDs(["A"]).dropFirst(Message.prefixByteCount))
    try handle(services, &session)
    if role == .source {
      _ = session.open(service: 0)
    } else {
      try handle(encoded(.streamStart, 1), &session)
    }
    let types: [MessageType] = [
      .data, .connectionReset, .connectionStart, .connectionStart, .data, .connectionReset, .data,
    ]
    for type in types { try handle(encoded(type, id), &session) }
  }

  private static func encoded(_ type: MessageType, _ id: UInt32) -> [UInt8] {
    let header = MessageHeader(
      type, streamID: 1, serviceID: "A".octets, connectionID: id, ignorable: false)
    var bytes = [UInt8](repeating: 0, count: MessageHeader.byteCountMax)
    var span = bytes.mutableSpan
    let start = header.write(
      into: &span, endingAt: MessageHeader.byteCountMax, payloadLength: 0)
    return Array(bytes[(start + Message.prefixByteCount)...])
  }

  private static func handle(_ bytes: [UInt8], _ session: inout TunnelSession) throws(Finding) {
    guard let message = try? Message.parse(bytes.span) else {
      throw Finding("a message that cannot be read")
    }
    _ = session.handle(message, in: bytes.span)
  }
}

private final class Alarm: TimerHandler {
  var hasFired = false

  func timerFired(tag: Int, now: Instant) { hasFired = true }
}
