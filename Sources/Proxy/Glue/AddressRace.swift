import Basics
import Reactor

/// Whoever waits for a race's end. Nothing is told from inside of `start`.
protocol AddressRaceHandler: AnyObject {
  /// The first connection that opened; the others are closed. The stream wants a new handler.
  func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress)
  /// No address could be reached; `reason` names the target, the reasons, and for each an address that had it.
  func race(_ race: AddressRace, lost reason: String)
}

/// Connects to whichever address of a name answers first (RFC 8305 §5): an attempt starts when the one before has
/// failed, or has not opened for `attemptDelay`, and goes on beside it. The families take turns, so that one
/// without a way out costs one delay and not all its addresses' time-outs.
final class AddressRace: TimerHandler {
  static let attemptDelay = Milliseconds(250)
  /// A Unix domain socket whose queue of clients is full is tried again after so long, then half as long again each
  /// time up to the maximum, until the attempt's time-out: TCP would wait in the kernel.
  static let busyDelay = Milliseconds(20)
  static let busyDelayMax = Milliseconds(160)
  /// Addresses tried; a name with more of them is served by these.
  static let addressCountMax = 32
  /// The tag of the timer for the next attempt; those of the attempts' time-outs are their indices.
  private static let nextTag = -1

  /// One connection on its way. It holds the race, which lets go of it at the latest at its own end.
  private final class Attempt: StreamHandler {
    let race: AddressRace
    let address: SocketAddress
    var stream: (any ByteStream)?
    var timer: TimerID?

    init(race: AddressRace, address: SocketAddress) {
      self.race = race
      self.address = address
    }

    func streamOpened() { race.opened(self) }
    func streamReady(_ readiness: Readiness) {}
    func streamFailed(_ failure: StreamFailure) { race.fail(self, failure.reason) }
  }

  private let network: any Network
  private let locals: [SocketAddress]
  private let timeout: Milliseconds
  private let addresses: [SocketAddress]
  private var attempts: [Attempt] = []
  /// Attempts whose outcome is open.
  private var openCount = 0
  private var nextTimer: TimerID?
  /// The next wait for a busy address, and when waiting for it ends.
  private var busyDelay = AddressRace.busyDelay
  private var busyDeadline: Instant?
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
    if let local = locals.first, self.addresses.isEmpty {
      failureText =
        "%: it has no address of the family of the bind address %".with(name, local.host)
    }
  }

  /// The resolver's order of preference (RFC 6724) with the families taking turns.
  private static func order(
    _ addresses: [SocketAddress], from locals: [SocketAddress]
  ) -> [SocketAddress] {
    var rest =
      locals.isEmpty
      ? addresses : addresses.filter { $0.isUnix || fitting($0, locals) != nil }
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

  func start() {
    // Nothing is told from inside of this.
    if !startsNext() { scheduleNext(Milliseconds(0)) }
  }

  func cancel() {
    handler = nil
    end()
  }

  /// Begins the next attempt, and loses the race when there is none and no other is open.
  private func goOn() {
    if startsNext() { return }
    let owner = handler
    cancel()
    owner?.race(self, lost: failureText)
  }

  /// False when nothing is left to wait for.
  private func startsNext() -> Bool {
    if let nextTimer { network.cancel(nextTimer) }
    nextTimer = nil
    while attempts.count < addresses.count {
      let attempt = Attempt(race: self, address: addresses[attempts.count])
      let local = Self.fitting(attempt.address, locals)
      attempts.append(attempt)
      do {
        attempt.stream = try network.connect(to: attempt.address, from: local, attempt)
        attempt.timer = network.schedule(
          at: network.now + timeout, self, tag: attempts.count - 1)
        openCount += 1
        if attempts.count < addresses.count { scheduleNext(Self.attemptDelay) }
        return true
      } catch {
        if error.isBusy && attempt.address.isUnix {
          if waitForBusy() {
            attempts.removeLast()
            return true
          }
          note(attempt, "its queue of clients was full for % ms".with(timeout.count.decimal))
        } else {
          note(attempt, reason(error, from: local))
        }
      }
    }
    return openCount > 0
  }

  /// False when it has been busy for too long.
  private func waitForBusy() -> Bool {
    let deadline = busyDeadline ?? network.now + timeout
    busyDeadline = deadline
    if deadline <= network.now { return false }
    scheduleNext(busyDelay)
    busyDelay = min(Milliseconds(busyDelay.count * 3 / 2), Self.busyDelayMax)
    return true
  }

  private func scheduleNext(_ delay: Milliseconds) {
    nextTimer = network.schedule(at: network.now + delay, self, tag: Self.nextTag)
  }

  private func opened(_ attempt: Attempt) {
    guard let stream = attempt.stream else { return }
    attempt.stream = nil
    let owner = handler
    cancel()
    owner?.race(self, won: stream, at: attempt.address)
  }

  private func fail(_ attempt: Attempt, _ reason: String) {
    drop(attempt)
    openCount -= 1
    note(attempt, reason)
    goOn()
  }

  func timerFired(tag: Int, now: Instant) {
    if tag == Self.nextTag {
      goOn()
    } else if tag < attempts.count {
      fail(attempts[tag], "no answer within % ms".with(timeout.count.decimal))
    }
  }

  private func drop(_ attempt: Attempt) {
    if let timer = attempt.timer { network.cancel(timer) }
    attempt.timer = nil
    attempt.stream?.close()
    attempt.stream = nil
  }

  /// Timers that it knows of. For tests.
  var heldTimerCount: Int {
    (nextTimer == nil ? 0 : 1) + attempts.count { $0.timer != nil }
  }

  private func end() {
    if let nextTimer { network.cancel(nextTimer) }
    nextTimer = nil
    for attempt in attempts { drop(attempt) }
    attempts = []
  }

  // MARK: Reasons

  private func reason(_ error: SystemError, from local: SocketAddress?) -> String {
    guard let local, error.isAddressMissing else { return error.reason }
    return "the bind address % is not an address of this machine".with(local.host)
  }

  /// Adds a reason with the first address that had it; a numeric target says it already.
  private func note(_ attempt: Attempt, _ reason: String) {
    if reasons.hasSame(reason) { return }
    let isNamed = reasons.isEmpty && attempt.address.description.isSame(as: failureText)
    failureText += (reasons.isEmpty ? ": " : "; ") + reason
    if !isNamed { failureText = "% (%)".with(failureText, attempt.address.host) }
    reasons.append(reason)
  }
}
