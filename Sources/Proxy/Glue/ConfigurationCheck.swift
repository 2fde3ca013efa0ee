import Basics
import Configuration
import Reactor
import Tunnel
import WebProxy

/// `--check`: what a run with a configuration would do. The trust store is opened and all names are looked up; nothing
/// is connected, and nothing listens.
public final class ConfigurationCheck: TimerHandler {
  /// A name that a run would look up.
  private final class Question: ResolveHandler {
    let host: String
    /// What it is for, and itself.
    let subject: String
    let remedy: String
    let check: ConfigurationCheck
    var isAnswered = false

    init(_ host: String, _ purpose: String, _ remedy: String, _ check: ConfigurationCheck) {
      self.host = host
      subject = "% '%'".with(purpose, host)
      self.remedy = remedy
      self.check = check
    }

    func resolved(_ addresses: [SocketAddress]) {
      var list = host + ":"
      for address in addresses { list = "% %".with(list, address.host) }
      check.say("addresses", list)
      end()
    }

    func resolveFailed(reason: String) {
      check.fail("% cannot be looked up: %; %".with(subject, reason, remedy))
      end()
    }

    private func end() {
      isAnswered = true
      check.unansweredCount -= 1
      if check.unansweredCount == 0 { check.finished(check.status.rawValue) }
    }
  }

  /// Columns of what stands in front of each line's text.
  private static let labelColumns = 16

  private let network: any Network
  private let configuration: Configuration
  private let finished: (Int32) -> Void
  private var questions: [Question] = []
  private var unansweredCount = 0
  private var status = ExitStatus.success

  /// - Parameter finished: called once, with the exit status.
  public init(
    network: any Network, configuration: Configuration, finished: @escaping (Int32) -> Void
  ) {
    self.network = network
    self.configuration = configuration
    self.finished = finished
  }

  private func say(_ label: String, _ text: String) {
    let blanks = String.spaces(max(1, Self.labelColumns - label.utf8.count))
    // Once standard output takes nothing, that has been said.
    if status == .internalError { return }
    let outcome = ExitStatus.printing(
      "%%%\n".with(label, blanks, text.printable), "localproxy")
    if outcome == .internalError { status = outcome }
  }

  private func fail(_ reason: String) {
    StandardStream.error.beginFault()
    StandardStream.error.write("localproxy: %\n".with(reason.printable))
    if status == .success { status = .usage }
  }

  /// Says all that is known at once, and asks for the rest.
  public func start() {
    sayWay()
    sayMappings()
    saySettings()
    sayTrust()
    for warning in configuration.warnings { say("warning", warning) }
    ask()
  }

  private func sayWay() {
    say("role", configuration.role.localProxyMode)
    say("endpoint", configuration.endpoint.description)
    if let webProxy = configuration.webProxy { say("by way of", webProxy.description) }
    say("access token", configuration.accessTokenPlace)
    say("client token", configuration.clientTokenPlace)
  }

  private func sayMappings() {
    let isSource = configuration.role == .source
    if isSource && configuration.destinationVersion < .v3 {
      say("destination", configuration.destinationVersion.name)
    }
    let bindHost = Endpoint(host: configuration.bindHost, port: 0).bracketedHost
    for mapping in configuration.allMappings {
      var place = mapping.address.description
      if place.octets[0] == .colon { place = bindHost + place }
      // Of those on the command line this has been said.
      let fault = configuration.fault(inPlaceOf: mapping)
      if !fault.isEmpty { fail("cannot listen on %: %".with(place, fault)) }
      let service = mapping.serviceID ?? "the only service"
      say("mapping", isSource ? "% from %".with(service, place) : "% to %".with(service, place))
    }
    if configuration.allMappings.isEmpty {
      say("mapping", "each service from a free port of " + configuration.bindHost)
    }
    if let command = configuration.command {
      say("command", command.words[0].excerpt)
    }
    let place = configuration.bindAddress?.host ?? configuration.bindHost
    if !isSource && !place.isEmpty { say("connects from", place) }
    guard let status = configuration.statusPlace else { return }
    say("status", status.description)
  }

  private func saySettings() {
    let defaults = Settings()
    for setting in Setting.allCases {
      let (value, standard) = (configuration.settings.text(setting), defaults.text(setting))
      if value.isSame(as: standard) { continue }
      let text = setting.isObject ? "% is%" : "% is %, not %"
      say("setting", text.with(setting.key, value, standard))
    }
    say(
      "log level",
      "% (%), as %".with(
        configuration.logLevel.rawValue.decimal, configuration.logLevel.name,
        configuration.logFormat.name))
  }

  private func sayTrust() {
    do throws(TLSError) {
      let tls = try network.makeClientTLS(
        trusting: configuration.trustDirectory, verifiesPeer: configuration.verifiesPeer)
      if !configuration.verifiesPeer {
        say("trust", "any certificate (--no-ssl-host-verify)")
      } else if tls.trustSource.isEmpty {
        fail("no CA certificates are to be found; install ca-certificates, or set SSL_CERT_FILE")
      } else {
        say("trust", tls.trustSource)
      }
      if !tls.trustWarning.isEmpty { say("warning", tls.trustWarning) }
    } catch {
      if case .memory = error { Process.endForWantOfMemory() }
      fail(error.reason)
    }
  }

  // MARK: Names

  private func ask() {
    let advice = configuration.advice(onWay: "DNS")
    if let webProxy = configuration.webProxy {
      add(webProxy.endpoint.host, "the web proxy's host", advice)
    } else {
      add(configuration.endpoint.host, "the service's host", advice)
    }
    let bindHost = configuration.bindHost
    add(bindHost, "the host to bind to", "it must be a name or an address of this machine")
    for mapping in configuration.allMappings {
      let hint = mapping.hint()
      add(
        mapping.endpoint?.host ?? "", "a mapping's host",
        hint.isEmpty ? "it is HOST:PORT, or SERVICE=HOST:PORT" : hint)
    }
    if case .network(let endpoint) = configuration.statusPlace {
      add(endpoint.host, "the status' host", "choose another place with --status")
    }
    let time = questions.isEmpty ? Milliseconds(0) : configuration.settings.stepTimeout
    _ = network.schedule(at: network.now + time, self, tag: 0)
    unansweredCount = questions.count
    for question in questions { _ = network.resolve(question.host, port: 0, question) }
  }

  /// Each name is asked for once; numeric addresses need no answer.
  private func add(_ host: String, _ purpose: String, _ remedy: String) {
    if host.isEmpty || SocketAddress(numeric: host, port: 0) != nil { return }
    for question in questions where question.host.isSame(as: host) { return }
    questions.append(Question(host, purpose, remedy, self))
  }

  public func timerFired(tag: Int, now: Instant) {
    if questions.isEmpty { finished(status.rawValue) }
    let reason = "no answer came within % ms".with(configuration.settings.stepTimeout.count.decimal)
    for question in questions where !question.isAnswered { question.resolveFailed(reason: reason) }
  }
}
