import Basics
import Proxy
import Reactor
import Tunnel

/// One direction of a tunnel: what the end of one role sends on its way to the other end. It outlives both
/// ends' connections, so that what is on the way when its sender vanishes arrives, in order, and then the news.
/// What is on the way when its receiver vanishes arrives nowhere: a newer receiver is another one.
final class Line: TimerHandler {
  private enum TimerTag: Int { case welcome, due }

  /// Of ends that leave while the line has no room. For tests.
  private static let newsByteCountMax = 4 * Shaper.overheadByteCount

  private let tunnel: Tunnel
  /// Of the end that sends.
  private let role: TunnelRole
  private let network: any Network
  private let log: Log
  /// What is on its way, when the link is not ideal.
  private var shaper: Shaper?
  private var dueTimer: TimerID?
  private var welcomeTimer: TimerID?
  /// The receiving end had no room; it tells when it has.
  private var waitsForRoom = false
  /// What was on the way when that began; nothing is added meanwhile. For tests.
  private var byteCountWithoutRoom = 0
  /// The sending end is paused until something has arrived.
  private var isHeld = false

  init(tunnel: Tunnel, role: TunnelRole, network: any Network, shape: LinkShape, log: Log) {
    self.tunnel = tunnel
    self.role = role
    self.network = network
    self.log = log
    if !shape.isIdeal { shaper = Shaper(shape: shape) }
  }

  private var sender: TunnelEnd? { tunnel.end(role) }
  private var receiver: TunnelEnd? { tunnel.otherEnd(of: role) }

  // MARK: From the sending end

  /// Takes a message of the end that is connected now; false when the end is to hold it.
  func take(_ message: Message, _ bytes: Span<UInt8>) -> Bool {
    guard let sender else { return true }
    // A destination may not know yet that the source has gone that it speaks to; one that comes later is another one.
    if role == .destination && !tunnel.isCurrent(message, in: bytes, source: receiver) {
      return true
    }
    if shaper == nil {
      if !hasRoom() { return false }
      sender.hasSpoken = true
      deliver(message, bytes, from: sender)
      return true
    }
    let now = network.now
    if shaper?.isFull == true || waitsForRoom {
      isHeld = true
      return false
    }
    if let busyUntil = shaper?.busyUntil(now) {
      if welcomeTimer == nil {
        welcomeTimer = network.schedule(at: busyUntil, self, tag: TimerTag.welcome.rawValue)
      }
      return false
    }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { copy.append(bytes[index]) }
    sender.hasSpoken = true
    shaper?.append(.message(copy, from: sender), now: now)
    scheduleDue()
    return true
  }

  /// The sending end is gone: the other one's streams end when it has received all that was sent.
  func senderLeft(_ end: TunnelEnd) {
    if !tunnel.tellsOfLosses { return }
    // A source's streams begin at the destination when their starts arrive, which may still be on their way.
    let resets = role == .destination ? tunnel.endStreams() : []
    // Who has sent nothing has no streams. Many may come and go while the line has no room.
    if resets.isEmpty && !end.hasSpoken { return }
    if shaper == nil {
      announce(end, resets)
    } else {
      shaper?.append(.departure(of: end, resets: resets), now: network.now)
      scheduleDue()
    }
  }

  // MARK: To the receiving end

  /// The receiving end is gone, and with it what was on the way to it. The starts and ends of streams among that count
  /// as arrived, so that the sender hears of the streams' end.
  func receiverLeft() {
    while let content = shaper?.popFirst() {
      if case .message(let bytes, let end) = content, let message = try? Message.parse(bytes.span) {
        tunnel.note(message, in: bytes.span, from: end)
      }
    }
  }

  /// The receiving end has room again, or is gone.
  func goOn() {
    if !waitsForRoom && !isHeld { return }
    waitsForRoom = false
    if shaper != nil { deliverDue() } else { sender?.resume() }
  }

  /// The tunnel is over: what is on the way is lost.
  func cut() {
    if let dueTimer { network.cancel(dueTimer) }
    if let welcomeTimer { network.cancel(welcomeTimer) }
    dueTimer = nil
    welcomeTimer = nil
    shaper?.removeAll()
  }

  func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.welcome.rawValue {
      welcomeTimer = nil
      sender?.resume()
    } else {
      dueTimer = nil
      deliverDue()
    }
  }

  private func scheduleDue() {
    guard dueTimer == nil, !waitsForRoom, let next = shaper?.next else { return }
    dueTimer = network.schedule(at: next.due, self, tag: TimerTag.due.rawValue)
  }

  /// What arrives may end an end, and so empty the line.
  private func deliverDue() {
    while let next = shaper?.next, next.due <= network.now {
      if case .message = next.content, !hasRoom() { return }
      _ = shaper?.popFirst()
      switch next.content {
      case .message(let bytes, let end):
        if let message = try? Message.parse(bytes.span) { deliver(message, bytes.span, from: end) }
      case .departure(let end, let resets): announce(end, resets)
      }
    }
    scheduleDue()
    if isHeld {
      isHeld = false
      sender?.resume()
    }
  }

  /// Whether what arrives now can be forwarded, or dropped because nobody is there; if not, the receiving end will tell.
  private func hasRoom() -> Bool {
    guard let receiver, !receiver.hasRoom else { return true }
    waitsForRoom = true
    byteCountWithoutRoom = shaper?.byteCount ?? 0
    receiver.callForRoom()
    return false
  }

  private func deliver(_ message: Message, _ bytes: Span<UInt8>, from end: TunnelEnd) {
    if role == .source && message.type != .streamStart
      && !tunnel.isCurrent(message, in: bytes, source: end)
    {
      resetOrDrop(message, bytes, from: end)
      return
    }
    tunnel.note(message, in: bytes, from: end)
    if let receiver {
      receiver.forward(bytes)
    } else {
      resetOrDrop(message, bytes, from: end)
    }
  }

  /// A message for nobody, or in a stream that is over: what is started is reset, all else is dropped.
  private func resetOrDrop(_ message: Message, _ bytes: Span<UInt8>, from end: TunnelEnd) {
    let type: MessageType
    switch message.type {
    case .streamStart: type = .streamReset
    case .connectionStart: type = .connectionReset
    case nil, .unknown, .data, .streamReset, .sessionReset, .serviceIDs, .connectionReset: return
    }
    let reset = MessageHeader(
      type, streamID: message.streamID,
      serviceID: Message.text(bytes, message.serviceID).octets,
      connectionID: type == .connectionReset ? message.connectionID : 0)
    if receiver == nil {
      let absent: TunnelRole = role == .source ? .destination : .source
      log.endAbsent(tunnel: "\(tunnel.number)", end: absent.localProxyMode)
    }
    if type == .streamReset { tunnel.endStream(message, in: bytes) }
    if end === sender { end.sendReset(reset) }
  }

  /// - Parameter resets: a destination's; a source's streams are known now that all of it has arrived.
  private func announce(_ end: TunnelEnd, _ resets: [MessageHeader]) {
    let resets = role == .source ? tunnel.endStreams(of: end) : resets
    for reset in resets { receiver?.sendReset(reset) }
  }

  // MARK: Invariants

  func checkInvariants() -> String? {
    let isEmpty = shaper?.next == nil
    if waitsForRoom && receiver?.isCalled != true {
      return "the line from the \(role.localProxyMode): it waits for room that nobody will tell of"
    }
    let byteCount = shaper?.byteCount ?? 0
    if isEmpty && byteCount != 0 {
      return "the line from the \(role.localProxyMode): \(byteCount) bytes on an empty line"
    }
    // The news that an end has left costs memory as well.
    if waitsForRoom && byteCount > byteCountWithoutRoom + Line.newsByteCountMax {
      return
        "the line from the \(role.localProxyMode): it takes more, and has no room to let go of it"
    }
    if !isEmpty && !waitsForRoom && dueTimer == nil {
      return "the line from the \(role.localProxyMode): what is on its way never arrives"
    }
    return nil
  }
}
