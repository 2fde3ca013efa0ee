import Basics
import Configuration
import Reactor
import Tunnel

/// What is said to one who has gone.
extension Scenario {
  /// What a destination sends of a stream that the service has forgotten, while there is no source, reaches none that
  /// comes before it has arrived: it would be a former client's. Judged by what the service passes on.
  func playLateWords() {
    if version == .v3 || areDescriptorsFew { return }
    letEnd()
    let unlay = keepPaths()
    let unstage = stage { settings, _ in
      settings.secondClient = .replace
      settings.bandwidthLimit = 0
    }
    world.faults = Faults()
    for path in tunnelPaths { (path.delay, path.jitter, path.rate) = (5_000_000, 0, 0) }
    world.path(gateway, cloud).delay = 100_000_000
    startServiceAnew(latency: Milliseconds(500))
    var talking = Plan(byteCount: 40_000, chunkByteCount: 100, ending: .answerEnd)
    talking.pause = 10
    serverPlans = [talking, talking]
    let quiet = Plan(byteCount: 8, chunkByteCount: 8, ending: .answerEnd)
    let clients = [startClient(0, plan: quiet)]
    wait(2_500)
    // Its start takes the place of the first one's stream when it arrives; by then this source has gone.
    let all = clients + [startClient(0, plan: quiet)]
    for client in all { client.isHonest = false }
    wait(100)
    source.kill(vanishes: false)
    wait(650)
    source.start()
    sessionCounts[0] += 1
    isCountOpen = true
    wait(3_000)
    unlay()
    startServiceAnew()
    unstage()
    letEnd()
  }
}
