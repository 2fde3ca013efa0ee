import Basics
import CAres
import CEpoll

/// Names to addresses through c-ares, whose sockets live in the reactor: /etc/hosts, then DNS.
///
/// c-ares reads /etc/resolv.conf once per channel, and a gateway changes networks while it runs, so a
/// channel is made anew when it is idle and older than `channelAgeMax`.
@safe final class Resolver: TimerHandler, TurnHandler {
  static let channelAgeMax = Milliseconds(5_000)
  /// First time-out of a query, and how often each server is asked.
  private static let queryTimeout: Int32 = 2_000
  private static let tries: Int32 = 3

  /// One question; c-ares holds it by an unmanaged reference until it answers, which it always does.
  fileprivate final class Question {
    let serial: UInt64
    let port: UInt16
    var handler: (any ResolveHandler)?
    let resolver: Resolver

    init(serial: UInt64, port: UInt16, handler: any ResolveHandler, resolver: Resolver) {
      self.serial = serial
      self.port = port
      self.handler = handler
      self.resolver = resolver
    }
  }

  /// One of c-ares's sockets in the reactor.
  private final class Watch: EventHandler {
    let descriptor: Int32
    let resolver: Resolver
    var token: RegistrationToken?

    init(descriptor: Int32, resolver: Resolver) {
      self.descriptor = descriptor
      self.resolver = resolver
    }

    func handle(_ readiness: Readiness) { resolver.process(descriptor, readiness) }
  }

  /// An answer waits here until the turn's end, so that no handler runs inside of c-ares.
  private struct Answer {
    let question: Question
    let addresses: [SocketAddress]
    let failure: String
  }

  private let reactor: Reactor
  private var channel: ares_channel?
  /// When that was made.
  private var channelMade: Instant?
  private var watches: [Watch] = []
  private var questions: [Question] = []
  private var answers: [Answer] = []
  private var timer: TimerID?
  private var nextSerial: UInt64 = 1

  init(reactor: Reactor) { self.reactor = reactor }

  deinit { if let channel = unsafe channel { unsafe ares_destroy(channel) } }

  func resolve(_ name: String, port: UInt16, _ handler: any ResolveHandler) -> ResolveID {
    let question = Question(serial: nextSerial, port: port, handler: handler, resolver: self)
    nextSerial += 1
    questions.append(question)
    if let numeric = SocketAddress(numeric: name, port: port) {
      answer(question, addresses: [numeric], failure: "")
    } else if name.isSame(as: "localhost") {
      answer(question, addresses: Self.loopback(port: port), failure: "")
    } else if name.has(.colon) {
      // No name has a colon: it was an address, as long as its interface was there.
      answer(question, addresses: [], failure: "this machine has no such interface")
    } else if let channel = unsafe openChannel() {
      unsafe ask(channel, name, question)
    } else {
      answer(question, addresses: [], failure: "the resolver could not be started")
    }
    return ResolveID(serial: question.serial)
  }

  func cancel(_ id: ResolveID) {
    for question in questions where question.serial == id.serial { question.handler = nil }
    for answer in answers where answer.question.serial == id.serial {
      answer.question.handler = nil
    }
  }

  /// What `localhost` is on every machine, with or without a hosts file (RFC 6761 §6.3).
  private static func loopback(port: UInt16) -> [SocketAddress] {
    ["127.0.0.1", "::1"].compactMap { SocketAddress(numeric: $0, port: port) }
  }

  private func ask(_ channel: ares_channel, _ name: String, _ question: Question) {
    var hints = ares_addrinfo_hints()
    hints.ai_family = 0
    unsafe ares_getaddrinfo(
      channel, name, nil, &hints,
      { argument, status, _, result in
        guard let argument = unsafe argument else { return }
        let question = unsafe Unmanaged<Question>.fromOpaque(argument).takeRetainedValue()
        var addresses: [SocketAddress] = []
        var node = unsafe result?.pointee.nodes
        while let current = unsafe node {
          var address = cepoll_address()
          if unsafe cepoll_address_from(current.pointee.ai_addr, &address) == 0 {
            addresses.append(SocketAddress(raw: address).with(port: question.port))
          }
          unsafe node = current.pointee.ai_next
        }
        if let result = unsafe result { unsafe ares_freeaddrinfo(result) }
        var failure = "no address"
        if status != Int32(CARES_NO_ERROR), let text = unsafe ares_strerror(status) {
          failure = unsafe String(cString: text)
        }
        question.resolver.answer(question, addresses: addresses, failure: failure)
      }, Unmanaged.passRetained(question).toOpaque())
    scheduleTimeout()
  }

  private func openChannel() -> ares_channel? {
    if unsafe channel != nil, questions.count == 1, let channelMade,
      channelMade + Self.channelAgeMax < reactor.now
    {
      unsafe ares_destroy(channel)
      unsafe channel = nil
    }
    if let channel = unsafe channel { return unsafe channel }
    var options = unsafe ares_options()
    unsafe options.timeout = Self.queryTimeout
    unsafe options.tries = Self.tries
    unsafe options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
    unsafe options.sock_state_cb = { data, descriptor, readable, writable in
      guard let data = unsafe data else { return }
      let resolver = unsafe Unmanaged<Resolver>.fromOpaque(data).takeUnretainedValue()
      resolver.watch(descriptor, readable: readable != 0, writable: writable != 0)
    }
    var made: ares_channel?
    let flags = Int32(ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)
    guard unsafe ares_init_options(&made, &options, flags) == Int32(CARES_NO_ERROR) else {
      return nil
    }
    unsafe channel = made
    channelMade = reactor.now
    return unsafe made
  }

  private func watch(_ descriptor: Int32, readable: Bool, writable: Bool) {
    let index = watches.firstIndex { $0.descriptor == descriptor }
    if !readable && !writable {
      guard let index else { return }
      if let token = watches[index].token { reactor.deregister(token) }
      watches.remove(at: index)
      return
    }
    var interest: Readiness = []
    if readable { interest.insert(.readable) }
    if writable { interest.insert(.writable) }
    if let index {
      if let token = watches[index].token { reactor.modify(token, interest: interest) }
      return
    }
    let watch = Watch(descriptor: descriptor, resolver: self)
    // Not registered means never ready: c-ares's own time-out then ends the question.
    watch.token = try? reactor.register(descriptor, interest: interest, watch)
    watches.append(watch)
  }

  private func process(_ descriptor: Int32, _ readiness: Readiness) {
    let bad = ares_socket_t(-1)
    unsafe ares_process_fd(
      channel, readiness.contains(.readable) ? descriptor : bad,
      readiness.contains(.writable) ? descriptor : bad)
    scheduleTimeout()
  }

  private func scheduleTimeout() {
    if let timer { reactor.cancel(timer) }
    timer = nil
    if questions.isEmpty { return }
    var storage = timeval()
    guard let wait = unsafe ares_timeout(channel, nil, &storage) else { return }
    let milliseconds =
      unsafe Int64(wait.pointee.tv_sec) * 1_000 + Int64(wait.pointee.tv_usec) / 1_000
    timer = reactor.schedule(at: reactor.now + Milliseconds(milliseconds + 1), self, tag: 0)
  }

  func timerFired(tag: Int, now: Instant) {
    timer = nil
    let none = ares_socket_t(-1)
    unsafe ares_process_fd(channel, none, none)
    scheduleTimeout()
  }

  fileprivate func answer(_ question: Question, addresses: [SocketAddress], failure: String) {
    questions.removeAll { $0.serial == question.serial }
    if answers.isEmpty { reactor.whenTurnEnds(self) }
    answers.append(Answer(question: question, addresses: addresses, failure: failure))
  }

  func turnEnded() {
    let due = answers
    answers = []
    for answer in due {
      guard let handler = answer.question.handler else { continue }
      answer.question.handler = nil
      if answer.addresses.isEmpty {
        handler.resolveFailed(reason: answer.failure)
      } else {
        handler.resolved(answer.addresses)
      }
    }
  }
}
