import Foundation
import Testing

extension EndToEnd {
  @Suite("Memory")
  struct Memory {
    struct Case: CustomTestStringConvertible {
      let linkage: Linkage
      let isUpload: Bool

      static let all = Linkage.allCases.flatMap { linkage in
        [true, false].map { Case(linkage: linkage, isUpload: $0) }
      }

      var testDescription: String { "\(linkage.rawValue), \(isUpload ? "upload" : "download")" }
    }

    @Test("Both ends keep little of what the start took", arguments: Linkage.allCases)
    func idle(linkage: Linkage) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.linkage = linkage
      try withTunnel(setup) { tunnel in
        try tunnel.check()
        for proxy in [tunnel.source.process, tunnel.destination.process] {
          #expect(try proxy.residentKilobytes() <= linkage.idleKilobytesMax, "\(proxy.name)")
        }
      }
    }

    static let byteCount = 200_000_000

    @Test(
      "200 MB into a reader that stalls for 3 s arrive whole in bounded memory",
      arguments: Case.all)
    func stalledReader(case: Case) throws {
      let pattern = Pattern(seed: 200)
      let isUpload = `case`.isUpload
      let server = try Server { socket in
        if isUpload {
          sleep(3)
          try pattern.receive(Self.byteCount, over: socket)
        } else {
          try pattern.send(Self.byteCount, over: socket)
        }
      }
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.linkage = `case`.linkage
      try withTunnel(setup) { tunnel in
        let client = try tunnel.connect()
        if isUpload {
          try pattern.send(Self.byteCount, over: client)
        } else {
          sleep(3)
          try pattern.receive(Self.byteCount, over: client)
        }
        #expect(try client.receiveToEnd() == 0)
        #expect(server.failures.isEmpty)
        for proxy in [tunnel.source.process, tunnel.destination.process] {
          #expect(
            try proxy.residentPeakKilobytes() <= setup.linkage.residentKilobytesMax,
            "\(proxy.name)")
        }
        // No promise but the same rule: tunneld queues a bounded amount as well.
        #expect(try tunnel.tunneld.process.residentPeakKilobytes() <= 24 * 1024)
      }
    }
  }
}
