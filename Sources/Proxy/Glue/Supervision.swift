import Basics
import Reactor
import Tunnel

/// Tells a supervisor what `SupervisorReport` decides, from the loop itself: a loop that is stuck says nothing.
final class Supervision: TimerHandler {
  private let network: any Network
  private let supervisor: any Supervisor
  private let log: Log
  private var report: SupervisorReport
  private var timer = DeadlineTimer()
  private var hasFailed = false

  init(network: any Network, supervisor: any Supervisor, log: Log) {
    self.network = network
    self.supervisor = supervisor
    self.log = log
    report = SupervisorReport(watchdogPeriod: supervisor.watchdogPeriod, now: network.now)
  }

  var heldTimerCount: Int { timer.due == nil ? 0 : 1 }

  func note(_ facts: SupervisorReport.Facts) {
    report.handle(facts, now: network.now)
    timer.set(report.deadline, on: network, self)
  }

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell()
    timer.set(report.deadline, on: network, self)
  }

  private func tell() {
    let message = report.message(now: network.now, lastError: log.lastError)
    if message.isEmpty { return }
    let fault = supervisor.tell(message)
    if fault.isEmpty { return }
    report.lost(now: network.now)
    if !hasFailed { log.supervisorNotTold(reason: fault) }
    hasFailed = true
  }

  /// These are the last facts: they are told at once, and nothing more.
  func end(_ facts: SupervisorReport.Facts) {
    report.handle(facts, now: network.now)
    tell()
    timer.set(nil, on: network, self)
  }
}
