import Basics
import CEpoll

/// Standard input and output as one connection, whatever each of them is: a pipe, a socket, a terminal, a file.
///
/// Only a socket knows a reset: of anything else `abort` looks to its other end as `close` does, and what tells of it is
/// the program's exit status.
///
/// Input is in the epoll set as long as there is interest in it. Output always is, lest nobody notices that its reader
/// has gone. A file or a device is in neither, for it is always ready: it has its turn at each turn's end.
final class StandardConnection: ByteStream, TurnHandler {
  /// One of the two.
  private final class Side: EventHandler {
    let standard: cepoll_standard
    private let reactor: Reactor
    private let readiness: Readiness
    private var connection: StandardConnection?
    private var token: RegistrationToken?
    /// epoll does not know it: a file or a device.
    private(set) var isAlwaysReady = false
    /// Its other end has gone, and somebody has heard so.
    private(set) var isBroken = false
    var isClosed: Bool { connection == nil }

    init(_ reactor: Reactor, _ standard: cepoll_standard, _ readiness: Readiness) {
      self.reactor = reactor
      self.standard = standard
      self.readiness = readiness
    }

    func open(_ connection: StandardConnection) { self.connection = connection }

    /// - Parameter interest: in this side or another.
    func watch(_ interest: Readiness) throws(SystemError) {
      let wanted = interest.intersection(readiness)
      let isWatched = !wanted.isEmpty || readiness == .writable && !isBroken
      if isClosed || isAlwaysReady { return }
      if let token, isWatched {
        reactor.modify(token, interest: wanted)
      } else if let token {
        reactor.deregister(token)
        self.token = nil
      } else if isWatched {
        do {
          token = try reactor.register(standard.fd, interest: wanted, self)
        } catch {
          isAlwaysReady = error.code == EPERM
          if !isAlwaysReady { throw error }
        }
      }
    }

    func handle(_ readiness: Readiness) {
      if !readiness.isEmpty {
        connection?.handler?.streamReady(readiness)
      } else if let token {
        reactor.deregister(token)
        self.token = nil
        isBroken = true
        connection?.outputBroke()
      }
    }

    func close() {
      if isClosed { return }
      if let token { reactor.deregister(token) }
      token = nil
      connection = nil
      _ = cepoll_close(standard.fd)
    }
  }

  private let reactor: Reactor
  private let input: Side
  private let output: Side
  private var owner: (any StandardConnectionHandler)?
  var handler: (any StreamHandler)?
  private var asksForTurn = false
  private var isOver = false
  private var isCut = false
  private var registrationFailure: SystemError?

  /// Takes what the process's own lead to.
  init(
    reactor: Reactor, inputNumber: Int32 = 0, outputNumber: Int32 = 1,
    _ owner: any StandardConnectionHandler
  ) throws(SystemError) {
    self.reactor = reactor
    self.owner = owner
    input = Side(reactor, try Self.take(inputNumber, isInput: 1), .readable)
    output = Side(reactor, try Self.take(outputNumber, isInput: 0), .writable)
    input.open(self)
    output.open(self)
    try output.watch([])
  }

  private static func take(
    _ number: Int32, isInput: Int32
  ) throws(SystemError) -> cepoll_standard {
    var standard = cepoll_standard()
    _ = try SystemError.check(unsafe cepoll_take_standard(number, isInput, &standard), "dup")
    return standard
  }

  var interest: Readiness = [] {
    didSet {
      if interest == oldValue { return }
      do throws(SystemError) {
        try input.watch(interest)
        try output.watch(interest)
      } catch {
        registrationFailure = error
        askForTurn()
      }
      if !alwaysReady.isEmpty { askForTurn() }
    }
  }

  /// What is wanted and needs no waiting for.
  private var alwaysReady: Readiness {
    var ready = interest
    if !input.isAlwaysReady || input.isClosed { ready.remove(.readable) }
    if !output.isAlwaysReady || output.isClosed { ready.remove(.writable) }
    return ready
  }

  private func askForTurn() {
    if asksForTurn { return }
    asksForTurn = true
    reactor.whenTurnEnds(self)
  }

  func turnEnded() {
    asksForTurn = false
    if isOver {
      let owner = owner
      self.owner = nil
      owner?.standardConnectionEnded(isCut: isCut)
      return
    }
    if let error = registrationFailure {
      let handler = handler
      abort()
      handler?.streamFailed(.system(error))
      return
    }
    let ready = alwaysReady
    if !ready.isEmpty { handler?.streamReady(ready) }
    if !isOver && !alwaysReady.isEmpty { askForTurn() }
  }

  private func outputBroke() { owner?.standardOutputBroke() }

  var isPeerClosed: Bool {
    output.isClosed || cepoll_standard_is_closed(output.standard) != 0
  }

  var transportState: TransportState {
    output.isClosed ? TransportState() : SocketStream.transportState(of: output.standard.fd)
  }

  func keepQueueShort(byteCount: Int) {}

  func setUserTimeout(_ timeout: Milliseconds) {}

  func keepAlive(_ keepalive: Keepalive) {
    if !output.isClosed { SocketStream.set(keepalive, of: output.standard.fd) }
  }

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if input.isClosed { return .endOfStream }
    let count = unsafe region.withUnsafeMutableBytes { region in
      unsafe cepoll_standard_read(input.standard, region.baseAddress, region.count)
    }
    return ReceiveResult(count: count)
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    if output.isClosed { return .failed(.unexpectedEnd) }
    let count = unsafe bytes.withUnsafeBytes { bytes in
      unsafe cepoll_standard_write(output.standard, bytes.baseAddress, bytes.count)
    }
    return SendResult(count: count)
  }

  /// Of what is no socket, the end is that nobody has it open any more.
  func finishSending() {
    if output.isClosed { return }
    if output.standard.way == CEPOLL_SOCKET { _ = cepoll_shutdown_write(output.standard.fd) }
    output.close()
  }

  func close() { end(isCut: false) }

  func abort() { end(isCut: true) }

  private func end(isCut: Bool) {
    if isOver { return }
    isOver = true
    self.isCut = isCut
    if !output.isClosed { _ = cepoll_abort_on_close(output.standard.fd, isCut ? 1 : 0) }
    input.close()
    output.close()
    handler = nil
    askForTurn()
  }
}
