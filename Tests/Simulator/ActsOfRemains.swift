import Basics
import Configuration
import Reactor
import Tunnel

/// What is on its way when a connection or a stream ends: what was there before must still arrive, and nobody may be left
/// with what is over.
extension Scenario {
  private static let silent = Plan(byteCount: 0, chunkByteCount: 1, ending: .answerEnd)

  func playRemains() {
    if areDescriptorsFew { return }
    letEnd()
    playCut()
    letEnd()
    if world.failure == nil { playCloseBeforeMore() }
    letEnd()
    if world.failure == nil { playLongFarewell() }
    letEnd()
    if world.failure == nil { playOvertaking() }
    letEnd()
    if version == .v3 && world.failure == nil {
      playResetSession()
      letEnd()
      playEarlyLeaver()
    }
    letEnd()
    if !ledger.isStrict && world.failure == nil { playAnswerBehindReader() }
    letEnd()
    if version != .v3 && ledger.isStrict && world.failure == nil { playUploader() }
    letEnd()
  }

  /// The other end is lost: what has come before it is not.
  private func playCut() {
    if service.isShaped { return }
    var plan = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    plan.reading = .slowly(byteCount: 300, pause: 100)
    serverPlans = [
      Plan(byteCount: 3_500, chunkByteCount: 3_500, answersAfter: 8, ending: .answerEnd)
    ]
    let received = { self.source.proxy?.counts.traffic(ofService: 0).received ?? 0 }
    let before = received()
    let client = withBuffers(of: 2_048) { startClient(0, plan: plan) }
    wait(3_000 + 4 * roundTrip.count) { received() == before + 3_500 }
    if received() != before + 3_500 { return }
    client.isHonest = false
    let server = client.flow.receiver
    server?.isHonest = false
    if version == .v3 { server?.losesProxy() }
    startAnew(destination)
    wait(20_000) { client.outcome != .open }
    if client.receivedByteCount != 3_500 && world.failure == nil {
      world.fail(
        client.name,
        "gets \(client.receivedByteCount) of 3500 bytes that had come before the other end was lost"
      )
    }
  }

  /// A socket is closed behind what its other side takes ever so slowly; one that takes nothing has ten seconds.
  private func playLongFarewell() {
    var slow = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    slow.reading = .slowly(byteCount: 100, pause: 600)
    var never = slow
    never.reading = .never
    let answer = Plan(byteCount: 3_800, chunkByteCount: 3_800, answersAfter: 8, ending: .close)
    for plan in [slow, never] where world.failure == nil {
      serverPlans = [answer]
      let client = withBuffers(of: 2_048) { startClient(0, plan: plan) }
      wait(1_500 + 4 * roundTrip.count)
      if source.proxy?.farewellCount != 1 { return }
      if plan.reading == .never {
        client.isHonest = false
        wait(11_000)
        if source.proxy?.farewellCount != 0 && world.failure == nil {
          world.fail(client.name, "takes nothing for more than 10 s, and its socket is still there")
        }
      } else {
        wait(60_000) { client.outcome != .open }
        if client.receivedByteCount != 3_800 && world.failure == nil {
          world.fail(client.name, "read slowly, and was cut")
        }
      }
      letEnd()
    }
  }

  /// On a slow link the news of an end that is lost comes behind what that has sent.
  private func playOvertaking() {
    guard let latency = service.latency, latency.count > 20 else { return }
    serverPlans = [Plan(byteCount: 500, chunkByteCount: 500, answersAfter: 8, ending: .answerEnd)]
    let client = startClient(0, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    client.isHonest = false
    wait(3_000 + 4 * roundTrip.count + 4 * latency.count) {
      client.flow.receiver?.flow.sentByteCount == 500
    }
    guard let server = client.flow.receiver, server.flow.sentByteCount == 500 else { return }
    server.isHonest = false
    // It has left, and is at the service.
    wait(100)
    wait(1_000) {
      self.destination.proxy?.hasUnsent == false && !self.destination.network.hasUnacknowledged
    }
    let isAtService = !destination.network.hasUnacknowledged && needsNoProxy
    wait(2)
    if version == .v3 { server.losesProxy() }
    startAnew(destination)
    wait(5_000) { client.outcome != .open }
    if isAtService && client.receivedByteCount != 500 && world.failure == nil {
      world.fail(client.name, "hears of its end before what was on its way")
    }
  }

  /// A server closes, and its client is still sending: what it has not read yet is not lost.
  private func playCloseBeforeMore() {
    // It says its second word while the source still has something for it, and nothing later.
    world.faults = Faults()
    defer { world.faults = stormFaults }
    var plan = Plan(byteCount: 16, chunkByteCount: 8, ending: .answerEnd)
    plan.pause = 300
    plan.reading = .slowly(byteCount: 400, pause: 100)
    serverPlans = [
      Plan(byteCount: 8_000, chunkByteCount: 8_000, answersAfter: 8, ending: .close)
    ]
    let received = { self.source.proxy?.counts.traffic(ofService: 0).received ?? 0 }
    let before = received()
    let client = withBuffers(of: 2_048) { startClient(0, plan: plan) }
    client.isHonest = false
    wait(30_000 + 4 * roundTrip.count) { client.outcome != .open }
    // What the client says to a server that has closed may reset that before all of its answer has left.
    if received() != before + 8_000 { return }
    if client.receivedByteCount != 8_000 && world.failure == nil {
      world.fail(
        client.name,
        "gets \(client.receivedByteCount) of 8000 bytes, for it was still sending as they ended")
    }
  }

  /// The service resets the session while starts are on their way: nobody keeps what nobody else knows of.
  private func playResetSession() {
    if destination.configuration.settings.activeConnectionCountMax < 3
      || source.configuration.settings.activeConnectionCountMax < 4
    {
      return
    }
    startAnew(source)
    let clients = (0..<serviceCount).map { service in
      serverPlans.append(Self.silent)
      return startClient(
        service, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd))
    }
    for client in clients { client.isHonest = false }
    wait(max(roundTrip.count / 16, 1))
    service.resetSession()
    wait(2_000 + 6 * roundTrip.count)
    for (proxy, other) in [(source, destination), (destination, source)]
    where (proxy.proxy?.connectionCount ?? 0) > (other.proxy?.connectionCount ?? 0)
      && world.failure == nil
    {
      world.fail(
        proxy.name,
        "keeps \(proxy.proxy?.connectionCount ?? 0) connections, of which the other end knows "
          + "\(other.proxy?.connectionCount ?? 0)")
    }
    if let client = clients.first(where: { $0.outcome == .open }), world.failure == nil {
      world.fail(client.name, "goes on, although the session was reset")
    }
    letEnd()
    serverPlans = []
    expectServed(
      (0..<serviceCount).map { startVisitor($0) }, within: 60_000,
      "is not served after the session was reset")
  }

  /// A stream's first client leaves before the tunnel takes its start: others are in the stream.
  private func playEarlyLeaver() {
    if serviceCount < 2 || source.configuration.settings.activeConnectionCountMax < 4
      || destination.configuration.settings.activeConnectionCountMax < 4
    {
      return
    }
    startAnew(source)
    serverPlans = [Self.silent]
    let sender = startClient(0, plan: Plan(byteCount: 8_000_000, chunkByteCount: 50_000))
    wait(2_000 + 4 * roundTrip.count)
    for path in tunnelPaths { world.halt(path, until: world.now + Milliseconds(1_500)) }
    wait(1_000)
    let answer = Plan(byteCount: 3_000, chunkByteCount: 1_000, answersAfter: 8, ending: .finish)
    serverPlans.append(answer)
    let early = startClient(1, plan: Plan(byteCount: 8, chunkByteCount: 8, ending: .abort))
    wait(50)
    let visitor = startVisitor(1)
    early.isHonest = false
    wait(1_000)
    sender.isHonest = false
    sender.killed()
    // With short buffers on a long way what is on it may take longer than the system waits for acknowledgements.
    let count = source.sessionCount
    wait(60_000) { visitor.outcome != .open }
    if source.sessionCount != count || !isTunnelUp {
      isCountOpen = true
      return
    }
    expectServed([visitor], within: 1_000, "is not served in a stream whose first client has left")
  }

  /// Somebody's answer is behind what another one does not take; that is no silence of its server's.
  private func playAnswerBehindReader() {
    let settings = source.configuration.settings
    if settings.halfClose != .linger || version != .v3 || settings.activeConnectionCountMax < 3
      || destination.configuration.settings.activeConnectionCountMax < 3
      || destination.configuration.settings.pingPeriod.count < 9_000 || service.isShaped
      || !tunnelPaths.allSatisfy({ $0.rate == 0 || $0.rate > 1_000_000 })
    {
      return
    }
    // A way on which two megabytes are not the time that is measured here.
    let buffers = world.bufferByteCounts
    world.bufferByteCounts = 65_536...262_144
    defer { world.bufferByteCounts = buffers }
    for proxy in [source, destination] { startAnew(proxy) }
    var answer = Plan(byteCount: 100, chunkByteCount: 100, answersAfter: 100, ending: .finish)
    answer.reading = .halts(at: 50, milliseconds: Int(settings.silentLinger.count) - 3_000)
    var taker = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    taker.reading = .never
    serverPlans = [answer]
    let client = startClient(0, plan: Plan(byteCount: 100, chunkByteCount: 100))
    wait(settings.silentLinger.count - 4_500)
    serverPlans = [Plan(byteCount: 2_000_000, chunkByteCount: 50_000, ending: .finish)]
    startClient(0, plan: taker).isHonest = false
    expectServed(
      [client], within: 60_000, "its answer was behind what another one did not take, and is cut")
  }

  /// Whoever goes on sending after the other end's end keeps its place.
  private func playUploader() {
    if source.configuration.settings.secondClient != .wait { return }
    var upload = Plan(byteCount: 800, chunkByteCount: 8, ending: .finish)
    upload.pause = 300
    serverPlans = [Plan(byteCount: 8, chunkByteCount: 8, ending: .finish)]
    let first = startClient(0, plan: upload)
    wait(1_000 + 2 * roundTrip.count)
    serverPlans = []
    let second = startVisitor(0)
    wait(50_000) { first.outcome != .open }
    wait(1_000 + 2 * roundTrip.count)
    if first.flow.receiver?.receivedByteCount != 800 && world.failure == nil {
      world.fail(first.name, "loses its place to another one while it sends")
    }
    expectServed([second], within: 60_000, "is not served after one that sent for long")
  }
}
