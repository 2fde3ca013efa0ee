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

    static let byteCount = 200_000_000

    @Test(
      "200 MB into a reader that stalls for 3 s arrive whole in bounded memory",
      arguments: Case.all)
    func stalledReader(case: Case) throws {
      let pattern = Pattern(seed: 200)
      let isUpload = `case`.isUpload
      let server = try Server { socket in
        if isUpload {
          try Self.receiveAfterStall(socket, pattern)
        } else {
          try Self.send(socket, pattern)
        }
      }
      defer { server.stop() }
      var setup = Tunnel.Setup(["SSH1": server])
      setup.linkage = `case`.linkage
      try withTunnel(setup) { tunnel in
        let client = try tunnel.connect()
        if isUpload {
          try Self.send(client, pattern)
        } else {
          try Self.receiveAfterStall(client, pattern)
        }
        try eventually(within: 60, "the server's end") { server.openCount == 0 }
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

    private static func send(_ socket: Socket, _ pattern: Pattern) throws {
      var sent = 0
      while sent < byteCount {
        sent += try pattern.withBytes(at: sent, countMax: byteCount - sent) { bytes in
          try socket.send(bytes)
          return bytes.count
        }
      }
      socket.finishSending()
    }

    private static func receiveAfterStall(_ socket: Socket, _ pattern: Pattern) throws {
      sleep(3)
      var received = 0
      try socket.receiveToEnd { bytes in
        try pattern.check(bytes, at: received)
        received += bytes.count
      }
      guard received == byteCount else { throw Failure("\(received) of \(byteCount) arrived") }
    }
  }
}
