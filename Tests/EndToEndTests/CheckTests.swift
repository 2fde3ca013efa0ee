import Foundation
import Testing

extension EndToEnd {
  /// `--check`: all that a run would find out before it connects.
  @Suite("Check")
  struct Check {
    private func run(
      _ arguments: [String], in scratch: ScratchDirectory, environment: [String: String] = [:]
    ) throws -> (exit: ChildProcess.Exit, output: String, error: String) {
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), ["--check"] + arguments, name: "check", in: scratch,
        environment: environment.merging(["AWSIOT_TUNNEL_ACCESS_TOKEN": "s3cret-token"]) { $1 })
      let exit = try process.waitForExit(within: 30)
      return (exit, process.text(of: .output), process.text(of: .error))
    }

    private func write(_ text: String, _ name: String, in scratch: ScratchDirectory) throws {
      try FileManager.default.createDirectory(
        atPath: scratch.file("dir"), withIntermediateDirectories: true)
      try text.write(toFile: scratch.file(name), atomically: false, encoding: .utf8)
    }

    @Test("It says what a source would do, in lines that line up, and shows no token")
    func source() throws {
      let scratch = try ScratchDirectory()
      let outcome = try run(
        [
          "-r", "eu-central-1", "-s", "SSH=5555", "-s", "WEB=[::1]:0,API=/run/api.sock", "-k",
          "-y", "v2", "-i", String(repeating: "d", count: 36),
        ],
        in: scratch, environment: ["https_proxy": "http://user:pass@127.0.0.1:3128"])
      #expect(outcome.exit == .status(0) && outcome.error.isEmpty)
      #expect(
        outcome.output == """
          role            source
          endpoint        data.tunneling.iot.eu-central-1.amazonaws.com:443
          by way of       the web proxy http://127.0.0.1:3128 (https_proxy)
          access token    AWSIOT_TUNNEL_ACCESS_TOKEN
          client token    --client-token
          destination     V2
          mapping         SSH from localhost:5555
          mapping         WEB from [::1]:0
          mapping         API from /run/api.sock
          log level       4 (info), as text
          trust           any certificate (--no-ssl-host-verify)
          addresses       localhost: 127.0.0.1 ::1

          """)
    }

    @Test("It reads the files of --config-dir, the settings and the token's file of a destination")
    func destination() throws {
      let scratch = try ScratchDirectory()
      try write("WEB=localhost:80\n", "dir/web", in: scratch)
      try write(
        """
        {"tunneling": {"proxy": {"tcp": {"connect_timeout_ms": 100}, "region_endpoint_overrides": {"lab": "h:1"}}}}
        """, "settings", in: scratch)
      try write("s3cret-token\n", "token", in: scratch)
      let path = scratch.path
      let outcome = try run(
        [
          "-e", "127.0.0.1:8443", "-d", "SSH=127.0.0.1:22", "--config-dir", "\(path)/dir", "-v6",
          "--settings-json", "\(path)/settings", "--access-token-file", "\(path)/token", "-b",
          "127.0.0.1", "-i", "", "-k",
        ], in: scratch)
      #expect(outcome.exit == .status(0) && outcome.error.isEmpty)
      let regions = ["cn-north-1", "cn-northwest-1"].map {
        "\($0)=data.tunneling.iot.\($0).amazonaws.com.cn "
      }.joined()
      #expect(
        outcome.output == """
          role            destination
          endpoint        127.0.0.1:8443
          access token    --access-token-file '\(path)/token'
          client token    none; the access token is spent by the first connection
          mapping         SSH to 127.0.0.1:22
          mapping         WEB to localhost:80
          connects from   127.0.0.1
          setting         region_endpoint_overrides is \(regions)lab=h:1
          setting         tcp.connect_timeout_ms is 100, not 5000
          log level       6 (trace), as text
          trust           any certificate (--no-ssl-host-verify)
          warning         \(path)/token has an access token in it, and every user can read it: chmod 600
          addresses       localhost: 127.0.0.1 ::1

          """)
    }

    @Test(
      "It says that the client token is derived where the machine has an id",
      .enabled(if: Machine.hasID))
    func clientToken() throws {
      let outcome = try run(["-e", "127.0.0.1", "-m", "src", "-k"], in: try ScratchDirectory())
      #expect(outcome.exit == .status(0))
      #expect(
        outcome.output.contains("\nclient token    made of access token, machine and user\n"))
    }

    @Test("A Unix socket of a file's mapping needs a directory to be in, as one of -s does")
    func missesDirectory() throws {
      let scratch = try ScratchDirectory()
      try write("SSH=/nope/a/b\n", "dir/ssh", in: scratch)
      let outcome = try run(
        ["-e", "127.0.0.1", "-m", "src", "--config-dir", scratch.file("dir"), "-k"], in: scratch)
      #expect(outcome.exit == .status(2))
      #expect(
        outcome.error
          == "localproxy: cannot listen on /nope/a/b: there is no directory '/nope/a'; make it\n")
    }

    @Test("A service that is taken for a host is said to be, and how one is named")
    func namesService() throws {
      let scratch = try ScratchDirectory()
      try write(
        "{\"tunneling\": {\"proxy\": {\"websocket\": {\"handshake_timeout_ms\": 2000}}}}",
        "dir/settings", in: scratch)
      let outcome = try run(
        [
          "-e", "127.0.0.1", "-s", "SSH:5555", "-k", "--settings-json",
          scratch.file("dir/settings"),
        ],
        in: scratch)
      #expect(outcome.exit == .status(2))
      #expect(
        outcome.error.hasPrefix("localproxy: a mapping's host 'SSH' cannot be looked up: ")
          && outcome.error.hasSuffix("; SSH is taken for a host; a service is named SSH=5555\n"),
        "\(outcome.error)")
    }

    @Test("It connects to nothing, and listens nowhere")
    func isSilent() throws {
      let scratch = try ScratchDirectory()
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      // A port that is taken is none of its business.
      let outcome = try run(
        ["-e", "127.0.0.1:\(server.port)", "-s", "\(server.port)"], in: scratch)
      #expect(outcome.exit == .status(0), "\(outcome.error)")
      #expect(server.openCount == 0 && server.failures.isEmpty)
      #expect(outcome.output.contains("\ntrust           /"))
    }

    @Test("All that is wrong is said, a line each, and the status is 2")
    func findsAll() throws {
      let scratch = try ScratchDirectory()
      let outcome = try run(
        ["-e", "x:70000", "-s", "ssh", "-c", "/nope", "-v", "loud", "-i", "short"], in: scratch)
      #expect(outcome.exit == .status(2) && outcome.output.isEmpty)
      #expect(
        outcome.error == """
          localproxy: --client-token is not a client token: 32 to 128 letters, digits and hyphens, or nothing. Try 'localproxy --help'.
          localproxy: --proxy-endpoint 'x:70000' is not HOST[:PORT]: '70000' is not a port (0 to 65535). Try 'localproxy --help'.
          localproxy: --source-listen-port 'ssh': 'ssh' is not a port; give PORT, HOST:PORT or SERVICE=PORT[,…]. Try 'localproxy --help'.
          localproxy: --capath '/nope' cannot be used: No such file or directory; correct the path. Try 'localproxy --help'.
          localproxy: --verbose 'loud' is not a level: 0 (off) to 6 (trace), and up to 255 the same. Try 'localproxy --help'.

          """)
    }

    @Test("Where no_proxy exempts the service, nobody is told to set https_proxy")
    func exempts() throws {
      let scratch = try ScratchDirectory()
      try write(
        "{\"tunneling\": {\"proxy\": {\"websocket\": {\"handshake_timeout_ms\": 2000}}}}",
        "settings", in: scratch)
      let outcome = try run(
        ["-e", "service.invalid", "-m", "src", "-k", "--settings-json", scratch.file("settings")],
        in: scratch, environment: ["https_proxy": "http://127.0.0.1:9", "no_proxy": "*"])
      #expect(outcome.exit == .status(2))
      #expect(
        outcome.error.hasSuffix(
          "this machine's DNS; no_proxy, or its being on loopback, keeps it from https_proxy\n"),
        "\(outcome.error)")
    }

    @Test("Each name that is not found is a line, within the time of a step")
    func looksUp() throws {
      let scratch = try ScratchDirectory()
      try write(
        "{\"tunneling\": {\"proxy\": {\"websocket\": {\"handshake_timeout_ms\": 2000}}}}",
        "settings", in: scratch)
      let outcome = try run(
        [
          "-e", "service.invalid", "-d", "SSH=server.invalid:22,WEB=server.invalid:80", "-k", "-b",
          "bind.invalid", "--settings-json", scratch.file("settings"), "--status",
          "status.invalid:1",
        ], in: scratch)
      #expect(outcome.exit == .status(2))
      let lines = outcome.error.split(separator: "\n").sorted()
      #expect(lines.count == 4, "\(outcome.error)")
      for (line, (start, end)) in zip(
        lines,
        [
          ("a mapping's host 'server.invalid'", "; it is HOST:PORT, or SERVICE=HOST:PORT"),
          (
            "the host to bind to 'bind.invalid'",
            "; it must be a name or an address of this machine"
          ),
          (
            "the service's host 'service.invalid'",
            "; check --region or --proxy-endpoint, and this machine's DNS; behind a web proxy set https_proxy"
          ),
          ("the status' host 'status.invalid'", "; choose another place with --status"),
        ])
      {
        #expect(line.hasPrefix("localproxy: \(start) cannot be looked up: "), "\(line)")
        #expect(line.hasSuffix(end), "\(line)")
      }
    }
  }
}
