import Foundation

/// A connection with blocking calls that give up after a time-out.
final class Socket: @unchecked Sendable {
  /// How long any one call may wait.
  static let patienceSeconds = 60

  let descriptor: Int32

  init(adopting descriptor: Int32) {
    self.descriptor = descriptor
    var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  convenience init(connectingTo port: UInt16, isIPv6: Bool = false) throws {
    try self.init(connectingTo: SocketAddress(port: port, isIPv6: isIPv6), "port \(port)")
  }

  /// Connects to a Unix socket.
  convenience init(connectingTo path: String) throws {
    try self.init(connectingTo: SocketAddress(path: path), path)
  }

  private convenience init(connectingTo address: SocketAddress, _ name: String) throws {
    self.init(adopting: try address.makeSocket())
    guard address.withPointer({ connect(descriptor, $0, $1) }) == 0 else {
      throw Failure.system("connecting to \(name)")
    }
  }

  /// Where a TCP connection comes from: `127.0.0.1`, `::1`.
  var peerHost: String {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        guard getpeername(descriptor, $0, &length) == 0 else { return }
        getnameinfo($0, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      }
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
  }

  deinit { close(descriptor) }

  // MARK: Sending

  func send(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.send(
        descriptor, rest.base, rest.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { throw Failure.system("sending") }
      rest = rest.dropFirst(count)
    }
  }

  func send(_ text: String) throws { try Array(text.utf8).withUnsafeBytes(send) }

  /// Says that nothing more will be sent; the other direction stays open.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  // MARK: Receiving

  /// What has arrived, after waiting for something to: 0 at the end of the stream.
  func receive(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
    guard count >= 0 else { throw Failure.system("receiving") }
    return count
  }

  /// Exactly `count` bytes.
  func receive(exactly count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try receive(count) { bytes += $0 }
    return bytes
  }

  /// Hands out the next `count` bytes as they come.
  func receive(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var total = 0
    while total < count {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count - total))
      let received = try receive(into: room)
      guard received > 0 else { throw Failure("stream ended after \(total) of \(count) bytes") }
      try body(UnsafeRawBufferPointer(rebasing: room[..<received]))
      total += received
    }
  }

  /// Hands out everything up to the end of the stream; returns how much that was.
  @discardableResult
  func receiveToEnd(_ body: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> Int {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var total = 0
    while true {
      let count = try receive(into: buffer)
      if count == 0 { return total }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      total += count
    }
  }

  func receiveText() throws -> String {
    var bytes: [UInt8] = []
    try receiveToEnd { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Ending

  /// Whether the other side closes, in order or by a reset, without sending anything.
  func isClosedByPeer(within seconds: Double) -> Bool {
    var entry = pollfd(descriptor: descriptor, events: Int16(POLLIN))
    guard poll(&entry, 1, Deadline(seconds: seconds).millisecondsLeft) == 1 else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) <= 0
  }

  /// Ends both directions by a reset, as the system does for a program that lets go of data.
  func reset() {
    var none = sockaddr()
    none.sa_family = sa_family_t(AF_UNSPEC)
    _ = withUnsafePointer(to: &none) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr>.size))
    }
  }

  /// Ends both directions, which wakes whoever waits in a call of this socket.
  func interrupt() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

extension pollfd {
  init(descriptor: Int32, events: Int16) { self.init(fd: descriptor, events: events, revents: 0) }
}

extension Slice<UnsafeRawBufferPointer> {
  var base: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}

/// A loopback address, or a Unix socket's path.
struct SocketAddress {
  private var storage = sockaddr_storage()
  private let length: Int

  init(port: UInt16, isIPv6: Bool) {
    if isIPv6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      length = MemoryLayout<sockaddr_in6>.size
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
      length = MemoryLayout<sockaddr_in>.size
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
    }
  }

  init(path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      precondition(path.utf8.count < bytes.count)
      bytes.copyBytes(from: path.utf8)
    }
    length = MemoryLayout<sockaddr_un>.size
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_un.self) }
  }

  func makeSocket() throws -> Int32 {
    let descriptor = socket(
      Int32(storage.ss_family), Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure.system("socket") }
    return descriptor
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
  }
}
