import Basics
import Configuration
import Proxy
import Reactor

/// Parses, builds, runs; returns the exit status.
func run() -> Int32 {
  Process.prepareStandardStreams()
  Process.forgoCoreDump()
  // Until a WebSocket stands: see Dialer.
  Process.wipesFreedMemory = true
  Cryptography.prepare()
  let (configuration, reader): (Configuration, ConfigurationReader)
  do {
    switch try Configuration.read() {
    case .print(let text):
      return ExitStatus.printing(text, "localproxy").rawValue
    case .run(let read, let reading): (configuration, reader) = (read, reading)
    }
  } catch {
    for message in error.all { _ = refuse(message) }
    return ExitStatus.usage.rawValue
  }
  guard let events = LogEvents.ofProxy else { Process.endForWantOfMemory() }
  let sink: any LogSink
  do throws(SystemError) {
    sink = configuration.logFormat == .journal ? try JournalOutput() : LogOutput()
  } catch {
    return refuse(
      "--log-format journal: no journal takes entries at %: %; choose text or json".with(
        JournalOutput.path, error.reason))
  }
  let log = Log(
    level: configuration.logLevel, format: configuration.logFormat, events: events, sink: sink)
  defer { log.finish() }
  do {
    return configuration.isCheck ? try check(configuration) : try serve(configuration, reader, log)
  } catch {
    log.internalError(operation: error.operation.description, reason: error.reason)
    return ExitStatus.internalError.rawValue
  }
}

/// There is no log yet. Who asked for objects gets nothing else.
func refuse(_ message: String) -> Int32 {
  if Process.isAsked(for: "--log-format", LogFormat.json.name), let events = LogEvents.ofProxy {
    let log = Log(level: .fatal, format: .json, events: events, sink: LogOutput())
    log.usageError(reason: message)
    log.finish()
    return ExitStatus.usage.rawValue
  }
  StandardStream.error.beginFault()
  StandardStream.error.write("localproxy: %. Try 'localproxy --help'.\n".with(message))
  return ExitStatus.usage.rawValue
}

func serve(
  _ configuration: Configuration, _ reader: ConfigurationReader, _ log: Log
) throws(SystemError) -> Int32 {
  let reactor = try Reactor()
  if !reactor.takePassedSockets() {
    log.passedSocketRefused()
    return ExitStatus.usage.rawValue
  }
  let outcome = Outcome(reactor)
  var run: CommandRun?
  let proxy: LocalProxy
  do {
    proxy = try LocalProxy(
      network: reactor, configuration: configuration, log: log,
      stopped: { status in
        if let run { run.proxyEnded(status) } else { outcome.finish(status) }
      })
  } catch {
    if case .memory = error { Process.endForWantOfMemory() }
    log.startFailed(reason: error.reason)
    return ExitStatus.usage.rawValue
  }
  if let command = configuration.command {
    run = try CommandRun(command, proxy: proxy, reactor: reactor, log: log, outcome: outcome)
  }
  proxy.reread = { () throws(UsageError) in try reader.read() }
  let signals = try Signals(reactor: reactor, handler: run ?? proxy)
  if let socket = NotifySocket() { proxy.report(to: socket) }
  proxy.start()
  try reactor.run()
  withExtendedLifetime(signals) {}
  return outcome.status
}

func check(_ configuration: Configuration) throws(SystemError) -> Int32 {
  let reactor = try Reactor()
  let outcome = Outcome(reactor)
  let check = ConfigurationCheck(
    network: reactor, configuration: configuration, finished: { outcome.finish($0) })
  check.start()
  try reactor.run()
  withExtendedLifetime(check) {}
  return outcome.status
}

/// The exit status, once it is known; it ends the loop.
final class Outcome {
  private let reactor: Reactor
  private(set) var status = ExitStatus.internalError.rawValue

  init(_ reactor: Reactor) { self.reactor = reactor }

  func finish(_ status: Int32) {
    self.status = status
    reactor.stop()
  }
}

Process.exit(run())
