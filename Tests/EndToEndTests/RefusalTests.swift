import Foundation
import Testing

extension EndToEnd {
  @Suite("Refusals")
  struct Refusals {
    @Test("An unknown authority's certificate is refused before the token is sent")
    func unknownAuthority() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let token = tunneld.tunnels[0].source
      let mistrustful = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: token, name: "mistrustful",
        arguments: ["-s", "SSH1=0"], in: scratch)
      try mistrustful.waitForLine(containing: "[error]", "certificate")
      #expect(mistrustful.isRunning, "it goes on trying")
      #expect(!mistrustful.text(of: .error).contains(LocalProxy.listening))
      mistrustful.send(SIGTERM)
      #expect(try mistrustful.waitForExit(within: 5) == .status(0))
      // Had the token reached the service, it would be spent for another client token.
      _ = try LocalProxy.source(
        .dynamic, tunneld, token: token, services: ["SSH1"],
        arguments: ["-i", String(repeating: "d", count: 36)], in: scratch)
    }

    @Test(
      "What answers without TLS, or with too old a one, is said to do so",
      arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "what answers is not TLS"),
        ("SSH-2.0-OpenSSH_9.6\r\n", "what answers is not TLS"),
        ("\u{15}\u{3}\u{1}\0\u{2}\u{2}F", "has no TLS 1.2 or newer"),
        ("\u{15}\u{3}\u{3}\0\u{2}\u{2}(", "refuses TLS as it is offered"),
        ("\u{15}\u{3}\u{3}\0\u{2}\u{2}p", "refuses TLS as it is offered"),
      ])
    func noTLS(answer: String, words: String) throws {
      let scratch = try ScratchDirectory()
      let server = try Server { socket in
        _ = try socket.receive(exactly: 1)
        try socket.send(answer)
      }
      defer { server.stop() }
      let proxy = try LocalProxy.start(
        .dynamic, endpoint: server.port, token: "token-token", name: "astray",
        arguments: ["-k", "-s", "0"], in: scratch)
      try proxy.waitForLine(containing: "[error]", "TLS handshake", words)
    }

    @Test("A certificate for another name is refused, unless told not to verify")
    func wrongName() throws {
      let scratch = try ScratchDirectory()
      let directory = try Self.makeCertificate(for: "elsewhere.example", in: scratch)
      let tunneld = try Tunneld(
        .dynamic, services: ["SSH1"],
        arguments: ["--cert", "\(directory)/certificate.pem", "--key", "\(directory)/key.pem"],
        in: scratch)
      let token = tunneld.tunnels[0].source
      let strict = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: token, name: "strict",
        arguments: ["-c", directory, "-s", "SSH1=0"], in: scratch)
      try strict.waitForLine(containing: "[error]", "certificate")
      #expect(!strict.text(of: .error).contains(LocalProxy.listening))
      let lenient = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: token, name: "lenient",
        arguments: ["-k", "-s", "SSH1=0"], in: scratch)
      try lenient.waitForLine(containing: LocalProxy.listening)
    }

    @Test("A token the service does not know ends the program with status 3, without retry")
    func wrongToken() throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      for arguments in [["-s", "SSH1=0"], ["-d", "SSH1=22"]] {
        let proxy = try LocalProxy.start(
          .dynamic, endpoint: tunneld.port, token: "no-such-token-AAAAAAAAAAAAAAAAAAAA",
          name: "refused\(arguments[0])", arguments: ["-c", tunneld.authorities] + arguments,
          in: scratch)
        #expect(try proxy.waitForExit(within: 10) == .status(3))
        let mode = arguments[0] == "-s" ? "source" : "destination"
        #expect(
          proxy.count(
            linesWith: "[fatal] the access token is not valid for a \(mode) (Proxy server rejected",
            "HTTP/1.1 403 ", "is the \(mode)'s and of this region") == 1)
      }
    }

    @Test("A token already spent is refused with status 3, and its owner stays connected")
    func spentToken() throws {
      try withTunnel { tunnel, _ in
        let thief = try LocalProxy.start(
          .dynamic, endpoint: tunnel.tunneld.port, token: tunnel.tunneld.tunnels[0].source,
          name: "thief",
          arguments: [
            "-c", tunnel.tunneld.authorities, "-s", "SSH1=0", "-i",
            String(repeating: "d", count: 36),
          ], in: tunnel.scratch)
        #expect(try thief.waitForExit(within: 10) == .status(3))
        #expect(
          thief.count(
            linesWith: "[fatal] the access token has been used", "HTTP/1.1 400 ",
            "was used before, with another client token", "rotate") == 1)
        try tunnel.check()
      }
    }

    @Test(
      "A service the tunnel does not have ends the program with status 6 and is named",
      arguments: [["-s", "NONSUCH=0"], ["-d", "NONSUCH=22"]])
    func unknownService(arguments: [String]) throws {
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let tokens = tunneld.tunnels[0]
      let proxy = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port,
        token: arguments[0] == "-s" ? tokens.source : tokens.destination, name: "mismatched",
        arguments: ["-c", tunneld.authorities] + arguments, in: scratch)
      #expect(try proxy.waitForExit(within: 10) == .status(6))
      #expect(proxy.text(of: .error).contains("NONSUCH"))
    }

    @Test("What the other end lacks is said at the source", arguments: ["V1", "V2", "V3"])
    func otherEnd(version: String) throws {
      let unused = try Server.unusedPort()
      try withStage { stage in
        let source = try stage.source(["-y", version])
        do {
          let client = try source.connect()
          // The reset may have been faster.
          try? client.send("x")
          #expect(client.isClosedByPeer(within: 20))
        }
        try source.process.waitForLine(
          containing: "[warning] service SSH1: the peer reset the stream before anything came back",
          "the destination is not connected to the tunnel")
        _ = try stage.destination(["SSH1": unused], settings: ["tcp.connection_retry_count": "0"])
        let client = try source.connect()
        try? client.send("x")
        #expect(client.isClosedByPeer(within: 20))
        try source.process.waitForLine(
          containing: "[warning] service SSH1: ", "before anything came back",
          "could not connect to its server")
      }
    }

    @Test("A port in use ends the program with status 5 and is named")
    func portInUse() throws {
      let scratch = try ScratchDirectory()
      let occupant = try Server { _ in }
      defer { occupant.stop() }
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let proxy = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "second",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=\(occupant.port)"], in: scratch)
      // It is tried five times more, 2.5 s apart, unless the settings say otherwise.
      try proxy.waitForLine(
        containing: "[error] cannot listen on port \(occupant.port) of 127.0.0.1 for service SSH1",
        "Address already in use; trying again in 2500 ms")
      #expect(try proxy.waitForExit(within: 20) == .status(5))
      #expect(proxy.text(of: .error).contains("[fatal] cannot listen on port \(occupant.port) of"))
    }

    /// A self-signed certificate in a directory of the form `-c` takes.
    private static func makeCertificate(for name: String, in scratch: ScratchDirectory) throws
      -> String
    {
      let directory = scratch.file("certificates")
      let script = """
        mkdir '\(directory)' && cd '\(directory)' &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
          -subj '/CN=\(name)' -addext 'subjectAltName=DNS:\(name)' \
          -keyout key.pem -out certificate.pem &&
        ln -s certificate.pem "$(openssl x509 -hash -noout -in certificate.pem).0"
        """
      let process = try ChildProcess("sh", ["-c", script], name: "openssl", in: scratch)
      guard try process.waitForExit(within: 20) == .status(0) else { throw Failure(process.tail) }
      return directory
    }
  }
}
