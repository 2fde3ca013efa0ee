import Foundation
import Testing

extension EndToEnd {
  @Suite("Configuration")
  struct Configuration {
    private func start(
      _ arguments: [String], name: String = "proxy", in scratch: ScratchDirectory,
      environment: [String: String] = [:], input: Int32? = nil
    ) throws -> ChildProcess {
      try ChildProcess(
        Linkage.dynamic.program("localproxy"), arguments, name: name, in: scratch,
        environment: environment, input: input)
    }

    private func write(_ text: String, _ name: String, in scratch: ScratchDirectory) throws
      -> String
    {
      let path = scratch.file(name)
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      return path
    }

    @Test("The command line comes before --config, and both before the environment")
    func precedence() throws {
      let scratch = try ScratchDirectory()
      let ports = try (0..<3).map { _ in try Server.unusedPort() }
      let regions = ports.indices.map { "\"region-\($0)\": \"localhost:\(ports[$0])\"" }
      let settings = try write(
        """
        {"tunneling": {"proxy": {"region_endpoint_overrides": {\(regions.joined(separator: ","))}}}}
        """, "settings", in: scratch)
      let file = try write("region = region-1\nverbose = 5", "config", in: scratch)
      let environment = [
        "AWSIOT_TUNNEL_REGION": "region-0", "AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token",
      ]
      let common = ["--settings-json", settings, "-s", "0"]
      let layers = [["-v5"], ["--config", file], ["--config", file, "-r", "region-2"]]
      for (layer, arguments) in layers.enumerated() {
        let proxy = try start(
          common + arguments, name: "proxy\(layer)", in: scratch, environment: environment)
        try proxy.waitForLine(containing: "endpoint wss://localhost:\(ports[layer])")
        for (other, port) in ports.enumerated() where other != layer {
          #expect(!proxy.text(of: .error).contains("localhost:\(port)"))
        }
      }
    }

    /// Ways to give a token; `@` stands for it.
    private static let tokenOptions = [
      ["-t", "@"], ["-t@"], ["--access-token=@"], ["--access-token", "@"], ["--acc", "@"],
      ["-kt", "@"],
    ]

    @Test("A token on the command line is gone from ps, and warned about", arguments: tokenOptions)
    func hidesTokens(option: [String]) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: [], in: scratch)
      let token = tunneld.tunnels[0].source
      let clientToken = "client-token-0123456789-0123456789-0123456789"
      let proxy = try start(
        ["-e", "localhost:\(tunneld.port)", "-c", tunneld.authorities, "-s", "0", "-v6"]
          + ["-i", clientToken] + option.map { $0.replacingOccurrences(of: "@", with: token) },
        in: scratch)
      try proxy.waitForLine(containing: "Listening for new connection on port ")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(proxy.processID)/cmdline"))
      let line = String(decoding: bytes, as: UTF8.self)
      for secret in [token, clientToken] {
        #expect(!line.contains(secret.prefix(8)) && !line.contains(secret.suffix(8)))
        #expect(!proxy.text(of: .error).contains(secret.prefix(8)))
      }
      #expect(line.contains("********") && line.contains("-s\u{0}0\u{0}"))
      try proxy.waitForLine(containing: "[warning]", "AWSIOT_TUNNEL_ACCESS_TOKEN")
    }

    @Test(
      "No usage error repeats a token",
      arguments: [
        ["-t", "s3cret", "--nonsense"], ["--nonsense", "-ts3cret"], ["-t", "s3 cret", "-s", "0"],
        ["-i", "s3cret", "-s", "0"], ["--acess-token=s3cret"], ["-Xts3cret"],
      ])
    func keepsTokens(arguments: [String]) throws {
      let scratch = try ScratchDirectory()
      let proxy = try start(arguments + ["-e", "localhost:9"], in: scratch)
      #expect(try proxy.waitForExit(within: 10) == .status(2))
      #expect(!proxy.text(of: .error).contains("s3"), "\(proxy.text(of: .error))")
    }

    @Test("A token comes out of a file, or out of standard input's first line")
    func readsTokenFile() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: [], in: scratch)
      let common = ["-e", "localhost:\(tunneld.port)", "-c", tunneld.authorities, "-v3"]
      let tokens = tunneld.tunnels[0]
      let file = try write("\(tokens.source)\r\n", "token", in: scratch)
      // A wrong token in the environment, which the file comes before.
      let source = try start(
        common + ["-s", "0", "-v4", "--access-token-file", file], name: "source", in: scratch,
        environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": "wrong"])
      try source.waitForLine(containing: "Listening for new connection on port ")

      var pipe: [Int32] = [0, 0]
      #expect(Glibc.pipe(&pipe) == 0)
      closeOnExec(pipe[1])
      // The writing end stays open: nobody waits for its end.
      defer { close(pipe[1]) }
      let line = Array("\(tokens.destination)\n".utf8)
      #expect(Glibc.write(pipe[1], line, line.count) == line.count)
      let destination = try start(
        common + ["-d", "22", "-v4", "--access-token-file", "-"], name: "destination", in: scratch,
        input: pipe[0])
      try destination.waitForLine(containing: "ready: ")
      for proxy in [source, destination] { #expect(!proxy.text(of: .error).contains("[warning]")) }
    }

    @Test("What is exported is what is in force, and reads back without a warning")
    func exportsSettings() throws {
      let scratch = try ScratchDirectory()
      var texts: [String] = []
      for option in ["--export-default-settings", "--export-settings-json"] {
        let path = scratch.file("lpsettings\(option).json")
        let export = try start([option, path], name: option, in: scratch)
        #expect(try export.waitForExit(within: 10) == .status(0))
        #expect((export.text(of: .error) + export.text(of: .output)).isEmpty)
        texts.append(try String(contentsOfFile: path, encoding: .utf8))
      }
      #expect(texts[0] == texts[1] && texts[0].contains("\"ping_period_ms\": \"20000\""))
      let path = try write(texts[0], "settings", in: scratch)
      let port = try Server.unusedPort()
      let proxy = try start(
        ["--settings-json", path, "-e", "localhost:\(port)", "-s", "0"], in: scratch,
        environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"])
      try proxy.waitForLine(containing: "Could not connect to proxy server: localhost:\(port)")
      #expect(!proxy.text(of: .error).contains("[warning]"))
    }

    @Test("What is odd is warned about, and no more than that")
    func warns() throws {
      let scratch = try ScratchDirectory()
      let settings = try write(
        "{\"tunneling\": {\"proxy\": {\"websocket\": {\"ping\": 1}}}}", "settings", in: scratch)
      let folder = scratch.file("mappings")
      try FileManager.default.createDirectory(
        atPath: folder + "/deeper", withIntermediateDirectories: true)
      _ = try write("SSH1=22\nnonsense", "mappings/deeper/broken.ini", in: scratch)
      let config = try write("access-token = a-token", "config", in: scratch)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: config)
      let port = try Server.unusedPort()
      let proxy = try start(
        [
          "-e", "localhost:\(port)", "-s", "SSH1=0,,", "--settings-json", settings,
          "--config-dir", folder, "--config", config, "-y", "V4",
        ], in: scratch)
      try proxy.waitForLine(containing: "Could not connect to proxy server: localhost:\(port)")
      for parts in [
        ["no setting tunneling.proxy.websocket.ping"], ["\(folder)/deeper/broken.ini, line 2: "],
        ["\(config) has an access token", "chmod 600"],
        ["--destination-client-type 'V4'", "V1, V2, V3"],
      ] {
        let lines = proxy.text(of: .error).split(separator: "\n")
        #expect(
          lines.contains { line in
            line.contains("[warning]") && parts.allSatisfy(line.contains)
          }, "\(parts): \(proxy.tail)")
      }
    }

    @Test("./config is looked into without --config-dir, and nobody minds when it is missing")
    func readsDefaultDirectory() throws {
      let scratch = try ScratchDirectory()
      try FileManager.default.createDirectory(
        atPath: scratch.file("config"), withIntermediateDirectories: true)
      _ = try write("nonsense", "config/broken.ini", in: scratch)
      let program = try Linkage.dynamic.program("localproxy")
      let port = try Server.unusedPort()
      for (folder, isWarned) in [(scratch.path, true), ("/", false)] {
        let proxy = try ChildProcess(
          "sh", ["-c", "cd \(folder) && exec \(program) -e localhost:\(port) -m src"],
          name: "proxy\(isWarned)", in: scratch,
          environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"])
        try proxy.waitForLine(containing: "Could not connect to proxy server: localhost:\(port)")
        #expect(proxy.text(of: .error).contains("./config/broken.ini, line 1: ") == isWarned)
      }
    }

    @Test(
      "Nothing above its level is logged, and all above 6 is trace",
      arguments: [0, 1, 2, 3, 4, 5, 6, 99])
    func levels(level: Int) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: [], in: scratch)
      let proxy = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: "a-wrong-token", name: "proxy",
        arguments: ["-k", "-s", "0", "-v", "\(level)"], in: scratch)
      #expect(try proxy.waitForExit(within: 20) == .status(3))
      let names = ["fatal", "error", "warning", "info", "debug", "trace"]
      let text = proxy.text(of: .error)
      for (index, name) in names.enumerated() where index >= level {
        #expect(!text.contains("[\(name)]"), "\(text)")
      }
      // What a refused token is bound to say.
      for (index, name) in [(0, "fatal"), (2, "warning"), (4, "debug")] where index < level {
        #expect(text.contains("[\(name)]"), "\(text)")
      }
      #expect(text.isEmpty == (level == 0))
    }

    @Test("--mode src alone listens on a free port for each service, and says which")
    func listensOnFreePorts() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: ["SSH1": "127.0.0.1:\(server.port)", "HTTP1": "127.0.0.1:\(server.port)"],
        in: scratch)
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-m", "source"], in: scratch)
      for service in ["SSH1", "HTTP1"] {
        let line = try source.waitForLine(
          containing: "Listening for new connection on port ", "for service \(service)")
        let port = try parsePort(in: line, after: " on port ")
        try Exchange(seed: 8, upload: 1000, download: 1000).runAsClient(
          over: Socket(connectingTo: port), within: 20)
      }
      #expect(destination.process.isRunning)
    }
  }
}
