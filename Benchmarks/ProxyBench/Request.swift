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
  /// Take nothing more until the connection ends, and say so in the tally of this number.
  case halt = 0x48
  /// Send so many bytes and take as many at the same time, those of this number, then say whether they were
  /// right.
  case exchange = 0x58

  /// The request as it is sent.
  func bytes(count: Int = 0, size: Int = 0) -> [UInt8] {
    var bytes = [rawValue]
    if self != .ping {
      for number in [count, size] {
        withUnsafeBytes(of: UInt64(number).littleEndian) { bytes += $0 }
      }
    }
    return bytes
  }

  func send(to stream: Stream, count: Int = 0, size: Int = 0) throws {
    try stream.send(bytes(count: count, size: size))
  }

  func roundTrip(on stream: Stream, count: Int = 0) throws {
    try send(to: stream, count: count)
    guard try stream.receiveByte() == Request.ping.rawValue else {
      throw Failure("the connection ended before the answer")
    }
  }
}
