import Basics
import COpenSSL

/// TLS over another stream, with the ciphertext in two queues of its own.
///
///     handshaking ──complete, peer verified──▶ open ──close──▶ closed
///         └───────────refused, cut─────────────────────────────▲
///
/// Inbound: one large receive fills `inbound`; OpenSSL takes header and body of each record from there.
/// Outbound: OpenSSL appends records to `outbound`, and one send takes them all. A `sendWhole` is accepted
/// while less than `roomMark` bytes wait, so `outbound` never holds more than that, one frame, and what the
/// peer provoked. What is sent in one turn of the loop and is small goes out together at the turn's end.
///
/// *Control records* are what a peer sends besides data once the stream is open: updates of keys, tickets, wishes to
/// shake hands again. OpenSSL answers some of them, and comes back after each, after a wish for new keys twice. An
/// honest peer sends a few in an hour; others must not take the loop's time (`ControlRecords`) nor its memory
/// (`provokedMark`).
@safe public final class TLSStream: SecureStream, StreamHandler, TurnHandler, TimerHandler {
  /// Ciphertext bytes taken from the transport at once.
  static let receiveByteCount = 64 * 1024
  /// Receives in one go, whatever OpenSSL makes of what they bring; the loop's other events come first then.
  static let receivesPerTurnMax = 3
  /// Ciphertext bytes of a handshake. OpenSSL takes 100 KiB of certificates at the most.
  static let handshakeByteCountMax = 256 * 1024
  /// A send finds no room once this many bytes wait for the transport.
  static let roomMark = 16 * 1024
  /// From so many bytes on that the peer provoked and that wait for the transport, nothing is read while `roomMark` is
  /// reached. Data alone never stops the reading, or two ends that both send could wait for each other for ever.
  static let provokedMark = 4 * 1024
  /// Records are sent at once, not at the turn's end, from this size on.
  static let flushMark = 16 * 1024
  /// TLS's cost per record (header, tag, content type), and the most plaintext in one.
  private static let recordOverhead = 64
  private static let recordPlaintextMax = 16 * 1024

  private enum State { case handshaking, open, closed }

  private let network: any Network
  let transport: any ByteStream
  private let context: TLSContext
  let ssl: OpaquePointer
  private var state = State.handshaking
  var inbound = ByteQueue()
  var outbound = ByteQueue()
  /// How often the transport may be asked in this turn; a short read says that it has no more.
  var receivesLeft = 0
  /// OpenSSL asked for more than there is.
  var hasRunDry = false
  var receivedByteCount = 0
  var controlRecords = ControlRecords()
  /// Bytes of `outbound` that OpenSSL put there by itself, at the most.
  private var provokedByteCount = 0
  /// Set while nothing is read because of too many control records.
  private var restTimer: TimerID?
  var transportEnded = false
  var transportFailure: StreamFailure?
  /// OpenSSL holds plaintext or whole records that `receive` had no space for: epoll cannot see them.
  private var hasBuffered = false
  private var turnEndRequested = false
  /// The transport took less than it was offered; wait until it is writable.
  private var isBlocked = false
  private var sendingFinished = false
  /// Whom the certificate that was not accepted speaks of, and who signed it.
  private var refusedCertificate = (subject: "unknown", issuer: "unknown")
  public var handler: (any StreamHandler)?

  public var interest: Readiness = [] {
    didSet { if interest != oldValue { interestChanged() } }
  }

  public var unsentByteCount: Int { outbound.count }
  public var isPeerClosed: Bool { transport.isPeerClosed }
  public var transportState: TransportState { transport.transportState }

  init(
    network: any Network, transport: any ByteStream, context: TLSContext, serverName: String?,
    handler: any StreamHandler
  ) throws(TLSError) {
    TLSError.forget()
    guard let ssl = unsafe SSL_new(context.context) else { throw TLSError.takeLibraryError() }
    guard let bio = unsafe BIO_new(context.method) else {
      unsafe SSL_free(ssl)
      throw TLSError.takeLibraryError()
    }
    unsafe self.ssl = ssl
    self.network = network
    self.transport = transport
    self.context = context
    self.handler = handler
    unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    unsafe BIO_set_init(bio, 1)
    unsafe SSL_set_bio(ssl, bio, bio)
    if let serverName {
      unsafe SSL_set_connect_state(ssl)
      try expect(serverName)
    } else {
      unsafe SSL_set_accept_state(ssl)
    }
    transport.handler = self
    transport.interest = .readable
    requestTurnEnd()
  }

  deinit { unsafe SSL_free(ssl) }

  /// Server name indication, and the name or address that the certificate must carry.
  private func expect(_ serverName: String) throws(TLSError) {
    let parameters = unsafe SSL_get0_param(ssl)
    if let octets = SocketAddress(numeric: serverName, port: 0)?.octets {
      if context.verifiesPeer,
        unsafe X509_VERIFY_PARAM_set1_ip(parameters, octets, octets.count) != 1
      {
        throw TLSError.takeLibraryError()
      }
      return
    }
    let named = unsafe serverName.withCString { name in
      unsafe SSL_ctrl(
        ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
        UnsafeMutableRawPointer(mutating: name))
    }
    if named != 1 { throw TLSError.takeLibraryError() }
    if context.verifiesPeer {
      unsafe X509_VERIFY_PARAM_set_hostflags(
        parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      if unsafe SSL_set1_host(ssl, serverName) != 1 { throw TLSError.takeLibraryError() }
    }
  }

  // MARK: Stream

  public func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if state == .closed { return .endOfStream }
    if state != .open || isReadingHeld { return .wouldBlock }
    hasRunDry = false
    hasBuffered = false
    let unsentByteCount = outbound.count
    let capacity = region.count
    var received = 0
    var outcome = ReceiveResult.wouldBlock
    unsafe region.withUnsafeMutableBytes { region in
      guard let base = region.baseAddress else { return }
      while received < capacity {
        if received > 0 && isDry { return }
        var count = 0
        TLSError.forget()
        if unsafe SSL_read_ex(ssl, base + received, capacity - received, &count) == 1 {
          received += count
          continue
        }
        outcome = readFailure()
        guard case .wouldBlock = outcome, !hasRunDry else { return }
        outcome = controlRecordCame()
        guard case .wouldBlock = outcome, restTimer == nil else { return }
      }
      hasBuffered = true
    }
    // What OpenSSL had to answer with.
    provokedByteCount &+= outbound.count &- unsentByteCount
    if !outbound.isEmpty { requestTurnEnd() }
    if received == 0 { return outcome }
    controlRecords.dataCame()
    // What ended the stream, if something did, is found again by the next receive.
    if case .wouldBlock = outcome {} else { hasBuffered = true }
    if hasBuffered { requestTurnEnd() }
    return .bytes(received)
  }

  /// Asking OpenSSL would only find that there is no more: it reads records whole, so what it holds is plaintext.
  private var isDry: Bool { unsafe inbound.isEmpty && receivesLeft == 0 && SSL_pending(ssl) == 0 }

  /// OpenSSL took a record without data.
  private func controlRecordCame() -> ReceiveResult {
    switch controlRecords.oneCame(network.now) {
    case .goOn: return .wouldBlock
    case .rest(let end):
      hasBuffered = true
      restTimer = network.schedule(at: end, self, tag: 0)
      updateTransportInterest()
      return .wouldBlock
    case .end:
      return .failed(
        .tls(
          .handshake(
            reason: "the peer sent thousands of control records (new keys, tickets, "
              + "renegotiations) and no data")))
    }
  }

  public func timerFired(tag: Int, now: Instant) {
    restTimer = nil
    readAgain()
  }

  /// What held the reading back may be over.
  private func readAgain() {
    if state != .open || isReadingHeld { return }
    updateTransportInterest()
    if hasBuffered && interest.contains(.readable) { requestTurnEnd() }
  }

  private var isReadingHeld: Bool {
    restTimer != nil || provokedByteCount >= Self.provokedMark && outbound.count >= Self.roomMark
  }

  private func endRest() {
    if let restTimer { network.cancel(restTimer) }
    restTimer = nil
  }

  public func send(_ bytes: Span<UInt8>) -> SendResult {
    switch sendWhole(bytes) {
    case .accepted: .accepted(bytes.count)
    case .noRoom: .wouldBlock
    case .failed(let failure): .failed(failure)
    }
  }

  public var hasRoom: Bool { outbound.count < Self.roomMark }

  public func sendWhole(_ bytes: Span<UInt8>) -> WholeSendResult {
    if state != .open || sendingFinished { return .failed(.unexpectedEnd) }
    if !hasRoom { return .noRoom }
    if bytes.isEmpty { return .accepted }
    let records = bytes.count / Self.recordPlaintextMax + 1
    outbound.reserve(bytes.count + records * Self.recordOverhead)
    var sent = 0
    let accepted = unsafe bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      while sent < bytes.count {
        var count = 0
        TLSError.forget()
        if unsafe SSL_write_ex(ssl, base + sent, bytes.count - sent, &count) != 1 { return false }
        sent += count
      }
      return true
    }
    if !accepted { return .failed(.tls(TLSError.takeLibraryError())) }
    if outbound.count >= Self.flushMark {
      if let failure = flush() { return .failed(failure) }
    } else {
      requestTurnEnd()
    }
    return .accepted
  }

  public func keepQueueShort(byteCount: Int) { transport.keepQueueShort(byteCount: byteCount) }

  public func setUserTimeout(_ timeout: Milliseconds) { transport.setUserTimeout(timeout) }

  public func keepAlive(_ keepalive: Keepalive) { transport.keepAlive(keepalive) }

  public func finishSending() {
    if state != .open || sendingFinished { return }
    sendingFinished = true
    TLSError.forget()
    _ = unsafe SSL_shutdown(ssl)
    requestTurnEnd()
  }

  public func close() {
    if state == .closed { return }
    if state == .open && !sendingFinished {
      TLSError.forget()
      _ = unsafe SSL_shutdown(ssl)
    }
    _ = flush()
    state = .closed
    endRest()
    handler = nil
    transport.close()
  }

  public func abort() {
    if state == .closed { return }
    state = .closed
    endRest()
    handler = nil
    transport.abort()
  }

  // MARK: The transport's events

  public func streamOpened() {}

  public func streamFailed(_ failure: StreamFailure) { fail(failure) }

  public func streamReady(_ readiness: Readiness) {
    if readiness.contains(.writable), isBlocked {
      isBlocked = false
      if let failure = flush() {
        fail(failure)
        return
      }
      readAgain()
    }
    switch state {
    case .handshaking: shakeHands()
    case .open: notify(readable: readiness.contains(.readable))
    case .closed: break
    }
  }

  public func turnEnded() {
    turnEndRequested = false
    if state == .handshaking { shakeHands() }
    if state == .closed { return }
    if let failure = flush() {
      fail(failure)
      return
    }
    if state == .open { notify(readable: hasBuffered && !isReadingHeld) }
  }

  /// Tells the handler what it is interested in and is there.
  private func notify(readable: Bool) {
    receivesLeft = Self.receivesPerTurnMax
    var readiness: Readiness = []
    if readable && interest.contains(.readable) { readiness.insert(.readable) }
    if interest.contains(.writable) && isWritable { readiness.insert(.writable) }
    if !readiness.isEmpty { handler?.streamReady(readiness) }
    if state == .open { tellAgain() }
  }

  private var isWritable: Bool { sendingFinished ? outbound.isEmpty : hasRoom }

  private func interestChanged() {
    if state != .open { return }
    updateTransportInterest()
    tellAgain()
  }

  /// Level-triggered: what the handler is interested in and is there is told at the end of each turn.
  private func tellAgain() {
    if hasBuffered && interest.contains(.readable) && !isReadingHeld
      || interest.contains(.writable) && isWritable
    {
      requestTurnEnd()
    }
  }

  private func updateTransportInterest() {
    var wanted: Readiness = []
    if state == .handshaking || interest.contains(.readable) && !isReadingHeld {
      wanted.insert(.readable)
    }
    if isBlocked { wanted.insert(.writable) }
    transport.interest = wanted
  }

  private func requestTurnEnd() {
    if turnEndRequested { return }
    turnEndRequested = true
    network.whenTurnEnds(self)
  }

  // MARK: OpenSSL

  private func shakeHands() {
    receivesLeft = Self.receivesPerTurnMax
    TLSError.forget()
    let result = unsafe SSL_do_handshake(ssl)
    if result == 1 {
      state = .open
      hasBuffered = true
      if let failure = flush() {
        fail(failure)
        return
      }
      updateTransportInterest()
      handler?.streamOpened()
      return
    }
    let code = unsafe SSL_get_error(ssl, result)
    // The alert that says why goes out before the line is closed.
    let flushFailure = flush()
    if code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE {
      if transportEnded { fail(transportFailure ?? .unexpectedEnd) }
      if let flushFailure { fail(flushFailure) }
      if receivedByteCount > Self.handshakeByteCountMax {
        fail(
          .tls(
            .handshake(
              reason: "a handshake of more than % bytes".with(Self.handshakeByteCountMax.decimal))))
      }
      return
    }
    fail(transportFailure ?? (transportEnded ? .unexpectedEnd : .tls(handshakeError())))
  }

  private func handshakeError() -> TLSError {
    let verification = unsafe SSL_get_verify_result(ssl)
    guard context.verifiesPeer, verification != Int(X509_V_OK) else {
      return TLSError.take { .handshake(reason: $0) }
    }
    // What could not be looked up is not untrusted.
    if TLSError.takeMemoryFailure() || verification == Int(X509_V_ERR_OUT_OF_MEM) { return .memory }
    return .certificate(
      verification, subject: refusedCertificate.subject, issuer: refusedCertificate.issuer)
  }

  /// Called by OpenSSL with each certificate of the peer's chain that it does not accept.
  static func noteRefused(_ storeContext: OpaquePointer?) {
    let index = SSL_get_ex_data_X509_STORE_CTX_idx()
    let ssl = unsafe X509_STORE_CTX_get_ex_data(storeContext, index).map {
      OpaquePointer($0)
    }
    guard let ssl = unsafe ssl, let stream = unsafe streamOf(SSL_get_rbio(ssl)),
      let certificate = unsafe X509_STORE_CTX_get_current_cert(storeContext)
    else { return }
    stream.refusedCertificate = (
      unsafe oneLine(X509_get_subject_name(certificate)),
      unsafe oneLine(X509_get_issuer_name(certificate))
    )
  }

  private static func oneLine(_ name: OpaquePointer?) -> String {
    guard let text = unsafe X509_NAME_oneline(name, nil, 0) else { return "unknown" }
    defer { unsafe CRYPTO_free(text, "", 0) }
    return unsafe String(cString: text)
  }

  /// Why SSL_read gave nothing.
  private func readFailure() -> ReceiveResult {
    let code = unsafe SSL_get_error(ssl, 0)
    switch code {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      if let transportFailure { return .failed(transportFailure) }
      return transportEnded ? .failed(.unexpectedEnd) : .wouldBlock
    case SSL_ERROR_ZERO_RETURN:
      return .endOfStream
    default:
      if let transportFailure { return .failed(transportFailure) }
      if transportEnded { return .failed(.unexpectedEnd) }
      return .failed(.tls(TLSError.take { .handshake(reason: $0) }))
    }
  }

  /// Offers what waits to the transport.
  private func flush() -> StreamFailure? {
    while !outbound.isEmpty && !isBlocked {
      switch outbound.withReadable({ transport.send($0) }) {
      case .accepted(let count):
        let all = count == outbound.count
        outbound.consume(count)
        if provokedByteCount > 0 { provokedByteCount = max(0, provokedByteCount - count) }
        // A short send means a full socket: asking again would only be told so.
        if !all { isBlocked = true }
      case .wouldBlock:
        isBlocked = true
      case .failed(let failure):
        return failure
      }
    }
    if sendingFinished && outbound.isEmpty { transport.finishSending() }
    updateTransportInterest()
    return nil
  }

  private func fail(_ failure: StreamFailure) {
    if state == .closed { return }
    let owner = handler
    state = .closed
    endRest()
    handler = nil
    transport.close()
    owner?.streamFailed(failure)
  }
}
