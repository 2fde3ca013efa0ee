import Foundation
import Testing

extension EndToEnd {
  /// The lines that people who support a tunnel look for, at the levels where they look.
  @Suite("Logs")
  struct Logs {
    private static let labels = ["fatal", "error", "warning", "info", "debug", "trace"]

    /// A run in which something of each level up to debug happens: a service that hangs up, tried twice.
    private func checkFailingRun(_ arguments: [String]) throws {
      let server = try Server { _ in }
      defer { server.stop() }
      try withStage { stage in
        let process = try stage.start(
          .source, ["-k"] + arguments,
          settings: [
            "websocket.retry_delay_ms": "20", "websocket.connect_retry_count": "1",
          ], port: server.port)
        #expect(try process.waitForExit(within: 20) == .status(4))
        #expect(process.text(of: .output).isEmpty)
        try check(process, arguments)
      }
    }

    private func check(_ process: ChildProcess, _ arguments: [String]) throws {
      let level = arguments.last.flatMap(Int.init) ?? 4
      let lines = process.logLines
      for (index, label) in Self.labels.enumerated() {
        let count = lines.filter { $0.contains(") [\(label)] ") }.count
        if index + 1 > level {
          #expect(count == 0, "[\(label)] at \(arguments)")
        } else if label != "trace" {
          #expect(count > 0, "[\(label)] at \(arguments)")
        }
      }
      if level == 0 { #expect(lines.isEmpty) }
      // [2026-11-22 17:44:06.673382] (PID) [info] text
      let date = #"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\]"#
      let label = #"\[(\#(Self.labels.joined(separator: "|")))\]"#
      let shape = try NSRegularExpression(
        pattern: #"^\#(date) \(\#(process.processID)\) \#(label) ."#)
      for line in lines {
        let range = NSRange(line.startIndex..., in: line)
        #expect(shape.firstMatch(in: line, range: range) != nil, "\(line)")
      }
      let times = lines.map { $0.prefix(28) }
      #expect(times == times.sorted())
    }

    @Test(
      "Each level says what the ones below it say, and no more; every line has its shape",
      arguments: 0...6)
    func levels(level: Int) throws {
      try checkFailingRun(["-v", "\(level)"])
    }

    /// Device and number of the file that a process's standard error will be, as JOURNAL_STREAM has them.
    private static func stream(_ name: String, in scratch: ScratchDirectory) throws -> String {
      let path = scratch.file("\(name).err")
      try "".write(toFile: path, atomically: false, encoding: .utf8)
      var information = stat()
      guard stat(path, &information) == 0 else { throw Failure.system("stat") }
      return "\(information.st_dev):\(information.st_ino)"
    }

    @Test("The journal gets levels in its own form, and no second time; no other file does")
    func journal() throws {
      let scratch = try ScratchDirectory()
      let stream = try Self.stream("own", in: scratch)
      for (name, variable, isJournal) in [
        ("own", stream, true), ("other", stream, false), ("own", stream + "0", false),
        ("own", stream + " ", false), ("own", "", false),
      ] {
        let process = try ChildProcess(
          Linkage.dynamic.program("localproxy"),
          ["-e", "localhost:1", "-s", "0", "-k", "--settings-json", "/dev/stdin"], name: name,
          in: scratch,
          environment: ["JOURNAL_STREAM": variable, "AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"],
          input: try Self.pipe(
            #"{"tunneling":{"proxy":{"websocket":{"connect_retry_count":0}}}}"#))
        #expect(try process.waitForExit(within: 20) == .status(4))
        let lines = process.logLines
        #expect(lines.contains { $0.hasPrefix("<4>[warning] ") } == isJournal)
        #expect(lines.contains { $0.hasPrefix("<6>[info] Starting proxy") } == isJournal)
        #expect(lines.contains { $0.hasPrefix("<2>[fatal] ") } == isJournal)
        #expect(lines.allSatisfy { $0.hasPrefix(isJournal ? "<" : "[2") }, "\(lines)")
      }
      let mistaken = try ChildProcess(
        Linkage.dynamic.program("localproxy"), ["--nonsense"], name: "own", in: scratch,
        environment: ["JOURNAL_STREAM": stream])
      #expect(try mistaken.waitForExit(within: 20) == .status(2))
      #expect(mistaken.text(of: .error).hasPrefix("<3>localproxy: "))
    }

    /// A descriptor to be read, with all of `text` behind it.
    private static func pipe(_ text: String) throws -> Int32 {
      var ends: [Int32] = [0, 0]
      guard Foundation.pipe(&ends) == 0 else { throw Failure.system("pipe") }
      closeOnExec(ends[0])
      let written = write(ends[1], text, text.utf8.count)
      close(ends[1])
      guard written == text.utf8.count else { throw Failure.system("write") }
      return ends[0]
    }

    /// The events that docs/logging.md lists, with their fields.
    private static func listedEvents() throws -> [String: Set<String>] {
      let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/logging.md")
      var events: [String: Set<String>] = [:]
      for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
      where line.hasPrefix("| `") {
        let cells = line.replacing("`", with: "").replacing("#", with: "").components(
          separatedBy: " | ")
        let name = String(cells[0].dropFirst(2))
        events[name, default: []].formUnion(cells[2].components(separatedBy: " "))
      }
      return events
    }

    @Test("--log-format json: every line is an object of an event that is listed, with its fields")
    func objects() throws {
      let listed = try Self.listedEvents()
      #expect(listed.count > 90)
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage(["SSH1"]) { stage in
        let options = ["-v", "6", "--log-format", "json"]
        let source = try stage.start(.source, options)
        let destination = try stage.start(.destination, options, mapping: "SSH1=\(server.port)")
        let line = try source.waitForLine(containing: #""event":"listening""#)
        let listening = try Self.object(line)
        let port = try #require(listening["port"] as? Int)
        #expect(
          listening["host"] as? String == "127.0.0.1" || listening["host"] as? String == "::1")
        #expect(listening["service"] as? String == "SSH1")
        try destination.waitForLine(containing: #""event":"service_target""#)
        let client = try Socket(connectingTo: UInt16(port))
        try Exchange(seed: 1, upload: 1_000, download: 1_000).runAsClient(over: client)
        try source.waitForLine(containing: #""event":"disconnected""#)
        stage.tunneld.process.send(SIGUSR1)
        for process in [source, destination] {
          #expect(try process.waitForExit(within: 20) == .status(0))
          let lines = process.text(of: .error).split(separator: "\n").map(String.init)
          #expect(lines.count > 10)
          for line in lines {
            let object = try Self.object(line)
            let event = try #require(object["event"] as? String)
            let fields = try #require(listed[event], "\(event)")
            let own = Set(object.keys).subtracting(["time", "pid", "level", "event", "message"])
            #expect(own.isSubset(of: fields), "\(line)")
            #expect(object["pid"] as? Int == Int(process.processID))
            #expect(Self.labels.contains(object["level"] as? String ?? ""))
            let time = object["time"] as? String ?? ""
            #expect(time.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/))
          }
        }
      }
    }

    private static func object(_ line: String) throws -> [String: Any] {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(object as? [String: Any])
    }

    @Test("A format that there is not, and a journal that there is not, are wrong usage")
    func formats() throws {
      try withStage([]) { stage in
        for (format, reason) in [
          ("xml", "--log-format 'xml' is none of text|json|journal"),
          ("", "--log-format is empty"),
          ("journal", "--log-format journal: "),
        ] {
          if format == "journal"
            && FileManager.default.fileExists(atPath: "/run/systemd/journal/socket")
          {
            continue
          }
          let process = try stage.start(.source, ["--log-format", format])
          #expect(try process.waitForExit(within: 20) == .status(2))
          let text = process.text(of: .error)
          #expect(text.hasPrefix("localproxy: " + reason), "\(text)")
          #expect(text.split(separator: "\n").count == 1)
        }
      }
    }

    @Test("Who asks for objects gets wrong usage as objects, too")
    func usageObjects() throws {
      try withStage([]) { stage in
        for arguments in [
          ["--nonsense", "--log-format=json"], ["--log-format", "json", "-y", "V9", "-v", "x"],
        ] {
          let process = try stage.start(.source, arguments)
          #expect(try process.waitForExit(within: 20) == .status(2))
          let lines = process.text(of: .error).split(separator: "\n")
          #expect(!lines.isEmpty)
          for line in lines {
            let object = try Self.object(String(line))
            #expect(object["event"] as? String == "usage_error")
            #expect(object["level"] as? String == "fatal")
            #expect((object["reason"] as? String)?.isEmpty == false)
          }
        }
      }
    }

    @Test("Without -v the level is 4")
    func defaultLevel() throws {
      try checkFailingRun([])
    }

    // MARK: What is said

    /// A whole life: a tunnel is opened, used by one client, and closed.
    @Test("Every line that is looked for is there with its data", arguments: [4, 5, 6])
    func wholeLife(level: Int) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage(["SSH1"], tunneld: ["-v", "4"]) { stage in
        let destination = try stage.destination(["SSH1": server.port], ["-v", "\(level)"])
        let source = try stage.source(["-v", "\(level)"])
        let port = try #require(source.ports["SSH1"])
        let endpoint = "wss://localhost:\(stage.tunneld.port)"

        let client = try source.connect()
        let clientPort = try client.localPort
        try Exchange(seed: 1, upload: 1_000, download: 1_000).runAsClient(over: client)
        let disconnected = "[info] Disconnected from: "
        try source.process.waitForLine(containing: disconnected + "127.0.0.1:\(clientPort) ")
        try destination.process.waitForLine(containing: disconnected + "127.0.0.1:\(server.port) ")
        stage.tunneld.process.send(SIGUSR1)

        for (process, mode) in [(source.process, "source"), (destination.process, "destination")] {
          #expect(try process.waitForExit(within: 20) == .status(0))
          let connected = try stage.tunneld.process.waitForLine(
            containing: "the \(mode) is connected", "session id ")
          let channelID = connected.components(separatedBy: "session id ")[1]
          #expect(channelID.count == 36)
          for text in [
            "Starting proxy in \(mode) mode",
            "Attempting to establish web socket connection with endpoint \(endpoint)",
            "Web socket session ID: \(channelID)",
            "Successfully established websocket connection with proxy server: \(endpoint)",
          ] {
            #expect(process.logLines.contains { $0.hasSuffix("[info] \(text)") }, "\(text)")
          }
          #expect(
            process.count(linesWith: "[info] Web socket close received. Code: 1000; Reason: ") == 1)
        }
        for text in [
          "Listening for new connection on port \(port) of 127.0.0.1 for service SSH1"
            + (Server.hasIPv6 ? " (and of ::1)" : ""),
          "Accepted tcp connection on port \(port) of 127.0.0.1 from 127.0.0.1:\(clientPort)",
        ] {
          let count = source.process.logLines.filter { $0.hasSuffix("[info] \(text)") }.count
          #expect(count == 1, "\(text)")
        }
        #expect(
          destination.process.count(
            linesWith: "[info] Connected to 127.0.0.1:\(server.port) for service SSH1") == 1)
        #expect(
          source.process.count(
            linesWith: "[debug] Sending stream start, setting new stream ID to: ", "SSH1")
            == (level > 4 ? 1 : 0))
        #expect((destination.process.count(linesWith: "[debug] ") > 0) == (level > 4))
      }
    }

    @Test("Each new stream is named with its number")
    func streamNumbers() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(["-v", "5", "-y", "V2"])
        let text = "[debug] Sending stream start, setting new stream ID to: "
        var last: Int?
        for count in 1...3 {
          try source.check()
          try eventually(within: 20, "the stream's number") {
            source.process.count(linesWith: text) == count
          }
          let line = try #require(source.process.logLines.last { $0.contains(text) })
          let rest = try #require(line.components(separatedBy: text).last)
          let number = try #require(Int(rest.prefix { $0 != "," }))
          if let last { #expect(number == last % 268_435_455 + 1) }
          last = number
        }
      }
    }

    @Test(
      "A closed WebSocket is logged with code and reason",
      arguments: [1000, 1001, 1011, 4000])
    func closeCode(code: Int) throws {
      try withStage(tunneld: ["--fault", "close=\(code)"]) { stage in
        let process = try stage.start(.source)
        try process.waitForLine(
          containing: "[info] Web socket close received. Code: \(code); Reason: a fault")
        if code == 1000 {
          #expect(try process.waitForExit(within: 20) == .status(0))
        } else {
          try process.waitForLine(
            containing: "[error] ", "closed the web socket with code \(code)", "trying again in")
        }
      }
    }

    @Test("A terminal that nobody reads stops neither the tunnel nor its end")
    func stuckTerminal() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var (terminal, end): (Int32, Int32) = (-1, -1)
      guard openpty(&terminal, &end, nil, nil, nil) == 0 else { throw Failure.system("openpty") }
      for descriptor in [terminal, end] { closeOnExec(descriptor) }
      defer { for descriptor in [terminal, end] { close(descriptor) } }
      try withStage(["SSH1"], tunneld: ["-v", "4"]) { stage in
        let process = try ChildProcess(
          Linkage.dynamic.program("localproxy"),
          [
            "-e", "localhost:\(stage.tunneld.port)", "-c", stage.tunneld.authorities, "-v", "6",
            "-d", "SSH1=127.0.0.1:\(server.port)",
          ], name: "stuck", in: stage.scratch,
          environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": stage.tunneld.tunnels[0].destination],
          error: end)
        try stage.tunneld.process.waitForLine(containing: "the destination is connected")
        let source = try stage.source()
        // Some 300 bytes a connection, and a terminal takes 20 kB or so.
        for _ in 0..<300 { try source.check() }
        process.send(SIGTERM)
        #expect(try process.waitForExit(within: 20) == .status(0))
      }
    }

    @Test("What a peer causes at will is said a few times, and counted")
    func floodOfRefusals() throws {
      let count: UInt32 = 3_000
      try withStage { stage in
        let destination = try stage.destination(["SSH1": 9])
        let peer = try stage.rawSource(version: 3)
        try peer.expect(.services(["SSH1"]))
        for number in 1...count {
          try peer.send(
            RawMessage(.connectionStart, 77, service: "SSH1", connection: number))
        }
        for _ in 1...count { _ = try peer.next() }
        destination.process.send(SIGTERM)
        #expect(try destination.process.waitForExit(within: 20) == .status(0))
        let lines = destination.process.logLines.filter {
          $0.contains("refused a connection") || $0.contains("more lines of connection_refused")
        }
        // A burst, and one a second on a machine that may be slow.
        #expect((10...200).contains(lines.count))
        var said = 0
        for line in lines {
          if line.contains("refused a connection of") { said += 1 }
          let words = line.split(whereSeparator: { " (".contains($0) })
          said += words.firstIndex(of: "more").flatMap { Int(words[$0 - 1]) } ?? 0
        }
        #expect(said == Int(count))
      }
    }

    @Test("A proxy that is stopped says by which signal", arguments: [SIGTERM, SIGINT])
    func signal(number: Int32) throws {
      try withStage { stage in
        let source = try stage.source()
        source.process.send(number)
        #expect(try source.process.waitForExit(within: 10) == .status(0))
        #expect(
          source.process.count(
            linesWith: "[info] \(number == SIGTERM ? "SIGTERM" : "SIGINT")") == 1)
      }
    }
  }
}

extension Socket {
  /// This end's port.
  fileprivate var localPort: UInt16 {
    get throws {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let result = withUnsafeMutablePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          getsockname(descriptor, $0, &length)
        }
      }
      guard result == 0 else { throw Failure.system("getsockname") }
      return UInt16(bigEndian: address.sin_port)
    }
  }
}
