import Basics
import Proxy
import Reactor
import Tunnel

/// Whoever has started a proxy and is told how it fares (sd_notify(3)).
final class ServiceManager: Supervisor {
  private static let slack = Milliseconds(250)
  private static let interval = Milliseconds(1_000)
  private static let prompt = Milliseconds(60)

  private let world: World
  private let name: String
  let watchdogPeriod: Milliseconds?
  /// Nothing arrives: it does not listen, for good or now and then.
  private let isDeaf: Bool
  private let deafness: Milliseconds?
  /// The program's last line of level error or fatal.
  private let lastError: () -> (text: String, at: Instant)?
  private var isReady = false
  private var isStopping = false
  private var error = ""
  private var hasHeard = false
  private var lostAt: Instant?
  private var words = ""
  private var connectionCount: Int?
  private var toldAt: Instant
  private var aliveAt: Instant
  /// What it should know, and since when that is so.
  private var facts: [Int] = []
  private var factsSince: Instant

  init(
    _ world: World, _ name: String, watchdogPeriod: Milliseconds?, isDeaf: Bool,
    deafness: Milliseconds?, lastError: @escaping () -> (text: String, at: Instant)?
  ) {
    self.world = world
    self.name = name
    self.watchdogPeriod = watchdogPeriod
    self.isDeaf = isDeaf
    self.deafness = deafness
    self.lastError = lastError
    toldAt = world.now
    aliveAt = world.now
    factsSince = world.now
  }

  func tell(_ message: String) -> String {
    let now = world.now
    if isDeaf || isDeafNow {
      lostAt = now
      return "the simulator does not listen"
    }
    let (wasReady, wasStopping) = (isReady, isStopping)
    for line in message.split(separator: "\n") {
      switch line {
      case "READY=1": isReady = true
      case "STOPPING=1": isStopping = true
      case "WATCHDOG=1": aliveAt = now
      case _ where line.hasPrefix("STATUS="):
        let isNew = isReady != wasReady || isStopping != wasStopping
        note(line.dropFirst("STATUS=".count), isMark: isNew)
      default: world.fail(name, "tells its service manager \(line)")
      }
    }
    // A sign of life alone does not make up for it.
    if message.contains("STATUS=") { lostAt = nil }
    return ""
  }

  /// For the second half of each period.
  private var isDeafNow: Bool {
    guard let deafness else { return false }
    return (world.now.nanoseconds / 1_000_000 / deafness.count) % 2 == 1
  }

  private func note(_ status: Substring, isMark: Bool) {
    let now = world.now
    let parts = status.split(separator: ";").map { $0.drop { $0 == " " } }
    words = String(parts.first ?? "")
    // The end is told at once.
    if hasHeard && !isMark && words != "stopped" && now < toldAt + Self.interval {
      world.fail(name, "tells its service manager more than once a second")
    }
    hasHeard = true
    let count = "connections: "
    connectionCount = parts.first { $0.hasPrefix(count) }.flatMap { Int($0.dropFirst(count.count)) }
    error = ""
    if let range = Self.place(of: "last error: ", in: status) {
      error = String(status[range...])
    }
    toldAt = now
  }

  private static func place(of text: String, in status: Substring) -> Substring.Index? {
    status.indices.first { status[$0...].hasPrefix(text) }
      .flatMap { status.index($0, offsetBy: text.count, limitedBy: status.endIndex) }
  }

  /// It has ended by itself.
  func ended() {
    if isDeaf || isDeafNow { return }
    if words != "stopped" || !isStopping {
      world.fail(name, "ends, and its service manager knows it as '\(words)'")
    }
  }

  /// After a turn: what has been so for more than a second was told.
  /// - Parameter stalledUntil: when the process last had no time.
  func look(at proxy: LocalProxy, stalledUntil: Instant?) {
    let now = world.now
    let new = [proxy.isServing ? 1 : 0, proxy.connectionCount, Self.number(of: proxy.state)]
    if new != facts {
      facts = new
      factsSince = now
    }
    // A process that stands still says nothing.
    if isDeaf || world.faults[.processStalls] > 0 { return }
    if let stalledUntil, now < stalledUntil + Self.interval { return }
    if let deafness {
      lookAgain(deafness)
      return
    }
    if let watchdogPeriod, aliveAt + watchdogPeriod < now {
      world.fail(name, "says nothing for \(watchdogPeriod.count) ms, and is killed")
    }
    // Twice in each, lest one that is late is killed.
    if let watchdogPeriod, world.faults[.timerLate] == 0,
      aliveAt + Milliseconds(watchdogPeriod.count / 2 + Self.slack.count) < now
    {
      world.fail(name, "says nothing for more than half of \(watchdogPeriod.count) ms")
    }
    if factsSince + Self.prompt < now {
      if proxy.isServing && !isReady { world.fail(name, "is ready, and does not say so at once") }
      if proxy.state == .stopping && !isStopping {
        world.fail(name, "stops, and does not say so at once")
      }
    }
    lookAtError()
    if now < max(factsSince, toldAt) + Self.interval + Self.slack { return }
    if words != Self.words(of: proxy) { world.fail(name, "says '\(words)' as \(proxy.state)") }
    if let connectionCount, connectionCount != proxy.connectionCount {
      world.fail(name, "says that it has \(connectionCount), not \(proxy.connectionCount)")
    }
  }

  /// What did not arrive comes again as soon as it may.
  private func lookAgain(_ deafness: Milliseconds) {
    if let lostAt, lostAt + Self.interval + Self.slack < world.now, !isDeafNow {
      let since = world.now.nanoseconds / 1_000_000 % deafness.count
      if since > Self.interval.count + Self.slack.count {
        world.fail(name, "does not say again what its service manager did not hear")
      }
    }
  }

  /// It is told with the next status, or sign of life.
  private func lookAtError() {
    guard let watchdogPeriod, let last = lastError(), !words.isEmpty else { return }
    let time = Milliseconds(watchdogPeriod.count / 2 + Self.interval.count + Self.slack.count)
    if last.at + time < world.now && !error.hasPrefix(last.text.prefix(40)) {
      world.fail(name, "tells its service manager of the error '\(error)', not of '\(last.text)'")
    }
  }

  private static func number(of state: TunnelClient.State) -> Int {
    TunnelClient.State.allCases.firstIndex(of: state) ?? 0
  }

  private static func words(of proxy: LocalProxy) -> String {
    switch proxy.state {
    case .idle, .dialing, .awaitingServices: "connecting"
    case .running: proxy.isServing ? "connected" : "connected, not listening yet"
    case .backingOff: "waiting to connect again"
    case .stopping: "stopping"
    case .stopped: "stopped"
    }
  }
}
