import Foundation
import Testing

extension EndToEnd {
  /// Whether the kernel asks the peers of local connections if they are still there (proc_pid_net(5)).
  @Suite("Keepalive")
  struct KeepaliveTests {
    /// Seconds until the next probe of each connection at loopback's `port`, by the end that has the port or not.
    private static func waits(port: UInt16, isLocal: Bool) throws -> [Double] {
      let end = ":" + String(port, radix: 16, uppercase: true)
      guard let file = FileHandle(forReadingAtPath: "/proc/net/tcp") else {
        throw Failure("/proc/net/tcp cannot be read")
      }
      // To its end: the kernel gives it page by page.
      let table = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
      return table.split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ").map(String.init)
        // 01 is ESTABLISHED; the timer 02 is keepalive's.
        guard fields.count > 5, fields[isLocal ? 1 : 2].hasSuffix(end), fields[3] == "01" else {
          return nil
        }
        let timer = fields[5].split(separator: ":")
        guard timer.count == 2, timer[0] == "02" else { return nil }
        return Int(timer[1], radix: 16).map { Double($0) / 100 }
      }
    }

    @Test(
      "Clients and servers are asked after the time that the setting gives, or never",
      arguments: [nil, "120000", "0"])
    func asks(idle: String?) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        let settings = idle.map { ["tcp.keepalive_idle_ms": $0] } ?? [:]
        let destination = try stage.destination(["SSH1": server.port], settings: settings)
        let source = try stage.source(settings: settings)
        let client = try source.connect()
        try destination.process.waitForLine(containing: "Connected to ")
        let port = try #require(source.ports["SSH1"])
        // The source's end of the client's connection, the destination's of the server's.
        func waits() throws -> [Double] {
          try Self.waits(port: port, isLocal: true)
            + Self.waits(port: server.port, isLocal: false)
        }
        if idle == "0" {
          #expect(try waits().isEmpty)
        } else {
          let seconds = idle == nil ? 60.0 : 120
          // While others come and go, one reading of the table may miss a connection.
          try eventually(within: 10, "two connections that will be asked") {
            let waits = try waits()
            return waits.count == 2 && waits.allSatisfy { $0 > seconds / 2 && $0 <= seconds + 1 }
          }
        }
        withExtendedLifetime(client) {}
      }
    }
  }
}
