import Foundation

/// A server on loopback or a Unix socket with a thread for each connection. What a handler throws is kept for the
/// test to look at.
final class Server: @unchecked Sendable {
  typealias Handler = @Sendable (Socket) throws -> Void

  let port: UInt16

  private let listener: Int32
  private let lock = NSLock()
  private var connections: [ObjectIdentifier: Socket] = [:]
  private var failureTexts: [String] = []
  private var acceptedTotal = 0
  private var isStopped = false

  /// - Parameter port: 0 for a free one.
  convenience init(port: UInt16 = 0, isIPv6: Bool = false, handler: @escaping Handler) throws {
    let listener = try Self.listen(port, isIPv6)
    self.init(listener, port: try Self.boundPort(of: listener), handler)
  }

  /// A server on a Unix socket.
  convenience init(path: String, handler: @escaping Handler) throws {
    self.init(try Self.listen(SocketAddress(path: path), path), port: 0, handler)
  }

  private init(_ listener: Int32, port: UInt16, _ handler: @escaping Handler) {
    self.listener = listener
    self.port = port
    let thread = Thread { [self] in accept(handler) }
    thread.start()
  }

  /// Connections whose handler has not returned yet.
  var openCount: Int { lock.withLock { connections.count } }
  /// Connections since the start.
  var acceptedCount: Int { lock.withLock { acceptedTotal } }
  /// What handlers threw, in order.
  var failures: [String] { lock.withLock { failureTexts } }

  /// Stops listening and ends what is open. The accepting thread keeps this object alive until then.
  func stop() {
    stopListening()
    lock.withLock { isStopped = true }
    interruptConnections()
  }

  /// Refuses new connections; the open ones go on.
  func stopListening() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// Ends the open connections; new ones are welcome.
  func interruptConnections() {
    for socket in lock.withLock({ Array(connections.values) }) { socket.interrupt() }
  }

  /// A port of 127.0.0.1 on which nobody listens. It stays bound until this process ends: the kernel gives it to nobody
  /// who asks for a free one, so no test that runs beside takes it. Who names it can listen there.
  static func unusedPort() throws -> UInt16 {
    try boundPort(of: bind(SocketAddress(port: 0, isIPv6: false), "a free port"))
  }

  /// Whether nobody else on this machine has the port.
  static func isFree(_ port: UInt16, isIPv6: Bool = false) -> Bool {
    guard let descriptor = try? listen(port, isIPv6) else { return false }
    close(descriptor)
    return true
  }

  static var hasIPv6: Bool {
    guard let descriptor = try? listen(0, true) else { return false }
    close(descriptor)
    return true
  }

  private func accept(_ handler: @escaping Handler) {
    while true {
      let descriptor = Foundation.accept(listener, nil, nil)
      if descriptor < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        break
      }
      closeOnExec(descriptor)
      let socket = Socket(adopting: descriptor)
      let accepted = lock.withLock {
        if isStopped { return false }
        connections[ObjectIdentifier(socket)] = socket
        acceptedTotal += 1
        return true
      }
      if accepted { serve(socket, handler) }
    }
    close(listener)
  }

  private func serve(_ socket: Socket, _ handler: @escaping Handler) {
    let thread = Thread { [self] in
      let result = Result { try handler(socket) }
      // The descriptor closes with the last reference, which this closure must not outlive.
      lock.withLock {
        if case .failure(let error) = result, !isStopped { failureTexts.append("\(error)") }
        connections[ObjectIdentifier(socket)] = nil
      }
      socket.interrupt()
    }
    thread.stackSize = 512 << 10
    thread.start()
  }

  private static func listen(_ port: UInt16, _ isIPv6: Bool) throws -> Int32 {
    try listen(SocketAddress(port: port, isIPv6: isIPv6), "port \(port)")
  }

  private static func listen(_ address: SocketAddress, _ name: String) throws -> Int32 {
    let descriptor = try bind(address, name)
    guard Foundation.listen(descriptor, 512) == 0 else {
      defer { close(descriptor) }
      throw Failure.system("listening on \(name)")
    }
    return descriptor
  }

  static func bind(_ address: SocketAddress, _ name: String) throws -> Int32 {
    let descriptor = try address.makeSocket()
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard address.withPointer({ Foundation.bind(descriptor, $0, $1) }) == 0 else {
      defer { close(descriptor) }
      throw Failure.system("binding \(name)")
    }
    return descriptor
  }

  static func boundPort(of descriptor: Int32) throws -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0 else { throw Failure.system("getsockname") }
    // The port is at the same place in both families.
    return withUnsafeBytes(of: storage) {
      UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
  }
}
