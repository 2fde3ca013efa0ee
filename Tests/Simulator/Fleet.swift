import Basics
import Configuration
import Proxy
import Reactor
import TunnelService

/// Very many sources whose service goes away, all at once, and comes back.
public enum Fleet {
  /// What an outage looked like from the service's side.
  public struct Outcome {
    /// Connections that were asked for in each second since the loss.
    public let attempts: [Int]
    /// Seconds from the service's return until all were served again; nil when they were not.
    public let returnSeconds: Int?
  }

  private static let startTime = Milliseconds(60_000)
  private static let watchTime = Milliseconds(300_000)

  /// - Parameters:
  ///   - count: sources, each on a machine of its own.
  ///   - outage: from the loss to the service's return.
  public static func run(
    count: Int, outage: Milliseconds, seed: UInt64, settings: Settings = Settings()
  ) -> Outcome {
    let world = World(seed: seed)
    world.stepCountMax = .max
    let cloud = world.machine("cloud")
    cloud.addresses = ["10.255.255.1"]
    world.names["service.example"] = cloud.addresses
    let entropy = world.random.next()
    var pairs: [TunnelService.TokenPair] = []
    var network: SimulatedNetwork?
    var service: TunnelService?
    let startService = {
      let fresh = SimulatedNetwork(world, cloud, "service", entropy: entropy)
      fresh.descriptorCountMax = 2 * count + 10
      fresh.start()
      let started = TunnelService(
        network: fresh, tls: SimulatedTLSCredentials(world), options: ServiceOptions(),
        log: .silent)
      pairs = (0..<count).compactMap { _ in try? started.openTunnel(services: ["SSH"]) }
      if let place = SocketAddress(numeric: "10.255.255.1", port: 443) {
        _ = try? started.listen(on: place)
      }
      (network, service) = (fresh, started)
    }
    startService()
    var proxies: [LocalProxy] = []
    var networks: [SimulatedNetwork] = []
    for (index, pair) in pairs.enumerated() {
      let machine = world.machine("gateway \(index)")
      machine.addresses = ["10.\(index >> 16).\(index >> 8 & 255).\(index & 255)"]
      world.path(machine, cloud).delay = Int64(world.random.number(5...80)) * 1_000_000
      let own = SimulatedNetwork(world, machine, machine.name)
      let configuration = Configuration(
        role: .source, endpoint: Endpoint(host: "service.example", port: 443),
        accessToken: pair.source, clientToken: "5ad3a5a5-0000-4000-8000-000000000001",
        mappings: [
          Mapping(
            serviceID: "SSH", address: .network(Endpoint(host: "127.0.0.1", port: 5_555)))
        ], bindHost: "127.0.0.1", destinationVersion: .v3, webProxy: nil, settings: settings)
      guard
        let proxy = try? LocalProxy(
          network: own, configuration: configuration, log: .silent, stopped: { _ in })
      else { continue }
      proxies.append(proxy)
      networks.append(own)
      world.after(Milliseconds(Int64(world.random.below(Int(startTime.count))))) {
        own.start()
        proxy.start()
      }
    }
    world.run(until: world.now + startTime + Milliseconds(10_000))
    var attempts = [Int](repeating: 0, count: Int(watchTime.count / 1_000) + 1)
    let loss = world.now
    world.connecting = { address, _ in
      if address.port != 443 { return }
      attempts[Int(loss.secondsTo(world.now))] += 1
    }
    network?.kill()
    service?.stop()
    world.after(outage, startService)
    let back = loss + outage
    let areServed = { world.now > back && proxies.allSatisfy { $0.isTunnelUp } }
    // Not asked at each turn: there are very many of them.
    while world.now < loss + watchTime && !areServed() {
      world.run(until: world.now + Milliseconds(1_000))
    }
    let outcome = Outcome(
      attempts: attempts,
      returnSeconds: areServed() ? Int(back.secondsTo(world.now)) : nil)
    world.connecting = { _, _ in }
    for (index, proxy) in proxies.enumerated() {
      networks[index].kill()
      proxy.received(.terminate)
      proxy.received(.terminate)
    }
    network?.kill()
    service?.stop()
    world.end()
    return outcome
  }
}

extension Instant {
  /// Whole seconds from here to a later instant.
  fileprivate func secondsTo(_ later: Instant) -> Int64 {
    (later.nanoseconds - nanoseconds) / 1_000_000_000
  }
}
