import Basics
import CEpoll

/// A non-blocking TCP connection, or one of a Unix domain socket, which has no use for TCP's options and knows no
/// reset: `abort` then looks to the peer as `close` does.
///
///     connecting ──writable, SO_ERROR 0──▶ open ──close──▶ closed
///         └──────────SO_ERROR──────────────────────────────▲
///
/// Until its direction has ended in good order, its close is a reset: so the kernel shows it as one, too, when the
/// program is killed.
///
/// A stream without interest is not in the epoll set at all: the kernel reports hang-ups whether asked
/// or not, and a level-triggered report that nobody acts on would spin.
final class SocketStream: ByteStream, EventHandler, TurnHandler {
  private enum State { case connecting, open, closed }

  private let reactor: Reactor
  private var descriptor: FileDescriptor?
  private var state: State
  private var token: RegistrationToken?
  private var registrationFailure: SystemError?
  /// Its close is a reset. What is accepted has that from the listener.
  private var abortsOnClose = true
  var handler: (any StreamHandler)?

  var interest: Readiness = [] {
    didSet { if state == .open, interest != oldValue { updateRegistration(interest) } }
  }

  var isPeerClosed: Bool {
    guard let raw = rawDescriptor else { return true }
    return reactor.isPeerClosed(raw)
  }

  var transportState: TransportState {
    rawDescriptor.map { Self.transportState(of: $0) } ?? TransportState()
  }

  static func transportState(of raw: Int32) -> TransportState {
    var state = TransportState()
    let found = cepoll_transport_state_of(raw)
    state.unacknowledgedByteCount = Int(found.unacknowledged)
    state.acknowledgedByteCount = found.acknowledged
    state.isHoldingOff = found.is_holding_off != 0
    return state
  }

  func keepQueueShort(byteCount: Int) { set(CEPOLL_NOTSENT_LOWAT, byteCount) }

  func setUserTimeout(_ timeout: Milliseconds) {
    set(CEPOLL_USER_TIMEOUT, Int(clamping: timeout.count))
  }

  func keepAlive(_ keepalive: Keepalive) {
    if let raw = rawDescriptor { Self.set(keepalive, of: raw) }
  }

  /// The options are TCP's; a Unix domain socket needs none, for its peer cannot vanish.
  static func set(_ keepalive: Keepalive, of raw: Int32) {
    let seconds = { (time: Milliseconds) in Int32(clamping: (time.count + 999) / 1_000) }
    _ = cepoll_set_option(raw, CEPOLL_KEEPALIVE_IDLE, seconds(keepalive.idle))
    _ = cepoll_set_option(raw, CEPOLL_KEEPALIVE_INTERVAL, seconds(keepalive.interval))
    _ = cepoll_set_option(raw, CEPOLL_KEEPALIVE_PROBES, Int32(clamping: keepalive.probeCount))
    _ = cepoll_set_option(raw, CEPOLL_KEEPALIVE, 1)
  }

  /// Nothing depends on it where the kernel does not know the option.
  private func set(_ option: cepoll_option, _ value: Int) {
    if let raw = rawDescriptor { _ = cepoll_set_option(raw, option, Int32(clamping: value)) }
  }

  /// Takes over an accepted descriptor.
  init(reactor: Reactor, accepted: consuming FileDescriptor) {
    self.reactor = reactor
    _ = cepoll_set_option(accepted.raw, CEPOLL_NODELAY, 1)
    descriptor = consume accepted
    state = .open
  }

  init(
    reactor: Reactor, connectingTo address: SocketAddress, from local: SocketAddress?,
    handler: any StreamHandler
  ) throws(SystemError) {
    let socket = try address.makeSocket()
    let result: Int32
    if address.isUnix {
      result = unsafe cepoll_connect_path(socket.raw, address.path)
    } else {
      _ = cepoll_set_option(socket.raw, CEPOLL_NODELAY, 1)
      _ = cepoll_abort_on_close(socket.raw, 1)
      if var local = local?.raw {
        _ = try SystemError.check(unsafe cepoll_bind(socket.raw, &local), "bind")
      }
      var target = address.raw
      result = unsafe cepoll_connect(socket.raw, &target)
    }
    if result < 0 && result != -EINPROGRESS { throw SystemError(-result, "connect") }
    let raw = socket.raw
    self.reactor = reactor
    descriptor = consume socket
    state = .connecting
    self.handler = handler
    // An immediate success is reported the same way: the socket is writable at once.
    token = try reactor.register(raw, interest: .writable, self)
  }

  func handle(_ readiness: Readiness) {
    if state == .connecting {
      finishConnecting()
    } else {
      handler?.streamReady(readiness)
    }
  }

  private func finishConnecting() {
    guard let raw = rawDescriptor else { return }
    let error = cepoll_socket_error(raw)
    let owner = handler
    if error != 0 {
      close()
      owner?.streamFailed(.system(SystemError(error, "connect")))
      return
    }
    state = .open
    owner?.streamOpened()
    // What the owner asked for just now may have taken the place of what connecting waited for.
    if state == .open { updateRegistration(interest) }
  }

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    guard let raw = rawDescriptor else { return .endOfStream }
    let count = unsafe region.withUnsafeMutableBytes { region in
      unsafe cepoll_receive(raw, region.baseAddress, region.count)
    }
    return ReceiveResult(count: count)
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    guard let raw = rawDescriptor else { return .failed(.unexpectedEnd) }
    let count = unsafe bytes.withUnsafeBytes { bytes in
      unsafe cepoll_send(raw, bytes.baseAddress, bytes.count)
    }
    return SendResult(count: count)
  }

  func finishSending() {
    guard let raw = rawDescriptor else { return }
    setAbortsOnClose(false)
    _ = cepoll_shutdown_write(raw)
  }

  func abort() {
    setAbortsOnClose(true)
    letGo()
  }

  func close() {
    setAbortsOnClose(false)
    letGo()
  }

  private func setAbortsOnClose(_ aborts: Bool) {
    guard aborts != abortsOnClose, let raw = rawDescriptor else { return }
    abortsOnClose = aborts
    _ = cepoll_abort_on_close(raw, aborts ? 1 : 0)
  }

  private func letGo() {
    if state == .closed { return }
    state = .closed
    if let token { reactor.deregister(token) }
    token = nil
    descriptor = nil
    handler = nil
  }

  func turnEnded() {
    guard let error = registrationFailure else { return }
    registrationFailure = nil
    // Interest that is none any more needs no registration.
    if state == .closed || interest.isEmpty { return }
    let owner = handler
    // Its peer must not take that for an end.
    abort()
    owner?.streamFailed(.system(error))
  }

  private var rawDescriptor: Int32? { descriptor?.raw }

  private func updateRegistration(_ interest: Readiness) {
    guard let raw = rawDescriptor else { return }
    if let token {
      if interest.isEmpty {
        reactor.deregister(token)
        self.token = nil
      } else {
        reactor.modify(token, interest: interest)
      }
    } else if !interest.isEmpty {
      do {
        token = try reactor.register(raw, interest: interest, self)
      } catch {
        // Out of kernel memory for the epoll set: this one connection cannot be served. Whoever is interested is not
        // told from inside of that.
        registrationFailure = error
        reactor.whenTurnEnds(self)
      }
    }
  }
}
