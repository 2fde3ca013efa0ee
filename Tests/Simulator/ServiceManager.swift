import Basics
import Proxy
import Reactor
import Tunnel

/// Whoever has started a proxy and is told how it fares (sd_notify(3)).
final class ServiceManager: Supervisor {
  private static let slack = Milliseconds(250)
  private static let interval = Milliseconds(1_000)

  private let world: World
  private let name: String
  let watchdogPeriod: Milliseconds?
  /// Nothing arrives: it does not listen.
  private let isDeaf: Bool
  private var isReady = false
  private var isStopping = false
  private var words = ""
  private var connectionCount: Int?
  private var toldAt: Instant
  private var aliveAt: Instant
  /// What it should know, and since when that is so.
  private var facts: [Int] = []
  private var factsSince: Instant

  init(_ world: World, _ name: String, watchdogPeriod: Milliseconds?, isDeaf: Bool) {
    self.world = world
    self.name = name
    self.watchdogPeriod = watchdogPeriod
    self.isDeaf = isDeaf
    toldAt = world.now
    aliveAt = world.now
    factsSince = world.now
  }

  func tell(_ message: String) -> String {
    if isDeaf { return "the simulator does not listen" }
    let now = world.now
    for line in message.split(separator: "\n") {
      switch line {
      case "READY=1": isReady = true
      case "STOPPING=1": isStopping = true
      case "WATCHDOG=1": aliveAt = now
      case _ where line.hasPrefix("STATUS="): note(line.dropFirst("STATUS=".count))
      default: world.fail(name, "tells its service manager \(line)")
      }
    }
    return ""
  }

  private func note(_ status: Substring) {
    let parts = status.split(separator: ";").map { $0.drop { $0 == " " } }
    words = String(parts.first ?? "")
    let count = "connections: "
    connectionCount = parts.first { $0.hasPrefix(count) }.flatMap { Int($0.dropFirst(count.count)) }
    toldAt = world.now
  }

  /// After a turn: what has been so for more than a second was told.
  func look(at proxy: LocalProxy) {
    let now = world.now
    let new = [proxy.isServing ? 1 : 0, proxy.connectionCount, Self.number(of: proxy.state)]
    if new != facts {
      facts = new
      factsSince = now
    }
    // A process that stands still says nothing.
    if isDeaf || world.faults[.processStalls] > 0 { return }
    if let watchdogPeriod, aliveAt + watchdogPeriod < now {
      world.fail(name, "says nothing for \(watchdogPeriod.count) ms, and is killed")
    }
    if now < max(factsSince, toldAt) + Self.interval + Self.slack { return }
    if proxy.isServing && !isReady { world.fail(name, "is ready, and does not say so") }
    if proxy.state == .stopping && !isStopping { world.fail(name, "stops, and does not say so") }
    if words != Self.words(of: proxy) { world.fail(name, "says '\(words)' as \(proxy.state)") }
    if let connectionCount, connectionCount != proxy.connectionCount {
      world.fail(name, "says that it has \(connectionCount), not \(proxy.connectionCount)")
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
