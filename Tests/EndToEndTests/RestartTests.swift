import Foundation
import Testing

extension EndToEnd {
  @Suite("Restarts")
  struct Restarts {
    @Test(
      "An end that is killed and started again comes back with the same access token",
      .enabled(if: Machine.hasID), arguments: Side.allCases)
    func restarts(side: Side) throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        var source = try stage.source()
        var destination = try stage.destination(["SSH1": server.port])
        try source.check()
        for _ in 0..<2 {
          let process = side == .source ? source.process : destination.process
          process.send(SIGKILL)
          _ = try process.waitForExit(within: 10)
          if side == .source {
            source = try stage.source()
          } else {
            destination = try stage.destination(["SSH1": server.port])
          }
          // The source may still learn of the old stream's end.
          try eventually(within: 20, "an exchange") { (try? source.check()) != nil }
        }
      }
    }

    @Test(
      "Of two copies the older one says that it was replaced, and ends with status 7",
      .enabled(if: Machine.hasID))
    func replaced() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      try withStage { stage in
        _ = try stage.destination(["SSH1": server.port])
        let older = try stage.source()
        try older.check()
        let newer = try stage.source()
        #expect(try older.process.waitForExit(within: 20) == .status(7))
        #expect(
          older.process.count(
            linesWith: "[fatal] another localproxy with the same tokens has taken this one's place")
            == 1)
        try eventually(within: 20, "an exchange") { (try? newer.check()) != nil }
        #expect(newer.process.isRunning)
      }
    }
  }
}
