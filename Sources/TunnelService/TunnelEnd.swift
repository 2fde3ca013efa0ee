import Basics
import Proxy
import Reactor
import Tunnel
import WebSocket

/// One connected proxy: its link, judged message by message, and what the service itself tells it.
final class TunnelEnd: TunnelLinkHandler, TimerHandler {
  private enum TimerTag: Int { case drop, silence }

  let tunnel: Tunnel
  let role: TunnelRole
  let socketAddress: SocketAddress
  private let service: TunnelService
  private let link: TunnelLink
  /// Below the link, for faults alone.
  private let transport: any SecureStream
  private var faultTimers: [TimerID] = []
  /// Between its first message and a fault that silences it; before and after, nothing is read or written.
  private var isActive = false
  /// The line to the other end has taken something.
  var hasSpoken = false
  /// The first stream of this connection was started without a service id, and so none may follow.
  private var forgoesServiceIDs: Bool?
  /// Resets to be sent to this end as soon as there is room.
  private var resets = Fifo<MessageHeader>()
  private var resetCount = 0
  /// Resets that may wait; a proxy that does not read them is closed.
  private static let resetCountMax = 1_024

  init(
    tunnel: Tunnel, role: TunnelRole, socketAddress: SocketAddress, service: TunnelService,
    link: TunnelLink, transport: any SecureStream
  ) {
    self.tunnel = tunnel
    self.role = role
    self.socketAddress = socketAddress
    self.service = service
    self.link = link
    self.transport = transport
    link.handler = self
  }

  /// Starts to read.
  /// - Parameter sendsServiceIDs: the first protocol version knows no services; all others begin with them.
  func start(sendsServiceIDs: Bool) {
    let faults = service.options.faults
    isActive = true
    if sendsServiceIDs && faults[.noServiceIDs] == nil {
      link.send(encoded: MessageHeader.serviceIDs(tunnel.services).span)
    }
    for fault in Fault.allCases {
      guard let value = faults[fault] else { continue }
      switch fault {
      case .dropAfter: schedule(.drop, afterSeconds: value)
      case .silentAfter: schedule(.silence, afterSeconds: value)
      // In the request's answer (`Reception`); in front of this; behind what waits for the end.
      case .refuse, .textFrame, .noServiceIDs, .close: break
      }
    }
    link.start()
    sendResets()
    if let code = faults[.close] {
      link.close(CloseCode(rawValue: UInt16(truncatingIfNeeded: code)), reason: "a fault")
    }
    tunnel.line(to: role).goOn()
  }

  private func schedule(_ tag: TimerTag, afterSeconds seconds: Int) {
    let deadline = service.network.now + Milliseconds(Int64(seconds) * 1_000)
    faultTimers.append(service.network.schedule(at: deadline, self, tag: tag.rawValue))
  }

  // MARK: From this end

  func link(_ link: TunnelLink, received message: Message, in bytes: Span<UInt8>) -> Bool {
    if let fault = fault(message, bytes) {
      service.log.endViolated(tunnel: "\(tunnel.number)", end: role.localProxyMode, reason: fault)
      link.violate(fault)
      return true
    }
    return tunnel.line(from: role).take(message, bytes)
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
    return serviceFault(message, type, bytes)
  }

  /// The same for the service id (the service's protocol guides V2 and V3, "Step 3").
  private func serviceFault(
    _ message: Message, _ type: MessageType, _ bytes: Span<UInt8>
  ) -> String? {
    let hasID = !message.serviceID.isEmpty
    let index = hasID ? tunnel.serviceIndex(message.serviceID, in: bytes) : nil
    if hasID && index == nil {
      return "sent the unknown service '\(Message.text(bytes, message.serviceID))'"
    }
    if type == .streamStart && forgoesServiceIDs == nil { forgoesServiceIDs = !hasID }
    if forgoesServiceIDs == true && hasID {
      return "sent a service id, after it had started a stream without one"
    }
    if type == .streamStart { tunnel.noteStart(of: index) }
    if type == .data && !tunnel.isStarted(index, for: role) {
      return "sent data of a service that no stream was started of"
    }
    return nil
  }

  /// Shows the message again that was held.
  func resume() {
    if isActive { link.resume() }
  }

  // MARK: To this end

  var hasRoom: Bool { isActive && resets.isEmpty && link.hasRoom }

  /// Asks to be told when there is room.
  func callForRoom() {
    if isActive { link.wantsRoom = true }
  }

  func forward(_ message: Span<UInt8>) { link.forward(message) }

  func sendReset(_ header: MessageHeader) {
    if resetCount == Self.resetCountMax {
      link.violate("does not read")
      return
    }
    resets.append(header)
    resetCount += 1
    sendResets()
  }

  private func sendResets() {
    if !isActive { return }
    while link.hasRoom, let first = resets.first {
      link.send(first)
      _ = resets.popFirst()
      resetCount -= 1
    }
    if !resets.isEmpty { link.wantsRoom = true }
  }

  func linkHasRoom(_ link: TunnelLink) {
    sendResets()
    if resets.isEmpty { tunnel.line(to: role).goOn() }
  }

  // MARK: Faults

  func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.drop.rawValue {
      service.log.endDropped(tunnel: "\(tunnel.number)", end: role.localProxyMode)
      transport.abort()
      link.abandon()
      leave()
    } else {
      service.log.endSilenced(tunnel: "\(tunnel.number)", end: role.localProxyMode)
      isActive = false
      transport.handler = nil
      transport.interest = []
    }
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
    service.log.endLeft(tunnel: "\(tunnel.number)", end: role.localProxyMode, reason: words)
    leave()
  }

  /// Makes room for a newer connection with the same token.
  func replace() {
    service.log.endLeft(
      tunnel: "\(tunnel.number)", end: role.localProxyMode, reason: "is replaced by a newer one")
    close(.normal, reason: "replaced by a newer connection")
    leave()
  }

  /// Ends the connection alone; the tunnel forgets this end by itself.
  func close(_ code: CloseCode, reason: String) {
    cancelFaults()
    link.handler = nil
    if isActive { link.close(code, reason: reason) } else { link.abandon() }
  }

  private func cancelFaults() {
    for timer in faultTimers { service.network.cancel(timer) }
    faultTimers = []
  }

  private func leave() {
    cancelFaults()
    tunnel.left(self)
  }

  // MARK: Invariants

  /// Something tells when there is room.
  var isCalled: Bool { link.wantsRoom || !isActive }

  func checkInvariants() -> String? {
    if isActive && !resets.isEmpty && !link.wantsRoom {
      return "the \(role.localProxyMode)'s end: a reset waits for room that nobody will tell of"
    }
    if resets.isEmpty != (resetCount == 0) { return "\(resetCount) resets are counted" }
    if resetCount > Self.resetCountMax { return "\(resetCount) resets wait" }
    // One that is silent on purpose is below the link.
    return isActive ? link.checkInvariants() : nil
  }
}
