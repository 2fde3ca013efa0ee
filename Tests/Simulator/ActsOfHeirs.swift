import Basics
import Configuration
import Reactor
import Tunnel

/// What comes in the place of another, and what it must not take along.
extension Scenario {
  /// Whoever goes on sending keeps his place, although nothing has come for him yet: of those who wait in vain and are
  /// still, the oldest goes.
  func playUploadInFullHouse(_ count: Int) {
    if count < 2 { return }
    var upload = Plan(byteCount: 4_000, chunkByteCount: 8, ending: .answerEnd)
    upload.pause = 300
    let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)
    serverPlans = [silent]
    let sender = startClient(0, plan: upload)
    wait(300)
    var others: [Talker] = []
    for _ in 1..<count {
      serverPlans.append(silent)
      others.append(startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)))
    }
    wait(2_000 + 4 * roundTrip.count)
    for talker in others + [sender] { talker.isHonest = false }
    if (others + [sender]).contains(where: { $0.outcome != .open }) { return }
    let heir = startVisitor(serviceCount - 1)
    wait(1_500 + 4 * roundTrip.count)
    heir.isHonest = false
    if sender.outcome != .open && world.failure == nil {
      world.fail(sender.name, "loses its place to another service's client while it sends")
    }
    if others.allSatisfy({ $0.outcome == .open }) && world.failure == nil {
      world.fail(heir.name, "gets no place of those who wait in vain")
    }
  }

  /// A source that is lost had all places of the destination, which nobody has told. Its successor's first client is
  /// served: what he begins ends the old stream.
  func playFullHouseOfLostSource() {
    let count = destination.configuration.settings.activeConnectionCountMax
    if count > 6 || areDescriptorsFew
      || source.configuration.settings.activeConnectionCountMax < count
    {
      return
    }
    for _ in 0..<count {
      guard let user = startUser(0) else { return }
      user.isHonest = false
      user.flow.receiver?.isHonest = false
      user.flow.receiver?.losesProxy()
    }
    serverPlans = []
    startAnew(source)
    expectServed(
      [startVisitor(0)], within: 20_000, "is not served where a lost source had all places")
  }

  /// A tunnel has as many services as the one before, and one of another name: what is told of the former is over.
  func playRenamedService() {
    hadOutage = true
    destination.isKeptAlive = false
    service.kill(vanishes: false)
    destination.kill(vanishes: false)
    wait(500 + roundTrip.count)
    service.services = Array(services.dropLast()) + ["renamed"]
    service.start()
    wait(9_000) { self.source.proxy?.isTunnelUp == true }
    wait(300)
    bringBackServices()
  }

  /// The tunnel has the services again that it began with, and the destination is there.
  func bringBackServices() {
    service.kill(vanishes: false)
    service.services = services
    service.start()
    destination.isKeptAlive = true
    destination.start()
    wait(1_000)
    wait(60_000) { self.isTunnelUp }
  }
}
