import Figures
import Foundation

/// What each build of the program takes of a machine: its file, its memory when idle and at work, its system calls and
/// its time from exec to listening, beside the reference's, a bare TLS client's and that of `true`.
struct Footprint {
  /// Of everything but the start, which is short and moves with the machine.
  private static let roundCount = 3
  private static let startCount = 21
  private static let transferByteCount = 200_000_000
  private static let machines = ["x86_64", "aarch64", "armv7", "riscv64"]

  private let programs: Programs
  private let root: String
  private let server: BenchServer
  private let bareClient: String
  /// Whose processes are looked at, by the names of the table.
  private let running: [(name: String, path: String)]

  init(_ options: Options) throws {
    programs = try Programs(options)
    let root = Programs.packageRoot() ?? "."
    self.root = root
    server = try BenchServer()
    bareClient = try Programs.sibling("BareClient", root: root)
    var all = FootprintBudget.Build.allCases.map {
      (name: $0.rawValue, path: Self.path($0, root: root))
    }
    if let reference = options.baseline { all.append(("reference", reference)) }
    for (_, path) in all where !Programs.isProgram(path) {
      throw Failure("no program at \(path): make footprint builds what it needs")
    }
    running = all
  }

  private static func path(_ build: FootprintBudget.Build, root: String) -> String {
    switch build {
    case .dynamic: "\(root)/.build-embedded/release/localproxy"
    case .static: "\(root)/.build-embedded-static/release/localproxy"
    case .trimmed: "\(root)/.build-cross/\(Machine.architecture)-trimmed/release/localproxy"
    }
  }

  // MARK: Files

  /// Every build that there is.
  func files(_ machine: Machine) throws -> Results {
    var results = Results(
      comments: ["The files", machine.text],
      columns: ["stripped (kB)", "text (kB)", "data (kB)", "bss (kB)"])
    let own = Machine.architecture
    for (name, path) in running {
      results.add(own, name, try Self.sizes(path), note: Self.openSSL(path))
    }
    for machine in Self.machines {
      for (name, folder) in [("static", machine), ("trimmed", machine + "-trimmed")] {
        let path = "\(root)/.build-cross/\(folder)/release/localproxy"
        guard machine != own || name == "static", Programs.isProgram(path) else { continue }
        results.add(machine, name, try Self.sizes(path), note: Self.openSSL(path))
      }
    }
    return results
  }

  /// In kB: of the stripped file, and what it takes of memory as it is and for its variables.
  private static func sizes(_ path: String) throws -> [Double] {
    let child = try Child(name: "size", path: "/usr/bin/env", arguments: ["size", "-B", path])
    let line = try child.waitForLine("sizes", seconds: 10) { $0.hasSuffix(path) }
    let numbers = line.split(whereSeparator: \.isWhitespace).prefix(3).compactMap { Double($0) }
    guard numbers.count == 3 else { throw Failure("size: '\(line)'") }
    return [try Programs.strippedKilobytes(path)] + numbers.map { $0 / 1e3 }
  }

  /// What it says that it is linked with, or what stands in a file for another machine.
  private static func openSSL(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path),
      let place = data.range(of: Data("OpenSSL 3.".utf8))
    else { return Programs.firstLine(of: path, ["--version"])?.firstOpenSSL ?? "" }
    let text = data[place.lowerBound...].prefix(24).prefix { $0 >= 32 }
    return String(decoding: text, as: UTF8.self).firstOpenSSL ?? ""
  }

  // MARK: Processes

  func processes(_ machine: Machine) throws -> Results {
    var results = Results(
      comments: [
        "Processes: a source's memory, medians of \(Self.roundCount); start, of \(Self.startCount)",
        machine.text,
      ],
      columns: [
        "idle RSS (MB)", "idle PSS (MB)", "idle heap (MB)", "work RSS (MB)", "work PSS (MB)",
        "work heap (MB)", "system calls (calls)", "start (ms)",
      ])
    var values: [String: [[Double]]] = [:]
    var starts: [String: [Double]] = [:]
    for round in 0..<Self.startCount {
      Progress.say("footprint: start \(round + 1) of \(Self.startCount)")
      for (name, path) in round.isMultiple(of: 2) ? running : running.reversed() {
        let launch = try start(path)
        defer { launch.stop() }
        starts[name, default: []].append(try Self.milliseconds(of: launch.source, Self.listening))
        // The same service does its part in both.
        starts[FootprintPage.bare, default: []].append(try bareStart(launch.hub))
        starts["`true`", default: []].append(try trueStart())
        guard round < Self.roundCount else { continue }
        do {
          values[name, default: []].append(try memory(name, path) + [Double(try calls(name, path))])
        } catch {
          // The other rounds have the figures, or there are none.
          Progress.say("footprint: \(error)")
        }
      }
    }
    let missing = [Double](repeating: .nan, count: 6)
    let failed = missing + [.nan]
    for (name, _) in running {
      let median =
        Self.median(values[name] ?? [failed]) + Self.median((starts[name] ?? []).map { [$0] })
      results.add(name, name, median)
    }
    for name in [FootprintPage.bare, "`true`"] {
      let calls =
        name == FootprintPage.bare ? try bareCalls() : try Self.calls(["true"], until: nil)
      results.add(
        name, name, missing + [Double(calls)] + Self.median((starts[name] ?? []).map { [$0] }))
    }
    return results
  }

  private func start(_ path: String) throws -> Launch {
    try Launch(
      proxy: path, tunneld: programs.tunneld, serverPort: server.port, layout: Chain.Layout())
  }

  /// A source's, idle, then the most of a transfer: resident, its part of what it shares, heap.
  private func memory(_ name: String, _ path: String) throws -> [Double] {
    let chain = try Chain(
      .proxy(name: name, path: path), programs: programs, serverPort: server.port)
    defer { chain.stop() }
    Clock.sleep(seconds: 1)
    let idle = try chain.source.memory()
    let crowd = try Crowd(chain, count: 1)
    let sampler = FootprintSampler(chain.source)
    do {
      try crowd.move(Self.transferByteCount, isUp: true)
    } catch {
      throw Failure("\(name): \(chain.casualties ?? "\(error)")")
    }
    return idle + sampler.stop()
  }

  // MARK: Starts

  /// The reference says so in the same words.
  private static let listening = "Listening for new connection on port"

  /// From exec to a line of its output.
  private static func milliseconds(of child: Child, _ line: String) throws -> Double {
    _ = try child.waitForLine(line, seconds: 15) { $0.contains(line) }
    return Clock.seconds(since: child.startTime) * 1e3
  }

  private func bareStart(_ hub: Child) throws -> Double {
    try Self.milliseconds(
      of: Child(name: "BareClient", path: bareClient, arguments: bareArguments(hub)), "connected")
  }

  private func bareArguments(_ hub: Child) throws -> [String] {
    let invitation = try Invitation(
      hub.waitForLine("source's command", seconds: 10) { $0.contains(" -s ") })
    return [
      "localhost", "\(invitation.port)",
      try Guardian.shared.temporaryDirectory() + "/tunneld/ca",
    ]
  }

  private func trueStart() throws -> Double {
    let child = try Child(name: "true", path: "/bin/true", arguments: [])
    while child.ending == nil { Clock.sleep(seconds: 0.0001) }
    return Clock.seconds(since: child.startTime) * 1e3
  }

  // MARK: System calls

  /// One source's.
  private func calls(_ name: String, _ path: String) throws -> Int {
    let directory = try Guardian.shared.temporaryDirectory()
    let wrapper = directory + "/traced-\(name)"
    let trace = directory + "/trace-\(name)"
    // Without -D the program would be the tracer's child, and outlive it.
    try "#!/bin/sh\nexec strace -D -f -o '\(trace)'.$$ '\(path)' \"$@\"\n".write(
      toFile: wrapper, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper)
    let launch = try start(wrapper)
    defer { launch.stop() }
    _ = try Self.milliseconds(of: launch.source, Self.listening)
    // The line may come before the call.
    Clock.sleep(seconds: 0.3)
    launch.stop()
    for file in try FileManager.default.contentsOfDirectory(atPath: directory)
    where file.hasPrefix("trace-\(name).") {
      let text = try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
      try FileManager.default.removeItem(atPath: "\(directory)/\(file)")
      if let count = Self.callCount(text, until: "listen(") { return count }
    }
    throw Failure("\(name): strace saw no listen(2)")
  }

  private func bareCalls() throws -> Int {
    let launch = try start(programs.localproxy)
    defer { launch.stop() }
    return try Self.calls([bareClient] + bareArguments(launch.hub), until: "write(1")
  }

  private static func calls(_ command: [String], until end: String?) throws -> Int {
    let trace = try Guardian.shared.temporaryDirectory() + "/trace"
    try Programs.run("strace", ["-f", "-o", trace] + command)
    let text = try String(contentsOfFile: trace, encoding: .utf8)
    guard let count = callCount(text, until: end) else { throw Failure("strace: \(command[0])") }
    return count
  }

  /// The calls of a trace up to one that begins so, which is among them, or all; the exec is not. Nil without such a one.
  private static func callCount(_ trace: String, until end: String?) -> Int? {
    var count = 0
    for line in trace.split(separator: "\n") {
      // "PROCESS call(…) = …"; of a call that others interrupt, its end has a line of its own.
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { continue }
      let call = words[1].drop { $0 == " " }
      if call.hasPrefix("<...") || call.hasPrefix("+++") || call.hasPrefix("---") { continue }
      if call.hasPrefix("execve(") { continue }
      count += 1
      if let end, call.hasPrefix(end) { return count }
    }
    return end == nil ? count : nil
  }

  private static func median(_ rounds: [[Double]]) -> [Double] {
    guard let first = rounds.first else { return [] }
    return first.indices.map { index in
      let sorted = rounds.map { $0[index] }.sorted()
      return sorted[sorted.count / 2]
    }
  }
}

extension Launch {
  /// The source goes first and the hub last, so that none complains of another's end.
  fileprivate func stop() {
    for child in [source, destination, hub] { child.stop() }
  }
}

/// A program's memory figures at the moment when it had the most.
private final class FootprintSampler: @unchecked Sendable {
  private let lock = NSLock()
  private var most: [Double] = [0, 0, 0]
  private var isOver = false

  init(_ child: Child) {
    Thread.detachNewThread { [self] in
      while !lock.withLock({ isOver }) {
        if let values = try? child.memory() {
          lock.withLock { most = values[0] > most[0] ? values : most }
        }
        Clock.sleep(seconds: 0.02)
      }
    }
  }

  func stop() -> [Double] {
    lock.withLock {
      isOver = true
      return most
    }
  }
}

extension Child {
  /// In MB: what is resident, its part of what it shares, and of the first what belongs to no file: the heap, and what
  /// malloc maps besides.
  fileprivate func memory() throws -> [Double] {
    // The kernel hands it out in pieces, of which `String(contentsOfFile:)` takes the first.
    let file = FileHandle(forReadingAtPath: "/proc/\(processID)/smaps")
    guard let data = try file?.readToEnd() else { throw Failure("\(name) is gone") }
    var isHeap = false
    var kibibytes = [0.0, 0, 0]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let first = words.first, words.count > 1 else { continue }
      let value = Double(words[1]) ?? 0
      switch first {
      case "Rss:":
        kibibytes[0] += value
        if isHeap { kibibytes[2] += value }
      case "Pss:": kibibytes[1] += value
      // Address, mode, offset, device, inode, and a name where there is one.
      case _ where first.contains("-"): isHeap = words.count == 5 || words.last == "[heap]"
      default: break
      }
    }
    return kibibytes.map { $0 * 1024 / 1e6 }
  }
}

extension String {
  /// "OpenSSL 3.0.17" of a longer text.
  fileprivate var firstOpenSSL: String? {
    firstMatch(of: /OpenSSL [0-9]+\.[0-9]+\.[0-9]+/).map { String($0.0) }
  }
}
