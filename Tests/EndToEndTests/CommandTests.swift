import Foundation
import Testing

extension EndToEnd {
  /// A source that runs a command when its tunnel stands, and ends with it.
  @Suite("Commands")
  struct Commands {
    private let scratch: ScratchDirectory
    private let server: Server
    private let tunneld: Tunneld
    private let destination: LocalProxy

    init() throws {
      scratch = try ScratchDirectory()
      server = try Server(handler: Exchange.serve)
      tunneld = try Tunneld(.dynamic, services: ["SSH1", "HTTP1"], in: scratch)
      destination = try .destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: ["SSH1": "127.0.0.1:\(server.port)", "HTTP1": "127.0.0.1:\(server.port)"],
        in: scratch)
    }

    private func start(
      _ command: String..., mappings: String = "SSH1=0,HTTP1=0", linkage: Linkage = .dynamic
    ) throws -> ChildProcess {
      try LocalProxy.start(
        linkage, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", mappings, "--"] + command, in: scratch)
    }

    @Test(
      "A command finds the ports of its services, and its status is the program's",
      arguments: Linkage.allCases)
    func runs(linkage: Linkage) throws {
      let process = try start(
        "bash", "-c", "echo {port:SSH1} {port:HTTP1}; read; exit 7", linkage: linkage)
      #expect(try process.waitForExit(within: 20) == .status(7))
      let ports = process.text(of: .output).split { " \n".contains($0) }.compactMap { UInt16($0) }
      #expect(ports.count == 2 && Set(ports).count == 2)
      #expect(process.text(of: .error) == "")
    }

    @Test(
      "It has the program's environment, but for what a service manager has said to the program")
    func inheritsEnvironment() throws {
      let own = ["WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
      var environment = ["COMMAND_TESTS": "here"]
      for name in own { environment[name] = "1" }
      let process = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0,HTTP1=0", "--", "env"],
        environment: environment, in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(0))
      let names = process.text(of: .output).split(separator: "\n").map { $0.prefix { $0 != "=" } }
      #expect(names.contains("COMMAND_TESTS") && names.contains("PATH"))
      for name in own { #expect(!names.contains(name[...])) }
    }

    @Test("What it does goes through the tunnel")
    func uses() throws {
      let process = try start(
        "bash", "-c", "echo {port:SSH1} > '\(scratch.path)/port'; exec sleep 60")
      // The file is there before its line is.
      let port: UInt16 = try eventually(within: 20, "the command's port") {
        let text = try? String(contentsOfFile: scratch.file("port"), encoding: .utf8)
        return text.flatMap { $0.hasSuffix("\n") ? UInt16($0.dropLast()) : nil }
      }
      try Exchange(seed: 4, upload: 100_000, download: 100_000).runAsClient(
        over: Socket(connectingTo: port))
      process.send(SIGTERM)
      #expect(try process.waitForExit(within: 20) == .status(128 + SIGTERM))
    }

    @Test(
      "What ends it first is what the status tells",
      arguments: [
        (["bash", "-c", "kill -KILL $$"], 128 + SIGKILL, ""),
        (
          ["./nothing"], 127, "[fatal] cannot start './nothing': No such file or directory; correct"
        ),
        (
          ["echo", "{port}"], 6,
          "[fatal] the command's {port} is of no one service that listens on a port; these do: {port:SSH1} {port:HTTP1}"
        ),
        (["echo", "{port:VNC}"], 6, "[fatal] the command's {port:VNC} is of no one service"),
      ] as [([String], Int32, String)])
    func ends(command: [String], status: Int32, words: String) throws {
      let process = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tunneld.tunnels[0].source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0,HTTP1=0", "--"] + command,
        in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(status))
      #expect(words.isEmpty || process.text(of: .error).contains(words))
    }

    @Test("SIGINT is the command's alone, and signals before it are the proxy's")
    func interrupts() throws {
      let process = try start(
        "bash", "-c",
        "echo here; while sleep 0.05; do [ ! -e '\(scratch.path)/go' ] || exit 3; done"
      )
      try process.waitForLine(containing: "here", in: .output)
      process.send(SIGINT)
      usleep(200_000)
      #expect(process.isRunning)
      _ = FileManager.default.createFile(atPath: scratch.file("go"), contents: nil)
      #expect(try process.waitForExit(within: 20) == .status(3))
      tunneld.process.send(SIGKILL)
      let early = try start("echo")
      try early.waitForLine(containing: "[error]")
      early.send(SIGINT)
      #expect(try early.waitForExit(within: 20) == .status(128 + SIGINT))
      #expect(early.text(of: .output) == "")
    }

    @Test("A tunnel that ends leaves the command its time, and gives it the last word")
    func outlives() throws {
      let process = try start(
        "bash", "-c",
        "echo here; while sleep 0.05; do [ ! -e '\(scratch.path)/go' ] || exit 9; done"
      )
      try process.waitForLine(containing: "here", in: .output)
      // Closes the oldest tunnel.
      tunneld.process.send(SIGUSR1)
      try process.waitForLine(containing: "[warning] the tunnel has ended; the command")
      #expect(process.isRunning)
      _ = FileManager.default.createFile(atPath: scratch.file("go"), contents: nil)
      #expect(try process.waitForExit(within: 20) == .status(9))
    }
  }
}
