import Foundation
import Testing

extension EndToEnd {
  /// SIGHUP, which says that a terminal was closed, or whatever a supervisor means by it.
  @Suite("Terminal")
  struct Terminal {
    /// A source whose standard input and standard error are a terminal of the test's, `master` its other end.
    private func start(_ command: [String], _ stage: Stage, master: inout Int32) throws
      -> ChildProcess
    {
      var terminal: Int32 = -1
      guard openpty(&master, &terminal, nil, nil, nil) == 0 else { throw Failure.system("openpty") }
      for descriptor in [master, terminal] { closeOnExec(descriptor) }
      defer { close(terminal) }
      let arguments =
        try command.dropFirst() + [Linkage.dynamic.program("localproxy")] + [
          "-e", "localhost:\(stage.tunneld.port)", "-c", stage.tunneld.authorities, "-s", "0",
        ]
      let process = try ChildProcess(
        command[0], Array(arguments), name: "source", in: stage.scratch,
        environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": stage.tunneld.tunnels[0].source],
        input: dup(terminal), error: terminal)
      try stage.tunneld.process.waitForLine(containing: "the source is connected")
      return process
    }

    @Test("Closing the terminal ends the program that logs to it")
    func closed() throws {
      try withStage([], tunneld: ["-v", "4"]) { stage in
        var master: Int32 = -1
        // The terminal is that of its session, so the kernel tells it.
        let process = try start(["setsid", "--ctty"], stage, master: &master)
        close(master)
        #expect(try process.waitForExit(within: 20) == .status(0))
      }
    }

    @Test("SIGHUP ends a program at a terminal, unless it was started not to mind (nohup)")
    func hangUp() throws {
      for (command, ends) in [
        (["env"], true), (["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""], false),
      ] {
        try withStage([], tunneld: ["-v", "4"]) { stage in
          var master: Int32 = -1
          let process = try start(command, stage, master: &master)
          defer { close(master) }
          process.send(SIGHUP)
          if ends {
            #expect(try process.waitForExit(within: 20) == .status(0))
          } else {
            usleep(300_000)
            #expect(process.isRunning)
            process.send(SIGTERM)
            #expect(try process.waitForExit(within: 20) == .status(0))
          }
        }
      }
    }

    @Test("SIGHUP elsewhere reads the configuration again, and ends nothing")
    func withoutTerminal() throws {
      try withStage([]) { stage in
        let source = try stage.source()
        source.process.send(SIGHUP)
        try source.process.waitForLine(containing: "[info] SIGHUP: read again")
        source.process.send(SIGTERM)
        #expect(try source.process.waitForExit(within: 20) == .status(0))
      }
    }
  }
}
