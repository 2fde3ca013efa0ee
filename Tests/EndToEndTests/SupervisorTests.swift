import Foundation
import Testing

extension EndToEnd {
  /// What a service manager is told, by a socket of the test's own.
  @Suite("Supervisor")
  struct Supervisor {
    private let scratch: ScratchDirectory
    private let tunneld: Tunneld
    private let server: Server

    init() throws {
      scratch = try ScratchDirectory()
      tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      server = try Server(handler: Exchange.serve)
    }

    private func start(
      _ side: Side, _ environment: [String: String], arguments: [String] = [],
      endpoint: UInt16? = nil, linkage: Linkage = .dynamic
    ) throws -> ChildProcess {
      let tokens = tunneld.tunnels[0]
      let mapping =
        side == .source ? ["-s", "SSH1=0"] : ["-d", "SSH1=127.0.0.1:\(server.port)"]
      return try LocalProxy.start(
        linkage, endpoint: endpoint ?? tunneld.port,
        token: side == .source ? tokens.source : tokens.destination, name: side.rawValue,
        arguments: ["-c", tunneld.authorities] + mapping + arguments, environment: environment,
        in: scratch)
    }

    @Test(
      "READY comes when a source listens or a destination is connected, STOPPING at SIGTERM",
      arguments: Side.allCases, Linkage.allCases)
    func tellsALife(side: Side, linkage: Linkage) throws {
      defer { server.stop() }
      let listener = try NotifyListener(scratch.file("notify"))
      let process = try start(side, ["NOTIFY_SOCKET": listener.name], linkage: linkage)
      let ready = try listener.wait(for: "READY=1")
      #expect(ready.hasPrefix("READY=1\nSTATUS=connected; connections: 0"))
      #expect(
        process.text(of: .error).contains(side == .source ? "Listening for" : "ready: service"))
      process.send(SIGTERM)
      let stopping = try listener.wait(for: "STOPPING=1")
      #expect(stopping.hasPrefix("STOPPING=1\nSTATUS=stopping"))
      #expect(try process.waitForExit(within: 20) == .status(0))
      let last = try listener.wait(for: "STATUS=stopped")
      #expect(!last.contains("READY") && listener.takeAll().isEmpty)
    }

    @Test("a service that cannot be reached is no READY, and the status says why")
    func waitsForTheService() throws {
      defer { server.stop() }
      let listener = try NotifyListener("@localproxy-test-\(getpid())")
      let process = try start(.destination, ["NOTIFY_SOCKET": listener.name], endpoint: 1)
      let status = try listener.wait(for: "STATUS=waiting to connect again")
      #expect(status.contains("last error: Could not connect to proxy server"))
      #expect(process.isRunning)
      process.send(SIGTERM)
      #expect(try process.waitForExit(within: 20) == .status(0))
      #expect(listener.takeAll().allSatisfy { !$0.contains("READY") })
    }

    @Test("the status counts connections, once a second at the most")
    func countsConnections() throws {
      defer { server.stop() }
      let listener = try NotifyListener(scratch.file("notify"))
      let destination = try start(.destination, [:])
      try destination.waitForLine(containing: "ready: service")
      let source = try start(.source, ["NOTIFY_SOCKET": listener.name])
      try listener.wait(for: "READY=1")
      let port = try parsePort(
        in: source.waitForLine(containing: LocalProxy.listening), after: LocalProxy.listening)
      let client = try Socket(connectingTo: port)
      try listener.wait(for: "STATUS=connected; connections: 1\n", within: 5)
      let start = Date()
      for seed in UInt32(0)..<200 {
        try Exchange(seed: seed, upload: 1, download: 1).runAsClient(
          over: Socket(connectingTo: port), within: 20)
      }
      let seconds = Date().timeIntervalSince(start)
      #expect(Double(listener.takeAll().count) <= seconds + 2)
      withExtendedLifetime(client) {}
    }

    @Test("the loop feeds the watchdog twice in its period; a process that stands still does not")
    func feedsTheWatchdog() throws {
      defer { server.stop() }
      let listener = try NotifyListener(scratch.file("notify"))
      let process = try start(
        .destination, ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "400000"])
      try listener.wait(for: "READY=1")
      try listener.wait(for: "WATCHDOG=1")
      let start = Date()
      for _ in 0..<10 { try listener.wait(for: "WATCHDOG=1") }
      let seconds = Date().timeIntervalSince(start)
      #expect(seconds > 1.7 && seconds < 4)
      process.send(SIGSTOP)
      usleep(200_000)
      _ = listener.takeAll()
      #expect(listener.next(within: 1.2) == nil)
      process.send(SIGCONT)
      try listener.wait(for: "WATCHDOG=1", within: 2)
    }

    @Test(
      "another process's watchdog is not fed, nor one without a period",
      arguments: [("100000", "1"), ("0", nil), ("x", nil), ("100000", "x")] as [(String, String?)])
    func leavesOthersAlone(period: String, processID: String?) throws {
      defer { server.stop() }
      let listener = try NotifyListener(scratch.file("notify"))
      let process = try start(
        .destination,
        ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": period, "WATCHDOG_PID": processID]
          .compactMapValues { $0 })
      try listener.wait(for: "READY=1")
      #expect(listener.next(within: 1) == nil)
      #expect(process.isRunning)
    }

    @Test("without NOTIFY_SOCKET there is no descriptor more, and no wake-up")
    func costsNothing() throws {
      defer { server.stop() }
      let listener = try NotifyListener(scratch.file("notify"))
      let plain = try start(.destination, ["WATCHDOG_USEC": "100000"])
      try plain.waitForLine(containing: "ready: service")
      let told = try start(.source, ["NOTIFY_SOCKET": listener.name])
      try listener.wait(for: "READY=1")
      let count = try plain.descriptorCount()
      // The source has its two listening sockets besides.
      #expect(try told.descriptorCount() == count + 3)
      let before = try Self.wakeUps(plain)
      usleep(2_000_000)
      #expect(try Self.wakeUps(plain) - before <= 2)
    }

    private static func wakeUps(_ process: ChildProcess) throws -> Int {
      let status = try String(
        contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
      guard let count = line?.split(separator: "\t").last.flatMap({ Int($0) }) else {
        throw Failure("no count of switches")
      }
      return count
    }

    @Test(
      "a socket that cannot be spoken to is one warning, and no failure",
      arguments: [
        ("vsock:2:1234", "Address family not supported by protocol"),
        ("/" + String(repeating: "x", count: 107), "File name too long"),
        ("/nonexistent/notify", "No such file or directory"),
      ])
    func goesOnWithoutIt(name: String, line: String) throws {
      defer { server.stop() }
      let process = try start(
        .destination, ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000"])
      try process.waitForLine(
        containing: "[warning] the service manager was not told (NOTIFY_SOCKET): \(line)")
      try process.waitForLine(containing: "ready: service")
      usleep(1_500_000)
      let warnings = process.text(of: .error).components(separatedBy: "service manager").count - 1
      #expect(warnings == 1)
      process.send(SIGTERM)
      #expect(try process.waitForExit(within: 20) == .status(0))
    }
  }
}
