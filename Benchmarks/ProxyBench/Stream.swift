import Glibc

/// A blocking TCP socket on loopback whose every wait has an end.
final class Stream {
  let descriptor: Int32
  /// No single wait for the other side takes longer.
  static let patienceSeconds = 30

  init(descriptor: Int32) {
    self.descriptor = descriptor
    // Children must not hold the bench's sockets open.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    patience(seconds: Double(Self.patienceSeconds))
  }

  /// - Parameter waits: whether the connection is there on return; otherwise nothing of this stream ever waits.
  static func connect(port: UInt16, waits: Bool = true) throws -> Stream {
    let kind = SOCK_STREAM.rawValue | (waits ? 0 : SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, Int32(kind), 0)
    guard descriptor >= 0 else {
      throw Failure("cannot make a socket: \(String(cString: strerror(errno)))")
    }
    let stream = Stream(descriptor: descriptor)
    let result = withLoopbackAddress(port) { Glibc.connect(descriptor, $0, $1) }
    guard result == 0 || (!waits && errno == EINPROGRESS) else {
      throw Failure("cannot connect to port \(port): \(String(cString: strerror(errno)))")
    }
    return stream
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Ends both directions, for whoever waits on them as well.
  func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  func patience(seconds: Double) {
    let whole = seconds.rounded(.down)
    let time = timeval(tv_sec: Int(whole), tv_usec: Int((seconds - whole) * 1e6))
    set(SOL_SOCKET, SO_RCVTIMEO, time)
    set(SOL_SOCKET, SO_SNDTIMEO, time)
  }

  func send(_ bytes: UnsafeRawBufferPointer) throws {
    var offset = 0
    while offset < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      let count = Glibc.send(descriptor, rest.baseAddress!, rest.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { throw Self.failure("send", count) }
      offset += count
    }
  }

  func send(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try send($0) }
  }

  /// At least one byte, or zero at the end.
  func receive(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = recv(descriptor, buffer.baseAddress!, buffer.count, 0)
    guard count >= 0 else { throw Self.failure("receive", count) }
    return count
  }

  func receiveAll(into buffer: UnsafeMutableRawBufferPointer) throws {
    var offset = 0
    while offset < buffer.count {
      let count = try receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]))
      guard count > 0 else { throw Failure("the connection ended early") }
      offset += count
    }
  }

  func receiveByte() throws -> UInt8? {
    var byte: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &byte) { try receive(into: $0) }
    return count == 1 ? byte : nil
  }

  // MARK: What does not wait

  /// How many bytes were sent; nil when none can be just now.
  func sendNow(_ bytes: UnsafeRawBufferPointer) throws -> Int? {
    let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
    let count = Glibc.send(descriptor, bytes.baseAddress!, bytes.count, flags)
    if count < 0, errno == EAGAIN || errno == EINPROGRESS { return nil }
    guard count >= 0 else { throw Self.failure("send", count) }
    return count
  }

  /// How many bytes came, zero at the end; nil when there are none just now.
  func receiveNow(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    let count = recv(descriptor, buffer.baseAddress!, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return nil }
    guard count >= 0 else { throw Self.failure("receive", count) }
    return count
  }

  func receiveByteNow() throws -> UInt8? {
    var byte: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &byte) { try receiveNow(into: $0) }
    guard let count else { return nil }
    guard count == 1 else { throw Failure("the connection has ended") }
    return byte
  }

  /// Waits until something can be received or, if asked for, sent.
  func wait(writes: Bool) throws {
    let events = Int16(POLLIN) | (writes ? Int16(POLLOUT) : 0)
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    guard poll(&entry, 1, Int32(Self.patienceSeconds * 1000)) == 1 else {
      throw Failure("not a byte moved within \(Self.patienceSeconds) s")
    }
  }

  /// Waits until the other side has reset or closed the connection, without reading.
  func waitForEnd() {
    let peerHasEnded: Int16 = 0x2000  // POLLRDHUP, which is not to be had here
    var entry = pollfd(fd: descriptor, events: peerHasEnded, revents: 0)
    while poll(&entry, 1, -1) < 0, errno == EINTR {}
  }

  private static func failure(_ verb: String, _ count: Int) -> Failure {
    if count < 0, errno == EAGAIN {
      return Failure("\(verb): not a byte moved within \(patienceSeconds) s")
    }
    return Failure("\(verb): \(count == 0 ? "closed" : String(cString: strerror(errno)))")
  }

  private func set<Value>(_ level: Int32, _ option: Int32, _ value: Value) {
    withUnsafeBytes(of: value) {
      _ = setsockopt(descriptor, level, option, $0.baseAddress!, socklen_t($0.count))
    }
  }
}

/// A listening socket on a loopback port of the kernel's choice.
final class Listener {
  let port: UInt16
  let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let fd = descriptor
    _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    let bound =
      withLoopbackAddress(0) { bind(fd, $0, $1) } == 0 && listen(fd, 4096) == 0
      && withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
      } == 0
    port = UInt16(bigEndian: address.sin_port)
    guard bound else { throw Failure("cannot listen on 127.0.0.1") }
  }

  deinit {
    close(descriptor)
  }

  func accept() -> Stream? {
    let accepted = Glibc.accept(descriptor, nil, nil)
    return accepted >= 0 ? Stream(descriptor: accepted) : nil
  }

  /// A port that nobody holds just now, for programs that must be told one.
  static func freePort() throws -> UInt16 {
    try Listener().port
  }

  /// Whether someone listens there, without a connection that the listener would have to serve.
  static func isListening(port: UInt16) -> Bool {
    let local = ":" + hexadecimal(port)
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let file = fopen(table, "r") else { continue }
      defer { fclose(file) }
      var buffer: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(buffer) }
      while getline(&buffer, &capacity, file) > 0, let line = buffer {
        let words = String(cString: line).split(separator: " ")
        if words.count > 3, words[1].hasSuffix(local), words[3] == "0A" { return true }
      }
    }
    return false
  }

  private static func hexadecimal(_ port: UInt16) -> String {
    let digits = String(port, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

private func withLoopbackAddress(
  _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
