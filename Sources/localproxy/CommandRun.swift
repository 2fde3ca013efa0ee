import Basics
import Configuration
import Proxy
import Reactor

/// Runs the command behind `--` when the tunnel stands, and ends the program with it.
///
///     state     what comes                  next      what is done
///     waiting   all services listen         running   the command starts, with the ports in its words
///     waiting   it cannot                   over      the proxy is to stop
///     waiting   the proxy has ended         -         the program ends
///     running   the command has ended       over      the proxy is to stop
///     running   the proxy has ended         running   nothing: the command decides when it has enough
///     over      the proxy has ended         -         the program ends
///
/// A signal is the proxy's, but while the command runs: then SIGTERM and SIGHUP are handed on to it, and SIGINT, which a
/// terminal sends to both, is its alone.
final class CommandRun: SignalHandler, ChildHandler {
  private enum State {
    case waiting
    case running(ChildProcess)
    /// With the command's status, or what stands for it.
    case over(Int32)
  }

  /// The shell's, for what cannot be started.
  private static let cannotStart: Int32 = 127
  /// Above it the shell has the number of the signal that ended a command.
  private static let signalBase: Int32 = 128

  private let proxy: LocalProxy
  private let template: CommandTemplate
  private let children: ChildProcesses
  private let log: Log
  private let outcome: Outcome
  private var state = State.waiting
  /// The command goes on alone.
  private var isProxyOver = false
  /// What ends the program before the command has begun; 0 for none.
  private var earlySignal: Int32 = 0

  init(
    _ template: CommandTemplate, proxy: LocalProxy, reactor: Reactor, log: Log, outcome: Outcome
  ) throws(SystemError) {
    self.template = template
    self.proxy = proxy
    self.log = log
    self.outcome = outcome
    children = try ChildProcesses(reactor: reactor)
    proxy.listening = { self.start() }
  }

  private func start() {
    guard case .waiting = state else { return }
    do throws(UsageError) {
      let words = try template.filled { name throws(UsageError) in try proxy.port(of: name) }
      do throws(SystemError) {
        state = .running(try children.start(Command(words), self))
      } catch {
        end(
          Self.cannotStart,
          "cannot start '%': %; correct the command behind '--'".with(
            words[0].excerpt, error.reason))
      }
    } catch {
      end(ExitStatus.servicesMismatch.rawValue, error.message)
    }
  }

  private func end(_ status: Int32, _ reason: String) {
    log.commandFailed(reason: reason)
    state = .over(status)
    proxy.requestStop()
  }

  func childEnded(_ child: ChildProcess, _ end: ChildEnd) {
    let status =
      switch end {
      case .exited(let status): status
      case .killed(let signal): Self.signalBase + signal
      }
    state = .over(status)
    if isProxyOver { outcome.finish(status) } else { proxy.requestStop() }
  }

  /// The proxy has ended, with this status.
  func proxyEnded(_ status: Int32) {
    switch state {
    // It is no success of a command that was not run.
    case .waiting where status == 0 && earlySignal != 0:
      outcome.finish(Self.signalBase + earlySignal)
    case .waiting: outcome.finish(status)
    case .running:
      isProxyOver = true
      log.commandAlone()
    case .over(let status): outcome.finish(status)
    }
  }

  func received(_ signal: Signal) {
    guard case .running(let child) = state else {
      switch signal {
      case .terminate, .interrupt, .hangUp(endsTerminal: true): earlySignal = signal.number
      case .hangUp, .user1: break
      }
      proxy.received(signal)
      return
    }
    switch signal {
    case .terminate, .hangUp: child.signal(signal)
    case .interrupt: break
    case .user1: proxy.received(signal)
    }
  }
}
