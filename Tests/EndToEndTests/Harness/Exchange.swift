import Foundation

/// Moves patterned data over a connection in both directions at once, checking what arrives.
struct Exchange {
  let seed: UInt32
  let upload: Int
  let download: Int

  private var uploadPattern: Pattern { Pattern(seed: seed &* 2) }
  private var downloadPattern: Pattern { Pattern(seed: seed &* 2 &+ 1) }

  /// The client's part: announces the exchange, makes it, and waits for the server's end of stream.
  func runAsClient(over socket: Socket, within seconds: Double = 60) throws {
    try announce(over: socket)
    try finishAsClient(over: socket, within: seconds)
  }

  /// Tells the server what the exchange is.
  func announce(over socket: Socket) throws {
    var header = [seed.bigEndian, UInt32(upload).bigEndian, UInt32(download).bigEndian]
    try header.withUnsafeMutableBytes { try socket.send(UnsafeRawBufferPointer($0)) }
  }

  func finishAsClient(over socket: Socket, within seconds: Double = 60) throws {
    try pump(
      socket, uploadPattern, upload, downloadPattern, download, Deadline(seconds: seconds))
    guard try socket.receiveToEnd() == 0 else { throw Failure("bytes after the last one") }
  }

  /// The server's part: does what the client's header asks for. A connection that ends before it says
  /// anything is not an error.
  static let serve: Server.Handler = { socket in
    guard let header = try? socket.receive(exactly: 12) else { return }
    let fields = header.withUnsafeBytes { bytes in
      stride(from: 0, to: 12, by: 4).map {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
      }
    }
    let exchange = Exchange(seed: fields[0], upload: Int(fields[1]), download: Int(fields[2]))
    try exchange.pump(
      socket, exchange.downloadPattern, exchange.download, exchange.uploadPattern,
      exchange.upload, Deadline(seconds: 60))
  }

  private func pump(
    _ socket: Socket, _ outgoing: Pattern, _ outgoingCount: Int, _ incoming: Pattern,
    _ incomingCount: Int, _ deadline: Deadline
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var sent = 0
    var received = 0
    while sent < outgoingCount || received < incomingCount {
      var events: Int16 = 0
      if sent < outgoingCount { events |= Int16(POLLOUT) }
      if received < incomingCount { events |= Int16(POLLIN) }
      var entry = pollfd(descriptor: socket.descriptor, events: events)
      guard poll(&entry, 1, deadline.millisecondsLeft) > 0 else {
        throw Failure(
          "time is up: sent \(sent)/\(outgoingCount), received \(received)/\(incomingCount)")
      }
      if sent < outgoingCount {
        sent += try outgoing.withBytes(at: sent, countMax: outgoingCount - sent) { bytes in
          try Self.nonBlocking("sending") {
            send(
              socket.descriptor, bytes.baseAddress, bytes.count,
              Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
          } ?? 0
        }
      }
      if received < incomingCount {
        let room = min(buffer.count, incomingCount - received)
        let count = try Self.nonBlocking("receiving") {
          recv(socket.descriptor, buffer.baseAddress, room, Int32(MSG_DONTWAIT))
        }
        if let count {
          guard count > 0 else {
            throw Failure(
              "stream ended: sent \(sent)/\(outgoingCount), received \(received)/\(incomingCount)")
          }
          try incoming.check(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: received)
          received += count
        }
      }
    }
  }

  /// The call's result, or nil if it would have blocked.
  private static func nonBlocking(_ what: String, _ call: () -> Int) throws -> Int? {
    let result = call()
    if result >= 0 { return result }
    if errno == EAGAIN || errno == EINTR { return nil }
    throw Failure.system(what)
  }
}
