import Foundation
import Testing

extension EndToEnd {
  /// The service's stand-in by itself: what it prints, and what it writes.
  @Suite("tunneld")
  struct TunneldAlone {
    private static let title = "# tunnel 1"
    private static let missing = "# nothing listens on "

    /// tunneld with one tunnel and what it printed: the hint in front of the heading, and the two commands.
    private struct Printed {
      let process: ChildProcess
      let hint: String
      let destination: String
      let source: String

      init(_ arguments: [String], services: String = "", in scratch: ScratchDirectory) throws {
        let services = services.isEmpty ? [] : ["--services", services]
        let process = try ChildProcess(
          Linkage.dynamic.program("tunneld"), ["--open", "1"] + arguments + services,
          name: "tunneld", in: scratch)
        self.process = process
        let lines = try eventually(within: 20, "the commands\n\(process.tail)") {
          let lines = process.text(of: .output).split(
            separator: "\n", omittingEmptySubsequences: false
          ).dropLast().map(String.init)
          guard let start = lines.firstIndex(where: { $0.hasPrefix(title) }),
            lines.count >= start + 3
          else { return nil as [String]? }
          // Whether servers listen here is the machine's matter.
          let hint = lines[1..<start].first { !$0.hasPrefix(missing) } ?? ""
          return [hint, lines[start + 1], lines[start + 2]]
        }
        (hint, destination, source) = (lines[0], lines[1], lines[2])
      }
    }

    /// Gives a printed line to a shell, as somebody who pastes it does, and waits for a line of the log.
    private static func paste(
      _ line: String, name: String, environment: [String: String] = [:], until words: String...,
      in scratch: ScratchDirectory
    ) throws {
      let shell = try shell(line, name: name, environment: environment, in: scratch)
      defer { end(shell) }
      for word in words { try shell.waitForLine(containing: word) }
    }

    private static func shell(
      _ line: String, name: String, environment: [String: String] = [:],
      in scratch: ScratchDirectory
    ) throws -> ChildProcess {
      let program = try Linkage.dynamic.program("localproxy")
      let folder = String(program.prefix(program.count - "/localproxy".count))
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      return try ChildProcess(
        "/bin/sh", ["-c", line], name: name, in: scratch,
        environment: environment.merging(["PATH": "\(folder):\(path)"]) { $1 })
    }

    /// The shell may have made a process of its own for the command, whose number its log tells.
    private static func end(_ shell: ChildProcess, by signal: Int32 = SIGTERM) {
      let number = shell.logLines.first?.components(separatedBy: "] (").dropFirst().first
        .flatMap { pid_t($0.prefix { $0.isNumber }) }
      if let number { kill(number, signal) }
      _ = try? shell.waitForExit(within: 10)
    }

    /// Both commands as they are, but for a port that others may have.
    private static func pasteBoth(
      _ printed: Printed, environment: [String: String] = [:], in scratch: ScratchDirectory
    ) throws {
      try paste(
        printed.destination, name: "destination", environment: environment,
        until: "Successfully established websocket", "ready: ", in: scratch)
      #expect(printed.source.contains("5555"))
      try paste(
        printed.source.replacing("5555", with: "0").replacing("5556", with: "0"), name: "source",
        environment: environment, until: "Successfully established websocket",
        LocalProxy.listening, in: scratch)
    }

    @Test(
      "The printed commands work as they are, wherever it listens and whatever the names",
      arguments: [
        ("127.0.0.1:0", "localhost:"), ("localhost:0", "localhost:"), ("0", "localhost:"),
        ("0.0.0.0:0", "localhost:"), ("127.0.0.2:0", "127.0.0.2:"),
        ("[::1]:0", "'[::1]:"), ("[::]:0", "'[::1]:"),
      ])
    func printsCommandsThatWork(listen: String, endpoint: String) throws {
      if listen.hasPrefix("[") && !Server.hasIPv6 { return }
      let scratch = try ScratchDirectory()
      let printed = try Printed(
        ["-l", listen, "-D", scratch.file("a state that's here; $HOME")],
        services: "SSH1,it's-a-`service`", in: scratch)
      #expect(printed.source.contains(" localproxy -e \(endpoint)") && printed.hint.isEmpty)
      try Self.pasteBoth(printed, in: scratch)
    }

    @Test("A printed command works again after its process was killed")
    func printsCommandsThatWorkAgain() throws {
      let scratch = try ScratchDirectory()
      let printed = try Printed(["-l", "127.0.0.1:0", "-D", scratch.file("state")], in: scratch)
      let line = printed.source.replacing("5555", with: "0")
      for name in ["first", "second", "third"] {
        let shell = try Self.shell(line, name: name, in: scratch)
        defer { Self.end(shell, by: SIGKILL) }
        try shell.waitForLine(containing: LocalProxy.listening)
      }
    }

    @Test("What nothing listens on at the destination is said")
    func saysWhatIsMissing() throws {
      let scratch = try ScratchDirectory()
      let printed = try Printed(["-l", "127.0.0.1:0", "-D", scratch.file("state")], in: scratch)
      #expect(printed.destination.hasSuffix(" -d localhost:22"))
      let isThere = (try? Socket(connectingTo: 22)) != nil
      let output = printed.process.text(of: .output)
      #expect(output.contains(Self.missing + "port 22 here: ") == !isThere)
    }

    // MARK: Standard input

    @Test(
      "Tunnels are opened, rotated and closed by lines on standard input, whose end is not tunneld's"
    )
    func takesCommands() throws {
      let scratch = try ScratchDirectory()
      let asked = try AskedTunneld(in: scratch)
      try asked.ask("list\nopen\n")
      try asked.process.waitForLine(containing: "# there is no tunnel yet", in: .output)
      let old = try asked.command(" -s ", count: 1).replacing("5555", with: "0")
      let first = try Self.shell(old, name: "first", in: scratch)
      defer { Self.end(first, by: SIGKILL) }
      try first.waitForLine(containing: LocalProxy.listening)
      try asked.ask("rotate 1 source\n")
      let new = try asked.command(" -s ", count: 2)
      #expect(new.hasSuffix(" -s SSH1=5555") && new.prefix(80) != old.prefix(80))
      let refused = try Self.shell(old, name: "refused", in: scratch)
      #expect(try refused.waitForExit(within: 20) == .status(3))
      #expect(first.isRunning)
      let second = try Self.shell(new.replacing("5555", with: "0"), name: "second", in: scratch)
      defer { Self.end(second, by: SIGKILL) }
      try second.waitForLine(containing: LocalProxy.listening)
      // The end of input, in the middle of a line, which counts.
      try asked.ask("frobnicate\nclose 1")
      try asked.end()
      try asked.process.waitForLine(
        containing: "# unknown command 'frobnicate'; 'help' lists them all", in: .output)
      try asked.process.waitForLine(containing: "# tunnel 1 is closed", in: .output)
      try asked.process.waitForLine(containing: "standard input has ended")
      try second.waitForLine(containing: "Code: 1000; Reason: tunnel closed")
      #expect(asked.process.isRunning)
      asked.process.send(SIGTERM)
      #expect(try asked.process.waitForExit(within: 10) == .status(0))
    }

    @Test("What standard input is not read from is not asked for commands")
    func takesNoCommands() throws {
      let scratch = try ScratchDirectory()
      let path = scratch.file("commands")
      try "open\n".write(toFile: path, atomically: true, encoding: .utf8)
      for (name, input) in [("null", "/dev/null"), ("file", path)] {
        let tunneld = try ChildProcess(
          Linkage.dynamic.program("tunneld"), ["-l", "127.0.0.1:0", "-D", scratch.file("state")],
          name: name, in: scratch, input: open(input, O_RDONLY))
        try tunneld.waitForLine(containing: "listening on", in: .output)
        usleep(200_000)
        #expect(tunneld.isRunning && tunneld.text(of: .output).split(separator: "\n").count == 1)
      }
    }

    @Test(
      "As a shell's background job it leaves the terminal alone, and takes commands again in front")
    func sharesItsTerminal() throws {
      let scratch = try ScratchDirectory()
      let program = try Linkage.dynamic.program("tunneld")
      let script = """
        cd '\(scratch.path)'
        '\(program)' -l 127.0.0.1:0 -D state >job.out 2>job.err & echo $! >job.pid
        until [ -e go ]; do sleep 0.05; done
        fg %1
        """
      let pipe = Pipe()
      closeOnExec(pipe.fileHandleForWriting.fileDescriptor)
      // A terminal of its own, and a shell with job control on it.
      let shell = try ChildProcess(
        "script", ["-qec", "bash -mc '\(script.replacing("'", with: "'\\''"))'", "/dev/null"],
        name: "script", in: scratch, input: dup(pipe.fileHandleForReading.fileDescriptor))
      func text(_ name: String) -> String {
        (try? String(contentsOfFile: scratch.file(name), encoding: .utf8)) ?? ""
      }
      try eventually(within: 20, "tunneld in the background\n\(shell.tail)") {
        text("job.out").contains("commands are taken here")
      }
      let job = try #require(pid_t(text("job.pid").trimmingCharacters(in: .newlines)))
      defer { kill(job, SIGKILL) }
      func stat() -> [Substring] {
        let line = (try? String(contentsOfFile: "/proc/\(job)/stat", encoding: .utf8)) ?? ""
        return line.components(separatedBy: ") ").last?.split(separator: " ") ?? []
      }
      try pipe.fileHandleForWriting.write(contentsOf: Data("list\n".utf8))
      // Long enough for it to be tried again.
      sleep(3)
      let state = stat()
      // Neither stopped by the terminal nor gone.
      #expect(["S", "R", "D"].contains(state.first))
      #expect(!text("job.out").contains("no tunnel yet"))
      // Ticks of the processor, which a loop on the readable terminal would use up.
      #expect((Int(state[11]) ?? .max) + (Int(state[12]) ?? .max) < 100)
      try "".write(toFile: scratch.file("go"), atomically: true, encoding: .utf8)
      try eventually(within: 20, "an answer in the foreground\n\(shell.tail)") {
        text("job.out").contains("no tunnel yet")
      }
    }

    @Test("A state directory is used by one address after the other")
    func changesItsAddress() throws {
      let scratch = try ScratchDirectory()
      for listen in ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0", "127.0.0.1:0"] {
        let printed = try Printed(["-l", listen, "-D", scratch.file("state")], in: scratch)
        try Self.pasteBoth(printed, in: scratch)
      }
    }

    /// A certificate that is its own issuer, made by openssl; with `isHashed` its directory is one for `-c`.
    private static func certificate(
      for names: String, isHashed: Bool, in scratch: ScratchDirectory
    ) throws -> (directory: String, arguments: [String]) {
      let directory = scratch.file("given one")
      let script = """
        mkdir '\(directory)' && cd '\(directory)' &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
          -subj /CN=given -addext 'subjectAltName=\(names)' -keyout key.pem -out cert.pem
        """
      let link = " && ln -s cert.pem \"$(openssl x509 -hash -noout -in cert.pem).0\""
      let openssl = try ChildProcess(
        "sh", ["-c", script + (isHashed ? link : "")], name: "openssl", in: scratch)
      guard try openssl.waitForExit(within: 20) == .status(0) else { throw Failure(openssl.tail) }
      return (
        directory,
        [
          "-l", "127.0.0.1:0", "--cert", "\(directory)/cert.pem", "--key", "\(directory)/key.pem",
        ]
      )
    }

    @Test(
      "With a certificate given, the commands use a name of it, and its directory if that is for -c",
      arguments: [
        ("DNS:localhost", "localhost:"), ("IP:127.0.0.1,DNS:elsewhere.example", "127.0.0.1:"),
      ], [true, false])
    func usesTheCertificatesName(name: (names: String, endpoint: String), isHashed: Bool) throws {
      let scratch = try ScratchDirectory()
      let (directory, arguments) = try Self.certificate(
        for: name.names, isHashed: isHashed, in: scratch)
      let printed = try Printed(arguments, in: scratch)
      #expect(printed.source.contains(" localproxy -e \(name.endpoint)"))
      #expect(printed.source.contains("/given one' -i ") == isHashed)
      #expect(printed.source.contains(" -c ") == isHashed)
      #expect(
        printed.hint.hasPrefix("# this system must know the certificate's issuer") != isHashed)
      try Self.pasteBoth(
        printed, environment: isHashed ? [:] : ["SSL_CERT_FILE": "\(directory)/cert.pem"],
        in: scratch)
    }

    @Test("What the certificate asks of the reader is said")
    func saysWhatTheCertificateNeeds() throws {
      for (names, endpoint, words) in [
        ("DNS:*.example,DNS:a.example", "a.example:", "# a.example is a name of the certificate's"),
        ("DNS:*.example", "localhost:", "# in place of localhost, a name is needed"),
      ] {
        let scratch = try ScratchDirectory()
        let (_, arguments) = try Self.certificate(for: names, isHashed: true, in: scratch)
        let printed = try Printed(arguments, in: scratch)
        #expect(printed.source.contains(" localproxy -e \(endpoint)"))
        #expect(printed.hint.hasPrefix(words))
      }
    }

    @Test(
      "What no printed command could name ends the start with a line",
      arguments: [
        (
          ["-D", "a:b"], 1,
          "/a:b/ca: with a colon in its path it would be two directories to localproxy -c; "
            + "--directory takes another"
        ),
        (
          ["--cert", "/none", "--key", "/none"], 1,
          "[fatal] /none: No such file or directory; --cert and --key take files in PEM that belong together"
        ),
        (
          ["--services", "A,B=C"], 2,
          "tunneld: --services 'A,B=C': 'B=C' has more than a name; give B alone, and its port to localproxy's "
            + "-s and -d. Try 'tunneld --help'."
        ),
      ])
    func refusesWhatCannotBeNamed(arguments: [String], status: Int32, line: String) throws {
      let scratch = try ScratchDirectory()
      let arguments = arguments.map { $0 == "a:b" ? scratch.file($0) : $0 }
      let refused = try ChildProcess(
        Linkage.dynamic.program("tunneld"), ["-l", "127.0.0.1:0"] + arguments, name: "refused",
        in: scratch)
      #expect(try refused.waitForExit(within: 20) == .status(status))
      let text = refused.text(of: .error)
      #expect(text.hasSuffix(line + "\n") && text.split(separator: "\n").count == 1)
    }

    @Test(
      "What is mistyped is one line with the thing, the reason and the remedy",
      arguments: [
        (
          ["--services", "SSH=22"],
          "--services 'SSH=22': 'SSH=22' has more than a name; give SSH alone, and its port to localproxy's "
            + "-s and -d"
        ),
        (
          ["--services", "SSH,"],
          "--services 'SSH,': '' is no name; give one, or leave the comma out"
        ),
        (
          ["--services", "SSH,SSH"],
          "--services 'SSH,SSH': 'SSH' is given twice; leave one out"
        ),
        (
          ["--services", "SSH HTTP"],
          "--services 'SSH HTTP': 'SSH HTTP' cannot be named by -s and -d; leave out control characters, "
            + "'=', '/' and blanks: a comma joins names"
        ),
        (
          ["--services", "SSH", "HTTP"],
          "unexpected argument 'HTTP': no option takes it; leave it out, or join a list by commas"
        ),
        (
          ["-l", "127.0.0.2"],
          "--listen '127.0.0.2': there is no port in it; give PORT or HOST:PORT"
        ),
        (["-l", "127.0.0.2:x"], "--listen '127.0.0.2:x': 'x' is not a port (0 to 65535)"),
        (
          ["-l", "::1:8443"],
          "--listen '::1:8443': an IPv6 address stands in brackets: [::1]:8443"
        ),
        (["--open", "one"], "--open 'one' is not a number from 0 to 10000"),
        (
          ["--fault", "drop"],
          "--fault 'drop' is none of no-service-ids, text-frame, close=CODE, drop-after=SECONDS, "
            + "silent-after=SECONDS, refuse=STATUS"
        ),
        (
          ["--fault", "refuse"],
          "--fault 'refuse' must be refuse=STATUS, STATUS being a number from 300 to 599"
        ),
        (
          ["--cert", "x"],
          "--cert and --key go together; give both, or neither for an own authority"
        ),
        (
          ["-v", "256"],
          "--verbose '256' is not a level: 0 (off) to 6 (trace), and up to 255 the same"
        ),
        (
          ["--service", "SSH", "--open", "1", "-D", ""],
          "--directory is empty; give it a value, or leave it out"
        ),
      ])
    func namesMistake(arguments: [String], text: String) throws {
      let scratch = try ScratchDirectory()
      let refused = try ChildProcess(
        Linkage.dynamic.program("tunneld"), ["-D", scratch.file("state")] + arguments,
        name: "refused", in: scratch)
      #expect(try refused.waitForExit(within: 20) == .status(2))
      #expect(refused.text(of: .error) == "tunneld: \(text). Try 'tunneld --help'.\n")
      #expect(refused.text(of: .output).isEmpty)
    }

    @Test("A key that everybody may read is said to be, and its own is mended")
    func mendsPermissions() throws {
      let scratch = try ScratchDirectory()
      let state = ["-l", "127.0.0.1:0", "-D", scratch.file("state")]
      _ = try Printed(state, in: scratch)
      let key = scratch.file("state/server.key")
      chmod(key, 0o666)
      let again = try Printed(state, in: scratch)
      try again.process.waitForLine(
        containing: "[warning] \(key) had mode 666, others could use it; that is mended")
      let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let (directory, arguments) = try Self.certificate(
        for: "DNS:localhost", isHashed: true, in: scratch)
      chmod("\(directory)/key.pem", 0o644)
      let given = try Printed(arguments, in: scratch)
      try given.process.waitForLine(
        containing: "[warning] --key \(directory)/key.pem can be read by everybody")
    }

    @Test("A link where a key is to be is not followed, and one where a key was is refused")
    func followsNoLink() throws {
      let scratch = try ScratchDirectory()
      let victim = scratch.file("victim")
      try Data("precious".utf8).write(to: URL(filePath: victim))
      mkdir(scratch.file("state"), 0o755)
      for name in ["ca.key", "server.key", "server.pem"] {
        symlink(victim, scratch.file("state/\(name)"))
        if name == "server.key" { unlink(scratch.file("state/ca.key")) }
        if name == "server.pem" { unlink(scratch.file("state/server.key")) }
        let state = ["-l", "127.0.0.1:0", "-D", scratch.file("state")]
        _ = try Printed(state, in: scratch)
        #expect(FileManager.default.contents(atPath: victim) == Data("precious".utf8))
        try Self.pasteBoth(Printed(state, in: scratch), in: scratch)
        for made in ["server.key", "server.pem"] { unlink(scratch.file("state/\(made)")) }
      }
      let state = ["-l", "127.0.0.1:0", "-D", scratch.file("state")]
      _ = try Printed(state, in: scratch)
      rename(scratch.file("state/server.key"), scratch.file("elsewhere"))
      symlink(scratch.file("elsewhere"), scratch.file("state/server.key"))
      let refused = try ChildProcess(
        Linkage.dynamic.program("tunneld"), state, name: "refused", in: scratch)
      #expect(try refused.waitForExit(within: 20) == .status(1))
      #expect(refused.logLines.count == 1)
      #expect(refused.logLines.first?.contains("server.key: it is a symbolic link") == true)
    }
  }
}
