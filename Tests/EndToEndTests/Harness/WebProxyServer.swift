import Foundation

/// tinyproxy on a free loopback port: a real web proxy on the way to tunneld.
final class WebProxyServer: Sendable {
  let process: ChildProcess
  let port: UInt16

  /// - Parameter credentials: what it asks for, `user password`; nil for nothing.
  init(credentials: String? = nil, name: String = "tinyproxy", in scratch: ScratchDirectory) throws
  {
    (process, port) = try Self.onFreePort { port in
      let path = scratch.file("\(name).conf")
      let lines = [
        "Port \(port)", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 600", "LogLevel Connect",
        credentials.map { "BasicAuth \($0)" } ?? "",
      ]
      try lines.joined(separator: "\n").appending("\n").write(
        toFile: path, atomically: true, encoding: .utf8)
      return try ChildProcess("tinyproxy", ["-d", "-c", path], name: name, in: scratch)
    }
  }

  /// How often it was asked for a connection to a port of this machine.
  func connectCount(to port: UInt16) -> Int {
    process.text(of: .output).components(separatedBy: "CONNECT localhost:\(port) ").count - 1
  }

  /// Starts a server that must be told its port, until it accepts connections there. One that cannot
  /// have its port tries the next.
  static func onFreePort(
    _ start: (UInt16) throws -> ChildProcess
  ) throws -> (ChildProcess, UInt16) {
    var last = ""
    for _ in 0..<5 {
      let port = try Server.unusedPort()
      let process = try start(port)
      let isUp = try eventually(within: 20, "\(process.name) on port \(port)\n\(process.tail)") {
        if !process.isRunning { return false }
        return (try? Socket(connectingTo: port)) == nil ? nil : true
      }
      if isUp { return (process, port) }
      last = process.tail
    }
    throw Failure("a server does not start:\n\(last)")
  }
}

/// TLS in front of a plain server on loopback, by socat.
final class TLSFront: Sendable {
  let process: ChildProcess
  let port: UInt16

  init(to plain: UInt16, certificate: String, key: String, in scratch: ScratchDirectory) throws {
    (process, port) = try WebProxyServer.onFreePort { port in
      let listening =
        "OPENSSL-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork,verify=0,"
        + "cert=\(certificate),key=\(key)"
      return try ChildProcess(
        "socat", [listening, "TCP:127.0.0.1:\(plain)"], name: "socat", in: scratch)
    }
  }
}

/// A web proxy of the test's own, to misbehave as no real one does.
enum ScriptedWebProxy {
  /// Reads a request's head; nil if the connection ends before.
  static func readHead(_ socket: Socket) throws -> String? {
    var head: [UInt8] = []
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard let byte = try? socket.receive(exactly: 1) else { return nil }
      head += byte
    }
    return String(decoding: head, as: UTF8.self)
  }
}
