import Foundation

/// tunneld with one tunnel, whose ends a test brings up one by one, each with its own options.
final class Stage {
  let scratch: ScratchDirectory
  let services: [String]
  let tunneld: Tunneld
  private(set) var processes: [ChildProcess]

  fileprivate init(_ services: [String], _ tunneldArguments: [String]) throws {
    scratch = try ScratchDirectory()
    self.services = services
    tunneld = try Tunneld(.dynamic, services: services, arguments: tunneldArguments, in: scratch)
    processes = [tunneld.process]
  }

  /// A source that listens for each service of the tunnel.
  /// - Parameters:
  ///   - settings: by their keys below `tunneling.proxy`.
  ///   - port: the endpoint's, when it is not tunneld's own.
  func source(
    _ arguments: [String] = [], settings: [String: String] = [:], services: [String]? = nil,
    port: UInt16? = nil
  ) throws -> LocalProxy {
    let proxy = try LocalProxy.source(
      .dynamic, tunneld, token: tunneld.tunnels[0].source,
      services: services ?? (self.services.isEmpty ? [""] : self.services),
      arguments: arguments + write(settings, "source"), port: port, in: scratch)
    processes.append(proxy.process)
    return proxy
  }

  /// A destination with a server for each service; the key is empty for a tunnel without service names.
  func destination(
    _ servers: [String: UInt16], _ arguments: [String] = [], settings: [String: String] = [:],
    port: UInt16? = nil
  ) throws -> LocalProxy {
    let proxy = try LocalProxy.destination(
      .dynamic, tunneld, token: tunneld.tunnels[0].destination,
      servers: servers.mapValues { "127.0.0.1:\($0)" },
      arguments: arguments + write(settings, "destination"), port: port, in: scratch)
    processes.append(proxy.process)
    return proxy
  }

  /// A proxy that is not waited for.
  func start(
    _ side: EndToEnd.Side, _ arguments: [String] = [], settings: [String: String] = [:],
    port: UInt16? = nil, mapping: String? = nil
  ) throws -> ChildProcess {
    let tokens = tunneld.tunnels[0]
    let mapping =
      side == .source ? ["-s", mapping ?? "0"] : ["-d", mapping ?? "9"]
    let process = try LocalProxy.start(
      .dynamic, endpoint: port ?? tunneld.port,
      token: side == .source ? tokens.source : tokens.destination, name: side.rawValue,
      arguments: ["-c", tunneld.authorities] + mapping + arguments
        + write(settings, side.rawValue), in: scratch)
    processes.append(process)
    return process
  }

  func rawSource(version: Int) throws -> RawPeer {
    try RawPeer(
      tunneld, token: tunneld.tunnels[0].source, mode: "source", version: version, in: scratch)
  }

  func rawDestination(version: Int) throws -> RawPeer {
    try RawPeer(
      tunneld, token: tunneld.tunnels[0].destination, mode: "destination", version: version,
      in: scratch)
  }

  /// The arguments that make a proxy read these settings.
  private func write(_ settings: [String: String], _ name: String) throws -> [String] {
    if settings.isEmpty { return [] }
    var proxy: [String: Any] = [:]
    for (key, value) in settings {
      let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts.count == 2 {
        var group = proxy[parts[0]] as? [String: Any] ?? [:]
        group[parts[1]] = value
        proxy[parts[0]] = group
      } else {
        proxy[key] = value
      }
    }
    let path = scratch.file("\(name).json")
    try JSONSerialization.data(withJSONObject: ["tunneling": ["proxy": proxy]]).write(
      to: URL(fileURLWithPath: path))
    return ["--settings-json", path]
  }
}

/// Runs `body` on a stage; when it throws, the end of every log comes with the report.
func withStage(
  _ services: [String] = ["SSH1"], tunneld arguments: [String] = [], _ body: (Stage) throws -> Void
) throws {
  let stage = try Stage(services, arguments)
  do {
    try body(stage)
  } catch {
    let logs = stage.processes.map(\.tail).joined(separator: "\n")
    throw Failure("\(error)\n\(logs)")
  }
}

extension LocalProxy {
  /// A client's connection to the port of a service.
  func connect(to service: String = "SSH1") throws -> Socket {
    guard let port = ports[service] else { throw Failure("no service \(service)") }
    return try Socket(connectingTo: port)
  }

  /// Fails unless a small exchange works.
  func check(_ service: String = "SSH1") throws {
    try Exchange(seed: 78, upload: 1000, download: 1000).runAsClient(
      over: connect(to: service), within: 20)
  }
}

extension ChildProcess {
  /// Its log so far, line by line.
  var logLines: [String] { text(of: .error).split(separator: "\n").map(String.init) }

  /// How many lines contain every one of `parts`.
  func count(linesWith parts: String...) -> Int {
    logLines.filter { line in parts.allSatisfy(line.contains) }.count
  }
}

extension Socket {
  func receiveText(_ byteCount: Int) throws -> String {
    String(decoding: try receive(exactly: byteCount), as: UTF8.self)
  }

  /// Its end has been reached: no byte before it.
  var isAtEnd: Bool { get throws { try receiveToEnd() == 0 } }
}
