import Basics

/// A source's listening sockets, as a value: which stay when the tunnel's services change, which is opened next and where,
/// what a failure means, when it is tried again, and who accepts clients.
///
///     state      event         when   next
///     resting    served        name   resolving
///     resting    served        place  opening
///     resting    served        else   resting
///     resting    closed               over
///     resolving  served        same   resolving
///     resolving  served        name   resolving
///     resolving  served        place  opening
///     resolving  served        else   resting
///     resolving  nameFound            opening
///     resolving  nameFailed    spent  over
///     resolving  nameFailed    name   resolving
///     resolving  nameFailed    place  opening
///     resolving  nameFailed    else   waiting
///     resolving  closed               over
///     opening    opened        more   opening
///     opening    opened        name   resolving
///     opening    opened        place  opening
///     opening    opened        done   resting
///     opening    opened        else   waiting
///     opening    notOpened     more   opening
///     opening    notOpened     spent  over
///     opening    notOpened     name   resolving
///     opening    notOpened     place  opening
///     opening    notOpened     done   resting
///     opening    notOpened     else   waiting
///     opening    closed               over
///     waiting    served        same   waiting
///     waiting    served        name   resolving
///     waiting    served        place  opening
///     waiting    served        else   resting
///     waiting    deadlineCame  name   resolving
///     waiting    deadlineCame  else   opening
///     waiting    closed               over
///
///     state      ignores
///     resting    nameFound nameFailed opened notOpened deadlineCame
///     resolving  opened notOpened deadlineCame
///     opening    served nameFound nameFailed deadlineCame
///     waiting    nameFound nameFailed opened notOpened
///     over       served nameFound nameFailed opened notOpened deadlineCame closed
///
/// *same*: the services are those that are being opened already; *more*: the service has another address, or its addresses
/// another attempt with one port; *spent*: it has failed, and no retry is left; *name*, *place*: the next service without a
/// socket is at a name, or at known addresses; *done*: there is none. Services whose socket cannot be had do not hold up
/// the others, and are tried again together. Who accepts is another matter, in any state: `accepts`.
package struct SourceListenersCore {
  /// Free ports that are tried before one is free in both families.
  package static let portAttemptCountMax = 16

  package struct Service {
    private let stays: Bool
    fileprivate let addressCount: Int?
    fileprivate let takesFreePort: Bool
    fileprivate var socketCount = 0
    /// The first socket's.
    fileprivate var port: UInt16 = 0
    fileprivate var isHeld = false

    /// - Parameters:
    ///   - stays: the one of the same number before was this one, at the same place.
    ///   - addressCount: of those that are known; nil for a name, whose addresses are looked up.
    ///   - takesFreePort: any will do, as long as it is one for all addresses.
    package init(stays: Bool, addressCount: Int?, takesFreePort: Bool) {
      self.stays = stays
      self.addressCount = addressCount
      self.takesFreePort = takesFreePort
    }

    /// What is kept of the one before.
    fileprivate func kept(of before: Service) -> Service? {
      if !stays { return nil }
      var service = self
      service.socketCount = before.socketCount
      service.port = before.port
      return service
    }
  }

  package enum Event {
    /// The tunnel has these services. What cannot be had is tried so often again; nil for as often as it takes.
    case served([Service], retryCount: Int?, retryDelay: Milliseconds)
    /// The name has addresses, one at least, which are IPv6's or not.
    case nameFound(isIPv6: [Bool])
    case nameFailed
    /// There is a socket where one was ordered, with that port.
    case opened(port: UInt16)
    case notOpened(Failure)
    case deadlineCame
    /// Clients are taken again, or wait in the kernel.
    case acceptingChanged(Bool)
    /// One client of the service waits for a place, and the others are to wait in the kernel; or no more.
    case held(service: Int, Bool)
    /// The tunnel is gone, and with it all who waited for a place in it.
    case tunnelLost
    case closed
  }

  package enum Failure: CaseIterable, Sendable {
    /// This machine has not that address, or is without its family.
    case addressMissing
    /// Somebody else has the port.
    case portTaken
    case other
  }

  package enum Order: Equatable {
    case resolve(service: Int)
    /// Nobody waits for the answer any more.
    case forgetQuestion
    /// At one of the service's addresses, by its place among them; with that port, or with the address's own.
    case listen(service: Int, address: Int, port: UInt16?)
    /// All sockets of the service.
    case close(service: Int)
    /// The same of the one that had this number before the tunnel's services were others.
    case closeFormer(service: Int)
    case accept(service: Int, Bool)
    case reportPlace(service: Int)
    /// It cannot be had, for the reason that came last.
    case reportFailure(service: Int, isLast: Bool)
    // The last ones: there is a socket for each service; or there will be none.
    case reportListening
    case reportEnd
  }

  /// A service that is being opened: at addresses in a row, and at another one.
  struct Opening {
    let service: Int
    let first: Int
    let count: Int
    let other: Int?
    /// Addresses that were tried.
    var triedCount = 0
    var attemptsLeft = SourceListenersCore.portAttemptCountMax

    var next: Int? {
      triedCount < count ? first + triedCount : triedCount == count ? other : nil
    }
  }

  enum State {
    case resting
    case resolving(service: Int)
    case opening(Opening)
    case waiting(until: Instant)
    case over
  }

  private(set) var state = State.resting
  private var services: [Service] = []
  private var retriesLeft: Int?
  private var retryDelay = Milliseconds(0)
  private var orders: [Order] = []
  private var orderIndex = 0
  package private(set) var isAccepting = true

  package init() {}

  package var isOver: Bool { if case .over = state { true } else { false } }
  package var isResolving: Bool { if case .resolving = state { true } else { false } }
  /// There is a socket for each service.
  package var isListening: Bool { !services.isEmpty && nextIndex(from: 0) == nil }

  package var deadline: Instant? {
    if case .waiting(let until) = state { until } else { nil }
  }

  /// Its clients are accepted.
  package func accepts(_ service: Int) -> Bool { isAccepting && !services[service].isHeld }

  // MARK: Facts

  package mutating func handle(_ event: Event, now: Instant) {
    switch (state, event) {
    case (_, .acceptingChanged(let isAccepting)): change(isAccepting)
    case (_, .held(let service, let isHeld)): hold(service, isHeld)
    case (_, .tunnelLost): for service in services.indices { hold(service, false) }
    case (.resting, .served(let services, let count, let delay)),
      (.resolving, .served(let services, let count, let delay)),
      (.waiting, .served(let services, let count, let delay)):
      retryDelay = delay
      if !take(services) {
        retriesLeft = count
        advance(from: 0, now)
      } else if count == nil {
        retriesLeft = nil
      }
    case (.resolving(let service), .nameFound(let isIPv6)):
      // The first of each family, IPv4's before IPv6's.
      let (four, six) = (isIPv6.firstIndex(of: false), isIPv6.firstIndex(of: true))
      open(
        Opening(
          service: service, first: four ?? six ?? 0, count: isIPv6.isEmpty ? 0 : 1,
          other: four == nil ? nil : six), now)
    case (.resolving(let service), .nameFailed): fail(service, now)
    case (.opening(var opening), .opened(let port)):
      opened(opening.service, port)
      opening.triedCount += 1
      open(opening, now)
    case (.opening(let opening), .notOpened(let failure)): notOpened(opening, failure, now)
    case (.waiting(let until), .deadlineCame): if until <= now { advance(from: 0, now) }
    case (.resting, .closed), (.resolving, .closed), (.opening, .closed), (.waiting, .closed):
      forgetQuestion()
      end()
    case (.resting, .nameFound), (.resting, .nameFailed), (.resting, .opened),
      (.resting, .notOpened), (.resting, .deadlineCame), (.resolving, .opened),
      (.resolving, .notOpened), (.resolving, .deadlineCame), (.opening, .served),
      (.opening, .nameFound), (.opening, .nameFailed), (.opening, .deadlineCame),
      (.waiting, .nameFound), (.waiting, .nameFailed), (.waiting, .opened), (.waiting, .notOpened),
      (.over, _):
      break
    }
  }

  package mutating func next() -> Order? {
    if orderIndex < orders.count {
      orderIndex += 1
      return orders[orderIndex - 1]
    }
    orders = []
    orderIndex = 0
    return nil
  }

  @inline(never) private mutating func order(_ order: Order) { orders.append(order) }

  // MARK: Services

  /// The services from now on; false when they are to be gone through from the first one on.
  private mutating func take(_ others: [Service]) -> Bool {
    var others = others
    var keptCount = 0
    for index in others.indices where index < services.count {
      // Of the same tunnel it is the same service, wherever it listens; of another one nobody waits yet.
      others[index].isHeld = services[index].isHeld
      // What stays where it is keeps its socket, and with it a port that was free.
      guard let kept = others[index].kept(of: services[index]) else { continue }
      others[index] = kept
      services[index].socketCount = 0
      keptCount += 1
      if kept.socketCount > 0 { order(.reportPlace(service: index)) }
    }
    for index in services.indices where services[index].socketCount > 0 {
      order(.closeFormer(service: index))
    }
    let isSame = keptCount == services.count && keptCount == others.count
    services = others
    switch state {
    // One that could not be had while the tunnel was down is tried again, unless it is being tried.
    case .resolving, .waiting: if isSame { return true }
    case .resting, .opening, .over: break
    }
    forgetQuestion()
    return false
  }

  private mutating func forgetQuestion() {
    if isResolving { order(.forgetQuestion) }
  }

  private mutating func close(_ service: Int) {
    if services[service].socketCount == 0 { return }
    services[service].socketCount = 0
    order(.close(service: service))
  }

  private func nextIndex(from first: Int) -> Int? {
    var index = first
    while index < services.count && services[index].socketCount > 0 { index += 1 }
    return index < services.count ? index : nil
  }

  /// Goes on with the first service from `first` on that has no socket.
  private mutating func advance(from first: Int, _ now: Instant) {
    if let index = nextIndex(from: first) {
      if let count = services[index].addressCount {
        open(Opening(service: index, first: 0, count: count, other: nil), now)
      } else {
        state = .resolving(service: index)
        order(.resolve(service: index))
      }
    } else if nextIndex(from: 0) == nil {
      state = .resting
      if isListening { order(.reportListening) }
    } else {
      if let left = retriesLeft { retriesLeft = left - 1 }
      state = .waiting(until: now + retryDelay)
    }
  }

  private mutating func end() {
    for service in services.indices { close(service) }
    services = []
    state = .over
  }

  // MARK: One service's sockets

  /// Listens at the next address: on one port number for all, or on none.
  private mutating func open(_ opening: Opening, _ now: Instant) {
    let service = services[opening.service]
    if let address = opening.next {
      state = .opening(opening)
      order(
        .listen(
          service: opening.service, address: address,
          port: service.takesFreePort && service.socketCount > 0 ? service.port : nil))
    } else if service.socketCount > 0 {
      order(.reportPlace(service: opening.service))
      advance(from: opening.service + 1, now)
    } else {
      fail(opening.service, now)
    }
  }

  private mutating func opened(_ service: Int, _ port: UInt16) {
    if services[service].socketCount == 0 { services[service].port = port }
    services[service].socketCount += 1
    if !accepts(service) { order(.accept(service: service, false)) }
  }

  private mutating func notOpened(_ opening: Opening, _ failure: Failure, _ now: Instant) {
    var opening = opening
    opening.triedCount += 1
    // Left out, as long as there is another.
    if failure != .addressMissing {
      close(opening.service)
      // The port was free in the first family, and is taken in the second.
      guard
        failure == .portTaken && services[opening.service].takesFreePort
          && opening.attemptsLeft > 1
      else {
        fail(opening.service, now)
        return
      }
      opening.triedCount = 0
      opening.attemptsLeft -= 1
    }
    open(opening, now)
  }

  /// The service cannot be had now; without a retry that ends it all.
  private mutating func fail(_ service: Int, _ now: Instant) {
    let isLast = retriesLeft == 0
    order(.reportFailure(service: service, isLast: isLast))
    if isLast {
      end()
      order(.reportEnd)
    } else {
      advance(from: service + 1, now)
    }
  }

  // MARK: Who accepts

  private mutating func change(_ isAccepting: Bool) {
    if isAccepting == self.isAccepting { return }
    self.isAccepting = isAccepting
    for service in services.indices where !services[service].isHeld { accept(service) }
  }

  private mutating func hold(_ service: Int, _ isHeld: Bool) {
    if service >= services.count || services[service].isHeld == isHeld { return }
    services[service].isHeld = isHeld
    if isAccepting { accept(service) }
  }

  private mutating func accept(_ service: Int) {
    if services[service].socketCount > 0 {
      order(.accept(service: service, accepts(service)))
    }
  }

  // MARK: Invariants

  package var socketCounts: [Int] { services.map { $0.socketCount } }

  /// What is not as it must be between two events; nil when all is well. For tests.
  package func checkInvariants() -> String? {
    var faults = InvariantCheck("the listeners' core")
    faults.unless(orders.isEmpty, "\(orders.count) orders are not done")
    faults.unless(retriesLeft ?? 0 >= 0, "it has tried too often")
    switch state {
    case .resting: faults.unless(nextIndex(from: 0) == nil, "a service without a socket")
    case .resolving(let service):
      faults.unless(
        service < services.count && services[service].socketCount == 0,
        "a name is looked up for nothing")
    case .opening: faults.unless(false, "a socket is neither had nor not")
    case .waiting: faults.unless(nextIndex(from: 0) != nil, "it waits for nothing")
    case .over: faults.unless(services.isEmpty, "it is over, and has services")
    }
    return faults.first
  }
}
