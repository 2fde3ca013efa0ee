import Basics
import Proxy
import Reactor

/// One direction of a tunnel: what the end of one role sends on its way to the other end. It outlives both
/// ends' connections, so that what is on the way when an end vanishes arrives, in order, and then the news.
final class Line: TimerHandler {
  private enum TimerTag: Int { case welcome, due }

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

  /// Takes a message, or lets the sender hold it.
  func take(_ message: Message, _ bytes: Span<UInt8>) -> TunnelLink.Disposition {
    if shaper == nil { return deliver(message, bytes) ? .next : .hold }
    let now = network.now
    if shaper?.isFull == true || waitsForRoom {
      isHeld = true
      return .hold
    }
    if let busyUntil = shaper?.busyUntil(now) {
      if welcomeTimer == nil {
        welcomeTimer = network.schedule(at: busyUntil, self, tag: TimerTag.welcome.rawValue)
      }
      return .hold
    }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { copy.append(bytes[index]) }
    shaper?.append(.message(copy), now: now)
    scheduleDue()
    return .next
  }

  /// The sending end is gone: the other one's streams end when it has received all that was sent.
  func senderLeft() {
    // A source's streams begin at the destination when their starts arrive, which may still be on their way.
    let departure = Departure(
      receiver: receiver, streams: role == .destination ? tunnel.takeStreams() : [])
    if shaper == nil {
      announce(departure)
    } else {
      shaper?.append(.departure(departure), now: network.now)
      scheduleDue()
    }
  }

  // MARK: To the receiving end

  /// The receiving end has room again, or is gone.
  func goOn() {
    if !waitsForRoom { return }
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

  private func deliverDue() {
    while let next = shaper?.next, next.due <= network.now {
      switch next.content {
      case .message(let bytes):
        if let message = try? Message.parse(bytes.span), !deliver(message, bytes.span) { return }
      case .departure(let departure): announce(departure)
      }
      shaper?.removeFirst()
    }
    scheduleDue()
    if isHeld {
      isHeld = false
      sender?.resume()
    }
  }

  /// False when the receiving end has no room at the moment.
  private func deliver(_ message: Message, _ bytes: Span<UInt8>) -> Bool {
    guard let receiver else {
      refuse(message, bytes)
      return true
    }
    if !receiver.hasRoom {
      waitsForRoom = true
      receiver.callForRoom()
      return false
    }
    // Which streams there are must be known, so that they can be reset when an end vanishes.
    switch message.type {
    case .streamStart:
      tunnel.streamStarted(Message.text(bytes, message.serviceID), message.streamID)
    case .streamReset: tunnel.streamEnded(Message.text(bytes, message.serviceID))
    default: break
    }
    receiver.forward(bytes)
    return true
  }

  /// Nobody is at the other end: what is started is reset, all else is dropped.
  private func refuse(_ message: Message, _ bytes: Span<UInt8>) {
    let type: MessageType
    switch message.type {
    case .streamStart: type = .streamReset
    case .connectionStart: type = .connectionReset
    default: return
    }
    let absent: TunnelRole = role == .source ? .destination : .source
    log.info("tunnel \(tunnel.number): no \(absent.localProxyMode) is connected")
    sender?.sendReset(
      MessageHeader(
        type, streamID: message.streamID,
        serviceID: Array(Message.text(bytes, message.serviceID).utf8),
        connectionID: type == .connectionReset ? message.connectionID : 0))
  }

  private func announce(_ departure: Departure) {
    let streams = role == .source ? tunnel.takeStreams() : departure.streams
    // A newer connection of the receiver knows nothing of the old one's streams, and may use their ids again.
    guard let receiver, receiver === departure.receiver || role == .source else { return }
    for stream in streams {
      receiver.sendReset(
        MessageHeader(
          .streamReset, streamID: stream.streamID, serviceID: Array(stream.serviceID.utf8)))
    }
  }
}
