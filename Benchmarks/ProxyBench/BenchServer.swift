import Foundation

/// What a client asks of the server at the far end of the tunnel: one byte, at times two numbers.
/// A connection takes any number of requests, one after the other.
enum Request: UInt8 {
  /// Send this byte back.
  case ping = 0x50
  /// Take so many bytes, then send a ping's byte.
  case upload = 0x55
  /// The same, as a slow reader.
  case slowUpload = 0x53
  /// Send so many bytes.
  case download = 0x44
  /// Take what comes until the end, and count it in the tally of this number.
  case sink = 0x4b
  /// Send each of so many messages of such a size back.
  case echo = 0x45

  func send(to stream: Stream, count: Int = 0, size: Int = 0) throws {
    var bytes = [rawValue]
    if self != .ping {
      for number in [count, size] {
        withUnsafeBytes(of: UInt64(number).littleEndian) { bytes += $0 }
      }
    }
    try stream.send(bytes)
  }

  func roundTrip(on stream: Stream, count: Int = 0) throws {
    try send(to: stream, count: count)
    guard try stream.receiveByte() == Request.ping.rawValue else {
      throw Failure("the connection ended before the answer")
    }
  }
}

/// The server behind the destination: a thread per connection, blocking sockets.
final class BenchServer: @unchecked Sendable {
  /// Of the sinks that were asked for.
  static let tallies = Tallies()

  let port: UInt16
  private let listener: Listener

  init() throws {
    listener = try Listener()
    port = listener.port
    Thread.detachNewThread { [self] in
      while let stream = listener.accept() {
        let handOver = HandOver(stream)
        // A failure here is the client's to notice and report: its connection ends.
        Thread.detachNewThread { try? Self.serve(handOver.stream) }
      }
    }
  }

  private struct HandOver: @unchecked Sendable {
    let stream: Stream
    init(_ stream: Stream) { self.stream = stream }
  }

  private static func serve(_ stream: Stream) throws {
    // A connection may lie idle between requests for as long as the bench likes.
    stream.patience(seconds: 600)
    while let byte = try stream.receiveByte(), let request = Request(rawValue: byte) {
      if request == .ping {
        try stream.send([byte])
        continue
      }
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
      }
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
