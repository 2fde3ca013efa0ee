import Foundation

/// One proxy process, ready for work when the initialiser returns.
struct LocalProxy: Sendable {
  let process: ChildProcess
  /// Where a source listens, by service; the key is empty for a tunnel without service names.
  private(set) var ports: [String: UInt16] = [:]

  /// How the log line begins that names a listening port.
  static let listening = "Listening for new connection on port "

  /// A source listening on a free port for each service.
  /// - Parameter port: the endpoint's, when it is not tunneld's own.
  static func source(
    _ linkage: Linkage, _ tunneld: Tunneld, token: String, services: [String],
    name: String = "source", arguments: [String] = [], port: UInt16? = nil,
    in scratch: ScratchDirectory
  ) throws -> LocalProxy {
    let mappings = services.map { $0.isEmpty ? "0" : "\($0)=0" }.joined(separator: ",")
    let process = try start(
      linkage, endpoint: port ?? tunneld.port, token: token, name: name,
      arguments: ["-c", tunneld.authorities, "-s", mappings] + arguments, in: scratch)
    var proxy = LocalProxy(process: process)
    for service in services {
      let suffix = service.isEmpty ? " of 127.0.0.1" : " of 127.0.0.1 for service \(service)"
      let line = try process.waitForLine(containing: "[info] \(listening)", suffix)
      proxy.ports[service] = try parsePort(in: line, after: listening)
    }
    return proxy
  }

  /// A destination with an address for each service.
  static func destination(
    _ linkage: Linkage, _ tunneld: Tunneld, token: String, servers: [String: String],
    name: String = "destination", arguments: [String] = [], port: UInt16? = nil,
    in scratch: ScratchDirectory
  ) throws -> LocalProxy {
    let mappings = servers.map { $0.isEmpty ? $1 : "\($0)=\($1)" }.joined(separator: ",")
    let process = try start(
      linkage, endpoint: port ?? tunneld.port, token: token, name: name,
      arguments: ["-c", tunneld.authorities, "-d", mappings] + arguments, in: scratch)
    for service in servers.keys {
      try process.waitForLine(
        containing: service.isEmpty ? "ready: the tunnel goes to" : "ready: service \(service) ")
    }
    return LocalProxy(process: process)
  }

  /// A proxy with the token in its environment, not waited for.
  static func start(
    _ linkage: Linkage, endpoint port: UInt16, token: String, name: String,
    arguments: [String], host: String = "localhost", environment: [String: String] = [:],
    in scratch: ScratchDirectory
  ) throws -> ChildProcess {
    try ChildProcess(
      linkage.program("localproxy"), ["-e", "\(host):\(port)"] + arguments, name: name,
      in: scratch,
      environment: environment.merging(["AWSIOT_TUNNEL_ACCESS_TOKEN": token]) { $1 })
  }
}
