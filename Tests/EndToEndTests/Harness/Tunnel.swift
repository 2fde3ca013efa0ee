import Foundation
import Testing

/// tunneld, a destination and a source joined by one tunnel, with a server behind each service.
final class Tunnel: Sendable {
  struct Setup {
    var linkage = Linkage.dynamic
    /// The address a destination is given for each service; a service without a name has the key "".
    var servers: [String: String]
    var tunneldArguments: [String] = []
    var proxyArguments: [String] = []

    init(_ servers: [String: String], proxyArguments: [String]) {
      self.servers = servers
      self.proxyArguments = proxyArguments
    }

    /// Each service served by a server of the test.
    init(_ servers: [String: Server]) {
      self.servers = servers.mapValues { "127.0.0.1:\($0.port)" }
    }
  }

  let scratch: ScratchDirectory
  let tunneld: Tunneld
  let destination: LocalProxy
  let source: LocalProxy

  init(_ setup: Setup) throws {
    let services = setup.servers.keys.sorted()
    scratch = try ScratchDirectory()
    tunneld = try Tunneld(
      setup.linkage, services: services.filter { !$0.isEmpty },
      arguments: setup.tunneldArguments, in: scratch)
    destination = try .destination(
      setup.linkage, tunneld, token: tunneld.tunnels[0].destination, servers: setup.servers,
      arguments: setup.proxyArguments, in: scratch)
    source = try .source(
      setup.linkage, tunneld, token: tunneld.tunnels[0].source, services: services,
      arguments: setup.proxyArguments, in: scratch)
  }

  var processes: [ChildProcess] { [tunneld.process, destination.process, source.process] }

  /// A client's connection to the source's port of a service.
  func connect(to service: String = "SSH1") throws -> Socket {
    guard let port = source.ports[service] else { throw Failure("no service \(service)") }
    return try Socket(connectingTo: port)
  }

  /// Fails unless a small exchange works.
  func check(_ service: String = "SSH1") throws {
    try Exchange(seed: 77, upload: 1000, download: 1000).runAsClient(
      over: connect(to: service), within: 20)
  }
}

/// Runs `body` on a tunnel; when it throws, the end of every log comes with the report.
func withTunnel(_ setup: Tunnel.Setup, _ body: (Tunnel) throws -> Void) throws {
  let tunnel = try Tunnel(setup)
  do {
    try body(tunnel)
  } catch {
    let logs = tunnel.processes.map(\.tail).joined(separator: "\n")
    throw Failure("\(error)\n\(logs)")
  }
}

/// A tunnel with one service, SSH1, whose server answers exchanges.
func withTunnel(_ body: (Tunnel, Server) throws -> Void) throws {
  let server = try Server(handler: Exchange.serve)
  defer { server.stop() }
  try withTunnel(Tunnel.Setup(["SSH1": server])) { try body($0, server) }
  #expect(server.failures.isEmpty)
}
