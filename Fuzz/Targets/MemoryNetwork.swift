import Basics
import Glibc

@testable import Reactor

/// A stream in memory, which takes all that is sent.
final class MemoryStream: Stream {
  var handler: (any StreamHandler)?
  var interest: Readiness = []
  let unsentByteCount = 0
  let isPeerClosed = false
  let transportState = TransportState()
  var inbox: [UInt8] = []
  private(set) var outbox: [UInt8] = []
  private(set) var isClosed = false

  /// Lets the handler take what is there, as long as it wants to.
  func goOn() {
    while !inbox.isEmpty, interest.contains(.readable), let handler {
      handler.streamReady(.readable)
    }
  }

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    if inbox.isEmpty { return .wouldBlock }
    let count = min(region.count, inbox.count)
    for index in 0..<count { region[index] = inbox[index] }
    inbox.removeFirst(count)
    return .bytes(count)
  }

  func send(_ bytes: Span<UInt8>) -> SendResult {
    unsafe bytes.withUnsafeBufferPointer { unsafe outbox += $0 }
    return .accepted(bytes.count)
  }

  func keepQueueShort(byteCount: Int) {}
  func setUserTimeout(_ timeout: Milliseconds) {}
  func keepAlive(_ keepalive: Keepalive) {}
  func finishSending() {}

  func close() {
    isClosed = true
    handler = nil
  }

  func abort() { close() }
}

/// A network in which time stands still and nobody can be reached.
final class MemoryNetwork: Network {
  let now = Instant(nanoseconds: 1)
  private var timers = TimerHeap()

  func schedule(at deadline: Instant, _ handler: any TimerHandler, tag: Int) -> TimerID {
    timers.schedule(at: deadline, handler: handler, tag: tag)
  }

  func cancel(_ timer: TimerID) { timers.cancel(timer) }

  func whenTurnEnds(_ handler: any TurnHandler) {}

  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    ResolveID(serial: 0)
  }

  func cancelResolve(_ id: ResolveID) {}

  func listen(
    on address: SocketAddress, backlog: Int32, keepalive: Keepalive?, _ handler: any ListenerHandler
  ) throws(SystemError) -> any Listener { throw SystemError(EACCES, "listen") }

  func connect(
    to address: SocketAddress, from local: SocketAddress?, _ handler: any StreamHandler
  ) throws(SystemError) -> any Stream { throw SystemError(EACCES, "connect") }

  func startTLS(
    over stream: any Stream, context: TLSContext, serverName: String?, _ handler: any StreamHandler
  ) throws(TLSError) -> any Stream { throw .library(reason: "there is no TLS in memory") }
}
