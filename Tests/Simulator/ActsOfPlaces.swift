import Basics
import Configuration
import Reactor
import Tunnel

/// Clients who find no place: how long they wait, for whose place, and what is remembered of that.
extension Scenario {
  private static let short = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)

  /// A client whose server never answers.
  private func startSilent(_ service: Int) -> Talker {
    serverPlans.append(Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd))
    return startClient(service, plan: Self.short)
  }

  /// One that has its answer soon, and stays.
  private func startAnswered(_ service: Int) -> Talker {
    serverPlans.append(Plan(byteCount: 8, chunkByteCount: 8, answersAfter: 8, ending: .answerEnd))
    return startClient(service, plan: Self.short)
  }

  private func fail(_ talker: Talker, _ what: String) {
    if world.failure == nil { world.fail(talker.name, what) }
  }

  private func expectWaiting(_ talker: Talker) {
    wait(1_500) { talker.outcome != .open }
    if talker.outcome != .open {
      fail(talker, "is turned away before it has waited for two seconds")
    }
  }

  private func expectTurnedAway(
    _ talker: Talker, within milliseconds: Int64, _ what: String = "waits for a place for too long"
  ) {
    wait(milliseconds) { talker.outcome != .open }
    if talker.outcome == .open { fail(talker, what) }
    if talker.outcome == .ended { fail(talker, "is turned away, and sees an end in good order") }
  }

  func playPlaces() {
    letEnd()
    let count = source.configuration.settings.activeConnectionCountMax
    if areDescriptorsFew || count > 20 || serviceCount < 2 || world.failure != nil
      || destination.configuration.settings.activeConnectionCountMax < count
    {
      return
    }
    playWaits(count)
    letEnd()
    if world.failure == nil && count >= 4 { playVictims(count) }
    letEnd()
    if world.failure == nil { playUploadInFullHouse(count) }
    letEnd()
  }

  /// All places are taken, and the last service has its share of them.
  private func playWaits(_ count: Int) {
    let last = serviceCount - 1
    let share = max(count / serviceCount, 1)
    if share == count { return }
    let users =
      (0..<(count - share)).map { _ in startAnswered(0) }
      + (0..<share).map { _ in startAnswered(last) }
    for user in users { user.isHonest = false }
    wait(3_000 + 8 * roundTrip.count)
    if users.contains(where: { $0.outcome != .open || $0.receivedByteCount < 8 }) { return }
    serverPlans = []
    let first = startClient(last, plan: Self.short)
    wait(100)
    let second = startClient(last, plan: Self.short)
    expectWaiting(first)
    if second.outcome != .open { fail(second, "is turned away while another one waits before it") }
    expectTurnedAway(first, within: 2_000)
    expectTurnedAway(second, within: 1_000)
    // One that was answered leaves: there are places to wait for.
    let silent = startSilent(0)
    wait(100)
    users[0].leave()
    expectPlace(silent)
    expectTurnedAway(startWaiting(last), within: 2_000)
    if silent.outcome != .open { fail(silent, "loses its place to a service that has its share") }
    // Who was never answered leaves, and another one comes in at once.
    silent.isHonest = false
    silent.leave()
    wait(300)
    let next = startSilent(0)
    next.isHonest = false
    expectPlace(next)
    expectTurnedAway(startWaiting(last), within: 2_000)
    // His place says nothing of those to come.
    let heir = startSilent(0)
    wait(100)
    next.leave()
    expectPlace(heir)
    let late = startClient(last, plan: Self.short)
    expectTurnedAway(late, within: 1_000, "waits, although places have been of no use for long")
    // Clients of two services wait side by side.
    users[users.count - 1].leave()
    wait(100)
    let user = startAnswered(last)
    user.isHonest = false
    wait(1_000 + 4 * roundTrip.count)
    if user.receivedByteCount < 8 { return }
    let one = startClient(last, plan: Self.short)
    wait(100)
    let other = startClient(0, plan: Self.short)
    expectWaiting(other)
    if one.outcome != .open { fail(one, "is turned away before it has waited for two seconds") }
    expectTurnedAway(one, within: 1_500)
    expectTurnedAway(other, within: 1_000)
  }

  /// Who has waited for a place is there, and the next one waits for his end: that a service has waited before is nothing
  /// to be looked at without a rest.
  func playTurnBehindWait() {
    letEnd()
    let settings = source.configuration.settings
    let count = settings.activeConnectionCountMax
    if areDescriptorsFew || count != serviceCount - 1 || settings.secondClient != .wait
      || count < 2 || destination.configuration.settings.activeConnectionCountMax < count
    {
      return
    }
    // They are never answered, and go on all the same.
    var steady = Plan(byteCount: 4_000, chunkByteCount: 8, ending: .answerEnd)
    steady.pause = 300
    let users = (0..<count).map { service in
      serverPlans.append(Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd))
      return startClient(service, plan: steady)
    }
    wait(1_500 + 2 * roundTrip.count)
    if users.contains(where: { $0.outcome != .open }) { return }
    let first = startAnswered(count)
    wait(1_000)
    users[0].isHonest = false
    users[0].leave()
    wait(1_000)
    let second = startSilent(count)
    wait(4_000)
    for talker in [first, second] { talker.isHonest = false }
    letEnd()
  }

  private func startWaiting(_ service: Int) -> Talker {
    let talker = startClient(service, plan: Self.short)
    expectWaiting(talker)
    return talker
  }

  private func expectPlace(_ talker: Talker) {
    wait(300)
    if talker.outcome != .open || source.proxy?.waitingClientCount != 0 {
      fail(talker, "does not get a place that is free")
    }
  }

  /// Whose place goes to a client of a service that has less.
  private func playVictims(_ count: Int) {
    let last = serviceCount - 1
    let share = max(count / serviceCount, 1)
    if share < 2 { return }
    let own = startSilent(last)
    wait(1_000 + 2 * roundTrip.count)
    var users = (0..<(count - 3)).map { _ in startAnswered(0) }
    wait(3_000 + 6 * roundTrip.count)
    let silent = (0..<2).map { _ in
      wait(300)
      return startSilent(0)
    }
    users += silent + [own]
    wait(2_000 + 4 * roundTrip.count)
    if users.contains(where: { $0.outcome != .open }) { return }
    let heir = startSilent(last)
    wait(1_500)
    if silent[0].outcome == .open || silent[1].outcome != .open || own.outcome != .open
      || heir.outcome != .open
    {
      fail(heir, "does not get the place of the oldest that was never answered")
    }
  }
}
