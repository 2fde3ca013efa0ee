import Foundation
import Testing

extension EndToEnd {
  /// What changes without a restart: by SIGHUP, and when the token's file has another token than the one that is refused.
  @Suite("Reload")
  struct Reload {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func write(_ text: String, to name: String) throws {
      try text.write(toFile: scratch.file(name), atomically: true, encoding: .utf8)
      chmod(scratch.file(name), 0o600)
    }

    @Test("A destination's addresses and the level change by SIGHUP, and its connections stay")
    func changesDestination() throws {
      let (old, new) = (try Server(handler: Exchange.serve), try Server(handler: Exchange.serve))
      defer {
        old.stop()
        new.stop()
      }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      func configure(_ port: UInt16, _ level: Int) throws {
        try write("destination-app = SSH1=127.0.0.1:\(port)\nverbose = \(level)\n", to: "ini")
      }
      try configure(old.port, 4)
      let destination = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].destination,
        name: "destination",
        arguments: ["-c", tunneld.authorities, "--config", scratch.file("ini")], in: scratch)
      try destination.waitForLine(containing: "ready: service SSH1")
      let source = try LocalProxy.source(
        .dynamic, tunneld, token: tunneld.tunnels[0].source, services: ["SSH1"], in: scratch)
      let port = try #require(source.ports["SSH1"])
      func exchange() throws {
        try Exchange(seed: 8, upload: 10_000, download: 10_000).runAsClient(
          over: Socket(connectingTo: port))
      }
      try exchange()
      let open = try Socket(connectingTo: port)
      try eventually(within: 10, "the open connection") { old.openCount == 1 }
      try configure(new.port, 5)
      destination.send(SIGHUP)
      try destination.waitForLine(containing: "[info] SIGHUP: read again")
      try exchange()
      #expect(old.acceptedCount == 2 && new.acceptedCount == 1)
      try destination.waitForLine(containing: "[debug]", "connecting to 127.0.0.1:\(new.port)")
      // The first server is still there for who had it.
      let last = Exchange(seed: 9, upload: 10_000, download: 10_000)
      try last.announce(over: open)
      try last.finishAsClient(over: open)

      // A mistake leaves everything as it was.
      try write("destination-app = SSH1=nonsense\nverbose = 0\n", to: "ini")
      destination.send(SIGHUP)
      try destination.waitForLine(
        containing: "[error] SIGHUP: nothing is changed", "destination-app", "nonsense")
      try exchange()
      // What cannot change while it runs is named, and nothing is taken of the rest either.
      for (text, what) in [
        ("source-listen-port = SSH1=0\nverbose = 0\n", "role"),
        (
          "destination-app = VNC=127.0.0.1:\(old.port)\nverbose = 0\n",
          "services, or of their order,"
        ),
        ("destination-app = SSH1=127.0.0.1:1\nno-ssl-host-verify = true\n", "trust"),
        ("destination-app = SSH1=127.0.0.1:1\nlog-format = json\n", "log format"),
      ] {
        try write(text, to: "ini")
        destination.send(SIGHUP)
        try destination.waitForLine(
          containing: "[error] SIGHUP: nothing is changed: a change of \(what) needs a restart")
      }
      try exchange()
      #expect(new.acceptedCount == 3)
    }

    @Test(
      "A source listens elsewhere after SIGHUP, and not where it did; what stays keeps its port")
    func changesSource() throws {
      let tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
      let (first, second) = (try Server.unusedPort(), try Server.unusedPort())
      try write("source-listen-port = SSH1=127.0.0.1:\(first),HTTP1=127.0.0.1:0\n", to: "ini")
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "--config", scratch.file("ini")], in: scratch)
      try source.waitForLine(containing: LocalProxy.listening + "\(first)")
      let line = try source.waitForLine(containing: "for service HTTP1")
      let kept = try parsePort(in: line, after: LocalProxy.listening)
      let waiting = try Socket(connectingTo: kept)
      try write("source-listen-port = SSH1=127.0.0.1:\(second),HTTP1=127.0.0.1:0\n", to: "ini")
      source.send(SIGHUP)
      try source.waitForLine(containing: LocalProxy.listening + "\(second)")
      _ = try Socket(connectingTo: second)
      #expect(throws: Failure.self) { try Socket(connectingTo: first) }
      _ = try Socket(connectingTo: kept)
      withExtendedLifetime(waiting) {}
    }

    @Test("A port that cannot be had at SIGHUP is tried again, and ends nothing")
    func survivesTakenPort() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let settings =
        #"{"tunneling": {"proxy": {"tcp": {"connection_retry_count": 1, "connection_retry_delay_ms": 200}}}}"#
      try write(settings, to: "json")
      let free = try Server.unusedPort()
      try write("source-listen-port = SSH1=127.0.0.1:\(free)\n", to: "ini")
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: [
          "-c", tunneld.authorities, "--config", scratch.file("ini"), "--settings-json",
          scratch.file("json"),
        ], in: scratch)
      try source.waitForLine(containing: LocalProxy.listening + "\(free)")
      try write("source-listen-port = SSH1=127.0.0.1:\(server.port)\n", to: "ini")
      source.send(SIGHUP)
      try source.waitForLine(
        containing: "[error] cannot listen on port \(server.port)", "trying again")
      usleep(1_000_000)
      #expect(source.isRunning)
      try write("source-listen-port = SSH1=127.0.0.1:\(free)\n", to: "ini")
      source.send(SIGHUP)
      try eventually(within: 20, "the old port") {
        source.text(of: .error).components(separatedBy: LocalProxy.listening + "\(free)").count == 3
      }
    }

    @Test("A refused token is followed by one look at its file, and then by the end")
    func renewsToken() throws {
      let asked = try AskedTunneld(["--fault", "drop-after=2"], in: scratch)
      try asked.ask("open\n")
      func token(_ count: Int) throws -> (token: String, line: String) {
        let line = try asked.command(" -s ", count: count)
        let word = line.split(separator: " ")[0]
        return (String(word.dropFirst("AWSIOT_TUNNEL_ACCESS_TOKEN=".count)), line)
      }
      let (first, line) = try token(1)
      let words = line.split(separator: " ").map(String.init)
      let authorities = try #require(words.firstIndex(of: "-c").map { words[$0 + 1] })
      let endpoint = try #require(words.firstIndex(of: "-e").map { words[$0 + 1] })
      try write(first + "\n", to: "token")
      let source = try ChildProcess(
        Linkage.dynamic.program("localproxy"),
        [
          "-e", endpoint, "-c", authorities, "--access-token-file", scratch.file("token"), "-s",
          "SSH1=0",
        ], name: "source", in: scratch)
      try source.waitForLine(containing: LocalProxy.listening)
      try asked.ask("rotate 1 source\n")
      try write(try token(2).token + "\n", to: "token")
      try source.waitForLine(
        containing: "[warning]", "there is another token since, which is tried now")
      try eventually(within: 20, "the connection with the new token\n\(source.tail)") {
        let lines = source.text(of: .error).components(separatedBy: "which is tried now")
        return lines.count == 2 && lines[1].contains("Successfully established")
      }
      #expect(!source.text(of: .error).contains(first))
      // The file has no other one: that is the end, as without a file.
      try asked.ask("rotate 1 source\n")
      #expect(try source.waitForExit(within: 30) == .status(3), "\(source.tail)")
    }
  }
}
