import Foundation
import Testing

extension EndToEnd {
  /// `--status`: what is served, to whom, and what it costs.
  @Suite("Status")
  struct Status {
    @Test("each page is served, with its type, and nothing else is")
    func servesPages() throws {
      try withStage { stage in
        let source = try stage.source(["--status", "0"])
        let pages = try StatusPages(of: source.process)
        let types = [
          "/": "text/html; charset=utf-8",
          "/metrics": "text/plain; version=0.0.4; charset=utf-8",
          "/healthz": "text/plain; charset=utf-8",
          "/state.json": "application/json; charset=utf-8",
        ]
        for (path, type) in types {
          for codings in [
            "", "Accept-Encoding: gzip, deflate\r\n", "Accept-Encoding: gzip;q=0\r\n",
          ] {
            // Whoever looks is to read it: nothing is packed on its way.
            let answer = try pages.exchange(
              "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(codings)\r\n")
            #expect(answer.status == 200 && answer.value("content-type") == type, "\(path)")
            #expect(answer.value("content-length") == "\(answer.body.utf8.count)")
            #expect(answer.value("content-encoding") == nil, "\(path)")
            #expect(answer.body.hasPrefix("<!DOCTYPE html>") == (path == "/"))
          }
        }
        for (path, type) in types {
          let answer = try pages.get(path, method: "HEAD")
          #expect(answer.status == 200 && answer.body.isEmpty, "\(path)")
          #expect(answer.value("content-type") == type)
          #expect(answer.value("content-length").flatMap { Int($0) } ?? 0 > 2)
        }
        #expect(try pages.get("/healthz").body == "ok\n")
        #expect(try pages.get("/metrics?x=1", host: "127.0.0.1:1").status == 200)
        let wrong: [(status: Int, request: String)] = [
          (405, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"),
          (405, "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
          (404, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"),
          (403, "GET / HTTP/1.1\r\nHost: evil.example:9100\r\n\r\n"),
          (403, "GET /metrics HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n"),
          (400, "GET / HTTP/1.1\r\n\r\n"), (400, "\u{16}\u{3}\u{1}\r\n\r\n"),
          (
            400,
            "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + String(repeating: "c", count: 9_000)
          ),
        ]
        for (status, request) in wrong {
          let answer = try pages.exchange(request)
          #expect(answer.status == status, "\(request.prefix(40))")
          #expect(answer.body.split(separator: "\n").count == 1)
        }
        // Whatever came, it goes on.
        #expect(try pages.get("/healthz").status == 200)
        try source.process.waitForLine(containing: "Listening for new connection")
      }
    }

    @Test("without the option nothing listens but the services")
    func isOff() throws {
      try withStage { stage in
        let source = try stage.source()
        #expect(source.process.count(linesWith: "The status is served") == 0)
      }
    }

    @Test(
      "a Unix socket is this user's alone, replaces one that was left behind, and goes with the program"
    )
    func servesOnUnixSocket() throws {
      try withStage { stage in
        let path = stage.scratch.file("status.sock")
        for _ in 0..<2 {
          let process = try stage.start(.destination, ["--status", path])
          try process.waitForLine(containing: "The status is served on \(path)")
          let attributes = try FileManager.default.attributesOfItem(atPath: path)
          #expect(attributes[.posixPermissions] as? Int == 0o600)
          let pages = StatusPages(.path(path))
          #expect(try pages.get("/metrics", host: "any.name").status == 200)
          process.send(SIGKILL)
          #expect(try process.waitForExit(within: 20) == .signal(SIGKILL))
        }
        let process = try stage.start(.destination, ["--status", path])
        try process.waitForLine(containing: "ready: service")
        process.send(SIGTERM)
        #expect(try process.waitForExit(within: 20) == .status(0))
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }

    @Test("a place that cannot be had is one line and status 5, before any token is spent")
    func saysThatItCannotListen() throws {
      let server = try Server { _ in }
      defer { server.stop() }
      try withStage { stage in
        let path = stage.scratch.file("socket")
        let occupant = try Server(path: path) { _ in }
        defer { occupant.stop() }
        let places = [
          ("\(server.port)", "Address already in use"), (path, "Address already in use"),
          ("192.0.2.1:9100", "Cannot assign requested address"),
        ]
        for (place, reason) in places {
          let process = try stage.start(.source, ["--status", place])
          #expect(try process.waitForExit(within: 20) == .status(5))
          let fatal = process.logLines.filter { $0.contains("[fatal]") }
          #expect(
            fatal.count == 1 && fatal[0].contains("cannot serve the status on ")
              && fatal[0].contains("; choose another place with --status"), "\(fatal)")
          #expect(
            fatal[0].contains(reason) && process.count(linesWith: "Web socket session ID") == 0)
        }
      }
    }

    @Test("what went through is counted to the byte, at both ends, and across a lost connection")
    func countsExactly() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage(["SSH1", "HTTP1"]) { stage in
        let detour = try Detour(to: stage.tunneld.port)
        defer { detour.stop() }
        let quick = [
          "websocket.retry_delay_ms": "50", "websocket.retry_delay_max_ms": "200",
        ]
        let destination = try stage.destination(
          ["SSH1": server.port, "HTTP1": server.port], ["--status", "0"])
        let source = try stage.source(["--status", "0"], settings: quick, port: detour.port)
        let near = try StatusPages(of: source.process)
        let far = try StatusPages(of: destination.process)
        var (sent, received, count) = (0.0, 0.0, 0.0)
        for round in 1...3 {
          for seed in 0..<UInt32(4) {
            let (upload, download) = (100_000 * round, 1_000_000 / round + Int(seed))
            try Exchange(seed: seed, upload: upload, download: download).runAsClient(
              over: source.connect(), within: 60)
            // Its header has twelve bytes.
            sent += Double(12 + upload)
            received += Double(download)
            count += 1
          }
          let sides = [(near, sent, received), (far, received, sent)]
          for (pages, sent, received) in sides {
            let metrics = try pages.metrics()
            func value(_ name: String, _ service: String = "SSH1") -> Double? {
              metrics["localproxy_\(name)_total{service=\"\(service)\"}"]
            }
            #expect(value("sent_bytes") == sent && value("received_bytes") == received)
            #expect(value("connections_accepted") == count)
            #expect(
              value("sent_bytes", "HTTP1") == 0 && value("connections_accepted", "HTTP1") == 0)
          }
          // A connection that is open is cut by the loss.
          let open = try source.connect()
          try open.send("1")
          try eventually(within: 20, "an open connection") {
            try near.metrics()["localproxy_connections{state=\"open\"}"] == 1
          }
          sent += 1
          count += 1
          let listed = try #require(try near.state()["open"] as? [[String: Any]])
          #expect(listed.count == 1 && listed[0]["service"] as? String == "SSH1")
          #expect(listed[0]["sent_bytes"] as? Int == 1 && listed[0]["received_bytes"] as? Int == 0)
          #expect((listed[0]["peer"] as? String)?.hasPrefix("127.0.0.1:") == true)
          detour.close()
          detour.cut()
          try eventually(within: 20, "the outage") { try near.get("/healthz").status == 503 }
          let words = try near.get("/healthz").body
          #expect(words.contains("; last error: ") && words.split(separator: "\n").count == 1)
          #expect(open.isClosedByPeer(within: 20))
          #expect(try near.metrics()["localproxy_tunnel_up"] == 0)
          detour.open()
          try eventually(within: 20, "the tunnel") { try near.get("/healthz").status == 200 }
          let metrics = try near.metrics()
          #expect(
            metrics["localproxy_connections_reset_total{reason=\"tunnel_lost\"}"] == Double(round))
          #expect(metrics["localproxy_reconnects_total{reason=\"lost\"}"] == Double(round))
        }
      }
    }

    @Test("clients who say nothing, or say it slowly, hold up nobody, and go after five seconds")
    func outlastsSlowClients() throws {
      try withStage { stage in
        let source = try stage.source(["--status", "0"])
        let pages = try StatusPages(of: source.process)
        let before = try source.process.descriptorCount()
        let silent = try (0..<20).map { _ in try pages.connect() }
        #expect(try pages.get("/healthz").status == 200)
        // There are eight places, and who comes takes the oldest one's.
        for socket in silent.prefix(12) { #expect(socket.isClosedByPeer(within: 20)) }
        let slow = try pages.connect()
        let start = Date()
        var isOver = false
        for octet in "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 1_000) {
          usleep(20_000)
          if slow.isClosedByPeer(within: 0) || (try? slow.send(String(octet))) == nil {
            isOver = true
            break
          }
        }
        let took = Date().timeIntervalSince(start)
        #expect(isOver && (4..<15).contains(took), "after \(took) s")
        for socket in silent { #expect(socket.isClosedByPeer(within: 20)) }
        try eventually(within: 20, "descriptors given back") {
          try source.process.descriptorCount() <= before
        }
        #expect(try pages.get("/healthz").status == 200)
      }
    }

    @Test("who does not read his answer is let go of, and the memory with it")
    func letsGoOfWhoDoesNotRead() throws {
      try withStage { stage in
        let source = try stage.source(["--status", "0"])
        let pages = try StatusPages(of: source.process)
        let before = try source.process.descriptorCount()
        for _ in 0..<50 {
          let socket = try pages.connect()
          try socket.send("GET /state.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }
        try eventually(within: 30, "descriptors given back") {
          try source.process.descriptorCount() <= before
        }
        #expect(try source.process.residentKilobytes() < Linkage.dynamic.residentKilobytesMax)
      }
    }

    @Test("an idle proxy does not wake up for it, nor for a client who has gone")
    func costsNoWakeUps() throws {
      try withStage { stage in
        let counter = try CallCounter(name: "source", in: stage.scratch)
        let source = try LocalProxy.start(
          .dynamic, endpoint: stage.tunneld.port, token: stage.tunneld.tunnels[0].source,
          name: "source",
          arguments: ["-c", stage.tunneld.authorities, "-s", "SSH1=0", "--status", "0"],
          environment: counter.environment, in: stage.scratch)
        try source.waitForLine(containing: LocalProxy.listening, "127.0.0.1")
        let pages = try StatusPages(of: source)
        #expect(try pages.get("/healthz").status == 200)
        var counts: [CallCounts] = []
        // A ping of the heartbeat may fall into one of them.
        for _ in 0..<3 {
          usleep(300_000)
          let before = try counter.counts()
          usleep(3_000_000)
          counts.append(try counter.counts() - before)
        }
        #expect(
          counts.contains { $0.systemCalls == 0 && $0[.ownAllocation] == 0 }, "\(counts)")
      }
    }

    @Test(
      "promtool has nothing to say against the metrics",
      .enabled(if: Promtool.path != nil, "promtool is not installed and cannot be had"))
    func pleasesPromtool() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        // Pings often enough that there is a round trip.
        _ = try stage.destination(["SSH1": server.port])
        let source = try stage.source(["--status", "0"])
        let pages = try StatusPages(of: source.process)
        try Exchange(seed: 1, upload: 2_000_000, download: 1).runAsClient(over: source.connect())
        let text = try pages.get("/metrics").body
        #expect(text.contains("\nlocalproxy_round_trip_seconds 0."))
        let file = stage.scratch.file("metrics")
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let input = open(file, O_RDONLY)
        let promtool = try ChildProcess(
          try #require(Promtool.path), ["check", "metrics"], name: "promtool", in: stage.scratch,
          input: input)
        #expect(try promtool.waitForExit(within: 60) == .status(0), "\(promtool.tail)")
        #expect(promtool.text(of: .error).isEmpty && promtool.text(of: .output).isEmpty)
      }
    }

    /// With WRITE_SCREENSHOTS=1 it goes on for so long that the charts are full, and writes docs/status-*.png.
    @Test(
      "a browser shows connections and rates as they change, and loads nothing else",
      .enabled(if: Chromium.path != nil, "chromium is not installed"))
    func showsPage() throws {
      let writes = ProcessInfo.processInfo.environment["WRITE_SCREENSHOTS"] == "1"
      // Bytes go both ways, faster and slower, as long as the client is there.
      let server = try Server { socket in
        let reader = Background { _ = try? socket.receiveToEnd() }
        let piece = [UInt8](repeating: 7, count: 40_000)
        for round in 0... {
          let count = 6 + Int(5 * sin(Double(round) / 60))
          let sent: Void? = try? piece.withUnsafeBytes { piece in
            for _ in 0..<count { try socket.send(piece) }
          }
          if sent == nil { break }
          usleep(50_000)
        }
        try reader.wait()
      }
      defer { server.stop() }
      try withStage(["SSH", "HTTP"]) { stage in
        _ = try stage.destination(["SSH": server.port, "HTTP": server.port])
        let source = try stage.source(["--status", "0"], services: ["SSH", "HTTP"])
        guard case .port(let port) = try StatusPages(of: source.process).place else { return }
        let sockets = try ["SSH", "HTTP", "HTTP"].map { try source.connect(to: $0) }
        let readers = sockets.map { socket in Background { _ = try? socket.receiveToEnd() } }
        let writer = Background {
          let piece = [UInt8](repeating: 7, count: 20_000)
          while (try? piece.withUnsafeBytes { try sockets[0].send($0) }) != nil { usleep(40_000) }
        }
        let browser = try Chromium(in: stage.scratch)
        try browser.call("Page.navigate", ["url": "http://localhost:\(port)/"])
        try eventually(within: 30, "the connections in the page") {
          try browser.evaluate("document.querySelectorAll('#o tr').length") == "4"
        }
        #expect(
          try browser.evaluate("document.getElementById('w').textContent") == "source, connected")
        // Two lines that grow with each answer, and are not flat.
        try eventually(within: 90, "lines in the chart") {
          let points = try browser.evaluate(
            "document.querySelector('#r polyline').getAttribute('points')")
          return Set(points.split(separator: " ").map { $0.split(separator: ",")[1] }).count > 2
        }
        #expect(try browser.evaluate("document.querySelectorAll('#r polyline').length") == "2")
        let services = try browser.evaluate("document.getElementById('s').textContent")
        #expect(services.contains("SSH") && services.contains("HTTP"))
        if writes {
          usleep(100_000_000)
          for isDark in [false, true] {
            try browser.screenshot(
              to: "\(Linkage.packageRoot)/docs/status-\(isDark ? "dark" : "light").png",
              isDark: isDark)
          }
        }
        for socket in sockets { socket.interrupt() }
        for reader in readers { try reader.wait() }
        try writer.wait()
        try eventually(within: 30, "an empty table") {
          try browser.evaluate("document.querySelectorAll('#o tr').length") == "1"
        }
        #expect(
          try browser.evaluate(
            "performance.getEntriesByType('resource').every(e=>e.name.endsWith('/state.json'))")
            == "true")
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        source.process.send(SIGTERM)
        try eventually(within: 30, "the end in the page") {
          try browser.evaluate("document.getElementById('w').textContent")
            == "no answer from localproxy"
        }
      }
    }

    @Test(
      "promtool has nothing to say against the alerts, and their tests pass",
      .enabled(if: Promtool.path != nil, "promtool is not installed and cannot be had"),
      arguments: [
        ["check", "rules", "localproxy.rules.yml"], ["test", "rules", "localproxy.test.yml"],
      ])
    func testsAlerts(arguments: [String]) throws {
      let scratch = try ScratchDirectory()
      let file = "\(Linkage.packageRoot)/packaging/prometheus/\(arguments[2])"
      let promtool = try ChildProcess(
        try #require(Promtool.path), [arguments[0], arguments[1], file], name: "promtool",
        in: scratch)
      #expect(try promtool.waitForExit(within: 60) == .status(0), "\(promtool.tail)")
    }
  }
}

/// Prometheus' own checker.
enum Promtool {
  /// As scripts/promtool finds it; nil where it cannot be had.
  static let path: String? = {
    guard let scratch = try? ScratchDirectory(),
      let script = try? ChildProcess(
        "\(Linkage.packageRoot)/scripts/promtool", name: "promtool", in: scratch),
      (try? script.waitForExit(within: 120)) == .status(0)
    else { return nil }
    return script.text(of: .output).split(separator: "\n").first.map(String.init)
  }()
}
