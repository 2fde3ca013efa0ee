import Basics
import Reactor
import Tunnel

/// Whoever waits for a race's end. Nothing is told from inside of `start`.
protocol AddressRaceHandler: AnyObject {
  /// The first connection that opened; the others are closed. The stream wants a new handler.
  func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress)
  /// No address could be reached; `reason` names the target, the reasons, and for each an address that had it.
  func race(_ race: AddressRace, lost reason: String)
}

/// Connects to whichever address of a name answers first: does what `AddressRaceCore` decides. The families take turns, so
/// that one without a way out costs one delay and not all its addresses' time-outs.
final class AddressRace: TimerHandler {
  /// Addresses tried; a name with more of them is served by these.
  static let addressCountMax = 32

  /// One connection on its way. It holds the race, which lets go of it at the latest at its own end.
  private final class Attempt: StreamHandler {
    let race: AddressRace
    let index: Int
    var stream: (any ByteStream)?

    init(race: AddressRace, index: Int) {
      self.race = race
      self.index = index
    }

    func streamOpened() { race.tell(.opened(index)) }
    func streamReady(_ readiness: Readiness) {}
    func streamFailed(_ failure: StreamFailure) { race.fail(self, failure.reason) }
  }

  private let network: any Network
  private let locals: [SocketAddress]
  private let timeout: Milliseconds
  private let addresses: [SocketAddress]
  private var core: AddressRaceCore
  private var timer = DeadlineTimer()
  /// Those that were begun.
  private var attempts: [Attempt] = []
  /// Distinct reasons of failures, and the message made of them.
  private var reasons: [String] = []
  private var failureText: String
  private var handler: (any AddressRaceHandler)?

  /// - Parameters:
  ///   - name: what the addresses are of, for the messages.
  ///   - locals: where to connect from, for each address the first of its family; addresses of a family that is not
  ///     among them are left out. With none the system decides.
  ///   - timeout: of each attempt.
  init(
    network: any Network, name: String, addresses: [SocketAddress], from locals: [SocketAddress],
    timeout: Milliseconds, handler: any AddressRaceHandler
  ) {
    self.network = network
    failureText = name
    self.locals = locals
    self.timeout = timeout
    self.handler = handler
    self.addresses = Self.order(addresses, from: locals)
    core = AddressRaceCore(addressCount: self.addresses.count, timeout: timeout)
    if let local = locals.first, self.addresses.isEmpty {
      failureText =
        "%: it has no address of the family of the bind address %".with(name, local.host)
    }
  }

  /// The resolver's order of preference (RFC 6724) with the families taking turns.
  private static func order(
    _ addresses: [SocketAddress], from locals: [SocketAddress]
  ) -> [SocketAddress] {
    var rest: [SocketAddress] = []
    for address in addresses
    where locals.isEmpty || address.isUnix || fitting(address, locals) != nil {
      rest.append(address)
    }
    var ordered: [SocketAddress] = []
    while !rest.isEmpty && ordered.count < addressCountMax {
      let isIPv6 = ordered.last?.isIPv6
      ordered.append(rest.remove(at: rest.firstIndex { $0.isIPv6 != isIPv6 } ?? 0))
    }
    return ordered
  }

  /// Which of `locals` can reach the address.
  private static func fitting(
    _ address: SocketAddress, _ locals: [SocketAddress]
  ) -> SocketAddress? {
    address.isUnix ? nil : locals.first { $0.isIPv6 == address.isIPv6 }
  }

  func start() { run() }

  func cancel() {
    handler = nil
    timer.set(nil, on: network, self)
    for attempt in attempts { drop(attempt) }
    attempts = []
  }

  func timerFired(tag: Int, now: Instant) {
    timer.fired()
    tell(.deadlineCame)
  }

  private func fail(_ attempt: Attempt, _ reason: String) {
    drop(attempt)
    note(addresses[attempt.index], reason)
    tell(.failed(attempt.index))
  }

  private func tell(_ event: AddressRaceCore.Event) {
    core.handle(event, now: network.now)
    run()
  }

  private func run() {
    while let order = core.next(now: network.now) {
      switch order {
      case .connect(let index): core.handle(connect(index), now: network.now)
      case .giveUp(let index):
        let attempt = attempts.first { $0.index == index }
        let reason =
          attempt == nil ? "its queue of clients was full for % ms" : "no answer within % ms"
        if let attempt { drop(attempt) }
        note(addresses[index], reason.with(timeout.count.decimal))
      case .win(let index): win(index)
      case .lose:
        let owner = handler
        cancel()
        owner?.race(self, lost: failureText)
      }
    }
    timer.set(core.deadline, on: network, self)
  }

  /// Begins an attempt; returns what came of it.
  private func connect(_ index: Int) -> AddressRaceCore.Event {
    let address = addresses[index]
    let local = Self.fitting(address, locals)
    let attempt = Attempt(race: self, index: index)
    do {
      attempt.stream = try network.connect(to: address, from: local, attempt)
      attempts.append(attempt)
      return .begun
    } catch {
      if error.isBusy && address.isUnix { return .busy }
      note(address, reason(error, from: local))
      return .notBegun
    }
  }

  private func win(_ index: Int) {
    guard let attempt = attempts.first(where: { $0.index == index }), let stream = attempt.stream
    else { return }
    attempt.stream = nil
    let owner = handler
    cancel()
    owner?.race(self, won: stream, at: addresses[index])
  }

  private func drop(_ attempt: Attempt) {
    attempt.stream?.close()
    attempt.stream = nil
  }

  /// Timers that it knows of. For tests.
  var heldTimerCount: Int { timer.due == nil ? 0 : 1 }

  // MARK: Reasons

  private func reason(_ error: SystemError, from local: SocketAddress?) -> String {
    guard let local, error.isAddressMissing else { return error.reason }
    return "the bind address % is not an address of this machine".with(local.host)
  }

  /// Adds a reason with the first address that had it; a numeric target says it already.
  private func note(_ address: SocketAddress, _ reason: String) {
    if reasons.hasSame(reason) { return }
    let isNamed = reasons.isEmpty && address.description.isSame(as: failureText)
    failureText += (reasons.isEmpty ? ": " : "; ") + reason
    if !isNamed { failureText = "% (%)".with(failureText, address.host) }
    reasons.append(reason)
  }
}
