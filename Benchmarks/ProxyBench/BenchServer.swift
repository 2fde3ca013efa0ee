import Foundation

/// The server behind the destination. One thread has all connections that wait for a request and answers
/// pings; any other request has a thread with blocking sockets while it takes. So an idle connection costs no
/// thread.
final class BenchServer: @unchecked Sendable {
  /// Of the sinks that were asked for.
  static let tallies = Tallies()

  let port: UInt16
  private let listener: Listener
  private let poller: Poller
  private let lock = NSLock()
  /// All that are open, by descriptor; guarded by the lock.
  private var streams: [Int32: Stream] = [:]

  init() throws {
    listener = try Listener()
    port = listener.port
    poller = try Poller()
    poller.add(listener.descriptor)
    Thread.detachNewThread { [self] in
      while true { for descriptor in poller.wait() { handle(descriptor) } }
    }
  }

  private func handle(_ descriptor: Int32) {
    guard descriptor == listener.descriptor else { return takeRequest(descriptor) }
    if let stream = listener.accept() {
      lock.withLock { streams[stream.descriptor] = stream }
      poller.add(stream.descriptor)
    }
    poller.arm(listener.descriptor)
  }

  /// A failure here is the client's to notice and report: its connection ends.
  private func takeRequest(_ descriptor: Int32) {
    guard let stream = lock.withLock({ streams[descriptor] }) else { return }
    do {
      guard let byte = try stream.receiveByteNow() else { return poller.arm(descriptor) }
      guard let request = Request(rawValue: byte) else { return drop(stream) }
      if request == .ping {
        try stream.send([byte])
        return poller.arm(descriptor)
      }
      let handOver = HandOver(stream)
      Thread.detachNewThread { [self] in
        do {
          try Self.serve(request, handOver.stream)
          poller.arm(descriptor)
        } catch {
          drop(handOver.stream)
        }
      }
    } catch {
      drop(stream)
    }
  }

  private func drop(_ stream: Stream) {
    poller.remove(stream.descriptor)
    lock.withLock { streams[stream.descriptor] = nil }
  }

  private struct HandOver: @unchecked Sendable {
    let stream: Stream
    init(_ stream: Stream) { self.stream = stream }
  }

  private static func serve(_ request: Request, _ stream: Stream) throws {
    // A client may take its time within a request as long as the bench likes.
    stream.patience(seconds: 600)
    var numbers: (UInt64, UInt64) = (0, 0)
    try withUnsafeMutableBytes(of: &numbers) { try stream.receiveAll(into: $0) }
    let count = Int(UInt64(littleEndian: numbers.0))
    let size = Int(UInt64(littleEndian: numbers.1))
    switch request {
    case .ping: break
    case .upload:
      try Pattern.shared.receive(count, from: stream)
      try stream.send([Request.ping.rawValue])
    case .slowUpload:
      try SlowReader.receive(count, from: stream)
      try stream.send([Request.ping.rawValue])
    case .sink: try tallies[count]?.count(stream)
    case .download: try Pattern.shared.send(count, to: stream)
    case .echo: try echo(count, size, stream)
    case .halt:
      stream.waitForEnd()
      tallies[count]?.add(1)
      throw Failure("the connection has ended")
    case .exchange:
      try Exchange(stream, number: size, byteCount: count, isServer: true).runToEnd()
    }
  }

  private static func echo(_ count: Int, _ size: Int, _ stream: Stream) throws {
    var message = [UInt8](repeating: 0, count: size)
    try message.withUnsafeMutableBytes { bytes in
      for _ in 0..<count {
        try stream.receiveAll(into: bytes)
        try stream.send(UnsafeRawBufferPointer(bytes))
      }
    }
  }
}

/// A server in a process of its own, for as many connections as one process may have descriptors.
final class ServerProcess {
  static let command = "serve"
  let port: UInt16
  private let child: Child

  init() throws {
    child = try Child(name: "server", path: "/proc/self/exe", arguments: [Self.command])
    let words = "listening on "
    let line = try child.waitForLine("port", seconds: 10) { $0.hasPrefix(words) }
    guard let port = UInt16(line.dropFirst(words.count)) else {
      throw Failure("server: no port in '\(line)'")
    }
    self.port = port
  }

  func stop() { child.stop() }

  /// What such a process does, until it is stopped or nobody is left who would stop it.
  static func run() throws -> Never {
    let server = try BenchServer()
    print("listening on \(server.port)")
    fflush(nil)
    let parent = getppid()
    while getppid() == parent { Clock.sleep(seconds: 0.9) }
    exit(0)
  }
}
