import Basics
import Simulator
import Testing

@testable import AgentCore

/// A core with somebody who does what it orders, and remembers that.
private struct Bench {
  var core: AgentCore
  var now = Instant(nanoseconds: 0)
  /// What was ordered since this was last taken.
  var orders: [String] = []
  /// Localproxies that run.
  var running: [TunnelID] = []
  /// Each start fails for this reason.
  var startFailure: String?
  var adoptedCount = 0
  var isFinished = false

  init(
    services: [String: String] = ["SSH": "localhost:22", "VNC": "localhost:5900"],
    unnamed: String? = nil, region: String? = nil,
    adapt: (inout AgentCore.Policy) -> Void = { _ in }
  ) {
    var policy = AgentCore.Policy()
    adapt(&policy)
    var allowed = AllowedServices()
    for (name, address) in services { _ = allowed.add(.init(name: name, address: address)) }
    if let unnamed { _ = allowed.add(.init(name: nil, address: unnamed)) }
    core = AgentCore(policy: policy, services: allowed, region: region)
  }

  mutating func tell(_ event: AgentCore.Event) {
    core.handle(event, now: now)
    while let order = core.next() { perform(order) }
    core.checkInvariants(adoptedCount: adoptedCount)
  }

  mutating func notify(
    _ token: String, _ services: [String] = ["SSH"], region: String = "eu-west-1"
  ) {
    tell(
      .notified(
        Notification(token: Array(token.utf8), region: region, services: services),
        TokenTag("tag of " + token)))
  }

  mutating func end(_ number: Int, _ end: ProxyEnd) {
    running.removeAll { $0.number == number }
    tell(.ended(TunnelID(number: number), end))
  }

  /// Time passes, and the core is told when it wants to be.
  mutating func wait(_ milliseconds: Int64) {
    let end = now + Milliseconds(milliseconds)
    while let deadline = core.deadline, deadline <= end {
      now = max(now, deadline)
      tell(.deadlineCame)
    }
    now = end
  }

  mutating func take() -> [String] {
    defer { orders = [] }
    return orders
  }

  private mutating func perform(_ order: AgentCore.Order) {
    switch order {
    case .start(let id, let launch):
      orders.append(
        "start \(id.number) \(String(decoding: launch.token, as: UTF8.self)) \(launch.mappings.joined(separator: " "))"
      )
      if let startFailure {
        core.handle(.startFailed(id, reason: startFailure), now: now)
      } else {
        running.append(id)
        core.handle(.started(id), now: now)
      }
    case .end(let id): orders.append("end \(id.number)")
    case .kill(let id): orders.append("kill \(id.number)")
    case .finish(let leaving):
      orders.append("finish \(leaving)")
      isFinished = true
    case .report(let report): orders.append(Self.words(report))
    }
  }

  private static func words(_ report: AgentCore.Report) -> String {
    switch report {
    case .accepted(let id, _): "accepted \(id.number)"
    case .adopted(let id): "adopted \(id.number)"
    case .duplicate: "duplicate"
    case .full(let max): "full \(max)"
    case .serviceNotAllowed(let name): "no service \(name ?? "-")"
    case .regionNotAllowed: "no region"
    case .stopping: "stopping"
    case .over(let id, let end): "over \(id.number) \(words(end))"
    case .mistaken(let id, let end): "mistaken \(id.number) \(words(end))"
    case .restarts(let id, let failure, let delay):
      "restarts \(id.number) \(words(failure)) in \(delay.count)"
    case .givenUp(let id, let failure): "given up \(id.number) \(words(failure))"
    }
  }

  private static func words(_ failure: AgentCore.Failure) -> String {
    switch failure {
    case .ended(let end): words(end)
    case .notStarted(let reason): reason
    }
  }

  private static func words(_ end: ProxyEnd) -> String {
    switch end {
    case .exited(let status): "\(status)"
    case .killed(let signal): "signal \(signal)"
    case .gone: "gone"
    }
  }
}

@Suite("AgentCore")
struct AgentCoreTests {
  @Test("a notification starts a localproxy with the servers of its services")
  func starts() {
    var bench = Bench()
    bench.notify("a", ["VNC", "SSH"])
    #expect(bench.take() == ["accepted 1", "start 1 a VNC=localhost:5900 SSH=localhost:22"])
    #expect(bench.core.deadline == nil)
  }

  @Test(
    "one service that is not on the list refuses all of it; '*' is none",
    arguments: [["RDP"], ["SSH", "RDP"], ["*"], ["ssh"], ["SSH "], [""]])
  func refusesServices(services: [String]) {
    var bench = Bench()
    bench.notify("a", services)
    #expect(bench.take() == ["no service \(services.last ?? "")"])
    #expect(bench.core.tunnelCount == 0)
  }

  @Test("without names it is the service without one, or refused")
  func servesUnnamed() {
    var bench = Bench()
    bench.notify("a", [])
    #expect(bench.take() == ["no service -"])
    bench = Bench(unnamed: "localhost:2222")
    bench.notify("a", [])
    #expect(bench.take() == ["accepted 1", "start 1 a localhost:2222"])
  }

  @Test("another region than the given one is refused")
  func refusesRegions() {
    var bench = Bench(region: "eu-west-1")
    bench.notify("a", region: "us-east-1")
    bench.notify("a", region: "eu-west-1")
    #expect(bench.take() == ["no region", "accepted 1", "start 1 a SSH=localhost:22"])
  }

  @Test("what comes above the limit is refused, and may come again when there is a place")
  func limitsTunnels() {
    var bench = Bench { $0.tunnelCountMax = 2 }
    for token in ["a", "b", "c"] { bench.notify(token) }
    #expect(bench.take().last == "full 2")
    bench.end(1, .exited(0))
    bench.notify("c")
    #expect(bench.take() == ["over 1 0", "accepted 3", "start 3 c SSH=localhost:22"])
  }

  @Test("a token that runs, or is over, is a duplicate; one that was given up is not")
  func dropsDuplicates() {
    for status: Int32 in [0, 3, 7] {
      var bench = Bench()
      bench.notify("a")
      bench.notify("a")
      bench.end(1, .exited(status))
      bench.notify("a")
      #expect(
        bench.take() == [
          "accepted 1", "start 1 a SSH=localhost:22", "duplicate", "over 1 \(status)", "duplicate",
        ])
    }
    for status: Int32 in [2, 5, 6] {
      var bench = Bench()
      bench.notify("a")
      bench.end(1, .exited(status))
      bench.notify("a")
      #expect(
        bench.take().dropFirst(2) == [
          "mistaken 1 \(status)", "accepted 2", "start 2 a SSH=localhost:22",
        ])
    }
  }

  @Test("so many tokens are remembered, and the oldest is forgotten")
  func forgetsOldest() {
    var bench = Bench()
    for number in 0...AgentCore.recentCountMax {
      bench.notify("\(number)")
      bench.end(number + 1, .exited(3))
    }
    _ = bench.take()
    bench.notify("1")
    bench.notify("0")
    #expect(bench.take().prefix(2) == ["duplicate", "accepted \(AgentCore.recentCountMax + 2)"])
  }

  @Test(
    "one that fails is started again a few times, after a pause that grows",
    arguments: [ProxyEnd.exited(1), .exited(4), .exited(127), .killed(9), .killed(11)])
  func startsAgain(end: ProxyEnd) {
    var bench = Bench()
    bench.notify("a")
    _ = bench.take()
    for (place, delay) in [2_000, 4_000, 8_000].enumerated() {
      bench.end(1, end)
      bench.wait(Int64(delay) - 1)
      let orders = bench.take()
      #expect(orders.count == 1 && orders[0].hasSuffix("in \(delay)"), "\(place)")
      bench.wait(1)
      #expect(bench.take() == ["start 1 a SSH=localhost:22"])
    }
    bench.end(1, end)
    let orders = bench.take()
    #expect(orders.count == 1 && orders[0].hasPrefix("given up 1"))
    #expect(bench.core.tunnelCount == 0)
    bench.notify("a")
    #expect(bench.take().first == "accepted 2")
  }

  @Test("one that has run for a while has not failed in a row")
  func forgivesFailures() {
    var bench = Bench { $0.restartCountMax = 2 }
    bench.notify("a")
    for _ in 0..<6 {
      bench.wait(300_001)
      _ = bench.take()
      bench.end(1, .exited(1))
      #expect(bench.take() == ["restarts 1 1 in 2000"])
      bench.wait(2_000)
    }
  }

  @Test("one that cannot be started is tried again, too")
  func triesAgain() {
    var bench = Bench { $0.restartCountMax = 1 }
    bench.startFailure = "no such file"
    bench.notify("a")
    bench.wait(60_000)
    #expect(
      bench.take() == [
        "accepted 1", "start 1 a SSH=localhost:22", "restarts 1 no such file in 2000",
        "start 1 a SSH=localhost:22", "given up 1 no such file",
      ])
  }

  @Test("without restarts the first failure is the last")
  func givesUpAtOnce() {
    var bench = Bench { $0.restartCountMax = 0 }
    bench.notify("a")
    bench.end(1, .exited(1))
    #expect(bench.take().last == "given up 1 1")
  }

  @Test("a new token of a tunnel is served beside the old one, whose localproxy ends by itself")
  func servesRotatedToken() {
    var bench = Bench()
    bench.notify("old")
    bench.notify("new")
    bench.end(1, .exited(3))
    #expect(bench.take().last == "over 1 3")
    #expect(bench.running.map(\.number) == [2])
  }

  @Test("at the end all are asked to end, then killed, and nothing more is started")
  func ends() {
    var bench = Bench()
    for token in ["a", "b", "c"] { bench.notify(token) }
    bench.end(2, .exited(1))
    _ = bench.take()
    bench.tell(.stopRequested)
    #expect(bench.take() == ["end 1", "end 3"])
    bench.notify("d")
    bench.end(1, .exited(0))
    #expect(bench.take() == ["stopping", "over 1 0"])
    bench.wait(15_000)
    #expect(bench.take() == ["kill 3"])
    bench.wait(60_000)
    #expect(bench.take().isEmpty)
    bench.end(3, .killed(9))
    #expect(bench.take() == ["over 3 signal 9", "finish 0"])
  }

  @Test("who asks twice does not want to wait")
  func killsAtOnce() {
    var bench = Bench()
    bench.notify("a")
    _ = bench.take()
    bench.tell(.stopRequested)
    bench.tell(.stopRequested)
    bench.tell(.stopRequested)
    #expect(bench.take() == ["end 1", "kill 1"])
  }

  @Test("with nobody to wait for the end comes at once")
  func endsAtOnce() {
    var bench = Bench()
    bench.tell(.stopRequested)
    #expect(bench.take() == ["finish 0"])
    bench.notify("a")
    #expect(bench.take().isEmpty)
  }

  @Test("those that stay are left alone, and no restart is waited for")
  func leaves() {
    var bench = Bench { $0.leavesChildren = true }
    for token in ["a", "b", "c"] { bench.notify(token) }
    bench.end(2, .exited(1))
    _ = bench.take()
    bench.tell(.stopRequested)
    #expect(bench.take() == ["finish 2"])
  }

  @Test("an adopted one counts, is known by its token, and is not started again")
  func adopts() {
    var bench = Bench { $0.tunnelCountMax = 1 }
    bench.adoptedCount = 2
    bench.tell(.adopted(TokenTag("tag of a")))
    bench.tell(.adopted(TokenTag("tag of b")))
    bench.notify("a")
    bench.notify("c")
    bench.end(1, .gone)
    #expect(bench.take() == ["adopted 1", "adopted 2", "duplicate", "full 1", "over 1 gone"])
    bench.tell(.stopRequested)
    #expect(bench.take() == ["end 2"])
  }

  @Test("at the input's end the tunnels that are open go on, failures included")
  func outlivesInput() {
    var bench = Bench()
    bench.notify("a")
    bench.tell(.inputEnded)
    bench.end(1, .exited(1))
    bench.wait(2_000)
    bench.end(1, .exited(0))
    #expect(
      bench.take().dropFirst(2) == [
        "restarts 1 1 in 2000", "start 1 a SSH=localhost:22", "over 1 0", "finish 0",
      ])
  }

  @Test("whatever happens in whatever order, the rules hold and the end comes")
  func keepsRules() {
    var random = SeededGenerator()
    for _ in 0..<300 {
      var bench = Bench {
        $0.tunnelCountMax = random.number(1...4)
        $0.restartCountMax = random.number(0...3)
        $0.leavesChildren = random.chance(2_000)
      }
      for _ in 0..<random.number(1...200) {
        bench.startFailure = random.chance(1_000) ? "busy" : nil
        switch random.below(8) {
        case 0...2: bench.notify("\(random.below(12))", random.chance(9_000) ? ["SSH"] : ["RDP"])
        case 3, 4:
          if bench.running.isEmpty { continue }
          let number = random.pick(bench.running).number
          bench.end(
            number,
            random.chance(2_000)
              ? .killed(9) : .exited(Int32(random.pick([0, 1, 2, 3, 4, 5, 6, 7, 127]))))
        case 5, 6: bench.wait(Int64(random.size(1...400_000)))
        default:
          if random.chance(300) { bench.tell(.stopRequested) }
          if random.chance(100) { bench.tell(.inputEnded) }
          // Of one that there is not, too.
          if random.chance(500) { bench.end(random.number(1...50), .exited(0)) }
        }
        #expect(bench.isFinished || bench.running.count <= bench.core.tunnelCount, "SEED=\(seed)")
        #expect(bench.core.deadline.map { $0 > bench.now } ?? true, "SEED=\(seed)")
      }
      bench.tell(.stopRequested)
      bench.wait(20_000)
      while let id = bench.running.first, !bench.isFinished { bench.end(id.number, .killed(9)) }
      #expect(bench.isFinished, "SEED=\(seed)")
    }
  }
}

@Suite("Allowed services")
struct AllowedServicesTests {
  @Test("a name stands there once, and so does no name")
  func refusesTwice() {
    var services = AllowedServices()
    let names: [(name: String?, isNew: Bool)] = [
      ("A", true), (nil, true), ("A", false), (nil, false), ("B", true),
    ]
    for (name, isNew) in names {
      let isAdded = services.add(.init(name: name, address: "localhost:1"))
      #expect(isAdded == isNew)
    }
    #expect(services.all.map(\.mapping) == ["A=localhost:1", "localhost:1", "B=localhost:1"])
  }

  @Test("there is room for so many")
  func isBounded() {
    var services = AllowedServices()
    for number in 0...AllowedServices.countMax {
      let isAdded = services.add(.init(name: "\(number)", address: "localhost:1"))
      #expect(isAdded == (number < AllowedServices.countMax))
    }
  }
}
