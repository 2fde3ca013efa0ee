import Foundation
import Testing

extension EndToEnd {
  /// The commands and files of the reference's first README, as they stand there: only `foobar` becomes a
  /// tunnel's token, and what follows a command is where the regions are on this machine.
  @Suite("Examples of the reference's README")
  struct SeedExamples {
    private let scratch: ScratchDirectory
    private let tunneld: Tunneld
    private let local: [String]

    init() throws {
      scratch = try ScratchDirectory()
      tunneld = try Tunneld(.dynamic, services: [], in: scratch)
      let port = tunneld.port
      let regions = ["us-east-1", "us-west-2"].map { "\"\($0)\": \"localhost:\(port)\"" }
      let settings = scratch.file("regions.json")
      try """
      {"tunneling": {"proxy": {"region_endpoint_overrides": {\(regions.joined(separator: ","))}}}}
      """.write(toFile: settings, atomically: false, encoding: .utf8)
      local = ["-c", tunneld.authorities, "--settings-json", settings]
    }

    private func run(_ command: String, token: String, name: String) throws -> ChildProcess {
      let arguments = command.replacingOccurrences(of: "foobar", with: token).split(separator: " ")
        .dropFirst().map { $0 == "config.ini" ? scratch.file("config.ini") : String($0) }
      return try ChildProcess(
        Linkage.dynamic.program("localproxy"), arguments + local, name: name, in: scratch)
    }

    /// A destination with a server that answers exchanges, behind the source that is tested.
    private func startDestination(_ server: Server) throws -> ChildProcess {
      let destination = try run(
        "localproxy -r us-east-1 -d localhost:\(server.port) -t foobar",
        token: tunneld.tunnels[0].destination, name: "destination")
      try destination.waitForLine(containing: "ready: the tunnel goes to localhost:\(server.port)")
      return destination
    }

    private func check(_ port: UInt16, isIPv6: Bool = false) throws {
      try Exchange(seed: 5, upload: 5000, download: 5000).runAsClient(
        over: Socket(connectingTo: port, isIPv6: isIPv6), within: 20)
    }

    // The README names ports. Where another program has one of them, its example cannot be run as it stands.

    @Test(
      "localproxy -r us-east-1 -s 3389 -t <source_client_access_token>",
      .enabled(if: Server.isFree(3389), "port 3389 is taken on this machine"))
    func source() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let destination = try startDestination(server)
      let source = try run(
        "./localproxy -r us-east-1 -s 3389 -t foobar", token: tunneld.tunnels[0].source,
        name: "source")
      try source.waitForLine(containing: "on port 3389 of 127.0.0.1")
      try check(3389)
      withExtendedLifetime(destination) {}
    }

    @Test(
      "localproxy -r us-east-1 -d localhost:3389 -t <destination_client_access_token>",
      .enabled(if: Server.isFree(3389), "port 3389 is taken on this machine"))
    func destination() throws {
      let server = try Server(port: 3389, handler: Exchange.serve)
      defer { server.stop() }
      let destination = try startDestination(server)
      let source = try LocalProxy.source(
        .dynamic, tunneld, token: tunneld.tunnels[0].source, services: [""], in: scratch)
      try check(source.ports[""] ?? 0)
      withExtendedLifetime(destination) {}
    }

    @Test(
      "localproxy --config config.ini, with region, token and port",
      .enabled(if: Server.isFree(5000), "port 5000 is taken on this machine"))
    func config() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let destination = try startDestination(server)
      try """
      region = us-east-1
      access-token = \(tunneld.tunnels[0].source)
      source-listen-port = 5000
      """.write(toFile: scratch.file("config.ini"), atomically: false, encoding: .utf8)
      let source = try run("./localproxy --config config.ini", token: "", name: "source")
      try source.waitForLine(containing: "on port 5000 of 127.0.0.1")
      try check(5000)
      withExtendedLifetime(destination) {}
    }

    @Test(
      "localproxy --config config.ini -t foobar, with capath, region, address and port",
      .enabled(
        if: Server.hasIPv6 && Server.isFree(6000, isIPv6: true),
        "there is no IPv6, or its port 6000 is taken, on this machine"))
    func composedConfig() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let destination = try startDestination(server)
      // The command line's -c comes before this capath, which need not be there.
      try """
      capath = /opt/rootca
      region = us-west-2
      local-bind-address = ::1
      source-listen-port = 6000
      """.write(toFile: scratch.file("config.ini"), atomically: false, encoding: .utf8)
      let source = try run(
        "./localproxy --config config.ini -t foobar", token: tunneld.tunnels[0].source,
        name: "source")
      try source.waitForLine(containing: "on port 6000 of ::1")
      try check(6000, isIPv6: true)
      withExtendedLifetime(destination) {}
    }

    @Test("localproxy --export-settings-json lpsettings.json, then --settings-json lpsettings.json")
    func settings() throws {
      let program = try Linkage.dynamic.program("localproxy")
      let path = scratch.file("lpsettings.json")
      let export = try ChildProcess(
        program, ["--export-settings-json", path], name: "export", in: scratch)
      #expect(try export.waitForExit(within: 10) == .status(0))
      let edited = try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(
        of: "\"cn-north-1\":", with: "\"us-east-1\": \"localhost:\(tunneld.port)\", \"cn-north-1\":"
      )
      try edited.write(toFile: path, atomically: false, encoding: .utf8)
      let destination = try ChildProcess(
        program,
        [
          "-r", "us-east-1", "-t", tunneld.tunnels[0].destination, "-d", "localhost:22",
          "--settings-json", path, "-c", tunneld.authorities,
        ], name: "destination", in: scratch)
      try destination.waitForLine(containing: "ready: the tunnel goes to localhost:22")
    }
  }
}
