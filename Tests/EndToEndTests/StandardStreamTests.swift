import Foundation
import Testing

extension EndToEnd {
  /// A source whose one client is its standard input and output.
  @Suite("Standard input and output")
  struct StandardStreams {
    private let scratch: ScratchDirectory
    private let tunneld: Tunneld

    init() throws {
      scratch = try ScratchDirectory()
      tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
    }

    private func destination(_ port: UInt16) throws -> LocalProxy {
      try .destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: ["SSH1": "127.0.0.1:\(port)", "HTTP1": "127.0.0.1:\(port)"], in: scratch)
    }

    private func command(_ linkage: Linkage, _ mapping: String = "SSH1=-") throws -> [String] {
      [
        try linkage.program("localproxy"), "-e", "localhost:\(tunneld.port)", "-c",
        tunneld.authorities, "-s", mapping,
      ]
    }

    private var environment: [String: String] {
      ["AWSIOT_TUNNEL_ACCESS_TOKEN": tunneld.tunnels[0].source]
    }

    /// A shell's line, in which `"$@"` is localproxy.
    private func run(_ script: String, _ linkage: Linkage = .dynamic) throws -> ChildProcess {
      try ChildProcess(
        "bash",
        ["-c", "set -o pipefail; cd '\(scratch.path)'; \(script)", "bash"] + command(linkage),
        name: "source", in: scratch, environment: environment)
    }

    /// localproxy with one end of a socket as both, and the other end.
    private func start(_ linkage: Linkage = .dynamic) throws -> (
      process: ChildProcess, client: Socket
    ) {
      var ends: [Int32] = [-1, -1]
      guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
        throw Failure.system("socketpair")
      }
      for end in ends { closeOnExec(end) }
      let all = try command(linkage)
      let process = try ChildProcess(
        all[0], Array(all.dropFirst()), name: "source", in: scratch, environment: environment,
        input: ends[0], output: dup(ends[0]))
      return (process, Socket(adopting: ends[1]))
    }

    @Test(
      "An exchange over a socket, and the program ends well and silently",
      arguments: Linkage.allCases)
    func socket(linkage: Linkage) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let destination = try destination(server.port)
      let (process, client) = try start(linkage)
      try Exchange(seed: 20, upload: 3_000_000, download: 5_000_000).runAsClient(over: client)
      #expect(try process.waitForExit(within: 10) == .status(0))
      #expect(process.text(of: .error) == "")
      #expect(server.failures.isEmpty && server.acceptedCount == 1)
      withExtendedLifetime(destination) {}
    }

    @Test(
      "Pipes, files, and nothing at all",
      arguments: [
        "head -c 4000000 /dev/urandom > in; cat in | \"$@\" | cmp - in",
        "head -c 4000000 /dev/urandom > in; \"$@\" < in > out && cmp in out",
        "\"$@\" < /dev/null > /dev/null",
        "test \"$(echo hello | \"$@\")\" = hello",
      ])
    func shell(line: String) throws {
      let echo = try Server(handler: Self.echo)
      defer { echo.stop() }
      let destination = try destination(echo.port)
      let process = try run(line)
      #expect(try process.waitForExit(within: 60) == .status(0), "\(process.tail)")
      #expect(process.text(of: .error) == "")
      withExtendedLifetime(destination) {}
    }

    /// Sends back what comes, until its end.
    private static let echo: Server.Handler = { socket in
      var bytes = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = recv(socket.descriptor, &bytes, bytes.count, 0)
        if count <= 0 { return }
        try bytes[..<count].withUnsafeBytes(socket.send)
      }
    }

    @Test("Output that takes nothing is the reason of the end")
    func fullDevice() throws {
      let echo = try Server(handler: Self.echo)
      defer { echo.stop() }
      let destination = try destination(echo.port)
      let process = try run("echo hello | \"$@\" > /dev/full")
      #expect(try process.waitForExit(within: 30) == .status(8))
      #expect(
        process.text(of: .error).contains(
          "[fatal] No space left on device; the connection over standard input and output is cut"))
      withExtendedLifetime(destination) {}
    }

    @Test("A server that cannot be reached is a status of its own, and a reason")
    func refused() throws {
      let destination = try destination(Server.unusedPort())
      let (process, client) = try start()
      #expect(try process.waitForExit(within: 30) == .status(8))
      let text = process.text(of: .error)
      #expect(text.contains("[warning] service SSH1") && text.contains("before anything came back"))
      #expect(
        text.contains(
          "[fatal] the destination could not connect to its server; its own log says why; "
            + "the connection over standard input and output is cut"))
      withExtendedLifetime((destination, client)) {}
    }

    /// A connection that has carried a byte each way.
    private func withConnection(_ body: (ChildProcess) throws -> Void) throws {
      let echo = try Server(handler: Self.echo)
      defer { echo.stop() }
      let destination = try destination(echo.port)
      let (process, client) = try start()
      try client.send("x")
      #expect(try client.receive(exactly: 1) == Array("x".utf8))
      try body(process)
      withExtendedLifetime((destination, client)) {}
    }

    @Test(
      "A tunnel that is lost, or closed under the connection, is a cut, with the reason",
      arguments: [
        (SIGKILL, "the connection to the service was lost"),
        // tunneld closes the oldest tunnel.
        (SIGUSR1, "[fatal] tunnel closed; the connection over standard"),
      ])
    func cut(signal: Int32, reason: String) throws {
      try withConnection { process in
        tunneld.process.send(signal)
        let exit = try process.waitForExit(within: 30)
        #expect(exit == .status(8))
        #expect(process.text(of: .error).contains(reason))
      }
    }

    @Test("A server that cuts the connection after its answer is the other end's to tell of")
    func cutByServer() throws {
      let server = try Server { socket in
        try socket.send("x")
        _ = try socket.receiveText(1)
        socket.reset()
      }
      defer { server.stop() }
      let destination = try destination(server.port)
      let (process, client) = try start()
      _ = try client.receive(exactly: 1)
      try client.send("y")
      #expect(try process.waitForExit(within: 30) == .status(8))
      #expect(
        process.text(of: .error).contains(
          "[fatal] the destination has cut it, and its own log says why; the connection over"))
      withExtendedLifetime(destination) {}
    }

    @Test("Where standard input cannot be taken the program ends, with the reason")
    func withoutDescriptors() throws {
      let process = try run("mkfifo f; exec 3<>f; ulimit -n 8; \"$@\" <&3 3<&-")
      #expect(try process.waitForExit(within: 20) == .status(8), "\(process.tail)")
      #expect(
        process.text(of: .error).contains("standard input and output cannot be used: Too many"))
    }

    @Test("A client who goes before there is a tunnel takes the program with it")
    func deserted() throws {
      tunneld.process.send(SIGKILL)
      let process = try run("mkfifo f; exec 3<>f; \"$@\" <&3 | sleep 1")
      #expect(try process.waitForExit(within: 30) == .status(8), "\(process.tail)")
      #expect(process.text(of: .error).contains("[error]"), "it has tried")
    }

    @Test(
      "Each signal of the end is one, also without a terminal",
      arguments: [SIGTERM, SIGINT, SIGHUP])
    func signal(signal: Int32) throws {
      try withConnection { process in
        process.send(signal)
        let exit = try process.waitForExit(within: 20)
        #expect(exit == .status(0))
        // Who has ended it knows, and ssh writes to the same terminal.
        #expect(process.text(of: .error) == "")
      }
    }

    @Test("The check of the options says what would be done, and takes nothing")
    func check() throws {
      let process = try run("\"$@\" --check")
      #expect(try process.waitForExit(within: 20) == .status(0))
      #expect(process.text(of: .output).contains("SSH1 from standard input and output"))
    }
  }
}
