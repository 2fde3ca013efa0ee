import Basics
import Reactor

/// Standard input and output of a process as one connection, whose other end is whoever has started it: a socket.
final class SimulatedStandardStream: ByteStream, TurnHandler {
  private let network: SimulatedNetwork
  private let stream: SimulatedStream
  private var owner: (any StandardConnectionHandler)?
  private var isOver = false
  private var isCut = false
  private var hasToldOfBreak = false

  init(
    _ network: SimulatedNetwork, _ stream: SimulatedStream,
    _ owner: any StandardConnectionHandler
  ) {
    self.network = network
    self.stream = stream
    self.owner = owner
  }

  var handler: (any StreamHandler)? {
    get { stream.handler }
    set { stream.handler = newValue }
  }
  var interest: Readiness {
    get { stream.interest }
    set { stream.interest = newValue }
  }
  var isPeerClosed: Bool { stream.isPeerClosed }
  var transportState: TransportState { stream.transportState }

  /// Whoever reads the output may go while nobody writes.
  func look() {
    if hasToldOfBreak || isOver || !stream.isPeerClosed { return }
    hasToldOfBreak = true
    owner?.standardOutputBroke()
  }

  func receive(into region: inout MutableSpan<UInt8>) -> ReceiveResult {
    stream.receive(into: &region)
  }
  func send(_ bytes: Span<UInt8>) -> SendResult { stream.send(bytes) }
  func finishSending() { stream.finishSending() }
  func keepQueueShort(byteCount: Int) {}
  func setUserTimeout(_ timeout: Milliseconds) {}
  func keepAlive(_ keepalive: Keepalive) { stream.keepAlive(keepalive) }

  func close() { end(isCut: false) }
  func abort() { end(isCut: true) }

  private func end(isCut: Bool) {
    if isOver { return }
    isOver = true
    self.isCut = isCut
    if isCut { stream.abort() } else { stream.close() }
    network.whenTurnEnds(self)
  }

  func turnEnded() {
    let owner = owner
    self.owner = nil
    owner?.standardConnectionEnded(isCut: isCut)
  }
}
