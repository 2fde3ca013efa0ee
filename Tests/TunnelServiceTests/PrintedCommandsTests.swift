import Testing

@testable import Reactor
@testable import TunnelService

@Suite struct PrintedCommandsTests {
  private static let source = NewToken(access: "S", client: "s")
  private static let destination = NewToken(access: "D", client: "d")

  /// - Parameter free: the ports that nobody listens on; the kernel does not tell of 81.
  private static func commands(
    _ host: String = "127.0.0.1", port: UInt16 = 1, trust: [String] = [],
    hasWebProxy: Bool = false, free: [UInt16] = []
  ) throws -> PrintedCommands {
    PrintedCommands(
      listening: try #require(SocketAddress(numeric: host, port: port)), certificate: nil,
      trustDirectories: trust, hasWebProxy: hasWebProxy,
      isListenedOn: { $0 == 81 ? nil : !free.contains($0) })
  }

  @Test(arguments: [
    ("127.0.0.1", "localhost:8443"), ("0.0.0.0", "localhost:8443"), ("127.0.0.2", "127.0.0.2:8443"),
    ("192.0.2.7", "192.0.2.7:8443"), ("::1", "'[::1]:8443'"), ("::", "'[::1]:8443'"),
    ("2001:db8::7", "'[2001:db8::7]:8443'"), ("fe80::1%1", "'[fe80::1%1]:8443'"),
  ])
  func endpointIsThatListenedOn(_ host: String, _ expected: String) throws {
    var commands = try Self.commands(host, port: 8_443, trust: ["/state/ca"])
    #expect(commands.hint.isEmpty)
    #expect(
      commands.text(tunnel: 1, services: [], source: Self.source, destination: Self.destination)
        == """
        # tunnel 1
        AWSIOT_TUNNEL_ACCESS_TOKEN=D localproxy -e \(expected) -c /state/ca -i d -d localhost:22
        AWSIOT_TUNNEL_ACCESS_TOKEN=S localproxy -e \(expected) -c /state/ca -i s -s 5555

        """)
  }

  @Test(arguments: [
    ("127.0.0.1", ""), ("0.0.0.0", ""), ("::1", ""), ("::", ""),
    ("192.0.2.7", " no_proxy=192.0.2.7"), ("2001:db8::7", " no_proxy=2001:db8::7"),
  ])
  func aWebProxyIsGoneAround(_ host: String, _ variable: String) throws {
    var commands = try Self.commands(host, hasWebProxy: true)
    let lines = commands.text(
      tunnel: 1, services: [], source: Self.source, destination: Self.destination
    ).split(separator: "\n")
    #expect(lines[1].hasPrefix("AWSIOT_TUNNEL_ACCESS_TOKEN=D\(variable) localproxy -e "))
    #expect(lines[2].hasPrefix("AWSIOT_TUNNEL_ACCESS_TOKEN=S\(variable) localproxy -e "))
  }

  @Test func mappingsNameTheServicesAndNoPortTwice() throws {
    var commands = try Self.commands()
    let services = ["SSH1", "HTTP 1", "it's"]
    // The first one's new tokens come with the ports that it had.
    for (tunnel, port) in [(1, 5_555), (2, 5_558), (1, 5_555)] {
      #expect(
        commands.text(
          tunnel: tunnel, services: services, source: Self.source, destination: Self.destination)
            == """
            # tunnel \(tunnel): SSH1, HTTP 1, it's
            AWSIOT_TUNNEL_ACCESS_TOKEN=D localproxy -e localhost:1 -i d -d \
            'SSH1=localhost:22,HTTP 1=localhost:80,it'\\''s=localhost:81'
            AWSIOT_TUNNEL_ACCESS_TOKEN=S localproxy -e localhost:1 -i s -s \
            'SSH1=\(port),HTTP 1=\(port + 1),it'\\''s=\(port + 2)'

            """)
    }
  }

  @Test func anEndWithoutANewTokenHasNoCommand() throws {
    var commands = try Self.commands()
    #expect(
      commands.text(tunnel: 1, services: [], source: Self.source, destination: nil) == """
        # tunnel 1
        AWSIOT_TUNNEL_ACCESS_TOKEN=S localproxy -e localhost:1 -i s -s 5555

        """)
    #expect(
      commands.text(tunnel: 1, services: ["A"], source: nil, destination: Self.destination) == """
        # tunnel 1: A
        AWSIOT_TUNNEL_ACCESS_TOKEN=D localproxy -e localhost:1 -i d -d A=localhost:22

        """)
  }

  @Test func portsThatHaveRunOutAreFreeOnes() throws {
    var commands = try Self.commands()
    let last = Int(UInt16.max) - 5_554
    #expect(
      commands.text(tunnel: last, services: [], source: Self.source, destination: Self.destination)
        .hasSuffix(" -s 65535\n"))
    #expect(
      commands.text(
        tunnel: last + 1, services: [], source: Self.source, destination: Self.destination
      ).hasSuffix(" -s 0\n"))
  }

  @Test(arguments: [
    ([], [], ""), ([], [80], ""), ([], [22], "port 22"), (["A", "B"], [22], "port 22"),
    (["A", "B"], [22, 80], "ports 22, 80"), (["A", "B", "C"], [81], ""),
    (
      ["A", "B", "C", "D", "E", "F", "G"], [22, 80, 82, 83, 84, 85],
      "ports 22, 80, 82, 83 and 2 more"
    ),
  ])
  func serversThatAreNotThereAreNamed(services: [String], free: [UInt16], places: String) throws {
    #expect(
      try Self.commands(free: free).missingServers(services)
        == (places.isEmpty
          ? ""
          : "# nothing listens on \(places) here: start a server there, "
            + "or put the place of yours after -d\n"))
  }

  @Test func aServerOfThisMachineIsSeen() throws {
    let hall = try Hall()
    #expect(hall.address.isListenedOn == true)
    hall.service.stop()
    #expect(hall.address.isListenedOn != true)
    // Not where the machine has no such address.
    #expect(try #require(SocketAddress(numeric: "192.0.2.1", port: 9)).isListenedOn != true)
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
    var commands = try Self.commands()
    let text = commands.text(
      tunnel: 1, services: ["a\nrm"], source: Self.source, destination: Self.destination)
    #expect(text.hasPrefix("# tunnel 1: a?rm\nAWSIOT"))
  }
}
