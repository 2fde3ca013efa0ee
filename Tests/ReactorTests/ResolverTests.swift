import Basics
import Testing

@testable import Reactor

@Suite("Resolver")
struct ResolverTests {
  private final class Asker: ResolveHandler {
    private(set) var answers: [[SocketAddress]] = []
    private(set) var failures: [String] = []
    var isAnswered: Bool { !answers.isEmpty || !failures.isEmpty }

    func resolved(_ addresses: [SocketAddress]) { answers.append(addresses) }
    func resolveFailed(reason: String) { failures.append(reason) }
  }

  @Test(
    "a numeric address is answered without asking anybody",
    arguments: ["127.0.0.1", "::1", "192.0.2.7"])
  func answersNumeric(host: String) throws {
    let reactor = try Reactor()
    let asker = Asker()
    _ = reactor.resolve(host, port: 8_443, asker)
    #expect(!asker.isAnswered, "no handler is called from inside of resolve")
    try reactor.turn(waitMax: nil)
    #expect(asker.answers.count == 1 && asker.failures.isEmpty)
    #expect(asker.answers.first?.map(\.host) == [host])
    #expect(asker.answers.first?.map(\.port) == [8_443])
  }

  @Test("an address of an interface that has gone is no name to ask anybody for")
  func refusesVanishedInterface() throws {
    let reactor = try Reactor()
    let asker = Asker()
    _ = reactor.resolve("fe80::1%nosuchlink", port: 22, asker)
    try reactor.turn(waitMax: nil)
    #expect(asker.failures == ["this machine has no such interface"] && asker.answers.isEmpty)
    #expect(reactor.registrationCount == 0)
  }

  @Test("localhost is this machine's loopback")
  func answersLocalhost() throws {
    let reactor = try Reactor()
    let asker = Asker()
    _ = reactor.resolve("localhost", port: 22, asker)
    #expect(!asker.isAnswered, "no handler is called from inside of resolve")
    #expect(try reactor.turn { asker.isAnswered })
    let hosts = asker.answers.first?.map(\.host) ?? []
    #expect(!hosts.isEmpty && Set(hosts).isSubset(of: ["127.0.0.1", "::1"]))
    #expect(asker.answers.first?.allSatisfy { $0.port == 22 } == true)
    #expect(reactor.registrationCount == 0)
  }

  @Test(
    "a name that cannot be asked for fails with a reason",
    arguments: ["", ".", String(repeating: "a", count: 64) + ".invalid", "a..b", "x.onion"])
  func refusesBadNames(name: String) throws {
    let reactor = try Reactor()
    let asker = Asker()
    let id = reactor.resolve(name, port: 22, asker)
    let isAnswered = try reactor.turn(within: Milliseconds(9_000)) { asker.isAnswered }
    #expect(asker.answers.isEmpty && (!isAnswered || asker.failures.first?.isEmpty == false))
    reactor.cancelResolve(id)
  }

  @Test("a name that does not exist fails with a reason, or is still asked for, without spinning")
  func failsUnknownName() throws {
    let reactor = try Reactor()
    let asker = Asker()
    let id = reactor.resolve("does-not-exist.invalid", port: 22, asker)
    let before = reactor.turnCount
    // Without a network c-ares tries for longer than a test may take.
    let isAnswered = try reactor.turn(within: Milliseconds(6_000)) { asker.isAnswered }
    #expect(asker.answers.isEmpty && reactor.turnCount - before < 1_000)
    #expect(!isAnswered || asker.failures.first?.isEmpty == false)
    reactor.cancelResolve(id)
  }

  @Test("a cancelled question is never answered", arguments: ["localhost", "127.0.0.1"])
  func cancels(name: String) throws {
    let reactor = try Reactor()
    let cancelled = Asker()
    let other = Asker()
    let id = reactor.resolve(name, port: 22, cancelled)
    _ = reactor.resolve(name, port: 23, other)
    reactor.cancelResolve(id)
    #expect(try reactor.turn { other.isAnswered })
    _ = try reactor.turns(for: Milliseconds(20))
    #expect(!cancelled.isAnswered && other.answers.count == 1)
    reactor.cancelResolve(id)
  }

  @Test("a question cancelled while the network is asked leaves nothing that spins")
  func cancelsWhileAsking() throws {
    let reactor = try Reactor()
    let asker = Asker()
    let id = reactor.resolve("does-not-exist.invalid", port: 22, asker)
    try reactor.turn(waitMax: Milliseconds(0))
    reactor.cancelResolve(id)
    let turns = try reactor.turns(for: Milliseconds(200))
    #expect(turns <= 20 && !asker.isAnswered)
  }
}
