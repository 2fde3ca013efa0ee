import Foundation
import Testing

/// What becomes of a program when an allocation fails, whichever it is: Tests/FailingAllocator lets the n-th fail, of all
/// that the start, the handshakes, a client's connection and the end take. ALLOCATION_STEP=1 tries each n.
extension EndToEnd {
  @Suite("Allocations that fail")
  struct AllocationFailures {
    /// One allocation of so many is tried; a prime, so that what repeats itself is met at different places.
    static let step =
      ProcessInfo.processInfo.environment["ALLOCATION_STEP"].flatMap { Int($0) } ?? 499
    /// No more tunnels are opened at once.
    static let batchSize = 500

    @Test(
      "the program works on, or ends with status 1 and a line that says why",
      arguments: ["source", "destination"])
    func endsOrGoesOn(role: String) throws {
      let whole = try Scene(role, failing: [0])[0]
      #expect(whole.outcome == .worked)
      #expect(whole.allocationCount > 1_000, "the library is not loaded")
      let numbers = Array(stride(from: 1, through: whole.allocationCount, by: Self.step))
      var counts = (ended: 0, worked: 0)
      for start in stride(from: 0, to: numbers.count, by: Self.batchSize) {
        let batch = Array(numbers[start...].prefix(Self.batchSize))
        for (number, result) in zip(batch, try Scene(role, failing: batch)) {
          switch result.outcome {
          case .ended: counts.ended += 1
          case .worked: counts.worked += 1
          case .fault(let what): Issue.record("allocation \(number): \(what)\n\(result.tail)")
          }
        }
      }
      #expect(counts.ended > 0 && counts.worked > 0, "\(counts)")
    }

    @Test("where all allocations fail from one on, the program ends and does not spin")
    func endsWithoutAny() throws {
      let whole = try Scene("source", failing: [0])[0]
      let numbers = Array(stride(from: 1, through: whole.allocationCount, by: 10 * Self.step))
      let scene = try Scene("source", failing: numbers, andAllBehind: true)
      for (number, result) in zip(numbers, scene) {
        if case .fault(let what) = result.outcome {
          Issue.record("from allocation \(number) on: \(what)\n\(result.tail)")
        }
      }
    }

    @Test(
      "where the system maps no memory twice, every byte comes all the same",
      arguments: [true, false])
    func worksWithoutSecondMapping(isRefused: Bool) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let scratch = try ScratchDirectory()
      let refusal = [
        "LD_PRELOAD": try FailingAllocator.library(in: scratch), "FAILING_MREMAP": "1",
      ]
      let environment = isRefused ? refusal : [:]
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let tokens = tunneld.tunnels[0]
      let destination = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tokens.destination, name: "destination",
        arguments: ["-c", tunneld.authorities, "-d", "SSH1=127.0.0.1:\(server.port)"],
        environment: environment, in: scratch)
      try destination.waitForLine(containing: "ready: service SSH1 ")
      let source = try LocalProxy.start(
        .dynamic, endpoint: tunneld.port, token: tokens.source, name: "source",
        arguments: ["-c", tunneld.authorities, "-s", "SSH1=0"], environment: environment,
        in: scratch)
      let line = try source.waitForLine(containing: LocalProxy.listening, "127.0.0.1")
      let port = try parsePort(in: line, after: LocalProxy.listening)
      for process in [source, destination] { #expect(try Self.isMappedTwice(process) != isRefused) }
      try Exchange(seed: 78, upload: 5_000_000, download: 5_000_000).runAsClient(
        over: Socket(connectingTo: port), within: 30)
    }

    /// Whether it has memory that is shared and no file's, which only the ring is.
    private static func isMappedTwice(_ process: ChildProcess) throws -> Bool {
      let maps = try String(contentsOfFile: "/proc/\(process.processID)/maps", encoding: .utf8)
      return maps.contains("/dev/zero (deleted)")
    }
  }
}

private enum FailingAllocator {
  /// Compiles the library.
  static func library(in scratch: ScratchDirectory) throws -> String {
    let library = scratch.file("FailingAllocator.so")
    let source = Linkage.packageRoot + "/Tests/FailingAllocator/FailingAllocator.c"
    let compiler = try ChildProcess(
      "clang", ["-O2", "-shared", "-fPIC", "-o", library, source], name: "clang", in: scratch)
    guard try compiler.waitForExit(within: 60) == .status(0) else {
      throw Failure("FailingAllocator.c does not compile\n\(compiler.tail)")
    }
    return library
  }
}

/// A tunnel for each of some numbers: of the end that is tested the allocation of that number fails.
private struct Scene {
  enum Outcome: Equatable {
    /// Status 1 and the line.
    case ended
    /// A client was served, and a signal ended it with status 0.
    case worked
    case fault(String)
  }

  struct Result {
    let outcome: Outcome
    let allocationCount: Int
    let tail: String
  }

  private static let message = [UInt8](repeating: 7, count: 20_000)
  /// Short waits, as a failure may cost an attempt.
  private static let settings = """
    {"tunneling": {"proxy": {"drain_timeout_ms": 100, "websocket": {"retry_delay_ms": 500, \
    "retry_delay_max_ms": 1000, "handshake_timeout_ms": 3000}}}}
    """
  private static let timeMax = 40.0
  /// Processor time that no failure can cost, on the slowest machine.
  private static let processorTicksMax = 500

  private let scratch: ScratchDirectory
  private let tunneld: Tunneld
  private let server: Server
  private let library: String
  private let settingsFile: String
  private let port: UInt16
  private let isSource: Bool
  private var results: [Result] = []

  init(_ role: String, failing numbers: [Int], andAllBehind: Bool = false) throws {
    scratch = try ScratchDirectory()
    isSource = role == "source"
    port = try Server.unusedPort()
    tunneld = try Tunneld(.dynamic, services: ["SSH1"], tunnelCount: numbers.count, in: scratch)
    library = try FailingAllocator.library(in: scratch)
    settingsFile = scratch.file("settings.json")
    server = try Server { socket in
      while let bytes = try? socket.receive(exactly: Self.message.count) {
        try bytes.withUnsafeBytes { try socket.send($0) }
      }
    }
    defer { server.stop() }
    try Self.settings.write(toFile: settingsFile, atomically: false, encoding: .utf8)
    for (index, number) in numbers.enumerated() {
      let last = andAllBehind ? UInt64.max : UInt64(number)
      results.append(try play(tunneld.tunnels[index], first: UInt64(number), last: last))
    }
  }

  subscript(index: Int) -> Result { results[index] }

  private func play(_ tokens: Tunneld.Tokens, first: UInt64, last: UInt64) throws -> Result {
    let plan = scratch.file("plan")
    try [first, last, 0].withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: plan)) }
    let failing = ["LD_PRELOAD": library, "FAILING_ALLOCATOR_FILE": plan]
    let destination = try start(
      "destination", tokens.destination, ["-d", "SSH1=127.0.0.1:\(server.port)"],
      isSource ? [:] : failing)
    let source = try start(
      "source", tokens.source, ["-s", "SSH1=\(port)"], isSource ? failing : [:])
    let tested = isSource ? source : destination
    let outcome = try judge(tested, isServed: { Self.isServed(at: port) })
    let counts = try [UInt8](Data(contentsOf: URL(fileURLWithPath: plan)))
    let count = counts.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
    return Result(
      outcome: outcome, allocationCount: Int(count), tail: outcome == .worked ? "" : tested.tail)
  }

  private func start(
    _ name: String, _ token: String, _ mapping: [String], _ environment: [String: String]
  ) throws -> ChildProcess {
    try LocalProxy.start(
      .dynamic, endpoint: tunneld.port, token: token, name: name,
      arguments: ["-c", tunneld.authorities, "--settings-json", settingsFile] + mapping,
      environment: environment, in: scratch)
  }

  private func judge(_ process: ChildProcess, isServed: () -> Bool) throws -> Outcome {
    let deadline = Deadline(seconds: Self.timeMax)
    while process.isRunning && !isServed() {
      if deadline.hasPassed { return .fault("no client was served, and it runs on") }
      usleep(20_000)
    }
    let ticks = Self.processorTicks(process.processID)
    if ticks > Self.processorTicksMax { return .fault("it took \(ticks) ticks") }
    let wasRunning = process.isRunning
    process.send(SIGTERM)
    let exit = try? process.waitForExit(within: Self.timeMax)
    switch exit {
    case .status(0) where wasRunning: return .worked
    case .status(1) where process.text(of: .error).hasSuffix("localproxy: out of memory\n"):
      return .ended
    default: return .fault("\(exit.map { "\($0)" } ?? "it does not end")")
    }
  }

  /// Whether a client that comes now gets back what it sends.
  private static func isServed(at port: UInt16) -> Bool {
    guard let socket = try? Socket(connectingTo: port),
      (try? message.withUnsafeBytes { try socket.send($0) }) != nil
    else { return false }
    return (try? socket.receive(exactly: message.count)) == message
  }

  /// Of a hundredth of a second each; none for a process that has ended.
  private static func processorTicks(_ process: pid_t) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let fields = text.components(separatedBy: ") ").last?.split(separator: " ") ?? []
    if fields.count < 13 { return 0 }
    return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
  }
}

extension Scene: Sequence {
  func makeIterator() -> IndexingIterator<[Result]> { results.makeIterator() }
}
