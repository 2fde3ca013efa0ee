import Basics
import Glibc
import Reactor

@testable import Simulator

/// The test's end of a connection: notes what arrives, and sends what is to arrive at the program.
final class FarEnd: StreamHandler {
  private unowned let world: QuietWorld
  /// The program's socket.
  let socket: KernelSocket
  /// The program's stream, as long as somebody has it.
  weak var near: (any ByteStream)?
  private var stream: any ByteStream
  private let transport: any ByteStream
  /// All that has arrived, and that its end has, or why nothing more does.
  private(set) var received: [UInt8] = []
  private(set) var hasEnded = false
  private(set) var failure: StreamFailure?
  private var waiting = ByteQueue()

  init(_ world: QuietWorld, of socket: KernelSocket, _ stream: any ByteStream) {
    self.world = world
    self.socket = socket
    self.stream = stream
    transport = stream
    near = socket.stream
    stream.handler = self
    stream.interest = .readable
  }

  // MARK: The program's side

  /// With so many bytes waiting in TLS there is no room.
  static let roomMark = SimulatedTLSStream.roomMark

  /// The program is done with it.
  var isClosed: Bool { socket.state == .closed }
  /// The test's end has seen a reset.
  var isReset: Bool {
    if case .system(let error)? = failure { error.code == ECONNRESET } else { false }
  }
  /// The program has cut it off.
  var isAborted: Bool { socket.isAborted }
  var interest: Readiness { near?.interest ?? [] }
  private var secure: SimulatedTLSStream? { near as? SimulatedTLSStream }

  /// Bytes that the program's socket still takes before it is full; nil for as many as it has room for.
  var roomLeft: Int? {
    get { socket.roomLeft }
    set {
      socket.roomLeft = newValue
      world.settle()
    }
  }

  /// The program's socket takes nothing more, and so many bytes wait in TLS for it.
  func fill(_ byteCount: Int = 1 << 20) {
    roomLeft = 0
    secure?.pad(byteCount)
  }

  // MARK: The test's side

  /// Whether it takes what has arrived.
  var reads = true {
    didSet {
      stream.interest = reads ? .readable : []
      world.settle()
    }
  }

  /// Takes so many bytes of what has arrived.
  func take(_ byteCount: Int) {
    receive(byteCount)
    world.settle()
  }

  /// From here on it speaks TLS, as whoever has a certificate for `name`; behind a last text without.
  func startTLS(as name: String = "", behind text: String = "") throws {
    waiting.append(Array(text.utf8))
    push()
    stream = try world.startTLS(over: stream, named: name, self)
    world.settle()
  }

  func send(_ bytes: some Sequence<UInt8>) {
    waiting.append(Array(bytes))
    push()
    world.settle()
  }

  func send(_ text: String) { send(text.utf8) }

  /// Ends its direction.
  func finish() {
    stream.finishSending()
    world.settle()
  }

  /// The same without TLS's own end, as where somebody cuts the line.
  func finishBelowTLS() {
    transport.finishSending()
    world.settle()
  }

  /// Closes both.
  func close() {
    stream.close()
    world.settle()
  }

  func reset() {
    stream.abort()
    world.settle()
  }

  // MARK: Its events

  func streamOpened() { if reads { stream.interest = .readable } }

  func streamFailed(_ failure: StreamFailure) { self.failure = failure }

  func streamReady(_ readiness: Readiness) {
    if readiness.contains(.readable) { receive() }
    push()
  }

  private func receive(_ byteCountMax: Int = 64 * 1024) {
    var bytes = [UInt8](repeating: 0, count: byteCountMax)
    var region = bytes.mutableSpan
    switch stream.receive(into: &region) {
    case .bytes(let count): received += bytes[..<count]
    case .wouldBlock: break
    case .endOfStream:
      hasEnded = true
      stream.interest.remove(.readable)
    case .failed(let failure):
      self.failure = failure
      stream.close()
    }
  }

  /// Sends what waits, as far as there is room.
  private func push() {
    while !waiting.isEmpty {
      switch waiting.withReadable({ stream.send($0) }) {
      case .accepted(let count): waiting.consume(count)
      case .wouldBlock:
        stream.interest.insert(.writable)
        return
      case .failed: waiting = ByteQueue()
      }
    }
    stream.interest.remove(.writable)
  }
}
