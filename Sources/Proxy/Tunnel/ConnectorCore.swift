import Basics

/// The way to a server, as a value: its name is looked up, its addresses race (`AddressRaceCore`), and when all have
/// failed, it begins again after a while, as often as it may.
///
///     state      event         when   next       order
///     idle       started       named  resolving  resolve
///     idle       started       else   racing     race
///     idle       cancelled            over       -
///     resolving  nameFound            racing     race
///     resolving  failed        left   waiting    reportWait
///     resolving  failed        else   over       reportFailure
///     resolving  cancelled            over       stop
///     racing     won                  over       handOver
///     racing     failed        left   waiting    reportWait
///     racing     failed        else   over       reportFailure
///     racing     cancelled            over       stop
///     waiting    deadlineCame  named  resolving  resolve
///     waiting    deadlineCame  else   racing     race
///     waiting    cancelled            over       -
///
///     state      ignores
///     idle       nameFound won failed deadlineCame
///     resolving  started won deadlineCame
///     racing     started nameFound deadlineCame
///     waiting    started nameFound won failed
///     over       started nameFound won failed deadlineCame cancelled
///
/// *named*: its addresses are a name's; *left*: it may try again. An event has one order at the most, and what is told
/// comes behind all else that is to be done.
package struct ConnectorCore {
  package enum State {
    case idle, resolving, racing
    case waiting(until: Instant)
    case over
  }

  package enum Event {
    case started
    case nameFound
    /// An address has been reached.
    case won
    /// The name has no address, or none could be reached.
    case failed(reason: String)
    case deadlineCame
    case cancelled
  }

  package enum Order {
    case resolve
    /// Among the addresses, of a name those that were found last.
    case race
    /// Nobody waits for the answer, or for the race's end, any more.
    case stop
    case reportWait(reason: String)
    // The last two.
    case reportFailure(reason: String)
    case handOver
  }

  private let isNamed: Bool
  private let retryDelay: Milliseconds
  /// Nil for as many as it takes.
  private var retriesLeft: Int?
  package private(set) var state = State.idle
  private var order: Order?

  /// - Parameter retryCount: rounds after the first; nil for as many as it takes.
  package init(isNamed: Bool, retryCount: Int?, retryDelay: Milliseconds) {
    self.isNamed = isNamed
    self.retryDelay = retryDelay
    retriesLeft = retryCount
  }

  package var deadline: Instant? {
    if case .waiting(let until) = state { until } else { nil }
  }

  package mutating func handle(_ event: Event, now: Instant) {
    switch (state, event) {
    case (.idle, .started): begin()
    case (.waiting(let until), .deadlineCame): if until <= now { begin() }
    case (.resolving, .nameFound): (state, order) = (.racing, .race)
    case (.resolving, .failed(let reason)), (.racing, .failed(let reason)): fail(reason, now)
    case (.racing, .won): (state, order) = (.over, .handOver)
    case (.resolving, .cancelled), (.racing, .cancelled): (state, order) = (.over, .stop)
    case (.idle, .cancelled), (.waiting, .cancelled): state = .over
    case (.idle, .nameFound), (.idle, .won), (.idle, .failed), (.idle, .deadlineCame),
      (.resolving, .started), (.resolving, .won), (.resolving, .deadlineCame), (.racing, .started),
      (.racing, .nameFound), (.racing, .deadlineCame), (.waiting, .started), (.waiting, .nameFound),
      (.waiting, .won), (.waiting, .failed), (.over, _):
      break
    }
  }

  private mutating func begin() {
    (state, order) = isNamed ? (.resolving, .resolve) : (.racing, .race)
  }

  private mutating func fail(_ reason: String, _ now: Instant) {
    if retriesLeft == 0 {
      (state, order) = (.over, .reportFailure(reason: reason))
      return
    }
    retriesLeft = retriesLeft.map { $0 - 1 }
    (state, order) = (.waiting(until: now + retryDelay), .reportWait(reason: reason))
  }

  package mutating func next() -> Order? {
    defer { order = nil }
    return order
  }

  // MARK: Invariants

  /// What is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the connector's core")
    faults.unless(order == nil, "an order is not done")
    faults.unless(retriesLeft ?? 0 >= 0, "it has tried too often")
    return faults.first
  }
}
