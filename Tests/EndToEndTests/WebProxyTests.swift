import Foundation
import Testing

extension EndToEnd {
  @Suite("Web proxy")
  struct WebProxy {
    private static let password = "s3cret%2Epass"
    private static let passwordDecoded = "s3cret.pass"

    /// A source with a web proxy in its environment, at the most talkative level, and not waited for.
    private static func start(
      _ tunneld: Tunneld, _ environment: [String: String], arguments: [String] = [],
      in scratch: ScratchDirectory
    ) throws -> ChildProcess {
      try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "proxied",
        arguments: ["-c", tunneld.authorities, "-v", "6", "-s", "SSH1=0"] + arguments,
        environment: environment, in: scratch)
    }

    /// Fails unless the source, and a destination without a web proxy, carry data.
    private static func check(
      _ source: ChildProcess, _ tunneld: Tunneld, in scratch: ScratchDirectory
    ) throws {
      let line = try source.waitForLine(containing: "[info] \(LocalProxy.listening)", "SSH1")
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let destination = try LocalProxy.destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: ["SSH1": "127.0.0.1:\(server.port)"], in: scratch)
      let port = try parsePort(in: line, after: LocalProxy.listening)
      try Exchange(seed: 3, upload: 2_000_000, download: 2_000_000).runAsClient(
        over: Socket(connectingTo: port))
      #expect(server.failures.isEmpty && destination.process.isRunning)
      Self.expectNoPassword(source)
    }

    private static func expectNoPassword(_ process: ChildProcess) {
      let log = process.text(of: .error) + process.text(of: .output)
      #expect(!log.isEmpty)
      #expect(!log.contains(password) && !log.contains(passwordDecoded))
      let header = Data("user:\(passwordDecoded)".utf8).base64EncodedString()
      #expect(!log.contains(header))
    }

    private static let variables = [
      ["https_proxy"], ["HTTPS_PROXY"], ["https_proxy", "HTTPS_PROXY"],
    ]

    @Test(
      "A tunnel goes through a web proxy, the lower-case variable's first", arguments: variables)
    func plain(variables: [String]) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(in: scratch)
      var environment = ["HTTPS_PROXY": "http://localhost:\(try Server.unusedPort())"]
      environment[variables[0]] = "http://localhost:\(proxy.port)/"
      let source = try Self.start(tunneld, environment, in: scratch)
      try Self.check(source, tunneld, in: scratch)
      #expect(proxy.connectCount(to: tunneld.port) == 1)
    }

    @Test("User name and password are sent, percent-decoded")
    func authorized() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(credentials: "user \(Self.passwordDecoded)", in: scratch)
      let source = try Self.start(
        tunneld, ["https_proxy": "http://user:\(Self.password)@127.0.0.1:\(proxy.port)"],
        in: scratch)
      try Self.check(source, tunneld, in: scratch)
      #expect(proxy.connectCount(to: tunneld.port) == 1)
    }

    @Test("A destination goes through a web proxy, too")
    func destination() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(in: scratch)
      let destination = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].destination,
        name: "destination", arguments: ["-c", tunneld.authorities, "-d", "SSH1=22"],
        environment: ["HTTPS_PROXY": "localhost:\(proxy.port)"], in: scratch)
      try destination.waitForLine(containing: "ready: service SSH1")
      #expect(proxy.connectCount(to: tunneld.port) == 1)
    }

    @Test("A web proxy can be reached by TLS, over which the tunnel's own TLS goes")
    func encrypted() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(credentials: "user \(Self.passwordDecoded)", in: scratch)
      // tunneld's own certificate will do: it is for localhost, and its authority is trusted.
      let front = try TLSFront(
        to: proxy.port, certificate: scratch.file("tunneld/server.pem"),
        key: scratch.file("tunneld/server.key"), in: scratch)
      let source = try Self.start(
        tunneld, ["https_proxy": "https://user:\(Self.password)@localhost:\(front.port)"],
        in: scratch)
      try Self.check(source, tunneld, in: scratch)
      #expect(proxy.connectCount(to: tunneld.port) == 1)
    }

    @Test("A web proxy with an unknown authority's certificate gets no password")
    func mistrusted() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let other = try ScratchDirectory()
      let stranger = try Tunneld(.dynamic, services: [], in: other)
      let proxy = try WebProxyServer(credentials: "user \(Self.passwordDecoded)", in: scratch)
      let front = try TLSFront(
        to: proxy.port, certificate: other.file("tunneld/server.pem"),
        key: other.file("tunneld/server.key"), in: scratch)
      let source = try Self.start(
        tunneld, ["https_proxy": "https://user:\(Self.password)@localhost:\(front.port)"],
        in: scratch)
      try source.waitForLine(
        containing: "[error]",
        "with the web proxy https://localhost:\(front.port) (https_proxy) failed: "
          + "its certificate was not accepted: ", "trying again")
      #expect(source.isRunning && stranger.process.isRunning)
      #expect(proxy.connectCount(to: tunneld.port) == 0)
      Self.expectNoPassword(source)
    }

    @Test("no_proxy exempts the service", arguments: ["no_proxy", "NO_PROXY"])
    func exempted(variable: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(in: scratch)
      let source = try Self.start(
        tunneld,
        [
          "https_proxy": "http://localhost:\(proxy.port)",
          variable: "10.0.0.0/8, .example.com,localhost",
        ], in: scratch)
      try Self.check(source, tunneld, in: scratch)
      #expect(proxy.connectCount(to: tunneld.port) == 0)
    }

    @Test(
      "An endpoint on loopback is reached without a web proxy elsewhere",
      arguments: ["http://192.0.2.1:3128", "socks5h://user:\(password)@proxy.invalid"])
    func onLoopback(value: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let source = try Self.start(tunneld, ["https_proxy": value], in: scratch)
      try Self.check(source, tunneld, in: scratch)
    }

    @Test(
      "A wrong or missing password is said to be so, with the variable's name, and is tried again",
      arguments: ["user:\(password)-wrong@", "user@", ""])
    func unauthorized(credentials: String) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try WebProxyServer(credentials: "user another-password", in: scratch)
      let source = try Self.start(
        tunneld, ["HTTPS_PROXY": "http://\(credentials)localhost:\(proxy.port)"], in: scratch)
      // tinyproxy says 407 to nothing at all, and 401 to a wrong password.
      try source.waitForLine(
        containing: "[error]", "(HTTPS_PROXY)", credentials.isEmpty ? "407" : "401",
        credentials.isEmpty ? "it wants a user name and a password" : "is wrong", "trying again")
      try eventually(within: 20, "a second attempt") {
        source.text(of: .error).components(separatedBy: "trying again").count > 2
      }
      #expect(source.isRunning)
      Self.expectNoPassword(source)
    }

    @Test("A web proxy that nobody runs is named, and tried again")
    func unreachable() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let port = try Server.unusedPort()
      let source = try Self.start(
        tunneld, ["https_proxy": "http://user:\(Self.password)@127.0.0.1:\(port)"], in: scratch)
      try source.waitForLine(
        containing: "[info]", "the web proxy http://127.0.0.1:\(port) (https_proxy)")
      try source.waitForLine(
        containing: "[error]", "127.0.0.1:\(port)", "Connection refused", "trying again")
      #expect(source.isRunning)
      Self.expectNoPassword(source)
    }

    struct Misdeed: CustomTestStringConvertible, Sendable {
      let testDescription: String
      let words: String
      /// What it does with a connection after the request.
      let act: @Sendable (Socket) throws -> Void
    }

    private static let misdeeds = [
      Misdeed(testDescription: "407", words: "the user name or the password is wrong") {
        try $0.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
      },
      Misdeed(testDescription: "403", words: "does not allow connections to localhost:") {
        try $0.send("HTTP/1.1 403 Filtered\r\nConnection: close\r\n\r\n<html>no</html>")
      },
      Misdeed(testDescription: "503", words: "answered 'HTTP/1.1 503 Down'") {
        try $0.send("HTTP/1.1 503 Down\r\n\r\n")
      },
      Misdeed(testDescription: "a redirection", words: "not be a proxy for HTTPS") {
        try $0.send("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n")
      },
      Misdeed(testDescription: "garbage", words: "is not HTTP") {
        try $0.send("\u{1}\u{2}\u{3}\r\n\r\n")
      },
      Misdeed(testDescription: "another protocol", words: "does not begin as one of HTTP/1.1") {
        try $0.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
      },
      Misdeed(testDescription: "an answer without end", words: "longer than 16384 bytes") {
        try $0.send("HTTP/1.1 200 OK\r\nX: ")
        while (try? $0.send(String(repeating: "x", count: 1_000))) != nil {}
      },
      Misdeed(testDescription: "bytes behind the answer", words: "has more behind its head") {
        try $0.send("HTTP/1.1 200 OK\r\n\r\nhello")
        _ = try? $0.receiveToEnd()
      },
      Misdeed(testDescription: "a close instead of an answer", words: "did not come") {
        $0.finishSending()
        _ = try? $0.receiveToEnd()
      },
      Misdeed(testDescription: "half an answer", words: "is cut short") {
        try $0.send("HTTP/1.1 200 O")
        $0.finishSending()
        _ = try? $0.receiveToEnd()
      },
      Misdeed(testDescription: "silence", words: "took longer than") { _ = try? $0.receiveToEnd() },
      Misdeed(testDescription: "a byte now and then", words: "took longer than") { socket in
        for byte in "HTTP/1.1 200 Connection established\r\n\r\n" {
          guard (try? socket.send(String(byte))) != nil else { return }
          sleep(1)
        }
      },
    ]

    @Test(
      "A web proxy that misbehaves is named with its fault, and tried again", arguments: misdeeds)
    func misbehaving(_ misdeed: Misdeed) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try Server { socket in
        if try ScriptedWebProxy.readHead(socket) != nil { try misdeed.act(socket) }
      }
      defer { proxy.stop() }
      let settings = scratch.file("settings.json")
      try #"{"tunneling": {"proxy": {"websocket": {"handshake_timeout_ms": 3000}}}}"#.write(
        toFile: settings, atomically: true, encoding: .utf8)
      let source = try Self.start(
        tunneld, ["https_proxy": "http://user:\(Self.password)@127.0.0.1:\(proxy.port)"],
        arguments: ["--settings-json", settings], in: scratch)
      try source.waitForLine(
        containing: "[error]", "web proxy http://127.0.0.1:\(proxy.port) (https_proxy)",
        misdeed.words, "trying again")
      #expect(source.isRunning)
      Self.expectNoPassword(source)
    }

    @Test("After a refusal the next attempt succeeds, though the answer comes in pieces")
    func recovers() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let attempts = Locked(0)
      let port = tunneld.port
      let proxy = try Server { socket in
        guard let head = try ScriptedWebProxy.readHead(socket) else { return }
        guard head.hasPrefix("CONNECT localhost:\(port) HTTP/1.1\r\nHost: localhost:\(port)\r\n")
        else { throw Failure(head) }
        attempts.set(attempts.get() + 1)
        if attempts.get() == 1 {
          try socket.send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
          return
        }
        for byte in Array("HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\n\r\n".utf8) {
          try [byte].withUnsafeBytes(socket.send)
          usleep(2_000)
        }
        try socket.relay(to: port)
      }
      defer { proxy.stop() }
      let source = try Self.start(
        tunneld, ["https_proxy": "127.0.0.1:\(proxy.port)"], in: scratch)
      try source.waitForLine(containing: "[error]", "407")
      try Self.check(source, tunneld, in: scratch)
      #expect(attempts.get() == 2 && proxy.failures.isEmpty)
    }

    @Test(
      "A value that is none ends the program with status 2 and names the variable, not the password",
      arguments: [
        "http://user:\(password)@", "socks5://user:\(password)@localhost:1080",
        "http://user:\(password)@localhost:port",
      ])
    func malformed(value: String) throws {
      let scratch = try ScratchDirectory()
      let source = try LocalProxy.start(
        .dynamic, endpoint: 443, token: "token", name: "malformed", arguments: ["-s", "5555"],
        host: "service.invalid", environment: ["HTTPS_PROXY": value], in: scratch)
      #expect(try source.waitForExit(within: 5) == .status(2))
      let text = source.text(of: .error)
      #expect(text.contains("HTTPS_PROXY") && text.contains("http://[USER:PASSWORD@]HOST[:PORT]"))
      #expect(text.split(separator: "\n").count == 1)
      Self.expectNoPassword(source)
    }
  }
}
