import AgentCore
import Basics
import Configuration
import Reactor

/// Parses, builds, runs; returns the exit status.
public func runAgent() -> Int32 {
  Process.prepareStandardStreams()
  Process.forgoCoreDump()
  // Nothing here is in a hurry.
  Process.wipesFreedMemory = true
  Cryptography.prepare()
  do throws(UsageError) {
    switch try AgentOptions.read() {
    case .print(let text):
      return ExitStatus.printing(text, "localproxy-agent").rawValue
    case .run(let options): return try run(options)
    }
  } catch {
    for message in error.all { refuse(message) }
    return ExitStatus.usage.rawValue
  }
}

/// There is no log yet. Who asked for objects gets nothing else.
private func refuse(_ message: String) {
  if Process.isAsked(for: "--log-format", LogFormat.json.name) {
    let log = Log(level: .fatal, format: .json, events: .ofAgent, sink: LogOutput())
    log.usageError(reason: message)
    log.finish()
    return
  }
  StandardStream.error.beginFault()
  StandardStream.error.write(
    "localproxy-agent: %. Try 'localproxy-agent --help'.\n".with(message))
}

private func run(_ options: AgentOptions) throws(UsageError) -> Int32 {
  do throws(SystemError) {
    try Process.findProgram(options.program)
  } catch {
    throw UsageError(
      "--localproxy '%' cannot be started: %; give its path", with: options.program.excerpt,
      error.reason)
  }
  if options.isCheck {
    try options.checkPlaces()
    return ExitStatus.printing(options.summary, "localproxy-agent").rawValue
  }
  let state: StateDirectory?
  if let path = options.stateDirectory { state = try StateDirectory(path) } else { state = nil }
  let sink: any LogSink
  do throws(SystemError) {
    sink = options.logFormat == .journal ? try JournalOutput() : LogOutput()
  } catch {
    throw UsageError(
      "--log-format journal: no journal takes entries at %: %; choose text or json",
      with: JournalOutput.path,
      error.reason)
  }
  let log = Log(
    level: options.logLevel, format: options.logFormat, events: .ofAgent, sink: sink)
  defer { log.finish() }
  do throws(SystemError) {
    return try Agent(options, state, log).run()
  } catch {
    if let fault = options.fault(inInput: error) { throw fault }
    log.internalError(operation: error.operation.description, reason: error.reason)
    return ExitStatus.internalError.rawValue
  }
}

extension AgentOptions {
  /// What `--check` says.
  var summary: String {
    var text = "localproxy-agent would read notifications from %\n".with(
      (input ?? "standard input").printable)
    text += "and start % for each, % at once:\n".with(
      program.printable, policy.tunnelCountMax.decimal)
    for service in services.all {
      text += "  % is %".with(service.name ?? "without a name", service.address).printable
      text += "\n"
    }
    return text
  }

  /// What a start finds out, without making or opening anything.
  func checkPlaces() throws(UsageError) {
    if let path = stateDirectory, Process.fileExists(path) { try StateDirectory.check(path) }
    do throws(SystemError) {
      if let input { try Process.findPipe(input) }
    } catch {
      if let fault = fault(inInput: error) { throw fault }
    }
  }

  /// Of the errors of a start, that of the input, which the user can mend.
  func fault(inInput error: SystemError) -> UsageError? {
    if !error.operation.description.isSame(as: "open") { return nil }
    guard let input else {
      return UsageError(
        "standard input is neither a pipe nor a terminal; pipe notifications into it, or give --input"
      )
    }
    return UsageError(
      "--input '%' cannot be read: %; %", with: input.excerpt, error.reason,
      error.remedy(forFile: input))
  }
}

/// The program: does what `AgentCore` decides.
final class Agent: LineHandler, ChildHandler, SignalHandler, TimerHandler {
  private enum TimerTag: Int { case deadline, adopted }

  /// How often those are looked at that are no children of this process.
  private static let adoptedPeriod = Milliseconds(2_000)

  /// A localproxy that runs.
  private struct Proxy {
    let tunnel: TunnelID
    let process: Int32
    /// Nil for one that another agent has started.
    let child: ChildProcess?
    let startTime: Int64
  }

  private let options: AgentOptions
  private let state: StateDirectory?
  private let log: Log
  private let reactor: Reactor
  private let children: ChildProcesses
  private let supervisor: NotifySocket?
  private var input: LineInput?
  private var core: AgentCore
  private var proxies: [Proxy] = []
  /// The entry that is being told to the core.
  private var adopting: StateDirectory.Entry?
  private var timer: TimerID?
  private var timerAt: Instant?
  private var toldCount = -1

  init(_ options: AgentOptions, _ state: StateDirectory?, _ log: Log) throws(SystemError) {
    self.options = options
    self.state = state
    self.log = log
    reactor = try Reactor()
    children = try ChildProcesses(reactor: reactor)
    supervisor = NotifySocket()
    core = AgentCore(policy: options.policy, services: options.services, region: options.region)
  }

  func run() throws(SystemError) -> Int32 {
    let signals = try Signals(reactor: reactor, handler: self)
    input = try LineInput(
      reactor: reactor, path: options.input, lineByteCountMax: Notification.byteCountMax,
      handler: self)
    var services: [String] = []
    for service in options.services.all { services.append(service.mapping) }
    log.started(
      version: ProgramVersion.number, tunnelsMax: options.policy.tunnelCountMax.decimal,
      services: services.listed)
    adopt()
    tellSupervisor()
    try reactor.run()
    _ = supervisor?.tell("STOPPING=1")
    withExtendedLifetime(signals) {}
    return ExitStatus.success.rawValue
  }

  /// Tells the core, and does what it wants done.
  private func tell(_ event: AgentCore.Event) {
    core.handle(event, now: reactor.now)
    while let order = core.next() { perform(order) }
    // Not by a type that takes any network: all that the reactor can do would be linked with it, 50 kB.
    let deadline = core.deadline
    if timerAt != deadline {
      if let timer { reactor.cancel(timer) }
      timer = nil
      timerAt = deadline
      if let deadline {
        timer = reactor.schedule(at: deadline, self, tag: TimerTag.deadline.rawValue)
      }
    }
    tellSupervisor()
  }

  private func perform(_ order: AgentCore.Order) {
    switch order {
    case .start(let tunnel, let launch): start(tunnel, launch)
    case .end(let tunnel): signal(tunnel, isLast: false)
    case .kill(let tunnel): signal(tunnel, isLast: true)
    case .report(let report): say(report)
    case .finish(let leaving):
      if leaving > 0 {
        log.tunnelsLeft(tunnels: leaving.decimal)
      }
      input?.close()
      reactor.stop()
    }
  }

  private func signal(_ tunnel: TunnelID, isLast: Bool) {
    guard let proxy = proxies.first(where: { $0.tunnel == tunnel }) else { return }
    if let child = proxy.child {
      if isLast { child.kill() } else { child.signal(.terminate) }
    } else if Process.startTime(of: proxy.process) == proxy.startTime {
      // Nobody keeps the number of one that is no child: it may be another's by now.
      if isLast { Process.kill(proxy.process) } else { Process.terminate(proxy.process) }
    }
  }

  // MARK: Input

  func received(line: [UInt8]?) {
    if line?[...].trimmed.isEmpty == true { return }
    do throws(NotificationFault) {
      guard let line else { throw .tooLong }
      let notification = try Notification.parse(line)
      let tag = TokenTag(Cryptography.uuid(derivedFrom: notification.token))
      let token = notification.token[...].text
      // A service's name might have it.
      log.conceal(token)
      tell(.notified(notification, tag))
      log.forget(token)
    } catch {
      log.lineDropped(reason: error.reason)
    }
  }

  func inputEnded() {
    log.inputEnded()
    tell(.inputEnded)
  }

  func inputFailed(_ error: SystemError) {
    log.inputFailed(path: options.input ?? "", reason: error.reason)
  }

  // MARK: Localproxies

  private func start(_ tunnel: TunnelID, _ launch: Launch) {
    var words = [options.program, "--access-token-file", "-"]
    if let endpoint = options.endpoint {
      words += ["-e", endpoint]
    } else {
      words += ["-r", launch.region]
    }
    for mapping in launch.mappings { words += ["-d", mapping] }
    words += options.arguments
    var command = Command(words)
    command.input = .octets(launch.token + [.lineFeed])
    // What is typed at the agent's terminal is the agent's.
    command.isApart = true
    command.endsWithParent = !options.policy.leavesChildren
    do throws(SystemError) {
      let child = try children.start(command, self)
      let startTime = Process.startTime(of: child.id) ?? 0
      proxies.append(
        Proxy(tunnel: tunnel, process: child.id, child: child, startTime: startTime))
      remember(.init(process: child.id, startTime: startTime, tag: launch.tag))
      log.proxyStarted(tunnel: tunnel.number.decimal, process: Int(child.id).decimal)
      tell(.started(tunnel))
    } catch {
      tell(.startFailed(tunnel, reason: error.reason))
    }
  }

  private func remember(_ entry: StateDirectory.Entry) {
    do throws(SystemError) {
      if options.policy.leavesChildren { try state?.add(entry) }
    } catch {
      log.stateFailed(reason: error.reason, process: Int(entry.process).decimal)
    }
  }

  func childEnded(_ child: ChildProcess, _ end: ChildEnd) {
    guard let index = proxies.firstIndex(where: { $0.child === child }) else { return }
    let tunnel = proxies.remove(at: index).tunnel
    state?.remove(child.id)
    switch end {
    case .exited(let status): tell(.ended(tunnel, .exited(status)))
    case .killed(let signal): tell(.ended(tunnel, .killed(signal)))
    }
  }

  /// Finds those that an earlier agent has left.
  private func adopt() {
    for entry in state?.running({ log.stateDropped(file: $0) }) ?? [] {
      adopting = entry
      tell(.adopted(entry.tag))
    }
    adopting = nil
    if !proxies.isEmpty { watchAdopted() }
  }

  private func watchAdopted() {
    _ = reactor.schedule(
      at: reactor.now + Self.adoptedPeriod, self, tag: TimerTag.adopted.rawValue)
  }

  private func lookAtAdopted() {
    for proxy in proxies where proxy.child == nil {
      if Process.startTime(of: proxy.process) == proxy.startTime { continue }
      proxies.removeAll { $0.tunnel == proxy.tunnel }
      state?.remove(proxy.process)
      tell(.ended(proxy.tunnel, .gone))
    }
    if proxies.contains(where: { $0.child == nil }) { watchAdopted() }
  }

  func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.adopted.rawValue {
      lookAtAdopted()
    } else {
      timer = nil
      timerAt = nil
      tell(.deadlineCame)
    }
  }

  // MARK: Signals

  func received(_ signal: Signal) {
    switch signal {
    case .terminate, .interrupt, .hangUp(endsTerminal: true):
      log.stopping(signal: signal.name)
      tell(.stopRequested)
    case .hangUp, .user1: break
    }
  }

  private func tellSupervisor() {
    let count = core.tunnelCount
    guard let supervisor, count != toldCount else { return }
    toldCount = count
    _ = supervisor.tell("READY=1\nSTATUS=tunnels: %".with(count.decimal))
  }

  // MARK: Words

  private func say(_ report: AgentCore.Report) {
    switch report {
    case .accepted(let tunnel, let launch):
      log.tunnelAccepted(
        tunnel: tunnel.number.decimal, services: launch.mappings.listed, region: launch.region)
    case .adopted(let tunnel):
      guard let entry = adopting else { return }
      proxies.append(
        Proxy(
          tunnel: tunnel, process: entry.process, child: nil, startTime: entry.startTime))
      log.proxyAdopted(tunnel: tunnel.number.decimal, process: Int(entry.process).decimal)
    case .duplicate: refuse("its token is served already, or is worth nothing any more")
    case .full(let max):
      refuse("% tunnels are open, which is the limit; --max-tunnels raises it".with(max.decimal))
    case .serviceNotAllowed(let name):
      refuse(
        name == nil
          ? "it names no service, and no --service is without a name"
          : "service % is not allowed; --service names those that are".with((name ?? "").quoted))
    case .regionNotAllowed: refuse("its region is not that of --region")
    case .stopping: refuse("the agent is stopping")
    case .over(let tunnel, let end):
      log.tunnelOver(tunnel: tunnel.number.decimal, reason: Self.words(end))
    case .mistaken(let tunnel, let end):
      log.tunnelMistaken(tunnel: tunnel.number.decimal, reason: Self.words(end))
    case .restarts(let tunnel, let failure, let delay):
      log.proxyRestarted(
        tunnel: tunnel.number.decimal, reason: Self.words(failure), delayMs: delay.count.decimal)
    case .givenUp(let tunnel, let failure):
      log.tunnelGivenUp(tunnel: tunnel.number.decimal, reason: Self.words(failure))
    }
  }

  private func refuse(_ reason: String) {
    log.notificationRefused(reason: reason)
  }

  private static func words(_ failure: AgentCore.Failure) -> String {
    switch failure {
    case .ended(let end): words(end)
    case .notStarted(let reason): "localproxy could not be started: " + reason
    }
  }

  private static func words(_ end: ProxyEnd) -> String {
    switch end {
    case .exited(let status):
      "localproxy ended with status %%".with(
        Int(status).decimal,
        ExitStatus.all.first { $0.status.rawValue == status }.map { ", " + $0.text } ?? "")
    case .killed(let signal): "localproxy was ended by signal " + Int(signal).decimal
    case .gone: "localproxy has ended"
    }
  }
}
