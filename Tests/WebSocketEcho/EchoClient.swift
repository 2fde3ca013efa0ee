import Basics
import Reactor
import WebSocket

/// Goes through the cases of an Autobahn fuzzing server: asks how many there are, opens a WebSocket for each and
/// echoes until it is closed, and has the reports written.
final class EchoClient: StreamHandler, TimerHandler, EchoSocketHandler {
  private enum Step {
    case count
    case run(Int)
    case report

    var isRun: Bool { if case .run = self { true } else { false } }
  }

  /// How long one WebSocket may last. Some cases move 128 MB each way, which a busy machine takes minutes for.
  private static let stepTimeout = Milliseconds(900_000)

  private let reactor: Reactor
  private let address: SocketAddress
  /// What the reports call this program.
  private let agent: String
  /// The window of the compression that is offered; nil for no offer.
  private let windowBits: Int?
  private var step = Step.count
  private var caseCount = 0
  private var stream: (any ByteStream)?
  private var handshake: ClientHandshake?
  private var received: [UInt8] = []
  private var socket: EchoSocket?
  private var timer: TimerID?
  /// Why it stopped before the end.
  private(set) var failure: String?

  init(reactor: Reactor, address: SocketAddress, agent: String, compresses: Bool) {
    self.reactor = reactor
    self.address = address
    self.agent = agent
    windowBits = compresses ? PermessageDeflate.windowBitsMax : nil
  }

  func start() { open(.count) }

  private func fail(_ reason: String) {
    failure = "\(target): \(reason)"
    reactor.stop()
  }

  private var target: String {
    switch step {
    case .count: "/getCaseCount"
    case .run(let number): "/runCase?case=\(number)&agent=\(agent)"
    case .report: "/updateReports?agent=\(agent)"
    }
  }

  private func open(_ step: Step) {
    self.step = step
    received = []
    if let timer { reactor.cancel(timer) }
    timer = reactor.schedule(at: reactor.now + Self.stepTimeout, self, tag: 0)
    do throws(SystemError) {
      stream = try reactor.connect(to: address, from: nil, self)
    } catch {
      fail("cannot connect to \(address.description): \(error.reason)")
    }
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    fail("not over after \(Self.stepTimeout.count) ms")
  }

  // MARK: Opening handshake

  func streamOpened() {
    guard let stream, let key = try? reactor.random(16) else { return }
    let keyText = Cryptography.base64(key)
    handshake = ClientHandshake(
      expectedAccept: Cryptography.webSocketAccept(key: keyText), subprotocols: [],
      compressionWindowBits: windowBits)
    stream.interest = .readable
    let request = ClientHandshake.request(
      target: target, host: address.description, key: keyText, subprotocols: [],
      compressionWindowBits: windowBits, fields: [])
    _ = stream.send(request.span)
  }

  func streamFailed(_ failure: StreamFailure) {
    fail("cannot connect to \(address.description): \(failure.reason)")
  }

  func streamReady(_ readiness: Readiness) {
    guard let stream else { return }
    var buffer = [UInt8](repeating: 0, count: ClientHandshake.responseByteCountMax)
    var region = buffer.mutableSpan
    switch stream.receive(into: &region) {
    case .bytes(let count):
      received += buffer[..<count]
      judge(stream)
    case .wouldBlock: break
    case .endOfStream, .failed: fail("the connection ended during the opening handshake")
    }
  }

  private func judge(_ stream: any ByteStream) {
    let bytes = received
    switch handshake?.parse(bytes.span) {
    case .needMore, nil: break
    case .refused(let status, let reason, _, _): fail("refused with \(status) \(reason)")
    case .violation(let reason): fail(reason)
    case .accepted(_, _, let agreed, let byteCount):
      self.stream = nil
      let compression = agreed.flatMap {
        MessageCompression($0, role: .client, memoryLevel: 8)
      }
      let socket = EchoSocket(
        network: reactor, stream: stream, role: .client, isEcho: step.isRun,
        compression: compression, early: Array(received.dropFirst(byteCount)), handler: self)
      self.socket = socket
      socket.start()
    }
  }

  // MARK: One case after the other

  func socketEnded(_ socket: EchoSocket, message: [UInt8]) {
    self.socket = nil
    switch step {
    case .count:
      guard let count = message[...].text.number, count > 0, count < 10_000 else {
        fail("the answer is not a number of cases")
        return
      }
      caseCount = Int(count)
      open(.run(1))
    case .run(let number): open(number < caseCount ? .run(number + 1) : .report)
    case .report: reactor.stop()
    }
  }
}
