import Foundation
import Testing

/// An echo of one byte behind a short queue, which takes nobody until it is told to start.
private final class SlowUnixServer: @unchecked Sendable {
  private let listener: Int32

  init(_ path: String, backlog: Int32) throws {
    let address = SocketAddress(path: path)
    listener = try address.makeSocket()
    let outcome = address.withPointer { bind(listener, $0, $1) }
    guard outcome == 0, listen(listener, backlog) == 0 else {
      throw Failure.system("listening on \(path)")
    }
  }

  func start() {
    let listener = listener
    Thread {
      var sockets: [Socket] = []
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 { break }
        let socket = Socket(adopting: descriptor)
        guard let byte = try? socket.receiveText(1) else { continue }
        try? socket.send(byte)
        sockets.append(socket)
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}

extension EndToEnd {
  @Suite("Unix sockets")
  struct UnixSockets {
    /// Settings without retries, so that what cannot be had is said at once.
    static func withoutRetries(in scratch: ScratchDirectory) throws -> [String] {
      let path = scratch.file("settings.json")
      let settings = #"{"tunneling":{"proxy":{"tcp":{"connection_retry_count":0}}}}"#
      try Data(settings.utf8).write(to: URL(fileURLWithPath: path))
      return ["--settings-json", path]
    }

    @Test(
      "100 MB go from Unix socket to Unix socket, both ways, with the same SHA-256",
      arguments: Linkage.allCases)
    func carriesFiles(linkage: Linkage) throws {
      let scratch = try ScratchDirectory()
      let (far, near) = (scratch.file("far.sock"), scratch.file("near.sock"))
      let file = try RandomFile("data", byteCount: 100_000_000, in: scratch)
      let server = try Server(path: far) { socket in
        let sending = Background { try file.send(over: socket) }
        try file.checkArrival(over: socket, name: "upload")
        try sending.wait()
      }
      defer { server.stop() }
      let tunneld = try Tunneld(linkage, services: ["SSH1"], in: scratch)
      let destination = try LocalProxy.destination(
        linkage, tunneld, token: tunneld.tunnels[0].destination, servers: ["SSH1": far],
        in: scratch)
      defer { withExtendedLifetime((tunneld, destination)) {} }
      let source = try LocalProxy.start(
        linkage, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=\(near)"], in: scratch)
      try source.waitForLine(
        containing: "[info] Listening for new connection on \(near) for service SSH1")
      let client = try Socket(connectingTo: near)
      let sending = Background { try file.send(over: client) }
      try file.checkArrival(over: client, name: "download")
      try sending.wait()
      #expect(try client.receiveToEnd() == 0)
      #expect(server.failures.isEmpty)
      source.send(SIGTERM)
      #expect(try source.waitForExit(within: 10) == .status(0))
      #expect(!FileManager.default.fileExists(atPath: near), "the file goes with its listener")
    }

    @Test("A client of a Unix socket that is gone is gone at the server as well")
    func passesOnClose() throws {
      let scratch = try ScratchDirectory()
      let (far, near) = (scratch.file("far.sock"), scratch.file("near.sock"))
      let server = try Server(path: far) { _ = try $0.receiveToEnd() }
      defer { server.stop() }
      let tunneld = try Tunneld(.dynamic, services: [], in: scratch)
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination, servers: ["": far], in: scratch)
      defer { withExtendedLifetime((tunneld, destination)) {} }
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", near], in: scratch)
      try source.waitForLine(containing: "Listening for new connection on \(near)")
      do {
        let client = try Socket(connectingTo: near)
        try client.send("x")
        try eventually(within: 10, "the server's connection") { server.openCount == 1 ? () : nil }
      }
      // Much sooner than the 30 s that a client may take that only ended its direction.
      try eventually(within: 10, "the end at the server") { server.openCount == 0 ? () : nil }
    }

    @Test("A server whose queue of clients is full is waited for")
    func waitsForBusyServer() throws {
      let scratch = try ScratchDirectory()
      let far = scratch.file("far.sock")
      let server = try SlowUnixServer(far, backlog: 1)
      let setup = Tunnel.Setup(["SSH1": far], proxyArguments: try Self.withoutRetries(in: scratch))
      try withTunnel(setup) { tunnel in
        let clients = try (0..<24).map { _ in try tunnel.connect() }
        for client in clients { try client.send("x") }
        // Some wait in the socket's queue, the others for it.
        usleep(300_000)
        server.start()
        for client in clients { #expect(try client.receiveText(1) == "x") }
        #expect(tunnel.destination.process.count(linesWith: "could not connect") == 0)
      }
    }

    @Test("A socket file that a killed process left is replaced")
    func replacesStale() throws {
      let scratch = try ScratchDirectory()
      let near = scratch.file("near.sock")
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], tunnelCount: 2, in: scratch)
      for tunnel in 0..<2 {
        let source = try LocalProxy.start(
          .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[tunnel].source,
          name: "source\(tunnel)",
          arguments: ["-c", tunneld.authorities, "-s", "SSH1=\(near)"], in: scratch)
        try source.waitForLine(containing: "Listening for new connection on \(near)")
        source.send(SIGKILL)
        #expect(try source.waitForExit(within: 10) == .signal(SIGKILL))
        #expect(FileManager.default.fileExists(atPath: near))
      }
    }

    @Test("A path with a listener ends the program with status 5 when no retry is left, untouched")
    func refusesOthers() throws {
      let scratch = try ScratchDirectory()
      let near = scratch.file("near.sock")
      let occupant = try Server(path: near) { try $0.send("mine") }
      defer { occupant.stop() }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=\(near)"]
          + Self.withoutRetries(in: scratch), in: scratch)
      #expect(try source.waitForExit(within: 10) == .status(5))
      #expect(
        source.text(of: .error).contains(
          "[fatal] cannot listen on \(near) for service SSH1: Address already in use; choose another place"
        ))
      #expect(try Socket(connectingTo: near).receiveText() == "mine")
    }

    @Test("What is in the way of a file's mapping is known when the tunnel is, and tried again")
    func namesObstacle() throws {
      let scratch = try ScratchDirectory()
      let (folder, near, away) = (
        scratch.file("services"), scratch.file("near.sock"), scratch.file("away")
      )
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try "SSH1=\(near)\nHTTP1=\(away)/s\n".write(
        toFile: folder + "/a", atomically: false, encoding: .utf8)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: near))
      let tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-m", "src", "--config-dir", folder], in: scratch)
      try source.waitForLine(
        containing:
          "[error] cannot listen on \(near) for service SSH1: File exists; remove what is there; "
          + "trying again in 2500 ms")
      try source.waitForLine(
        containing:
          "[error] cannot listen on \(away)/s for service HTTP1: No such file or directory; "
          + "make its directory; trying again in 2500 ms")
      #expect(FileManager.default.contents(atPath: near) == Data("mine".utf8))
      try FileManager.default.removeItem(atPath: near)
      try FileManager.default.createDirectory(atPath: away, withIntermediateDirectories: true)
      try source.waitForLine(containing: "Listening for new connection on \(near)")
      try source.waitForLine(containing: "Listening for new connection on \(away)/s")
    }

    @Test("A server's socket that is not there resets the connection and names the path")
    func namesMissingServer() throws {
      let scratch = try ScratchDirectory()
      let far = scratch.file("far.sock")
      let setup = Tunnel.Setup(
        ["SSH1": far], proxyArguments: try Self.withoutRetries(in: scratch))
      try withTunnel(setup) { tunnel in
        let client = try tunnel.connect()
        #expect(client.isClosedByPeer(within: 10))
        try tunnel.destination.process.waitForLine(
          containing: "[error]", "could not connect to \(far): No such file or directory")
      }
    }
  }
}
