import Foundation
import Testing

extension EndToEnd {
  @Suite("Certificates")
  struct Certificates {
    /// A certificate that is its own authority, and its directory as `-c` takes it.
    private struct Identity {
      let directory: String
      var certificate: String { "\(directory)/certificate.pem" }
      var key: String { "\(directory)/key.pem" }

      /// - Parameter dates: the end and the beginning of its validity, as openssl-ca(1) has them.
      init(
        _ name: String, for host: String, from: String = "20200101000000Z",
        to: String = "20990101000000Z", in scratch: ScratchDirectory
      ) throws {
        directory = scratch.file(name)
        let script = """
          mkdir '\(directory)' && cd '\(directory)' && touch index && echo 01 >serial &&
          printf '%s\\n' '[ca]' default_ca=one '[one]' new_certs_dir=. database=index serial=serial \
            default_md=sha256 policy=any x509_extensions=own '[any]' commonName=supplied '[own]' \
            basicConstraints=CA:true 'subjectAltName=DNS:\(host)' '[req]' distinguished_name=any >c &&
          openssl req -config c -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
            -subj '/CN=\(name)' -keyout key.pem -out request.pem &&
          openssl ca -config c -batch -selfsign -keyfile key.pem -in request.pem \
            -startdate \(from) -enddate \(to) -notext -out certificate.pem &&
          ln -s certificate.pem "$(openssl x509 -hash -noout -in certificate.pem).0"
          """
        let process = try ChildProcess("sh", ["-c", script], name: "openssl-\(name)", in: scratch)
        guard try process.waitForExit(within: 20) == .status(0) else { throw Failure(process.tail) }
      }
    }

    private static func tunneld(_ identity: Identity, in scratch: ScratchDirectory) throws
      -> Tunneld
    {
      try Tunneld(
        .dynamic, services: ["SSH1"], tunnelCount: 2,
        arguments: ["--cert", identity.certificate, "--key", identity.key], in: scratch)
    }

    /// A source of one of its tunnels.
    private static func source(
      _ tunneld: Tunneld, tunnel: Int = 0, linkage: Linkage = .dynamic, arguments: [String] = [],
      environment: [String: String] = [:], in scratch: ScratchDirectory
    ) throws -> ChildProcess {
      try LocalProxy.start(
        linkage, endpoint: tunneld.port, token: tunneld.tunnels[tunnel].source,
        name: "source\(tunnel)", arguments: ["-s", "SSH1=0"] + arguments,
        environment: environment, in: scratch)
    }

    @Test(
      "SSL_CERT_FILE and SSL_CERT_DIR say whom to trust, without -c",
      arguments: ["SSL_CERT_FILE", "SSL_CERT_DIR"], Linkage.allCases)
    func honoursVariables(variable: String, linkage: Linkage) throws {
      let scratch = try ScratchDirectory()
      let identity = try Identity("service", for: "localhost", in: scratch)
      let value = variable == "SSL_CERT_FILE" ? identity.certificate : identity.directory
      let tunneld = try Self.tunneld(identity, in: scratch)
      defer { withExtendedLifetime(tunneld) {} }
      let source = try Self.source(
        tunneld, linkage: linkage, environment: [variable: value], in: scratch)
      try source.waitForLine(containing: LocalProxy.listening)
    }

    @Test(
      "A variable that names what cannot be read is warned about once",
      arguments: [
        ("SSL_CERT_FILE", "/none", "SSL_CERT_FILE /none cannot be used: No such file or directory"),
        ("SSL_CERT_FILE", "/dev/null", "SSL_CERT_FILE /dev/null cannot be used: "),
        ("SSL_CERT_DIR", "/none", "SSL_CERT_DIR /none cannot be read: No such file or directory"),
        ("SSL_CERT_DIR", "/dev/null", "SSL_CERT_DIR /dev/null cannot be read: Not a directory"),
        (
          "SSL_CERT_DIR", "/proc/self:/x",
          "SSL_CERT_DIR /proc/self has no certificate named by hash"
        ),
        ("SSL_CERT_DIR", "/proc/self:/x", "SSL_CERT_DIR /x cannot be read: No such file"),
      ])
    func warnsOfVariable(variable: String, value: String, warning: String) throws {
      let scratch = try ScratchDirectory()
      let port = try Server.unusedPort()
      let source = try LocalProxy.start(
        .dynamic, endpoint: port, token: "a-token", name: "source", arguments: ["-s", "SSH1=0"],
        environment: [variable: value], in: scratch)
      try source.waitForLine(containing: "Could not connect to proxy server")
      #expect(source.count(linesWith: "[warning]", warning) == 1, "\(source.tail)")
    }

    @Test(
      "SSL_CERT_FILE takes the place of the platform's file alone, SSL_CERT_DIR of its directory")
    func replacesSeparately() throws {
      let scratch = try ScratchDirectory()
      let identity = try Identity("service", for: "localhost", in: scratch)
      let (file, directory) = (identity.certificate, identity.directory)
      let cases: [([String: String], has: [String], hasNot: [String])] = [
        (["SSL_CERT_FILE": file], [file], ["ca-certificates.crt", "cert.pem,"]),
        (["SSL_CERT_DIR": directory], [directory], ["/etc/ssl/certs", file]),
        (
          ["SSL_CERT_FILE": file, "SSL_CERT_DIR": directory], ["\(file), \(directory)"],
          ["/etc", "/usr"]
        ),
      ]
      for (index, (environment, has, hasNot)) in cases.enumerated() {
        let source = try LocalProxy.start(
          .dynamic, endpoint: Server.unusedPort(), token: "a-token", name: "source\(index)",
          arguments: ["-s", "SSH1=0", "-v5"], environment: environment, in: scratch)
        let line = try source.waitForLine(containing: "CA certificates: ")
        for path in has { #expect(line.contains(path)) }
        for path in hasNot { #expect(!line.contains(path), "\(line)") }
        // The platform's own, where it has one.
        let ownFile = "/usr/lib/ssl/cert.pem"
        if FileManager.default.fileExists(atPath: ownFile) {
          #expect(line.contains(ownFile) == (environment.count == 1 && index == 1))
        }
      }
    }

    @Test("-c adds to what the variables say")
    func addsDirectory() throws {
      let scratch = try ScratchDirectory()
      let identity = try Identity("service", for: "localhost", in: scratch)
      let other = try Identity("other", for: "localhost", in: scratch)
      let tunneld = try Self.tunneld(identity, in: scratch)
      defer { withExtendedLifetime(tunneld) {} }
      for (tunnel, (file, directory)) in [(other, identity), (identity, other)].enumerated() {
        let source = try Self.source(
          tunneld, tunnel: tunnel, arguments: ["-c", directory.directory],
          environment: ["SSL_CERT_FILE": file.certificate], in: scratch)
        try source.waitForLine(containing: LocalProxy.listening)
      }
    }

    @Test(
      "A refused certificate is named with its issuer, and the message says what to do",
      arguments: [
        ("elsewhere.example", "20990101000000Z", true, "hostname mismatch", "must be one that"),
        (
          "localhost", "20210101000000Z", true, "certificate has expired",
          "check this machine's clock, which says 2"
        ),
        ("localhost", "20990101000000Z", false, "self-signed certificate", "--capath (-c)"),
      ])
    func explainsRefusal(
      host: String, end: String, isTrusted: Bool, reason: String, remedy: String
    ) throws {
      let scratch = try ScratchDirectory()
      let identity = try Identity("service", for: host, to: end, in: scratch)
      let tunneld = try Self.tunneld(identity, in: scratch)
      defer { withExtendedLifetime(tunneld) {} }
      let source = try Self.source(
        tunneld, arguments: isTrusted ? ["-c", identity.directory] : [], in: scratch)
      let line = try source.waitForLine(
        containing: "[error]", reason, "subject /CN=service, issuer /CN=service", remedy)
      #expect(line.contains("; trying again"))
      #expect(source.isRunning && !source.text(of: .error).contains(LocalProxy.listening))
    }

    @Test("-k accepts even an expired certificate of another name, with a loud warning")
    func warnsUnverified() throws {
      let scratch = try ScratchDirectory()
      let identity = try Identity(
        "service", for: "elsewhere.example", to: "20210101000000Z", in: scratch)
      let tunneld = try Self.tunneld(identity, in: scratch)
      defer { withExtendedLifetime(tunneld) {} }
      let source = try Self.source(tunneld, arguments: ["-k"], in: scratch)
      try source.waitForLine(containing: "[warning]", "certificate is NOT verified")
      try source.waitForLine(containing: LocalProxy.listening)
    }
  }
}
