import Testing

@testable import Reactor
@testable import TunnelService

@Suite struct PrintedCommandsTests {
  @Test(arguments: [
    ("127.0.0.1", "localhost:8443"), ("0.0.0.0", "localhost:8443"), ("127.0.0.2", "127.0.0.2:8443"),
    ("192.0.2.7", "192.0.2.7:8443"), ("::1", "'[::1]:8443'"), ("::", "'[::1]:8443'"),
    ("2001:db8::7", "'[2001:db8::7]:8443'"), ("fe80::1%1", "'[fe80::1%1]:8443'"),
  ])
  func endpointIsThatListenedOn(_ host: String, _ expected: String) throws {
    let address = try #require(SocketAddress(numeric: host, port: 8_443))
    var commands = PrintedCommands(
      services: [], listening: address, certificate: nil, trustDirectories: ["/state/ca"])
    let tokens = TunnelService.TokenPair(source: "SOURCE", destination: "DESTINATION")
    #expect(commands.hint.isEmpty)
    #expect(
      commands.text(tunnel: 3, tokens) == """
        # tunnel 3
        AWSIOT_TUNNEL_ACCESS_TOKEN=DESTINATION localproxy -e \(expected) -c /state/ca -d localhost:22
        AWSIOT_TUNNEL_ACCESS_TOKEN=SOURCE localproxy -e \(expected) -c /state/ca -s 5555

        """)
  }

  @Test func mappingsNameTheServicesAndNoPortTwice() throws {
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    var commands = PrintedCommands(
      services: ["SSH1", "HTTP 1", "it's"], listening: address, certificate: nil,
      trustDirectories: [])
    let tokens = TunnelService.TokenPair(source: "S", destination: "D")
    for port in [5_555, 5_558] {
      #expect(
        commands.text(tunnel: 1, tokens) == """
          # tunnel 1: SSH1, HTTP 1, it's
          AWSIOT_TUNNEL_ACCESS_TOKEN=D localproxy -e localhost:1 -d \
          'SSH1=localhost:22,HTTP 1=localhost:80,it'\\''s=localhost:81'
          AWSIOT_TUNNEL_ACCESS_TOKEN=S localproxy -e localhost:1 -s \
          'SSH1=\(port),HTTP 1=\(port + 1),it'\\''s=\(port + 2)'

          """)
    }
  }

  @Test func portsThatHaveRunOutAreFreeOnes() throws {
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    var commands = PrintedCommands(
      services: [], listening: address, certificate: nil, trustDirectories: [])
    let tokens = TunnelService.TokenPair(source: "S", destination: "D")
    for _ in 5_555..<65_535 { _ = commands.text(tunnel: 1, tokens) }
    #expect(commands.text(tunnel: 1, tokens).hasSuffix(" -s 65535\n"))
    #expect(commands.text(tunnel: 1, tokens).hasSuffix(" -s 0\n"))
  }

  @Test(arguments: [
    ("/plain/Path-1_2.x", "/plain/Path-1_2.x"), ("", "''"), ("a b", "'a b'"), ("a'b", #"'a'\''b'"#),
    ("'", #"''\'''"#), ("~", "'~'"), ("$HOME", "'$HOME'"), ("[::1]", "'[::1]'"), ("é", "'é'"),
    ("a\nb", "'a\nb'"), ("*", "'*'"),
  ])
  func wordIsQuotedWhereAShellWouldChangeIt(_ text: String, _ quoted: String) {
    #expect(PrintedCommands.quoted(text) == quoted)
  }

  @Test func certificateFileBeyondTheLimitIsRefused() throws {
    let directory = TemporaryDirectory()
    let authority = try CertificateAuthority(state: directory.path)
    var bytes = try File.read(authority.serverCertificate, byteCountMax: PEM.byteCountMax).bytes
    bytes += [UInt8](repeating: 0x0a, count: PEM.byteCountMax - bytes.count)
    let path = "\(directory.path)/chain.pem"
    try File.write(path, bytes)
    #expect(try CertificateNames(path).include("localhost"))
    try File.write(path, bytes + [0x0a])
    let error = #expect(throws: TLSError.self) { try CertificateNames(path) }
    #expect(error?.reason == "\(path): File too large")
  }

  @Test func controlCharactersDoNotEndTheHeading() throws {
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 1))
    var commands = PrintedCommands(
      services: ["a\nrm"], listening: address, certificate: nil, trustDirectories: [])
    let text = commands.text(tunnel: 1, TunnelService.TokenPair(source: "S", destination: "D"))
    #expect(text.hasPrefix("# tunnel 1: a?rm\nAWSIOT"))
  }
}
