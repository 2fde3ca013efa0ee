import Basics
import Proxy
import Reactor

/// One connected proxy: its link, and the way from it to the other end.
final class TunnelEnd: TunnelLinkHandler, TimerHandler {
  private enum TimerTag: Int { case welcome, due }

  let tunnel: Tunnel
  let role: TunnelRole
  private let service: TunnelService
  private let link: TunnelLink
  /// Messages on their way from this end to the other, when the link is not ideal.
  private var shaper: Shaper?
  private var dueTimer: TimerID?
  private var welcomeTimer: TimerID?
  /// The other end had no room: tell it to go on with us when it has.
  private var waitsForRoom = false
  /// The link is paused until something has arrived at the other end.
  private var isHeld = false
  /// Resets to be sent to this end as soon as there is room.
  private var resets: [MessageHeader] = []
  /// Resets that may wait; a peer that does not read them is closed.
  private static let resetCountMax = 1_024

  init(tunnel: Tunnel, role: TunnelRole, service: TunnelService, link: TunnelLink) {
    self.tunnel = tunnel
    self.role = role
    self.service = service
    self.link = link
    if !service.shape.isIdeal { shaper = Shaper(shape: service.shape) }
    link.handler = self
  }

  /// The first message of a session, unless the first protocol version was agreed on.
  func sendServiceIDs() { link.send(encoded: MessageHeader.serviceIDs(tunnel.services).span) }

  // MARK: From this end

  func link(
    _ link: TunnelLink, received message: Message, in bytes: Span<UInt8>
  ) -> TunnelLink.Disposition {
    if let fault = fault(message, bytes) {
      service.log.warning("tunnel \(tunnel.number): the \(role.localProxyMode) \(fault)")
      link.violate(fault)
      return .next
    }
    guard let other = tunnel.otherEnd(of: role) else {
      refuse(message, bytes)
      return .next
    }
    if shaper != nil { return shape(bytes) }
    if !other.link.hasRoom {
      waitsForRoom = true
      other.link.wantsRoom = true
      return .hold
    }
    note(message, bytes)
    other.link.forward(bytes)
    return .next
  }

  /// What the end may not send, as the rest of a sentence; nil when all is well.
  private func fault(_ message: Message, _ bytes: Span<UInt8>) -> String? {
    if message.availableServiceIDCount > 0 && message.type != .serviceIDs {
      return "sent a list of services"
    }
    if message.hasUnknownFields { return "sent a field outside of the schema" }
    guard let type = message.type else { return "sent the unknown type \(message.rawType)" }
    switch type {
    case .unknown: return "sent a message of type UNKNOWN"
    case .sessionReset, .serviceIDs: return "sent a message that only the service may send"
    case .streamStart, .connectionStart:
      if role == .destination { return "is a destination and cannot start a stream or connection" }
    case .data, .streamReset, .connectionReset: break
    }
    if message.streamID == 0 { return "sent the stream id 0" }
    if !message.serviceID.isEmpty && !tunnel.hasService(message.serviceID, in: bytes) {
      return "sent the unknown service '\(Message.text(bytes, message.serviceID))'"
    }
    return nil
  }

  /// Keeps account of the streams, so that they can be reset when an end vanishes.
  private func note(_ message: Message, _ bytes: Span<UInt8>) {
    switch message.type {
    case .streamStart:
      tunnel.streamStarted(Message.text(bytes, message.serviceID), message.streamID)
    case .streamReset: tunnel.streamEnded(Message.text(bytes, message.serviceID))
    default: break
    }
  }

  /// Nobody is at the other end: what is started is reset, all else is dropped.
  private func refuse(_ message: Message, _ bytes: Span<UInt8>) {
    let type: MessageType
    switch message.type {
    case .streamStart: type = .streamReset
    case .connectionStart: type = .connectionReset
    default: return
    }
    service.log.info("tunnel \(tunnel.number): no \(otherRole.localProxyMode) is connected")
    sendReset(
      MessageHeader(
        type, streamID: message.streamID,
        serviceID: Array(Message.text(bytes, message.serviceID).utf8),
        connectionID: type == .connectionReset ? message.connectionID : 0))
  }

  private var otherRole: TunnelRole { role == .source ? .destination : .source }

  // MARK: A slow link

  private func shape(_ bytes: Span<UInt8>) -> TunnelLink.Disposition {
    let now = service.network.now
    guard let shaper else { return .next }
    if shaper.isFull || waitsForRoom {
      isHeld = true
      return .hold
    }
    if let busyUntil = shaper.busyUntil(now) {
      if welcomeTimer == nil {
        welcomeTimer = service.network.schedule(
          at: busyUntil, self, tag: TimerTag.welcome.rawValue)
      }
      return .hold
    }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { copy.append(bytes[index]) }
    self.shaper?.append(copy, now: now)
    scheduleDue()
    return .next
  }

  private func scheduleDue() {
    guard dueTimer == nil, !waitsForRoom, let next = shaper?.next else { return }
    dueTimer = service.network.schedule(at: next.due, self, tag: TimerTag.due.rawValue)
  }

  func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.welcome.rawValue {
      welcomeTimer = nil
      link.resume()
    } else {
      dueTimer = nil
      forwardDue()
    }
  }

  private func forwardDue() {
    while let next = shaper?.next, next.due <= service.network.now {
      guard let message = try? Message.parse(next.bytes.span) else {
        shaper?.removeFirst()
        continue
      }
      if let other = tunnel.otherEnd(of: role) {
        if !other.link.hasRoom {
          waitsForRoom = true
          other.link.wantsRoom = true
          return
        }
        note(message, next.bytes.span)
        other.link.forward(next.bytes.span)
      } else {
        refuse(message, next.bytes.span)
      }
      shaper?.removeFirst()
    }
    scheduleDue()
    if isHeld {
      isHeld = false
      link.resume()
    }
  }

  // MARK: To this end

  func sendReset(_ header: MessageHeader) {
    if resets.count == Self.resetCountMax {
      link.violate("does not read")
      return
    }
    resets.append(header)
    sendResets()
  }

  private func sendResets() {
    while link.hasRoom, let first = resets.first {
      link.send(first)
      resets.removeFirst()
    }
    if !resets.isEmpty { link.wantsRoom = true }
  }

  func linkHasRoom(_ link: TunnelLink) {
    sendResets()
    tunnel.otherEnd(of: role)?.goOn()
  }

  /// The other end has room again, or is gone.
  func goOn() {
    if !waitsForRoom { return }
    waitsForRoom = false
    if shaper != nil { forwardDue() } else { link.resume() }
  }

  // MARK: The end

  func link(_ link: TunnelLink, ended end: TunnelLink.End) {
    let words: String
    switch end {
    case .closed(let code, _): words = "closed with code \(code.rawValue)"
    case .completed: words = "closed"
    case .violation(let reason): words = "was closed: \(reason)"
    case .failed(let failure): words = "is gone: \(failure.reason)"
    case .silent: words = "is silent"
    }
    service.log.info("tunnel \(tunnel.number): the \(role.localProxyMode) \(words)")
    leave()
  }

  /// Makes room for a newer connection with the same token.
  func replace() {
    service.log.info(
      "tunnel \(tunnel.number): the \(role.localProxyMode) is replaced by a newer one")
    link.handler = nil
    link.close(.normal, reason: "replaced by a newer connection")
    leave()
  }

  func close() {
    link.handler = nil
    link.close(.goingAway, reason: "the service is stopping")
  }

  private func leave() {
    if let dueTimer { service.network.cancel(dueTimer) }
    if let welcomeTimer { service.network.cancel(welcomeTimer) }
    dueTimer = nil
    welcomeTimer = nil
    if tunnel.end(role) === self { tunnel.setEnd(role, nil) }
    let streams = tunnel.takeStreams()
    guard let other = tunnel.otherEnd(of: role) else { return }
    for stream in streams {
      other.sendReset(
        MessageHeader(
          .streamReset, streamID: stream.streamID, serviceID: Array(stream.serviceID.utf8)))
    }
    other.goOn()
  }
}
