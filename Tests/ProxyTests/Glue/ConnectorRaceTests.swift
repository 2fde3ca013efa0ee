import Basics
import Glibc
import Reactor
import Simulator
import Testing
import Tunnel

@testable import Proxy

@Suite("AddressRace")
struct ConnectorRaceTests {
  private final class Waiter: AddressRaceHandler {
    private(set) var winners: [String] = []
    private(set) var stream: (any ByteStream)?
    var losses: [String] = []

    func race(_ race: AddressRace, won stream: any ByteStream, at address: SocketAddress) {
      winners.append(address.host)
      self.stream = stream
    }

    func race(_ race: AddressRace, lost reason: String) { losses.append(reason) }
  }

  private let world = QuietWorld()
  private let waiter = Waiter()

  private func race(_ hosts: [String], from locals: String...) -> AddressRace {
    AddressRace(
      network: world.network, name: "db:22",
      addresses: hosts.compactMap { SocketAddress(numeric: $0, port: 22) },
      from: locals.compactMap { SocketAddress(numeric: $0, port: 0) },
      timeout: Milliseconds(1_000), handler: waiter)
  }

  @Test(
    "the families take turns, beginning with the resolver's first",
    arguments: [
      (["::1", "::2", "10.0.0.1", "10.0.0.2"], ["[::1]", "10.0.0.1", "[::2]", "10.0.0.2"]),
      (["10.0.0.1", "10.0.0.2", "::1"], ["10.0.0.1", "[::1]", "10.0.0.2"]),
      (["10.0.0.2", "10.0.0.1"], ["10.0.0.2", "10.0.0.1"]),
    ])
  func interleaves(hosts: [String], order: [String]) {
    race(hosts).start()
    world.advance(900)
    #expect(world.attempts.map(\.address) == order.map { "\($0):22" })
  }

  @Test("attempts start 250 ms apart and go on beside each other")
  func staggers() {
    race(["10.0.0.1", "10.0.0.2", "10.0.0.3"]).start()
    world.advance(600)
    #expect(world.attempts.map(\.time) == [0, 250, 500])
    #expect(world.openAddresses.count == 3)
  }

  @Test("the first to open wins, whichever it is, and the others are closed")
  func firstWins() throws {
    race(["10.0.0.1", "10.0.0.2", "10.0.0.3"]).start()
    world.advance(300)
    try world.open("10.0.0.2:22")
    #expect(waiter.winners == ["10.0.0.2"])
    #expect(waiter.stream === world.attempts[1].stream)
    #expect(world.openAddresses == ["10.0.0.2:22"])
    world.advance(5_000)
    #expect(world.attempts.count == 2 && world.timerCount == 0)
    #expect(waiter.winners.count == 1 && waiter.losses.isEmpty)
  }

  @Test("a failure starts the next attempt at once, and the delay counts from there")
  func failureAdvances() {
    race(["10.0.0.1", "10.0.0.2", "10.0.0.3"]).start()
    world.advance(100)
    world.refuse("10.0.0.1:22", ECONNREFUSED)
    #expect(world.attempts.map(\.time) == [0, 100])
    world.advance(249)
    #expect(world.attempts.count == 2)
    world.advance(1)
    #expect(world.attempts.map(\.time) == [0, 100, 350])
  }

  @Test("an address that fails from inside of connect is passed over at once")
  func passesOverUnreachable() throws {
    world.errors["[::1]:22"] = SystemError(ENETUNREACH, "connect")
    race(["::1", "10.0.0.1"]).start()
    #expect(world.attempts.map(\.time) == [0, 0])
    try world.open("10.0.0.1:22")
    #expect(waiter.winners == ["10.0.0.1"])
  }

  @Test("each attempt has its own time-out; the last one's end is the race's")
  func timesOut() {
    race(["10.0.0.1", "10.0.0.2"]).start()
    world.advance(1_000)
    #expect(world.openAddresses == ["10.0.0.2:22"])
    world.advance(249)
    #expect(waiter.losses.isEmpty)
    world.advance(1)
    #expect(waiter.losses == ["db:22: no answer within 1000 ms (10.0.0.1)"])
    #expect(world.openAddresses.isEmpty && world.timerCount == 0)
  }

  @Test("a failure names each distinct reason once")
  func namesReasons() {
    race(["10.0.0.1", "10.0.0.2", "10.0.0.3"]).start()
    world.refuse("10.0.0.1:22", ECONNREFUSED)
    world.refuse("10.0.0.2:22", EHOSTUNREACH)
    world.refuse("10.0.0.3:22", ECONNREFUSED)
    #expect(
      waiter.losses == [
        "db:22: Connection refused (10.0.0.1); No route to host (10.0.0.2)"
      ])
  }

  @Test("a numeric target and a Unix domain socket are named once")
  func namesTargetOnce() {
    for address in [SocketAddress(numeric: "::1", port: 9), SocketAddress(path: "/run/s")] {
      guard let address else { continue }
      world.errors[address.description] = SystemError(ECONNREFUSED, "connect")
      let race = AddressRace(
        network: world.network, name: address.description, addresses: [address], from: [],
        timeout: Milliseconds(1_000), handler: waiter)
      race.start()
      #expect(waiter.losses.isEmpty, "nothing is told from inside of start")
      world.advance(0)
      #expect(waiter.losses.removeLast() == "\(address.description): Connection refused")
    }
  }

  @Test("a cancelled race closes everything and says nothing")
  func cancels() {
    let race = race(["10.0.0.1", "10.0.0.2"])
    race.start()
    world.advance(300)
    race.cancel()
    #expect(world.openAddresses.isEmpty && world.timerCount == 0)
    world.advance(5_000)
    #expect(waiter.winners.isEmpty && waiter.losses.isEmpty && world.attempts.count == 2)
  }

  @Test("only addresses of the bind address's family are tried")
  func filtersFamily() {
    race(["::1", "10.0.0.1", "::2", "10.0.0.2"], from: "10.9.9.9").start()
    world.advance(600)
    #expect(world.attempts.map(\.address) == ["10.0.0.1:22", "10.0.0.2:22"])
    #expect(world.attempts.map(\.local) == ["10.9.9.9", "10.9.9.9"])
  }

  @Test("each address is reached from the first bind address of its own family")
  func fitsFamily() {
    race(["::1", "10.0.0.1", "::2"], from: "10.9.9.9", "fd00::9", "10.9.9.8").start()
    world.advance(600)
    #expect(world.attempts.map(\.address) == ["[::1]:22", "10.0.0.1:22", "[::2]:22"])
    #expect(world.attempts.map(\.local) == ["fd00::9", "10.9.9.9", "fd00::9"])
  }

  @Test("a Unix domain socket is reached from no address, whatever the bind address")
  func reachesUnix() throws {
    let local = try #require(SocketAddress(numeric: "10.9.9.9", port: 0))
    let race = AddressRace(
      network: world.network, name: "/run/s", addresses: [SocketAddress(path: "/run/s")],
      from: [local], timeout: Milliseconds(1_000), handler: waiter)
    race.start()
    #expect(world.attempts.map(\.address) == ["/run/s"] && world.attempts[0].local == nil)
  }

  @Test("a busy Unix domain socket is tried again soon, and then less often")
  func triesBusyAgain() throws {
    world.errors["/run/s"] = SystemError(EAGAIN, "connect")
    let race = AddressRace(
      network: world.network, name: "/run/s", addresses: [SocketAddress(path: "/run/s")], from: [],
      timeout: Milliseconds(1_000), handler: waiter)
    race.start()
    world.advance(400)
    #expect(world.attempts.map(\.time) == [0, 20, 50, 95, 162, 262])
    world.errors = [:]
    world.advance(22)
    try world.open("/run/s")
    #expect(waiter.winners.count == 1 && waiter.losses.isEmpty && world.timerCount == 0)
  }

  @Test("a socket that stays busy is given up after an attempt's time, in words")
  func givesUpBusy() {
    world.errors["/run/s"] = SystemError(EAGAIN, "connect")
    let race = AddressRace(
      network: world.network, name: "/run/s", addresses: [SocketAddress(path: "/run/s")], from: [],
      timeout: Milliseconds(1_000), handler: waiter)
    race.start()
    world.advance(999)
    #expect(waiter.losses.isEmpty)
    world.advance(Self.busyDelayMax)
    #expect(waiter.losses == ["/run/s: its queue of clients was full for 1000 ms"])
    #expect(world.timerCount == 0)
  }

  private static var busyDelayMax: Int64 { AddressRaceCore.busyDelayMax.count }

  @Test("of TCP the same error is a failure")
  func failsWithoutPorts() {
    world.errors["10.0.0.1:22"] = SystemError(EAGAIN, "connect")
    race(["10.0.0.1"]).start()
    world.advance(0)
    #expect(waiter.losses.count == 1 && world.attempts.count == 1)
  }

  @Test("no address of that family, or a bind address that is not there: both name it")
  func namesBindAddress() {
    race(["10.0.0.1"], from: "::1").start()
    world.advance(0)
    world.errors["10.0.0.1:22"] = SystemError(EADDRNOTAVAIL, "bind")
    race(["10.0.0.1"], from: "10.9.9.9").start()
    world.advance(0)
    #expect(
      waiter.losses == [
        "db:22: it has no address of the family of the bind address ::1",
        "db:22: the bind address 10.9.9.9 is not an address of this machine (10.0.0.1)",
      ])
  }

  @Test("of very many addresses some are tried")
  func boundsAddresses() {
    for index in 1...100 {
      world.errors["10.0.0.\(index):22"] = SystemError(ECONNREFUSED, "connect")
    }
    race((1...100).map { "10.0.0.\($0)" }).start()
    world.advance(0)
    #expect(world.attempts.count == AddressRace.addressCountMax && waiter.losses.count == 1)
  }
}
