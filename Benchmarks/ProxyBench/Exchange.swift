import Glibc

/// One connection's bytes both ways at once: it sends its own and compares those that come, without waiting for
/// either. Each connection has other bytes, and each direction, so that what is lost, doubled or mixed up
/// shows.
final class Exchange {
  enum State {
    case unfinished, whole, corrupt
  }

  let stream: Stream
  private let byteCount: Int
  private let isServer: Bool
  private let outbound: Int
  private let inbound: Int
  /// Of a client: the request, before its bytes. Of a server: the verdict, after them.
  private var words: [UInt8]
  private var sentCount = 0
  private var receivedCount = 0
  private(set) var state = State.unfinished

  /// - Parameter number: what tells its bytes from others'.
  init(_ stream: Stream, number: Int, byteCount: Int, isServer: Bool = false) {
    self.stream = stream
    self.byteCount = byteCount
    self.isServer = isServer
    outbound = 2 * number + (isServer ? 1 : 0)
    inbound = 2 * number + (isServer ? 0 : 1)
    words = isServer ? [] : Request.exchange.bytes(count: byteCount, size: number)
  }

  /// Sends and receives what can be at once.
  /// - Returns: how many bytes moved.
  func advance() throws -> Int {
    try receive() + send()
  }

  var hasToSend: Bool { sentCount < byteCount || !words.isEmpty }

  /// A server's: until both directions are done and the verdict is sent.
  func runToEnd() throws {
    while state == .unfinished || hasToSend {
      if try advance() == 0 { try stream.wait(writes: hasToSend) }
    }
  }

  private func send() throws -> Int {
    var total = 0
    while hasToSend {
      let mustSpeak = isServer ? sentCount == byteCount : !words.isEmpty
      let count =
        mustSpeak
        ? try words.withUnsafeBytes { try stream.sendNow($0) }
        : try stream.sendNow(
          Pattern.shared.piece(of: outbound, at: sentCount, atMost: byteCount - sentCount))
      guard let count else { break }
      total += count
      if mustSpeak { words.removeFirst(count) } else { sentCount += count }
    }
    return total
  }

  private func receive() throws -> Int {
    var total = 0
    while state == .unfinished {
      let count = try receivedCount < byteCount ? receiveBytes() : receiveVerdict()
      guard let count else { break }
      total += count
    }
    return total
  }

  private func receiveBytes() throws -> Int? {
    let expected = Pattern.shared.piece(
      of: inbound, at: receivedCount, atMost: min(byteCount - receivedCount, 65_536))
    return try withUnsafeTemporaryAllocation(byteCount: expected.count, alignment: 16) { room in
      guard let count = try stream.receiveNow(into: room) else { return nil }
      guard count > 0 else { throw Failure("the connection ended early") }
      if memcmp(room.baseAddress!, expected.baseAddress!, count) != 0 {
        state = .corrupt
        if isServer { words = [0] }
      }
      receivedCount += count
      if isServer, receivedCount == byteCount, state == .unfinished {
        state = .whole
        words = [Request.ping.rawValue]
      }
      return count
    }
  }

  /// A client's last byte: what the server thinks of its bytes.
  private func receiveVerdict() throws -> Int? {
    if isServer { return nil }
    var byte: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &byte) { try stream.receiveNow(into: $0) }
    guard let count else { return nil }
    guard count > 0 else { throw Failure("the connection ended before the verdict") }
    state = byte == Request.ping.rawValue ? .whole : .corrupt
    return count
  }
}
