import Basics
import CEpoll

/// A listening TCP or Unix domain socket.
///
/// The file of a Unix domain socket is made with what the umask leaves of mode 0775, or of 0700 where its address is
/// private: whoever may write to it may connect. A file that a process left behind, which nobody listens on any more, is replaced; one of another kind,
/// or with a listener, is not touched. `close` removes the file, unless it is somebody else's by then. The clients
/// are unnamed, so their address is the listener's.
///
/// Of a socket that was passed this is another descriptor, so that it can be listened on again.
final class SocketListener: Listener, EventHandler, TimerHandler {
  /// How long accepting rests when the process or the system has no descriptor or memory left. Without
  /// a rest the waiting connection would be reported, and fail, in every turn.
  static let pause = Milliseconds(200)
  /// Connections taken per turn, so that a burst of them does not hold up those that are open.
  static let acceptsPerTurnMax = 64

  private let reactor: Reactor
  private var descriptor: FileDescriptor?
  private var token: RegistrationToken?
  private var timer: TimerID?
  private var handler: (any ListenerHandler)?
  let address: SocketAddress
  /// Names a Unix domain socket's file for its removal.
  private let file: cepoll_file

  init(
    reactor: Reactor, address: SocketAddress, backlog: Int32, keepalive: Keepalive?,
    handler: any ListenerHandler
  ) throws(SystemError) {
    var bound = address.raw
    var file = cepoll_file()
    let isPassed = bound.passed > 0
    let socket = isPassed ? try address.passedSocket() : try address.makeSocket()
    if !address.isUnix {
      // Those who are accepted have inherited both.
      _ = cepoll_abort_on_close(socket.raw, 1)
      if let keepalive { SocketStream.set(keepalive, of: socket.raw) }
    }
    if isPassed {
      // It listens already, and its file is not ours.
    } else if address.isUnix {
      _ = try SystemError.check(
        unsafe cepoll_listen_on_path(
          socket.raw, address.path, address.isPrivate ? 1 : 0, backlog, &file), "listen")
    } else {
      _ = cepoll_set_option(socket.raw, CEPOLL_REUSEADDR, 1)
      // Whatever net.ipv6.bindv6only says, :: is everything.
      if address.isIPv6 {
        _ = cepoll_set_option(socket.raw, CEPOLL_V6ONLY, address.isWildcard ? 0 : 1)
      }
      var wanted = address.raw
      _ = try SystemError.check(unsafe cepoll_bind(socket.raw, &wanted), "bind")
      _ = try SystemError.check(cepoll_listen(socket.raw, backlog), "listen")
      _ = try SystemError.check(unsafe cepoll_local_address(socket.raw, &bound), "getsockname")
    }
    let raw = socket.raw
    self.reactor = reactor
    self.address = address.isUnix ? address : SocketAddress(raw: bound)
    self.file = file
    self.handler = handler
    descriptor = consume socket
    token = try reactor.register(raw, interest: .readable, self)
  }

  var isAccepting = true {
    didSet {
      if let token, !isAccepting {
        reactor.deregister(token)
        self.token = nil
      }
      if token == nil && timer == nil && isAccepting { resume() }
    }
  }

  func handle(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsPerTurnMax {
      guard let raw = rawDescriptor, isAccepting else { return }
      var peer = cepoll_address()
      let accepted = unsafe cepoll_accept(raw, &peer)
      if accepted == -EAGAIN { return }
      if accepted < 0 {
        rest(SystemError(-accepted, "accept"))
        return
      }
      let stream = SocketStream(reactor: reactor, accepted: FileDescriptor(accepted))
      handler?.listener(
        self, accepted: stream, from: address.isUnix ? address : SocketAddress(raw: peer))
    }
  }

  private func rest(_ error: SystemError) {
    if let token { reactor.deregister(token) }
    token = nil
    timer = reactor.schedule(at: reactor.now + Self.pause, self, tag: 0)
    handler?.listener(self, paused: error)
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    if isAccepting { resume() }
  }

  private func resume() {
    guard let raw = rawDescriptor else { return }
    do {
      token = try reactor.register(raw, interest: .readable, self)
    } catch {
      timer = reactor.schedule(at: reactor.now + Self.pause, self, tag: 0)
    }
  }

  func close() {
    if let token { reactor.deregister(token) }
    if let timer { reactor.cancel(timer) }
    token = nil
    timer = nil
    handler = nil
    if descriptor == nil { return }
    descriptor = nil
    if address.isUnix { unsafe cepoll_remove_path(address.path, file) }
  }

  private var rawDescriptor: Int32? { descriptor?.raw }
}
